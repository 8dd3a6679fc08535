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
    dense = _Dense(values, tuple(tracks))
    rows = dense.with_enough_keys(np.unique([0, len(values) - 1]))
    for _ in range(_REMOVALS):
        fewer = dense.with_enough_keys(dense.without_spare_keys(rows))
        if len(fewer) >= len(rows):
            break
        rows = fewer
    slopes = fit_slopes(values, rows)
    shown = evaluate_keys(values[rows], slopes, rows)
    return ReducedKeys(
        rows,
        tuple(np.split(slopes, dense.borders, axis=1)),
        tuple(float(error.max()) for error in dense.errors(shown)),
    )


def fit_slopes(values: Array, rows: Rows) -> Array:
    """Return the slopes (K, C) at keys with which the curves come nearest to all frames.

    Least squares over the frames between the keys; where there are hardly any,
    the difference of the neighbouring frames counts.

    Args:
        values: (T, C)
        rows: (K,) rising; the first frame and the last are among them.
    """
    own = np.gradient(values, axis=0) if len(values) > 1 else np.zeros_like(values)
    if len(rows) < 2:
        return own[rows]
    segment, part, length = _locate(rows)
    start, end, rising, falling = _hermite(part)
    left, right = (rising * length)[:, None], (falling * length)[:, None]
    missing = values - start[:, None] * values[rows[segment]]
    missing -= end[:, None] * values[rows[segment + 1]]
    first = rows[:-1]
    # Each frame knows the slopes of its two keys only: the equations are tridiagonal.
    sums = np.add.reduceat(np.column_stack([left**2, left * right, right**2])[:-1], first)
    matrix = np.zeros((len(rows), len(rows)))
    lower = np.arange(len(first))
    matrix[lower, lower] += sums[:, 0]
    matrix[lower + 1, lower + 1] += sums[:, 2]
    matrix[lower, lower + 1] = matrix[lower + 1, lower] = sums[:, 1]
    matrix[np.diag_indices(len(rows))] += _PRIOR
    wanted = _PRIOR * own[rows]
    wanted[:-1] += np.add.reduceat((left * missing)[:-1], first)
    wanted[1:] += np.add.reduceat((right * missing)[:-1], first)
    return np.asarray(np.linalg.solve(matrix, wanted))


def evaluate_keys(key_values: Array, slopes: Array, rows: Rows) -> Array:
    """Return the curves (T, C) on every frame from the first key to the last.

    Args:
        key_values: (K, C)
        slopes: (K, C) rise a frame.
        rows: (K,) frames of the keys, rising from 0.
    """
    if len(rows) < 2:
        return np.array(key_values)
    segment, part, length = _locate(rows)
    start, end, rising, falling = _hermite(part)
    curves = start[:, None] * key_values[segment] + end[:, None] * key_values[segment + 1]
    curves += (rising * length)[:, None] * slopes[segment]
    return np.asarray(curves + (falling * length)[:, None] * slopes[segment + 1])


@dataclass(frozen=True, slots=True, eq=False)
class _Dense:
    """The channels of all tracks side by side."""

    values: Array
    """(T, C) of all tracks."""

    tracks: tuple[DenseTrack, ...]

    @property
    def borders(self) -> Rows:
        """Columns at which the next track begins."""
        widths = [track.values.shape[1] for track in self.tracks]
        return np.cumsum(widths)[:-1]

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
            slopes = fit_slopes(self.values, rows)
            excess = self.excess(evaluate_keys(self.values[rows], slopes, rows))
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
        slopes = fit_slopes(self.values, rows)
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


def _locate(rows: Rows) -> tuple[Rows, Array, Array]:
    """Return for every frame its segment, how far in it lies (0 to 1), and the segment's length."""
    frames = np.arange(rows[-1] + 1)
    segment = np.minimum(np.searchsorted(rows, frames, side="right") - 1, len(rows) - 2)
    length = np.diff(rows)[segment].astype(float)
    return segment, (frames - rows[segment]) / length, length


def _hermite(part: Array) -> tuple[Array, Array, Array, Array]:
    """Return the weights of the two values and of the two slopes, times the length, of a cubic."""
    squared, cubed = part**2, part**3
    end = 3.0 * squared - 2.0 * cubed
    return 1.0 - end, end, cubed - 2.0 * squared + part, cubed - squared
