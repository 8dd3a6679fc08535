"""Fingers that no clip knows: a relaxed curl in place of stiff ones.

Each joint is bent to a natural angle; what is bent that far at rest stays as it
is. Which way is the palm is seen from the knuckles. It knows no Blender.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .. import quaternions
from ..bones.matching import BoneMap, Finger
from ..rig import Rig
from ..skeleton import JOINT_INDEX
from .rest_alignment import Alignment

Array = NDArray[np.floating[Any]]

RELAXED_DEGREES: Final = (
    (0.0, 12.0, 16.0),
    (20.0, 30.0, 18.0),
    (26.0, 36.0, 22.0),
    (30.0, 38.0, 24.0),
    (32.0, 38.0, 24.0),
)
"""How far each digit's segments are bent against the one before, the thumb first."""

_TRUSTED_END = np.cos(np.radians(60.0))
"""The last segment points at its end, unless this is off the segment before it by more."""

_AT_NEXT = 0.1
"""Tails mean something where the one before lies this near to the next bone, in its lengths."""

_LEAST_SINE = 0.3


def relax_fingers(
    rig: Rig, bone_map: BoneMap, alignment: Alignment, keyed_bones: Collection[str]
) -> dict[str, Array]:
    """Return the change from rest (4,), in each bone's own axes, of fingers without keys.

    Args:
        rig: N bones.
        bone_map: with the bones of fingers.
        alignment: of the two.
        keyed_bones: a digit with one of these is left alone.
    """
    relaxed: dict[str, Array] = {}
    for side in ("left", "right"):
        digits: dict[int, list[Finger]] = {}
        for finger in bone_map.fingers:
            if finger.side == side:
                digits.setdefault(finger.digit, []).append(finger)
        if not digits or f"{side}_wrist" not in bone_map.bones:
            continue
        palm, across = _palm(rig, bone_map, alignment, side)
        for digit, fingers in digits.items():
            if not any(finger.bone in keyed_bones for finger in fingers):
                inwards = palm if digit else palm + across
                wrist = rig.heads[rig.index[bone_map.bones[f"{side}_wrist"]]]
                fingers = sorted(fingers, key=lambda finger: finger.segment)
                relaxed |= _curl(rig, fingers, wrist, inwards)
    return relaxed


def _palm(
    rig: Rig, bone_map: BoneMap, alignment: Alignment, side: str
) -> tuple[Array, Array]:
    """Return the way out of the palm and the way from index to little finger (3,), at rest."""
    wrist = rig.index[bone_map.bones[f"{side}_wrist"]]
    knuckles = {
        finger.digit: rig.heads[rig.index[finger.bone]] - rig.heads[wrist]
        for finger in bone_map.fingers
        if finger.side == side and finger.digit and finger.segment == 0
    }
    if len(knuckles) >= 2:
        first, last = knuckles[min(knuckles)], knuckles[max(knuckles)]
        normal = np.cross(first, last) * (-1.0 if side == "left" else 1.0)
        return _unit(normal), _unit(last - first)
    # In the canonical T-pose palms look down and index fingers are in front.
    row = alignment.joints.index(JOINT_INDEX[f"{side}_wrist"])
    turn = quaternions.multiply(
        rig.rotations[wrist], quaternions.conjugate(alignment.offsets[row])
    )
    return (
        quaternions.rotate(turn, np.array([0.0, -1.0, 0.0])),
        quaternions.rotate(turn, np.array([0.0, 0.0, -1.0])),
    )


def _curl(rig: Rig, fingers: list[Finger], wrist: Array, inwards: Array) -> dict[str, Array]:
    """Return the channels that bend one digit's segments inwards."""
    bones = [rig.index[finger.bone] for finger in fingers]
    before = _unit(rig.heads[bones[0]] - wrist)
    last = _end_of(rig, bones, before)
    first = last if len(bones) == 1 else rig.heads[bones[1]]
    axis = np.cross(_unit(first - rig.heads[bones[0]]), inwards)
    if np.linalg.norm(axis) < _LEAST_SINE:  # A fist at rest: its fingers point out of the palm.
        axis = np.cross(before, inwards)
    axis = _unit(axis)
    channels = {}
    for place, (finger, bone) in enumerate(zip(fingers, bones, strict=True)):
        is_last = place + 1 == len(bones)
        end = last if is_last else rig.heads[bones[place + 1]]
        along = _unit(end - rig.heads[bone])
        if is_last and along @ before < _TRUSTED_END:
            along = before
        bend = np.arctan2(np.cross(before, along) @ axis, before @ along)
        wanted = np.radians(RELAXED_DEGREES[finger.digit][min(finger.segment, 2)])
        turn = quaternions.axis_angle_to_quaternion(axis, np.maximum(wanted - bend, 0.0))
        rest = rig.rotations[bone]
        back = quaternions.conjugate(rest)
        channels[finger.bone] = quaternions.multiply(back, quaternions.multiply(turn, rest))
        before = along
    return channels


def _end_of(rig: Rig, bones: list[int], before: Array) -> Array:
    """Return where a digit ends (3,): at a bone that goes on from it, at a tail, or straight on.

    Args:
        rig: N bones.
        bones: the digit's, palm outwards.
        before: (3,) the way from the wrist to the first of them.
    """
    bone = bones[-1]
    if rig.children[bone]:
        return np.asarray(rig.heads[rig.children[bone][0]])
    if len(bones) == 1:
        return np.asarray(rig.heads[bone] + before)
    step = rig.heads[bone] - rig.heads[bones[-2]]
    gap = np.linalg.norm(rig.tails[bones[-2]] - rig.heads[bone])
    is_meant = gap < _AT_NEXT * np.linalg.norm(step)
    return np.asarray(rig.tails[bone] if is_meant else rig.heads[bone] + step)


def _unit(vector: Array) -> Array:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12))
