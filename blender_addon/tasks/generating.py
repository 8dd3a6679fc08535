"""What Generate starts: reads the chosen armature, and writes takes as new actions, one a take."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace

import bpy
from bpy.types import Context, Object

from ...engine.motion.bones.matching import BoneMap
from ...engine.motion.request import MotionRequest, MotionResult, Progress, RequestError
from ...engine.motion.retargeting.clip_to_rig import RigMotion, fit_clip_to_rig
from ...engine.motion.retargeting.rest_alignment import align_rest_poses
from ...engine.motion.retargeting.rig_target import RigTarget
from ...engine.motion.rig import Rig
from ...engine.motion.takes import difference_note
from .. import engine_link
from ..core.link.jobs import Job, Task
from ..core.link.slices import Steps, finish
from ..core.replay.replay_process import ReplayError, ReplayProcess
from ..properties import WORLD_ORIGIN
from ..scene.controls import takes as control_takes
from ..scene.controls.replays import lend_replay
from ..scene.keys import keyframes, takes
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

    notes: tuple[str, ...] = ()
    """What was found out when they were tried, sentences without full stops."""


def generate(context: Context, request: MotionRequest, is_modal: bool) -> Steps[FittedTakes]:
    """Have the engine make motions for the active armature, and fit them to it.

    Raises:
        RequestError: if the armature can take no keys or is no humanoid.
    """
    target = yield from read_target_in_slices(context, request.prompt)
    return (yield from make_takes(target, request, is_modal))


def make_takes(
    target: GenerationTarget, request: MotionRequest, is_modal: bool
) -> Steps[FittedTakes]:
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
        on_bones: list[RigMotion] = yield Job(_fit_to_rig(target, result))
        motions = yield from _fit_to_controls(target, on_bones, replay)
    notes = yield from _try_takes(target, motions)
    return FittedTakes(target, motions, result, tuple(notes))


def _check_length(target: GenerationTarget, request: MotionRequest) -> None:
    """Refuse a motion whose known length reaches beyond Blender's frames."""
    seconds = (request.seconds or 0.0) + sum(length for _, length in request.beats)
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
    check_no_takes_wait(context, ob)
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


def check_no_takes_wait(context: Context, ob: Object) -> None:
    """Refuse a character that shows takes of an earlier edit.

    Raises:
        RequestError: with the cure.
    """
    if takes.is_waiting(context.scene.keyfill.review, ob):
        raise RequestError(
            "Takes of an earlier edit are waiting.", "Accept one of them or discard them first."
        )


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
    return (yield from trying.try_take(target.character, body, motions[-1], target.keys))


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
    context: Context, target: GenerationTarget, result: MotionResult
) -> list[keyframes.WrittenTake]:
    """Fit takes and write them, here and now; see `write_fitted`."""
    motions = finish(fit_takes(target, result))
    return write_fitted(context, FittedTakes(target, motions, result))


def write_fitted(context: Context, fitted: FittedTakes) -> list[keyframes.WrittenTake]:
    """Write each take as an action, the last one assigned.

    Raises:
        RequestError: if the armature is gone or can no longer take keys; nothing is written then.
    """
    ob = fitted.target.character.find_shown(context)
    armature.check_armature(ob)
    check_no_takes_wait(context, ob)
    target = fitted.target
    written = [control_takes.write_take(ob, motion, target.keys) for motion in fitted.motions]
    told = target.body.settle(target.character) if target.body is not None else []
    written[-1] = replace(written[-1], notes=(*told, *fitted.notes, *written[-1].notes))
    return written


def summary(written: list[keyframes.WrittenTake]) -> str:
    """Return what became of the takes, in words."""
    told = f'"{written[-1].action.name}" is on the character'
    if len(written) > 1:
        told = f"{len(written)} takes made; {told}, the others are among the actions"
    return ". ".join(dict.fromkeys([told, *(note for take in written for note in take.notes)]))


def with_note(told: str, result: MotionResult) -> str:
    """Return what is told of a result, and how many of its takes differ if some do not."""
    return ". ".join(filter(None, [told, difference_note(result)]))
