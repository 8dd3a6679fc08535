"""Writes edits into a character's action, or each take into a copy of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from typing import Any

import bpy

from ...core.link.slices import Steps, finish
from ..reading.edit_target import slot_named_as
from . import masked_keys, tracks
from .channel_plans import curves_by_path
from .curve_changes import write_changes
from .curve_sources import read_source
from .edit_keys import EditKeys
from .rehearsing import Find, Rehearsal, RehearsedTake, rehearse


def rehearse_takes(find: Find, takes: Sequence[EditKeys], is_held: bool) -> Steps[Rehearsal]:
    """Work out the curves of takes, in slices.

    Args:
        find: gives the object with the action that they are written into, or into copies of.
        takes: the keys.
        is_held: they wait for one to be accepted, with all their keys.

    Raises:
        RequestError: if a take cannot be written.
    """
    # Keys are thinned when a take is accepted: doing it twice would add up the errors.
    return rehearse(find, [_with_all_keys(keys) for keys in takes] if is_held else takes)


def rehearse_again(
    ob: bpy.types.Object, rehearsal: Rehearsal | None, takes: Sequence[EditKeys], is_held: bool
) -> Rehearsal:
    """Return what was worked out, or work it out here and now if the curves are others by now."""
    action, slot = current(ob)
    if rehearsal is not None:
        spans = [span for keys in takes for span in keys.spans]
        if rehearsal.source.is_same(read_source(ob, curves_by_path(action, slot), spans)):
            return rehearsal
    return finish(rehearse_takes(lambda: nullcontext((ob, action, slot)), takes, is_held))


def write_edit(ob: bpy.types.Object, take: RehearsedTake) -> list[str]:
    """Write a take into the object's action, all of it or nothing; return what is worth telling.

    An action that another object shows, too, or that is linked, is copied first.
    """
    before, slot = current(ob)
    reason = _reason_to_copy(ob)
    if not reason:
        write_changes(ob, before, slot, take.changes)
        return take.notes
    copy = masked_keys.copy_for_take(ob, before.name)
    try:
        own = slot_named_as(copy, slot)
        write_changes(ob, copy, own, take.changes)
        masked_keys.assign(ob, copy, own)
    except BaseException:
        masked_keys.assign(ob, before, slot)
        bpy.data.actions.remove(copy)
        raise
    return [f'"{before.name}" {reason}: the edit went into a copy, "{copy.name}"', *take.notes]


def write_takes(
    ob: bpy.types.Object, rehearsal: Rehearsal, names: Sequence[str], is_kept: bool = False
) -> list[str]:
    """Write the first take into the object's action, the others into copies on muted tracks.

    Args:
        ob: the armature, with the action that the takes rest on.
        rehearsal: the takes.
        names: of the tracks, one a take.
        is_kept: a copy of the first take gets a muted track, too.

    Returns:
        What is worth telling.

    Raises:
        RequestError: if a take cannot be written; everything is as before then.
    """
    takes = rehearsal.takes
    others = copies(ob, rehearsal, range(1, len(takes)), names)
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


def _with_all_keys(keys: EditKeys) -> EditKeys:
    return replace(keys, spans=tuple(span.all_keys() for span in keys.spans))


def copies(
    ob: bpy.types.Object, rehearsal: Rehearsal, numbers: Sequence[int], names: Sequence[str]
) -> list[bpy.types.Action]:
    """Write takes of these numbers into copies of the object's action, which stays assigned.

    Raises:
        RequestError: if a take cannot be written; everything is as before then.
    """
    action, slot = current(ob)
    made: list[Any] = []
    try:
        for number in numbers:
            take = rehearsal.takes[number]
            base, changes = action, take.changes
            if made and take.from_last is not None:
                # Takes of one edit differ in few columns: each begins as the one before.
                base, changes = made[-1], take.from_last
            copy: Any = base.copy()
            made.append(copy)
            copy.name = names[number]
            write_changes(ob, copy, slot_named_as(copy, slot), changes)
    except BaseException:
        remove_unused(made)
        raise
    return made


def current(ob: bpy.types.Object) -> tuple[Any, Any]:
    """Return the object's action and slot; None where there is none, or Blender has no slots."""
    data = ob.animation_data
    if data is None:
        return None, None
    return data.action, getattr(data, "action_slot", None)


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
        with suppress(ReferenceError):
            if not any(current(ob)[0] == action for ob in bpy.data.objects):
                bpy.data.actions.remove(action)
