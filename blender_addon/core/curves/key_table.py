"""The keys of one F-curve as a table: one row a key, in Blender's own numbers.

It knows no Blender; freezing handles and the slope beyond the last key are what
it understands of F-curves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Keys = NDArray[np.void]
"""(N,) rows of KEY, sorted by time."""

KEY = np.dtype(
    [
        ("co", "f8", (2,)),
        ("handle_left", "f8", (2,)),
        ("handle_right", "f8", (2,)),
        ("handle_left_type", "i4"),
        ("handle_right_type", "i4"),
        ("interpolation", "i4"),
        ("easing", "i4"),
        ("type", "i4"),
        ("back", "f8"),
        ("amplitude", "f8"),
        ("period", "f8"),
        ("select_control_point", "?"),
        ("select_left_handle", "?"),
        ("select_right_handle", "?"),
    ]
)
"""A key's properties by Blender's names. Its 32-bit numbers come back as they were."""

CONSTANT, LINEAR, BEZIER = 0, 1, 2
"""Interpolation after a key; whatever is greater eases (sine, bounce, elastic and others)."""

FREE, AUTO, VECTOR, ALIGNED, AUTO_CLAMPED = 0, 1, 2, 3, 4
"""Handle types."""

AUTOMATIC = (AUTO, VECTOR, AUTO_CLAMPED)
"""Those that Blender lays."""

HOLD_REACH = 30.0
"""Frames that the outward handle of a hold key is long.

Such a key is set by an edit one frame outside a span that goes to an end of the keys: beyond
it the curve goes on as before. A long handle, since a slope is read from it, in 32 bits; and
one that no animator sets, by which the key is known again.
"""

_ALIGNED_SINE = 1e-4
_OVERSHOOT, _PERIOD = 1.70158, 4.1


def new_keys(times: Array, values: Array, interpolation: int = LINEAR) -> Keys:
    """Return keys (N,) as an animator would set them, their handles a third of a frame long."""
    keys = np.zeros(len(times), dtype=KEY)
    keys["co"] = np.column_stack([times, values])
    keys["handle_left"] = keys["co"] - (1 / 3, 0.0)
    keys["handle_right"] = keys["co"] + (1 / 3, 0.0)
    keys["handle_left_type"] = keys["handle_right_type"] = AUTO_CLAMPED
    keys["interpolation"] = interpolation
    keys["back"], keys["period"] = _OVERSHOOT, _PERIOD
    return keys


def lay_handles(keys: Keys, slopes: Array) -> None:
    """Make the keys (N,) Bezier with handles in line, a third of the way to their neighbours.

    Between two of them the curve is a cubic in time.

    Args:
        keys: sorted by time, changed in place.
        slopes: (N,) how much the curve rises a frame at each key.
    """
    times = keys["co"][:, 0]
    gaps = np.diff(times) if len(keys) > 1 else np.ones(1)
    before, after = np.append(gaps[:1], gaps)[: len(keys)], np.append(gaps, gaps[-1:])[: len(keys)]
    steps = np.column_stack([np.ones(len(keys)), slopes]) / 3.0
    keys["handle_left"] = keys["co"] - steps * before[:, None]
    keys["handle_right"] = keys["co"] + steps * after[:, None]
    keys["handle_left_type"] = keys["handle_right_type"] = ALIGNED
    keys["interpolation"] = BEZIER


def free_keys(times: Array, values: Array, interpolation: int = LINEAR) -> Keys:
    """Return keys (N,) whose handles stay where they are put."""
    keys = new_keys(times, values, interpolation)
    keys["handle_left_type"] = keys["handle_right_type"] = FREE
    return keys


def join_keys(*parts: Keys) -> Keys:
    """Return tables one after another; `concatenate` is slow on rows with names."""
    keys = np.empty(sum(map(len, parts)), dtype=KEY)
    row = 0
    for part in parts:
        keys[row : row + len(part)] = part
        row += len(part)
    return keys


def segment_after(keys: Keys, row: int) -> Array:
    """Return the Bézier segment (4, 2) between a key and the next."""
    key, following = keys[row], keys[row + 1]
    return np.array([key["co"], key["handle_right"], following["handle_left"], following["co"]])


def freeze_handles(key: Keys, near: str) -> None:
    """Keep both handles of one key (1,) where they are, when its neighbour on one side changes.

    Handles in line stay so (ALIGNED). A VECTOR handle towards the unchanged
    neighbour stays one.

    Args:
        key: changed in place.
        near: `left` or `right`, the side that changes.
    """
    far = "right" if near == "left" else "left"
    near_type, far_type = f"handle_{near}_type", f"handle_{far}_type"
    turning = (AUTO, AUTO_CLAMPED, ALIGNED)
    if key[near_type][0] in turning and key[far_type][0] in turning and _is_in_line(key[0]):
        key[near_type] = key[far_type] = ALIGNED
        return
    if key[near_type][0] != FREE:
        key[near_type] = FREE
    if key[far_type][0] in turning:
        key[far_type] = FREE


def make_hold(key: Keys, slope: float, at_end: bool) -> None:
    """Give an end key (1,) the handle along which its curve goes on outside with a slope."""
    key["handle_left_type"] = key["handle_right_type"] = FREE
    reach = np.array([1.0, slope]) * HOLD_REACH
    key["handle_right" if at_end else "handle_left"] = key["co"] + (reach if at_end else -reach)


def slope_outside(keys: Keys, extrapolation: str, at_end: bool) -> float:
    """Return how much the curve rises a frame before its first key, or after its last."""
    if not len(keys) or extrapolation == "CONSTANT":
        return 0.0
    key = keys[-1 if at_end else 0]
    if key["interpolation"] == CONSTANT:
        return 0.0
    if key["interpolation"] == LINEAR:
        if len(keys) == 1:
            return 0.0
        neighbour = keys[-2 if at_end else 1]["co"]
    else:
        neighbour = key["handle_right" if at_end else "handle_left"]
    run, rise = neighbour - key["co"]
    return float(rise / run) if run else 0.0


def _is_in_line(key: Any) -> bool:
    """Say whether a key's two handles point in opposite directions."""
    left, right = key["co"] - key["handle_left"], key["handle_right"] - key["co"]
    lengths = float(np.hypot(*left) * np.hypot(*right))
    across = float(left[0] * right[1] - left[1] * right[0])
    return lengths > 0 and abs(across) <= _ALIGNED_SINE * lengths and float(left @ right) > 0
