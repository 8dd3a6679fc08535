"""Turns quaternions into the channels of Blender's rotation modes, continuous along time.

NumPy only; it knows no bones and no F-curves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....engine.motion import quaternions

Array = NDArray[np.floating[Any]]

EULER_ORDERS = ("XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX")
"""Blender's names; the first letter turns first."""

_CIRCLE = 2.0 * np.pi
_LOCKED_SINE = 1.0 - 1e-9

DATA_PATHS = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}
"""Property that holds a bone's rotation; every other mode uses `rotation_euler`."""


def quaternions_to_channels(rotations: Array, mode: str) -> tuple[str, Array]:
    """Return the property and the values (T, ..., 3 or 4) of rotations in one rotation mode.

    Args:
        rotations: (T, ..., 4) unit quaternions, w first.
        mode: `QUATERNION`, `AXIS_ANGLE` or one of EULER_ORDERS.
    """
    if mode == "QUATERNION":
        return DATA_PATHS[mode], quaternions.keep_quaternion_sign(rotations)
    if mode == "AXIS_ANGLE":
        flat = np.reshape(rotations, (len(rotations), -1, 4))
        columns = [quaternions_to_axis_angle(flat[:, one]) for one in range(flat.shape[1])]
        return DATA_PATHS[mode], np.stack(columns, axis=1).reshape(rotations.shape)
    return "rotation_euler", quaternions_to_euler(rotations, mode)


def channels_to_quaternions(values: Array, mode: str) -> Array:
    """Return the unit quaternions (..., 4) that channels (..., 3 or 4) of a rotation mode mean.

    As Blender does, numbers that are no unit quaternion or axis are scaled to be one.
    """
    values = np.asarray(values, dtype=float)
    if mode == "QUATERNION":
        return quaternions.normalize(values)
    if mode == "AXIS_ANGLE":
        length = np.linalg.norm(values[..., 1:], axis=-1, keepdims=True)
        axis = values[..., 1:] / np.maximum(length, 1e-12)
        return quaternions.normalize(quaternions.axis_angle_to_quaternion(axis, values[..., 0]))
    first, middle, last = (
        quaternions.axis_angle_to_quaternion(np.eye(3)[column], values[..., column])
        for column in ("XYZ".index(letter) for letter in mode)
    )
    return quaternions.multiply(last, quaternions.multiply(middle, first))


def hold_euler(rotations: Array, held: Array, locked: NDArray[np.bool_]) -> Array:
    """Return rotations (T, 4) with some of their XYZ angles as in `held`.

    This is what Blender makes of locked rotations of quaternion and axis-angle bones.

    Args:
        rotations: (T, 4) unit quaternions.
        held: (4,) or (T, 4), the rotation that the bone has.
        locked: (3,) the angles about X, Y and Z that stay.
    """
    held = np.broadcast_to(held, np.shape(rotations))
    # Frame by frame: of the two triples of angles, the one next to what is held.
    kept, angles = quaternions_to_euler(np.stack([held, rotations]), "XYZ")
    return channels_to_quaternions(np.where(locked, kept, angles), "XYZ")


def quaternions_to_euler(rotations: Array, order: str) -> Array:
    """Return Euler angles (T, ..., 3) in X, Y, Z columns, each frame the nearest to the last.

    Two triples of angles give each rotation, and each angle may turn by whole
    circles; the choice that moves least is what an animator can edit.
    """
    if order not in EULER_ORDERS:
        raise ValueError(f"there is no Euler order {order}")
    first, middle, last = ("XYZ".index(letter) for letter in order)
    sign = 1.0 if (first, middle, last) in ((0, 1, 2), (1, 2, 0), (2, 0, 1)) else -1.0
    m = quaternions.quaternion_to_matrix(quaternions.normalize(rotations))
    # R = R_last * R_middle * R_first
    sine = np.clip(-sign * m[..., last, first], -1.0, 1.0)
    angles = np.empty((*sine.shape, 3))
    angles[..., middle] = np.arcsin(sine)
    angles[..., first] = np.arctan2(sign * m[..., last, middle], m[..., last, last])
    angles[..., last] = np.arctan2(sign * m[..., middle, first], m[..., first, first])
    other = angles + np.pi
    other[..., middle] = np.pi - angles[..., middle]
    # In gimbal lock first and last turn about one axis: only their sum or difference counts.
    locked = np.abs(sine) > _LOCKED_SINE
    total = np.arctan2(
        m[..., first, middle][locked] * np.sign(sine[locked]), m[..., middle, middle][locked]
    )
    for triples in (angles, other):
        triples[locked, first], triples[locked, last] = total, 0.0
        triples[locked, middle] = angles[locked, middle]
    locks = np.where(locked, sign * np.sign(sine), 0.0)
    return _nearest_along_time(np.stack([angles, other], axis=-2), locks, (first, last))


def quaternions_to_axis_angle(rotations: Array) -> Array:
    """Return (T, 4): angle in radians, then the unit axis; neither jumps along time."""
    rotations = np.asarray(rotations, dtype=float)
    sines = np.linalg.norm(rotations[:, 1:], axis=1)
    turned = np.flatnonzero(sines > 1e-6)
    axis = np.tile([0.0, 1.0, 0.0], (len(rotations), 1))
    if len(turned):
        # Frames without a turn have no axis: they take that of the last turned frame.
        latest = turned[
            np.clip(np.searchsorted(turned, np.arange(len(axis)), "right") - 1, 0, None)
        ]
        axis = rotations[latest, 1:] / sines[latest, None]
    flips = np.where(np.sum(axis[1:] * axis[:-1], axis=1) < 0, -1.0, 1.0)
    signs = np.concatenate([[1.0], np.cumprod(flips)])
    angle = np.unwrap(2.0 * np.arctan2(sines, rotations[:, 0]) * signs)
    angle -= 2.0 * np.pi * np.round(angle[:1] / (2.0 * np.pi))
    return np.column_stack([angle, axis * signs[:, None]])


def _nearest_along_time(pairs: Array, locks: Array, ends: tuple[int, int]) -> Array:
    """Choose per frame between two triples, whole circles included, the one nearest to the last.

    Args:
        pairs: (T, ..., 2, 3) radians.
        locks: (T, ...) 0, or in gimbal lock what a turn of the last angle adds to the first.
        ends: columns of the first and the last angle; in lock the last one keeps still.
    """
    chosen = np.empty((*locks.shape, 3))
    previous = np.zeros((*locks.shape[1:], 3))
    first, last = ends
    has_locks = locks.any(axis=tuple(range(1, locks.ndim))) if locks.ndim > 1 else locks != 0
    for frame, pair in enumerate(pairs):
        if has_locks[frame]:
            kept = previous[..., last, None]
            locked = locks[frame][..., None] != 0
            pair[..., first] += locks[frame][..., None] * kept
            pair[..., last] = np.where(locked, kept, pair[..., last])
        before = previous[..., None, :]
        unwrapped = pair - _CIRCLE * np.round((pair - before) / _CIRCLE)
        distances = np.abs(unwrapped - before).sum(axis=-1)
        nearer = (distances[..., 1] < distances[..., 0])[..., None]
        previous = chosen[frame] = np.where(nearer, unwrapped[..., 1, :], unwrapped[..., 0, :])
    return chosen
