"""Freezes automatic handles where Blender's recalculation would move a curve that shall stay.

It compares curves, not handles: a handle that turns beside a straight segment, or towards
the span that is edited, moves nothing that must stay. It knows no spans.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import bezier, key_table
from .key_table import BEZIER, FREE, Keys

Array = NDArray[np.floating[Any]]
Flags = NDArray[np.bool_]

_MOVED = 1e-6
_TURNED = 1e-7
_SIDES = ("left", "right")


def freeze_moved(keys: Keys, found: Keys, outside: Flags, extrapolation: str) -> bool:
    """Freeze, on each side of the span, the key nearest to it whose handle moved the curve.

    Args:
        keys: (N,) as they shall be; handle types are changed in place.
        found: (N,) handles as Blender made them of these keys.
        outside: (N,) which keys lie outside the span; there are some that do not.
        extrapolation: `CONSTANT` or `LINEAR`.

    Returns:
        Whether anything was frozen, so that Blender must work out the handles again.
    """
    moved = _moved_handles(keys, found, outside)
    if extrapolation != "CONSTANT":
        _add_turned_ends(moved, keys, found)
    rows = np.flatnonzero(moved.any(axis=1))
    inside = np.flatnonzero(~outside)
    before, after = rows[rows < inside[0]], rows[rows > inside[-1]]
    for row, near in ((before[-1:], "right"), (after[:1], "left")):
        for one in row.tolist():
            _freeze(keys, one, near)
    return bool(len(rows))


def _moved_handles(keys: Keys, found: Keys, outside: Flags) -> Flags:
    """Return the left and right handles (N, 2) that moved a segment between keys outside."""
    differ = np.stack(
        [
            (np.float32(keys[f"handle_{side}"]) != np.float32(found[f"handle_{side}"])).any(axis=1)
            & (keys[f"handle_{side}_type"] != FREE)
            for side in _SIDES
        ],
        axis=1,
    )
    moved = np.zeros((len(keys), 2), dtype=bool)
    stays = outside[:-1] & outside[1:] & (keys["interpolation"][:-1] == BEZIER)
    for row in np.flatnonzero(stays & (differ[:-1, 1] | differ[1:, 0])).tolist():
        wanted = key_table.segment_after(keys, row)
        shown = wanted.copy()
        shown[1], shown[2] = found["handle_right"][row], found["handle_left"][row + 1]
        if not bezier.is_same_curve(wanted, shown, _MOVED):
            moved[row, 1] |= differ[row, 1]
            moved[row + 1, 0] |= differ[row + 1, 0]
    return moved


def _add_turned_ends(moved: Flags, keys: Keys, found: Keys) -> None:
    """Mark end keys whose outward handle carries another slope than it did."""
    for row, column in ((0, 0), (-1, 1)):
        side = f"handle_{_SIDES[column]}"
        if keys["interpolation"][row] < BEZIER or keys[f"{side}_type"][row] == FREE:
            continue
        slopes = []
        for table in (keys, found):
            run, rise = table[side][row] - keys["co"][row]
            slopes.append(rise / run if run else 0.0)
        moved[row, column] |= abs(slopes[1] - slopes[0]) > _TURNED * max(1.0, abs(slopes[0]))


def _freeze(keys: Keys, row: int, near: str) -> None:
    """Freeze a key's handles: in line as long as that is enough, else each where it is."""
    key = keys[row : row + 1]
    before = key["handle_left_type"][0], key["handle_right_type"][0]
    key_table.freeze_handles(key, near)
    if before == (key["handle_left_type"][0], key["handle_right_type"][0]):
        key["handle_left_type"] = key["handle_right_type"] = FREE
