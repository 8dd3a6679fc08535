"""Regenerate, upper body, in-between, extend, loop, vary: each a mask on the keys that are there.

The buttons; what they do is the same for all of them and stands in `editing.py`.
"""

from __future__ import annotations

from typing import Any

from bpy.types import Context, Operator

from ..core.edits import edit_requests
from ..core.edits.edit_requests import Recipe
from ..core.link.slices import Work
from ..tasks.editing import EditWish, FittedEdit, make_edit, write_edit
from ..tasks.generating import with_note
from .job_operator import JobOperator
from .reviewed import ReviewedOperator
from .served import can_start


class EditOperator(ReviewedOperator, JobOperator):
    """Mixin: one edit of the active armature; a subclass says which."""

    operation: str
    """A key of `edit_requests.LABELS`."""

    @classmethod
    def poll(cls, context: Context) -> bool:
        return can_start(cls, context, cls.operation)

    def recipe(self, context: Context) -> Recipe:
        """Return what shall be made; its frames may still be open."""
        recipe: Recipe = context.scene.keyfill.to_recipe(self.operation)
        return recipe

    def is_settled(self) -> bool:
        """Say whether the recipe's frames and bones are final."""
        return False

    def make_work(self, context: Context) -> Work[Any]:
        wish = EditWish(self.recipe(context), self.is_settled(), self.is_modal, self.review)
        return Work(make_edit(context, wish))

    def apply_result(self, context: Context, result: FittedEdit) -> None:
        told = write_edit(context, result)
        self.tell(result.result.prompt_cut, with_note(told, result.result))


class KEYFILL_OT_regenerate(EditOperator, Operator):
    """Frames x body parts -> made anew."""

    bl_idname = "keyfill.regenerate"
    bl_label = "Regenerate"
    bl_description = "Make the chosen frames and body parts anew; everything else stays as it is"
    bl_options = {"UNDO"}
    operation = edit_requests.REGENERATE


class KEYFILL_OT_edit_upper_body(EditOperator, Operator):
    """Torso and arms -> made anew on the legs that are there."""

    bl_idname = "keyfill.edit_upper_body"
    bl_label = "Edit Upper Body"
    bl_description = "Make torso, head and arms anew; the legs and the path stay as they are"
    bl_options = {"UNDO"}
    operation = edit_requests.UPPER_BODY


class KEYFILL_OT_in_between(EditOperator, Operator):
    """Two key poses -> the frames between them."""

    bl_idname = "keyfill.in_between"
    bl_label = "In-Between"
    bl_description = (
        "Fill the frames between two key poses, which stay: those at Start and End, "
        "else the selected ones, else those around the playhead"
    )
    bl_options = {"UNDO"}
    operation = edit_requests.IN_BETWEEN


class KEYFILL_OT_extend(EditOperator, Operator):
    """The end or the start of the keys -> more motion."""

    bl_idname = "keyfill.extend"
    bl_label = "Extend"
    bl_description = "Go on after the last key, or lead in before the first one"
    bl_options = {"UNDO"}
    operation = edit_requests.EXTEND


class KEYFILL_OT_make_loop(EditOperator, Operator):
    """A stretch of keys -> a cycle without a seam."""

    bl_idname = "keyfill.make_loop"
    bl_label = "Make Loop"
    bl_description = "Make the end of the range lead into its start, so that it can be repeated"
    bl_options = {"UNDO"}
    operation = edit_requests.LOOP


class KEYFILL_OT_vary(EditOperator, Operator):
    """Frames x body parts -> changed a little or much."""

    bl_idname = "keyfill.vary"
    bl_label = "Vary"
    bl_description = "Change the chosen frames and body parts, as much as Variation says"
    bl_options = {"UNDO"}
    operation = edit_requests.VARY
