"""Sampling a clip at other times: frame-rate change and keys on whole scene frames.

It knows no rig and no scene.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import quaternions
from .clip import Array, Clip, ClipError


def sample_clip(clip: Clip, times_seconds: Array) -> tuple[Array, Array]:
    """Return the pose at any times: lerp for the path, slerp for the joints.

    Times that fall on a frame (within a millionth of one) take that frame as it
    is; times outside the clip take the first or last frame. Signs are
    continuous from sample to sample, so the numbers can become F-curves.

    Args:
        clip: at least one frame.
        times_seconds: (N,) from the clip's first frame.

    Returns:
        root_pos: (N, 3) metres.
        rot: (N, 22, 4) local unit quaternions, w first.

    Raises:
        ClipError: if there are times but no frames, or a time is not finite.
    """
    times = np.asarray(times_seconds, dtype=float)
    if not np.isfinite(times).all():
        raise ClipError("a clip can be sampled at finite times only")
    if len(times) == 0:
        return np.asarray(clip.root_pos)[:0], np.asarray(clip.rot)[:0]
    if clip.frames == 0:
        raise ClipError("a clip without frames cannot be sampled")
    before, after, fraction = _neighbours(times * clip.fps, clip.frames)
    root_pos, rot = np.asarray(clip.root_pos, dtype=float), np.asarray(clip.rot, dtype=float)
    weight = fraction[:, None]
    sampled_pos = (1.0 - weight) * root_pos[before] + weight * root_pos[after]
    sampled_rot = rot[before]
    between = np.flatnonzero(fraction)
    sampled_rot[between] = quaternions.slerp(
        rot[before[between]], rot[after[between]], fraction[between, None]
    )
    return sampled_pos, quaternions.keep_quaternion_sign(sampled_rot)


def _neighbours(positions: Array, frames: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Array]:
    """Return for each position, in frames, the frames around it and how far it lies between."""
    positions = np.clip(positions, 0.0, frames - 1.0)
    nearest = np.round(positions)
    positions = np.where(np.abs(positions - nearest) < 1e-6, nearest, positions)
    before = np.floor(positions).astype(np.intp)
    return before, np.minimum(before + 1, frames - 1), positions - before


def resample_clip(clip: Clip, fps: float) -> Clip:
    """Return the clip at another rate, from its first frame on.

    The last frame lies at or up to one frame before the end of the input's last
    frame; nothing is extrapolated. At the clip's own rate it is returned as it is.

    Raises:
        ClipError: if fps is not above 0.
    """
    if not (np.isfinite(fps) and fps > 0):
        raise ClipError(f"fps must be above 0, not {fps}")
    if abs(fps - clip.fps) < 1e-9 or clip.frames == 0:
        return Clip(clip.root_pos, clip.rot, fps)
    count = int(np.floor((clip.frames - 1) / clip.fps * fps + 1e-6)) + 1
    root_pos, rot = sample_clip(clip, np.arange(count) / fps)
    return Clip(root_pos, rot, fps)
