"""How every edit runs: a recipe and the character's animation become a request, its result keys.

It knows no button: operators hand a recipe in and report what comes back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from bpy.types import Context, Object

from ...engine.motion.bones.reins import limb_bones
from ...engine.motion.clip import Clip
from ...engine.motion.edits import Mask
from ...engine.motion.request import MotionResult, Progress
from ...engine.motion.retargeting.clip_to_rig import RigMotion
from .. import engine_link
from ..core.edits import edit_requests, take_history
from ..core.edits.edit_requests import Recipe
from ..core.errors import UserError
from ..core.link.jobs import Job, Task
from ..core.link.slices import Steps, finish
from ..core.replay.replay_process import ReplayError, ReplayProcess
from ..scene.controls import edits as control_edits
from ..scene.controls.edits import ReadControls
from ..scene.keys import keyframes, reviews, scene_range, takes
from ..scene.keys.edit_keys import EditKeys
from ..scene.keys.rehearsing import Rehearsal
from ..scene.keys.span_planning import SpanKeys
from ..scene.reading import armature, edit_target, rig_settings, timeline
from . import animation, hands, trying
from .edit_preparing import EditWish, PreparedEdit, prepare_edit, prepare_in_slices, show_edited

__all__ = ["EditWish", "PreparedEdit", "apply_edit", "make_edit", "prepare_edit", "write_edit"]


@dataclass(frozen=True, slots=True, eq=False)
class FittedEdit:
    """The takes of an edit, ready to be written."""

    edit: PreparedEdit
    takes: list[EditKeys]

    is_reviewed: bool
    """They wait to be accepted; otherwise the first one is written into the action at once."""

    are_hands_placed: bool
    """Whether pinned hands of the first take reach their places."""

    result: MotionResult

    notes: tuple[str, ...] = ()
    """What was found out when the first take was tried, sentences without full stops."""

    rehearsal: Rehearsal | None = None
    """Their curves as they shall be; None works them out when they are written."""


def make_edit(context: Context, wish: EditWish) -> Steps[FittedEdit]:
    """Read the active armature, have the engine make the edit, and fit it.

    Raises:
        RequestError: if the character, its animation or the range cannot be edited.
    """
    with ExitStack() as stack:
        edit, replay = yield from prepare_in_slices(context, wish, stack)
        result = yield engine_link.generation_job(edit.plan.request())
        takes_made, are_placed = yield from _fit(edit, result, replay)
    notes = yield from _try_edit(edit, takes_made[0])
    keys = [_as_wished(edit, one) for one in takes_made]
    is_reviewed = _can_wait(edit, keys, wish.is_reviewed)
    rehearsal = yield from takes.rehearse_takes(partial(_show_target, edit), keys, is_reviewed)
    return FittedEdit(edit, keys, is_reviewed, are_placed, result, tuple(notes), rehearsal)


def apply_edit(context: Context, edit: PreparedEdit, result: MotionResult, review: bool) -> str:
    """Fit the takes of an edit and write them, here and now; see `write_edit`."""
    made, are_placed = finish(_fit(edit, result, None))
    keys = [_as_wished(edit, one) for one in made]
    is_reviewed = _can_wait(edit, keys, review)
    return write_edit(context, FittedEdit(edit, keys, is_reviewed, are_placed, result))


def _fit(
    edit: PreparedEdit, result: MotionResult, replay: ReplayProcess | None
) -> Steps[tuple[list[EditKeys], bool]]:
    """Return the keys of all takes, and whether the hands of the first one reach their pins.

    Raises:
        RequestError: if the character changed meanwhile.
    """
    _find_again(edit)
    made = yield Job(_fit_all(edit, result))
    keys = [one for one, _ in made]
    read = edit.read.controls
    if read is not None:
        keys = yield from _on_controls(edit, read, keys, replay)
    return keys, made[0][1]


def _fit_all(edit: PreparedEdit, result: MotionResult) -> Task[list[tuple[EditKeys, bool]]]:
    made = []
    for number, clip in enumerate(result.clips):
        yield Progress(number, len(result.clips), "Fitting the motion")
        made.append(_keys_of(edit, clip))
    return made


def _on_controls(
    edit: PreparedEdit, read: ReadControls, keys: list[EditKeys], replay: ReplayProcess | None
) -> Steps[list[EditKeys]]:
    """Return the takes as keys of the controls that the bones follow."""
    if replay is not None:
        with suppress(ReplayError):
            task = control_edits.fit_takes(replay, read, edit.read.track, keys)
            fitted: list[EditKeys] = yield Job(task)
            return fitted
    scene, ob = edit.character.find()
    with show_edited(ob, edit.joined, keep=False):
        return control_edits.keys_on_controls(scene, ob, read, edit.read.track, keys)


def write_edit(context: Context, fitted: FittedEdit) -> str:
    """Put the takes on the character, and the edit into the history; return what to tell.

    What was worked out is written as it is; where the animator changed the edited curves
    meanwhile, it is worked out anew.

    Raises:
        UserError: if the character changed meanwhile.
        RequestError: if the keys cannot be written; nothing is written then.
    """
    edit = fitted.edit
    edit.character.find_shown(context)
    ob = _find_again(edit)
    keys, is_review = fitted.takes, fitted.is_reviewed
    scene, settings = timeline.scene_of(context), context.scene.keyfill
    recipe = edit.plan.recipe
    names = [
        keyframes.take_name(recipe.prompt or recipe.label, recipe.seed + number)
        for number in range(len(keys))
    ]
    with show_edited(ob, edit.joined, keep=True):
        if is_review:
            text = take_history.history_to_text((recipe,))
            waiting = reviews.Waiting(text, names, recipe.frames, settings.grows_range)
            ranged = reviews.hold_edits(settings.review, ob, keys, waiting, fitted.rehearsal)
        else:
            rehearsal = takes.rehearse_again(ob, fitted.rehearsal, keys, is_held=False)
            notes = takes.write_takes(ob, rehearsal, names, settings.keeps_takes)
            ranged = scene_range.fit_range(scene, recipe.frames, settings.grows_range)
    settled = edit.body.settle(edit.character)
    if is_review:
        settings.remember(recipe, len(keys))
        told = [f"{len(keys)} takes wait to be accepted", *settled, *fitted.notes, ranged]
        return ". ".join(filter(None, told))
    settings.remember(take_history.take_of(recipe, 0), len(keys))
    if not fitted.are_hands_placed:
        notes = ["A pinned hand is out of reach on some frames and comes as near as it can", *notes]
    told = [_done(recipe), *settled, *fitted.notes, *notes, ranged]
    return ". ".join(filter(None, told))


def _try_edit(edit: PreparedEdit, keys: EditKeys) -> Steps[list[str]]:
    """Return what constraints make of a take, as far as it can be tried.

    Controls were solved with their constraints, and joined actions exist only when they are
    written.
    """
    if edit.read.controls is not None or edit.joined is not None:
        return []
    spans = [
        (range(span.first_frame_scene, span.last_frame_scene + 1), span.bones)
        for span in keys.spans
    ]
    if not spans or not spans[0][1]:
        return []
    return (
        yield from trying.try_edit(
            edit.character, edit.read.track, keys.motion, keys.start_frame_scene, spans
        )
    )


def _keys_of(edit: PreparedEdit, clip: Clip) -> tuple[EditKeys, bool]:
    """Return the keys of one take on the rig's bones, and whether its hands reach their pins."""
    recipe = edit.plan.recipe
    made, mask = edit.plan.take_back(clip)
    motion = animation.fit_edit(edit.read, made, mask)
    motion, is_reached = hands.place_pinned_hands(
        edit.read, motion, mask, recipe.pinned, edit.held
    )
    open_side = recipe.where if recipe.operation == edit_requests.EXTEND else ""
    spans = _spans(edit, motion, mask)
    return EditKeys(motion, edit.read.first_frame_scene, spans, open_side), is_reached


def _can_wait(edit: PreparedEdit, keys: list[EditKeys], is_wished: bool) -> bool:
    """Say whether takes wait to be accepted: several, and of an action to which one can go back."""
    return is_wished and len(keys) > 1 and edit.joined is None


@contextmanager
def _show_target(edit: PreparedEdit) -> Iterator[tuple[Object, Any, Any]]:
    """Give the character within the block, with the action that the takes are written into."""
    _, ob = edit.character.find()
    _check_action(edit, ob)
    with show_edited(ob, edit.joined, keep=False):
        yield ob, *takes.current(ob)


def _as_wished(edit: PreparedEdit, keys: EditKeys) -> EditKeys:
    """Return the keys, to be thinned if the animator wishes so.

    The character's own wish for thin keys counts for all bones, that of the edits for bones
    that were keyed by hand.
    """
    scene: Any
    scene, ob = edit.character.find()
    options, settings = rig_settings.read_options(ob), scene.keyfill
    if not (options.thin or settings.fewer_keys):
        return keys
    degrees, millimetres = options.thin_degrees, options.thin_millimetres
    if not options.thin:
        degrees, millimetres = settings.edit_tolerances()
    spans = [
        replace(
            span,
            thin_degrees=degrees,
            thin_millimetres=millimetres,
            thin_baked=options.thin,
            units_per_metre=edit.read.track.alignment.scale,
        )
        for span in keys.spans
    ]
    return replace(keys, spans=tuple(spans))


def _spans(edit: PreparedEdit, motion: RigMotion, mask: Mask) -> tuple[SpanKeys, ...]:
    recipe = edit.plan.recipe
    bones = recipe.bones or edit_requests.bones_of_parts(edit.body.bone_map, recipe.parts)
    # Feet and hands that hang on the root follow the part of the body that moves them.
    limbs = limb_bones(edit.body.bone_map.carried)
    moved = tuple(
        one.bone for one in motion.moved if not recipe.bones or limbs[one.bone] in recipe.bones
    )
    keyed = tuple(
        bone for bone in motion.bones if limbs.get(bone, bone) in bones or bone in {*bones, *moved}
    )
    mover = motion.location_bone if _moves_path(edit, recipe, bones) else None
    return tuple(
        SpanKeys(first, last, keyed, mover, moved=moved)
        for first, last in edit.plan.filled(mask)
    )


def _moves_path(edit: PreparedEdit, recipe: Recipe, bones: tuple[str, ...]) -> bool:
    """Say whether the path gets keys: with the lower body, where single bones, with the hips."""
    if "LOWER_BODY" not in recipe.parts:
        return False
    return not recipe.bones or edit.body.bone_map.bones["pelvis"] in bones


def _find_again(edit: PreparedEdit) -> Object:
    _, ob = edit.character.find()
    armature.check_armature(ob)
    edit_target.check_editable(ob)
    _check_action(edit, ob)
    recipe = edit.plan.recipe
    has_moved = bool(recipe.next_action) and (
        edit_requests.after_the_end(recipe, edit_target.animated_frames(ob)) != recipe
    )
    if has_moved:
        raise _other_action(ob)
    return ob


def _check_action(edit: PreparedEdit, ob: Object) -> None:
    data = ob.animation_data
    if data is None or data.action is None or data.action.name != edit.action_name:
        raise _other_action(ob)


def _other_action(ob: Object) -> UserError:
    return UserError(
        f'"{ob.name}" has another action than when the edit began.', "Make the edit once more."
    )


def _done(recipe: Recipe) -> str:
    first, last = recipe.frames
    told = f"{recipe.label}: frames {first} to {last} are new"
    if recipe.bones:
        parts = ", ".join(edit_requests.spoken(part) for part in recipe.parts)
        told += f"; the model filled {parts}, {len(recipe.bones)} chosen bones got keys"
    return told
