"""Corrections over time: known on some frames, bridged smoothly on the others.

One number a frame. It knows no joint.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .clip import Array

Flags = NDArray[np.bool_]

_SETTLED = 12.0
"""Decays after which a displacement is 0.02 % of what it was."""


def runs_of(flags: Flags) -> list[tuple[int, int]]:
    """Return the half-open frame ranges in which the flags (T,) are True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def rows_where(run: slice, frames: int) -> Flags:
    """Return flags (frames,) that are True in one range."""
    flags = np.zeros(frames, dtype=bool)
    flags[run] = True
    return flags


def bridge_displacements(values: Array, known: Flags, blend: int) -> Array:
    """Fill the unknown frames so that value and slope go on from the known ones.

    A gap longer than two blends fades to 0 and stays there; a shorter one leads
    straight to the next known frame.

    Args:
        values: (T,) used where known.
        known: (T,)
        blend: frames that a fade takes.

    Returns:
        (T,) the known values as they are.
    """
    bridged = np.where(known, values, 0.0)
    if not known.any() or known.all():
        return bridged
    for start, end in runs_of(~known):
        left = _value_and_slope(values, known, start - 1, -1)
        right = _value_and_slope(values, known, end, 1)
        frames = np.arange(start, end, dtype=float)
        if left is not None and right is not None and end - start < 2 * blend:
            bridged[start:end] = _hermite(frames, start - 1, end, (*left, *right))
            continue
        if left is not None:
            stop = start - 1 + blend
            bridged[start:end] += _hermite(frames, start - 1, stop, (*left, 0.0, 0.0))
        if right is not None:
            bridged[start:end] += _hermite(frames, end - blend, end, (0.0, 0.0, *right))
    return bridged


def bridge_with_least_change(values: Array, known: Flags, ignored: Array, decay: float) -> Array:
    """Fill the unknown frames of C displacements so that the displaced motion accelerates least.

    Least squares over each gap: second differences stay those of the motion
    beneath, but for `ignored`, and displacements fade where nothing holds them.

    Args:
        values: (T, C) used where known.
        known: (T,)
        ignored: (T, C) accelerations a frame^2 of the motion beneath that are not to be kept.
        decay: frames over which a displacement fades.

    Returns:
        (T, C) the known values as they are.
    """
    bridged = np.where(known[:, None], values, 0.0)
    if not known.any():
        return bridged
    # Farther off nothing is left of a displacement; long spans would make large equations.
    reach = round(_SETTLED * decay)
    beside = np.lib.stride_tricks.sliding_window_view(np.pad(known, reach), 2 * reach + 1)
    known = known | ~beside.any(-1)
    for start, end in runs_of(~known):
        inside = slice(start, end)
        is_told = known | rows_where(inside, len(known))
        frames = range(max(1, start - 1), min(len(known) - 1, end + 1))
        near = np.array([frame for frame in frames if is_told[frame - 1 : frame + 2].all()], int)
        wanted = -ignored[near] - (bridged[near - 1] - 2.0 * bridged[near] + bridged[near + 1])
        # The gap's own frames only, not the whole clip: Blender's NumPy multiplies slowly.
        frame = np.arange(start, end)
        apart = np.abs(near[:, None] - frame)
        free = np.select([apart == 0, apart == 1], [-2.0, 1.0], 0.0)
        stiff = free.T @ free + decay**-4.0 * np.eye(end - start)
        bridged[inside] = np.linalg.solve(stiff, free.T @ wanted)
    return bridged


def bridge_from_borders(values: Array, inside: Flags, blend: int) -> Array:
    """Return (T, 3) values that fade inside from what they are on the frames at its borders.

    Args:
        values: (T, 3)
        inside: (T,)
        blend: frames that a fade takes.
    """
    borders = np.zeros_like(inside)
    borders[:-1] |= ~inside[:-1] & inside[1:]
    borders[1:] |= ~inside[1:] & inside[:-1]
    columns = [bridge_displacements(values[:, axis], borders, blend) for axis in range(3)]
    return np.stack(columns, axis=-1)


def _value_and_slope(
    values: Array, known: Flags, frame: int, inward: int
) -> tuple[float, float] | None:
    """Return value and slope a frame at a known frame; None outside the clip."""
    if not 0 <= frame < len(values):
        return None
    other = frame + inward
    if not (0 <= other < len(values) and known[other]):
        return float(values[frame]), 0.0
    return float(values[frame]), float(inward * (values[other] - values[frame]))


def _hermite(
    frames: Array, start: float, end: float, ends: tuple[float, float, float, float]
) -> Array:
    """Return the cubic through (value, slope) at both ends; 0 outside of it."""
    span = end - start
    first, first_slope, last, last_slope = ends
    at = (frames - start) / span
    inside = (at >= 0.0) & (at <= 1.0)
    at = np.clip(at, 0.0, 1.0)
    ease = at * at * (3.0 - 2.0 * at)
    curve = (
        first * (1.0 - ease)
        + last * ease
        + span * first_slope * at * (1.0 - at) ** 2
        - span * last_slope * at * at * (1.0 - at)
    )
    return np.where(inside, curve, 0.0)


def spread_raise(needed: Array, mask: Flags, reach: int) -> Array:
    """Return a smooth raise (T,) that is 0 outside the mask.

    The need is widened by `reach` frames and averaged over as many, so that it
    begins before it is needed and has no corner; it is nowhere less than needed,
    except within `reach` frames of a border of the mask, where it fades to 0.
    """
    if not needed.any():
        return np.zeros_like(needed)
    width = 2 * reach + 1
    widened = np.lib.stride_tricks.sliding_window_view(np.pad(needed, reach), width).max(axis=-1)
    kernel = np.hanning(width + 2)[1:-1]
    smooth = np.convolve(np.pad(widened, reach, mode="edge"), kernel / kernel.sum(), mode="valid")
    return np.where(mask, np.maximum(smooth, needed) * _distance_fade(mask, reach), 0.0)


def _distance_fade(mask: Flags, reach: int) -> Array:
    """Return 1 inside the mask, easing to 0 over `reach` frames at each border of it."""
    fade = np.ones(len(mask))
    outside = np.flatnonzero(~mask)
    if len(outside):
        distance = np.abs(np.arange(len(mask))[:, None] - outside[None, :]).min(axis=1)
        at = np.clip(distance / (reach + 1), 0.0, 1.0)
        fade = at * at * (3.0 - 2.0 * at)
    return fade
