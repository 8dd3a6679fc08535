"""Animation that is already on a rig: read as a clip, and given back with what a clip cannot hold.

A clip knows 22 joints at 30 frames a second. Whatever else is on the character stays: bones
between the joints, constraints, an object that moves, frames of another rate. Where the mask
is not set, the channels are the animator's own numbers; where it is set, the difference
between them and their round trip through the clip fades in from the borders. It knows no
Blender.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import quaternions
from ..bones.reins import limb_bones
from ..clip import Clip, headings
from ..displacements import bridge_from_borders
from ..kept_detail import keep_locations, keep_rotations
from ..rig_motion import BonePath
from ..skeleton import FPS, JOINTS, PART_JOINTS, PARTS
from ..smooth_sampling import sample_smoothly, sample_values
from .carried_bones import carry_on_track
from .clip_to_rig import (
    Placement,
    RigMotion,
    heading_of_pose,
    orient_bones,
    rest_placement,
    rig_pose_to_clip,
)
from .rig_track import RigTrack, location_bone, made_bones, still_below
from .standing import floor_lift, lowest_feet

Array = NDArray[np.floating[Any]]
Flags = NDArray[np.bool_]

BLEND_SECONDS = 0.3
"""An offset fades out over this time inside the mask."""

_LEG = ("hip", "knee", "ankle")

_REFINEMENTS = 12
"""Rounds after which a sampled clip gives frames of a lower rate again."""

_FLOOR_PERCENTILE = 10.0
"""The lower foot is on the floor in at least this share of the frames."""


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
    heights = lowest_feet(rig, bone_map, track.pose_on_path.heads, up)
    lowest = float(np.percentile(heights, _FLOOR_PERCENTILE))
    floor = rest_floor + floor_lift(rig, bone_map, lowest, up, rest_floor)
    rotation = quaternions.multiply(to_rig, quaternions.yaw_to_quaternion(yaw))
    return Placement(centre[0] + up * (floor - float(centre[0] @ up)), rotation)


def track_to_clip(track: RigTrack, placement: Placement) -> Clip:
    """Return the track as a clip of 30 frames a second, up to its last whole frame.

    At lower rates there are more clip frames than the track has. They are
    chosen so that the clip, sampled on the track's frames, gives these again.
    """
    dense = rig_pose_to_clip(track.pose_on_path, track.rig, track.driven_map, track.fps, placement)
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


def fit_clip_to_track(
    track: RigTrack,
    placement: Placement,
    made: Clip,
    mask: Flags,
    largest_offset: float = np.inf,
) -> RigMotion:
    """Turn a made clip into channels of the track's mapped bones, one row for each of its frames.

    A part of the body is new on the frames that have masked clip frames on both
    sides; on all others its bones have the track's own channels. The new ones
    begin with the offset that the own channels have to the clip at the border.
    Where the made clip is the track's own, so are the channels, at any rate.

    Args:
        track: what the character did.
        placement: how the clip lies in the first frame's rig space.
        made: (T) the track's clip after an edit, at 30 frames a second.
        mask: (T, 4) where it is new; columns in the order of PARTS.
        largest_offset: radians by which a bone may begin off the made clip at a border.

    Raises:
        ValueError: if clip and mask do not have the track's T frames.
    """
    if made.frames != track.clip_frames or mask.shape != (made.frames, len(PARTS)):
        raise ValueError(
            f"the made clip has {made.frames} frames and the mask the shape {mask.shape}, "
            f"not {track.clip_frames} frames and ({track.clip_frames}, {len(PARTS)})"
        )
    bones = made_bones(track.rig, track.driven_map)
    mover = location_bone(track.rig, track.bone_map)
    inside = frames_inside(mask, track.clip_positions)
    by_bone = inside[:, _part_of_bones(track, bones)]
    followed = _carried_frames(track, inside)
    for column, bone in enumerate(bones):
        by_bone[:, column] = followed.get(bone, by_bone[:, column])
    on_path = inside[:, PARTS.index("LOWER_BODY")]
    rotations, locations = _solve(track, placement, made, bones)
    blend = max(1, round(BLEND_SECONDS * track.fps))
    rotations, locations = _keep_detail(track, placement, (rotations, locations), bones, blend)
    own = track.channels.rotations[:, bones]
    rotations = _blend_rotations(own, rotations, by_bone, (blend, largest_offset))
    own = track.channels.locations[:, mover]
    locations = locations + bridge_from_borders(own - locations, on_path, blend)
    locations = np.where(on_path[:, None], locations, own)
    return RigMotion(
        tuple(track.rig.names[bone] for bone in bones),
        quaternions.keep_quaternion_sign(rotations),
        track.rig.names[mover],
        locations,
        track.fps,
        moved=_carry(track, followed, bones, rotations, locations),
    )


def _carried_frames(track: RigTrack, inside: Flags) -> dict[int, Flags]:
    """Return the frames (F,) on which each carried bone follows its limb, by the bone's index.

    Legs hang from the hips, which are one part with them; whatever part of the body is new
    moves a hand.
    """
    index, bones = track.rig.index, track.bone_map.bones
    legs = {bones.get(f"{side}_{joint}") for side in ("left", "right") for joint in _LEG}
    of_legs = inside[:, PARTS.index("LOWER_BODY")]
    frames = {
        index[bone]: of_legs if limb in legs else inside.any(axis=1)
        for bone, limb in limb_bones(track.bone_map.carried).items()
    }
    return {bone: rows for bone, rows in frames.items() if rows.any()}


def _carry(
    track: RigTrack,
    followed: Mapping[int, Flags],
    bones: list[int],
    rotations: Array,
    locations: Array,
) -> tuple[BonePath, ...]:
    """Return the locations of bones that limbs carry: the track's own on all other frames."""
    index, own = track.rig.index, track.channels.locations
    return tuple(
        replace(
            path,
            locations=np.where(
                followed[index[path.bone]][:, None], path.locations, own[:, index[path.bone]]
            ),
        )
        for path in carry_on_track(track, bones, rotations, locations)
        if index[path.bone] in followed
    )


def _keep_detail(
    track: RigTrack, placement: Placement, made: tuple[Array, Array], bones: list[int], blend: int
) -> tuple[Array, Array]:
    """Return channels with what lies between a clip's frames, where the clip is as it was read."""
    if abs(track.fps - FPS) < 1e-9:
        return made  # a frame for each clip frame: nothing lies between them
    read = _solve(track, placement, track_to_clip(track, placement), bones)
    mover = location_bone(track.rig, track.bone_map)
    return (
        keep_rotations(track.channels.rotations[:, bones], read[0], made[0], blend),
        keep_locations(track.channels.locations[:, mover], read[1], made[1], blend),
    )


def frames_inside(mask: Flags, positions: Array) -> Flags:
    """Say for each position (F,) and part whether the clip frames on both sides are masked."""
    last = len(mask) - 1
    below = np.clip(np.floor(positions + 1e-6).astype(int), 0, last)
    above = np.clip(np.ceil(positions - 1e-6).astype(int), 0, last)
    return np.asarray(mask[below] & mask[above], dtype=bool)


def _part_of_bones(track: RigTrack, bones: list[int]) -> list[int]:
    """Return the column in PARTS of each bone."""
    bone_map = track.driven_map
    joint_of = {twist.bone: twist.joint for twist in bone_map.twists}
    joint_of |= {bone: joint for joint, bone in bone_map.bones.items()}
    limbs = limb_bones(bone_map.carried)
    joint_of |= {bone: joint_of[limb] for bone, limb in limbs.items() if bone not in joint_of}
    part_of = {JOINTS[joint]: PARTS.index(part) for part in PARTS for joint in PART_JOINTS[part]}
    return [part_of[joint_of[track.rig.names[bone]]] for bone in bones]


def _solve(
    track: RigTrack, placement: Placement, clip: Clip, bones: list[int]
) -> tuple[Array, Array]:
    """Return the channels (F, M, 4) and the location (F, 3) that put a clip on the track's rig."""
    clip = sample_smoothly(clip, track.clip_positions, track.fps)
    targets, pelvis_heads = _targets(track, placement, clip)
    channels = []
    for bone in bones:
        still = still_below(track, bone, targets)
        channels.append(quaternions.multiply(quaternions.conjugate(still), targets[bone]))
    pelvis = track.alignment.bones[0]
    moves = (pelvis_heads - track.pose.heads[:, pelvis])[..., None]
    back = np.linalg.pinv(track.location_axes) @ moves
    own = track.channels.locations[:, location_bone(track.rig, track.bone_map)]
    return quaternions.normalize(np.stack(channels, axis=1)), own + back[..., 0]


def _targets(track: RigTrack, placement: Placement, clip: Clip) -> tuple[dict[int, Array], Array]:
    """Return each made bone's orientation (F, 4) and the pelvis's head (F, 3) in rig space."""
    path, pose = track.path, track.pose
    alignment = track.alignment.measured_in(pose.heads[0], pose.rotations[0])
    oriented, heads = orient_bones(clip, track.rig, track.driven_map, alignment, placement)
    to_rig = quaternions.conjugate(path.rotations)
    heads = quaternions.rotate(to_rig, heads - path.positions) / path.scales[:, None]
    return {bone: quaternions.multiply(to_rig, one) for bone, one in oriented.items()}, heads


def _blend_rotations(
    own: Array, new: Array, inside: Flags, offset: tuple[int, float]
) -> Array:
    """Return `own` outside, and inside `new` with the offset of the borders, all (F, M, 4).

    Args:
        own: of the track.
        new: of the made clip.
        inside: (F, M)
        offset: frames over which it fades, and how many radians it has at most.
    """
    blended = own.copy()
    blend, largest = offset
    for column in np.flatnonzero(inside.any(axis=0)):
        rows = inside[:, column]
        offsets = quaternions.multiply(quaternions.conjugate(new[:, column]), own[:, column])
        vectors = bridge_from_borders(quaternions.quaternions_to_vectors(offsets), rows, blend)
        if np.isfinite(largest):
            sizes = np.linalg.norm(vectors, axis=-1, keepdims=True)
            vectors = vectors * np.minimum(1.0, largest / np.maximum(sizes, 1e-12))
        offsets = quaternions.vectors_to_quaternions(vectors[rows])
        turned = quaternions.multiply(new[rows, column], offsets)
        blended[rows, column] = quaternions.normalize(turned)
    return blended
