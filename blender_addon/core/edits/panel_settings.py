"""What the panel shows of a recipe that is put back into it. It knows no Blender."""

from __future__ import annotations

from typing import Any

from .edit_requests import (
    EXTEND,
    GENERATE,
    IN_BETWEEN,
    LONG_TAKE,
    LOOP,
    REGENERATE,
    UPPER_BODY,
    VARY,
    Recipe,
)


def settings_of(recipe: Recipe) -> dict[str, Any]:
    """Return the panel's settings that the operation of a recipe looks at, by name."""
    first, last = recipe.frames
    found: dict[str, Any] = {}
    if recipe.operation in (REGENERATE, VARY, UPPER_BODY, LOOP):
        found |= {"frame_start": first, "frame_end": last}
    if recipe.operation == IN_BETWEEN and not recipe.next_action:
        # The panel names the two poses that are kept.
        found |= {"frame_start": first - 1, "frame_end": last + 1}
    if recipe.operation in (REGENERATE, VARY):
        found["parts"] = set(recipe.parts)
    if recipe.operation in (REGENERATE, VARY, UPPER_BODY):
        found["pinned_hands"] = {side.upper() for side in recipe.pinned}
    own: dict[str, dict[str, Any]] = {
        VARY: {"variation": recipe.variation},
        UPPER_BODY: {"strength": recipe.strength},
        LOOP: {"loop_in_place": recipe.in_place},
        EXTEND: {"extend_where": recipe.where},
        LONG_TAKE: {"beats": recipe.beats},
        GENERATE: {"seconds": recipe.seconds},
    }
    return found | own.get(recipe.operation, {})
