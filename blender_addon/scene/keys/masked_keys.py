"""Writes a motion into an existing action, on some bones and frames and nowhere else.

From the last frame before the span backwards, and from the first one after it onwards, every
curve evaluates as before, between frames, too.
All is worked out first, on a copy; if writing fails, the action gets its old keys back.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, cast

import bpy

from ....engine.motion.request import RequestError
from ....engine.motion.retargeting.clip_to_rig import RigMotion
from ...core.link.slices import finish
from . import keyframes
from .curve_changes import write_changes
from .edit_keys import EditKeys
from .rehearsing import rehearse
from .span_planning import SpanKeys
from .span_reports import SpanReport

__all__ = ["SpanKeys", "SpanReport", "assign", "copy_for_take", "write_span"]


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
    action, slot = target[0], _slot_of(ob, *target)
    if not action.is_editable:
        raise RequestError(
            f'The action "{action.name}" is linked from another file.', "Make it local first."
        )
    keys = EditKeys(motion, start_frame_scene, (span,))
    rehearsal = finish(rehearse(lambda: nullcontext((ob, action, slot)), [keys]))
    (take,) = rehearsal.takes
    write_changes(ob, action, slot, take.changes)
    return take.reports[0]


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
