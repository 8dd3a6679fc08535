"""A list of prompts with their seconds -> one new action, as Generate makes it of one prompt."""

from __future__ import annotations

from bpy.types import Context, Operator

from ...engine.motion.request import MotionResult
from .. import engine_link
from ..core.edits import edit_requests
from ..core.errors import errors_for_animators
from ..core.link.jobs import Job
from ..tasks.long_takes import apply_long_take, prepare_long_take
from .job_operator import JobOperator
from .served import can_start


class KEYFILL_OT_long_take(JobOperator, Operator):
    """A list of prompts with their seconds -> one new action."""

    bl_idname = "keyfill.long_take"
    bl_label = "Long Take"
    bl_description = "Make one motion of several prompts, one after another, from this frame on"
    bl_options = {"REGISTER", "UNDO"}

    operation = edit_requests.LONG_TAKE

    @classmethod
    def poll(cls, context: Context) -> bool:
        return can_start(cls, context, cls.operation)

    def make_job(self, context: Context) -> Job[MotionResult]:
        recipe = context.scene.keyfill.to_recipe(edit_requests.LONG_TAKE)
        with errors_for_animators():
            self._long_take = prepare_long_take(context, recipe)
            return engine_link.generation_job(self._long_take.request())

    def apply_result(self, context: Context, result: MotionResult) -> None:
        self.report({"INFO"}, apply_long_take(context, self._long_take, result))
