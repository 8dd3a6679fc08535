"""Replaces the keys of one curve inside a span of frames; outside, the curve stays what it was.

A key of the old curve closes each side half a frame outside the span, so that
frames and half frames outside keep their values whatever the new keys are. No
such key is set where the new value lies on the old curve or the old curve holds.
It knows no Blender and no modifiers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import bezier, key_table
from .key_table import BEZIER, CONSTANT, LINEAR, Keys

Array = NDArray[np.floating[Any]]

SAME_FRAME = 0.01
"""Keys nearer than this in time are on one frame, as Blender itself takes it."""

_REACH = 0.5
_ON_CURVE = 1e-6
_OUTER_HANDLE = 30.0
# The one easing that swings even between two equal values.
_ELASTIC = 7


@dataclass(frozen=True, slots=True, eq=False)
class OldCurve:
    """A curve before the edit."""

    keys: Keys
    """Empty where nothing is keyed."""

    extrapolation: str
    """`CONSTANT` or `LINEAR`."""

    evaluate: Callable[[Array], Array]
    """Values (N,) at times (N,), without modifiers."""


@dataclass(frozen=True, slots=True, eq=False)
class ThinnedKeys:
    """The frames of a span that get keys, and which way the curve goes there."""

    rows: NDArray[np.intp]
    """(K,) frames from the span's first, which is among them, to its last, which is, too."""

    slopes: Array
    """(K,) rise a frame."""


@dataclass(frozen=True, slots=True, eq=False)
class SpanValues:
    """What the curve shall be inside the span."""

    frames: Array
    """(T,) whole frames, one after another."""

    values: Array
    """(T,)"""

    holds_last: bool = False
    """Hold the last value until the old curve begins again: no way leads from one to the other."""

    thinned: ThinnedKeys | None = None
    """Where keys are set; None sets one on every frame."""


@dataclass(frozen=True, slots=True, eq=False)
class NewKeys:
    """A curve's keys after the edit, and what became of the old ones."""

    keys: Keys
    """(N,)"""

    kept: NDArray[np.bool_]
    """(N,) keys that were there before, all outside the span."""

    added: NDArray[np.bool_]
    """(N,) new keys on the old curve, outside the span."""

    frozen: NDArray[np.bool_]
    """(N,) kept keys with other handle types, or a handle shortened by a split."""

    baked: NDArray[np.bool_]
    """(N,) kept keys with another interpolation.

    An easing that was cut is keyed on half frames; a linear last key that gave a
    curve its slope afterwards has that slope in its handle.
    """


def replace_span(old: OldCurve, edit: SpanValues) -> NewKeys:
    """Put new keys into the span in place of the old ones there."""
    times = old.keys["co"][:, 0]
    start = int(np.sum(times < edit.frames[0] - SAME_FRAME))
    stop = int(np.sum(times <= edit.frames[-1] + SAME_FRAME))
    before, after = old.keys[:start].copy(), old.keys[stop:].copy()
    made = _made_keys(edit)
    made["select_control_point"] = old.keys["select_control_point"][start:stop].any()
    if edit.holds_last:
        made["interpolation"][-1] = CONSTANT
    left = _close_left(old, before, made)
    right = _close_right(old, after, made)
    parts = [before, left, made, right, after]
    sizes = [len(part) for part in parts]
    keys = key_table.join_keys(*parts)
    untouched = key_table.join_keys(old.keys[:start], old.keys[stop:])
    kept = np.repeat([True, False, False, False, True], sizes)
    frozen, baked = np.zeros((2, len(keys)), dtype=bool)
    frozen[kept] = handles_differ(keys[kept], untouched)
    baked[kept] = keys["interpolation"][kept] != untouched["interpolation"]
    return NewKeys(keys, kept, np.repeat([False, True, False, True, False], sizes), frozen, baked)


def _made_keys(edit: SpanValues) -> Keys:
    """Return the new keys of the span: one on every frame, or thinned smooth ones."""
    if edit.thinned is None:
        return key_table.new_keys(edit.frames, edit.values)
    rows = edit.thinned.rows
    made = key_table.new_keys(edit.frames[rows], edit.values[rows])
    key_table.lay_handles(made, edit.thinned.slopes)
    # From the last one a straight line leads to the border, as with a key on every frame.
    made["interpolation"][-1] = LINEAR
    return made


def handles_differ(keys: Keys, others: Keys) -> NDArray[np.bool_]:
    """Return for each key (N,) whether its handles are of another type or elsewhere."""
    differ = np.zeros(len(keys), dtype=bool)
    for side in ("handle_left", "handle_right"):
        differ |= keys[f"{side}_type"] != others[f"{side}_type"]
        differ |= (np.abs(keys[side] - others[side]) > 1e-6).any(axis=1)
    return differ


def _close_left(old: OldCurve, before: Keys, made: Keys) -> Keys:
    """Return the keys between the last kept key and the span; both sides are changed in place."""
    first = float(made["co"][0, 0])
    meets = _lies_on(old, made[0])
    if not len(before):
        return _outer_key(old, first - _REACH, at_end=False, meets=meets)
    key = before[-1:]
    gap = first - float(key["co"][0, 0])
    sets_slope = len(before) == 1 and _follows_neighbour(old, key)
    is_open = gap > _REACH + SAME_FRAME
    if key["interpolation"][0] == CONSTANT or not (is_open or sets_slope):
        _freeze(old, before, key, "right")
        return _no_keys()
    border, added = made[:1], _no_keys()
    if sets_slope or not meets:
        time = first - (_REACH if is_open else gap / 2.0)
        border = added = _key_on(old, time)
    baked = _join_left(old, len(before) - 1, key, border)
    _freeze(old, before, key, "right")
    return key_table.join_keys(baked, added)


def _join_left(old: OldCurve, row: int, key: Keys, border: Keys) -> Keys:
    """Lead the old curve from a kept key to a key of the border; return keys set between them."""
    kind = key["interpolation"][0]
    if kind == LINEAR:
        return _no_keys()
    end = border
    baked = _no_keys()
    if row + 1 < len(old.keys):
        segment = key_table.segment_after(old.keys, row)
        if kind == BEZIER and bezier.is_forward(segment):
            left, _ = bezier.split_segment(segment, float(border["co"][0, 0]))
            if bezier.is_as_seen(left):
                border["co"][0, 1] = left[3, 1]
                _set_segment(key, border, left)
                return baked
        baked = _keys_between(old, key, border)
        end = baked[:1] if len(baked) else border
    elif kind != BEZIER and _is_flat(old, key):
        return baked
    key["interpolation"] = BEZIER
    _set_segment(key, end, bezier.straight_segment(key["co"][0], end["co"][0]))
    return baked


def _close_right(old: OldCurve, after: Keys, made: Keys) -> Keys:
    """Return the keys between the span and the first kept key; both sides are changed in place."""
    last = float(made["co"][-1, 0])
    meets = _lies_on(old, made[-1])
    if not len(after):
        return _outer_key(old, last + _REACH, at_end=True, meets=meets)
    key, row = after[:1], len(old.keys) - len(after) - 1
    gap = float(key["co"][0, 0]) - last
    sets_slope = len(after) == 1 and _follows_neighbour(old, key)
    if sets_slope and row >= 0 and old.keys["interpolation"][row] != LINEAR:
        _hold_slope(old, key)
        sets_slope = False
    is_open = gap > _REACH + SAME_FRAME
    if not (is_open or sets_slope):
        _freeze(old, after, key, "left")
        return _no_keys()
    border, added = made[-1:], _no_keys()
    if sets_slope or not meets:
        time = last + (_REACH if is_open else gap / 2.0)
        border = added = _key_on(old, time)
    baked = _join_right(old, row, border, key)
    _freeze(old, after, key, "left")
    return key_table.join_keys(added, baked)


def _join_right(old: OldCurve, row: int, border: Keys, key: Keys) -> Keys:
    """Lead the old curve from a key of the border to a kept key; return keys set between them."""
    # Before its first key a curve is a straight line.
    kind = old.keys["interpolation"][row] if row >= 0 else LINEAR
    border["interpolation"] = kind if kind <= BEZIER else LINEAR
    if kind in (CONSTANT, LINEAR):
        return _no_keys()
    segment = key_table.segment_after(old.keys, row)
    if kind == BEZIER and bezier.is_forward(segment):
        _, right = bezier.split_segment(segment, float(border["co"][0, 0]))
        if bezier.is_as_seen(right):
            border["co"][0, 1] = right[0, 1]
            _set_segment(border, key, right)
            return _no_keys()
    border["interpolation"] = LINEAR
    return _keys_between(old, border, key)


def _freeze(old: OldCurve, side: Keys, key: Keys, near: str) -> None:
    """Freeze a kept key next to the border, one of those on its side of the span."""
    key_table.freeze_handles(key, near)
    if len(side) == 1 and old.extrapolation != "CONSTANT":
        # The slope outside is in its handle: not even the rounding of ALIGNED is allowed.
        key["handle_left_type"] = key["handle_right_type"] = key_table.FREE


def _set_segment(start: Keys, end: Keys, segment: Array) -> None:
    """Put a segment's handles on its two keys; handles of the border's own keys stay there."""
    start["handle_right"], end["handle_left"] = segment[1], segment[2]
    for key, side in ((start, "right"), (end, "left")):
        if key[f"handle_{side}_type"][0] != key_table.FREE:
            key_table.freeze_handles(key, side)


def _outer_key(old: OldCurve, time: float, at_end: bool, meets: bool) -> Keys:
    """Return the key beyond which the curve goes on as it did beyond its own last key."""
    if meets and old.extrapolation == "CONSTANT":
        return _no_keys()
    key = _key_on(old, time)
    if old.extrapolation != "CONSTANT":
        _point_outward(old, key, at_end)
    return key


def _hold_slope(old: OldCurve, key: Keys) -> None:
    """Take the slope after the last key from its own handle.

    Blender draws the line from the neighbour of a linear end key, and the new
    neighbour lies elsewhere on the curve.
    """
    key["handle_left_type"] = key["handle_right_type"] = key_table.FREE
    _point_outward(old, key, at_end=True)


def _point_outward(old: OldCurve, key: Keys, at_end: bool) -> None:
    """Give an end key a handle along which the curve goes on outside."""
    slope = key_table.slope_outside(old.keys, old.extrapolation, at_end)
    # A long handle: the slope is read from it, in 32 bits.
    reach = np.array([1.0, slope]) * _OUTER_HANDLE
    key["handle_right" if at_end else "handle_left"] = key["co"] + (reach if at_end else -reach)
    key["interpolation"] = BEZIER


def _key_on(old: OldCurve, time: float) -> Keys:
    times = np.array([time])
    return key_table.free_keys(times, old.evaluate(times))


def _keys_between(old: OldCurve, start: Keys, end: Keys) -> Keys:
    """Return linear keys on the old curve at every half frame between two keys."""
    low, high = float(start["co"][0, 0]), float(end["co"][0, 0])
    halves = np.arange(np.ceil(2.0 * (low + SAME_FRAME)), np.floor(2.0 * (high - SAME_FRAME)) + 1)
    return key_table.free_keys(halves / 2.0, old.evaluate(halves / 2.0))


def _lies_on(old: OldCurve, key: Any) -> bool:
    time, value = key["co"]
    before = float(old.evaluate(np.array([time]))[0])
    return abs(float(value) - before) <= _ON_CURVE * max(1.0, abs(before))


def _follows_neighbour(old: OldCurve, key: Keys) -> bool:
    """Say whether the curve's slope outside hangs on where the neighbour of its end key is."""
    return bool(old.extrapolation != "CONSTANT" and key["interpolation"][0] == LINEAR)


def _is_flat(old: OldCurve, key: Keys) -> bool:
    """Say whether the curve holds after its last key, whatever easing that key has."""
    eases_flat = key["interpolation"][0] != _ELASTIC
    slope = key_table.slope_outside(old.keys, old.extrapolation, at_end=True)
    return bool(eases_flat and slope == 0.0)


def _no_keys() -> Keys:
    return np.zeros(0, dtype=key_table.KEY)
