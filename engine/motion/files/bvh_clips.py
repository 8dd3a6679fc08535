"""One BVH file, any humanoid skeleton -> one canonical clip, and all that puts an edit back.

The one reader of BVH for people's clips and for corpora. It knows no captions,
no requests and no Blender.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import quaternions
from ..bones.matching import BoneMap, match_bones
from ..clip import Array, Clip
from ..contacts import CONTACT_JOINTS, STANDING_HEIGHTS
from ..request import RequestError
from ..retargeting.pose_offsets import track_to_clip
from ..retargeting.rest_alignment import Placement
from ..retargeting.rig_track import BoneBehaviour, RigPath, RigTrack, location_bone
from ..retargeting.standing_frames import (
    body_up,
    find_standing_frame,
    pose_reference,
    standing_scores,
)
from ..rig import BonePose, Rig, RigPose, pose_rig
from .bvh import BvhMotion, read_bvh

Flags = NDArray[np.bool_]

_NEAR_FLOOR = 0.05
"""Metres from y = 0 of the file at which feet stand on it."""

_OTHER_SUPPORT = (-0.05, 0.2)
"""Metres above y = 0 of the file's lowest joint where hands, knees or back bear the body."""

_FLOOR_PERCENTILE = 5.0
"""The part of the frames that is lowest is taken as noise."""

_Y_TO_Z = quaternions.axis_angle_to_quaternion(np.array([1.0, 0.0, 0.0]), np.array(np.pi / 2))


@dataclass(frozen=True, eq=False)
class BvhClip:
    """What a BVH file shows, at 30 frames a second, and how it lies in the file."""

    clip: Clip
    """As the file shows it, seen with Y up, in metres of the canonical body; the floor is at
    y = 0."""

    motion: BvhMotion
    """What the file holds."""

    track: RigTrack
    """The motion of its bones (F, N), with a standing pose as the reference."""

    placement: Placement
    """Where the clip lies in the file's space."""

    notes: tuple[str, ...]
    """Sentences about what was read otherwise than it is written."""


def read_bvh_clip(path: Path) -> BvhClip:
    """Read a BVH file onto the canonical skeleton.

    Files with Z up are turned. A rest pose that is no standing body (bones laid
    along one axis, as some programs write them) is replaced by the frame that
    stands best. A body that does not stand on y = 0 is raised or lowered onto it.

    Raises:
        RequestError: if the file cannot be read or is no humanoid.
    """
    motion = read_bvh(path)
    notes = list(motion.notes)
    bone_map = _match(motion)
    rig = _fixed_where_unmoved(motion)
    standing = find_standing_frame(motion.pose, rig, bone_map)
    if standing is not None:
        rig = replace(rig, reference=pose_reference(motion.pose, rig, standing.frame))
        notes.append(_rest_note(path.name, standing.frame, standing.is_standing))
    turn = _Y_TO_Z if _is_z_up(motion.pose, rig, bone_map) else quaternions.IDENTITY
    track = make_track(rig, bone_map, motion.channels, motion.fps)
    placement = Placement(np.zeros(3), turn)
    clip = track_to_clip(track, placement)
    floor = find_floor(clip)
    if floor:
        lowered = np.array([0.0, floor * track.alignment.scale, 0.0])
        placement = Placement(quaternions.rotate(turn, lowered), turn)
        clip = clip.moved(0.0, np.array([0.0, -floor, 0.0]))
    return BvhClip(clip, motion, track, placement, tuple(notes))


def make_track(rig: Rig, bone_map: BoneMap, channels: BonePose, fps: float) -> RigTrack:
    """Return the motion of plain bones as a track.

    Args:
        rig: N bones.
        bone_map: which bone plays which joint.
        channels: (F, N)
        fps: frames per second.
    """
    frames, count = channels.rotations.shape[:2]
    pose = pose_rig(rig, channels)
    mover = location_bone(rig, bone_map)
    axes = np.tile(rig.local_rotations[mover], (frames, 1))
    if rig.parents[mover] >= 0:
        axes = quaternions.multiply(pose.rotations[:, rig.parents[mover]], axes)
    still = RigPath(
        np.zeros((frames, 3)), np.tile(quaternions.IDENTITY, (frames, 1)), np.ones(frames)
    )
    every = np.ones(count, dtype=bool)
    return RigTrack(
        rig=rig,
        bone_map=bone_map,
        pose=pose,
        channels=channels,
        behaviour=BoneBehaviour(is_carried=every, inherits_rotation=every),
        path=still,
        location_axes=quaternions.quaternion_to_matrix(axes),
        fps=fps,
    )


def find_floor(clip: Clip) -> float:
    """Return how high the floor is that a clip's body stands on; 0 if it is about y = 0.

    Where feet are off y = 0, a body that lies, kneels or stands on its hands there
    has its floor at 0; otherwise it is under the feet.
    """
    joints = clip.joints()
    floor = lowest_standing(joints)
    lowest = float(np.percentile(joints[..., 1].min(axis=1), _FLOOR_PERCENTILE))
    rests = floor > 0 and _OTHER_SUPPORT[0] < lowest < _OTHER_SUPPORT[1]
    return 0.0 if abs(floor) < _NEAR_FLOOR or rests else floor


def lowest_standing(joints: Array) -> float:
    """Return the height under the lowest feet of joints (T, 22, 3).

    A foot's height counts from the height it has when standing flat.
    """
    feet = joints[:, list(CONTACT_JOINTS), 1] - STANDING_HEIGHTS
    return float(np.percentile(feet.min(axis=1), _FLOOR_PERCENTILE))


def _match(motion: BvhMotion) -> BoneMap:
    """Recognise the bones at rest, or else as they are posed: a rest pose may be laid flat.

    Raises:
        RequestError: if neither shows a humanoid.
    """
    try:
        return match_bones(motion.rig)
    except RequestError as error:
        last = len(motion.pose.heads) - 1
        for frame in sorted({0, last // 3, 2 * last // 3, last}):
            posed = pose_reference(motion.pose, motion.rig, frame)
            shown = Rig(
                motion.rig.names, motion.rig.parents, posed.heads, posed.tails, posed.rotations
            )
            try:
                return match_bones(shown)
            except RequestError:
                continue
        raise error


def _fixed_where_unmoved(motion: BvhMotion) -> Rig:
    """Return the file's rig, its bones connected where no channel moves them."""
    moved = motion.channels.locations.any(axis=(0, 2))
    connected = tuple(
        not (joint.positions and (joint.parent < 0 or is_moved))
        for joint, is_moved in zip(motion.text.joints, moved.tolist(), strict=True)
    )
    return replace(motion.rig, connected=connected)


def _is_z_up(pose: RigPose, rig: Rig, bone_map: BoneMap) -> bool:
    """Say whether the body at rest and the moving one both stand along Z.

    A rest pose that is no standing body says nothing: then the motion alone counts.
    """
    at_rest = body_up(rig.heads, rig, bone_map)
    moving: Any = np.median(body_up(pose.heads, rig, bone_map), axis=0)
    if rig.reference is not None:
        scores = standing_scores(pose.heads, rig, bone_map)
        moving = body_up(pose.heads, rig, bone_map)[int(np.argmax(scores))]
        return bool(moving[2] > 0.8)
    return bool(at_rest[2] > 0.8 and moving[2] > max(0.6, moving[1]))


def _rest_note(name: str, frame: int, is_standing: bool) -> str:
    taken = f"{name}: its rest pose is no standing body; frame {frame} was taken as the rest pose."
    if is_standing:
        return taken
    return (
        f"{taken} No frame stands upright, so the torso may lean in the result: "
        "begin the file with a standing T-pose to cure that."
    )
