"""A list of prompts with their seconds -> one new action, as Generate makes it of one prompt."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bpy.types import Context, Operator

from ...engine.motion.request import MotionRequest, MotionResult
from .. import engine_link
from ..core.edits import edit_requests
from ..core.edits.edit_requests import Recipe
from ..core.edits.generate_request import errors_for_animators
from ..core.link.jobs import Job
from .generate import (
    GenerationTarget,
    KEYFILL_OT_generate,
    read_target,
    summary,
    with_note,
    write_takes,
)
from .job_operator import JobOperator


@dataclass(frozen=True, slots=True)
class LongTake:
    """A long take and the character that it is for."""

    target: GenerationTarget
    recipe: Recipe

    def request(self) -> MotionRequest:
        """Return the engine's request.

        Raises:
            RequestError: if it cannot be served.
        """
        recipe = self.recipe
        beats = edit_requests.parse_beats(recipe.beats)
        request = MotionRequest(
            prompt=recipe.prompt,
            seed=recipe.seed,
            takes=recipe.takes,
            beats=beats,
            model=recipe.model,
        )
        request.check()
        return request


class KEYFILL_OT_long_take(JobOperator, Operator):
    """A list of prompts with their seconds -> one new action."""

    bl_idname = "keyfill.long_take"
    bl_label = "Long Take"
    bl_description = "Make one motion of several prompts, one after another, from this frame on"
    bl_options = {"REGISTER", "UNDO"}

    operation = edit_requests.LONG_TAKE

    poll = classmethod(KEYFILL_OT_generate.poll.__func__)

    def make_job(self, context: Context) -> Job[MotionResult]:
        recipe = context.scene.keyfill.to_recipe(edit_requests.LONG_TAKE)
        with errors_for_animators():
            self._long_take = prepare_long_take(context, recipe)
            return engine_link.generation_job(self._long_take.request())

    def apply_result(self, context: Context, result: MotionResult) -> None:
        self.report({"INFO"}, apply_long_take(context, self._long_take, result))


def prepare_long_take(context: Context, recipe: Recipe) -> LongTake:
    """Read the active armature for a long take; its name is what happens in it.

    Raises:
        RequestError: if the beats or the armature cannot be used.
    """
    beats = edit_requests.parse_beats(recipe.beats)
    prompts = ", then ".join(prompt for prompt, _ in beats)
    return LongTake(read_target(context, prompts), replace(recipe, prompt=prompts))


def apply_long_take(context: Context, long_take: LongTake, result: MotionResult) -> str:
    """Write a long take as new actions; return what to tell.

    Raises:
        UserError: if the armature can take no keys any more; nothing is written then.
    """
    context.window_manager.keyfill_status.prompt_cut = result.prompt_cut
    with errors_for_animators():
        written = write_takes(context, long_take.target, result)
    context.scene.keyfill.remember(long_take.recipe)
    return with_note(summary(written), result)
