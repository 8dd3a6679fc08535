"""The buttons, in the order in which Blender learns of them."""

from __future__ import annotations

import bpy

from .engine_controls import KEYFILL_OT_cancel, KEYFILL_OT_copy_log, KEYFILL_OT_release_memory
from .generate import KEYFILL_OT_generate
from .mannequin import KEYFILL_OT_add_mannequin

CLASSES = (
    KEYFILL_OT_cancel,
    KEYFILL_OT_copy_log,
    KEYFILL_OT_release_memory,
    KEYFILL_OT_generate,
    KEYFILL_OT_add_mannequin,
)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
