"""A list of prompts with their seconds -> one new action, as Generate makes it of one prompt."""

from __future__ import annotations

from bpy.types import Context, Operator

from ..core.edits import edit_requests
from ..core.link.slices import Work
from ..tasks.generating import FittedTakes
from ..tasks.long_takes import LongTake, apply_long_take, long_take
from .job_operator import JobOperator
from .served import can_start


class KEYFILL_OT_long_take(JobOperator, Operator):
    """A list of prompts with their seconds -> one new action."""

    bl_idname = "keyfill.long_take"
    bl_label = "Long Take"
    bl_description = "Make one motion of several prompts, one after another, from this frame on"
    bl_options = {"UNDO"}

    operation = edit_requests.LONG_TAKE

    @classmethod
    def poll(cls, context: Context) -> bool:
        return can_start(cls, context, cls.operation)

    def make_work(self, context: Context) -> Work[tuple[LongTake, FittedTakes]]:
        recipe = context.scene.keyfill.to_recipe(edit_requests.LONG_TAKE)
        return Work(long_take(context, recipe, self.is_modal))

    def apply_result(self, context: Context, result: tuple[LongTake, FittedTakes]) -> None:
        self.report({"INFO"}, apply_long_take(context, *result))
