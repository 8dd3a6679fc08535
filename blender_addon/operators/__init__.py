"""The buttons, in the order in which Blender learns of them."""

from __future__ import annotations

import bpy

from . import job_operator, rig_map, rig_presets
from .add_models import KEYFILL_OT_add_models
from .edit_motion import (
    KEYFILL_OT_edit_upper_body,
    KEYFILL_OT_extend,
    KEYFILL_OT_in_between,
    KEYFILL_OT_make_loop,
    KEYFILL_OT_regenerate,
    KEYFILL_OT_vary,
)
from .engine_controls import (
    KEYFILL_OT_busy,
    KEYFILL_OT_cancel,
    KEYFILL_OT_copy_log,
    KEYFILL_OT_open_manual,
    KEYFILL_OT_release_memory,
)
from .generate import KEYFILL_OT_generate, KEYFILL_OT_long_take
from .mannequin import KEYFILL_OT_add_mannequin
from .plans import (
    KEYFILL_OT_add_track,
    KEYFILL_OT_plan,
    KEYFILL_OT_put_back_plan,
    KEYFILL_OT_remove_track,
    KEYFILL_OT_use_nearest,
)
from .remaking import (
    KEYFILL_OT_next_seed,
    KEYFILL_OT_recall,
    KEYFILL_OT_remake,
    KEYFILL_OT_use_prompt,
)
from .takes import KEYFILL_OT_accept_take, KEYFILL_OT_discard_take, KEYFILL_OT_step_take

CLASSES = (
    KEYFILL_OT_busy,
    KEYFILL_OT_cancel,
    KEYFILL_OT_copy_log,
    KEYFILL_OT_open_manual,
    KEYFILL_OT_release_memory,
    KEYFILL_OT_add_models,
    KEYFILL_OT_generate,
    KEYFILL_OT_plan,
    KEYFILL_OT_add_track,
    KEYFILL_OT_remove_track,
    KEYFILL_OT_put_back_plan,
    KEYFILL_OT_use_nearest,
    KEYFILL_OT_add_mannequin,
    KEYFILL_OT_regenerate,
    KEYFILL_OT_edit_upper_body,
    KEYFILL_OT_in_between,
    KEYFILL_OT_extend,
    KEYFILL_OT_make_loop,
    KEYFILL_OT_vary,
    KEYFILL_OT_long_take,
    KEYFILL_OT_remake,
    KEYFILL_OT_next_seed,
    KEYFILL_OT_recall,
    KEYFILL_OT_use_prompt,
    KEYFILL_OT_step_take,
    KEYFILL_OT_accept_take,
    KEYFILL_OT_discard_take,
    *rig_map.CLASSES,
    *rig_presets.CLASSES,
)

register, _unregister_classes = bpy.utils.register_classes_factory(CLASSES)


def unregister() -> None:
    """End what is being made, then take the buttons away."""
    job_operator.end_all()
    _unregister_classes()
