"""Where limbs end that have no bone for their end, and whether a body's sizes agree.

Importers make tails up, so that a tail counts only in a rig whose tails lie at the next
bones. It reads rest poses only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..request import RequestError
from ..rig import Rig, RigReference
from ..skeleton import JOINT_INDEX, REST_OFFSETS

Array = NDArray[np.floating[Any]]

_SIDES = ("left", "right")
_LIMBS = (("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist"))
# A bone below a limb lies at its end if it is so near to the expected length, and so straight.
_LENGTHS, _LEAST_COSINE = (0.6, 1.6), 0.5
# A tail this near to the next bone (share of the bone's length) is meant to be there.
_AT_NEXT = 0.1
_LARGEST_RATIO = 2.0
_TRUNK = float(
    np.linalg.norm(
        sum(REST_OFFSETS[JOINT_INDEX[joint]] for joint in ("spine1", "spine2", "spine3"))
        + REST_OFFSETS[JOINT_INDEX["left_collar"]] * [0.0, 1.0, 1.0]
        + REST_OFFSETS[JOINT_INDEX["left_shoulder"]] * [0.0, 1.0, 1.0]
        - REST_OFFSETS[JOINT_INDEX["left_hip"]] * [0.0, 1.0, 1.0]
    )
)


def find_limb_ends(rig: Rig, rest: RigReference, bones: dict[str, int]) -> dict[str, Array]:
    """Return the points (3,) of ankles and wrists that no bone plays.

    Args:
        rig: N bones; its hierarchy counts.
        rest: the pose that counts as the rest.
        bones: bone by joint.
    """
    found = {}
    for side in _SIDES:
        for limb in _LIMBS:
            joints = [f"{side}_{joint}" for joint in limb]
            if joints[2] in bones:
                continue
            chain = bones[joints[0]], bones[joints[1]]
            ratio = _canonical_length(limb[2]) / _canonical_length(limb[1])
            found[joints[2]] = _limb_end(rig, rest, chain, ratio)
    return found


def _canonical_length(joint: str) -> float:
    return float(np.linalg.norm(REST_OFFSETS[JOINT_INDEX[f"left_{joint}"]]))


def _limb_end(rig: Rig, rest: RigReference, chain: tuple[int, int], ratio: float) -> Array:
    """Return where a shin or a forearm ends.

    Args:
        rig: N bones.
        rest: its rest pose.
        chain: the limb's upper and its lower bone.
        ratio: the lower bone's length in a canonical body, in upper ones.
    """
    start = rest.heads[chain[1]]
    upper = start - rest.heads[chain[0]]
    length = float(np.linalg.norm(upper))
    best, end = np.inf, start + ratio * upper
    for bone in _below(rig, chain[1]):
        step = rest.heads[bone] - start
        share = float(np.linalg.norm(step)) / max(ratio * length, 1e-12)
        straight = float(step @ upper) / max(float(np.linalg.norm(step)) * length, 1e-12)
        is_there = _LENGTHS[0] < share < _LENGTHS[1] and straight > _LEAST_COSINE
        if is_there and abs(np.log(share)) < best:
            best, end = abs(np.log(share)), rest.heads[bone]
    if best < np.inf or np.linalg.norm(rest.tails[chain[0]] - start) > _AT_NEXT * length:
        return np.asarray(end)
    tail = rest.tails[chain[1]]
    share = float(np.linalg.norm(tail - start)) / max(ratio * length, 1e-12)
    return np.asarray(tail if _LENGTHS[0] / 2.0 < share < 2.0 * _LENGTHS[1] else end)


def _below(rig: Rig, bone: int) -> list[int]:
    """Return every bone that hangs from one."""
    found = [bone]
    for upper in found:
        found.extend(rig.children[upper])
    return found[1:]


def check_sizes(rest: RigReference, bones: dict[str, int], points: dict[str, Array]) -> None:
    """Refuse legs that are far larger or smaller than both the arms and the trunk.

    Args:
        rest: the rest pose.
        bones: bone by joint.
        points: (3,) of ankles and wrists that have no bone.

    Raises:
        RequestError: if they differ by more than a factor of two: another bone is meant.
    """
    legs, arms = (_limb_scale(rest, bones, points, limb) for limb in _LIMBS)
    starts = [
        np.mean([rest.heads[bones[f"{side}_{limb[0]}"]] for side in _SIDES], axis=0)
        for limb in _LIMBS
    ]
    trunk = float(np.linalg.norm(starts[1] - starts[0])) / _TRUNK
    ratios = [legs / max(other, 1e-12) for other in (arms, trunk)]
    nearest = min(ratios, key=lambda ratio: abs(np.log(max(ratio, 1e-12))))
    if min(ratios) > _LARGEST_RATIO or max(ratios) < 1.0 / _LARGEST_RATIO:
        long = nearest > 1.0
        times = nearest if long else 1.0 / max(nearest, 1e-12)
        raise RequestError(
            f"The legs of this armature are {times:.1f} times too {'long' if long else 'short'} "
            "for its arms and its trunk: bones of the legs are mapped wrongly.",
            "Check the rows of the legs in the bone map, or set the rest reference.",
        )


def _limb_scale(
    rest: RigReference, bones: dict[str, int], points: dict[str, Array], limb: tuple[str, ...]
) -> float:
    """Return a limb's length in canonical ones, both sides' mean."""
    lengths = []
    for side in _SIDES:
        joints = [f"{side}_{joint}" for joint in limb]
        chain = [rest.heads[bones[joint]] if joint in bones else points[joint] for joint in joints]
        lengths.append(float(np.linalg.norm(np.diff(np.array(chain), axis=0), axis=1).sum()))
    return float(np.mean(lengths)) / sum(_canonical_length(joint) for joint in limb[1:])
