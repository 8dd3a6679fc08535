"""Turns a motion into the animated properties of bones and of the object, and chooses their keys.

Each bone keeps its own rotation mode; what is locked, driven or constrained is left out.
It writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ....engine.motion import quaternions
from ....engine.motion.key_reduction import DenseTrack, reduce_keys
from ....engine.motion.retargeting.clip_to_rig import RigMotion
from ....engine.motion.rig_options import RigOptions
from ...core.curves.rotation_modes import channels_to_quaternions, quaternions_to_channels
from ..reading.root_channels import object_basis, object_scale
from .key_targets import KeyTargets, path_of, rotation_path

Array = NDArray[np.floating[Any]]
Flags = NDArray[np.bool_]

LOCATION = "LOCATION"
_MILLIMETRES = 1000.0


@dataclass(frozen=True, slots=True, eq=False)
class AnimatedProperty:
    """A rotation or a location with values on every frame."""

    owner: str
    """The bone's name; empty for the object."""

    data_path: str

    mode: str
    """The owner's rotation mode, or LOCATION."""

    values: Array
    """(T, C); channels that are not keyed hold what they hold now."""

    keyed: Flags
    """(C,) which channels get keys."""

    units_per_metre: float = 1.0
    """Of a location: its units in a canonical metre."""

    def measure(self) -> Callable[[Array], Array]:
        """Return what tells of other values (T, C) how far each frame is off, (T,).

        Degrees of a rotation, canonical millimetres of a location.
        """
        if self.mode == LOCATION:
            return lambda shown: (
                np.linalg.norm(shown - self.values, axis=1) * (_MILLIMETRES / self.units_per_metre)
            )
        meant = channels_to_quaternions(self.values, self.mode)
        return lambda shown: np.degrees(
            quaternions.angle_between(meant, channels_to_quaternions(shown, self.mode))
        )


@dataclass(frozen=True, slots=True, eq=False)
class OwnerKeys:
    """The keys of one bone or of the object: all its channels have them on the same frames."""

    properties: tuple[AnimatedProperty, ...]

    rows: NDArray[np.intp]
    """(K,) frames from 0."""

    slopes: tuple[Array, ...] = ()
    """(K, C) of each property: rise a frame; empty where every frame has a key."""

    errors: tuple[float, ...] = ()
    """The largest error of each property, in degrees or millimetres; empty likewise."""


def plan_keys(
    ob: bpy.types.Object, motion: RigMotion, targets: KeyTargets, size: float, options: RigOptions
) -> list[OwnerKeys]:
    """Return the keys of every bone of a motion, and of what carries it.

    Args:
        ob: the armature object.
        motion: one row a scene frame.
        targets: says what may be keyed.
        size: rig units in a canonical metre.
        options: whether and how far keys are thinned.
    """
    owners: dict[str, list[AnimatedProperty]] = {}
    for found in _properties(ob, motion, targets, size):
        if found.keyed.any():
            owners.setdefault(found.owner, []).append(_holding(ob, found))
    every = np.arange(len(motion.locations))
    if not options.thin:
        return [OwnerKeys(tuple(properties), every) for properties in owners.values()]
    return [thin_keys(tuple(properties), options) for properties in owners.values()]


def rotation_channels(
    ob: bpy.types.Object, bones: tuple[str, ...], rotations: Array
) -> Iterator[tuple[str, str, Array]]:
    """Yield each bone's name, its rotation's data path and values (T, 3 or 4).

    Bones of one rotation mode are converted together.

    Args:
        ob: the armature object.
        bones: M names.
        rotations: (T, M, 4) unit quaternions.
    """
    modes = [ob.pose.bones[name].rotation_mode for name in bones]
    for mode in dict.fromkeys(modes):
        columns = [column for column, other in enumerate(modes) if other == mode]
        path, values = quaternions_to_channels(rotations[:, columns], mode)
        for place, column in enumerate(columns):
            full_path = ob.pose.bones[bones[column]].path_from_id(path)
            yield bones[column], full_path, values[:, place]


def _properties(
    ob: bpy.types.Object, motion: RigMotion, targets: KeyTargets, size: float
) -> Iterator[AnimatedProperty]:
    """Yield the rotations of all bones and of the root, and the locations of those that move."""
    bones, rotations, locations = motion.bones, np.array(motion.rotations), {}
    locations[motion.location_bone] = motion.locations
    locations |= {one.bone: one.locations for one in motion.moved}
    root = motion.root
    if root is not None and root.bone:
        bones = (*bones, root.bone)
        rotations = np.concatenate([rotations, root.rotations[:, None]], axis=1)
        locations[root.bone] = root.locations
    for column, name in enumerate(bones):
        rotations[:, column] = targets.hold_locked(name, rotations[:, column])
    for name, path, values in rotation_channels(ob, bones, rotations):
        mode = ob.pose.bones[name].rotation_mode
        yield AnimatedProperty(name, path, mode, values, targets.rotation_flags(name))
    for name, values in locations.items():
        path = path_of(ob.pose.bones[name], "location")
        flags = targets.location_flags(name)
        yield AnimatedProperty(name, path, LOCATION, np.asarray(values), flags, size)
    if root is not None and not root.bone:
        turns, places = object_basis(ob, root)
        turns = targets.hold_locked("", turns)
        values = quaternions_to_channels(turns, ob.rotation_mode)[1]
        flags = targets.rotation_flags("")
        yield AnimatedProperty("", rotation_path(ob), ob.rotation_mode, values, flags)
        units = size * object_scale(ob)
        flags = targets.location_flags("")
        yield AnimatedProperty("", "location", LOCATION, places, flags, units)


def _holding(ob: bpy.types.Object, found: AnimatedProperty) -> AnimatedProperty:
    """Return the property with what it holds now on the channels that get no keys."""
    if found.keyed.all():
        return found
    held = np.array(ob.path_resolve(found.data_path), dtype=float)
    return replace(found, values=np.where(found.keyed, found.values, held))


def thin_keys(properties: tuple[AnimatedProperty, ...], options: RigOptions) -> OwnerKeys:
    """Return the keys that one owner's properties need within the tolerances of the options."""
    tracks = [
        DenseTrack(
            found.values,
            found.measure(),
            options.thin_millimetres if found.mode == LOCATION else options.thin_degrees,
        )
        for found in properties
    ]
    reduced = reduce_keys(tracks)
    return OwnerKeys(properties, reduced.rows, reduced.slopes, reduced.errors)
