"""Puts a canonical clip on a rig's bones, and reads a rig's pose back as a clip.

Every mapped bone follows its joint's orientation in space. Between them stands
one constant rotation per bone, the *offset*: the rig is bent, in thought, from
its own rest pose into the canonical T-pose by the shortest swings of its limbs,
and the offset is the orientation that the bone has there. Only rest heads and
rest orientations count, never which way a bone's own axes happen to point.
Feet near the floor are put where the clip's are. It knows no Blender.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import quaternions
from ..bones.matching import BoneMap
from ..bones.reins import followers_at_rest
from ..clip import Clip, forward_kinematics
from ..request import RequestError
from ..rig import Rig, RigPose
from ..rig_motion import BonePath as BonePath
from ..rig_motion import RigMotion as RigMotion
from ..rig_motion import RootTrack as RootTrack
from ..rig_options import OBJECT, ROOT_BONE
from ..skeleton import JOINT_INDEX, JOINTS, PARENTS, REST_OFFSETS
from .carried_bones import carried_heads, with_carried_turns
from .channel_solving import (
    WantedPose,
    pose_held_bones,
    solve_channels,
    with_constant_bones,
)
from .fingers import relax_fingers
from .foot_reach import MappedPose, measure_legs, put_feet_on_rig, read_feet
from .hand_contacts import keep_hand_contacts
from .rest_alignment import Alignment, align_rest_poses
from .rest_alignment import Placement as Placement
from .rig_target import RigTarget
from .root_motion import GroundPath, ground_path, object_channels, path_over_ground
from .twist_spreading import find_twisted_limbs, gather_twist, spread_twist

Array = NDArray[np.floating[Any]]

_TORSO = ("pelvis", "spine1", "spine2", "spine3", "neck", "head")
_HIP_CENTRE = REST_OFFSETS[[JOINT_INDEX["left_hip"], JOINT_INDEX["right_hip"]]].mean(0)


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
    if target.shown is not None:
        alignment = alignment.measured_in(target.shown.heads[0], target.shown.rotations[0])
    elif target.held is not None:
        heads, turned = pose_held_bones(rig, alignment.bones, target.held)
        alignment = alignment.measured_in(rig.size * heads, turned)
    placement = target.placement or Placement(alignment.floor_point, alignment.body)
    options = target.options
    pose = pose_mapped_bones(clip, alignment, placement)
    if options.keep_hand_contacts:
        pose = keep_hand_contacts(clip, rig, alignment, placement, pose)
    rotations, pelvis_heads = _with_twist(rig, bone_map, alignment, pose)
    if options.in_place:
        pelvis_heads = pelvis_heads - path_over_ground(clip, alignment, placement)
    carried = carried_heads(rig, bone_map, alignment, rotations, pelvis_heads)
    resting = frozenset(rig.index[name] for name in followers_at_rest(bone_map.carried))
    wanted = WantedPose(rotations, pelvis_heads, moved_heads=carried, resting=resting)
    path = ground_path(clip, alignment, placement, options.in_place)
    if options.root_motion == ROOT_BONE:
        wanted = _carried_by_root_bone(wanted, path, rig, bone_map)
    elif options.root_motion == OBJECT:
        wanted = _seen_from(path, wanted)
    motion = solve_channels(rig, alignment.bones[0], wanted, target.held)
    if options.root_motion == OBJECT:
        motion = replace(motion, root=_object_track(path, target))
    if options.relax_fingers:
        fingers = relax_fingers(rig, bone_map, alignment, target.keyed_bones)
        motion = with_constant_bones(rig, motion, fingers)
    return replace(motion, fps=clip.fps)


def _carried_by_root_bone(
    wanted: WantedPose, path: GroundPath, rig: Rig, bone_map: BoneMap
) -> WantedPose:
    """Return the same pose with the root bone below the hips.

    Raises:
        RequestError: if no root bone is known.
    """
    if bone_map.root not in rig.index:
        raise RequestError(
            "No bone above the hips is known as the root.",
            "Name the root bone in the Rig panel, or put root motion on the hips or the object.",
        )
    root = rig.index[bone_map.root]
    turned = quaternions.multiply(path.rotations, rig.rotations[root])
    rotations = {root: turned, **wanted.rotations}
    return replace(
        wanted, rotations=rotations, root=root, root_heads=path.carry(rig.heads[root])
    )


def _seen_from(path: GroundPath, wanted: WantedPose) -> WantedPose:
    """Return the pose in a rig space that is carried along the path."""
    back = quaternions.conjugate(path.rotations)
    return replace(
        wanted,
        rotations={bone: quaternions.multiply(back, one) for bone, one in wanted.rotations.items()},
        pelvis_heads=path.carried_from(wanted.pelvis_heads),
        moved_heads={
            bone: path.carried_from(heads) for bone, heads in wanted.moved_heads.items()
        },
    )


def _object_track(path: GroundPath, target: RigTarget) -> RootTrack:
    """Return the object's own channels.

    Raises:
        ValueError: if the target does not say how the object stands.
    """
    if target.stance is None:
        raise ValueError("root motion on the object needs the target's stance")
    return RootTrack("", *object_channels(path, target.stance))


def orient_bones(
    clip: Clip, rig: Rig, bone_map: BoneMap, alignment: Alignment, placement: Placement
) -> tuple[dict[int, Array], Array]:
    """Return how a clip's bones shall be over its T frames, in rig space.

    Returns:
        orientations (T, 4) by the index of a mapped bone or of a twist bone.
        pelvis_heads: (T, 3)
    """
    pose = pose_mapped_bones(clip, alignment, placement)
    return _with_twist(rig, bone_map, alignment, pose)


def _with_twist(
    rig: Rig, bone_map: BoneMap, alignment: Alignment, pose: MappedPose
) -> tuple[dict[int, Array], Array]:
    """Return orientations by bone, the roll of limbs spread over twist bones, and the pelvis."""
    limbs = find_twisted_limbs(rig, bone_map, alignment)
    pose, twisted = spread_twist(limbs, alignment, pose)
    mapped = {bone: pose.rotations[:, row] for row, bone in enumerate(alignment.bones)}
    return with_carried_turns(rig, bone_map, twisted | mapped), pose.pelvis_heads


def pose_mapped_bones(clip: Clip, alignment: Alignment, placement: Placement) -> MappedPose:
    """Return how the mapped bones (M) shall be, each oriented as its joint."""
    rotations = _bone_orientations(clip, alignment, placement)
    pose = MappedPose(rotations, _pelvis_heads(clip, rotations, alignment, placement))
    legs = measure_legs(alignment)
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
    alignment = align_rest_poses(rig, bone_map).measured_in(pose.heads[0], pose.rotations[0])
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
    legs = measure_legs(alignment)
    if legs is not None:
        clip = read_feet(clip, legs, alignment, placement, found)
    return replace(clip, rot=quaternions.keep_quaternion_sign(clip.rot))


def heading_of_pose(pose: RigPose, rig: Rig, bone_map: BoneMap) -> tuple[Array, Array]:
    """Return where a posed character stands, in rig space.

    Returns:
        centre: (T, 3) the point halfway between the hip joints.
        body: (T, 4) turns canonical axes (facing +Z, left +X) into the pelvis's present ones.
    """
    alignment = align_rest_poses(rig, bone_map).measured_in(pose.heads[0], pose.rotations[0])
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
