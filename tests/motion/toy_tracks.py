"""Tracks, motions and edited clips for tests of what is read from a rig and fitted back."""

import numpy as np
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.bones.matching import match_bones
from keyfill_extension.engine.motion.clip import Clip
from keyfill_extension.engine.motion.retargeting.pose_offsets import find_placement, track_to_clip
from keyfill_extension.engine.motion.retargeting.rig_track import (
    BoneBehaviour,
    RigPath,
    RigTrack,
    location_bone,
)
from keyfill_extension.engine.motion.rig import BonePose, Rig, pose_rig
from keyfill_extension.engine.motion.skeleton import PART_JOINTS, PARTS
from keyfill_extension.tests.motion.toy_rigs import FAMILIES, Shape, toy_rig, wild_clip

INSERTED = {"mixamorig:Hips": "Root", "mixamorig:Spine1": "Spare", "mixamorig:LeftForeArm": "Twist"}


def rig_with_extra_bones(connected_hips=False) -> Rig:
    """A rig with a root, a spare spine bone and a twist bone between the joints."""
    rig = toy_rig(FAMILIES["mixamo"], Shape(arms_down_degrees=40))
    rng = np.random.default_rng(5)
    names, parents, heads, rotations = [], [], [], []
    for bone, name in enumerate(rig.names):
        parent = names.index(rig.names[rig.parents[bone]]) if rig.parents[bone] >= 0 else -1
        if name in INSERTED:
            start = np.zeros(3) if parent < 0 else heads[parent]
            names.append(INSERTED[name])
            parents.append(parent)
            heads.append((start + rig.heads[bone]) / 2)
            rotations.append(quaternions.normalize(rng.normal(size=4)))
            parent = len(names) - 1
        names.append(name)
        parents.append(parent)
        heads.append(rig.heads[bone])
        rotations.append(rig.rotations[bone])
    heads = np.array(heads)
    connected = tuple(connected_hips and name == "mixamorig:Hips" for name in names)
    return Rig(tuple(names), tuple(parents), heads, heads + 0.1, np.array(rotations), connected)


def smooth_channels(rig: Rig, frames: int, seed=0, amount=0.3) -> BonePose:
    """Channels of every bone, the extra ones included; only root and hips move."""
    rng = np.random.default_rng(seed)
    time = np.linspace(0.0, 5.0, frames)[:, None, None]
    count = len(rig.names)
    vectors = rng.normal(size=(1, count, 3)) * amount * np.sin(time + rng.uniform(0, 6, (count, 3)))
    angle = np.linalg.norm(vectors, axis=-1)
    rotations = quaternions.axis_angle_to_quaternion(vectors / angle[..., None], angle)
    locations = np.zeros((frames, count, 3))
    for name in ("Root", "mixamorig:Hips"):
        bone = rig.index[name]
        if not rig.connected[bone]:
            locations[:, bone] = np.sin(time[:, 0] * [1.0, 0.7, 0.4] + bone)
    return BonePose(rotations, locations)


def still_path(frames):
    return RigPath(
        np.zeros((frames, 3)), np.tile(quaternions.IDENTITY, (frames, 1)), np.ones(frames)
    )


def track_of(rig: Rig, channels: BonePose, fps=30.0, path=None) -> RigTrack:
    """A track as Blender would evaluate plain bones."""
    frames, count = channels.rotations.shape[:2]
    bone_map = match_bones(rig)
    pose = pose_rig(rig, channels)
    mover = location_bone(rig, bone_map)
    axes = np.tile(rig.rotations[mover], (frames, 1))
    if rig.parents[mover] >= 0:
        above = pose.rotations[:, rig.parents[mover]]
        axes = quaternions.multiply(above, rig.local_rotations[mover])
    behaviour = BoneBehaviour(np.ones(count, dtype=bool), np.ones(count, dtype=bool))
    axes = quaternions.quaternion_to_matrix(axes)
    return RigTrack(rig, bone_map, pose, channels, behaviour, path or still_path(frames), axes, fps)


def read(track):
    placement = find_placement(track, quaternions.IDENTITY)
    return placement, track_to_clip(track, placement)


def own_channels(track, motion):
    """The track's channels in the motion's columns."""
    bones = [track.rig.index[name] for name in motion.bones]
    mover = track.rig.index[motion.location_bone]
    return track.channels.rotations[:, bones], track.channels.locations[:, mover]


def with_motion(track, motion) -> RigTrack:
    """The track after the motion became its keys."""
    rotations, locations = track.channels.rotations.copy(), track.channels.locations.copy()
    rotations[:, [track.rig.index[name] for name in motion.bones]] = motion.rotations
    locations[:, track.rig.index[motion.location_bone]] = motion.locations
    return track_of(track.rig, BonePose(rotations, locations), track.fps, track.path)


def bent(clip: Clip, mask, seed=9) -> Clip:
    """The clip with other motion on the masked cells, which starts and ends as the clip's own."""
    other = wild_clip(clip.frames, seed, amount=0.4)
    rot, root_pos = clip.rot.copy(), clip.root_pos.copy()
    for column, part in enumerate(PARTS):
        rows = np.flatnonzero(mask[:, column])
        weight = np.sin(np.linspace(0, np.pi, len(rows) + 2))[1:-1]
        for joint in PART_JOINTS[part]:
            turned = quaternions.multiply(rot[rows, joint], other.rot[rows, joint])
            rot[rows, joint] = quaternions.slerp(rot[rows, joint], turned, weight)
        if part == "LOWER_BODY":
            root_pos[rows] += 0.2 * weight[:, None]
    return Clip(root_pos, rot, clip.fps)


def span(clip, start, end, parts=PARTS):
    mask = np.zeros((clip.frames, len(PARTS)), dtype=bool)
    mask[start:end, [PARTS.index(part) for part in parts]] = True
    return mask


def degrees(first, last):
    return np.degrees(quaternions.angle_between(first, last))
