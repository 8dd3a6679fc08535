"""Control rigs recognised by the names of their bones, and the bones that follow the controls.

It knows no Blender; it reads names, never poses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Container, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from ....engine.motion.bones.matching import REQUIRED_JOINTS, BoneMap, Guess
from ....engine.motion.rig import Rig, RigReference
from ....engine.motion.skeleton import JOINTS, PARENTS
from .tables import FAMILIES, Family, Names, Switch

HasProperty = Callable[[str, str], bool]

SIDES: Final = ("left", "right")


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

    root: str = ""
    """The control that carries everything about."""


def find_names(names: Collection[str], has_property: HasProperty) -> ControlNames | None:
    """Recognise a control rig by its bones; None where there is none, or it lacks what counts.

    Args:
        names: of all bones.
        has_property: says whether a bone has a custom property of that name.
    """
    names = frozenset(names)
    for family in FAMILIES:
        if _has_marks(family, names):
            found = _resolve(family, names, has_property)
            if found is not None:
                return found
    return None


def looks_controlled(names: Container[str]) -> bool:
    """Say at a glance whether a rig has controls for its limbs."""
    return any(_has_marks(family, names) for family in FAMILIES)


def _has_marks(family: Family, names: Container[str]) -> bool:
    return all(mark in names for mark in family.marks)


def family_map(found: ControlNames) -> BoneMap:
    """Return which bones follow the controls, as a bone map."""
    reason = f"{found.family} calls it so"
    guesses = tuple(Guess(joint, bone, 1.0, reason) for joint, bone in found.deform)
    return BoneMap(guesses, root=found.root)


def following_map(found: ControlNames, bone_map: BoneMap) -> BoneMap:
    """Return a map with those bones that follow the controls in every way.

    Rigify's DEF- bones share the twist of a limb among them; the ORG- bones beneath
    them turn as the controls do, and above the waist the control itself.
    """
    whole: dict[str, str] = {}
    for control, bone in found.controls:
        core = re.sub("^spine_fk", "ORG-spine", bone) if bone == control else bone
        whole |= {core: bone, re.sub("^ORG-", "DEF-", core): bone}
    guesses = (replace(one, bone=whole.get(one.bone, one.bone)) for one in bone_map.guesses)
    return BoneMap(tuple(guesses), root=found.root)


def following_rig(rig: Rig, bone_map: BoneMap) -> Rig:
    """Return the mapped bones alone, each below the bone of the joint above it.

    In a control rig they hang from helper bones in any order; how they follow one another
    is what a motion is about.
    """
    bones = bone_map.bones
    names = [*filter(None, [bone_map.root]), *bones.values()]
    above = {bone: _bone_above(bone_map, joint) for joint, bone in bones.items()}
    index = {name: number for number, name in enumerate(names)}
    rows = [rig.index[name] for name in names]
    reference = rig.reference
    if reference is not None:
        reference = RigReference(
            reference.heads[rows], reference.tails[rows], reference.rotations[rows]
        )
    return Rig(
        names=tuple(names),
        parents=tuple(index.get(above.get(name, ""), -1) for name in names),
        heads=rig.heads[rows],
        tails=rig.tails[rows],
        rotations=rig.rotations[rows],
        reference=reference,
        size=rig.size,
    )


def _bone_above(bone_map: BoneMap, joint: str) -> str:
    parent = PARENTS[JOINTS.index(joint)]
    while parent >= 0 and JOINTS[parent] not in bone_map.bones:
        parent = PARENTS[parent]
    return bone_map.bones[JOINTS[parent]] if parent >= 0 else bone_map.root


def _resolve(
    family: Family, names: frozenset[str], has_property: HasProperty
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
        root=_first(family.roots, names),
    )


def _rows(family: Family, names: frozenset[str]) -> Iterator[tuple[str, Names, Names]]:
    """Yield every joint but the pelvis with its possible bones and controls."""
    for side, letter in zip(SIDES, family.letters, strict=True):
        for joint, (bones, controls) in family.sided.items():
            yield f"{side}_{joint}", _sided(bones, side, letter), _sided(controls, side, letter)
    for joint, (bones, controls) in family.middle(names).items():
        yield joint, bones, controls


def _spine(family: Family, names: frozenset[str], pelvis: str) -> list[tuple[str, str]]:
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
    family: Family, names: frozenset[str], has_property: HasProperty
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
