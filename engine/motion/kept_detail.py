"""What lies between the frames of a clip, kept where an edit leaves the clip as it was.

A clip has 30 frames a second. Keys of another rate hold more: on frames whose pose
comes back from the edit unchanged, the own channels stay; towards changed frames
what the clip did not hold fades out. It knows no rig and no clip.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import quaternions

Array = NDArray[np.floating[Any]]
Flags = NDArray[np.bool_]

_SAME_RADIANS = 1e-4
_SAME_PART = 1e-5


def keep_rotations(own: Array, read: Array, new: Array, blend: int) -> Array:
    """Return rotations (F, M, 4) with what the clip did not hold of each bone's own ones.

    Args:
        own: (F, M, 4) the track's channels.
        read: (F, M, 4) what the clip that was read makes of them.
        new: (F, M, 4) what the edited clip makes of them.
        blend: frames over which the difference fades out.
    """
    changed = quaternions.angle_between(read, new) > _SAME_RADIANS
    lost = quaternions.quaternions_to_vectors(
        quaternions.multiply(quaternions.conjugate(read), own)
    )
    kept = quaternions.vectors_to_quaternions(lost * distance_weights(changed, blend)[..., None])
    return quaternions.normalize(quaternions.multiply(new, kept))


def keep_locations(own: Array, read: Array, new: Array, blend: int) -> Array:
    """Return locations (F, 3) with what the clip did not hold of the own ones."""
    size = max(float(np.abs(read).max(initial=0.0)), 1e-6)
    changed = np.abs(read - new).max(axis=-1) > _SAME_PART * size
    return np.asarray(new + (own - read) * distance_weights(changed, blend)[:, None])


def distance_weights(changed: Flags, blend: int) -> Array:
    """Return 0 on changed frames (F, ...), rising to 1 over `blend` frames away from them."""
    count = len(changed)
    frames = np.arange(count).reshape(-1, *[1] * (changed.ndim - 1))
    far = count + blend
    before = np.maximum.accumulate(np.where(changed, frames, -far), axis=0)
    after = np.minimum.accumulate(np.where(changed, frames, count + far)[::-1], axis=0)[::-1]
    return np.asarray(np.clip(np.minimum(frames - before, after - frames) / blend, 0.0, 1.0))
