"""What Generate starts: reads the chosen armature, and writes takes as new actions, one a take."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace

import bpy
from bpy.types import Context, Object

from ...engine.motion.bones.matching import BoneMap
from ...engine.motion.request import MotionRequest, MotionResult, Progress
from ...engine.motion.retargeting.clip_to_rig import RigMotion, fit_clip_to_rig
from ...engine.motion.retargeting.rest_alignment import align_rest_poses
from ...engine.motion.retargeting.rig_target import RigTarget
from ...engine.motion.rig import Rig
from ...engine.motion.takes import difference_note
from ...engine.motion.tracks import plan_text
from .. import engine_link
from ..core.edits import take_history
from ..core.edits.edit_requests import Recipe
from ..core.edits.generate_request import take_request, told_prompt
from ..core.edits.plans import source_of
from ..core.link.jobs import Job, Task
from ..core.link.slices import Steps, finish
from ..core.replay.replay_process import ReplayError, ReplayProcess
from ..properties import WORLD_ORIGIN
from ..scene.controls import takes as control_takes
from ..scene.controls.replays import lend_replay
from ..scene.keys import keyframes, reviews, scene_range, takes, thrown_takes, tracks
from ..scene.keys.reviews import Waiting
from ..scene.reading import armature, rig_target, timeline
from ..scene.reading.bone_inheritance import check_sizes
from ..scene.reading.named_character import NamedCharacter, name_character
from . import trying
from .character_reading import Body, read_character


@dataclass(frozen=True, slots=True)
class GenerationTarget:
    """The character as it was when the button was pressed."""

    character: NamedCharacter
    """Looked up again in each slice."""

    rig: Rig
    bone_map: BoneMap
    target: RigTarget
    """Where the motion starts, what bones hold that get no keys, and the animator's wishes."""

    keys: keyframes.TakeKeys
    """Name, first frame and rate of the keys."""

    controls: control_takes.TakePlan | None = None
    """The controls that get the keys; None where they belong on the bones."""

    body: Body | None = None
    """How the bones were read; what was found out with them is stored with the keys."""


@dataclass(frozen=True, slots=True)
class FittedTakes:
    """Takes that are ready to be written."""

    target: GenerationTarget
    motions: list[RigMotion]
    result: MotionResult

    recipe: Recipe
    """What makes them again."""

    notes: tuple[str, ...] = ()
    """What was found out when they were tried, sentences without full stops."""

    is_throw: bool = False
    """Whether they are another throw of the die: what was thrown before need not be kept."""


def generate(context: Context, recipe: Recipe, is_modal: bool) -> Steps[FittedTakes]:
    """Have the engine make motions for the active armature, and fit them to it.

    Raises:
        UserError: if the recipe cannot be served.
        RequestError: if the armature can take no keys or is no humanoid.
    """
    request = take_request(recipe)
    target = yield from read_target_in_slices(context, told_prompt(recipe))
    motions, result = yield from make_takes(target, request, is_modal)
    notes = yield from _try_takes(target, motions)
    return FittedTakes(target, motions, result, recipe, tuple(notes))


def make_takes(
    target: GenerationTarget, request: MotionRequest, is_modal: bool
) -> Steps[tuple[list[RigMotion], MotionResult]]:
    """Have the engine make motions, and fit them to a character.

    Args:
        target: from `read_target_in_slices`.
        request: what the engine makes.
        is_modal: a person waits and works on: rigs are posed in a Blender of their own.
    """
    _check_length(target, request)
    with ExitStack() as stack:
        replay = None
        if is_modal and target.controls is not None:
            scene, ob = target.character.find()
            plan = target.controls
            replay = stack.enter_context(
                lend_replay(scene, ob, plan.controls.bones, plan.switches)
            )
            del scene, ob
            yield Progress(0, 1, "Reading the character")
        result = yield engine_link.generation_job(request)
        motions = yield from fit_takes(target, result, replay)
    return motions, result


def _check_length(target: GenerationTarget, request: MotionRequest) -> None:
    """Refuse a motion whose known length reaches beyond Blender's frames."""
    seconds = (request.seconds or 0.0) + sum(length for _, length in request.beats)
    seconds = max([seconds, *(track.end for track in request.tracks)])
    start = target.keys.start_frame_scene
    keyframes.check_frames(start, start + max(int(seconds * target.keys.fps) - 1, 0))


def read_target(context: Context, name: str) -> GenerationTarget:
    """Return what the active armature needs for a take of that name, here and now."""
    return finish(read_target_in_slices(context, name))


def read_target_in_slices(context: Context, name: str) -> Steps[GenerationTarget]:
    """Return what the active armature needs for a take of that name.

    Raises:
        RequestError: if it can take no keys or is no humanoid, or its takes wait. Where its
            bones are recognised with doubt, the bone map is filled in for a look; the next call
            takes it as it is.
    """
    ob = armature.check_armature(armature.active_character(context))
    reviews.check_none_wait(context.scene.keyfill.review)
    scene = timeline.scene_of(context)
    character = name_character(scene, ob)
    is_at_origin = context.scene.keyfill.start_at == WORLD_ORIGIN
    keyframes.check_exchangeable(ob)
    start, fps = timeline.current_frame(scene), timeline.scene_fps(scene)
    del scene, ob
    body = yield from read_character(character)
    rig, bone_map = body.rig, body.bone_map
    scene, ob = character.find()
    depsgraph = bpy.context.evaluated_depsgraph_get()
    if is_at_origin:
        placement = armature.world_origin(ob, depsgraph)
    else:
        placement = armature.read_stance(ob, rig, bone_map, depsgraph)
    check_sizes(ob, bone_map.bones.values())
    target = rig_target.read_rig_target(ob, rig, placement)
    assert target.held is not None
    units = align_rest_poses(rig, bone_map).scale
    keys = keyframes.TakeKeys(name, start, fps, options=target.options, units_per_metre=units)
    on_controls = control_takes.Character(rig, bone_map, target.held)
    plan = control_takes.plan_take(ob, on_controls, keys)
    del scene, ob, depsgraph
    yield Progress(0, 1, "Reading the character")
    return GenerationTarget(character, rig, bone_map, target, keys, plan, body)


def fit_takes(
    target: GenerationTarget, result: MotionResult, replay: ReplayProcess | None = None
) -> Steps[list[RigMotion]]:
    """Return the takes as channels of the character's bones, or of its controls.

    Args:
        target: the character.
        result: what the engine made.
        replay: plays keys on the character's double; None has this Blender do so.
    """
    motions: list[RigMotion] = yield Job(_fit_to_rig(target, result))
    return (yield from _fit_to_controls(target, motions, replay))


def _try_takes(target: GenerationTarget, motions: list[RigMotion]) -> Steps[list[str]]:
    """Return what constraints make of the take that will be on the character.

    Controls were solved with their constraints: there is nothing to try.
    """
    held = target.target.held
    if target.controls is not None or held is None:
        return []
    body = target.rig, held
    return (yield from trying.try_take(target.character, body, motions[0], target.keys))


def _fit_to_controls(
    target: GenerationTarget, motions: list[RigMotion], replay: ReplayProcess | None
) -> Steps[list[RigMotion]]:
    """Return takes of bones as ones of the controls that they follow, if there are any."""
    plan = target.controls
    if plan is None:
        return motions
    if replay is not None:
        with suppress(ReplayError):
            fitted: list[RigMotion] = yield Job(_fit_elsewhere(replay, plan, motions))
            return fitted
    scene, ob = target.character.find()
    return control_takes.fit_to_controls(scene, ob, plan.character, motions, target.keys)


def _fit_to_rig(target: GenerationTarget, result: MotionResult) -> Task[list[RigMotion]]:
    motions = []
    for number, clip in enumerate(result.clips):
        yield Progress(number, len(result.clips), "Fitting the motion")
        motions.append(fit_clip_to_rig(clip, target.rig, target.bone_map, target.target))
    return motions


def _fit_elsewhere(
    replay: ReplayProcess, plan: control_takes.TakePlan, motions: list[RigMotion]
) -> Task[list[RigMotion]]:
    yield from replay.open()
    return (yield from control_takes.fit_motions(replay, plan, motions))


def write_takes(
    context: Context, target: GenerationTarget, result: MotionResult, recipe: Recipe
) -> str:
    """Fit takes and write them, here and now; see `write_fitted`."""
    motions = finish(fit_takes(target, result))
    return write_fitted(context, FittedTakes(target, motions, result, recipe))


def write_fitted(context: Context, fitted: FittedTakes, review: bool = False) -> str:
    """Write each take as an action, and the request into the history; return what to tell.

    The first take is put on the character, the others on muted NLA tracks; in a review all wait.

    Raises:
        RequestError: if the armature is gone or can no longer take keys; nothing is written then.
    """
    ob = fitted.target.character.find_shown(context)
    armature.check_armature(ob)
    settings = context.scene.keyfill
    reviews.check_none_wait(settings.review)
    written = _make_actions(ob, fitted)
    actions = [take.action for take in written]
    frames = _frames_of(actions)
    plan = plan_text(fitted.result.plan) or fitted.recipe.plan
    prompt = told_prompt(fitted.recipe)
    recipe = replace(fitted.recipe, prompt=prompt, frames=frames, plan=plan)
    target = fitted.target
    settled = target.body.settle(target.character) if target.body is not None else ()
    notes = [*settled, *fitted.notes, *(note for take in written for note in take.notes)]
    if review and len(actions) > 1:
        names = [action.name for action in actions]
        text = take_history.history_to_text((recipe,))
        waiting = Waiting(text, names, frames, settings.grows_range)
        notes.append(reviews.hold_actions(settings.review, ob, actions, waiting))
        settings.remember(recipe, len(actions))
        told = f"{len(actions)} takes wait to be accepted"
    else:
        notes += _put_on(context, ob, actions, frames)
        settings.remember(take_history.take_of(recipe, 0), len(actions))
        told = f'"{actions[0].name}" is on the character'
    _show_plan(context, fitted)
    return with_note(". ".join(dict.fromkeys(filter(None, [told, *notes]))), fitted.result)


def _show_plan(context: Context, fitted: FittedTakes) -> None:
    """List what the takes were made of, for the prompt or the beats that asked for them."""
    tracks, recipe = fitted.result.plan, fitted.recipe
    if tracks:
        context.scene.keyfill.plan.show(tracks, source_of(recipe), recipe.is_plan_own)


def _make_actions(ob: Object, fitted: FittedTakes) -> list[keyframes.WrittenTake]:
    """Write each take as an action that the object does not show yet; all of them or none."""
    written: list[keyframes.WrittenTake] = []
    try:
        for number, motion in enumerate(fitted.motions):
            keys = replace(fitted.target.keys, seed=fitted.recipe.seed + number)
            like = written[0].action if written else None
            written.append(control_takes.make_take(ob, motion, keys, like))
            thrown_takes.mark_take(written[-1].action, _wish(fitted), fitted.is_throw)
    except BaseException:
        takes.remove_unused([take.action for take in written])
        raise
    return written


def _wish(fitted: FittedTakes) -> str:
    """Return what takes were made for, the same for every seed, frame for frame."""
    told = told_prompt(fitted.recipe)
    recipe = replace(fitted.recipe, prompt=told, seed=0, takes=1, frames=(0, 0))
    if not recipe.is_plan_own:
        recipe = replace(recipe, plan="")
    return f"{fitted.target.keys.start_frame_scene} {recipe}"


def _put_on(
    context: Context, ob: Object, actions: list[bpy.types.Action], frames: tuple[int, int]
) -> list[str]:
    """Have the character show the first take, and keep the others; return what to tell."""
    settings, (before, slot) = context.scene.keyfill, takes.current(ob)
    try:
        keyframes.exchange_action(ob, actions[0], keyframes.slot_of_take(actions[0]))
    except BaseException:
        takes.remove_unused(actions)
        raise
    notes = reviews.replaced_notes(ob, before, slot, actions[0])
    for action in actions if settings.keeps_takes else actions[1:]:
        tracks.keep_on_track(ob, action, keyframes.slot_of_take(action), action.name)
    if len(actions) > 1:
        notes.append(f"{len(actions) - 1} more takes are on muted NLA tracks")
    notes.append(scene_range.fit_range(timeline.scene_of(context), frames, settings.grows_range))
    return notes


def _frames_of(actions: list[bpy.types.Action]) -> tuple[int, int]:
    """Return the first and the last frame that has a key."""
    ranges = [action.frame_range for action in actions]
    return round(min(one[0] for one in ranges)), round(max(one[1] for one in ranges))


def with_note(told: str, result: MotionResult) -> str:
    """Return what is told of a result, its notes, and how many takes differ if some do not."""
    return ". ".join(filter(None, [told, *result.notes, difference_note(result)]))
