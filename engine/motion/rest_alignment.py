"""How a rig's rest pose differs from the canonical T-pose: body frame, size, bone offsets.

It knows neither clips nor Blender, and it reads heads and orientations of
mapped bones only; tails serve where a limb's end has no bone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import quaternions
from .bone_matching import BoneMap
from .rig import Rig
from .skeleton import JOINT_INDEX, JOINTS, REST_OFFSETS, STANDING_PELVIS_HEIGHT

Array = NDArray[np.floating[Any]]

# Each limb bone with the joint that it points at; the bend of one is carried by the next.
_LIMB_CHAINS = tuple(
    tuple(f"{side}_{joint}" for joint in chain)
    for side in ("left", "right")
    for chain in (("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle", "foot"))
)
_CANONICAL_HIP_HEIGHT = STANDING_PELVIS_HEIGHT + REST_OFFSETS[JOINT_INDEX["left_hip"]][1]
_CANONICAL_TOE_HEIGHT = (
    _CANONICAL_HIP_HEIGHT
    + REST_OFFSETS[[JOINT_INDEX[f"left_{joint}"] for joint in ("knee", "ankle", "foot")]][
        :, 1
    ].sum()
)
# A rest body within this cosine of a rig axis stands along that axis.
_UPRIGHT_COSINE = np.cos(np.radians(35.0))
# A rig whose feet end this near to its origin's height stands on that height (of hip height).
_FLOOR_TOLERANCE = 0.12
# A foot that falls from ankle to toes by at most this many degrees is taken as flat at rest.
_STEEPEST_FLAT_FOOT = 70.0


@dataclass(frozen=True, slots=True)
class Alignment:
    """Everything constant between a rig and the canonical skeleton, for M mapped joints."""

    joints: tuple[int, ...]
    """(M) indices into JOINTS; the pelvis first."""

    bones: tuple[int, ...]
    """(M) indices of the bones that play them."""

    body: Array
    """(4,) turns canonical axes into the rest body's: up, facing and left in rig space."""

    offsets: Array
    """(M, 4) orientation that each bone has, in canonical axes, in the canonical T-pose."""

    scale: float
    """Rig units per metre of the canonical skeleton, by the height of the standing hips."""

    floor_point: Array
    """(3,) below the rig's origin, at the height that the rest pose stands on."""

    pelvis_from_centre: Array
    """(3,) from the middle of the hip joints to the pelvis bone's head, at rest."""


def align_rest_poses(rig: Rig, bone_map: BoneMap) -> Alignment:
    """Compare the rig's rest pose with the canonical one.

    Pelvis, spine, collars, neck and head at rest count as neutral, whatever
    their bones' directions: straightening them would bend every chest. Arms
    and legs are swung to the canonical directions. Feet that are flat at rest
    are only turned about the vertical, so that they stay flat.
    """
    bones = {joint: rig.index[bone] for joint, bone in bone_map.bones.items()}
    body = _body_frame(rig, bones)
    floor, scale = _size(rig, bones, body)
    swings = _limb_swings(rig, bones, body, floor)
    joints = [joint for joint in JOINTS if joint in bones]
    to_canonical = quaternions.conjugate(body)
    rotations = rig.rotations[[bones[joint] for joint in joints]]
    swing = np.stack([swings.get(joint, quaternions.IDENTITY) for joint in joints])
    centre = (rig.heads[bones["left_hip"]] + rig.heads[bones["right_hip"]]) / 2.0
    return Alignment(
        joints=tuple(JOINT_INDEX[joint] for joint in joints),
        bones=tuple(bones[joint] for joint in joints),
        body=body,
        offsets=quaternions.multiply(swing, quaternions.multiply(to_canonical, rotations)),
        scale=scale,
        floor_point=floor * _up(body),
        pelvis_from_centre=rig.heads[bones["pelvis"]] - centre,
    )


def floor_height(rig: Rig, bone_map: BoneMap) -> float:
    """Return the height, along the body's up axis, that the rest pose stands on."""
    bones = {joint: rig.index[bone] for joint, bone in bone_map.bones.items()}
    return _size(rig, bones, _body_frame(rig, bones))[0]


def _body_frame(rig: Rig, bones: dict[str, int]) -> Array:
    """Find up, left and forward of the rest body from hips, shoulders and neck."""
    heads = rig.heads
    legs = [heads[bones[f"{side}_hip"]] for side in ("left", "right")]
    arms = [heads[bones[f"{side}_shoulder"]] for side in ("left", "right")]
    up = (arms[0] + arms[1]) - (legs[0] + legs[1])
    up = up / max(float(np.linalg.norm(up)), 1e-12)
    nearest = int(np.argmax(np.abs(up)))
    if abs(up[nearest]) > _UPRIGHT_COSINE:
        up = np.eye(3)[nearest] * np.sign(up[nearest])
    left = (legs[0] - legs[1]) + (arms[0] - arms[1])
    left = left - up * (left @ up)
    left = left / max(float(np.linalg.norm(left)), 1e-12)
    return quaternions.matrix_to_quaternion(np.stack([left, up, np.cross(left, up)], axis=-1))


def _size(rig: Rig, bones: dict[str, int], body: Array) -> tuple[float, float]:
    """Return the floor's height along up (rig units) and rig units per canonical metre."""
    up = _up(body)
    lengths, ankles, lowest = [], [], []
    for side in ("left", "right"):
        hip, knee = (rig.heads[bones[f"{side}_{joint}"]] for joint in ("hip", "knee"))
        ankle = _limb_end(rig, bones, f"{side}_knee", f"{side}_ankle")
        lengths.append(np.linalg.norm(knee - hip) + np.linalg.norm(ankle - knee))
        ankles.append(ankle @ up)
        toes = rig.heads[bones[f"{side}_foot"]] if f"{side}_foot" in bones else ankle
        lowest.append(min(ankle @ up, toes @ up))
    length = float(np.mean(lengths))
    floor = 0.0
    if not -0.02 * length <= min(lowest) <= _FLOOR_TOLERANCE * length:
        floor = float(min(lowest)) - _CANONICAL_TOE_HEIGHT * length / _CANONICAL_HIP_HEIGHT
    ankle_height = float(np.clip(np.mean(ankles) - floor, 0.0, 0.3 * length))
    return floor, (length + ankle_height) / _CANONICAL_HIP_HEIGHT


def _limb_swings(rig: Rig, bones: dict[str, int], body: Array, floor: float) -> dict[str, Array]:
    """Return, by joint, the turn in canonical axes from the rest pose to the T-pose, (4,)."""
    swings: dict[str, Array] = {}
    to_canonical = quaternions.conjugate(body)
    for chain in _LIMB_CHAINS:
        swing = quaternions.IDENTITY
        for joint, end in zip(chain, (*chain[1:], ""), strict=True):
            if joint not in bones:
                continue
            if end and not joint.endswith("ankle"):
                vector = _limb_end(rig, bones, joint, end) - rig.heads[bones[joint]]
                rest = quaternions.rotate(swing, quaternions.rotate(to_canonical, vector))
                bend = quaternions.between(rest, REST_OFFSETS[JOINT_INDEX[end]])
                swing = quaternions.multiply(bend, swing)
            elif joint.endswith("ankle"):
                swing = _foot_swing(rig, bones, (joint, end), body, floor)
            swings[joint] = swing
    return swings


def _foot_swing(
    rig: Rig, bones: dict[str, int], foot: tuple[str, str], body: Array, floor: float
) -> Array:
    """Return the turn of a foot: about the vertical if it is flat at rest, else its whole swing.

    How steeply the line from ankle to toes falls differs between rigs whose
    soles are all flat, so that line must not be matched on a flat foot.
    """
    joint, toes = foot
    if toes not in bones:
        return quaternions.IDENTITY
    vector = rig.heads[bones[toes]] - rig.heads[bones[joint]]
    vector = quaternions.rotate(quaternions.conjugate(body), vector)
    length = float(np.linalg.norm(vector))
    forward = np.array([vector[0], 0.0, vector[2]])
    slope = np.degrees(np.arctan2(-vector[1], np.linalg.norm(forward)))
    toe_height = float(rig.heads[bones[toes]] @ _up(body)) - floor
    if -10.0 <= slope <= _STEEPEST_FLAT_FOOT and abs(toe_height) < length:
        return quaternions.between(forward, np.array([0.0, 0.0, 1.0]))
    return quaternions.between(vector, REST_OFFSETS[JOINT_INDEX[toes]])


def _limb_end(rig: Rig, bones: dict[str, int], joint: str, end: str) -> Array:
    """Return where a limb bone ends: at the next joint's head, or its own tail without one."""
    return np.asarray(rig.heads[bones[end]] if end in bones else rig.tails[bones[joint]])


def _up(body: Array) -> Array:
    return quaternions.rotate(body, np.array([0.0, 1.0, 0.0]))
