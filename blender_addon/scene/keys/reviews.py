"""Takes that wait: each in an action of its own until one is accepted, of edits and of Generate.

A take of an edit keeps its solved keys, which are written into the character's action when it is
accepted; a take of Generate is a whole action, and accepting it puts it in that action's place.
The review is a property group of the scene, so that it is saved, and that undo brings it back
together with the actions that it points to.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import bpy

from ....engine.motion.request import Progress, RequestError
from ...core.link.slices import Steps
from ..reading.edit_target import bag_of, slot_named_as
from . import masked_keys, scene_range, takes, thrown_takes, tracks
from .changed_takes import digest_take, digest_written, read_take
from .edit_keys import EditKeys, take_to_text, text_to_take
from .rehearsing import Rehearsal, Target
from .takes import current


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits besides the takes."""

    recipe: str
    """Text that the review keeps for the history."""

    names: Sequence[str]
    """Of the takes, by prompt and seed."""

    frames: tuple[int, int]
    """First and last frame of the keys."""

    grows_range: bool = False
    """The scene's range reaches over them, until the takes are discarded."""


def hold_edits(
    review: Any,
    ob: bpy.types.Object,
    made: Sequence[EditKeys],
    waiting: Waiting,
    rehearsal: Rehearsal | None = None,
) -> str:
    """Write each take of an edit into a copy of the object's action and show the first one.

    Args:
        review: the scene's review; it must be free.
        ob: the armature.
        made: what to write, one a take.
        waiting: what else the review keeps.
        rehearsal: the takes with all their keys; None works them out here and now, as it is done
            where the curves are others by now.

    Returns:
        What is worth telling of the scene's range.

    Raises:
        RequestError: if a take cannot be written; everything is as before then.
    """
    _, slot = current(ob)
    rehearsal = takes.rehearse_again(ob, rehearsal, made, is_held=True)
    actions = takes.copies(ob, rehearsal, range(len(made)), waiting.names)
    texts = [
        take_to_text(keys, digest_written(action, slot_named_as(action, slot), take))
        for action, keys, take in zip(actions, made, rehearsal.takes, strict=True)
    ]
    return _hold(review, ob, list(zip(actions, texts, strict=True)), waiting)


def hold_actions(
    review: Any, ob: bpy.types.Object, made: Sequence[bpy.types.Action], waiting: Waiting
) -> str:
    """Let whole actions wait, and show the first one; see `hold_edits`."""
    return _hold(review, ob, [(action, "") for action in made], waiting)


def _hold(
    review: Any,
    ob: bpy.types.Object,
    rows: Sequence[tuple[bpy.types.Action, str]],
    waiting: Waiting,
) -> str:
    before, slot = current(ob)
    review.ob, review.before, review.recipe = ob, before, waiting.recipe
    review.before_slot = slot.identifier if slot is not None else ""
    for action, keys in rows:
        row = review.takes.add()
        row.action, row.keys = action, keys
    for row, name in zip(review.takes, waiting.names, strict=True):
        row.name = name
    review.stood = _values_to_text(ob, [action for action, keys in rows if not keys])
    scene = review.id_data
    review.range_before = scene.frame_start, scene.frame_end
    note = scene_range.fit_range(scene, waiting.frames, waiting.grows_range)
    review.range_grown = scene.frame_start, scene.frame_end
    show_take(review, 0)
    return note


def is_waiting(review: Any) -> bool:
    """Say whether takes wait."""
    return bool(len(review.takes))


def check_none_wait(review: Any) -> None:
    """Refuse to make anything while takes wait.

    Raises:
        RequestError: with the cure.
    """
    if is_waiting(review):
        raise RequestError(
            "Takes of an earlier motion are waiting.", "Accept one of them or discard them first."
        )


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
    masked_keys.assign(ob, action, _slot_in(review, action))
    review.index = index
    return index


@dataclass(frozen=True, slots=True, eq=False)
class PlannedAccept:
    """What accepting the shown take writes, worked out before."""

    digest: str
    """Of the take's curves when it was worked out."""

    keys: EditKeys
    rehearsal: Rehearsal


def plan_accept(scene_name: str) -> Steps[PlannedAccept | None]:
    """Work out in slices what accepting the shown take writes; None for a take of Generate.

    Raises:
        RequestError: if the object shows no take, another one than before, or the keys cannot
            be written.
    """
    review = _review_of(scene_name)
    ob, number = _reviewed(review), _check_shown(review)
    row, (take, slot) = review.takes[number], current(ob)
    if not _is_edit(review, row):
        return None
    solved, written = text_to_take(row.keys)
    digest = digest_take(ob, take, slot, solved)
    keys = solved if digest == written else read_take(ob, take, slot, solved)
    del review, ob, row, take, slot
    yield Progress(0, 1, "Planning the keys")
    find = partial(_lend_before, scene_name, number)
    rehearsal = yield from takes.rehearse_takes(find, [keys], is_held=False)
    return PlannedAccept(digest, keys, rehearsal)


@contextmanager
def _lend_before(scene_name: str, number: int) -> Iterator[Target]:
    """Give the object with the action that it had before, while it shows a certain take."""
    review = _review_of(scene_name)
    ob = _reviewed(review)
    if _check_shown(review) != number or review.before is None:
        raise RequestError("Another take is shown by now.", "Accept that one, if you like it.")
    yield ob, review.before, _slot_in(review, review.before)


def _review_of(scene_name: str) -> Any:
    scene: Any = bpy.data.scenes.get(scene_name)
    if scene is None:
        raise RequestError(f'The scene "{scene_name}" is gone.', "Make several takes once more.")
    return scene.keyfill.review


def _check_shown(review: Any) -> int:
    """Return which take the character shows, from 0.

    Raises:
        RequestError: if it shows none.
    """
    number = shown_number(review)
    if number is None:
        raise RequestError(
            f'"{review.ob.name}" shows another action, not a take.',
            "Step to a take, or discard them.",
        )
    return number


def _is_edit(review: Any, row: Any) -> bool:
    return bool(row.keys) and review.before is not None


def accept_take(
    review: Any, is_kept: bool = False, planned: PlannedAccept | None = None
) -> list[str]:
    """Give the object the shown take for good; drop the others.

    The keys of an edit are those that were solved for the take; where its curves were changed by
    hand since, they are read off the curves. Only the edited bones and frames are written: what
    else was changed in the action meanwhile stays. A take of Generate, or one whose action was
    deleted, stays itself; what it replaces is kept on a muted track.

    Args:
        review: the scene's.
        is_kept: the take gets a muted NLA track of its own.
        planned: what is written; None works it out here and now, as it is done where the curves
            are others by now.

    Returns:
        What is worth telling.

    Raises:
        RequestError: if the object shows no take, or the keys cannot be written.
    """
    ob = _reviewed(review)
    take, slot = current(ob)
    row = review.takes[_check_shown(review)]
    name, before, before_slot = row.name, review.before, _slot_in(review, review.before)
    is_edit = _is_edit(review, row)
    notes: list[str] = []
    if is_edit:
        notes = _write_accepted(review, ob, row, planned)
    if is_kept:
        tracks.keep_on_track(ob, take, slot, name)
    _forget(review, take if is_kept or not is_edit else None)
    if not is_edit:
        notes += replaced_notes(ob, before, before_slot, take)
    return notes


def _write_accepted(
    review: Any, ob: bpy.types.Object, row: Any, planned: PlannedAccept | None
) -> list[str]:
    """Write the shown take of an edit into the action that the object had before."""
    take, slot = current(ob)
    solved, written = text_to_take(row.keys)
    digest = digest_take(ob, take, slot, solved)
    if planned is not None and planned.digest == digest:
        keys, rehearsal = planned.keys, planned.rehearsal
    else:
        keys = solved if digest == written else read_take(ob, take, slot, solved)
        rehearsal = None
    _restore(review, ob)
    try:
        rehearsal = takes.rehearse_again(ob, rehearsal, [keys], is_held=False)
        return takes.write_edit(ob, rehearsal.takes[0])
    except BaseException:
        masked_keys.assign(ob, take, slot)
        raise


def replaced_notes(
    ob: bpy.types.Object, before: Any, slot: Any, take: bpy.types.Action | None = None
) -> list[str]:
    """Keep the action that a take replaced from being dropped; return what to tell of it.

    An untouched take of the same wish was only an earlier throw of the die: it is dropped.
    """
    if take is not None and thrown_takes.is_thrown_again(before, take):
        name = before.name
        takes.remove_unused([before])
        if take.name.rpartition(".")[0] == name:
            take.name = name
        return []
    kept = tracks.keep_if_unused(ob, before, slot)
    return [f'"{kept}" is kept on a muted NLA track'] if kept else []


def discard_takes(review: Any) -> str:
    """Give the object back the action and slot that it had, and remove the takes.

    Where it shows another action by now, it keeps that. Return what the object shows then.
    """
    ob, before, slot = review.ob, review.before, _slot_in(review, review.before)
    is_shown = ob is not None and shown_number(review) is not None
    told = "the animation is as it was" if is_shown else _told_of_shown(ob)
    if is_shown:
        _restore(review, ob)
        _text_to_values(ob, review.stood)
    before_and_grown = tuple(review.range_before), tuple(review.range_grown)
    scene_range.give_back(review.id_data, *before_and_grown)
    _forget(review, None)
    if ob is not None and not is_shown:
        # Another action was given to the object meanwhile: the one before must not be lost.
        replaced_notes(ob, before, slot)
    return told


def _told_of_shown(ob: bpy.types.Object | None) -> str:
    if ob is None:
        return "their character is gone"
    action, _ = current(ob)
    if action is None:
        return f'"{ob.name}" shows no action'
    return f'"{ob.name}" goes on showing "{action.name}"'


def _reviewed(review: Any) -> bpy.types.Object:
    if not len(review.takes):
        raise RequestError("No takes are waiting.", "Make several takes first.")
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
    masked_keys.assign(ob, before, _slot_in(review, before))


def _slot_in(review: Any, action: Any) -> Any:
    """Return an action's slot of the object: named as before, else the only one."""
    slots = list(getattr(action, "slots", ()))
    named = [own for own in slots if own.identifier == review.before_slot]
    return named[0] if named else slots[0] if len(slots) == 1 else None


def _forget(review: Any, kept: bpy.types.Action | None) -> None:
    """Remove every take but the kept action, and clear the review."""
    actions = [take.action for take in review.takes if take.action is not None]
    for name in (
        "ob", "before", "takes", "index", "recipe", "before_slot", "stood", "range_before",
        "range_grown",
    ):  # fmt: skip
        review.property_unset(name)
    review.takes.clear()
    takes.remove_unused([action for action in actions if action != kept])


def _values_to_text(ob: bpy.types.Object, actions: Sequence[bpy.types.Action]) -> str:
    """Return what the channels that takes key hold now, as text: no action brings them back."""
    held = {}
    for action in actions:
        bag = bag_of(action, next(iter(getattr(action, "slots", ())), None))
        for curve in bag.fcurves if bag is not None else ():
            value: Any = ob.path_resolve(curve.data_path)
            if hasattr(value, "__len__"):
                value = value[curve.array_index]
            held[curve.data_path, curve.array_index] = float(value)
    return json.dumps([[path, index, value] for (path, index), value in held.items()])


def _text_to_values(ob: bpy.types.Object, text: str) -> None:
    """Put channels back to what they held; those that are gone, with a bone, are left out."""
    for path, index, value in json.loads(text or "[]"):
        try:
            held: Any = ob.path_resolve(path)
        except ValueError:
            continue
        if hasattr(held, "__len__"):
            held[index] = value
        else:
            place, _, key = path.rpartition("[")
            owner: Any = ob.path_resolve(place)
            owner[key.strip('"]')] = type(held)(value)
