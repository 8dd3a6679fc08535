"""Names in generated Rigify, Auto-Rig Pro and CloudRig: bones of joints, their controls, IK.

Tables only: `{s}` stands for a side's letter and `{side}` for its word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Switch:
    """A custom property of a bone that chooses between FK and IK."""

    bone: str
    name: str

    fk: float
    """Its value for FK."""

    ik: float
    """Its value for IK."""


@dataclass(frozen=True, slots=True)
class IkNames:
    """Names of an arm's or a leg's IK; `{s}` is the side's letter, `{side}` its word."""

    joints: tuple[str, str, str]
    end: Names
    toe: Names = ()
    pole: Names = ()
    swing: Names = ()
    pole_switch: tuple[Switch, ...] = ()
    switches: tuple[Switch, ...] = ()


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of control rig: for each joint its bone and its control, the first that exists."""

    title: str
    letters: tuple[str, str]
    marks: Names
    """Bones that every such rig has."""

    path: Names
    pelvis: Names
    sided: dict[str, tuple[Names, Names]]
    middle: Callable[[Collection[str]], dict[str, tuple[Names, Names]]]
    spine: Callable[[Collection[str]], list[tuple[str, str]]]
    limbs: tuple[IkNames, ...]
    roots: Names


def _both(bones: str, controls: str) -> tuple[Names, Names]:
    """Return names that stand in one text, several with spaces between."""
    return tuple(bones.split()), tuple(controls.split())


def _rigify_spine(names: Collection[str]) -> list[tuple[str, str]]:
    """Return the spine bones above the waist with their controls.

    The bones below the waist hang from it in reverse order and are one with the pelvis.
    """
    controls = [
        f"spine_fk.{number:03}"
        for number in _numbers_of("spine_fk", names)
        if number > _RIGIFY_WAIST
    ]
    # The lowest bone takes half of its turn from the hips: only its control turns wholly.
    return [
        (one if one == controls[0] else one.replace("spine_fk", "ORG-spine"), one)
        for one in controls
    ]


def _rigify_middle(names: Collection[str]) -> dict[str, tuple[Names, Names]]:
    """Return neck and head: the first bone above the controlled spine, and the last of all."""
    top = max(_numbers_of("spine_fk", names), default=_RIGIFY_WAIST)
    above = [number for number in _numbers_of("ORG-spine", names) if number > top]
    bones = tuple(f"ORG-spine.{number:03}" for number in above)
    return {"neck": (bones[:-1], ("neck",)), "head": (bones[-1:], ("head",))}


def _numbers_of(stem: str, names: Collection[str]) -> list[int]:
    """Return the numbers of bones that are called stem.001 and so on, lowest first."""
    pattern = re.compile(re.escape(stem) + r"\.(\d{3})")
    return sorted(int(found[1]) for found in map(pattern.fullmatch, names) if found)


def _always(
    middle: dict[str, tuple[Names, Names]],
) -> Callable[[Collection[str]], dict[str, tuple[Names, Names]]]:
    return lambda names: middle


def _numbered(bones: Names, controls: Names) -> Callable[[Collection[str]], list[tuple[str, str]]]:
    """Return a function that finds the spine bones and controls that a rig has, in pairs."""

    def pairs(names: Collection[str]) -> list[tuple[str, str]]:
        both = zip(bones, controls, strict=True)
        return [(bone, control) for bone, control in both if {bone, control} <= set(names)]

    return pairs


_RIGIFY_WAIST: Final = 1
_ARM: Final = ("shoulder", "elbow", "wrist")
_LEG: Final = ("hip", "knee", "ankle")
_CLOUD_SPINE: Final = ("Spine", "Spine1", "Spine2", "Spine3", "RibCage", "Chest")

_RIGIFY = Family(
    title="Rigify",
    letters=("L", "R"),
    marks=("root", "torso", "ORG-spine", "upper_arm_fk.L", "thigh_fk.L"),
    path=("torso",),
    pelvis=("ORG-spine",),
    sided={
        "hip": _both("ORG-thigh.{s}", "thigh_fk.{s}"),
        "knee": _both("ORG-shin.{s}", "shin_fk.{s}"),
        "ankle": _both("ORG-foot.{s}", "foot_fk.{s}"),
        "foot": _both("ORG-toe.{s}", "toe_fk.{s} toe.{s}"),
        "collar": _both("ORG-shoulder.{s}", "shoulder.{s}"),
        "shoulder": _both("ORG-upper_arm.{s}", "upper_arm_fk.{s}"),
        "elbow": _both("ORG-forearm.{s}", "forearm_fk.{s}"),
        "wrist": _both("ORG-hand.{s}", "hand_fk.{s}"),
    },
    middle=_rigify_middle,
    spine=_rigify_spine,
    limbs=(
        IkNames(
            _ARM, ("hand_ik.{s}",), (), ("upper_arm_ik_target.{s}",), ("upper_arm_ik.{s}",),
            (Switch("upper_arm_parent.{s}", "pole_vector", 0.0, 1.0),),
            (Switch("upper_arm_parent.{s}", "IK_FK", 1.0, 0.0),),
        ),
        IkNames(
            _LEG, ("foot_ik.{s}",), ("toe_ik.{s}", "toe.{s}"),
            ("thigh_ik_target.{s}",), ("thigh_ik.{s}",),
            (Switch("thigh_parent.{s}", "pole_vector", 0.0, 1.0),),
            (Switch("thigh_parent.{s}", "IK_FK", 1.0, 0.0),),
        ),
    ),
    roots=("root",),
)  # fmt: skip

_AUTO_RIG_PRO = Family(
    title="Auto-Rig Pro",
    letters=("l", "r"),
    marks=("c_root_master.x", "c_arm_fk.l", "c_thigh_fk.l"),
    path=("c_root_master.x",),
    pelvis=("root.x",),
    sided={
        "hip": _both("thigh_stretch.{s} thigh.{s}", "c_thigh_fk.{s}"),
        "knee": _both("leg_stretch.{s} leg.{s}", "c_leg_fk.{s}"),
        "ankle": _both("foot.{s}", "c_foot_fk.{s}"),
        "foot": _both("toes_01.{s}", "c_toes_fk.{s}"),
        "collar": _both("shoulder.{s}", "c_shoulder.{s}"),
        "shoulder": _both("arm_stretch.{s} arm.{s}", "c_arm_fk.{s}"),
        "elbow": _both("forearm_stretch.{s} forearm.{s}", "c_forearm_fk.{s}"),
        "wrist": _both("hand.{s}", "c_hand_fk.{s}"),
    },
    middle=_always({"neck": _both("neck.x", "c_neck.x"), "head": _both("head.x", "c_head.x")}),
    spine=_numbered(
        tuple(f"spine_{number:02}.x" for number in range(1, 7)),
        tuple(f"c_spine_{number:02}.x" for number in range(1, 7)),
    ),
    limbs=(
        IkNames(
            _ARM, ("c_hand_ik.{s}",), (), ("c_arms_pole.{s}",), (), (),
            (Switch("c_hand_ik.{s}", "ik_fk_switch", 1.0, 0.0),),
        ),
        IkNames(
            _LEG, ("c_foot_ik.{s}",), ("c_toes_ik.{s}",), ("c_leg_pole.{s}",), (), (),
            (Switch("c_foot_ik.{s}", "ik_fk_switch", 1.0, 0.0),),
        ),
    ),
    roots=("c_traj",),
)  # fmt: skip

_CLOUD_RIG = Family(
    title="CloudRig",
    letters=("L", "R"),
    marks=("FK-UpperArm.L", "FK-Thigh.L"),
    path=("MSTR-Torso", "MSTR-Spine_Torso", "TORSO-Spine1", "MSTR-Spine"),
    pelvis=("ORG-Hips", "ORG-Pelvis", "DEF-Hips", "DEF-Pelvis", "ORG-Spine", "DEF-Spine"),
    sided={
        "hip": _both("ORG-Thigh.{s} DEF-Thigh.{s} DEF-Thigh1.{s}", "FK-Thigh.{s}"),
        "knee": _both(
            "ORG-Knee.{s} ORG-Shin.{s} DEF-Knee.{s} DEF-Shin.{s} DEF-Knee1.{s} DEF-Shin1.{s}",
            "FK-Knee.{s} FK-Shin.{s}",
        ),
        "ankle": _both("ORG-Foot.{s} DEF-Foot.{s}", "FK-Foot.{s}"),
        "foot": _both("ORG-Toes.{s} DEF-Toes.{s} ORG-Toe.{s} DEF-Toe.{s}",
                      "FK-Toes.{s} FK-Toe.{s}"),
        "collar": _both("ORG-Shoulder.{s} DEF-Shoulder.{s}", "FK-Shoulder.{s}"),
        "shoulder": _both("ORG-UpperArm.{s} DEF-UpperArm.{s} DEF-UpperArm1.{s}",
                          "FK-UpperArm.{s}"),
        "elbow": _both("ORG-Forearm.{s} DEF-Forearm.{s} DEF-Forearm1.{s}", "FK-Forearm.{s}"),
        "wrist": _both("ORG-Wrist.{s} ORG-Hand.{s} DEF-Wrist.{s} DEF-Hand.{s}",
                       "FK-Wrist.{s} FK-Hand.{s}"),
    },
    middle=_always(
        {
            "neck": _both("ORG-Neck DEF-Neck", "FK-Neck"),
            "head": _both("ORG-Head DEF-Head", "FK-Head"),
        }
    ),
    spine=_numbered(
        tuple(f"{kind}-{name}" for kind in ("ORG", "DEF") for name in _CLOUD_SPINE),
        tuple(f"FK-{name}" for _ in range(2) for name in _CLOUD_SPINE),
    ),
    limbs=(
        IkNames(
            _ARM, ("IK-MSTR-Wrist.{s}", "IK-MSTR-Hand.{s}", "IK-Wrist.{s}", "IK-Hand.{s}"), (),
            ("IK-POLE-UpperArm.{s}", "POLE-UpperArm.{s}"), (), (),
            (
                Switch("Properties", "ik_{side}_upperarm", 0.0, 1.0),
                Switch("Properties", "ik_{side}_arm", 0.0, 1.0),
                Switch("Properties_IKFK", "ik_arm_{side}", 0.0, 1.0),
            ),
        ),
        IkNames(
            _LEG, ("IK-MSTR-Foot.{s}", "IK-Foot.{s}"), ("IK-Toes.{s}",),
            ("IK-POLE-Thigh.{s}", "POLE-Thigh.{s}"), (), (),
            (
                Switch("Properties", "ik_{side}_thigh", 0.0, 1.0),
                Switch("Properties", "ik_{side}_leg", 0.0, 1.0),
                Switch("Properties_IKFK", "ik_leg_{side}", 0.0, 1.0),
            ),
        ),
    ),
    roots=("root", "ROOT", "Root"),
)  # fmt: skip

FAMILIES: Final = (_RIGIFY, _AUTO_RIG_PRO, _CLOUD_RIG)
