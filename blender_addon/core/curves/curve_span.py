"""Replaces the keys of one curve inside a span of frames; outside, the curve stays what it was.

From the last frame before the span backwards, and from the first one after it onwards,
every value stays, between frames, too. Where a segment of the old curve reaches over such
a frame, it is cut there: a key on the old curve closes the side, and what is left of the
segment is its exact split. No such key is set where the new value lies on the old curve or
the old curve holds. It knows no Blender and no modifiers; handles that Blender would
recalculate keep their types here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import bezier, curve_pieces, key_table
from .key_table import BEZIER, CONSTANT, LINEAR, Keys

Array = NDArray[np.floating[Any]]

SAME_FRAME = 0.01
"""Keys nearer than this in time are on one frame, as Blender itself takes it."""

_FRAME = 1.0
# Keys nearer than this to a whole frame lie on it: times of scaled keys are rounded.
_ROUNDING = 1e-4
_ON_CURVE = 1e-6
_THIRD = 1.0 / 3.0
# Frames over which a slope is read off a curve in 32 bits.
_SLOPE_STEP = 1.0 / 16.0
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

    An easing that was cut has keys on every whole frame up to the cut, and more where it
    bends too sharply for that; a linear end key that gave a curve its slope outside has that
    slope in its handle.
    """

    @property
    def outside(self) -> NDArray[np.bool_]:
        """(N,) keys outside the span; the segment between two neighbours of them stays."""
        return np.asarray(self.kept | self.added)


def kept_keys(keys: Keys, frames: Array) -> Keys:
    """Return the keys of a curve that lie outside a span's frames (T,)."""
    times = keys["co"][:, 0]
    inside = (times >= frames[0] - SAME_FRAME) & (times <= frames[-1] + SAME_FRAME)
    return np.asarray(keys[~inside])


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
    untouched = kept_keys(old.keys, edit.frames)
    kept = np.repeat([True, False, False, False, True], sizes)
    frozen, baked = np.zeros((2, len(keys)), dtype=bool)
    frozen[kept] = handles_differ(keys[kept], untouched)
    baked[kept] = keys["interpolation"][kept] != untouched["interpolation"]
    return NewKeys(keys, kept, np.repeat([False, True, False, True, False], sizes), frozen, baked)


def _made_keys(edit: SpanValues) -> Keys:
    """Return the new keys of the span: one on every frame, or thinned smooth ones."""
    if edit.thinned is None:
        return key_table.new_keys(edit.frames, edit.values)
    rows, slopes = edit.thinned.rows, edit.thinned.slopes
    made = key_table.new_keys(edit.frames[rows], edit.values[rows])
    key_table.lay_handles(made, slopes)
    # One frame leads from the old curve to the first of them, and one from the last.
    made["handle_left"][0] = made["co"][0] - np.array([1.0, slopes[0]]) * _THIRD
    made["handle_right"][-1] = made["co"][-1] + np.array([1.0, slopes[-1]]) * _THIRD
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
    edge = float(made["co"][0, 0]) - _FRAME
    meets = _lies_on(old, made[0])
    if not len(before):
        return _outer_key(old, edge, made, at_end=False, meets=meets)
    key, row = before[-1:], len(before) - 1
    if row == 0 and _follows_neighbour(old, key):
        _hold_slope(old, key, at_end=False)
    kind = old.keys["interpolation"][row]
    if kind == CONSTANT or key["co"][0, 0] >= edge - _ROUNDING:
        return _no_keys()
    border, added = made[:1], _no_keys()
    if not meets:
        border = added = _key_on(old, edge, made, at_end=False)
    baked = _join_left(old, row, key, border)
    return key_table.join_keys(baked, added)


def _join_left(old: OldCurve, row: int, key: Keys, border: Keys) -> Keys:
    """Lead the old curve from a kept key to a key of the border; return keys set between them."""
    kind = old.keys["interpolation"][row]
    time = float(border["co"][0, 0])
    border["co"][0, 1] = old.evaluate(np.array([time]))[0]
    if row + 1 == len(old.keys) or kind == LINEAR:
        if key["interpolation"] == BEZIER or not (kind == LINEAR or _is_flat(old, key)):
            key["interpolation"] = BEZIER
            _set_segment(key, border, bezier.straight_segment(key["co"][0], border["co"][0]))
        return _no_keys()
    segment = key_table.segment_after(old.keys, row)
    if kind == BEZIER and bezier.is_forward(segment):
        left, _ = bezier.split_segment(segment, time)
        if bezier.is_as_seen(left):
            _set_segment(key, border, left)
            return _no_keys()
    key["interpolation"] = BEZIER
    return _follow(old, row, key, border)


def _close_right(old: OldCurve, after: Keys, made: Keys) -> Keys:
    """Return the keys between the span and the first kept key; both sides are changed in place."""
    edge = float(made["co"][-1, 0]) + _FRAME
    meets = _lies_on(old, made[-1])
    if not len(after):
        return _outer_key(old, edge, made, at_end=True, meets=meets)
    key, row = after[:1], len(old.keys) - len(after) - 1
    if len(after) == 1 and _follows_neighbour(old, key):
        _hold_slope(old, key, at_end=True)
    if key["co"][0, 0] <= edge + _ROUNDING:
        return _no_keys()
    border, added = made[-1:], _no_keys()
    if not meets:
        border = added = _key_on(old, edge, made, at_end=True)
    baked = _join_right(old, row, border, key)
    return key_table.join_keys(added, baked)


def _join_right(old: OldCurve, row: int, border: Keys, key: Keys) -> Keys:
    """Lead the old curve from a key of the border to a kept key; return keys set between them."""
    # Before its first key a curve is a straight line.
    kind = old.keys["interpolation"][row] if row >= 0 else LINEAR
    border["interpolation"] = min(kind, BEZIER)
    time = float(border["co"][0, 0])
    border["co"][0, 1] = old.evaluate(np.array([time]))[0]
    if kind in (CONSTANT, LINEAR):
        return _no_keys()
    segment = key_table.segment_after(old.keys, row)
    if kind == BEZIER and bezier.is_forward(segment):
        _, right = bezier.split_segment(segment, time)
        if bezier.is_as_seen(right):
            _set_segment(border, key, right)
            return _no_keys()
    return _follow(old, row, border, key)


def _follow(old: OldCurve, row: int, start: Keys, end: Keys) -> Keys:
    """Lead from one key to another along an old curve that has no exact split.

    Args:
        old: the curve.
        row: the old key before both.
        start: its right handle is set.
        end: its left handle is set.

    Returns:
        The keys set between them.
    """
    low, high = float(start["co"][0, 0]), float(end["co"][0, 0])
    first, last = old.keys["co"][row : row + 2, 0]
    breaks = curve_pieces.easing_breaks(old.keys["interpolation"][row], first, last)
    pieces = curve_pieces.segments_along(old.evaluate, low, high, breaks)
    keys = key_table.free_keys(pieces[1:, 0, 0], pieces[1:, 0, 1], BEZIER)
    keys["handle_left"], keys["handle_right"] = pieces[:-1, 2], pieces[1:, 1]
    start["handle_right"], end["handle_left"] = pieces[0, 1], pieces[-1, 2]
    return keys


def _set_segment(start: Keys, end: Keys, segment: Array) -> None:
    """Put a segment's handles on its two keys."""
    segment = bezier.round_times(segment)
    start["handle_right"], end["handle_left"] = segment[1], segment[2]


def _outer_key(old: OldCurve, time: float, made: Keys, at_end: bool, meets: bool) -> Keys:
    """Return the key beyond which the curve goes on as it did beyond its own last key."""
    if meets and old.extrapolation == "CONSTANT":
        return _no_keys()
    key = _key_on(old, time, made, at_end)
    slope = key_table.slope_outside(old.keys, old.extrapolation, at_end)
    key_table.make_hold(key, slope, at_end)
    if old.extrapolation != "CONSTANT":
        key["interpolation"] = BEZIER
    return key


def _hold_slope(old: OldCurve, key: Keys, at_end: bool) -> None:
    """Take the slope outside an end key from its own handle.

    Blender draws the line from the neighbour of a linear end key, and the new
    neighbour lies elsewhere.
    """
    slope = key_table.slope_outside(old.keys, old.extrapolation, at_end)
    key_table.make_hold(key, slope, at_end)
    key["interpolation"] = BEZIER


def _key_on(old: OldCurve, time: float, made: Keys, at_end: bool) -> Keys:
    """Return a key on the old curve beside the span.

    Where the new keys are smooth, the curve goes on from it in its own direction.
    """
    times = np.array([time, time + (_SLOPE_STEP if at_end else -_SLOPE_STEP)])
    values = old.evaluate(times)
    key = key_table.free_keys(times[:1], values[:1], made["interpolation"][0])
    slope = float(np.diff(values)[0] / np.diff(times)[0])
    for side, reach in (("handle_left", -_THIRD), ("handle_right", _THIRD)):
        key[side] = key["co"] + np.array([1.0, slope]) * reach
    return key


def _lies_on(old: OldCurve, key: Any) -> bool:
    time, value = key["co"]
    before = float(old.evaluate(np.array([time]))[0])
    return abs(float(value) - before) <= _ON_CURVE * max(1.0, abs(before))


def _follows_neighbour(old: OldCurve, key: Keys) -> bool:
    """Say whether the curve's slope outside hangs on where the neighbour of its end key is."""
    return bool(old.extrapolation != "CONSTANT" and key["interpolation"][0] == LINEAR)


def _is_flat(old: OldCurve, key: Keys) -> bool:
    """Say whether the curve holds after its last key, whatever easing that key has."""
    eases_flat = key["interpolation"][0] not in (BEZIER, _ELASTIC)
    slope = key_table.slope_outside(old.keys, old.extrapolation, at_end=True)
    return bool(eases_flat and slope == 0.0)


def _no_keys() -> Keys:
    return np.zeros(0, dtype=key_table.KEY)
