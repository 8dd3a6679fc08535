"""Fewer keys: smooth curves through some frames of dense channels, within a tolerance.

Keys lie on the motion itself. The handles of a key are in line and reach a third of the
way to its neighbours, so that each segment is a cubic in time and can be edited by hand.
All channels of one thing share their key frames. It knows no rotation modes and no
Blender; how far a value may be off is measured by functions that are passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Rows = NDArray[np.intp]

_REMOVALS = 8
"""Rounds of taking out keys that others make spare; most motions settle after four."""

_SPARE = 2.5
"""A key is tried as spare up to this error, in tolerances: other slopes may bring it below 1."""

_PRIOR = 0.01
"""Weight of the motion's own slope where too few frames lie between keys to tell one."""


@dataclass(frozen=True, slots=True, eq=False)
class DenseTrack:
    """Channels with a value on every frame."""

    values: Array
    """(T, C)"""

    measure: Callable[[Array], Array]
    """Returns from other values (T, C) how far each frame is off, (T,) in a unit of its own."""

    tolerance: float
    """The largest error that is allowed, in that unit."""


@dataclass(frozen=True, slots=True, eq=False)
class ReducedKeys:
    """The frames that keep keys, and which way the curves go there."""

    rows: Rows
    """(K,) frames from 0, the first and the last among them."""

    slopes: tuple[Array, ...]
    """(K, C) of each track: how much its channels rise a frame."""

    errors: tuple[float, ...]
    """The largest error of each track on whole frames, in its measure's unit."""


def reduce_keys(tracks: Sequence[DenseTrack]) -> ReducedKeys:
    """Choose key frames that all tracks share, as few as the search finds.

    Keys are set at the worst frames until no frame is off by more than its
    tolerance; then those are taken out that the others can do without. The
    number of keys is not promised to be the smallest.

    Args:
        tracks: at least one, all of T >= 1 frames.
    """
    values = np.concatenate([np.asarray(track.values, dtype=float) for track in tracks], axis=1)
    dense = _Dense(values, _own_slopes(values), tuple(tracks))
    rows = dense.with_enough_keys(np.unique([0, len(values) - 1]))
    for _ in range(_REMOVALS):
        fewer = dense.with_enough_keys(dense.without_spare_keys(rows))
        if len(fewer) >= len(rows):
            break
        rows = fewer
    shown, slopes = dense.curves(rows)
    return ReducedKeys(
        rows,
        tuple(np.split(slopes, dense.borders, axis=1)),
        tuple(float(error.max()) for error in dense.errors(shown)),
    )


def evaluate_keys(key_values: Array, slopes: Array, rows: Rows) -> Array:
    """Return the curves (T, C) on every frame from the first key to the last.

    Args:
        key_values: (K, C)
        slopes: (K, C) rise a frame.
        rows: (K,) frames of the keys, rising from 0.
    """
    if len(rows) < 2:
        return np.array(key_values)
    return _Segments.between(rows).evaluate(key_values, slopes)


@dataclass(frozen=True, slots=True, eq=False)
class _Segments:
    """Where every frame lies between K keys, and what its two keys count there.

    The weights are (T, 1): of the value before and after, of the slope before and after.
    """

    rows: Rows

    before: Rows
    """(T,) the number of the key before each frame; the last frame has the last but one."""

    start: Array
    end: Array
    rising: Array
    falling: Array

    @classmethod
    def between(cls, rows: Rows) -> _Segments:
        """Return the segments between two or more keys."""
        length = np.diff(rows)
        before = np.append(np.repeat(np.arange(len(length)), length), len(length) - 1)
        steps = length[before].astype(float)[:, None]
        part = (np.arange(rows[-1] + 1) - rows[before])[:, None] / steps
        squared, cubed = part**2, part**3
        end = 3.0 * squared - 2.0 * cubed
        rising, falling = (cubed - 2.0 * squared + part) * steps, (cubed - squared) * steps
        return cls(rows, before, 1.0 - end, end, rising, falling)

    def evaluate(self, key_values: Array, slopes: Array) -> Array:
        """Return the cubics (T, C) through values (K, C) with slopes (K, C)."""
        before, after = self.before, self.before + 1
        curves = self.start * key_values[before] + self.end * key_values[after]
        curves += self.rising * slopes[before] + self.falling * slopes[after]
        return np.asarray(curves)


def _own_slopes(values: Array) -> Array:
    """Return how much channels (T, C) rise at every frame, by its neighbours."""
    return np.gradient(values, axis=0) if len(values) > 1 else np.zeros_like(values)


def _fit(values: Array, own: Array, segments: _Segments) -> Array:
    """Return the slopes (K, C) of least squares; `own` (T, C) counts a little everywhere."""
    rows, first = segments.rows, segments.rows[:-1]
    left, right = segments.rising, segments.falling
    missing = values - segments.start * values[rows[segments.before]]
    missing -= segments.end * values[rows[segments.before + 1]]
    # Each frame knows the slopes of its two keys only: the equations are tridiagonal.
    sums = np.add.reduceat(np.hstack([left**2, left * right, right**2])[:-1], first)
    diagonal = np.full((len(rows), 1), _PRIOR)
    diagonal[:-1] += sums[:, :1]
    diagonal[1:] += sums[:, 2:]
    wanted = _PRIOR * own[rows]
    wanted[:-1] += np.add.reduceat((left * missing)[:-1], first)
    wanted[1:] += np.add.reduceat((right * missing)[:-1], first)
    return _solve_tridiagonal(diagonal, sums[:, 1:2], wanted)


def _solve_tridiagonal(diagonal: Array, beside: Array, wanted: Array) -> Array:
    """Solve symmetric equations that each know their neighbours only, by cyclic reduction.

    `np.linalg.solve` would take the time of a full matrix, and all cores for it.

    Args:
        diagonal: (K, 1), larger than the two beside it.
        beside: (K - 1, 1)
        wanted: (K, C)

    Returns:
        (K, C)
    """
    none = np.zeros((1, 1))
    below, above = np.concatenate([none, beside]), np.concatenate([beside, none])
    reach = 1
    while reach < len(wanted):
        # Each equation takes in those `reach` before and after it; beyond the ends stands 1 = 0.
        table = np.concatenate([diagonal, below, above, wanted], axis=1)
        padding = np.zeros((reach, table.shape[1]))
        padding[:, 0] = 1.0
        before = np.concatenate([padding, table[:-reach]])
        after = np.concatenate([table[reach:], padding])
        down, up = -below / before[:, :1], -above / after[:, :1]
        diagonal = diagonal + down * before[:, 2:3] + up * after[:, 1:2]
        wanted = wanted + down * before[:, 3:] + up * after[:, 3:]
        below, above = down * before[:, 1:2], up * after[:, 2:3]
        reach *= 2
    return np.asarray(wanted / diagonal)


@dataclass(frozen=True, slots=True, eq=False)
class _Dense:
    """The channels of all tracks side by side."""

    values: Array
    """(T, C) of all tracks."""

    own_slopes: Array
    """(T, C)"""

    tracks: tuple[DenseTrack, ...]

    @property
    def borders(self) -> Rows:
        """Columns at which the next track begins."""
        widths = [track.values.shape[1] for track in self.tracks]
        return np.cumsum(widths)[:-1]

    def curves(self, rows: Rows) -> tuple[Array, Array]:
        """Return the best curves (T, C) through the channels at some frames, and their slopes."""
        if len(rows) < 2:
            return self.values, self.own_slopes[rows]
        segments = _Segments.between(rows)
        slopes = _fit(self.values, self.own_slopes, segments)
        return segments.evaluate(self.values[rows], slopes), slopes

    def errors(self, shown: Array) -> list[Array]:
        """Return how far each track is off on every frame, in its own unit."""
        parts = np.split(shown, self.borders, axis=1)
        return [track.measure(part) for track, part in zip(self.tracks, parts, strict=True)]

    def excess(self, shown: Array) -> Array:
        """Return (T,) the errors in parts of their tolerances, the largest of all tracks."""
        parts = [
            error / max(track.tolerance, 1e-12)
            for track, error in zip(self.tracks, self.errors(shown), strict=True)
        ]
        return np.asarray(np.max(parts, axis=0))

    def with_enough_keys(self, rows: Rows) -> Rows:
        """Add keys at the worst frame of each segment that is off, until none is."""
        while len(rows) < len(self.values):
            excess = self.excess(self.curves(rows)[0])
            excess[rows] = 0.0
            worst = np.maximum.reduceat(excess[:-1], rows[:-1])
            added = [
                rows[one] + int(np.argmax(excess[rows[one] : rows[one + 1]]))
                for one in np.flatnonzero(worst > 1.0)
            ]
            if not added:
                break
            rows = np.sort(np.concatenate([rows, np.array(added, dtype=np.intp)]))
        return rows

    def without_spare_keys(self, rows: Rows) -> Rows:
        """Take out keys, no two neighbours, that the curves hardly need with their slopes."""
        slopes = self.curves(rows)[1]
        costs = np.full(len(rows), np.inf)
        for first in (1, 2):
            spare = np.arange(first, len(rows) - 1, 2)
            kept = np.delete(np.arange(len(rows)), spare)
            shown = evaluate_keys(self.values[rows[kept]], slopes[kept], rows[kept])
            worst = np.maximum.reduceat(self.excess(shown), rows[kept])
            costs[spare] = worst[np.searchsorted(kept, spare) - 1]
        taken = np.zeros(len(rows), dtype=bool)
        for key in np.argsort(costs, kind="stable"):
            if costs[key] > _SPARE:
                break
            taken[key] = not (taken[key - 1] or taken[key + 1])
        return rows[~taken]
