"""Says which channels of bones and of the object may get keys, and why the others may not.

Locked channels stay as they are; what a driver or a constraint decides needs no keys.
It writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ...core.curves.rotation_modes import DATA_PATHS, channels_to_quaternions, hold_euler
from ..reading.reins import is_rein

Array = NDArray[np.floating[Any]]
Flags = NDArray[np.bool_]

_TRACKING = {"TRACK_TO", "DAMPED_TRACK", "LOCKED_TRACK", "STRETCH_TO"}
_CHAINS = {"IK", "SPLINE_IK"}
_WHOLE = 1.0 - 1e-6
_FOUR = 4
_NAMED = 8


class KeyTargets:
    """Says which channels of an armature object get keys; remembers why others get none."""

    def __init__(self, ob: bpy.types.Object, is_measured: bool = False) -> None:
        """Look at an armature object; `is_measured` keys were solved with its constraints."""
        self._ob = ob
        self._driven = _driven_channels(ob)
        self._turned = set() if is_measured else _turned_by_constraints(ob)
        self._placed = set() if is_measured else _placed_by_constraints(ob)
        # What these follow gets keys instead: nothing is amiss.
        self._tied = {
            _name_of(owner)
            for owner, constraint in _working_constraints(ob)
            if is_rein(ob, constraint)
        }
        self._locked: dict[str, None] = {}
        self._decided: dict[str, None] = {}
        self._connected: dict[str, None] = {}

    def rotation_flags(self, name: str) -> Flags:
        """Return which channels (3 or 4) of a rotation may be keyed.

        Args:
            name: a bone; empty means the object.
        """
        owner = self._owner(name)
        mode = owner.rotation_mode
        locks = np.array(owner.lock_rotation)
        if mode in DATA_PATHS and owner.lock_rotations_4d:
            # Without an axis that may move, the fourth number turns nothing.
            locks = np.array([owner.lock_rotation_w or locks.all(), *locks])
        elif mode in DATA_PATHS:
            # Blender locks XYZ angles of such bones: `hold_locked` sees to it.
            locks = np.full(_FOUR, locks.all())
        if np.any(owner.lock_rotation) or (len(locks) == _FOUR and locks.any()):
            self._locked[name] = None
        return self._flags(name, rotation_path(owner), locks, self._turned)

    def location_flags(self, name: str) -> Flags:
        """Return which channels (3,) of a location may be keyed."""
        owner = self._owner(name)
        if name and owner.bone.use_connect and owner.parent is not None:
            self._connected[name] = None
            return np.zeros(3, dtype=bool)
        locks = np.array(owner.lock_location)
        if locks.any():
            self._locked[name] = None
        return self._flags(name, path_of(owner, "location"), locks, self._placed)

    def hold_locked(self, name: str, rotations: Array, own: Array | None = None) -> Array:
        """Return rotations (T, 4) whose locked angles stay; others are returned as they are.

        Args:
            name: a bone; empty means the object.
            rotations: (T, 4)
            own: (T, 4) what the bone does now; None means that it keeps what it holds.
        """
        owner = self._owner(name)
        locked = np.array(owner.lock_rotation)
        is_free = owner.rotation_mode not in DATA_PATHS or owner.lock_rotations_4d
        if is_free or not locked.any() or locked.all():
            return rotations
        if own is None:
            mode = owner.rotation_mode
            own = channels_to_quaternions(np.array(getattr(owner, DATA_PATHS[mode])), mode)
        return hold_euler(rotations, own, locked)

    def notes(self) -> list[str]:
        """Return sentences on the channels that get no keys, without full stops."""
        notes = []
        if self._locked:
            notes.append(f"Locked channels of {self._spoken(self._locked)} stay as they are")
        if self._decided:
            names = self._spoken(self._decided)
            notes.append(f"Constraints or drivers move {names}, which got no keys there")
        if self._connected:
            names = self._spoken(self._connected)
            notes.append(f"The path got no keys: {names} is connected to its parent")
        return notes

    def _owner(self, name: str) -> Any:
        return self._ob.pose.bones[name] if name else self._ob

    def _flags(self, name: str, path: str, locks: Array, decided: set[str]) -> Flags:
        driven = np.array([(path, index) in self._driven for index in range(len(locks))])
        if name in decided:
            driven[:] = True
        if driven.any() and name not in self._tied:
            self._decided[name] = None
        return np.asarray(~(locks.astype(bool) | driven))

    def _spoken(self, names: Iterable[str]) -> str:
        """Return names as a list for a sentence; an empty one stands for the object."""
        shown = [f'"{name or self._ob.name}"' for name in names]
        more = len(shown) - _NAMED
        return ", ".join(shown[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def rotation_path(owner: Any) -> str:
    """Return the data path of the rotation that a pose bone or an object uses."""
    return path_of(owner, DATA_PATHS.get(owner.rotation_mode, "rotation_euler"))


def bones_without_rotation(ob: bpy.types.Object) -> set[str]:
    """Return the bones whose rotation gets no keys at all."""
    targets = KeyTargets(ob)
    return {bone.name for bone in ob.pose.bones if not targets.rotation_flags(bone.name).any()}


def _turned_by_constraints(ob: bpy.types.Object) -> set[str]:
    """Return the bones whose rotation constraints decide wholly, whatever their keys are.

    The object itself is among them as an empty name.
    """
    turned = set()
    for owner, constraint in _working_constraints(ob):
        kind = constraint.type
        if kind == "IK" and is_rein(ob, constraint):
            continue  # The target gets keys; the chain's own say which way it bends.
        if kind in _CHAINS:
            turned |= _chain(owner, constraint)
        elif kind in _TRACKING or kind == "TRANSFORM_CACHE" or _replaces_rotation(constraint):
            turned.add(_name_of(owner))
    return turned


def _placed_by_constraints(ob: bpy.types.Object) -> set[str]:
    """Return the bones whose location constraints decide wholly; the object's name is empty."""
    return {
        _name_of(owner)
        for owner, constraint in _working_constraints(ob)
        if constraint.type in ("FOLLOW_PATH", "CLAMP_TO", "TRANSFORM_CACHE")
        or _replaces_location(constraint)
    }


def _working_constraints(ob: bpy.types.Object) -> list[tuple[Any, Any]]:
    """Return bones and the object with each of their constraints that has its full influence."""
    return [
        (owner, constraint)
        for owner in (ob, *ob.pose.bones)
        for constraint in owner.constraints
        if not constraint.mute
        and constraint.is_valid
        and constraint.influence >= _WHOLE
        and getattr(constraint, "target", owner) is not None
    ]


def _replaces_rotation(constraint: Any) -> bool:
    if constraint.type == "COPY_TRANSFORMS":
        return bool(constraint.mix_mode == "REPLACE")
    if constraint.type != "COPY_ROTATION":
        return False
    axes = constraint.use_x and constraint.use_y and constraint.use_z
    return bool(axes and constraint.mix_mode == "REPLACE")


def _replaces_location(constraint: Any) -> bool:
    if constraint.type == "COPY_TRANSFORMS":
        return bool(constraint.mix_mode == "REPLACE")
    if constraint.type != "COPY_LOCATION":
        return False
    axes = constraint.use_x and constraint.use_y and constraint.use_z
    return bool(axes and not constraint.use_offset)


def _chain(bone: Any, constraint: Any) -> set[str]:
    """Return the names of the bones that an IK constraint turns."""
    line = [bone, *bone.parent_recursive]
    if not getattr(constraint, "use_tail", True):
        line = line[1:]
    return {above.name for above in line[: constraint.chain_count or None]}


def _driven_channels(ob: bpy.types.Object) -> set[tuple[str, int]]:
    """Return data path and index of everything that a driver of the object decides."""
    data = ob.animation_data
    drivers = data.drivers if data is not None else ()
    return {(curve.data_path, curve.array_index) for curve in drivers if not curve.mute}


def _name_of(owner: Any) -> str:
    """Return a bone's name; empty for the object."""
    return owner.name if isinstance(owner, bpy.types.PoseBone) else ""


def path_of(owner: Any, name: str) -> str:
    """Return a property's data path from the object, which owns the action."""
    return owner.path_from_id(name) if isinstance(owner, bpy.types.PoseBone) else name
