"""The quaternion functions that retargeting and clips need, in NumPy.

w-first, unit length, any leading dimensions. `a_to_b` converts, `multiply(a, b)`
applies b first. A test holds these against the torch functions in `engine.rotations`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

IDENTITY = np.array([1.0, 0.0, 0.0, 0.0])


def multiply(left: Array, right: Array) -> Array:
    """Return the Hamilton product (..., 4): rotate by `right`, then by `left`."""
    left, right = np.asarray(left), np.asarray(right)
    w1, x1, y1, z1 = (left[..., place] for place in range(4))
    w2, x2, y2, z2 = (right[..., place] for place in range(4))
    product = _empty(left, right, 4)
    product[..., 0] = w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2
    product[..., 1] = w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2
    product[..., 2] = w1 * y2 - x1 * z2 + y1 * w2 + z1 * x2
    product[..., 3] = w1 * z2 + x1 * y2 - y1 * x2 + z1 * w2
    return product


def conjugate(rotations: Array) -> Array:
    """Return the inverse of unit quaternions (..., 4)."""
    return np.asarray(np.asarray(rotations) * np.array([1.0, -1.0, -1.0, -1.0]))


def normalize(rotations: Array) -> Array:
    """Scale quaternions (..., 4) to unit length; zero ones become the identity."""
    rotations = np.asarray(rotations, dtype=float)
    length = np.linalg.norm(rotations, axis=-1, keepdims=True)
    return np.where(length > 1e-12, rotations / np.maximum(length, 1e-12), IDENTITY)


def rotate(rotations: Array, vectors: Array) -> Array:
    """Rotate vectors (..., 3) by unit quaternions (..., 4); leading dimensions broadcast."""
    rotations, vectors = np.asarray(rotations), np.asarray(vectors)
    crossed = 2.0 * cross(rotations[..., 1:], vectors)
    turned = vectors + rotations[..., :1] * crossed
    turned += cross(rotations[..., 1:], crossed)
    return turned


def cross(left: Array, right: Array) -> Array:
    """Return the cross products (..., 3); NumPy's own takes five times as long on small arrays."""
    x1, y1, z1 = (left[..., place] for place in range(3))
    x2, y2, z2 = (right[..., place] for place in range(3))
    product = _empty(left, right, 3)
    product[..., 0] = y1 * z2 - z1 * y2
    product[..., 1] = z1 * x2 - x1 * z2
    product[..., 2] = x1 * y2 - y1 * x2
    return product


def _empty(left: Array, right: Array, size: int) -> Array:
    """Return an unfilled array (..., size) for a product of two arrays (..., n)."""
    shape = np.broadcast_shapes(left.shape[:-1], right.shape[:-1])
    return np.empty((*shape, size), dtype=np.result_type(left, right, np.float32))


def axis_angle_to_quaternion(axis: Array, angle: Array) -> Array:
    """Return (..., 4) for rotations by `angle` (...) radians about unit `axis` (..., 3)."""
    half = np.asarray(angle, dtype=float)[..., None] / 2.0
    axis = np.asarray(axis, dtype=float)
    shape = np.broadcast_shapes(axis.shape[:-1], half.shape[:-1])
    return np.concatenate(
        [np.broadcast_to(np.cos(half), (*shape, 1)), np.sin(half) * axis * np.ones((*shape, 1))],
        axis=-1,
    )


def vectors_to_quaternions(vectors: Array) -> Array:
    """Return rotations (..., 4) of axes times angles (..., 3), radians."""
    angles = np.linalg.norm(vectors, axis=-1)
    axes = vectors / np.maximum(angles, 1e-12)[..., None]
    return axis_angle_to_quaternion(axes, angles)


def quaternions_to_vectors(rotations: Array) -> Array:
    """Return (..., 3) axis times angle, at most pi long, of rotations (..., 4)."""
    rotations = np.where(rotations[..., :1] < 0, -rotations, rotations)
    sines = np.linalg.norm(rotations[..., 1:], axis=-1, keepdims=True)
    angles = 2.0 * np.arctan2(sines, rotations[..., :1])
    per_sine = np.where(sines > 1e-12, angles / np.maximum(sines, 1e-12), 2.0)
    return np.asarray(per_sine * rotations[..., 1:])


def yaw_to_quaternion(yaw: Array) -> Array:
    """Return rotations (..., 4) by `yaw` (...) radians about the vertical axis +Y."""
    return axis_angle_to_quaternion(np.array([0.0, 1.0, 0.0]), yaw)


def quaternion_to_matrix(rotations: Array) -> Array:
    """Return rotation matrices (..., 3, 3) that act on column vectors."""
    return np.stack([rotate(rotations, axis) for axis in np.eye(3)], axis=-1)


def matrix_to_quaternion(matrices: Array) -> Array:
    """Return unit quaternions (..., 4), w >= 0, of rotation matrices (..., 3, 3)."""
    m = np.asarray(matrices, dtype=float)
    diagonal = np.diagonal(m, axis1=-2, axis2=-1)
    trace = diagonal.sum(-1)
    # The four rows are 4 * q_i * q of Shepperd's method; the longest is the stable one.
    candidates = np.stack(
        [
            np.stack(
                [
                    1 + trace,
                    m[..., 2, 1] - m[..., 1, 2],
                    m[..., 0, 2] - m[..., 2, 0],
                    m[..., 1, 0] - m[..., 0, 1],
                ],
                -1,
            ),
            np.stack(
                [
                    m[..., 2, 1] - m[..., 1, 2],
                    1 + 2 * diagonal[..., 0] - trace,
                    m[..., 0, 1] + m[..., 1, 0],
                    m[..., 0, 2] + m[..., 2, 0],
                ],
                -1,
            ),
            np.stack(
                [
                    m[..., 0, 2] - m[..., 2, 0],
                    m[..., 0, 1] + m[..., 1, 0],
                    1 + 2 * diagonal[..., 1] - trace,
                    m[..., 1, 2] + m[..., 2, 1],
                ],
                -1,
            ),
            np.stack(
                [
                    m[..., 1, 0] - m[..., 0, 1],
                    m[..., 0, 2] + m[..., 2, 0],
                    m[..., 1, 2] + m[..., 2, 1],
                    1 + 2 * diagonal[..., 2] - trace,
                ],
                -1,
            ),
        ],
        axis=-2,
    )
    best = np.argmax(np.linalg.norm(candidates, axis=-1), axis=-1)
    chosen = np.take_along_axis(candidates, best[..., None, None], axis=-2)[..., 0, :]
    chosen = chosen / np.linalg.norm(chosen, axis=-1, keepdims=True)
    return np.where(chosen[..., :1] < 0, -chosen, chosen)


def between(start: Array, end: Array) -> Array:
    """Return the shortest rotations (..., 4) that turn directions `start` into `end` (..., 3).

    Lengths do not matter. Opposite directions turn about an arbitrary normal.
    """
    start = start / np.maximum(np.linalg.norm(start, axis=-1, keepdims=True), 1e-12)
    end = end / np.maximum(np.linalg.norm(end, axis=-1, keepdims=True), 1e-12)
    cosine = np.sum(start * end, axis=-1, keepdims=True)
    helper = np.where(np.abs(start[..., :1]) < 0.9, [1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    opposite = np.concatenate([np.zeros_like(cosine), cross(start, helper)], axis=-1)
    shortest = np.concatenate([1.0 + cosine, cross(start, end)], axis=-1)
    return normalize(np.where(cosine > -1.0 + 1e-9, shortest, opposite))


def slerp(start: Array, end: Array, fraction: Array) -> Array:
    """Interpolate (..., 4) on the shorter arc; `fraction` (...) is 0 at start, 1 at end."""
    start = np.asarray(start, dtype=float)
    cosine = np.sum(start * end, axis=-1, keepdims=True)
    end = np.where(cosine < 0, -np.asarray(end, dtype=float), end)
    angle = np.arccos(np.clip(np.abs(cosine), 0.0, 1.0))
    fraction = np.asarray(fraction, dtype=float)[..., None]
    sine = np.sin(angle)
    small = sine < 1e-6
    safe = np.where(small, 1.0, sine)
    weight_start = np.where(small, 1.0 - fraction, np.sin((1.0 - fraction) * angle) / safe)
    weight_end = np.where(small, fraction, np.sin(fraction * angle) / safe)
    return normalize(weight_start * start + weight_end * end)


def angle_between(first: Array, second: Array) -> Array:
    """Return the angles (...) in radians, 0 to pi, between rotations (..., 4)."""
    relative = multiply(conjugate(first), second)
    sine = np.linalg.norm(relative[..., 1:], axis=-1)
    return np.asarray(2.0 * np.arctan2(sine, np.abs(relative[..., 0])))


def keep_quaternion_sign(rotations: Array) -> Array:
    """Flip signs so that each quaternion is in the half-space of the one before it.

    q and -q are the same rotation, but F-curves interpolate the four numbers
    separately, so a flip between two keys makes the bone spin.

    Args:
        rotations: (T, ..., 4) unit quaternions, w first.

    Returns:
        A new array of the same shape; frame 0 is unchanged.
    """
    rotations = np.array(rotations)
    if len(rotations) < 2:
        return rotations
    cosine = np.sum(rotations[1:] * rotations[:-1], axis=-1)
    signs = np.cumprod(np.where(cosine < 0, -1.0, 1.0), axis=0)
    rotations[1:] = rotations[1:] * signs[..., None]
    return rotations
