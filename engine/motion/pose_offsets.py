"""Animation that is already on a rig: read as a clip, and given back with what a clip cannot hold.

A clip knows 22 joints at 30 frames a second. Whatever else is on the character stays: bones
between the joints, constraints, an object that moves, frames of another rate. Where the mask
is not set, the channels are the animator's own numbers; where it is set, the difference
between them and their round trip through the clip fades in from the borders. It knows no
Blender.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import quaternions
from .bone_matching import BoneMap
from .clip import Clip, forward_kinematics, headings
from .displacements import bridge_displacements
from .rest_alignment import Alignment, align_rest_poses
from .retargeting import Placement, RigMotion, heading_of_pose, rest_placement, rig_pose_to_clip
from .rig import BonePose, Rig, RigPose
from .skeleton import FPS, JOINT_INDEX, PART_JOINTS, PARTS, REST_OFFSETS
from .smooth_sampling import sample_smoothly, sample_values

Array = NDArray[np.floating[Any]]
Flags = NDArray[np.bool_]

_BLEND_SECONDS = 0.3
"""An offset fades out over this time inside the mask."""

_REFINEMENTS = 12
"""Rounds after which a sampled clip gives frames of a lower rate again."""

_FLOOR_PERCENTILE = 10.0
"""The lower foot is on the floor in at least this share of the frames."""

_STANDING_TOLERANCE = 0.15
"""A floor this near to the rest pose's (in leg lengths) is the rest pose's: heels lift."""

_CANONICAL_CLEARANCE = 0.02
"""Metres that the lowest joint of a standing canonical skeleton is above the floor."""

_HIP_CENTRE = REST_OFFSETS[[JOINT_INDEX["left_hip"], JOINT_INDEX["right_hip"]]].mean(0)
_FEET = tuple(
    f"{side}_{joint}" for side in ("left", "right") for joint in ("ankle", "foot", "knee")
)


@dataclass(frozen=True, slots=True)
class RigPath:
    """Where rig space lies on each of F frames, seen from that of the first frame."""

    positions: Array
    """(F, 3)"""

    rotations: Array
    """(F, 4)"""

    scales: Array
    """(F,)"""

    @property
    def is_still(self) -> bool:
        """Say whether rig space lies where it lay on the first frame."""
        is_turned = (self.rotations != quaternions.IDENTITY).any()
        return not (is_turned or self.positions.any() or (self.scales != 1.0).any())


@dataclass(frozen=True, slots=True)
class BoneBehaviour:
    """How N bones take up what is above them and what their channels hold."""

    is_carried: Flags
    """(N,) the channels turn the bone from wherever its parent or its carrier puts it;
    False where constraints make something else of the channels."""

    inherits_rotation: Flags
    """(N,) the bone turns with its parent."""


@dataclass(frozen=True, eq=False)
class RigTrack:
    """What a rig did over F frames. Only the bones in `bones_to_read` must be filled in."""

    rig: Rig
    bone_map: BoneMap

    pose: RigPose
    """(F, N) as it was to be seen, in each frame's own rig space."""

    channels: BonePose
    """(F, N) what the channels held."""

    behaviour: BoneBehaviour

    path: RigPath
    """How rig space itself moved."""

    location_axes: Array
    """(F, 3, 3) turns a location of the location bone into a move in rig space."""

    fps: float

    @property
    def frames(self) -> int:
        """F."""
        return len(self.location_axes)

    @cached_property
    def alignment(self) -> Alignment:
        """How the rig's rest pose differs from the canonical one."""
        return align_rest_poses(self.rig, self.bone_map)

    @cached_property
    def clip_positions(self) -> Array:
        """(F,) where each frame lies on a clip's frames."""
        return np.arange(self.frames) * (FPS / self.fps)

    @property
    def clip_frames(self) -> int:
        """T, the frames of the track's clip."""
        return int(np.floor(self.clip_positions[-1] + 1e-6)) + 1

    @cached_property
    def pose_on_path(self) -> RigPose:
        """The pose (F, N) in the first frame's rig space."""
        if self.path.is_still:
            return self.pose
        turns, moves = self.path.rotations[:, None], self.path.positions[:, None]
        heads = quaternions.rotate(turns, self.pose.heads) * self.path.scales[:, None, None]
        return RigPose(quaternions.multiply(turns, self.pose.rotations), heads + moves)


def location_bone(rig: Rig, bone_map: BoneMap) -> int:
    """Return the bone that carries the path: the hips, or the first above them that can move."""
    line = list(rig.lineage(rig.index[bone_map.bones["pelvis"]]))
    movable = [bone for bone in line if not (rig.connected and rig.connected[bone])]
    return movable[0] if movable else line[-1]


def bones_to_read(rig: Rig, bone_map: BoneMap) -> tuple[int, ...]:
    """Return the bones that a track must know: those of joints, their parents, the path's."""
    mapped = {rig.index[bone] for bone in bone_map.bones.values()}
    mapped.add(location_bone(rig, bone_map))
    return tuple(sorted((mapped | {rig.parents[bone] for bone in mapped}) - {-1}))


def find_placement(track: RigTrack, world_turn: Array) -> Placement:
    """Return where a clip of the track lies: it begins at its origin, facing +Z, floor at y = 0.

    The floor is the one that the rest pose stands on, or lies under the lower
    foot where that is clearly elsewhere (a character on a platform).

    Args:
        track: at least one frame.
        world_turn: (4,) turns the first frame's rig space into the upright world.
    """
    rig, bone_map = track.rig, track.bone_map
    centre, body = heading_of_pose(track.pose_on_path, rig, bone_map)
    to_rig = quaternions.conjugate(world_turn)
    yaw = headings(quaternions.multiply(world_turn, body))[0]
    up = quaternions.rotate(to_rig, np.array([0.0, 1.0, 0.0]))
    rest_floor = float(rest_placement(rig, bone_map).position @ up)
    floor = rest_floor + _floor_lift(track, up, rest_floor)
    rotation = quaternions.multiply(to_rig, quaternions.yaw_to_quaternion(yaw))
    return Placement(centre[0] + up * (floor - float(centre[0] @ up)), rotation)


def track_to_clip(track: RigTrack, placement: Placement) -> Clip:
    """Return the track as a clip of 30 frames a second, up to its last whole frame.

    At lower rates there are more clip frames than the track has. They are
    chosen so that the clip, sampled on the track's frames, gives these again.
    """
    dense = rig_pose_to_clip(track.pose_on_path, track.rig, track.bone_map, track.fps, placement)
    times = np.arange(track.clip_frames) * (track.fps / FPS)
    clip = sample_smoothly(dense, times, FPS)
    if track.fps < FPS - 1e-9:
        for _ in range(_REFINEMENTS):
            clip = _refine(clip, dense, track.clip_positions, times)
    return clip


def _refine(clip: Clip, dense: Clip, positions: Array, times: Array) -> Clip:
    """Move the clip's frames by what its samples lack to the dense clip.

    Args:
        clip: (T)
        dense: (F) what the samples shall be.
        positions: (F,) where the dense frames lie on the clip's.
        times: (T,) where the clip's frames lie on the dense ones.
    """
    again = sample_smoothly(clip, positions, dense.fps)
    cosine = np.sum(dense.rot * again.rot, axis=-1, keepdims=True)
    lost = np.where(cosine < 0, -dense.rot, dense.rot) - again.rot
    root_pos = clip.root_pos + sample_values(dense.root_pos - again.root_pos, times)
    rot = quaternions.normalize(clip.rot + sample_values(lost, times))
    return Clip(root_pos, rot, clip.fps)


def fit_clip_to_track(track: RigTrack, placement: Placement, made: Clip, mask: Flags) -> RigMotion:
    """Turn a made clip into channels of the track's mapped bones, one row for each of its frames.

    A part of the body is new on the frames that have masked clip frames on both
    sides; on all others its bones have the track's own channels. The new ones
    begin with the offset that the own channels have to the clip at the border.

    Args:
        track: what the character did.
        placement: how the clip lies in the first frame's rig space.
        made: (T) the track's clip after an edit, at 30 frames a second.
        mask: (T, 4) where it is new; columns in the order of PARTS.

    Raises:
        ValueError: if clip and mask do not have the track's T frames.
    """
    if made.frames != track.clip_frames or mask.shape != (made.frames, len(PARTS)):
        raise ValueError(
            f"the made clip has {made.frames} frames and the mask the shape {mask.shape}, "
            f"not {track.clip_frames} frames and ({track.clip_frames}, {len(PARTS)})"
        )
    bones = sorted(track.alignment.bones)
    mover = location_bone(track.rig, track.bone_map)
    inside = _frames_inside(mask, track.clip_positions)
    by_bone = inside[:, _part_of_bones(track.alignment, bones)]
    on_path = inside[:, PARTS.index("LOWER_BODY")]
    rotations, locations = _solve(track, placement, made, bones)
    blend = max(1, round(_BLEND_SECONDS * track.fps))
    own = track.channels.rotations[:, bones]
    rotations = _blend_rotations(own, rotations, by_bone, blend)
    own = track.channels.locations[:, mover]
    locations = locations + _bridge(own - locations, on_path, blend)
    return RigMotion(
        tuple(track.rig.names[bone] for bone in bones),
        quaternions.keep_quaternion_sign(rotations),
        track.rig.names[mover],
        np.where(on_path[:, None], locations, own),
        track.fps,
    )


def _frames_inside(mask: Flags, positions: Array) -> Flags:
    """Say for each position (F,) and part whether the clip frames on both sides are masked."""
    last = len(mask) - 1
    below = np.clip(np.floor(positions + 1e-6).astype(int), 0, last)
    above = np.clip(np.ceil(positions - 1e-6).astype(int), 0, last)
    return np.asarray(mask[below] & mask[above], dtype=bool)


def _part_of_bones(alignment: Alignment, bones: list[int]) -> list[int]:
    """Return the column in PARTS of each bone."""
    joint_of = dict(zip(alignment.bones, alignment.joints, strict=True))
    part_of = {joint: PARTS.index(part) for part in PARTS for joint in PART_JOINTS[part]}
    return [part_of[joint_of[bone]] for bone in bones]


def _solve(
    track: RigTrack, placement: Placement, clip: Clip, bones: list[int]
) -> tuple[Array, Array]:
    """Return the channels (F, M, 4) and the location (F, 3) that put a clip on the track's rig.

    All bones but the mapped ones stay as they are, seen from the mapped bone above them.
    """
    clip = sample_smoothly(clip, track.clip_positions, track.fps)
    targets, pelvis_heads = _targets(track, placement, clip)
    channels = []
    for bone in bones:
        above = _mapped_above(track, bone, targets)
        still = _still(track, bone)
        if above >= 0:
            back = quaternions.conjugate(track.pose.rotations[:, above])
            still = quaternions.multiply(targets[above], quaternions.multiply(back, still))
        channels.append(quaternions.multiply(quaternions.conjugate(still), targets[bone]))
    pelvis = track.alignment.bones[0]
    moves = (pelvis_heads - track.pose.heads[:, pelvis])[..., None]
    back = np.linalg.pinv(track.location_axes) @ moves
    own = track.channels.locations[:, location_bone(track.rig, track.bone_map)]
    return quaternions.normalize(np.stack(channels, axis=1)), own + back[..., 0]


def _targets(track: RigTrack, placement: Placement, clip: Clip) -> tuple[dict[int, Array], Array]:
    """Return each mapped bone's orientation (F, 4) and the pelvis's head (F, 3) in rig space."""
    alignment, path = track.alignment, track.path
    turned = forward_kinematics(clip.root_pos, clip.rot)[1][:, list(alignment.joints)]
    oriented = quaternions.multiply(placement.rotation, turned)
    oriented = quaternions.multiply(oriented, alignment.offsets)
    centres = clip.root_pos + quaternions.rotate(clip.rot[:, 0], _HIP_CENTRE)
    centres = placement.position + quaternions.rotate(placement.rotation, alignment.scale * centres)
    rest = quaternions.conjugate(track.rig.rotations[alignment.bones[0]])
    turns = quaternions.multiply(oriented[:, 0], rest)
    heads = centres + quaternions.rotate(turns, alignment.pelvis_from_centre)
    to_rig = quaternions.conjugate(path.rotations)
    heads = quaternions.rotate(to_rig, heads - path.positions) / path.scales[:, None]
    oriented = quaternions.multiply(to_rig[:, None], oriented)
    return {bone: oriented[:, row] for row, bone in enumerate(alignment.bones)}, heads


def _mapped_above(track: RigTrack, bone: int, mapped: dict[int, Array]) -> int:
    """Return the nearest mapped bone that this one turns with; -1 where there is none."""
    while bone >= 0 and track.behaviour.inherits_rotation[bone]:
        bone = track.rig.parents[bone]
        if bone in mapped:
            return bone
    return -1


def _still(track: RigTrack, bone: int) -> Array:
    """Return the orientation (F, 4) that a bone has while its channels hold nothing."""
    parent = track.rig.parents[bone]
    if track.behaviour.is_carried[bone]:
        back = quaternions.conjugate(track.channels.rotations[:, bone])
        return quaternions.multiply(track.pose.rotations[:, bone], back)
    if parent < 0 or not track.behaviour.inherits_rotation[bone]:
        return np.broadcast_to(track.rig.rotations[bone], (track.frames, 4))
    return quaternions.multiply(track.pose.rotations[:, parent], track.rig.local_rotations[bone])


def _blend_rotations(own: Array, new: Array, inside: Flags, blend: int) -> Array:
    """Return `own` outside, and inside `new` with the offset of the borders, all (F, M, 4)."""
    blended = own.copy()
    for column in np.flatnonzero(inside.any(axis=0)):
        rows = inside[:, column]
        offsets = quaternions.multiply(quaternions.conjugate(new[:, column]), own[:, column])
        offsets = _to_rotations(_bridge(_to_vectors(offsets), rows, blend)[rows])
        turned = quaternions.multiply(new[rows, column], offsets)
        blended[rows, column] = quaternions.normalize(turned)
    return blended


def _bridge(values: Array, inside: Flags, blend: int) -> Array:
    """Return (F, 3) values that fade inside from what they are on the frames at its borders."""
    borders = np.zeros_like(inside)
    borders[:-1] |= ~inside[:-1] & inside[1:]
    borders[1:] |= ~inside[1:] & inside[:-1]
    columns = [bridge_displacements(values[:, axis], borders, blend) for axis in range(3)]
    return np.stack(columns, axis=-1)


def _to_vectors(rotations: Array) -> Array:
    """Return (..., 3) axis times angle, at most pi long, of rotations (..., 4)."""
    rotations = np.where(rotations[..., :1] < 0, -rotations, rotations)
    sines = np.linalg.norm(rotations[..., 1:], axis=-1, keepdims=True)
    angles = 2.0 * np.arctan2(sines, rotations[..., :1])
    per_sine = np.where(sines > 1e-12, angles / np.maximum(sines, 1e-12), 2.0)
    return np.asarray(per_sine * rotations[..., 1:])


def _to_rotations(vectors: Array) -> Array:
    """Return rotations (..., 4) of axes times angles (..., 3)."""
    angles = np.linalg.norm(vectors, axis=-1)
    axes = vectors / np.maximum(angles, 1e-12)[..., None]
    return quaternions.axis_angle_to_quaternion(axes, angles)


def _floor_lift(track: RigTrack, up: Array, rest_floor: float) -> float:
    """Return how far the lower foot's floor is above or below the rest pose's; 0 if about there."""
    rig, bones = track.rig, track.bone_map.bones
    feet = [rig.index[bones[joint]] for joint in _FEET if joint in bones]
    leg = float(rig.heads[rig.index[bones["left_hip"]]] @ up) - rest_floor
    clearance = float((rig.heads[feet] @ up).min()) - rest_floor
    if not 0.0 <= clearance <= _STANDING_TOLERANCE * leg:
        clearance = _CANONICAL_CLEARANCE * track.alignment.scale  # the rest pose does not stand
    lowest = (track.pose_on_path.heads[:, feet] @ up).min(axis=1)
    lift = float(np.percentile(lowest, _FLOOR_PERCENTILE)) - clearance - rest_floor
    return lift if abs(lift) > _STANDING_TOLERANCE * leg else 0.0
