"""Prompt -> new action on the chosen armature, one a take."""

from __future__ import annotations

from bpy.types import Context, Operator

from ..core.link.slices import Work
from ..tasks.generating import FittedTakes, generate, summary, with_note, write_fitted
from .job_operator import JobOperator
from .served import can_start


class KEYFILL_OT_generate(JobOperator, Operator):
    """Prompt -> new action on the active armature."""

    bl_idname = "keyfill.generate"
    bl_label = "Generate Motion"
    bl_description = "Make the active character do what the prompt says, from the current frame on"
    bl_options = {"UNDO"}
    operation = "generate"

    @classmethod
    def poll(cls, context: Context) -> bool:
        return can_start(cls, context, cls.operation)

    def make_work(self, context: Context) -> Work[FittedTakes]:
        request = context.scene.keyfill.to_request()
        return Work(generate(context, request, self.is_modal))

    def apply_result(self, context: Context, result: FittedTakes) -> None:
        context.window_manager.keyfill_status.prompt_cut = result.result.prompt_cut
        written = write_fitted(context, result)
        self.report({"INFO"}, with_note(summary(written), result.result))
