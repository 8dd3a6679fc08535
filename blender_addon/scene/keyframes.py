"""Writes a RigMotion as a new action: bulk F-curves, with and without action slots.

The action is finished before anything of the object changes, so an error
leaves scene and actions as they were. It knows nothing about retargeting.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ...engine.motion import quaternions
from ...engine.motion.request import RequestError
from ...engine.motion.retargeting import RigMotion
from ..core.rotation_modes import quaternions_to_channels

Array = NDArray[np.floating]

# Blender's numbers for enum values, as foreach_set takes no names.
_INTERPOLATION = {"LINEAR": 1, "BEZIER": 2}
_AUTO_CLAMPED_HANDLE = 4
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
    """`LINEAR` suits a key on every frame; `BEZIER` keys are smooth when they are thinned."""


@dataclass(frozen=True, slots=True)
class _Curve:
    """One F-curve to write."""

    data_path: str
    index: int
    group: str
    values: Array


def write_motion(ob: bpy.types.Object, motion: RigMotion, take: TakeKeys) -> bpy.types.Action:
    """Put a motion on an armature object as a new action, keyed on whole scene frames.

    Rotations of the motion's bones are keyed in each bone's own rotation mode,
    and the location of one bone; nothing else. The action that the object had
    before is kept and gets a fake user.

    Raises:
        RequestError: if a bone is gone or the object's action cannot be exchanged now.
    """
    check_writable(ob, motion)
    motion = sample_on_frames(motion, take.fps)
    action = bpy.data.actions.new(_action_name(take.name))
    try:
        slot, bag = make_bag(action, ob)
        frames = take.start_frame_scene + np.arange(len(motion.locations))
        for curve in _curves(ob, motion):
            _write_curve(bag, curve, frames, take.interpolation)
        _assign(ob, action, slot)
    except BaseException:
        bpy.data.actions.remove(action)
        raise
    return action


def sample_on_frames(motion: RigMotion, fps: float) -> RigMotion:
    """Return the motion on whole frames of another rate, from its first to its last frame."""
    if abs(motion.fps - fps) < 1e-9:
        return motion
    count = len(motion.locations)
    frames = int(np.floor((count - 1) / motion.fps * fps + 1e-6)) + 1
    times = np.minimum(np.arange(frames) / fps * motion.fps, count - 1)
    lower = np.minimum(times.astype(int), max(count - 2, 0))
    upper = np.minimum(lower + 1, count - 1)
    part = times - lower
    rotations = quaternions.slerp(motion.rotations[lower], motion.rotations[upper], part[:, None])
    locations = motion.locations[lower] * (1 - part[:, None])
    locations = locations + motion.locations[upper] * part[:, None]
    rotations = quaternions.keep_quaternion_sign(rotations)
    return RigMotion(motion.bones, rotations, motion.location_bone, locations, fps)


def check_writable(ob: bpy.types.Object, motion: RigMotion) -> None:
    """Refuse what `check_exchangeable` refuses, and bones that are gone.

    Raises:
        RequestError: with the cure.
    """
    gone = [name for name in (*motion.bones, motion.location_bone) if name not in ob.pose.bones]
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
    strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
    return slot, strip.channelbag(slot, ensure=True)


def new_fcurve(bag: Any, data_path: str, index: int, group: str) -> Any:
    """Return a new F-curve without keys in the group of that name, made where it is missing."""
    fcurve = bag.fcurves.new(data_path, index=index)
    fcurve.group = bag.groups.get(group) or bag.groups.new(group)
    return fcurve


def exchange_action(ob: bpy.types.Object, action: bpy.types.Action, slot: Any) -> None:
    """Make the action and its slot (None where Blender has none) the object's own."""
    data = ob.animation_data or ob.animation_data_create()
    data.action = action
    # Blender picks a slot that is named like the object by itself, and setting
    # the same slot once more crashes 4.5.
    if slot is not None and data.action_slot != slot:
        data.action_slot = slot


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


def _curves(ob: bpy.types.Object, motion: RigMotion) -> Iterator[_Curve]:
    """Yield the curves of all bones and of the location."""
    for name, path, values in rotation_channels(ob, motion.bones, motion.rotations):
        for index in range(values.shape[-1]):
            yield _Curve(path, index, name, values[:, index])
    path = ob.pose.bones[motion.location_bone].path_from_id("location")
    for index in range(3):
        yield _Curve(path, index, motion.location_bone, motion.locations[:, index])


def _write_curve(bag: Any, curve: _Curve, frames: Array, interpolation: str) -> None:
    """Write one F-curve in bulk; the same calls serve actions and channelbags."""
    fcurve = new_fcurve(bag, curve.data_path, curve.index, curve.group)
    points = fcurve.keyframe_points
    points.add(len(frames))
    points.foreach_set("co", np.column_stack([frames, curve.values]).astype(np.float32).ravel())
    kinds = np.full(len(frames), _INTERPOLATION[interpolation], dtype=np.int32)
    points.foreach_set("interpolation", kinds)
    handles = np.full(len(frames), _AUTO_CLAMPED_HANDLE, dtype=np.int32)
    points.foreach_set("handle_left_type", handles)
    points.foreach_set("handle_right_type", handles)
    fcurve.update()


def _assign(ob: bpy.types.Object, action: bpy.types.Action, slot: Any) -> None:
    """Make the action the object's own; the one before is kept, whoever else uses it."""
    before = ob.animation_data.action if ob.animation_data else None
    exchange_action(ob, action, slot)
    if before is not None and before.library is None:
        before.use_fake_user = True


def _action_name(prompt: str) -> str:
    """Return the prompt as one line, cut at a word's end to what a data-block's name holds."""
    name = " ".join(prompt.split()) or "Keyfill"
    while len(name.encode()) > _LONGEST_NAME_BYTES:
        head, space, _ = name.rpartition(" ")
        name = head if space else name[:-1]
    return name
