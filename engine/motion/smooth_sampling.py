"""Sampling by cubics through the frames: for motion that is read off keys and put back on them.

Straight lines between frames would cut every turn's corner twice on the way to another
rate and back. It knows no rig and no scene.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import quaternions
from .clip import Array, Clip


def sample_smoothly(clip: Clip, positions: Array, fps: float) -> Clip:
    """Return the clip at any positions, counted in its frames.

    Whole positions (within a millionth) take the frame as it is. Up to one frame
    after the last the motion goes on as it was. Signs are continuous.

    Args:
        clip: at least one frame.
        positions: (N,) in [0, T].
        fps: the rate of the result.
    """
    before, part = _locate(positions, clip.frames)
    rot = quaternions.keep_quaternion_sign(clip.rot)
    turned = quaternions.normalize(_interpolate(rot, before, part))
    whole = part == 0.0
    turned[whole] = rot[before[whole]]
    root_pos = _interpolate(clip.root_pos, before, part)
    return Clip(root_pos, quaternions.keep_quaternion_sign(turned), fps)


def sample_values(values: Array, positions: Array) -> Array:
    """Return values (T, ...) at positions (N,) in [0, T], as `sample_smoothly` does."""
    return _interpolate(values, *_locate(positions, len(values)))


def _locate(positions: Array, frames: int) -> tuple[NDArray[np.int_], Array]:
    """Return the frame before each position (N,) and how far it lies after it, 0 to 1."""
    nearest = np.round(positions)
    positions = np.where(np.abs(positions - nearest) < 1e-6, nearest, positions)
    before = np.clip(np.floor(positions).astype(int), 0, frames - 1)
    return before, np.clip(positions - before, 0.0, 1.0)


def _interpolate(values: Array, before: NDArray[np.int_], part: Array) -> Array:
    """Interpolate (T, ...) by Catmull-Rom; the values go on straight at both ends."""
    values = np.asarray(values, dtype=float)
    second, second_last = min(1, len(values) - 1), max(len(values) - 2, 0)
    step = values[-1] - values[second_last]
    lead = 2.0 * values[0] - values[second]
    padded = np.concatenate([[lead], values, [values[-1] + step], [values[-1] + 2.0 * step]])
    a, b, c, d = (padded[before + shift] for shift in range(4))
    x = part.reshape(-1, *[1] * (values.ndim - 1))
    curve = (2 * a - 5 * b + 4 * c - d) + x * (3 * (b - c) + d - a)
    return np.asarray(b + 0.5 * x * ((c - a) + x * curve))
