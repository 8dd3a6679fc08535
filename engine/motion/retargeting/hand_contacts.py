"""Hands that touch each other or the body in a clip touch on a rig of any breadth, too.

Near a touch the hands go where the clip's are, seen from what they touch, and
the arms follow. It knows neither channels nor objects in the scene.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import quaternions
from ..clip import Clip, forward_kinematics
from ..feet.two_bone_ik import Limbs, ease, reach
from ..rig import Rig
from ..skeleton import JOINT_INDEX
from .carried_bones import mapped_heads
from .foot_reach import MappedPose
from .rest_alignment import Alignment, Placement

Array = NDArray[np.floating[Any]]

_SIDES = ("left", "right")
_SHOULDERS, _ELBOWS, _WRISTS = (
    [JOINT_INDEX[f"{side}_{name}"] for side in _SIDES] for name in ("shoulder", "elbow", "wrist")
)
_HINGES = np.array([[0.0, -1.0, 0.0], [0.0, 1.0, 0.0]])
"""Canonical axes about which the left and the right elbow bend."""

_PALM = 0.08
"""Metres from the wrist to the middle of the palm."""

_BREADTH = 0.10
"""Metres between the middles of two hands that touch."""

_BODY = (
    ("pelvis", "spine3", 0.14),
    ("spine3", "head", 0.10),
    ("head", "head", 0.13),
    ("left_hip", "left_knee", 0.09),
    ("right_hip", "right_knee", 0.09),
)
"""What hands touch: the line from a joint to a joint, and metres of flesh about it."""

_TOUCHING = 0.04
"""Metres of air up to which a touch is kept whole."""

_APART = 0.22
"""Metres of air from which there is none."""

_BELOW = 0.15
"""Metres past the start of a line from which nothing is touched: arms hang beside the hips."""


def keep_hand_contacts(
    clip: Clip, rig: Rig, alignment: Alignment, placement: Placement, pose: MappedPose
) -> MappedPose:
    """Return the pose with arms turned so that hands which touch in the clip touch.

    Hands keep their orientation. Where an arm is too short the hand comes as near as it can.

    Args:
        clip: T frames.
        rig: N bones.
        alignment: of the rig.
        placement: where the clip lies.
        pose: all bones oriented as in the clip. A rig without hands keeps it.
    """
    if any(joint not in alignment.joints for joint in (*_SHOULDERS, *_ELBOWS, *_WRISTS)):
        return pose
    positions, world = forward_kinematics(clip.root_pos, clip.rot)
    shown = _joints_of_rig(rig, alignment, pose)
    turned = quaternions.multiply(placement.rotation, world[:, _WRISTS])
    wrists = np.stack([shown[joint] for joint in _WRISTS], axis=1)
    palms = _palms(positions[:, _WRISTS], world[:, _WRISTS], _PALM)
    found = _palms(wrists, turned, _PALM * alignment.scale)
    weights, moves = np.zeros(palms.shape[:2]), np.zeros(palms.shape)
    for weight, start, way in _touches(palms, found, positions, shown):
        wanted = start + quaternions.rotate(placement.rotation, alignment.scale * way)
        weights = weights + weight
        moves = moves + weight[..., None] * (wanted - found)
    moves = moves / np.maximum(weights, 1.0)[..., None]
    return _move_hands(alignment, pose, shown, wrists + moves)


def _touches(
    palms: Array, found: Array, positions: Array, shown: Mapping[int, Array]
) -> Iterator[tuple[Array, Array, Array]]:
    """Yield what hands may touch.

    Args:
        palms: (T, 2, 3) of the clip, metres.
        found: (T, 2, 3) of the rig.
        positions: (T, 22, 3) of the clip.
        shown: the rig's joints (T, 3) by the joint's index.

    Yields:
        weight: (T, 2) 1 where the hand touches, 0 where it is far.
        start: (T, 1 or 2, 3) what it touches on the rig.
        way: (T, 2, 3) from there to the palm in the clip, metres.
    """
    middle = palms.mean(axis=1, keepdims=True)
    between = np.linalg.norm(palms[:, 0] - palms[:, 1], axis=-1)
    weight = np.repeat(_weight(between - _BREADTH)[:, None], 2, axis=1)
    yield weight, found.mean(axis=1, keepdims=True), palms - middle
    for first, last, flesh in _BODY:
        ends = JOINT_INDEX[first], JOINT_INDEX[last]
        if all(end in shown for end in ends):
            start, end = (positions[:, None, joint] for joint in ends)
            line = end - start
            length = np.maximum(np.linalg.norm(line, axis=-1, keepdims=True), 1e-6)
            along = np.sum((palms - start) * line, axis=-1, keepdims=True) / length**2
            past = ease(-(along * length)[..., 0] / _BELOW)
            along = np.clip(along, 0.0, 1.0)
            way = palms - start - along * line
            weight = _weight(np.linalg.norm(way, axis=-1) - flesh) * (1.0 - past)
            if last.endswith("knee"):
                weight = weight * _in_front(way, positions, line)
            on_rig = shown[ends[0]][:, None] * (1.0 - along) + shown[ends[1]][:, None] * along
            yield weight, on_rig, way


def _in_front(way: Array, positions: Array, thigh: Array) -> Array:
    """Return 1 for palms (T, 2) in front of a thigh, 0 for those beside it: these only hang."""
    left, right = (positions[:, JOINT_INDEX[f"{side}_hip"]] for side in _SIDES)
    ahead = np.cross((left - right)[:, None], -thigh)
    size = np.linalg.norm(ahead, axis=-1) * np.linalg.norm(way, axis=-1)
    return ease((np.sum(way * ahead, axis=-1) / np.maximum(size, 1e-12) - 0.4) / 0.3)


def _weight(air: Array) -> Array:
    """Return 1 for hands with little air (...) to what they touch, 0 for those far away."""
    return np.asarray(1.0 - ease((air - _TOUCHING) / (_APART - _TOUCHING)))


def _palms(wrists: Array, rotations: Array, length: float) -> Array:
    """Return the middles of the palms (T, 2, 3) of wrists and their joints' orientations."""
    along = np.array([[length, 0.0, 0.0], [-length, 0.0, 0.0]])
    return np.asarray(wrists + quaternions.rotate(rotations, along))


def _joints_of_rig(rig: Rig, alignment: Alignment, pose: MappedPose) -> dict[int, Array]:
    """Return where the mapped bones start (T, 3), by joint."""
    heads = mapped_heads(rig, alignment, pose.rotations, pose.pelvis_heads)
    return {
        joint: heads[bone] for joint, bone in zip(alignment.joints, alignment.bones, strict=True)
    }


def _move_hands(
    alignment: Alignment, pose: MappedPose, shown: Mapping[int, Array], wrists: Array
) -> MappedPose:
    """Return the pose with upper arms and forearms turned so that wrists are at (T, 2, 3)."""
    starts, elbows, ends = (
        np.stack([shown[joint] for joint in pair], axis=1)
        for pair in (_SHOULDERS, _ELBOWS, _WRISTS)
    )
    uppers, fores = (
        [alignment.joints.index(joint) for joint in pair] for pair in (_SHOULDERS, _ELBOWS)
    )
    canonical = quaternions.multiply(
        pose.rotations[:, uppers], quaternions.conjugate(alignment.offsets[uppers])
    )
    limbs = Limbs(elbows - starts, ends - elbows, quaternions.rotate(canonical, _HINGES))
    rotations = pose.rotations.copy()
    for rows, turn in zip((uppers, fores), reach(limbs, wrists - starts), strict=True):
        rotations[:, rows] = quaternions.multiply(turn, rotations[:, rows])
    return MappedPose(rotations, pose.pelvis_heads)
