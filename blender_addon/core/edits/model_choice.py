"""Which model makes a motion, and whether it can: the sentences that disabled buttons show.

It reads the list of models and the engine's table of abilities; it knows no Blender.
"""

from __future__ import annotations

from collections.abc import Sequence

from ....engine.models.catalogue import Model, find_model
from ....engine.models.description import ModelError
from ....engine.systems import abilities
from ....engine.systems.registry import SYSTEMS, titles_serving
from ..errors import UserError
from .edit_requests import (
    EXTEND,
    IN_BETWEEN,
    LABELS,
    LONG_TAKE,
    LOOP,
    REGENERATE,
    START,
    UPPER_BODY,
    VARY,
    Recipe,
)

_USES = {
    UPPER_BODY: abilities.UPPER_BODY,
    IN_BETWEEN: abilities.IN_BETWEEN,
    EXTEND: abilities.EXTEND,
    LOOP: abilities.LOOP,
    LONG_TAKE: abilities.LONG,
}


def choose_model(models: Sequence[Model], name: str) -> Model:
    """Return the model of a name, an empty one the default; that one is judged by the worker.

    Raises:
        UserError: if there is no such model, or it cannot be used.
    """
    if name in ("", models[0].name):
        return models[0]
    try:
        return find_model(models, name)
    except ModelError as error:
        raise UserError(error.message, error.remedy) from error


def check_served(model: Model, recipe: Recipe) -> None:
    """Raise UserError unless the model can make the edit of a recipe."""
    uses = _uses_of(recipe)
    served = SYSTEMS[model.description.system]
    if uses <= served.serves:
        return
    titles = titles_serving(uses)
    title = served.title[0].upper() + served.title[1:]
    raise UserError(
        f"{_told(recipe)} needs {titles}. {title} {served.limits}.",
        "Choose such a model in the Keyfill panel.",
    )


def _uses_of(recipe: Recipe) -> frozenset[str]:
    """Return what a system must serve for the edit: keys of `abilities.USES`."""
    if recipe.operation == REGENERATE:
        return frozenset({abilities.use_of_parts(recipe.parts)})
    if recipe.operation == VARY:
        return frozenset({abilities.VARY, abilities.use_of_parts(recipe.parts)})
    if recipe.operation == EXTEND and recipe.where == START:
        return frozenset({abilities.LEAD_IN})
    return frozenset({_USES.get(recipe.operation, abilities.TAKE)})


def _told(recipe: Recipe) -> str:
    """Return the edit as the beginning of a sentence."""
    label = LABELS.get(recipe.operation, "This")
    if recipe.operation in (REGENERATE, VARY) and (
        abilities.use_of_parts(recipe.parts) != abilities.SPANS
    ):
        return f"{label} of some body parts"
    if recipe.operation == EXTEND and recipe.where == START:
        return f"{label} before the start"
    return label
