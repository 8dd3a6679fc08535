"""Names of control rigs: which control turns the bone of which joint, and what IK hangs on.

Tables for generated Rigify, Auto-Rig Pro and CloudRig, and how they are recognised.
It knows no Blender; it reads names, never poses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Container, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from ...engine.motion.bone_matching import REQUIRED_JOINTS, BoneMap, Guess
from ...engine.motion.skeleton import JOINTS

Names = tuple[str, ...]
HasProperty = Callable[[str, str], bool]

SIDES: Final = ("left", "right")


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
class LimbControls:
    """An arm or a leg; empty names are controls that the rig lacks."""

    joints: tuple[str, str, str]
    """Its upper joint, the bend, the end: left_shoulder, left_elbow, left_wrist."""

    end: str
    """IK control of the hand or the foot."""

    toe: str = ""
    """Turns the toes in IK."""

    pole: str = ""
    """The bend points at it."""

    swing: str = ""
    """Turns the bend about the limb where there is no pole."""

    pole_switch: Switch | None = None
    """`fk` is without the pole, `ik` with it; None where the rig has only one of the two."""

    switch: Switch | None = None


@dataclass(frozen=True, slots=True)
class ControlNames:
    """A control rig's names, as far as the rig has them."""

    family: str
    """For people: Rigify."""

    path: str
    """The control that moves and turns the whole body; its joint is the pelvis."""

    controls: tuple[tuple[str, str], ...]
    """Each FK control with the bone that follows it, the path first."""

    deform: tuple[tuple[str, str], ...]
    """Each joint with the bone that plays it, in the order of JOINTS."""

    limbs: tuple[LimbControls, ...]
    """Arms and legs that have IK."""


@dataclass(frozen=True, slots=True)
class _Limb:
    """Names of an arm's or a leg's IK; `{s}` is the side's letter, `{side}` its word."""

    joints: tuple[str, str, str]
    end: Names
    toe: Names = ()
    pole: Names = ()
    swing: Names = ()
    pole_switch: tuple[Switch, ...] = ()
    switches: tuple[Switch, ...] = ()


@dataclass(frozen=True, slots=True)
class _Family:
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
    limbs: tuple[_Limb, ...]


def find_names(names: Collection[str], has_property: HasProperty) -> ControlNames | None:
    """Recognise a control rig by its bones; None where there is none, or it lacks what counts.

    Args:
        names: of all bones.
        has_property: says whether a bone has a custom property of that name.
    """
    names = frozenset(names)
    for family in _FAMILIES:
        if _has_marks(family, names):
            found = _resolve(family, names, has_property)
            if found is not None:
                return found
    return None


def looks_controlled(names: Container[str]) -> bool:
    """Say at a glance whether a rig has controls for its limbs."""
    return any(_has_marks(family, names) for family in _FAMILIES)


def _has_marks(family: _Family, names: Container[str]) -> bool:
    return all(mark in names for mark in family.marks)


def family_map(found: ControlNames) -> BoneMap:
    """Return which bones follow the controls, as a bone map."""
    reason = f"{found.family} calls it so"
    return BoneMap(tuple(Guess(joint, bone, 1.0, reason) for joint, bone in found.deform))


def following_map(found: ControlNames, bone_map: BoneMap) -> BoneMap:
    """Return a map with those bones that follow the controls in every way.

    Rigify's DEF- bones share the twist of a limb among them; the ORG- bones beneath
    them turn as the controls do, and above the waist the control itself.
    """
    whole = {}
    for control, bone in found.controls:
        core = re.sub("^spine_fk", "ORG-spine", bone) if bone == control else bone
        whole |= {core: bone, re.sub("^ORG-", "DEF-", core): bone}
    guesses = (replace(one, bone=whole.get(one.bone, one.bone)) for one in bone_map.guesses)
    return replace(bone_map, guesses=tuple(guesses))


def _resolve(
    family: _Family, names: frozenset[str], has_property: HasProperty
) -> ControlNames | None:
    path = _first(family.path, names)
    pelvis = _first(family.pelvis, names)
    if not path or not pelvis:
        return None
    spine = _spine(family, names, pelvis)
    deform, controls = {"pelvis": pelvis}, {path: pelvis} | {turner: bone for bone, turner in spine}
    for joint, bones, turners in _rows(family, names):
        bone, control = _first(bones, names), _first(turners, names)
        if bone and control:
            deform[joint], controls[control] = bone, bone
    deform |= {joint: bone for joint, (bone, _) in _spread(spine)}
    if any(joint not in deform for joint in REQUIRED_JOINTS):
        return None
    ordered = [joint for joint in JOINTS if joint in deform]
    return ControlNames(
        family=family.title,
        path=path,
        controls=tuple(controls.items()),
        deform=tuple((joint, deform[joint]) for joint in ordered),
        limbs=tuple(_limbs(family, names, has_property)),
    )


def _rows(family: _Family, names: frozenset[str]) -> Iterator[tuple[str, Names, Names]]:
    """Yield every joint but the pelvis with its possible bones and controls."""
    for side, letter in zip(SIDES, family.letters, strict=True):
        for joint, (bones, controls) in family.sided.items():
            yield f"{side}_{joint}", _sided(bones, side, letter), _sided(controls, side, letter)
    for joint, (bones, controls) in family.middle(names).items():
        yield joint, bones, controls


def _spine(family: _Family, names: frozenset[str], pelvis: str) -> list[tuple[str, str]]:
    """Return each spine control once with the bone that follows it, lowest first."""
    pairs: dict[str, str] = {}
    for bone, control in family.spine(names):
        if bone != pelvis:
            pairs.setdefault(control, bone)
    return [(bone, control) for control, bone in pairs.items()]


def _spread(spine: list[tuple[str, str]]) -> Iterable[tuple[str, tuple[str, str]]]:
    """Give the spine's joints to its controls: lowest, middle, topmost."""
    if len(spine) < 2:
        return zip(("spine3",), spine, strict=False)
    if len(spine) == 2:
        return zip(("spine1", "spine3"), spine, strict=True)
    return zip(
        ("spine1", "spine2", "spine3"), (spine[0], spine[len(spine) // 2], spine[-1]), strict=True
    )


def _limbs(
    family: _Family, names: frozenset[str], has_property: HasProperty
) -> Iterator[LimbControls]:
    for side, letter in zip(SIDES, family.letters, strict=True):
        for limb in family.limbs:
            end = _first(_sided(limb.end, side, letter), names)
            if not end:
                continue
            upper, bend, last = (f"{side}_{joint}" for joint in limb.joints)
            switches = [_switch(one, side, letter) for one in limb.switches]
            pole_switches = [_switch(one, side, letter) for one in limb.pole_switch]
            yield LimbControls(
                joints=(upper, bend, last),
                end=end,
                toe=_first(_sided(limb.toe, side, letter), names),
                pole=_first(_sided(limb.pole, side, letter), names),
                swing=_first(_sided(limb.swing, side, letter), names),
                pole_switch=_present(pole_switches, names, has_property),
                switch=_present(switches, names, has_property),
            )


def _switch(switch: Switch, side: str, letter: str) -> Switch:
    bone, name = _sided((switch.bone, switch.name), side, letter)
    return replace(switch, bone=bone, name=name)


def _present(
    switches: list[Switch], names: frozenset[str], has_property: HasProperty
) -> Switch | None:
    held = (one for one in switches if one.bone in names and has_property(one.bone, one.name))
    return next(held, None)


def _first(candidates: Names, names: frozenset[str]) -> str:
    return next((name for name in candidates if name in names), "")


def _sided(candidates: Names, side: str, letter: str) -> Names:
    return tuple(name.format(s=letter, side=side) for name in candidates)


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

_RIGIFY = _Family(
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
        _Limb(
            _ARM, ("hand_ik.{s}",), (), ("upper_arm_ik_target.{s}",), ("upper_arm_ik.{s}",),
            (Switch("upper_arm_parent.{s}", "pole_vector", 0.0, 1.0),),
            (Switch("upper_arm_parent.{s}", "IK_FK", 1.0, 0.0),),
        ),
        _Limb(
            _LEG, ("foot_ik.{s}",), ("toe_ik.{s}", "toe.{s}"),
            ("thigh_ik_target.{s}",), ("thigh_ik.{s}",),
            (Switch("thigh_parent.{s}", "pole_vector", 0.0, 1.0),),
            (Switch("thigh_parent.{s}", "IK_FK", 1.0, 0.0),),
        ),
    ),
)  # fmt: skip

_AUTO_RIG_PRO = _Family(
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
        _Limb(
            _ARM, ("c_hand_ik.{s}",), (), ("c_arms_pole.{s}",), (), (),
            (Switch("c_hand_ik.{s}", "ik_fk_switch", 1.0, 0.0),),
        ),
        _Limb(
            _LEG, ("c_foot_ik.{s}",), ("c_toes_ik.{s}",), ("c_leg_pole.{s}",), (), (),
            (Switch("c_foot_ik.{s}", "ik_fk_switch", 1.0, 0.0),),
        ),
    ),
)  # fmt: skip

_CLOUD_RIG = _Family(
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
        _Limb(
            _ARM, ("IK-MSTR-Wrist.{s}", "IK-MSTR-Hand.{s}", "IK-Wrist.{s}", "IK-Hand.{s}"), (),
            ("IK-POLE-UpperArm.{s}", "POLE-UpperArm.{s}"), (), (),
            (
                Switch("Properties", "ik_{side}_upperarm", 0.0, 1.0),
                Switch("Properties", "ik_{side}_arm", 0.0, 1.0),
                Switch("Properties_IKFK", "ik_arm_{side}", 0.0, 1.0),
            ),
        ),
        _Limb(
            _LEG, ("IK-MSTR-Foot.{s}", "IK-Foot.{s}"), ("IK-Toes.{s}",),
            ("IK-POLE-Thigh.{s}", "POLE-Thigh.{s}"), (), (),
            (
                Switch("Properties", "ik_{side}_thigh", 0.0, 1.0),
                Switch("Properties", "ik_{side}_leg", 0.0, 1.0),
                Switch("Properties_IKFK", "ik_leg_{side}", 0.0, 1.0),
            ),
        ),
    ),
)  # fmt: skip

_FAMILIES: Final = (_RIGIFY, _AUTO_RIG_PRO, _CLOUD_RIG)
