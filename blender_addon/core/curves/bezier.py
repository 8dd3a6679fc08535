"""One Bézier segment between two keys: whether Blender shows it as it is, and its exact split.

A segment is four points (4, 2), time and value: a key, its right handle, the
next key's left handle, and the next key. It knows no F-curves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

_NEWTON_STEPS = 60
_SAME_PART = 1e-14
_ROUNDINGS = 4.0 * float(np.finfo(float).eps)


def shorten_handles(segment: Array) -> Array:
    """Return the segment with handles that reach no farther in time than the other key.

    Blender stores handles of any length and scales one that reaches too far before
    it evaluates; what is split must be what is seen.
    """
    segment = np.array(segment, dtype=float)
    room = segment[3, 0] - segment[0, 0]
    for key, handle in ((0, 1), (3, 2)):
        reach = segment[handle] - segment[key]
        if abs(reach[0]) > room:
            segment[handle] = segment[key] + reach * (room / abs(reach[0]))
    return segment


def is_forward(segment: Array) -> bool:
    """Say whether time never runs back along the segment, so that it has one value a time.

    It does where a handle lies on the wrong side of its key.
    """
    times = shorten_handles(segment)[:, 0]
    rounding = 1e-6 * max(1.0, float(np.abs(times).max()))
    has_room = times[3] > times[0]
    return bool(has_room and times[1] >= times[0] - rounding and times[2] <= times[3] + rounding)


def is_as_seen(segment: Array) -> bool:
    """Say whether Blender evaluates the segment as it is, without scaling its handles.

    Handles that cross each other in time are longer than a piece of their curve may have them.
    """
    room = segment[3, 0] - segment[0, 0]
    reach = max(segment[1, 0] - segment[0, 0], segment[3, 0] - segment[2, 0])
    return bool(reach <= room * (1.0 + 1e-9))


def split_segment(segment: Array, time: float) -> tuple[Array, Array]:
    """Return the two segments (4, 2) that a key at `time` makes of one, by de Casteljau.

    Both together are the same curve in time; the given segment must be forward.
    """
    segment = shorten_handles(segment)
    part = float(_parameters(segment[:, 0], np.array([time]))[0])
    rows = [segment]
    for _ in range(3):
        rows.append(rows[-1][:-1] * (1.0 - part) + rows[-1][1:] * part)
    left = np.array([row[0] for row in rows])
    right = np.array([row[-1] for row in rows[::-1]])
    left[3, 0] = right[0, 0] = time
    return left, right


def straight_segment(start: Array, end: Array) -> Array:
    """Return the segment (4, 2) that is a straight line between two points (2,)."""
    start, end = np.asarray(start, dtype=float), np.asarray(end, dtype=float)
    return np.asarray(start + (end - start) * np.array([0.0, 1 / 3, 2 / 3, 1.0])[:, None])


def values_at(segment: Array, times: Array) -> Array:
    """Return the values (N,) of a forward segment at times (N,) between its keys."""
    segment = shorten_handles(segment)
    return _polynomial(segment[:, 1], _parameters(segment[:, 0], np.asarray(times, dtype=float)))


def handle_weights(segment: Array, times: Array) -> tuple[Array, Array]:
    """Return how much each handle counts (2, N) at times (N,), and how the segment rises there.

    The slopes (N,) are finite also where the segment stands upright.
    """
    segment = shorten_handles(segment)
    parts = _parameters(segment[:, 0], np.asarray(times, dtype=float))
    rest = 1.0 - parts
    weights = np.stack([3.0 * rest**2 * parts, 3.0 * rest * parts**2])
    run, rise = (_slope(segment[:, axis], parts) for axis in (0, 1))
    return weights, rise / np.maximum(run, 1e-9)


def round_times(segment: Array) -> Array:
    """Return the segment with times of its handles as 32 bits hold them.

    What the rounding moves on a steep curve, the handles' values take back as far as they can.
    """
    rounded = np.array(segment, dtype=float)
    rounded[1:3, 0] = np.float32(segment[1:3, 0])
    moved = rounded[1:3, 0] - segment[1:3, 0]
    if moved.any() and is_forward(segment) and is_forward(rounded):
        times = np.linspace(segment[0, 0], segment[3, 0], 17)[1:-1]
        weights, slopes = handle_weights(segment, times)
        rounded[1:3, 1] += np.linalg.lstsq(weights.T, (moved @ weights) * slopes, rcond=None)[0]
    return rounded


def is_same_curve(segment: Array, other: Array, tolerance: float) -> bool:
    """Say whether two segments between the same keys show the same values, whatever their handles.

    Args:
        segment: (4, 2)
        other: (4, 2)
        tolerance: in parts of the values where those are above 1.
    """
    if np.array_equal(segment, other):
        return True
    if not (is_forward(segment) and is_forward(other)):
        return False
    scale = max(1.0, float(np.abs(segment[[0, 3], 1]).max()))
    times = np.linspace(segment[0, 0], segment[3, 0], 13)[1:-1]
    differ = np.abs(values_at(segment, times) - values_at(other, times)).max()
    return bool(differ <= tolerance * scale)


def _slope(points: Array, parts: Array) -> Array:
    """Return how fast a cubic (4,) rises with its parameter, (N,) at parameters (N,)."""
    steps, rest = 3.0 * np.diff(points), 1.0 - parts
    return np.asarray(
        rest**2 * steps[0] + 2.0 * rest * parts * steps[1] + parts**2 * steps[2]
    )


def _polynomial(points: Array, parts: Array) -> Array:
    """Return a cubic with four control numbers (4,) at parameters (N,) in 0..1."""
    rest = 1.0 - parts
    return np.asarray(
        rest**3 * points[0]
        + 3.0 * rest**2 * parts * points[1]
        + 3.0 * rest * parts**2 * points[2]
        + parts**3 * points[3]
    )


def _parameters(points: Array, times: Array) -> Array:
    """Return where (N,) in 0..1 a rising cubic (4,) takes the values `times` (N,)."""
    low, high = np.zeros_like(times), np.ones_like(times)
    parts = np.clip((times - points[0]) / (points[3] - points[0]), 0.0, 1.0)
    rounding = _ROUNDINGS * float(np.abs(points).max())
    for _ in range(_NEWTON_STEPS):
        errors = _polynomial(points, parts) - times
        # Nearer than the cubic itself is computed, steps go to and fro without an end.
        found = np.abs(errors) <= rounding
        if found.all():
            break
        low = np.where(errors < 0, parts, low)
        high = np.where(errors > 0, parts, high)
        slopes = _slope(points, parts)
        newton = parts - errors / np.where(slopes > 0, slopes, 1.0)
        # Newton's step where it stays between the bounds, else halving.
        inside = (slopes > 0) & (newton >= low) & (newton <= high)
        improved = np.where(inside, newton, (low + high) / 2.0)
        improved = np.where(found, parts, improved)
        done = np.abs(improved - parts).max(initial=0.0) < _SAME_PART
        parts = improved
        if done:
            break
    return np.asarray(parts)
