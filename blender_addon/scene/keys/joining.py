"""Puts two actions one after the other in a new one, with a gap between them.

The keys are copied as they are, handles and all; where the second action
stands in space is not changed. It knows no clip.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bpy
import numpy as np

from ....engine.motion.request import RequestError
from ..reading.edit_target import animated_frames, bag_of, slot_named_as
from . import masked_keys

_NUMBERS = (
    ("co", 2), ("handle_left", 2), ("handle_right", 2),
    ("back", 1), ("amplitude", 1), ("period", 1),
)  # fmt: skip
_KINDS = ("interpolation", "easing", "handle_left_type", "handle_right_type", "type")


@contextmanager
def next_joined(ob: bpy.types.Object, name: str, gap: int, keep: bool) -> Iterator[None]:
    """Give the object a new action within the block: its own, a gap of frames, the named one.

    Args:
        ob: the armature; it has an action with keys.
        name: the action that comes next.
        gap: frames between the last key and the next action's first.
        keep: leave the new action on the object when the block succeeds; the one before
            is kept with a fake user then. Otherwise everything is as before.

    Raises:
        RequestError: if there is no such action or it has no keys; nothing is changed then.
    """
    before = ob.animation_data.action
    slot = getattr(ob.animation_data, "action_slot", None)
    joined = _join(ob, name, gap)
    is_done = False
    try:
        masked_keys.assign(ob, joined, slot_named_as(joined, slot))
        yield
        is_done = True
    finally:
        if keep and is_done:
            before.use_fake_user = before.library is None
        else:
            masked_keys.assign(ob, before, slot)
            bpy.data.actions.remove(joined)


def _join(ob: bpy.types.Object, name: str, gap: int) -> bpy.types.Action:
    """Return a copy of the object's action with the named one's keys behind it."""
    bag = _next_bag(name)
    before = ob.animation_data.action
    first_key = min(curve.range()[0] for curve in bag.fcurves if len(curve.keyframe_points))
    shift = animated_frames(ob)[1] + gap + 1 - int(np.floor(first_key + 1e-4))
    joined = masked_keys.copy_for_take(ob, f"{before.name} + {name}")
    slot = getattr(ob.animation_data, "action_slot", None)
    own_bag = bag_of(joined, slot_named_as(joined, slot))
    for curve in bag.fcurves:
        if len(curve.keyframe_points):
            _append(own_bag, curve, shift)
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
    """Add a curve's keys, later by `shift` frames, behind those of the same channel."""
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
    values = np.empty(len(points) * width, dtype=kind)
    points.foreach_get(name, values)
    return values.reshape(-1, width)
