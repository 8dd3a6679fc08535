"""What Long Take starts: prompts with their seconds -> one new action, as Generate makes it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bpy.types import Context

from ...engine.motion.request import MotionRequest
from ..core.edits import edit_requests
from ..core.edits.edit_requests import Recipe
from ..core.link.slices import Steps
from .generating import (
    FittedTakes,
    make_takes,
    read_target_in_slices,
    summary,
    with_note,
    write_fitted,
)


@dataclass(frozen=True, slots=True)
class LongTake:
    """A long take; its prompt is what happens in it."""

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


def long_take(
    context: Context, recipe: Recipe, is_modal: bool
) -> Steps[tuple[LongTake, FittedTakes]]:
    """Have the engine make a long take for the active armature, and fit it.

    Raises:
        RequestError: if the beats or the armature cannot be used.
    """
    beats = edit_requests.parse_beats(recipe.beats)
    prompts = ", then ".join(prompt for prompt, _ in beats)
    made = LongTake(replace(recipe, prompt=prompts))
    target = yield from read_target_in_slices(context, prompts)
    return made, (yield from make_takes(target, made.request(), is_modal))


def apply_long_take(context: Context, made: LongTake, fitted: FittedTakes) -> str:
    """Write a long take as new actions; return what to tell.

    Raises:
        RequestError: if the armature can take no keys any more; nothing is written then.
    """
    context.window_manager.keyfill_status.prompt_cut = fitted.result.prompt_cut
    written = write_fitted(context, fitted)
    context.scene.keyfill.remember(made.recipe)
    return with_note(summary(written), fitted.result)
