"""Leads keys along a curve that no exact split can cut: an easing, or handles that cross in time.

From one whole frame to the next a Bézier segment is fitted to the curve. It has four
numbers free, so most easings are met to a millionth; where one bends more sharply than
that (a bounce), the frame is divided. It knows no keys beside the segments that it returns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import bezier

Array = NDArray[np.floating[Any]]
Evaluate = Callable[[Array], Array]

BOUNCE = 4
"""Blender's number of the easing that turns back at once."""

_TOLERANCE = 1e-6
# Well within the tolerance, above what the 32 bits of an evaluated value leave of it.
_CLOSE = 5e-7
_SAMPLES = 15
_STEPS = 16
_LARGEST_DAMPING = 1e6
_SHORTEST = 1.0 / 16.0
_LEAST_PIECE = 1e-3
_BOUNCES = np.array([1.0, 2.0, 2.5]) / 2.75


def segments_along(evaluate: Evaluate, low: float, high: float, breaks: Array) -> Array:
    """Return segments (M, 4, 2) that follow a curve from one time to another.

    They begin and end on whole frames, on the curve.

    Args:
        evaluate: the curve's values (N,) at times (N,).
        low: where the first segment begins.
        high: where the last one ends.
        breaks: (K,) times at which the curve may bend sharply.
    """
    whole = np.arange(np.floor(low) + 1.0, np.ceil(high))
    whole = whole[(whole > low + _LEAST_PIECE) & (whole < high - _LEAST_PIECE)]
    borders = np.concatenate([[low], whole, [high]])
    found = [
        piece
        for start, end in zip(borders[:-1], borders[1:], strict=True)
        for piece in _pieces(evaluate, float(start), float(end), breaks)
    ]
    return np.array(found)


def easing_breaks(kind: int, start: float, end: float) -> Array:
    """Return the times (K,) at which an easing between two keys may bend sharply.

    Args:
        kind: its number.
        start: time of the key before.
        end: time of the key after.
    """
    parts = np.array([0.5])
    if kind == BOUNCE:
        both = np.concatenate([_BOUNCES, 1.0 - _BOUNCES])
        parts = np.unique(np.concatenate([parts, both, both / 2.0, 0.5 + both / 2.0]))
    return np.asarray(start + (end - start) * parts)


def _pieces(evaluate: Evaluate, start: float, end: float, breaks: Array) -> Iterator[Array]:
    """Yield fitted segments from one time to another, more than one where one is too far off."""
    segment, error = _fit(evaluate, start, end)
    if error <= _TOLERANCE:
        yield segment
        return
    inside = breaks[(breaks > start + _LEAST_PIECE) & (breaks < end - _LEAST_PIECE)]
    if not len(inside) and end - start <= _SHORTEST:
        yield segment
        return
    middle = float(inside[0]) if len(inside) else (start + end) / 2.0
    yield from _pieces(evaluate, start, middle, breaks)
    yield from _pieces(evaluate, middle, end, breaks)


def _fit(evaluate: Evaluate, start: float, end: float) -> tuple[Array, float]:
    """Return the segment (4, 2) nearest to the curve, and how far it is off at most.

    The error is in parts of the values where those are above 1.
    """
    room = end - start
    parts = (1.0 - np.cos(np.pi * np.arange(1, _SAMPLES) / _SAMPLES)) / 2.0
    # Blender rounds a time to 32 bits before it evaluates.
    times = np.float32(start + room * parts).astype(float)
    first, last = evaluate(np.array([start, end]))
    wanted, parts = evaluate(times), (times - start) / room
    points = np.column_stack([[0.0, 1 / 3, 2 / 3, 1.0], np.linspace(first, last, 4)])
    # The best cubic in time first: some easings are one.
    errors = _errors(points, parts, wanted)
    weights = bezier.handle_weights(points, parts)[0].T
    points[1:3, 1] -= np.linalg.lstsq(weights, errors, rcond=None)[0]
    errors = _errors(points, parts, wanted)
    scale, damping = max(1.0, abs(float(first)), abs(float(last))), 1e-3
    for _ in range(_STEPS):
        if np.abs(errors).max() <= _CLOSE * scale or damping > _LARGEST_DAMPING:
            break
        changes = _derivatives(points, parts)
        normal, pull = changes.T @ changes, changes.T @ errors
        normal += np.diag(damping * np.diag(normal) + 1e-12)
        tried = points.copy()
        tried[1:3] -= np.linalg.solve(normal, pull).reshape(2, 2)
        tried[1:3, 0] = np.clip(tried[1:3, 0], 0.0, 1.0)
        found = _errors(tried, parts, wanted)
        if float(found @ found) < float(errors @ errors):
            points, errors, damping = tried, found, damping / 10.0
        else:
            damping *= 10.0
    points[:, 0] = start + room * points[:, 0]
    return bezier.round_times(points), float(np.abs(errors).max()) / scale


def _errors(points: Array, parts: Array, wanted: Array) -> Array:
    return np.asarray(bezier.values_at(points, parts) - wanted)


def _derivatives(points: Array, parts: Array) -> Array:
    """Return how values (N, 4) change with time and value of the two handles, one after another."""
    weights, slopes = bezier.handle_weights(points, parts)
    return np.stack(
        [-slopes * weights[0], weights[0], -slopes * weights[1], weights[1]], axis=1
    )
