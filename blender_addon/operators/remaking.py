"""The history: make a motion again, or with the next seed, or put it into the panel."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bpy.props import IntProperty, StringProperty
from bpy.types import Context, Operator

from ..core.edits import edit_requests, take_history
from ..core.edits.edit_requests import Recipe
from ..core.errors import UserError, errors_for_animators
from ..core.link.slices import Work
from ..scene.keys import bone_selection
from ..scene.reading import armature
from ..tasks.editing import EditWish, FittedEdit, make_edit
from ..tasks.generating import generate
from ..tasks.serving import check_recipe
from .edit_motion import EditOperator
from .generate import put_on
from .served import can_start

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


class _RemakeOperator(EditOperator):
    """Mixin: a motion of the history, made once more; the panel then shows its seed."""

    operation = ""

    @classmethod
    def poll(cls, context: Context) -> bool:
        if not has_history(cls, context):
            return False
        return can_start(cls, context, cls.operation)

    def is_settled(self) -> bool:
        return True

    def make_work(self, context: Context) -> Work[Any]:
        recipe = self.recipe(context)
        if recipe.operation not in edit_requests.NEW_TAKES:
            wish = EditWish(recipe, self.is_settled(), self.is_modal, self.review)
            return Work(make_edit(context, wish))
        check_recipe(recipe)
        return Work(generate(context, recipe, self.is_modal))

    def apply_result(self, context: Context, result: Any) -> None:
        if isinstance(result, FittedEdit):
            super().apply_result(context, result)
            recipe = result.edit.plan.recipe
        else:
            put_on(self, context, replace(result, is_throw=True))
            recipe = result.recipe
        context.scene.keyfill.seed = recipe.seed


class KEYFILL_OT_remake(_RemakeOperator, Operator):
    """A motion of the history -> made once more."""

    bl_idname = "keyfill.remake"
    bl_label = "Make Again"
    bl_description = "Make this motion once more, with its own prompt, seed, frames and body parts"
    bl_options = {"UNDO"}

    index: IntProperty(name="Motion", description="0 is the newest one", default=0, min=0)

    def recipe(self, context: Context) -> Recipe:
        return recalled(context, self.index)


class KEYFILL_OT_next_seed(_RemakeOperator, Operator):
    """The newest motion -> made once more with other random choices."""

    bl_idname = "keyfill.next_seed"
    bl_label = "Next Seed"
    bl_description = "Make the last motion once more with the next seed, which the panel then shows"
    bl_options = {"UNDO"}

    def recipe(self, context: Context) -> Recipe:
        settings = context.scene.keyfill
        return replace(recalled(context, 0), seed=settings.next_seed, takes=settings.takes)


class KEYFILL_OT_recall(Operator):
    """A motion of the history -> the panel's settings."""

    bl_idname = "keyfill.recall"
    bl_label = "Use These Settings"
    bl_description = "Put prompt, seed, frames and body parts of this motion back into the panel"
    bl_options = {"REGISTER", "UNDO"}

    index: IntProperty(name="Motion", description="0 is the newest one", default=0, min=0)

    @classmethod
    def poll(cls, context: Context) -> bool:
        return has_history(cls, context)

    def execute(self, context: Context) -> set[OperatorReturnItems]:
        try:
            recipe = recalled(context, self.index)
        except UserError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        context.scene.keyfill.take_recipe(recipe)
        ob = armature.active_character(context)
        if recipe.bones and ob is not None and ob.type == "ARMATURE":
            bone_selection.select_bones(ob, recipe.bones)
        return {"FINISHED"}


class KEYFILL_OT_use_prompt(Operator):
    """An earlier prompt, or an example -> the panel's prompt."""

    bl_idname = "keyfill.use_prompt"
    bl_label = "Use Prompt"
    bl_description = "Put this prompt into the panel"
    bl_options = {"REGISTER", "UNDO"}

    prompt: StringProperty(name="Prompt", description="What the character shall do")

    def execute(self, context: Context) -> set[OperatorReturnItems]:
        context.scene.keyfill.prompt = self.prompt
        return {"FINISHED"}


def has_history(operator: type[Operator], context: Context) -> bool:
    """Say whether something was made; if not, the button shows what to do first."""
    if not take_history.text_to_history(context.scene.keyfill.history):
        operator.poll_message_set("Nothing was made yet: press Generate or an edit first")
        return False
    return True


def recalled(context: Context, index: int) -> Recipe:
    """Return a motion of the history, 0 the newest.

    Raises:
        UserError: if there is none of that number.
    """
    with errors_for_animators():
        history = take_history.text_to_history(context.scene.keyfill.history)
        return take_history.recall(history, index)
