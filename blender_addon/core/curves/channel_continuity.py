"""Chooses, among channels that mean the same rotations, those that go on from given ones.

A quaternion and its negative, three angles and the same with whole circles more,
an axis and its opposite: F-curves interpolate the numbers, so a rotation that
goes on must go on in its numbers. It knows no bones and no F-curves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

_CIRCLE = 2.0 * np.pi


def continue_channels(values: Array, mode: str, before: Array) -> Array:
    """Return the same rotations, in the numbers whose first row is nearest to `before`.

    Args:
        values: (T, C) channels of one bone without jumps, as `quaternions_to_channels` gives them.
        mode: Blender's rotation mode.
        before: (C,) the channels just before.
    """
    values = np.asarray(values, dtype=float)
    if mode == "QUATERNION":
        return -values if float(values[0] @ before) < 0 else values
    if mode == "AXIS_ANGLE":
        twins = [_on_circle(twin, before, columns=(0,)) for twin in (values, -values)]
    else:
        middle = "XYZ".index(mode[1])
        other = values + np.pi
        other[:, middle] = np.pi - values[:, middle]
        twins = [_on_circle(twin, before, columns=(0, 1, 2)) for twin in (values, other)]
    distances = [float(np.abs(twin[0] - before).sum()) for twin in twins]
    return twins[int(distances[1] < distances[0])]


def breaks_off(channels: Array, mode: str, after: Array) -> bool:
    """Say whether interpolating from one row of channels (C,) to the next would spin the bone."""
    if mode == "QUATERNION":
        return bool(channels @ after < 0)
    if mode == "AXIS_ANGLE":
        return bool(abs(channels[0] - after[0]) > np.pi or channels[1:] @ after[1:] < 0)
    return bool((np.abs(channels - after) > np.pi).any())


def _on_circle(values: Array, before: Array, columns: tuple[int, ...]) -> Array:
    """Add to angles (T, C) the whole circles that bring the first row nearest to `before` (C,)."""
    moved = np.array(values)
    for column in columns:
        circles = np.round((before[column] - values[0, column]) / _CIRCLE)
        moved[:, column] += _CIRCLE * circles
    return moved
