"""One BVH file, any humanoid skeleton -> one canonical clip on the floor at 30 fps.

It knows no captions and no corpus.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..motion import quaternions
from ..motion.bones.matching import BoneMap, match_bones
from ..motion.clip import Array, Clip, headings
from ..motion.contacts import CONTACT_JOINTS, STANDING_HEIGHTS
from ..motion.files.bvh import BvhMotion, read_bvh
from ..motion.resampling import resample_clip
from ..motion.retargeting.clip_to_rig import Placement, rig_pose_to_clip
from ..motion.skeleton import FPS

_STANDING_SCORE = 0.75
_WORLD = Placement(np.zeros(3), quaternions.IDENTITY)


def bvh_to_clip(path: Path) -> Clip:
    """Read a BVH file onto the canonical skeleton, at 30 fps, with the floor at y = 0.

    Files with Z up are turned. A rest pose that is no standing body (bones laid
    along one axis, as some programs write them) is replaced by the frame that
    stands best.

    Raises:
        RequestError: if the file cannot be read or is no humanoid.
    """
    motion = read_bvh(path)
    bone_map = match_bones(motion.rig)
    if _is_z_up(motion, bone_map):
        motion = motion.turned_upright()
    motion = _with_standing_rest(motion, bone_map)
    clip = rig_pose_to_clip(motion.pose, motion.rig, bone_map, motion.fps, _WORLD)
    return on_floor(resample_clip(clip, FPS))


def _joint_heads(heads: Array, motion: BvhMotion, bone_map: BoneMap, *names: str) -> Array:
    """Return the mean of the heads (..., 3) of the bones that play the joints."""
    bones = [motion.rig.index[bone_map.bones[name]] for name in names if name in bone_map.bones]
    middle: Array = heads[..., bones, :].mean(axis=-2)
    return middle


def _up_of(heads: Array, motion: BvhMotion, bone_map: BoneMap) -> Array:
    """Return unit vectors (..., 3) from the hips to the shoulders."""
    line = _joint_heads(heads, motion, bone_map, "left_shoulder", "right_shoulder")
    line = line - _joint_heads(heads, motion, bone_map, "left_hip", "right_hip")
    up: Array = line / np.maximum(np.linalg.norm(line, axis=-1, keepdims=True), 1e-9)
    return up


def _is_z_up(motion: BvhMotion, bone_map: BoneMap) -> bool:
    """Say whether the body at rest and the moving one both stand along Z."""
    at_rest = _up_of(motion.rig.heads, motion, bone_map)
    moving = np.median(_up_of(motion.pose.heads, motion, bone_map), axis=0)
    return bool(at_rest[2] > 0.8 and moving[2] > max(0.6, moving[1]))


def _standing_scores(heads: Array, motion: BvhMotion, bone_map: BoneMap) -> Array:
    """Return (...) how well both thighs and shins point down from the torso; 1 is straight."""
    up = _up_of(heads, motion, bone_map)
    scores = []
    for side in ("left", "right"):
        for upper, lower in (("hip", "knee"), ("knee", "ankle")):
            if f"{side}_{lower}" in bone_map.bones:
                bone = _joint_heads(heads, motion, bone_map, f"{side}_{upper}")
                bone = bone - _joint_heads(heads, motion, bone_map, f"{side}_{lower}")
                length = np.maximum(np.linalg.norm(bone, axis=-1), 1e-9)
                scores.append(np.sum(bone * up, axis=-1) / length)
    lowest: Array = np.min(scores, axis=0)
    return lowest


def _with_standing_rest(motion: BvhMotion, bone_map: BoneMap) -> BvhMotion:
    """Take a frame as the rest pose if the file's own is no standing body."""
    if _standing_scores(motion.rig.heads, motion, bone_map) > _STANDING_SCORE:
        return motion
    scores = _standing_scores(motion.pose.heads, motion, bone_map)
    if scores[0] > _STANDING_SCORE:  # many recordings start with a T-pose for this purpose
        return motion.with_rest_of_frame(0)
    return motion.with_rest_of_frame(int(np.argmax(scores)))


def on_floor(clip: Clip) -> Clip:
    """Return the clip raised or lowered until its lowest standing feet are at y = 0.

    A foot's height counts from the height it has when standing flat; the
    twentieth part of the frames that is lowest is taken as noise.
    """
    if clip.frames == 0:
        return clip
    feet = clip.joints()[:, list(CONTACT_JOINTS), 1] - STANDING_HEIGHTS
    floor = np.percentile(feet.min(axis=1), 5.0)
    return clip.moved(0.0, np.array([0.0, -floor, 0.0]))


def at_origin(clip: Clip) -> Clip:
    """Return the clip starting at x = z = 0 and facing +Z, its heights as they are."""
    if clip.frames == 0:
        return clip
    turned = clip.moved(-float(headings(clip.rot[:, 0])[0]), np.zeros(3))
    return turned.moved(0.0, turned.root_pos[0] * np.array([-1.0, 0.0, -1.0]))
