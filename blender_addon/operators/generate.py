"""Prompt -> new action on the chosen armature, one a take."""

from __future__ import annotations

from dataclasses import dataclass

from bpy.types import Context, Object, Operator

from ...engine.motion.bones.matching import BoneMap
from ...engine.motion.request import MotionResult
from ...engine.motion.retargeting.clip_to_rig import RigMotion, fit_clip_to_rig
from ...engine.motion.retargeting.rest_alignment import align_rest_poses
from ...engine.motion.retargeting.rig_target import RigTarget
from ...engine.motion.rig import Rig
from ...engine.motion.takes import difference_note
from .. import engine_link
from ..core.edits.generate_request import errors_for_animators
from ..core.errors import UserError
from ..core.link.jobs import Job
from ..properties import WORLD_ORIGIN
from ..scene.controls import rigs as control_rigs
from ..scene.controls import takes as control_takes
from ..scene.keys import keyframes
from ..scene.reading import armature, rig_target, timeline
from .job_operator import JobOperator
from .served import is_served


@dataclass(frozen=True, slots=True)
class GenerationTarget:
    """The character as it was when the button was pressed; undo may free it meanwhile."""

    armature_name: str
    """The object is looked up again by its name."""

    rig: Rig
    bone_map: BoneMap
    target: RigTarget
    """Where the motion starts, what bones hold that get no keys, and the animator's wishes."""

    keys: keyframes.TakeKeys
    """Name, first frame and rate of the keys."""


class KEYFILL_OT_generate(JobOperator, Operator):
    """Prompt -> new action on the active armature."""

    bl_idname = "keyfill.generate"
    bl_label = "Generate Motion"
    bl_description = "Make the active character do what the prompt says, from the current frame on"
    bl_options = {"REGISTER", "UNDO"}
    operation = "generate"

    @classmethod
    def poll(cls, context: Context) -> bool:
        if context.window_manager.keyfill_status.is_running:
            cls.poll_message_set("A motion is being made: wait for it, or cancel it")
            return False
        ob = armature.active_character(context)
        if ob is not None and ob.type == "EMPTY" and ob.instance_collection is not None:
            cls.poll_message_set(
                "A linked character must be overridden first: "
                "choose Object > Library Override > Make"
            )
            return False
        if ob is None or ob.type != "ARMATURE":
            cls.poll_message_set("Select a character's armature first, or add the mannequin")
            return False
        return is_served(cls, context, cls.operation)

    def make_job(self, context: Context) -> Job[MotionResult]:
        settings = context.scene.keyfill
        request = settings.to_request()
        with errors_for_animators():
            self._target = read_target(context, request.prompt)
        return engine_link.generation_job(request)

    def apply_result(self, context: Context, result: MotionResult) -> None:
        context.window_manager.keyfill_status.prompt_cut = result.prompt_cut
        with errors_for_animators():
            written = write_takes(context, self._target, result)
        self.report({"INFO"}, with_note(summary(written), result))


def read_target(context: Context, name: str) -> GenerationTarget:
    """Return what the active armature needs for a take of that name.

    Raises:
        RequestError: if it can take no keys or is no humanoid.
    """
    ob: Object = armature.active_character(context)
    armature.check_armature(ob)
    rig, bone_map = control_rigs.read_body(ob)
    depsgraph = context.evaluated_depsgraph_get()
    if context.scene.keyfill.start_at == WORLD_ORIGIN:
        placement = armature.world_origin(ob, depsgraph)
    else:
        placement = armature.read_stance(ob, rig, bone_map, depsgraph)
    target = rig_target.read_rig_target(ob, rig, placement)
    return GenerationTarget(
        armature_name=ob.name,
        rig=rig,
        bone_map=bone_map,
        target=target,
        keys=keyframes.TakeKeys(
            name,
            timeline.current_frame(context.scene),
            timeline.scene_fps(context.scene),
            options=target.options,
            units_per_metre=align_rest_poses(rig, bone_map).scale,
        ),
    )


def write_takes(
    context: Context, target: GenerationTarget, result: MotionResult
) -> list[keyframes.WrittenTake]:
    """Write each take as an action, the last one assigned.

    Raises:
        UserError: if the armature is gone.
        RequestError: if it can no longer take keys; nothing is written then.
    """
    ob = context.scene.objects.get(target.armature_name)
    if ob is None:
        raise UserError(
            f'The armature "{target.armature_name}" is no longer in the scene.',
            "Select a character and generate once more.",
        )
    armature.check_armature(ob)
    motions: list[RigMotion] = [
        fit_clip_to_rig(clip, target.rig, target.bone_map, target.target)
        for clip in result.clips
    ]
    character = control_takes.Character(target.rig, target.bone_map, target.target.held)
    motions = [
        control_takes.fit_to_controls(context.scene, ob, character, motion, target.keys)
        for motion in motions
    ]
    return [control_takes.write_take(ob, motion, target.keys) for motion in motions]


def summary(written: list[keyframes.WrittenTake]) -> str:
    """Return what became of the takes, in words."""
    told = f'"{written[-1].action.name}" is on the character'
    if len(written) > 1:
        told = f"{len(written)} takes made; {told}, the others are among the actions"
    return ". ".join(dict.fromkeys([told, *(note for take in written for note in take.notes)]))


def with_note(told: str, result: MotionResult) -> str:
    """Return what is told of a result, and how many of its takes differ if some do not."""
    return ". ".join(filter(None, [told, difference_note(result)]))
