"""Writes a RigMotion as a new action: bulk F-curves, with and without action slots.

The action is finished before anything of the object changes, so an error
leaves scene and actions as they were. It knows nothing about retargeting.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ....engine.motion import quaternions
from ....engine.motion.request import RequestError
from ....engine.motion.retargeting.clip_to_rig import RigMotion, RootTrack
from ....engine.motion.rig_options import RigOptions
from ...core.curves import key_table
from ..curves import curve_keys
from ..curves.key_targets import KeyTargets
from ..curves.take_channels import LOCATION, OwnerKeys, plan_keys
from ..reading.bone_inheritance import fit_inheritance
from ..reading.edit_target import LAST_FRAME, bag_of
from ..reading.showing import find_hidden, find_hindrances

Array = NDArray[np.floating[Any]]

_INTERPOLATION = {"LINEAR": key_table.LINEAR, "BEZIER": key_table.BEZIER}
_WRITTEN = ("co", "handle_left_type", "handle_right_type", "interpolation", "type")
_HANDLES = ("handle_left", "handle_right")
# Blender's own name for the group of an object's channels.
_OBJECT_GROUP = "Object Transforms"
# Names of data-blocks hold 63 bytes up to 4.5; leave room for Blender's ".001".
_LONGEST_NAME_BYTES = 58


@dataclass(frozen=True, slots=True)
class TakeKeys:
    """Where and how the keys of one take are written."""

    name: str
    """The new action's name: the prompt, cut to what Blender holds."""

    start_frame_scene: int
    """Scene frame of the motion's first frame."""

    fps: float
    """The scene's frames per second."""

    interpolation: str = "LINEAR"
    """Of a key on every frame; thinned keys are always Bezier."""

    options: RigOptions = RigOptions()
    """Whether, and to which errors, keys are thinned."""

    units_per_metre: float = 1.0
    """Rig units in a canonical metre, for errors of the path."""

    seed: int | None = None
    """Told behind the name, however long the prompt is; None leaves it out."""


@dataclass(frozen=True, slots=True)
class _Curve:
    """One F-curve to write."""

    data_path: str
    index: int
    group: str
    keys: key_table.Keys

    has_handles: bool
    """Their handles lie where they are put; otherwise Blender lays them."""


@dataclass(frozen=True, slots=True)
class WrittenTake:
    """A new take, and what is worth telling of it."""

    action: bpy.types.Action

    notes: tuple[str, ...]
    """Sentences for the animator without full stops."""

    degrees: float = 0.0
    """Largest error of a rotation on whole frames, measured on the curves of a thinned take."""

    millimetres: float = 0.0
    """Largest error of a location, canonical millimetres."""


def write_take(ob: bpy.types.Object, motion: RigMotion, take: TakeKeys) -> WrittenTake:
    """Put a motion on an armature object as a new action; see `make_take`.

    The action that the object had before is as it was; whoever calls keeps it from being dropped.
    """
    written = make_take(ob, motion, take)
    try:
        exchange_action(ob, written.action, slot_of_take(written.action))
    except BaseException:
        bpy.data.actions.remove(written.action)
        raise
    return written


def make_take(
    ob: bpy.types.Object, motion: RigMotion, take: TakeKeys, like: bpy.types.Action | None = None
) -> WrittenTake:
    """Write a motion as a new action that the object does not show yet, on whole scene frames.

    Rotations of the motion's bones are keyed in each bone's own rotation mode,
    the location of one bone, and both of what carries the character; nothing
    else. Locked, driven and constrained channels get no keys.

    Args:
        ob: the armature.
        motion: its bones' channels.
        take: where and how keys are written.
        like: another take of the same request: where its keys lie on the same frames of the same
            channels, a copy of it is made and gets other values, which is quicker.

    Raises:
        RequestError: if a bone is gone or the object's action cannot be exchanged now.
    """
    check_writable(ob, motion)
    motion = sample_on_frames(motion, take.fps)
    start = take.start_frame_scene
    check_frames(start, start + len(motion.locations) - 1)
    if not motion.is_measured:
        motion = fit_inheritance(ob, motion)
    targets = KeyTargets(ob, motion.is_measured)
    planned = plan_keys(ob, motion, targets, take.units_per_metre, take.options)
    name = take_name(take.name, take.seed)
    is_copy = like is not None and _has_keys_of(like, planned, take)
    action: Any = like.copy() if like is not None and is_copy else bpy.data.actions.new(name)
    try:
        action.name = name
        _, bag = make_bag(action, ob, slot_of_take(action) if is_copy else None)
        if is_copy:
            _give_values(bag, planned)
        else:
            for curve in _curves(planned, take):
                _write_curve(bag, curve)
        written = _measured(action, bag, planned, take)
    except BaseException:
        bpy.data.actions.remove(action)
        raise
    return replace(written, notes=(*written.notes, *targets.notes(), *_notes_on_showing(ob)))


def sample_on_frames(motion: RigMotion, fps: float) -> RigMotion:
    """Return the motion on whole frames of another rate, from its first to its last frame."""
    if abs(motion.fps - fps) < 1e-9:
        return motion
    count = len(motion.locations)
    frames = int(np.floor((count - 1) / motion.fps * fps + 1e-6)) + 1
    times = np.minimum(np.arange(frames) / fps * motion.fps, count - 1)
    root = motion.root
    if root is not None:
        root = RootTrack(
            root.bone, _turned_at(root.rotations, times), _placed_at(root.locations, times)
        )
    return replace(
        motion,
        rotations=_turned_at(motion.rotations, times),
        locations=_placed_at(motion.locations, times),
        fps=fps,
        root=root,
        moved=tuple(
            replace(one, locations=_placed_at(one.locations, times)) for one in motion.moved
        ),
    )


def _turned_at(rotations: Array, times: Array) -> Array:
    """Return rotations (N, ..., 4) of (T, ..., 4) at times (N,) counted in its rows."""
    lower, upper, part = _neighbours(len(rotations), times)
    part = part.reshape(-1, *[1] * (rotations.ndim - 2))
    between = quaternions.slerp(rotations[lower], rotations[upper], part)
    return quaternions.keep_quaternion_sign(between)


def _placed_at(locations: Array, times: Array) -> Array:
    """Return locations (N, 3) of (T, 3) at times (N,) counted in its rows."""
    lower, upper, part = _neighbours(len(locations), times)
    return np.asarray(
        locations[lower] * (1 - part[:, None]) + locations[upper] * part[:, None]
    )


def _neighbours(count: int, times: Array) -> tuple[Array, Array, Array]:
    lower = np.minimum(times.astype(int), max(count - 2, 0))
    return lower, np.minimum(lower + 1, count - 1), times - lower


def check_frames(first: int, last: int) -> None:
    """Refuse keys where Blender has no frames.

    Raises:
        RequestError: with the cure.
    """
    if not (first >= -LAST_FRAME and last <= LAST_FRAME):
        raise RequestError(
            f"Frames {first} to {last} reach beyond Blender's last frame, {LAST_FRAME}.",
            "Begin at an earlier frame nearer to 0, or make it shorter.",
        )


def check_writable(ob: bpy.types.Object, motion: RigMotion) -> None:
    """Refuse what `check_exchangeable` refuses, Edit Mode, and bones that are gone.

    Raises:
        RequestError: with the cure.
    """
    if ob.mode == "EDIT":
        raise RequestError(f'"{ob.name}" is in Edit Mode.', "Leave Edit Mode first.")
    needed = [*motion.bones, motion.location_bone, *(one.bone for one in motion.moved)]
    if motion.root is not None and motion.root.bone:
        needed.append(motion.root.bone)
    gone = [name for name in needed if name not in ob.pose.bones]
    if gone:
        raise RequestError(
            f'The bone "{gone[0]}" is no longer in "{ob.name}".', "Generate once more."
        )
    check_exchangeable(ob)


def check_exchangeable(ob: bpy.types.Object) -> None:
    """Refuse an object whose action cannot be exchanged now.

    Raises:
        RequestError: with the cure.
    """
    data = ob.animation_data
    if data is not None and (data.use_tweak_mode or data.is_property_readonly("action")):
        raise RequestError(
            f'A strip of "{ob.name}" is being tweaked in the NLA editor.',
            "Leave tweak mode (Tab in the NLA editor) first.",
        )


def make_bag(action: bpy.types.Action, ob: bpy.types.Object, slot: Any = None) -> tuple[Any, Any]:
    """Return a slot and what holds its F-curves and groups; what is missing is made.

    Args:
        action: where the curves lie, or will.
        ob: names a new slot.
        slot: one of the action's; None makes a new one where Blender has slots.
    """
    if not hasattr(action, "slots"):
        return None, action
    slot = slot or action.slots.new(id_type="OBJECT", name=ob.name)
    layer = action.layers[0] if action.layers else action.layers.new("Layer")
    strip: Any = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
    return slot, strip.channelbag(slot, ensure=True)


def new_fcurve(bag: Any, data_path: str, index: int, group: str) -> Any:
    """Return a new F-curve without keys in the group of that name, made where it is missing."""
    fcurve = bag.fcurves.new(data_path, index=index)
    fcurve.group = bag.groups.get(group) or bag.groups.new(group)
    return fcurve


def exchange_action(ob: bpy.types.Object, action: bpy.types.Action, slot: Any) -> None:
    """Assign the action and its slot (None where Blender has none) to the object."""
    data = ob.animation_data or ob.animation_data_create()
    data.action = action
    # Blender picks a slot that is named like the object by itself, and setting
    # the same slot once more crashes 4.5.
    if slot is not None and data.action_slot != slot:
        data.action_slot = slot


def _has_keys_of(
    like: bpy.types.Action, planned: Sequence[OwnerKeys], take: TakeKeys
) -> bool:
    """Say whether a take has keys on the frames and channels of a plan, one on every frame."""
    bag = bag_of(like, slot_of_take(like))
    if bag is None or take.options.thin:
        return False
    keyed = {(found.data_path, index) for _, found, index in _channels(planned)}
    counts = {(one.data_path, one.array_index): len(one.keyframe_points) for one in bag.fcurves}
    return keyed <= counts.keys() and all(
        counts[found.data_path, index] == len(keys.rows)
        for keys, found, index in _channels(planned)
    )


def _give_values(bag: Any, planned: Sequence[OwnerKeys]) -> None:
    """Give keys on every frame other values."""
    curves = {(one.data_path, one.array_index): one for one in bag.fcurves}
    for keys, found, index in _channels(planned):
        fcurve = curves[found.data_path, index]
        places = np.empty(2 * len(keys.rows), np.float32)
        fcurve.keyframe_points.foreach_get("co", places)
        places[1::2] = found.values[keys.rows, index]
        fcurve.keyframe_points.foreach_set("co", places)
        fcurve.update()


def _channels(planned: Iterable[OwnerKeys]) -> Iterator[tuple[OwnerKeys, Any, int]]:
    """Yield the keyed channels with whose they are."""
    for keys in planned:
        for found in keys.properties:
            for index in np.flatnonzero(found.keyed).tolist():
                yield keys, found, index


def _curves(planned: list[OwnerKeys], take: TakeKeys) -> Iterator[_Curve]:
    """Yield the curves of all bones, and of the object."""
    for keys in planned:
        frames = (take.start_frame_scene + keys.rows).astype(float)
        kind = _INTERPOLATION[take.interpolation]
        blank = key_table.new_keys(frames, np.zeros(len(frames)), kind)
        blank["type"] = curve_keys.generated_type()
        for place, found in enumerate(keys.properties):
            group = found.owner or _OBJECT_GROUP
            for index in np.flatnonzero(found.keyed).tolist():
                table = blank.copy()
                table["co"][:, 1] = found.values[keys.rows, index]
                if keys.slopes:
                    key_table.lay_handles(table, keys.slopes[place][:, index])
                yield _Curve(found.data_path, index, group, table, bool(keys.slopes))


def _write_curve(bag: Any, curve: _Curve) -> None:
    """Write one F-curve in bulk; the same calls serve actions and channelbags."""
    fcurve = new_fcurve(bag, curve.data_path, curve.index, curve.group)
    written = _WRITTEN + _HANDLES if curve.has_handles else _WRITTEN
    curve_keys.write_keys(fcurve, curve.keys, written)
    fcurve.update()


def _measured(
    action: bpy.types.Action, bag: Any, planned: list[OwnerKeys], take: TakeKeys
) -> WrittenTake:
    """Return the take with its largest errors, read off the curves where keys were thinned."""
    if not take.options.thin or not planned:
        return WrittenTake(action, ())
    worst = {True: 0.0, False: 0.0}
    kept = dense = 0
    for keys in planned:
        for found in keys.properties:
            shown = np.array(found.values)
            frames = take.start_frame_scene + np.arange(float(len(shown)))
            for index in np.flatnonzero(found.keyed):
                curve = bag.fcurves.find(found.data_path, index=int(index))
                shown[:, index] = curve_keys.evaluate(curve, frames)
            is_location = found.mode == LOCATION
            worst[is_location] = max(worst[is_location], float(found.measure()(shown).max()))
            kept += len(keys.rows) * int(found.keyed.sum())
            dense += len(shown) * int(found.keyed.sum())
    told = (
        f"Keys are thinned to {100 * kept / dense:.0f} %, "
        f"at most {worst[False]:.2f} degrees and {worst[True]:.1f} mm off"
    )
    return WrittenTake(action, (told,), worst[False], worst[True])


def _notes_on_showing(ob: bpy.types.Object) -> Iterator[str]:
    for hindrance in (*find_hidden(ob), *find_hindrances(ob)):
        yield hindrance.note


def slot_of_take(action: bpy.types.Action) -> Any:
    """Return the one slot of a new take; None where Blender has none."""
    return next(iter(getattr(action, "slots", ())), None)


def take_name(prompt: str, seed: int | None = None) -> str:
    """Return prompt and seed as one line, the prompt cut at a word's end so that both fit."""
    tail = "" if seed is None else f" (seed {seed})"
    name = " ".join(prompt.split()) or "Keyfill"
    while len((name + tail).encode()) > _LONGEST_NAME_BYTES:
        head, space, _ = name.rpartition(" ")
        name = head if space else name[:-1]
    return name + tail
