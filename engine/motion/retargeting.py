"""Puts a canonical clip on a rig's bones, and reads a rig's pose back as a clip.

Every mapped bone follows its joint's orientation in space. Between them stands
one constant rotation per bone, the *offset*: the rig is bent, in thought, from
its own rest pose into the canonical T-pose by the shortest swings of its limbs,
and the offset is the orientation that the bone has there. Only rest heads and
rest orientations count, never which way a bone's own axes happen to point.
Feet near the floor are put where the clip's are. It knows no Blender.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import quaternions
from .bone_matching import BoneMap
from .clip import Clip, forward_kinematics
from .fingers import relax_fingers
from .foot_reach import MappedPose, measure_legs, put_feet_on_rig, read_feet
from .rest_alignment import Alignment, align_rest_poses
from .rest_alignment import Placement as Placement
from .rig import BonePose, Rig, RigPose, rest_channels
from .rig_target import RigTarget
from .skeleton import FPS, JOINT_INDEX, JOINTS, PARENTS, REST_OFFSETS
from .twist_spreading import find_twisted_limbs, gather_twist, spread_twist

Array = NDArray[np.floating[Any]]

_TORSO = ("pelvis", "spine1", "spine2", "spine3", "neck", "head")
_HIP_CENTRE = REST_OFFSETS[[JOINT_INDEX["left_hip"], JOINT_INDEX["right_hip"]]].mean(0)


@dataclass(frozen=True, slots=True)
class RootTrack:
    """What carries the whole character over the ground, in place of the hips."""

    bone: str
    """A bone above the hips; empty means the armature object."""

    rotations: Array
    """(T, 4) of a bone the change from rest in its own axes; of the object its turn
    after its present one, engine axes, in the space of its parent."""

    locations: Array
    """(T, 3) of a bone the offset from rest in its own rest axes, rig units; of the object
    its place, engine axes, in the space of its parent."""


@dataclass(frozen=True, slots=True)
class BonePath:
    """Where one more bone is moved: an IK control."""

    bone: str

    locations: Array
    """(T, 3) its offset from rest in its own rest axes, rig units."""


@dataclass(frozen=True, slots=True)
class RigMotion:
    """Channels for M bones over T frames, ready for F-curves: those of joints, twists, fingers."""

    bones: tuple[str, ...]
    """M bone names, parents before children."""

    rotations: Array
    """(T, M, 4) change from rest in each bone's own axes, sign-continuous."""

    location_bone: str
    """The hips, or the bone above them that can be moved where the hips cannot."""

    locations: Array
    """(T, 3) its offset from rest in its own rest axes, rig units."""

    fps: float
    """Frames per second."""

    root: RootTrack | None = None
    """The root bone's or the object's own channels; None where the hips carry the path."""

    moved: tuple[BonePath, ...] = ()
    """Further bones that are moved."""

    is_measured: bool = False
    """Blender was asked what these channels do: they are written as they are."""


def rest_placement(rig: Rig, bone_map: BoneMap) -> Placement:
    """Return the placement at the rig's origin, facing as the rest pose does."""
    alignment = align_rest_poses(rig, bone_map)
    return Placement(alignment.floor_point, alignment.body)


def fit_clip_to_rig(
    clip: Clip, rig: Rig, bone_map: BoneMap, target: RigTarget | None = None
) -> RigMotion:
    """Turn a clip into channels of the rig's mapped bones.

    Args:
        clip: T frames.
        rig: N bones at rest.
        bone_map: which bone plays which joint.
        target: where the clip lies, what the bones hold, the animator's wishes; None is
            `rest_placement` and no wish.
    """
    target = target or RigTarget()
    alignment = align_rest_poses(rig, bone_map)
    placement = target.placement or Placement(alignment.floor_point, alignment.body)
    targets, pelvis_heads = orient_bones(clip, rig, bone_map, alignment, placement)
    motion = _solve_channels(rig, alignment.bones[0], (targets, pelvis_heads), target.held)
    if target.options.relax_fingers:
        fingers = relax_fingers(rig, bone_map, alignment, target.keyed_bones)
        motion = _with_constant(rig, motion, fingers)
    return replace(motion, fps=clip.fps)


def orient_bones(
    clip: Clip, rig: Rig, bone_map: BoneMap, alignment: Alignment, placement: Placement
) -> tuple[dict[int, Array], Array]:
    """Return how a clip's bones shall be over its T frames, in rig space.

    Returns:
        orientations (T, 4) by the index of a mapped bone or of a twist bone.
        pelvis_heads: (T, 3)
    """
    pose = pose_mapped_bones(clip, rig, alignment, placement)
    limbs = find_twisted_limbs(rig, bone_map, alignment)
    pose, twisted = spread_twist(limbs, alignment, pose)
    mapped = {bone: pose.rotations[:, row] for row, bone in enumerate(alignment.bones)}
    return twisted | mapped, pose.pelvis_heads


def pose_mapped_bones(
    clip: Clip, rig: Rig, alignment: Alignment, placement: Placement
) -> MappedPose:
    """Return how the mapped bones (M) shall be, each oriented as its joint."""
    rotations = _bone_orientations(clip, alignment, placement)
    pose = MappedPose(rotations, _pelvis_heads(clip, rotations, alignment, placement))
    legs = measure_legs(rig, alignment)
    return put_feet_on_rig(clip, legs, alignment, placement, pose) if legs else pose


def rig_pose_to_clip(
    pose: RigPose, rig: Rig, bone_map: BoneMap, fps: float, placement: Placement | None = None
) -> Clip:
    """Read posed bones as a clip; the inverse of `fit_clip_to_rig` on the mapped joints.

    A joint that no bone plays keeps its rest direction to its parent; missing
    spine joints share the bend of their neighbours.

    Args:
        pose: T frames of N bones.
        rig: N bones at rest.
        bone_map: which bone plays which joint.
        fps: frames per second of the pose.
        placement: where the clip's origin lies; None is `rest_placement`.
    """
    alignment = align_rest_poses(rig, bone_map)
    placement = placement or Placement(alignment.floor_point, alignment.body)
    to_clip = quaternions.conjugate(placement.rotation)
    found = gather_twist(find_twisted_limbs(rig, bone_map, alignment), alignment, pose)
    oriented = quaternions.multiply(
        quaternions.multiply(to_clip, found.rotations), quaternions.conjugate(alignment.offsets)
    )
    known = {joint: oriented[:, row] for row, joint in enumerate(alignment.joints)}
    rotations = _fill_missing(known)
    centres = alignment.to_clip(found.hips(alignment).mean(axis=1), placement)
    root_pos = centres - quaternions.rotate(rotations[:, 0], _HIP_CENTRE)
    parents = rotations[:, list(PARENTS)]
    local = quaternions.multiply(quaternions.conjugate(parents), rotations)
    local[:, 0] = rotations[:, 0]
    clip = Clip(root_pos, quaternions.normalize(local), fps)
    legs = measure_legs(rig, alignment)
    if legs is not None:
        clip = read_feet(clip, legs, alignment, placement, found)
    return replace(clip, rot=quaternions.keep_quaternion_sign(clip.rot))


def heading_of_pose(pose: RigPose, rig: Rig, bone_map: BoneMap) -> tuple[Array, Array]:
    """Return where a posed character stands, in rig space.

    Returns:
        centre: (T, 3) the point halfway between the hip joints.
        body: (T, 4) turns canonical axes (facing +Z, left +X) into the pelvis's present ones.
    """
    alignment = align_rest_poses(rig, bone_map)
    bones = alignment.bones
    found = MappedPose(pose.rotations[:, bones], pose.heads[:, bones[0]])
    offset = quaternions.conjugate(alignment.offsets[0])
    body = quaternions.multiply(found.rotations[:, 0], offset)
    return found.hips(alignment).mean(axis=1), body


def _bone_orientations(clip: Clip, alignment: Alignment, placement: Placement) -> Array:
    """Return what each mapped bone's orientation in rig space shall be, (T, M, 4)."""
    rotations = forward_kinematics(clip.root_pos, clip.rot)[1][:, list(alignment.joints)]
    turned = quaternions.multiply(placement.rotation, rotations)
    return quaternions.multiply(turned, alignment.offsets)


def _pelvis_heads(
    clip: Clip, rotations: Array, alignment: Alignment, placement: Placement
) -> Array:
    """Return where the pelvis bone shall start, (T, 3) rig space, its bones turned (T, M, 4).

    The middle of the hip joints is what follows the clip: rigs put the head of
    the pelvis bone anywhere, but the legs hang from the hips.
    """
    centres = clip.root_pos + quaternions.rotate(np.asarray(clip.rot)[:, 0], _HIP_CENTRE)
    offsets = alignment.from_pelvis(rotations).mean(axis=1)
    return np.asarray(alignment.to_rig(centres, placement) - offsets)


def _solve_channels(
    rig: Rig, pelvis: int, wanted: tuple[dict[int, Array], Array], held: BonePose | None
) -> RigMotion:
    """Turn orientations in space into each bone's change from rest below its posed parent."""
    targets, pelvis_heads = wanted
    held = held or rest_channels(rig)
    needed = sorted({bone for target in targets for bone in rig.lineage(target)})
    posed: dict[int, Array] = {}
    channels: dict[int, Array] = {}
    for bone in needed:
        parent = rig.parents[bone]
        still = rig.local_rotations[bone]
        if parent >= 0:
            still = quaternions.multiply(posed[parent], still)
        if bone in targets:
            posed[bone] = targets[bone]
            channels[bone] = quaternions.multiply(quaternions.conjugate(still), posed[bone])
        else:
            posed[bone] = quaternions.multiply(still, held.rotations[bone])
    mover, locations = _solve_location(rig, pelvis, pelvis_heads, held)
    bones = sorted(channels)
    rotations = quaternions.normalize(np.stack([channels[bone] for bone in bones], axis=1))
    return RigMotion(
        tuple(rig.names[bone] for bone in bones),
        quaternions.keep_quaternion_sign(_nearest_to_rest(rotations)),
        rig.names[mover],
        locations,
        FPS,
    )


def _with_constant(rig: Rig, motion: RigMotion, channels: dict[str, Array]) -> RigMotion:
    """Return the motion with more bones, each held at one change from rest (4,)."""
    frames = len(motion.locations)
    by_name = dict(zip(motion.bones, motion.rotations.swapaxes(0, 1), strict=True))
    by_name |= {name: np.tile(one, (frames, 1)) for name, one in channels.items()}
    bones = tuple(sorted(by_name, key=lambda name: rig.index[name]))
    rotations = np.stack([by_name[name] for name in bones], axis=1)
    return replace(motion, bones=bones, rotations=rotations)


def _solve_location(
    rig: Rig, pelvis: int, pelvis_heads: Array, held: BonePose
) -> tuple[int, Array]:
    """Return the bone that carries the path and its location channel (T, 3).

    A pelvis that is connected to its parent cannot be moved; then the first
    bone above that can takes the path.
    """
    line = list(rig.lineage(pelvis))
    movable = [bone for bone in line if not (rig.connected and rig.connected[bone])]
    mover = movable[0] if movable else line[-1]
    rotation, head, axes = quaternions.IDENTITY, np.zeros(3), quaternions.IDENTITY
    for bone in reversed(line):
        head = head + quaternions.rotate(rotation, rig.local_heads[bone])
        rotation = quaternions.multiply(rotation, rig.local_rotations[bone])
        if bone == mover:
            axes = rotation
        else:
            head = head + quaternions.rotate(rotation, held.locations[bone])
        rotation = quaternions.multiply(rotation, held.rotations[bone])
    return mover, quaternions.rotate(quaternions.conjugate(axes), pelvis_heads - head)


def _nearest_to_rest(rotations: Array) -> Array:
    """Give the first frame of (T, M, 4) the sign nearest to the identity."""
    return np.asarray(rotations * np.where(rotations[:1, :, :1] < 0, -1.0, 1.0))


def _fill_missing(known: dict[int, Array]) -> Array:
    """Return every joint's orientation (T, J, 4) from those of the mapped joints."""
    filled: list[Array] = []
    for joint, parent in enumerate(PARENTS):
        if joint in known:
            filled.append(known[joint])
            continue
        above = filled[parent]
        name = JOINTS[joint]
        below = _TORSO[_TORSO.index(name) + 1 :] if name in _TORSO else ()
        steps = [step for step, other in enumerate(below) if JOINT_INDEX[other] in known]
        if steps:
            end = known[JOINT_INDEX[below[steps[0]]]]
            above = quaternions.slerp(above, end, np.array(1.0 / (steps[0] + 2)))
        filled.append(above)
    return np.stack(filled, axis=1)
