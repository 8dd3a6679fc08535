"""Recognises the controls of a rig, and chooses those that a motion needs.

It writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import bpy
import numpy as np
from numpy.typing import NDArray

from ....engine.motion.bones.matching import BoneMap
from ....engine.motion.request import RequestError
from ....engine.motion.rig import Rig
from ....engine.motion.rig_options import IK, RigOptions
from ...core.controls import families as control_families
from ...core.controls.families import ControlNames, LimbControls
from ...core.controls.solving import Follower
from ...core.rigs import rows as rig_rows
from ...core.rigs.double_bones import Property
from ...core.rigs.posed import Posed
from ..reading import armature, rig_settings

Flags = NDArray[np.bool_]

@dataclass(frozen=True)
class Controls:
    """The controls of one character."""

    names: ControlNames
    bone_map: BoneMap
    """The bones that follow them."""

    with_poles: frozenset[str]
    """IK controls of limbs that bend towards a pole now."""

    @cached_property
    def bones(self) -> tuple[str, ...]:
        """All bones that reading or writing looks at."""
        limbs = self.names.limbs
        held = [name for limb in limbs for name in (limb.end, limb.toe, limb.pole, limb.swing)]
        held += [switch.bone for limb in limbs if (switch := limb.switch) is not None]
        pairs = [name for pair in self.names.controls for name in pair]
        return tuple(dict.fromkeys([*self.bone_map.bones.values(), *pairs, *filter(None, held)]))

    @cached_property
    def switches(self) -> tuple[Property, ...]:
        """The properties that choose between FK and IK."""
        found = [limb.switch for limb in self.names.limbs if limb.switch is not None]
        return tuple((switch.bone, switch.name) for switch in found)

    def bone_of(self, control: str) -> str:
        """Return the bone that follows a control; empty where none does."""
        bones = dict(self.names.controls)
        if control in bones:
            return bones[control]
        for limb in self.names.limbs:
            if control in (limb.end, limb.pole, limb.swing):
                return self.bone_map.bones.get(limb.joints[2 if control == limb.end else 1], "")
        return ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What gets keys: FK controls with their bones, and limbs by IK."""

    followers: tuple[Follower, ...]
    limbs: tuple[LimbControls, ...]
    moves_path: bool


def read_body(ob: bpy.types.Object) -> tuple[Rig, BoneMap]:
    """Return an armature's bones at rest, and which of them play which joints.

    Of a control rig they are the bones that follow the controls, one below another.

    Raises:
        RequestError: if no humanoid is recognised, or what is stored no longer fits.
    """
    rig = armature.read_rig(ob)
    names = _find_names(ob)
    if names is None:
        bone_map = armature.read_bone_map(ob, rig)
        return replace(rig, size=armature.read_size(ob, rig, bone_map)), bone_map
    bone_map = control_families.family_map(names)
    if not rig_rows.is_empty(rig_settings.read_rows(ob)):
        bone_map = control_families.following_map(names, armature.read_bone_map(ob, rig))
    rig = control_families.following_rig(rig, bone_map)
    return replace(rig, size=armature.read_size(ob, rig, bone_map)), bone_map


def read_family_map(ob: bpy.types.Object) -> BoneMap | None:
    """Return the bones that follow the controls, as the rig's family has them; None without."""
    names = _find_names(ob)
    return None if names is None else control_families.family_map(names)


def find_controls(ob: bpy.types.Object, bone_map: BoneMap | None = None) -> Controls | None:
    """Recognise a control rig; None where keys belong on the bones themselves.

    Args:
        ob: the armature object.
        bone_map: which bones play which joints; None takes those that the family has.
    """
    names = _find_names(ob)
    if names is None:
        return None
    poles = frozenset(limb.end for limb in names.limbs if _bends_to_pole(ob, limb))
    bone_map = bone_map or control_families.family_map(names)
    bone_map = control_families.following_map(names, bone_map)
    return Controls(names, bone_map, poles)


def _find_names(ob: bpy.types.Object) -> ControlNames | None:
    held = ob.pose.bones
    return control_families.find_names(
        [bone.name for bone in ob.data.bones],
        lambda bone, name: name in held[bone].keys(),  # noqa: SIM118 - no mapping
    )


def _bends_to_pole(ob: bpy.types.Object, limb: LimbControls) -> bool:
    if limb.pole_switch is None or not limb.swing:
        return bool(limb.pole)
    switch = limb.pole_switch
    return bool(limb.pole) and float(ob.pose.bones[switch.bone][switch.name]) == switch.ik


def choose_all(controls: Controls, options: RigOptions) -> Chosen:
    """Return the controls of the whole body, limbs as the animator wishes."""
    limbs = _mapped_limbs(controls) if options.limb_controls == IK else ()
    return _choose(controls, set(controls.bone_map.bones.values()), limbs, moves_path=True)


def choose_some(
    controls: Controls, bones: Iterable[str], seen: Posed, rows: Flags, moves_path: bool
) -> Chosen:
    """Return the controls of some bones, limbs as their switches stand over some rows.

    Raises:
        RequestError: if a switch changes, or mixes FK with IK.
    """
    limbs = []
    wanted = set(bones)
    for limb in _mapped_limbs(controls):
        if not _limb_bones(controls, limb) & wanted or limb.switch is None:
            continue
        values = seen.switches[limb.switch.bone, limb.switch.name][rows]
        if np.allclose(values, limb.switch.ik, atol=1e-3):
            limbs.append(limb)
        elif not np.allclose(values, limb.switch.fk, atol=1e-3):
            raise RequestError(
                f'"{limb.switch.name}" of "{limb.switch.bone}" mixes IK with FK, or changes, '
                "within the frames.",
                "Choose frames on which it stands still at one of the two.",
            )
    return _choose(controls, wanted, tuple(limbs), moves_path)


def _mapped_limbs(controls: Controls) -> tuple[LimbControls, ...]:
    """Return the limbs whose three joints have bones."""
    known = controls.bone_map.bones
    return tuple(
        limb for limb in controls.names.limbs if all(joint in known for joint in limb.joints)
    )


def _limb_bones(controls: Controls, limb: LimbControls) -> set[str]:
    """Return the bones that a limb's IK controls turn."""
    bones = controls.bone_map.bones
    joints = (*limb.joints, _toe_joint(limb)) if limb.toe else limb.joints
    return {bones[joint] for joint in joints if joint in bones}


def _toe_joint(limb: LimbControls) -> str:
    return limb.joints[2].replace("ankle", "foot")


def _choose(
    controls: Controls, bones: set[str], limbs: tuple[LimbControls, ...], moves_path: bool
) -> Chosen:
    by_joint = controls.bone_map.bones
    by_ik = {bone for limb in limbs for bone in _limb_bones(controls, limb)}
    followers = [
        Follower(control, bone)
        for control, bone in controls.names.controls
        if bone in bones and bone not in by_ik
    ]
    for limb in limbs:
        followers.append(Follower(limb.end, by_joint[limb.joints[2]]))
        if limb.toe and _toe_joint(limb) in by_joint:
            followers.append(Follower(limb.toe, by_joint[_toe_joint(limb)]))
    return Chosen(tuple(followers), limbs, moves_path)


def switch_values(controls: Controls, options: RigOptions) -> dict[Property, float]:
    """Return the values of all IK/FK switches for the animator's wish."""
    is_ik = options.limb_controls == IK
    found = [limb.switch for limb in controls.names.limbs if limb.switch is not None]
    return {(one.bone, one.name): one.ik if is_ik else one.fk for one in found}
