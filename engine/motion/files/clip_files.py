"""A `.npz` or `.bvh` that somebody names -> a canonical clip at 30 fps.

It knows no requests and no Blender.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..clip import Clip, ClipError, load_clip
from ..request import RequestError
from ..resampling import resample_clip
from ..rig import RigError
from ..skeleton import FPS
from .bvh_clips import BvhClip, read_bvh_clip


@dataclass(frozen=True, slots=True, eq=False)
class ClipFile:
    """A clip and the file that it was read from."""

    path: Path

    clip: Clip

    bvh: BvhClip | None = None
    """What puts an edit back into a BVH; None for a `.npz`."""


def read_clip_file(path: Path) -> ClipFile:
    """Read a `.npz` or `.bvh` as a canonical clip at 30 fps.

    A clip that is at 30 fps already is returned as it is stored. A BVH may hold any
    humanoid skeleton.

    Raises:
        RequestError: if the kind of file is unknown or the file is unusable.
    """
    kind = path.suffix.lower()
    if kind not in (".npz", ".bvh"):
        raise RequestError(f"The clip {path} is no .npz or .bvh.", "Choose a file of these kinds.")
    try:
        if kind == ".bvh":
            bvh = read_bvh_clip(path)
            return ClipFile(path, bvh.clip, bvh)
        clip = _read_npz(path)
    except (ClipError, RigError) as error:
        raise RequestError(
            f"The clip {path} cannot be used: {error}.",
            "Choose a .npz with root_pos (T, 3), rot (T, 22, 4) and fps, or a .bvh of a humanoid.",
        ) from error
    return ClipFile(path, clip if abs(clip.fps - FPS) < 1e-6 else resample_clip(clip, FPS))


def read_motion(path: Path) -> Clip:
    """Return the clip of `read_clip_file`."""
    return read_clip_file(path).clip


def _read_npz(path: Path) -> Clip:
    clip = load_clip(path)
    lengths = np.linalg.norm(np.asarray(clip.rot, dtype=float), axis=-1)
    if np.any(np.abs(lengths - 1.0) > 0.01):
        raise ClipError(f"{path.name} holds rotations that are no unit quaternions (w first)")
    return clip
