"""Reads what bones follow by constraints: IK targets and poles, copied bones, other parents.

Only constraints that decide wholly are read: those that are muted, or that mix their wish
with the keys, tie nothing. It writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ....engine.motion import quaternions
from ....engine.motion.rig import Rein

Array = NDArray[np.floating[Any]]

_WHOLE = 0.99
_SPACES = {"WORLD", "POSE"}
_WAYS = {
    "CHILD_OF": ("use_location_x", "use_location_y", "use_location_z",
                 "use_rotation_x", "use_rotation_y", "use_rotation_z"),
    "COPY_LOCATION": ("use_x", "use_y", "use_z"),
    "COPY_ROTATION": ("use_x", "use_y", "use_z"),
}  # fmt: skip
"""What must be switched on for a constraint to decide wholly."""


def read_reins(ob: bpy.types.Object) -> tuple[Rein, ...]:
    """Return what the constraints of an armature's pose bones tie together."""
    return tuple(rein for bone in ob.pose.bones for rein in _reins_of(ob, bone))


def is_rein(ob: bpy.types.Object, constraint: Any) -> bool:
    """Say whether a constraint ties its bone wholly to another one of the same armature."""
    if constraint.mute or constraint.influence < _WHOLE or not constraint.is_valid:
        return False
    if getattr(constraint, "target", None) != ob or not constraint.subtarget:
        return False
    if constraint.type == "IK":
        return bool(constraint.ik_type == "COPY_POSE")
    if constraint.type not in (*_WAYS, "COPY_TRANSFORMS"):
        return False
    if not all(getattr(constraint, way) for way in _WAYS.get(constraint.type, ())):
        return False
    return constraint.type == "CHILD_OF" or _copies_as_it_is(constraint)


def _copies_as_it_is(constraint: Any) -> bool:
    """Say whether a bone is copied in space, with nothing added, turned over or in between."""
    spaces = {constraint.owner_space, constraint.target_space}
    mixes = getattr(constraint, "mix_mode", "REPLACE")
    others = ("use_offset", "invert_x", "invert_y", "invert_z", "head_tail")
    return (
        spaces <= _SPACES
        and mixes == "REPLACE"
        and not any(getattr(constraint, name, False) for name in others)
    )


def _reins_of(ob: bpy.types.Object, bone: bpy.types.PoseBone) -> Iterator[Rein]:
    constraints: Any = bone.constraints
    for constraint in constraints:
        if not is_rein(ob, constraint) or constraint.subtarget not in ob.data.bones:
            continue
        followed = constraint.subtarget
        at, turn = np.zeros(3), quaternions.IDENTITY
        if constraint.type == "IK":
            yield from _reins_of_chain(ob, bone, constraint)
        elif constraint.type == "CHILD_OF":
            yield Rein(followed, bone.name, *_rest_between(ob, bone.name, followed), True)
        elif constraint.type == "COPY_TRANSFORMS":
            yield Rein(followed, bone.name, at, turn)
        elif constraint.type == "COPY_LOCATION":
            yield Rein(followed, bone.name, at)
        else:
            yield Rein(followed, bone.name, turn=turn)


def _reins_of_chain(
    ob: bpy.types.Object, bone: bpy.types.PoseBone, constraint: Any
) -> Iterator[Rein]:
    """Yield an IK chain's target, and its pole as it lies to the first bone of the chain."""
    end = np.array([0.0, bone.bone.length, 0.0]) if constraint.use_tail else np.zeros(3)
    turn = quaternions.IDENTITY if constraint.use_rotation else None
    yield Rein(constraint.subtarget, bone.name, end, turn)
    chain = [bone, *bone.parent_recursive][: constraint.chain_count or None]
    if constraint.pole_target == ob and constraint.pole_subtarget in ob.data.bones:
        first = chain[-1].name
        yield Rein(
            constraint.pole_subtarget, first, _rest_between(ob, first, constraint.pole_subtarget)[0]
        )


def _rest_between(
    ob: bpy.types.Object, follower: str, followed: str
) -> tuple[Array, Array]:
    """Return where a bone starts and how it is turned at rest, in another's axes."""
    bones = ob.data.bones
    between = bones[follower].matrix_local.inverted() @ bones[followed].matrix_local
    return np.array(between.translation), np.array(between.to_quaternion())
