"""Works out, from a motion, which channels of a span of frames get which values and which keys.

It reads curves and writes nothing. What it returns are arrays and names: no curve is held on to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ....engine.motion.request import RequestError
from ....engine.motion.retargeting.clip_to_rig import RigMotion
from ....engine.motion.rig_options import RigOptions
from ...core.curves import key_density
from ...core.curves.channel_continuity import breaks_off, continue_channels
from ...core.curves.curve_span import SpanValues, ThinnedKeys
from ...core.curves.rotation_modes import channels_to_quaternions
from ..curves import curve_keys
from ..curves.key_targets import KeyTargets, rotation_path
from ..curves.take_channels import (
    LOCATION,
    AnimatedProperty,
    OwnerKeys,
    rotation_channels,
    thin_keys,
)
from .channel_plans import Channel, shown

Array = NDArray[np.floating[Any]]

ChannelId = tuple[str, int]
"""Data path and index."""

_BESIDE = 1.0
"""Frames from the span to the kept ones."""


@dataclass(frozen=True, slots=True)
class SpanKeys:
    """The frames and bones that get keys; both frames are inclusive."""

    first_frame_scene: int
    last_frame_scene: int

    bones: tuple[str, ...]
    """Their rotations are keyed, each in the bone's rotation mode."""

    location_bone: str | None
    """The bone whose location is keyed, too: the motion's, or none."""

    thin_degrees: float = 0.0
    """Above 0, keys are thinned: the largest error of a rotation on whole frames."""

    thin_millimetres: float = 0.0
    """The largest error of the path then, canonical millimetres."""

    thin_baked: bool = True
    """Thin also the keys of bones that had one on most frames."""

    units_per_metre: float = 1.0
    """Rig units in a canonical metre."""

    moved: tuple[str, ...] = ()
    """Further bones whose locations are keyed, among the motion's."""

    is_measured: bool = False
    """The keys are those of controls, solved with their constraints."""

    def all_keys(self) -> SpanKeys:
        """Return the span with a key on every frame."""
        return replace(self, thin_degrees=0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The object, the curves and the frames that a span is written into."""

    ob: bpy.types.Object

    targets: KeyTargets

    curves: dict[tuple[str, int], Any]
    """F-curves by data path and index."""

    span: SpanKeys

    @property
    def frames(self) -> Array:
        """(T,) whole scene frames."""
        span = self.span
        return np.arange(span.first_frame_scene, span.last_frame_scene + 1, dtype=float)

    def shown(self, path: str, held: Array, times: Array) -> Array:
        """Return what a property's channels show, (N, C) at times (N,)."""
        columns = [
            shown(self.curves.get((path, index)), held[index], times) for index in range(len(held))
        ]
        return np.stack(columns, axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Filled:
    """A property that gets keys on a span."""

    found: AnimatedProperty

    frames: Array
    """(T,) whole scene frames of its values."""

    breaks: bool
    """No way leads from its last value to the kept curve."""

    is_thinned: bool
    """Its keys are chosen; otherwise every frame gets one."""


def fill_span(part: Part, motion: RigMotion, start_frame_scene: int) -> list[Filled]:
    """Return the properties of a span that get keys, with their values.

    Raises:
        RequestError: with the cure, if their curves can take no keys.
    """
    rows = check_rows(motion, start_frame_scene, part.span)
    filled = [
        *_rotations(part, motion.bones, motion.rotations[rows]),
        *_locations(part, motion, rows),
    ]
    filled = [(found, breaks) for found, breaks in filled if found.keyed.any()]
    for found, _ in filled:
        for index in np.flatnonzero(found.keyed).tolist():
            _check_curve(found.owner, part.curves.get((found.data_path, index)))
    owners: dict[str, list[AnimatedProperty]] = {}
    for found, _ in filled:
        owners.setdefault(found.owner, []).append(found)
    thinned = set(owners) if part.span.thin_degrees > 0.0 else set()
    if thinned and not part.span.thin_baked:
        thinned -= _baked_owners(part, owners)
    return [
        Filled(found, part.frames, breaks, found.owner in thinned) for found, breaks in filled
    ]


def _rotations(
    part: Part, bones: tuple[str, ...], rotations: Array
) -> Iterator[tuple[AnimatedProperty, bool]]:
    """Yield the rotations of the span's bones, going on from what is before the span.

    With each, whether no way leads from its last value to the kept curve.

    Args:
        part: what is written into.
        bones: M names.
        rotations: (T, M, 4)
    """
    ob, names = part.ob, part.span.bones
    turned = np.array(rotations[:, [bones.index(name) for name in names]])
    for column, name in enumerate(names):
        turned[:, column] = _unlocked(part, name, turned[:, column])
    for name, path, values in rotation_channels(ob, names, turned):
        mode = ob.pose.bones[name].rotation_mode
        held = np.array(ob.path_resolve(path), dtype=float)
        borders = np.array([part.frames[0] - _BESIDE, part.frames[-1] + _BESIDE])
        around = part.shown(path, held, borders)
        values = continue_channels(values, mode, around[0])
        breaks = breaks_off(values[-1], mode, around[1])
        flags = part.targets.rotation_flags(name)
        yield AnimatedProperty(name, path, mode, values, flags), breaks


def _unlocked(part: Part, name: str, rotations: Array) -> Array:
    """Return rotations (T, 4) whose locked angles are what the bone does already."""
    bone: Any = part.ob.pose.bones[name]
    if not any(bone.lock_rotation):
        return rotations
    path = rotation_path(bone)
    own = part.shown(path, np.array(part.ob.path_resolve(path), dtype=float), part.frames)
    return part.targets.hold_locked(
        name, rotations, channels_to_quaternions(own, bone.rotation_mode)
    )


def _locations(
    part: Part, motion: RigMotion, rows: slice
) -> Iterator[tuple[AnimatedProperty, bool]]:
    """Yield the locations of the bone that carries the path and of others that get keys."""
    places = {one.bone: one.locations for one in motion.moved if one.bone in part.span.moved}
    if part.span.location_bone is not None:
        places[part.span.location_bone] = motion.locations
    size = part.span.units_per_metre
    for name, locations in places.items():
        path = part.ob.pose.bones[name].path_from_id("location")
        values = np.asarray(locations[rows], dtype=float)
        flags = part.targets.location_flags(name)
        yield AnimatedProperty(name, path, LOCATION, values, flags, size), False


def _baked_owners(part: Part, owners: dict[str, list[AnimatedProperty]]) -> set[str]:
    """Return the bones that had keys on most frames; those without curves are as most others."""
    styles = {}
    for owner, properties in owners.items():
        curves = [
            part.curves.get((found.data_path, index))
            for found in properties
            for index in np.flatnonzero(found.keyed).tolist()
        ]
        styles[owner] = key_density.is_baked(
            [curve_keys.read_keys(curve, ("co",))["co"][:, 0] for curve in curves if curve],
            part.frames,
        )
    known = [style for style in styles.values() if style is not None]
    others = 2 * sum(known) > len(known)
    return {owner for owner, style in styles.items() if (others if style is None else style)}


def check_rows(motion: RigMotion, start_frame_scene: int, span: SpanKeys) -> slice:
    """Return the rows of a motion that lie in a span, whose bones it must hold, too."""
    first, last, start = span.first_frame_scene, span.last_frame_scene, start_frame_scene
    if not start <= first <= last < start + len(motion.locations):
        raise ValueError(f"the motion from frame {start} has no rows for {first} to {last}")
    if span.location_bone not in (None, motion.location_bone):
        raise ValueError(f"the motion has no locations for {span.location_bone}")
    if missing := set(span.bones) - set(motion.bones):
        raise ValueError(f"the motion has no rotations for {sorted(missing)}")
    return slice(first - start, last - start + 1)


def thin_owners(span: SpanKeys, filled: list[Filled]) -> Iterator[OwnerKeys]:
    """Yield the key frames of each bone whose keys are chosen; arrays only."""
    options = RigOptions(
        thin=True, thin_degrees=span.thin_degrees, thin_millimetres=span.thin_millimetres
    )
    owners: dict[str, list[AnimatedProperty]] = {}
    for one in filled:
        if one.is_thinned:
            owners.setdefault(one.found.owner, []).append(one.found)
    for found in owners.values():
        yield thin_keys(tuple(found), options)


def channels_of(
    ob: bpy.types.Object,
    curves: Mapping[ChannelId, Any],
    thinned: Mapping[str, OwnerKeys],
    one: Filled,
) -> Iterator[Channel]:
    """Yield every channel of a property that gets keys, with its values.

    Args:
        ob: the armature object.
        curves: F-curves by data path and index.
        thinned: the keys of bones for which they are chosen.
        one: the property.
    """
    found, keys = one.found, thinned.get(one.found.owner)
    held = np.array(ob.path_resolve(found.data_path), dtype=float)
    for index in np.flatnonzero(found.keyed).tolist():
        chosen = None
        if keys is not None:
            slopes = keys.slopes[keys.properties.index(found)]
            chosen = ThinnedKeys(keys.rows, slopes[:, index])
        edit = SpanValues(one.frames, found.values[:, index], one.breaks, chosen)
        fcurve = curves.get((found.data_path, index))
        yield Channel(found.owner, found.data_path, index, fcurve, float(held[index]), edit)


def thinning_notes(thinned: Mapping[str, OwnerKeys]) -> list[str]:
    """Say how far thinned keys are off; nothing where every frame has a key."""
    if not thinned:
        return []
    worst = {True: 0.0, False: 0.0}
    for keys in thinned.values():
        for found, error in zip(keys.properties, keys.errors, strict=True):
            worst[found.mode == LOCATION] = max(worst[found.mode == LOCATION], error)
    return [f"Keys are thinned, at most {worst[False]:.2f} degrees and {worst[True]:.1f} mm off"]


def _check_curve(bone: str, fcurve: Any) -> None:
    """Refuse a curve that the animator locked, and one that has samples in place of keys."""
    if fcurve is None:
        return
    if fcurve.lock or (fcurve.group is not None and fcurve.group.lock):
        raise RequestError(
            f'The channels of the bone "{bone}" are locked.',
            "Unlock them in the Graph Editor, or choose other bones.",
        )
    if len(fcurve.sampled_points):
        raise RequestError(
            f'The curves of the bone "{bone}" are baked to samples.',
            "Choose Channel > Samples to Keys in the Graph Editor first.",
        )
