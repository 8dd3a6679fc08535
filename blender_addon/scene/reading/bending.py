"""Which constraints have a say in the pose of bones, whatever their keys are.

It writes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import bpy

from .reins import is_rein

_CHAINS = {"IK", "SPLINE_IK"}
# These hand a bone to another parent: its keys count from there.
_CARRIERS = {"CHILD_OF", "ARMATURE"}
Constraints = dict[str, tuple[str, ...]]


def find_constraints(
    ob: bpy.types.Object, names: Iterable[str], keyed: Collection[str] = ()
) -> Constraints:
    """Return by bone the names of the constraints that work on it, of bones that have some.

    Args:
        ob: the armature object.
        names: bones; those above them count, too.
        keyed: bones with keys of their own: what ties others wholly to them bends nothing.
    """
    bones = [ob.pose.bones[name] for name in names]
    line = {above.name for bone in bones for above in (bone, *bone.parent_recursive)}
    found: dict[str, list[str]] = {}
    for bone in ob.pose.bones:
        for constraint in bone.constraints:
            if constraint.mute or not constraint.is_valid or constraint.influence <= 0.0:
                continue
            if constraint.type in _CARRIERS or _is_tied(ob, constraint, keyed):
                continue
            for name in _turned(bone, constraint):
                if name in line:
                    found.setdefault(name, []).append(constraint.name)
    return {name: tuple(dict.fromkeys(those)) for name, those in found.items()}


def _is_tied(
    ob: bpy.types.Object, constraint: bpy.types.Constraint, keyed: Collection[str]
) -> bool:
    return is_rein(ob, constraint) and getattr(constraint, "subtarget", "") in keyed


def _turned(bone: bpy.types.PoseBone, constraint: bpy.types.Constraint) -> list[str]:
    """Return the bones that a constraint of a bone turns or moves."""
    line = [bone, *bone.parent_recursive]
    if constraint.type not in _CHAINS:
        line = line[:1]
    elif length := constraint.chain_count:  # type: ignore[attr-defined]
        line = line[:length]
    return [above.name for above in line]
