"""What Long Take starts: prompts with their seconds -> one new action, as Generate makes it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bpy.types import Context

from ...engine.motion.request import MotionRequest, MotionResult
from ..core.edits import edit_requests
from ..core.edits.edit_requests import Recipe
from ..core.errors import errors_for_animators
from .generating import GenerationTarget, read_target, summary, with_note, write_takes


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
