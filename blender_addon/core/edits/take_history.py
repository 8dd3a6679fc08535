"""The last edits of a scene as text that is saved with it, newest first.

It knows no Blender; the text is JSON that scripts can read, too.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from ....engine.motion.request import RequestError
from ....engine.motion.skeleton import PARTS
from .edit_requests import LABELS, Recipe
from .plans import text_to_tracks

MOST_EDITS = 20

DEFAULT_MODEL = "grid"
"""The model that a list of edits need not name."""

History = tuple[Recipe, ...]


def history_to_text(history: History) -> str:
    """Return the history as JSON, the newest edit first."""
    return json.dumps([dataclasses.asdict(recipe) for recipe in history])


def text_to_history(text: str) -> History:
    """Read a history; edits that this version does not understand are left out."""
    try:
        rows = json.loads(text) if text else []
    except ValueError:
        return ()
    recipes = (_read_recipe(row) for row in rows) if isinstance(rows, list) else ()
    return tuple(recipe for recipe in recipes if recipe is not None)


def remember(history: History, recipe: Recipe) -> History:
    """Return the history with one more edit in front; the oldest beyond 20 falls out."""
    return (recipe, *history)[:MOST_EDITS]


def settle(history: History, recipe: Recipe, take: int) -> History:
    """Return the history with the edit narrowed to the take that was accepted.

    Its seed becomes the take's seed, so that the edit made again gives this take.
    """
    accepted = take_of(recipe, take)
    place = history.index(recipe) if recipe in history else -1
    if place < 0:
        return remember(history, accepted)
    return (*history[:place], accepted, *history[place + 1 :])


def take_of(recipe: Recipe, take: int) -> Recipe:
    """Return the recipe of one of its takes alone."""
    return dataclasses.replace(recipe, seed=recipe.seed + take, takes=1)


def recall(history: History, index: int) -> Recipe:
    """Return one edit, 0 the newest.

    Raises:
        RequestError: if there is none of that number.
    """
    if not 0 <= index < len(history):
        raise RequestError(
            f"There is no edit number {index + 1} in the history.",
            f"Choose one of the last {len(history)}." if history else "Make an edit first.",
        )
    return history[index]


def describe_place(recipe: Recipe) -> str:
    """Return what was made and on which frames: the first row of a list."""
    first, last = recipe.frames
    return f"{recipe.label} {first}–{last}" if first or last else recipe.label


def describe_words(recipe: Recipe) -> str:
    """Return with which words, seed and body parts: the other rows of a list."""
    body = () if recipe.parts == PARTS else tuple(_short(part) for part in recipe.parts)
    words = recipe.beats.replace("\n", "; ") or recipe.prompt or "no prompt"
    model = (recipe.model,) if recipe.model not in ("", DEFAULT_MODEL) else ()
    plan = ("own plan",) if recipe.is_plan_own else ()
    return ", ".join((words, *body, *plan, f"seed {recipe.seed}", *model))


def _short(part: str) -> str:
    return part.lower().replace("_", " ")


def _read_recipe(row: Any) -> Recipe | None:
    """Return the recipe of a JSON object; None where it is not one of this version."""
    if not isinstance(row, dict) or row.get("operation") not in LABELS:
        return None
    if not isinstance(row.get("prompt"), str):
        return None
    example = dataclasses.asdict(Recipe("", ""))
    values: dict[str, Any] = {
        name: tuple(one) if isinstance(one, list) else one for name, one in row.items()
    }
    if not all(name in example and _fits(one, example[name]) for name, one in values.items()):
        return None
    recipe = Recipe(**values)
    return recipe if _has_readable_plan(recipe) else None


def _has_readable_plan(recipe: Recipe) -> bool:
    try:
        text_to_tracks(recipe.plan)
    except RequestError:
        return False
    return True


def _fits(value: Any, example: Any) -> bool:
    if isinstance(example, float):
        return type(value) in (float, int)
    if isinstance(example, tuple) and isinstance(value, tuple):
        kind = type(example[0]) if example else str
        return all(type(one) is kind for one in value)
    return type(value) is type(example)
