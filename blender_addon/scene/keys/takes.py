"""Writes edits into a character's action: at once, or each take into a copy until one is accepted.

The review is a property group of the scene, so that it is saved, and that undo
brings it back together with the actions that it points to.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import bpy

from ....engine.motion.request import RequestError
from ...core.edits.edit_requests import END
from ..reading.edit_target import bag_of, slot_named_as
from . import masked_keys
from .changed_takes import digest_curves, read_take
from .edit_keys import EditKeys, take_to_text, text_to_take
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


def hold_takes(
    review: Any, ob: bpy.types.Object, takes: Sequence[EditKeys], recipe: str
) -> None:
    """Write each take into a copy of the object's action and show the first one.

    Args:
        review: the scene's review; it must be free.
        ob: the armature.
        takes: what to write, one a take.
        recipe: text that the review keeps for the history.

    Raises:
        RequestError: if a take cannot be written; everything is as before then.
    """
    before, slot = current(ob)
    # Keys are thinned when a take is accepted: doing it twice would add up the errors.
    made = _copies(ob, [_with_all_keys(keys) for keys in takes], first_number=1)
    review.ob, review.before, review.recipe = ob, before, recipe
    review.before_slot = slot.identifier if slot is not None else ""
    for action, keys in zip(made, takes, strict=True):
        row = review.takes.add()
        row.action = action
        digest = digest_curves(action, slot_named_as(action, slot), keys)
        row.keys = take_to_text(keys, digest)
    show_take(review, 0)


def write_takes(ob: bpy.types.Object, takes: Sequence[EditKeys]) -> list[str]:
    """Write the first take into the object's action, the others into copies of that action.

    Returns:
        What is worth telling.

    Raises:
        RequestError: if a take cannot be written; everything is as before then.
    """
    others = _copies(ob, takes[1:], first_number=2)
    try:
        notes = write_edit(ob, takes[0])
    except BaseException:
        _remove(others)
        raise
    for action in others:
        action.use_fake_user = True
    if others:
        notes.append(f"{len(others)} more takes are among the actions")
    return notes


def _with_all_keys(keys: EditKeys) -> EditKeys:
    return replace(keys, spans=tuple(span.all_keys() for span in keys.spans))


def _copies(
    ob: bpy.types.Object, takes: Sequence[EditKeys], first_number: int
) -> list[bpy.types.Action]:
    """Write each take into a copy of the object's action, which stays assigned."""
    before, slot = current(ob)
    made: list[bpy.types.Action] = []
    try:
        for number, keys in enumerate(takes, start=first_number):
            copy = masked_keys.copy_for_take(ob, f"{before.name} take {number}")
            made.append(copy)
            masked_keys.assign(ob, copy, slot_named_as(copy, slot))
            _write_spans(ob, keys)
            masked_keys.assign(ob, before, slot)
    except BaseException:
        masked_keys.assign(ob, before, slot)
        _remove(made)
        raise
    return made


def is_waiting(review: Any, ob: bpy.types.Object | None = None) -> bool:
    """Say whether takes wait, of this object where one is given."""
    return bool(len(review.takes)) and (ob is None or review.ob == ob)


def shown_number(review: Any) -> int | None:
    """Return which take the character shows, from 0; None where it shows another action."""
    if review.ob is None:
        return None
    action, _ = current(review.ob)
    found = (number for number, take in enumerate(review.takes) if take.action == action)
    return next(found, None) if action is not None else None


def show_take(review: Any, index: int) -> int:
    """Assign one of the takes, counted around the end; return its number from 0.

    Raises:
        RequestError: if the character or the take is gone.
    """
    ob = _reviewed(review)
    index %= len(review.takes)
    action = review.takes[index].action
    if action is None:
        raise RequestError(f"Take {index + 1} was deleted.", "Step to another one.")
    slot = next((own for own in getattr(action, "slots", ()) if _is_slot(own, review)), None)
    masked_keys.assign(ob, action, slot)
    review.index = index
    return index


def accept_take(review: Any) -> list[str]:
    """Write the shown take's keys into the action that the object had before; drop the takes.

    The keys are those that were solved for the take; where its curves were changed by hand
    since, they are read off the curves. Only the edited bones and frames are written: what else
    was changed in the action meanwhile stays. Where that action was deleted, the take itself
    stays.

    Returns:
        What is worth telling.

    Raises:
        RequestError: if the object shows no take, or the keys cannot be written.
    """
    ob = _reviewed(review)
    take, slot = current(ob)
    if take is None or take not in _actions(review):
        raise RequestError(
            f'"{ob.name}" shows another action, not a take.', "Step to a take, or discard them."
        )
    notes: list[str] = []
    if review.before is not None:
        row = next(row for row in review.takes if row.action == take)
        keys, digest = text_to_take(row.keys)
        if digest_curves(take, slot, keys) != digest:
            keys = read_take(ob, take, slot, keys)
        _restore(review, ob)
        try:
            notes = write_edit(ob, keys)
        except BaseException:
            masked_keys.assign(ob, take, slot)
            raise
    kept, _ = current(ob)
    _forget(review, kept)
    return notes


def discard_takes(review: Any) -> str:
    """Give the object back the action and slot that it had, and remove the takes.

    Where it shows another action by now, it keeps that. Return what the object shows then.
    """
    ob, before = review.ob, review.before
    is_shown = ob is not None and current(ob)[0] in _actions(review)
    told = "the animation is as it was" if is_shown else _told_of_shown(ob)
    if ob is not None and current(ob)[0] in _actions(review):
        _restore(review, ob)
    elif before is not None and before.library is None:
        # Another action was given to the object meanwhile: the one before must not be lost.
        before.use_fake_user = True
    _forget(review, None)
    return told


def _told_of_shown(ob: bpy.types.Object | None) -> str:
    if ob is None:
        return "their character is gone"
    action, _ = current(ob)
    if action is None:
        return f'"{ob.name}" shows no action'
    return f'"{ob.name}" goes on showing "{action.name}"'


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


def _reviewed(review: Any) -> bpy.types.Object:
    if not len(review.takes):
        raise RequestError("No takes are waiting.", "Make an edit with several takes first.")
    if review.ob is None or review.ob.name not in bpy.context.scene.objects:
        raise RequestError(
            "The character of these takes is no longer in the scene.", "Discard the takes."
        )
    return cast(bpy.types.Object, review.ob)


def _restore(review: Any, ob: bpy.types.Object) -> None:
    before = review.before
    if before is None:
        ob.animation_data.action = None
        return
    slot = next((own for own in getattr(before, "slots", ()) if _is_slot(own, review)), None)
    masked_keys.assign(ob, before, slot)


def _is_slot(slot: Any, review: Any) -> bool:
    return bool(slot.identifier == review.before_slot)


def _actions(review: Any) -> list[bpy.types.Action]:
    return [take.action for take in review.takes if take.action is not None]


def _forget(review: Any, kept: bpy.types.Action | None) -> None:
    """Remove every take but the kept action, and clear the review."""
    made = [action for action in _actions(review) if action != kept]
    for name in ("ob", "before", "takes", "index", "recipe", "before_slot"):
        review.property_unset(name)
    review.takes.clear()
    _remove(made)


def _remove(actions: list[bpy.types.Action]) -> None:
    for action in actions:
        # Somebody may have given the take to another object: then it is theirs.
        with contextlib.suppress(ReferenceError):
            if not any(current(ob)[0] == action for ob in bpy.data.objects):
                bpy.data.actions.remove(action)
