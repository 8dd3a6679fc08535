"""Checks a bone map that an animator chose by hand, cheapest checks first.

Every refusal is one sentence that names the bones, and its cure.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..request import RequestError
from ..rig import Rig
from ..skeleton import JOINTS
from .map import REQUIRED_JOINTS, SIDES, SPINE_JOINTS

_SIDED_CHAINS = (("hip", "knee", "ankle", "foot"), ("collar", "shoulder", "elbow", "wrist"))
_TRUNK = ("pelvis", *SPINE_JOINTS, "neck", "head")


def check_rows(rig: Rig, chosen: Mapping[str, str]) -> None:
    """Refuse rows that make no body on this rig.

    Args:
        rig: N bones.
        chosen: bone's name by joint.

    Raises:
        RequestError: naming the first thing that is wrong.
    """
    for joint, bone in chosen.items():
        if joint not in JOINTS:
            raise RequestError(
                f'"{joint}" is no joint of the bone map.', "Match the bones anew, or load a preset."
            )
        if bone not in rig.index:
            raise RequestError(
                f'The {_spoken(joint)} is mapped to "{bone}", which this armature does not have.',
                "Choose another bone for it, or match the bones anew.",
            )
    _refuse_twice(chosen)
    lacking = [joint for joint in REQUIRED_JOINTS if joint not in chosen]
    if lacking:
        raise RequestError(
            f"The bone map lacks: {', '.join(map(_spoken, lacking))}.",
            "Choose a bone for each of them.",
        )
    for chain in (*(_of_side(side, chain) for side in SIDES for chain in _SIDED_CHAINS), _TRUNK):
        _refuse_wrong_order(rig, chosen, chain)


def _refuse_twice(chosen: Mapping[str, str]) -> None:
    joints: dict[str, str] = {}
    for joint, bone in chosen.items():
        if bone in joints:
            raise RequestError(
                f'"{bone}" is chosen twice, as {_spoken(joints[bone])} and as {_spoken(joint)}.',
                "Choose another bone for one of them.",
            )
        joints[bone] = joint


def _refuse_wrong_order(rig: Rig, chosen: Mapping[str, str], chain: tuple[str, ...]) -> None:
    """Refuse a bone that carries the one which ought to carry it.

    Bones that do not hang from each other at all are let pass: control rigs are built so.
    """
    present = [joint for joint in chain if joint in chosen]
    for upper, lower in zip(present, present[1:], strict=False):
        if rig.is_below(rig.index[chosen[upper]], rig.index[chosen[lower]]):
            raise RequestError(
                f'"{chosen[upper]}", mapped as the {_spoken(upper)}, hangs from '
                f'"{chosen[lower]}", mapped as the {_spoken(lower)}.',
                "Exchange the two rows, or choose other bones.",
            )
    side = chain[0].split("_")[0]
    if side not in SIDES:
        return
    other = "right" if side == "left" else "left"
    for joint in present:
        twin = joint.replace(side, other)
        upper_twins = [
            row for row in chain[: chain.index(joint)] if row.replace(side, other) in chosen
        ]
        for upper in upper_twins:
            across = rig.index[chosen[upper.replace(side, other)]]
            if rig.is_below(rig.index[chosen[joint]], across) and twin in chosen:
                raise RequestError(
                    f'"{chosen[joint]}", mapped as the {_spoken(joint)}, hangs from the '
                    f'{_spoken(upper.replace(side, other))} "{rig.names[across]}".',
                    "Exchange left and right in one of these rows.",
                )


def _of_side(side: str, chain: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{side}_{joint}" for joint in chain)


def _spoken(joint: str) -> str:
    return joint.replace("_", " ")
