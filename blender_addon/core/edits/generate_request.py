"""What whole takes ask of the engine, checked before anything is started."""

from __future__ import annotations

from dataclasses import dataclass

from ....engine.motion.request import MotionRequest
from ..errors import errors_for_animators
from .edit_requests import LONG_TAKE, Recipe, parse_beats


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
        )
        with errors_for_animators():
            request.check()
        return request


def take_request(recipe: Recipe) -> MotionRequest:
    """Return the engine's request for whole takes.

    Raises:
        UserError: if it cannot be served.
    """
    if recipe.operation != LONG_TAKE:
        return GenerateSettings(
            recipe.prompt, recipe.seconds, recipe.seed, recipe.takes, recipe.model
        ).to_request()
    with errors_for_animators():
        request = MotionRequest(
            prompt=told_prompt(recipe),
            seed=recipe.seed,
            takes=recipe.takes,
            beats=parse_beats(recipe.beats),
            model=recipe.model,
        )
        request.check()
    return request


def told_prompt(recipe: Recipe) -> str:
    """Return what happens in a take; of a long one all its prompts.

    Raises:
        UserError: if the beats cannot be read.
    """
    if recipe.operation != LONG_TAKE:
        return recipe.prompt
    with errors_for_animators():
        return ", then ".join(prompt for prompt, _ in parse_beats(recipe.beats))


def rounded_seconds(seconds: float) -> float:
    """Drop the noise of Blender's single-precision properties: 0.1 arrives as 0.100000001."""
    return round(seconds, 4)
