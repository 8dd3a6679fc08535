"""What whole takes ask of the engine, checked before anything is started."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ....engine.motion.request import MotionRequest
from ....engine.motion.tracks import Track
from ..errors import errors_for_animators
from .beats import parse_beats
from .edit_requests import LONG_TAKE, Recipe
from .plans import text_to_tracks


@dataclass(frozen=True, slots=True)
class GenerateSettings:
    """The panel's settings for a new take."""

    prompt: str
    """What the character shall do."""

    seconds: float = 0.0
    """Length of the take; 0 lets the engine choose."""

    seed: int = 0
    """Same seed, same motion."""

    takes: int = 1
    """How many motions to make, with the seeds from `seed` on."""

    model: str = ""
    """Which model makes them; empty takes the default one."""

    tracks: tuple[Track, ...] = ()
    """The animator's own plan; empty has the prompt read."""

    def to_request(self) -> MotionRequest:
        """Return the engine's request.

        Raises:
            UserError: if the settings cannot be served.
        """
        request = MotionRequest(
            prompt=" ".join(self.prompt.split()),
            seconds=rounded_seconds(self.seconds),
            seed=self.seed,
            takes=self.takes,
            model=self.model,
            tracks=self.tracks,
        )
        with errors_for_animators():
            request.check()
        return request


def take_request(recipe: Recipe) -> MotionRequest:
    """Return the engine's request for whole takes.

    Raises:
        UserError: if it cannot be served.
    """
    with errors_for_animators():
        tracks = text_to_tracks(recipe.plan) if recipe.is_plan_own else ()
    if recipe.operation != LONG_TAKE:
        settings = GenerateSettings(recipe.prompt, recipe.seconds, recipe.seed, recipe.takes)
        return replace(settings, model=recipe.model, tracks=tracks).to_request()
    with errors_for_animators():
        request = MotionRequest(
            prompt=told_prompt(recipe),
            seed=recipe.seed,
            takes=recipe.takes,
            # The tracks say when everything happens: a request says it once.
            beats=() if tracks else parse_beats(recipe.beats),
            model=recipe.model,
            tracks=tracks,
        )
        request.check()
    return request


def plan_request(recipe: Recipe) -> MotionRequest:
    """Return the engine's request for what a prompt, or beats, are read as.

    Raises:
        UserError: if it cannot be served.
    """
    read = replace(recipe, plan="", is_plan_own=False, takes=1)
    return replace(take_request(read), plan_only=True)


def told_prompt(recipe: Recipe) -> str:
    """Return what happens in a take; of a long one, or a plan without a prompt, all of it.

    Raises:
        UserError: if the beats or the plan cannot be read.
    """
    if recipe.operation != LONG_TAKE and (recipe.prompt or not recipe.is_plan_own):
        return recipe.prompt
    with errors_for_animators():
        if recipe.operation != LONG_TAKE:
            return ", then ".join(track.text for track in text_to_tracks(recipe.plan))
        return ", then ".join(prompt for prompt, _ in parse_beats(recipe.beats))


def rounded_seconds(seconds: float) -> float:
    """Drop the noise of Blender's single-precision properties: 0.1 arrives as 0.100000001."""
    return round(seconds, 4)
