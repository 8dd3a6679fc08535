"""One BVH file, any humanoid skeleton -> one canonical clip of a corpus, level on the floor.

It knows no captions and no corpus.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..motion.clip import Clip, headings
from ..motion.files.bvh_clips import lowest_standing, read_bvh_clip


def bvh_to_clip(path: Path) -> Clip:
    """Read a BVH file onto the canonical skeleton, at 30 fps, with the floor exactly at y = 0.

    Raises:
        RequestError: if the file cannot be read or is no humanoid.
    """
    return on_floor(read_bvh_clip(path).clip)


def on_floor(clip: Clip) -> Clip:
    """Return the clip raised or lowered until its lowest standing feet are at y = 0."""
    if clip.frames == 0:
        return clip
    return clip.moved(0.0, np.array([0.0, -lowest_standing(clip.joints()), 0.0]))


def at_origin(clip: Clip) -> Clip:
    """Return the clip starting at x = z = 0 and facing +Z, its heights as they are."""
    if clip.frames == 0:
        return clip
    turned = clip.moved(-float(headings(clip.rot[:, 0])[0]), np.zeros(3))
    return turned.moved(0.0, turned.root_pos[0] * np.array([-1.0, 0.0, -1.0]))
