"""Writes edits into a character's action, or each take into a copy of it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import bpy

from ...core.edits.edit_requests import END
from ..reading.edit_target import bag_of, slot_named_as
from . import masked_keys, tracks
from .edit_keys import EditKeys
from .masked_keys import SpanReport


def write_edit(ob: bpy.types.Object, keys: EditKeys) -> list[str]:
    """Write a take into the object's action, all of it or nothing; return what is worth telling.

    An action that another object shows, too, or that is linked, is copied first.

    Raises:
        RequestError: if the keys cannot be written; the object's action is as before.
    """
    before, slot_before = current(ob)
    reason = _reason_to_copy(ob)
    if not reason and len(keys.spans) == 1:
        return _write_spans(ob, keys)
    # Several spans succeed or fail together: they are tried on a copy.
    copy = masked_keys.copy_for_take(ob, before.name)
    try:
        masked_keys.assign(ob, copy, slot_named_as(copy, slot_before))
        notes = _write_spans(ob, keys)
    except BaseException:
        masked_keys.assign(ob, before, slot_before)
        bpy.data.actions.remove(copy)
        raise
    if reason:
        return [f'"{before.name}" {reason}: the edit went into a copy, "{copy.name}"', *notes]
    masked_keys.assign(ob, before, slot_before)
    bpy.data.actions.remove(copy)
    return _write_spans(ob, keys)


def write_takes(
    ob: bpy.types.Object, takes: Sequence[EditKeys], names: Sequence[str], is_kept: bool = False
) -> list[str]:
    """Write the first take into the object's action, the others into copies on muted tracks.

    Args:
        ob: the armature.
        takes: what to write.
        names: of the tracks, one a take.
        is_kept: a copy of the first take gets a muted track, too.

    Returns:
        What is worth telling.

    Raises:
        RequestError: if a take cannot be written; everything is as before then.
    """
    others = copies(ob, takes[1:], names[1:])
    try:
        notes = write_edit(ob, takes[0])
    except BaseException:
        remove_unused(others)
        raise
    action, slot = current(ob)
    if is_kept:
        others.insert(0, masked_keys.copy_for_take(ob, names[0]))
    for copy, name in zip(others, names if is_kept else names[1:], strict=True):
        tracks.keep_on_track(ob, copy, slot_named_as(copy, slot), name)
    if len(takes) > 1:
        notes.append(f"{len(takes) - 1} more takes are on muted NLA tracks")
    return notes


def hold_copies(
    ob: bpy.types.Object, takes: Sequence[EditKeys], names: Sequence[str]
) -> list[bpy.types.Action]:
    """Write each take with all its keys into a copy of the object's action; see `copies`."""
    # Keys are thinned when a take is accepted: doing it twice would add up the errors.
    return copies(ob, [_with_all_keys(keys) for keys in takes], names)


def _with_all_keys(keys: EditKeys) -> EditKeys:
    return replace(keys, spans=tuple(span.all_keys() for span in keys.spans))


def copies(
    ob: bpy.types.Object, takes: Sequence[EditKeys], names: Sequence[str]
) -> list[bpy.types.Action]:
    """Write each take into a copy of the object's action, which stays assigned.

    Raises:
        RequestError: if a take cannot be written; everything is as before then.
    """
    before, slot = current(ob)
    made: list[bpy.types.Action] = []
    try:
        for name, keys in zip(names, takes, strict=True):
            copy = masked_keys.copy_for_take(ob, name)
            made.append(copy)
            masked_keys.assign(ob, copy, slot_named_as(copy, slot))
            _write_spans(ob, keys)
            masked_keys.assign(ob, before, slot)
    except BaseException:
        masked_keys.assign(ob, before, slot)
        remove_unused(made)
        raise
    return made


def current(ob: bpy.types.Object) -> tuple[Any, Any]:
    """Return the object's action and slot; None where there is none, or Blender has no slots."""
    data = ob.animation_data
    if data is None:
        return None, None
    return data.action, getattr(data, "action_slot", None)


def _write_spans(ob: bpy.types.Object, keys: EditKeys) -> list[str]:
    action, slot = current(ob)
    notes: list[str] = []
    for span in keys.spans:
        report = masked_keys.write_span(
            ob, (action, slot), keys.motion, keys.start_frame_scene, span
        )
        if keys.open_side:
            _open_border(bag_of(action, slot), report, keys.open_side == END)
        notes += [note.rstrip(".") for note in report.notes if note.rstrip(".") not in notes]
    return notes


def _open_border(bag: Any, report: SpanReport, is_end: bool) -> None:
    """Remove border keys that fix the old pose after the last new key, or before the first."""
    for path, index, time in report.added:
        curve = bag.fcurves.find(path, index=index)
        outermost = curve.keyframe_points[-1 if is_end else 0]
        if outermost.co[0] == time and len(curve.keyframe_points) > 1:
            curve.keyframe_points.remove(outermost)


def _reason_to_copy(ob: bpy.types.Object) -> str:
    """Return why the object's action must not be written into; empty where it may."""
    action, slot = current(ob)
    if action.library is not None or not action.is_editable:
        return "is linked from another file"
    for other in bpy.data.objects:
        if other != ob and current(other) == (action, slot):
            return f'is shared with "{other.name}"'
    return ""


def remove_unused(actions: list[bpy.types.Action]) -> None:
    """Remove takes that no object shows."""
    for action in actions:
        # Somebody may have given the take to another object: then it is theirs.
        with contextlib.suppress(ReferenceError):
            if not any(current(ob)[0] == action for ob in bpy.data.objects):
                bpy.data.actions.remove(action)
