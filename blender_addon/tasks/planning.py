"""What Plan starts: has the engine read a prompt, or beats, without making a motion."""

from __future__ import annotations

from dataclasses import dataclass

from ...engine.motion.request import MotionResult
from .. import engine_link
from ..core.edits.edit_requests import Recipe
from ..core.edits.generate_request import plan_request
from ..core.link.slices import Steps


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """What the engine read, and of what."""

    recipe: Recipe
    result: MotionResult


def read_plan(recipe: Recipe) -> Steps[ReadPlan]:
    """Have the engine tell what a recipe's prompt is read as.

    Raises:
        UserError: if the recipe cannot be served.
    """
    result = yield engine_link.generation_job(plan_request(recipe))
    return ReadPlan(recipe, result)
