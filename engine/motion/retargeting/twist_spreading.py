"""Spreads the roll of arms and legs over their twist bones, so that skin does not wring.

The roll of an upper arm or a thigh about its own length fades out towards the
body; a forearm or a shin takes up the roll of its hand or foot towards its end.
Where twist bones carry the limb's end, as in Rigify's deform bones, the joint's
own bone keeps no roll against the body: reading takes it from the twist bone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import quaternions
from ..bones.matching import BoneMap
from ..rig import Rig, RigPose
from ..skeleton import JOINT_INDEX, PARENTS, REST_OFFSETS
from .foot_reach import MappedPose
from .rest_alignment import Alignment, reference_of

Array = NDArray[np.floating[Any]]

_ENDS = {"shoulder": "elbow", "elbow": "wrist", "hip": "knee", "knee": "ankle"}
_UPPER = ("shoulder", "hip")
_LEAST_SHARE = 0.05
"""A twist bone nearer to its limb's head tells nothing of the limb's roll."""


@dataclass(frozen=True, slots=True)
class TwistedLimb:
    """A limb bone and the twist bones that lie along it."""

    row: int
    """The limb bone's row in the alignment."""

    other: int
    """The row of the bone that the roll is against: the body's for an upper arm or a thigh, the
    hand's or foot's for a forearm or a shin."""

    is_upper: bool

    is_chain: bool
    """The limb's end hangs from the last twist bone."""

    axis: Array
    """(3,) unit direction of the limb, canonical axes."""

    bones: tuple[int, ...]
    """Indices of the twist bones, by share."""

    shares: tuple[float, ...]
    """Where each lies along the limb, 0 to 1."""

    offsets: Array
    """(n, 4) what `Alignment.offsets` is for the joint's own bone."""


def find_twisted_limbs(rig: Rig, bone_map: BoneMap, alignment: Alignment) -> list[TwistedLimb]:
    """Return the limbs that have twist bones; twists of unknown limbs are left out."""
    limbs = []
    for joint in dict.fromkeys(twist.joint for twist in bone_map.twists):
        side, _, name = joint.partition("_")
        row_of = {number: row for row, number in enumerate(alignment.joints)}
        other = JOINT_INDEX.get(f"{side}_{_ENDS.get(name, '')}", -1)
        if JOINT_INDEX.get(joint, -1) not in row_of or other < 0:
            continue
        axis = REST_OFFSETS[other] / np.linalg.norm(REST_OFFSETS[other])
        end = alignment.bones[row_of[other]] if other in row_of else -1
        if name in _UPPER:
            other = PARENTS[JOINT_INDEX[joint]]
            while other not in row_of:
                other = PARENTS[other]
        if other in row_of:
            rows = (row_of[JOINT_INDEX[joint]], row_of[other])
            twists = sorted((one.share, one.bone) for one in bone_map.twists if one.joint == joint)
            limbs.append(_measure(rig, alignment, rows, (axis, end), twists))
    return limbs


def _measure(
    rig: Rig,
    alignment: Alignment,
    rows: tuple[int, int],
    limb: tuple[Array, int],
    twists: list[tuple[float, str]],
) -> TwistedLimb:
    rest, bone = reference_of(rig), alignment.bones[rows[0]]
    bones = tuple(rig.index[name] for _, name in twists)
    relative = quaternions.multiply(
        quaternions.conjugate(rest.rotations[bone]), rest.rotations[list(bones)]
    )
    return TwistedLimb(
        row=rows[0],
        other=rows[1],
        is_upper=alignment.joints[rows[1]] < alignment.joints[rows[0]],
        is_chain=limb[1] >= 0 and any(rig.is_below(limb[1], one) for one in bones),
        axis=limb[0],
        bones=bones,
        shares=tuple(share for share, _ in twists),
        offsets=quaternions.multiply(alignment.offsets[rows[0]], relative),
    )


def spread_twist(
    limbs: list[TwistedLimb], alignment: Alignment, pose: MappedPose
) -> tuple[MappedPose, dict[int, Array]]:
    """Return the pose with the roll taken off some bones, and each twist bone's orientation.

    Args:
        limbs: of the rig.
        alignment: of the rig.
        pose: M mapped bones over T frames, oriented as their joints.

    Returns:
        The pose, and orientations (T, 4) in rig space by the index of a twist bone.
    """
    rotations, twisted = pose.rotations.copy(), {}
    canonical = quaternions.multiply(pose.rotations, quaternions.conjugate(alignment.offsets))
    for limb in limbs:
        own, other = canonical[:, limb.row], canonical[:, limb.other]
        first, last = (other, own) if limb.is_upper else (own, other)
        roll = _roll(quaternions.multiply(quaternions.conjugate(first), last), limb.axis)
        start = -1.0 if limb.is_upper else 0.0
        for bone, share, offset in zip(limb.bones, limb.shares, limb.offsets, strict=True):
            turned = _rolled(own, limb.axis, (start + share) * roll)
            twisted[bone] = quaternions.multiply(turned, offset)
        if limb.is_upper and limb.is_chain and limb.shares[-1] > _LEAST_SHARE:
            turned = _rolled(own, limb.axis, -roll)
            rotations[:, limb.row] = quaternions.multiply(turned, alignment.offsets[limb.row])
    return MappedPose(rotations, pose.pelvis_heads), twisted


def gather_twist(limbs: list[TwistedLimb], alignment: Alignment, pose: RigPose) -> MappedPose:
    """Return the mapped bones of a rig's pose, oriented as their joints; undoes `spread_twist`."""
    bones = list(alignment.bones)
    rotations = pose.rotations[:, bones]
    for limb in limbs:
        if limb.is_upper and limb.is_chain and limb.shares[-1] > _LEAST_SHARE:
            back = quaternions.conjugate(alignment.offsets[limb.row])
            own = quaternions.multiply(rotations[:, limb.row], back)
            end = quaternions.multiply(
                pose.rotations[:, limb.bones[-1]], quaternions.conjugate(limb.offsets[-1])
            )
            roll = _roll(quaternions.multiply(quaternions.conjugate(own), end), limb.axis)
            turned = _rolled(own, limb.axis, roll / limb.shares[-1])
            rotations[:, limb.row] = quaternions.multiply(turned, alignment.offsets[limb.row])
    return MappedPose(rotations, pose.heads[:, bones[0]])


def _roll(rotations: Array, axis: Array) -> Array:
    """Return the turn about an axis (T,), radians, that is left when the swing is taken off.

    It goes on from frame to frame: half a turn more is no full turn back.
    """
    halves = np.arctan2(rotations[:, 1:] @ axis, rotations[:, 0])
    halves = halves - np.pi * np.round(halves / np.pi)  # q and -q are one rotation
    return np.asarray(np.unwrap(2.0 * halves))


def _rolled(rotations: Array, axis: Array, angles: Array) -> Array:
    """Return rotations (T, 4) turned about an axis of their own by angles (T,)."""
    rolls = quaternions.axis_angle_to_quaternion(axis, angles)
    return quaternions.multiply(rotations, rolls)
