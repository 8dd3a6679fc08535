"""Puts two actions one after the other in a new one, with a gap between them.

The keys are copied as they are, handles and all; where the second action
stands in space is not changed. It knows no clip.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ....engine.motion.request import RequestError
from ..reading.edit_target import animated_frames, bag_of, slot_named_as, whole_frames
from . import masked_keys, tracks
from .curve_sources import SELECTION

_NUMBERS = (
    ("co", 2), ("handle_left", 2), ("handle_right", 2),
    ("back", 1), ("amplitude", 1), ("period", 1),
)  # fmt: skip
_KINDS = ("interpolation", "easing", "handle_left_type", "handle_right_type", "type")


@dataclass(frozen=True, slots=True)
class Joined:
    """A new action made of two, which no object shows yet; undo may remove it meanwhile."""

    action_name: str

    next_name: str
    """The action whose keys come second."""

    gap: int
    """Frames between the first action's last key and the second one's first."""

    sources: str
    """Digest of the keys of both actions, by which a later change of them is seen."""


def join_next(ob: bpy.types.Object, name: str, gap: int) -> Joined:
    """Make an action of the object's action, a gap of frames and the named action.

    Args:
        ob: the armature; it has an action with keys and keeps it.
        name: the action that comes next.
        gap: frames between the last key and the next action's first.

    Raises:
        RequestError: if there is no such action or it has no keys; nothing is made then.
    """
    joined = _join(ob, name, gap)
    return Joined(joined.name, name, gap, _digest(ob, name))


def remove_joined(joined: Joined) -> None:
    """Remove a joined action that nothing uses; it may be gone already."""
    action = bpy.data.actions.get(joined.action_name)
    if action is not None and not action.users:
        bpy.data.actions.remove(action)


@contextmanager
def show_joined(ob: bpy.types.Object, joined: Joined, keep: bool) -> Iterator[None]:
    """Give the object the joined action within the block.

    Args:
        ob: the armature.
        joined: from `join_next`; where its action is gone, or the two actions have other keys
            by now, it is made anew.
        keep: leave the joined action on the object when the block succeeds; the one before
            is kept on a muted NLA track then. Otherwise the object has its own action back.

    Raises:
        RequestError: if the next action is gone or has no keys; nothing is changed then.
    """
    action: Any = bpy.data.actions.get(joined.action_name)
    is_new = action is None or _digest(ob, joined.next_name) != joined.sources
    if is_new:
        remove_joined(joined)
        action = _join(ob, joined.next_name, joined.gap)
    before: Any = ob.animation_data.action
    slot = getattr(ob.animation_data, "action_slot", None)
    is_done = False
    try:
        masked_keys.assign(ob, action, slot_named_as(action, slot))
        yield
        is_done = True
    finally:
        if keep and is_done:
            tracks.keep_if_unused(ob, before, slot)
        else:
            masked_keys.assign(ob, before, slot)
            if is_new:
                bpy.data.actions.remove(action)


def _digest(ob: bpy.types.Object, name: str) -> str:
    """Return a digest of the keys of the object's action and of the named one."""
    found = hashlib.sha256()
    slot = getattr(ob.animation_data, "action_slot", None)
    action: Any = ob.animation_data.action
    for bag in (bag_of(action, slot), _next_bag(name)):
        for curve in bag.fcurves:
            found.update(f"{curve.data_path} {curve.array_index}".encode())
            for column, width in _NUMBERS:
                found.update(_get(curve, column, width, np.float32).tobytes())
            for column in _KINDS:
                found.update(_get(curve, column, 1, np.int32).tobytes())
    return found.hexdigest()


def _join(ob: bpy.types.Object, name: str, gap: int) -> bpy.types.Action:
    """Return a copy of the object's action with the named action's keys after it."""
    bag = _next_bag(name)
    before = ob.animation_data.action
    first_frame = whole_frames(curve for curve in bag.fcurves if len(curve.keyframe_points))[0]
    shift = animated_frames(ob)[1] + gap + 1 - first_frame
    joined = masked_keys.copy_for_take(ob, f"{before.name} + {name}")
    slot = getattr(ob.animation_data, "action_slot", None)
    own_bag = bag_of(joined, slot_named_as(joined, slot))
    for curve in bag.fcurves:
        if len(curve.keyframe_points):
            _append(own_bag, curve, shift)
    for curve in own_bag.fcurves:
        # Which keys are selected in either says nothing about the two together.
        for name in SELECTION:
            curve.keyframe_points.foreach_set(name, [False] * len(curve.keyframe_points))
    return joined


def _next_bag(name: str) -> Any:
    action = bpy.data.actions.get(name)
    if action is None:
        raise RequestError(
            f'There is no action "{name}".', "Choose another next action, or empty the field."
        )
    slots = [slot for slot in getattr(action, "slots", ()) if slot.target_id_type != "ARMATURE"]
    bag = bag_of(action, slots[0] if slots else None)
    if bag is None or not any(len(curve.keyframe_points) for curve in bag.fcurves):
        raise RequestError(f'The action "{name}" has no keys.', "Choose another next action.")
    return bag


def _append(bag: Any, source: bpy.types.FCurve, shift: float) -> None:
    """Append a curve's keys, `shift` frames later, to the curve of the same channel."""
    curve = bag.fcurves.find(source.data_path, index=source.array_index)
    if curve is None:
        curve = bag.fcurves.new(source.data_path, index=source.array_index)
        group = source.group.name if source.group else ""
        if group:
            curve.group = bag.groups.get(group) or bag.groups.new(group)
    before, count = len(curve.keyframe_points), len(source.keyframe_points)
    curve.keyframe_points.add(count)
    for name, width in _NUMBERS:
        values = _get(curve, name, width, np.float32)
        added = _get(source, name, width, np.float32)
        if width == 2:
            added[:, 0] += shift
        values[before:] = added
        curve.keyframe_points.foreach_set(name, values.ravel())
    for name in _KINDS:
        kinds = _get(curve, name, 1, np.int32)
        kinds[before:] = _get(source, name, 1, np.int32)
        curve.keyframe_points.foreach_set(name, kinds.ravel())
    curve.update()


def _get(curve: bpy.types.FCurve, name: str, width: int, kind: type) -> Any:
    points = curve.keyframe_points
    values: Any = np.empty(len(points) * width, dtype=kind)
    points.foreach_get(name, values)
    return values.reshape(-1, width)
