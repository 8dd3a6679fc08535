"""Prompt -> new actions for the chosen armature, one a take; several prompts -> one long take."""

from __future__ import annotations

from bpy.types import Context, Operator

from ..core.edits import edit_requests
from ..core.edits.edit_requests import Recipe
from ..core.link.slices import Work
from ..tasks.generating import FittedTakes, generate, write_fitted
from .job_operator import JobOperator
from .reviewed import ReviewedOperator
from .served import can_start


class TakeOperator(ReviewedOperator, JobOperator):
    """Mixin: whole takes for the active armature; a subclass says of what."""

    operation: str
    """A key of `edit_requests.LABELS`."""

    @classmethod
    def poll(cls, context: Context) -> bool:
        return can_start(cls, context, cls.operation)

    def recipe(self, context: Context) -> Recipe:
        """Return what shall be made."""
        recipe: Recipe = context.scene.keyfill.to_recipe(self.operation)
        return recipe

    def make_work(self, context: Context) -> Work[FittedTakes]:
        return Work(generate(context, self.recipe(context), self.is_modal))

    def apply_result(self, context: Context, result: FittedTakes) -> None:
        put_on(self, context, result)


def put_on(operator: ReviewedOperator, context: Context, fitted: FittedTakes) -> None:
    """Write the takes that a button made, and tell of them."""
    told = write_fitted(context, fitted, operator.review)
    operator.tell(fitted.result.prompt_cut, told)


class KEYFILL_OT_generate(TakeOperator, Operator):
    """Prompt -> new action on the active armature."""

    bl_idname = "keyfill.generate"
    bl_label = "Generate Motion"
    bl_description = "Make the active character do what the prompt says, from the current frame on"
    bl_options = {"UNDO"}
    operation = edit_requests.GENERATE


class KEYFILL_OT_long_take(TakeOperator, Operator):
    """A list of prompts with their seconds -> one new action."""

    bl_idname = "keyfill.long_take"
    bl_label = "Long Take"
    bl_description = "Make one motion of several prompts, one after another, from this frame on"
    bl_options = {"UNDO"}
    operation = edit_requests.LONG_TAKE
