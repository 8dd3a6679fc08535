"""Which frame of a motion can stand in for a rest pose that is no standing body.

Some programs lay the bones of the rest pose along one axis; compared with it, every
frame seems bent. It knows no clip and no Blender.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import quaternions
from ..bones.matching import BoneMap
from ..rig import Rig, RigPose, RigReference

Array = NDArray[np.floating[Any]]

STANDING_SCORE = 0.75
"""Least score of a body that stands."""


@dataclass(frozen=True, slots=True)
class StandingFrame:
    """A frame that is taken as the rest pose."""

    frame: int

    is_standing: bool
    """False where no frame of the motion shows a standing body: this one is nearest to it."""


def body_up(heads: Array, rig: Rig, bone_map: BoneMap) -> Array:
    """Return unit vectors (..., 3) from the hips to the shoulders.

    Args:
        heads: (..., N, 3)
        rig: N bones.
        bone_map: which bone plays which joint.
    """
    line = _middle(heads, rig, bone_map, "left_shoulder", "right_shoulder")
    line = line - _middle(heads, rig, bone_map, "left_hip", "right_hip")
    up: Array = line / np.maximum(np.linalg.norm(line, axis=-1, keepdims=True), 1e-9)
    return up


def standing_scores(heads: Array, rig: Rig, bone_map: BoneMap) -> Array:
    """Return (...) how well both thighs and shins point down from the torso; 1 is straight.

    Args:
        heads: (..., N, 3)
        rig: N bones.
        bone_map: which bone plays which joint.
    """
    up = body_up(heads, rig, bone_map)
    scores = []
    for side in ("left", "right"):
        for upper, lower in (("hip", "knee"), ("knee", "ankle")):
            if f"{side}_{lower}" in bone_map.bones:
                bone = _middle(heads, rig, bone_map, f"{side}_{upper}")
                bone = bone - _middle(heads, rig, bone_map, f"{side}_{lower}")
                length = np.maximum(np.linalg.norm(bone, axis=-1), 1e-9)
                scores.append(np.sum(bone * up, axis=-1) / length)
    lowest: Array = np.min(scores, axis=0)
    return lowest


def find_standing_frame(pose: RigPose, rig: Rig, bone_map: BoneMap) -> StandingFrame | None:
    """Return the frame to take as the rest pose; None where the rig's own is a standing body.

    Args:
        pose: T >= 1 frames of N bones.
        rig: N bones at rest.
        bone_map: which bone plays which joint.
    """
    if standing_scores(rig.heads, rig, bone_map) > STANDING_SCORE:
        return None
    scores = standing_scores(pose.heads, rig, bone_map)
    # Many recordings start with a T-pose for this purpose.
    frame = 0 if scores[0] > STANDING_SCORE else int(np.argmax(scores))
    return StandingFrame(frame, bool(scores[frame] > STANDING_SCORE))


def pose_reference(pose: RigPose, rig: Rig, frame: int) -> RigReference:
    """Return one frame of a motion as a pose that stands in for the rest pose."""
    heads, rotations = pose.heads[frame], pose.rotations[frame]
    turns = quaternions.multiply(rotations, quaternions.conjugate(rig.rotations))
    tails = heads + quaternions.rotate(turns, rig.tails - rig.heads)
    return RigReference(heads, tails, rotations)


def _middle(heads: Array, rig: Rig, bone_map: BoneMap, *joints: str) -> Array:
    """Return the mean of the heads (..., 3) of the bones that play the joints."""
    bones = [rig.index[bone_map.bones[name]] for name in joints if name in bone_map.bones]
    middle: Array = heads[..., bones, :].mean(axis=-2)
    return middle
