"""Prompt -> new action on the chosen armature, one a take."""

from __future__ import annotations

from bpy.types import Context, Operator

from ...engine.motion.request import MotionResult
from .. import engine_link
from ..core.errors import errors_for_animators
from ..core.link.jobs import Job
from ..tasks.generating import read_target, summary, with_note, write_takes
from .job_operator import JobOperator
from .served import can_start


class KEYFILL_OT_generate(JobOperator, Operator):
    """Prompt -> new action on the active armature."""

    bl_idname = "keyfill.generate"
    bl_label = "Generate Motion"
    bl_description = "Make the active character do what the prompt says, from the current frame on"
    bl_options = {"REGISTER", "UNDO"}
    operation = "generate"

    @classmethod
    def poll(cls, context: Context) -> bool:
        return can_start(cls, context, cls.operation)

    def make_job(self, context: Context) -> Job[MotionResult]:
        settings = context.scene.keyfill
        request = settings.to_request()
        with errors_for_animators():
            self._target = read_target(context, request.prompt)
        return engine_link.generation_job(request)

    def apply_result(self, context: Context, result: MotionResult) -> None:
        context.window_manager.keyfill_status.prompt_cut = result.prompt_cut
        with errors_for_animators():
            written = write_takes(context, self._target, result)
        self.report({"INFO"}, with_note(summary(written), result))
