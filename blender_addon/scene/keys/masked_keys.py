"""Writes a motion into an existing action, on some bones and frames and nowhere else.

From the last frame before the span backwards, and from the first one after it onwards, every
curve evaluates as before, between frames, too.
All is planned first, on arrays; what has modifiers is tried on a copy. If writing fails,
the action gets its old keys back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, cast

import bpy
import numpy as np
from numpy.typing import NDArray

from ....engine.motion.request import RequestError
from ....engine.motion.retargeting.clip_to_rig import RigMotion
from ....engine.motion.rig_options import RigOptions
from ...core.curves import key_density
from ...core.curves.channel_continuity import breaks_off, continue_channels
from ...core.curves.curve_span import SpanValues, ThinnedKeys, kept_keys
from ...core.curves.key_table import AUTOMATIC
from ...core.curves.rotation_modes import channels_to_quaternions
from . import curve_keys, keyframes
from .channel_plans import Channel, Plan, curves_by_path, plan_channels, shown, write_plans
from .key_targets import KeyTargets, rotation_path
from .take_channels import LOCATION, AnimatedProperty, OwnerKeys, rotation_channels, thin_keys

Array = NDArray[np.floating[Any]]

BorderKey = tuple[str, int, float]
"""Data path and index of a curve, scene frame of one of its keys."""

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


@dataclass(frozen=True, slots=True)
class SpanReport:
    """What writing a span did to curves outside the span, all of it without effect there."""

    curves: int
    """How many curves got keys."""

    created: tuple[tuple[str, int], ...]
    """Channels that had no curve; outside the span they keep the value that they had."""

    added: tuple[BorderKey, ...]
    """New keys on the old curve: one frame outside the span, or where an easing was cut."""

    frozen: tuple[BorderKey, ...]
    """Kept keys whose handles were fixed where they were."""

    baked: tuple[BorderKey, ...]
    """Kept keys with another interpolation: `NewKeys.baked` says why."""

    notes: tuple[str, ...]
    """Sentences for the animator."""


def write_span(
    ob: bpy.types.Object,
    target: tuple[bpy.types.Action, Any],
    motion: RigMotion,
    start_frame_scene: int,
    span: SpanKeys,
) -> SpanReport:
    """Put a motion into an action inside a span of frames; all else stays as it is.

    Args:
        ob: the armature object.
        target: the action and its slot; None for the one that the object uses, and
            where Blender has no slots.
        motion: one row a scene frame.
        start_frame_scene: scene frame of the motion's first row.
        span: what gets keys; the motion has a row for each of its frames.

    Raises:
        RequestError: with the cure, if a curve cannot be changed inside the span alone;
            the action is as before then.
    """
    keyframes.check_writable(ob, motion)
    keyframes.check_frames(span.first_frame_scene, span.last_frame_scene)
    action, slot = target[0], _slot_of(ob, *target)
    if not action.is_editable:
        raise RequestError(
            f'The action "{action.name}" is linked from another file.', "Make it local first."
        )
    frames, rows = _frames_of(motion, start_frame_scene, span)
    curves = curves_by_path(action, slot)
    part = _Part(ob, KeyTargets(ob, span.is_measured), curves, frames, span)
    filled = [
        *_rotations(part, motion.bones, motion.rotations[rows]),
        *_locations(part, motion, rows),
    ]
    planned = _plan_owners(part, filled)
    channels = list(_channels(part, planned, filled))
    for channel in channels:
        _check_channel(channel)
    plans = plan_channels(action, slot, channels)
    settled = write_plans(ob, action, slot, plans)
    return _report(settled, [*part.targets.notes(), *_thinning_notes(planned)])


def copy_for_take(ob: bpy.types.Object, name: str) -> bpy.types.Action:
    """Return a copy of the object's action with all its slots; it is not assigned.

    For an object without an action it is an empty one with a slot for that object.
    """
    data = ob.animation_data
    if data is None or data.action is None:
        copy = bpy.data.actions.new(name)
        keyframes.make_bag(copy, ob)
        return copy
    copied: Any = data.action.copy()
    copied.name = name
    return cast(bpy.types.Action, copied)


def assign(ob: bpy.types.Object, action: bpy.types.Action, slot: Any) -> None:
    """Assign an action and a slot (None: Blender's choice) to the object.

    Raises:
        RequestError: if the object's action cannot be exchanged now.
    """
    keyframes.check_exchangeable(ob)
    keyframes.exchange_action(ob, action, slot)


def _slot_of(ob: bpy.types.Object, action: bpy.types.Action, slot: Any) -> Any:
    """Return the slot to write into; None where one must be made or Blender has none."""
    if slot is not None or not hasattr(action, "slots"):
        return slot
    data = ob.animation_data
    if data is not None and data.action == action and data.action_slot is not None:
        return data.action_slot
    named = [own for own in action.slots if own.name_display == ob.name]
    return next((own for own in named if own.target_id_type in ("OBJECT", "UNSPECIFIED")), None)


def _frames_of(motion: RigMotion, start: int, span: SpanKeys) -> tuple[Array, slice]:
    """Return the span's frames (T,) and its rows in the motion."""
    first, last = span.first_frame_scene, span.last_frame_scene
    if not start <= first <= last < start + len(motion.locations):
        raise ValueError(f"the motion from frame {start} has no rows for {first} to {last}")
    if span.location_bone not in (None, motion.location_bone):
        raise ValueError(f"the motion has no locations for {span.location_bone}")
    if missing := set(span.bones) - set(motion.bones):
        raise ValueError(f"the motion has no rotations for {sorted(missing)}")
    return np.arange(first, last + 1, dtype=float), slice(first - start, last - start + 1)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """The object, the curves and the frames that a span is written into."""

    ob: bpy.types.Object

    targets: KeyTargets

    curves: dict[tuple[str, int], Any]
    """F-curves by data path and index."""

    frames: Array
    """(T,)"""

    span: SpanKeys

    def shown(self, path: str, held: Array, times: Array) -> Array:
        """Return what a property's channels show, (N, C) at times (N,)."""
        columns = [
            shown(self.curves.get((path, index)), held[index], times) for index in range(len(held))
        ]
        return np.stack(columns, axis=1)


def _rotations(
    part: _Part, bones: tuple[str, ...], rotations: Array
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


def _unlocked(part: _Part, name: str, rotations: Array) -> Array:
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
    part: _Part, motion: RigMotion, rows: slice
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


def _plan_owners(part: _Part, filled: list[tuple[AnimatedProperty, bool]]) -> dict[str, OwnerKeys]:
    """Choose the key frames of each bone; none are chosen where every frame gets a key."""
    span = part.span
    if span.thin_degrees <= 0.0:
        return {}
    options = RigOptions(
        thin=True, thin_degrees=span.thin_degrees, thin_millimetres=span.thin_millimetres
    )
    owners: dict[str, list[AnimatedProperty]] = {}
    for found, _ in filled:
        if found.keyed.any():
            owners.setdefault(found.owner, []).append(found)
    if not span.thin_baked:
        baked = _baked_owners(part, owners)
        owners = {owner: found for owner, found in owners.items() if owner not in baked}
    return {owner: thin_keys(tuple(found), options) for owner, found in owners.items()}


def _baked_owners(part: _Part, owners: dict[str, list[AnimatedProperty]]) -> set[str]:
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


def _channels(
    part: _Part, planned: dict[str, OwnerKeys], filled: list[tuple[AnimatedProperty, bool]]
) -> Iterator[Channel]:
    """Yield every channel that gets keys, with its values."""
    for found, breaks in filled:
        held = np.array(part.ob.path_resolve(found.data_path), dtype=float)
        keys = planned.get(found.owner)
        for index in np.flatnonzero(found.keyed).tolist():
            thinned = None
            if keys is not None:
                slopes = keys.slopes[keys.properties.index(found)]
                thinned = ThinnedKeys(keys.rows, slopes[:, index])
            edit = SpanValues(part.frames, found.values[:, index], breaks, thinned)
            fcurve = part.curves.get((found.data_path, index))
            yield Channel(found.owner, found.data_path, index, fcurve, float(held[index]), edit)


def _thinning_notes(planned: dict[str, OwnerKeys]) -> list[str]:
    """Say how far thinned keys are off; nothing where every frame has a key."""
    if not planned:
        return []
    worst = {True: 0.0, False: 0.0}
    for keys in planned.values():
        for found, error in zip(keys.properties, keys.errors, strict=True):
            worst[found.mode == LOCATION] = max(worst[found.mode == LOCATION], error)
    return [f"Keys are thinned, at most {worst[False]:.2f} degrees and {worst[True]:.1f} mm off"]


def _check_channel(channel: Channel) -> None:
    """Refuse curves that the animator locked, and such that have samples in place of keys."""
    fcurve = channel.fcurve
    if fcurve is None:
        return
    if fcurve.lock or (fcurve.group is not None and fcurve.group.lock):
        raise RequestError(
            f'The channels of the bone "{channel.bone}" are locked.',
            "Unlock them in the Graph Editor, or choose other bones.",
        )
    if len(fcurve.sampled_points):
        raise RequestError(
            f'The curves of the bone "{channel.bone}" are baked to samples.',
            "Choose Channel > Samples to Keys in the Graph Editor first.",
        )


def _report(plans: list[Plan], told: list[str]) -> SpanReport:
    channels = [plan.channel for plan in plans]
    told = [*told, *_freezing_note(plans)]
    notes = dict.fromkeys([*told, *(plan.note for plan in plans if plan.note)])
    return SpanReport(
        curves=len(plans),
        created=tuple(
            (channel.data_path, channel.index) for channel in channels if channel.fcurve is None
        ),
        added=tuple(_listed(plans, "added")),
        frozen=tuple(_listed(plans, "frozen")),
        baked=tuple(_listed(plans, "baked")),
        notes=tuple(notes),
    )


def _freezing_note(plans: list[Plan]) -> list[str]:
    """Say how many kept keys lost automatic handles; nothing where none did."""
    count = 0
    for plan in plans:
        before = kept_keys(plan.before, plan.channel.edit.frames)
        after = plan.after.keys[plan.after.kept]
        lost = np.zeros(len(before), dtype=bool)
        for kind in ("handle_left_type", "handle_right_type"):
            lost |= np.isin(before[kind], AUTOMATIC) & (before[kind] != after[kind])
        count += int(lost.sum())
    if not count:
        return []
    keys = "kept key is" if count == 1 else "kept keys are"
    return [f"Automatic handles of {count} {keys} frozen, so that the curves beside stay"]


def _listed(plans: list[Plan], mark: str) -> Iterator[BorderKey]:
    """Yield the keys that have a mark."""
    for plan in plans:
        times = plan.after.keys["co"][:, 0].astype(np.float32)  # as Blender keeps them
        for time in times[getattr(plan.after, mark)].tolist():
            yield plan.channel.data_path, plan.channel.index, time
