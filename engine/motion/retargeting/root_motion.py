"""The path over the ground, taken off the hips for a root bone or the armature object.

The root stands below the hips and faces as the pelvis does. Height stays with
the hips. It knows no channels and no Blender.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import quaternions
from ..clip import Clip, headings
from .rest_alignment import Alignment, Placement
from .rig_target import ObjectStance

Array = NDArray[np.floating[Any]]

_UP = np.array([0.0, 1.0, 0.0])


@dataclass(frozen=True, slots=True)
class GroundPath:
    """Root motion over T frames: rotations and translations of rig space."""

    rotations: Array
    """(T, 4) about the up axis."""

    moves: Array
    """(T, 3) along the ground, applied after the turn."""

    def carry(self, points: Array) -> Array:
        """Return where points (T, 3) or (3,) of the rest pose are carried to, (T, 3)."""
        return np.asarray(quaternions.rotate(self.rotations, points) + self.moves)

    def carried_from(self, points: Array) -> Array:
        """Return the points (T, 3) that are carried to `points`."""
        back = quaternions.conjugate(self.rotations)
        return np.asarray(quaternions.rotate(back, points - self.moves))


def path_over_ground(clip: Clip, alignment: Alignment, placement: Placement) -> Array:
    """Return how far the hips have gone along the ground since the first frame, (T, 3)."""
    level = np.asarray(clip.root_pos - clip.root_pos[:1]) * np.array([1.0, 0.0, 1.0])
    return quaternions.rotate(placement.rotation, alignment.scale * level)


def ground_path(
    clip: Clip, alignment: Alignment, placement: Placement, in_place: bool
) -> GroundPath:
    """Return what takes the rest pose to below the clip's hips, facing with them.

    Args:
        clip: T frames.
        alignment: of the rig.
        placement: where the clip lies.
        in_place: the path stays at its first frame; the heading does not.
    """
    up = quaternions.rotate(placement.rotation, _UP)
    lean = quaternions.between(quaternions.rotate(alignment.body, _UP), up)
    rest = quaternions.conjugate(quaternions.multiply(lean, alignment.body))
    facing = quaternions.yaw_to_quaternion(headings(np.asarray(clip.rot)[:, 0]))
    rotations = quaternions.multiply(quaternions.multiply(placement.rotation, facing), rest)
    first = alignment.to_rig(clip.root_pos[:1] * np.array([1.0, 0.0, 1.0]), placement)
    below = np.repeat(first, clip.frames, axis=0)
    if not in_place:
        below = below + path_over_ground(clip, alignment, placement)
    moves = below - quaternions.rotate(rotations, alignment.floor_point)
    return GroundPath(rotations, moves - (moves @ up)[:, None] * up)


def object_channels(path: GroundPath, stance: ObjectStance) -> tuple[Array, Array]:
    """Return rotations (T, 4) and locations (T, 3) of an object that carries the path."""
    back = quaternions.conjugate(stance.rotation)
    turns = quaternions.multiply(quaternions.multiply(stance.rotation, path.rotations), back)
    moves = quaternions.rotate(stance.rotation, stance.scale * path.moves)
    return quaternions.keep_quaternion_sign(turns), stance.location + moves
