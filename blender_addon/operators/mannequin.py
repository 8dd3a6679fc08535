"""Adds a character to try things on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpy.types import Context, Operator

from ..core.edits.prompts import PLACEHOLDER
from ..scene import mannequin

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


class KEYFILL_OT_add_mannequin(Operator):
    """Adds the built-in character."""

    bl_idname = "keyfill.add_mannequin"
    bl_label = "Add Mannequin"
    bl_description = (
        "Add a simple character at the 3D cursor, to try prompts on; "
        "an empty prompt becomes the first one to try"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        if context.collection is None or not context.collection.is_editable:
            cls.poll_message_set("The active collection is linked: choose one of this file")
            return False
        return True

    def execute(self, context: Context) -> set[OperatorReturnItems]:
        mannequin.add_mannequin(context)
        settings = context.scene.keyfill
        if not settings.prompt.strip():
            # So that a first take is one more click; typing replaces it.
            settings.prompt = PLACEHOLDER
        return {"FINISHED"}
