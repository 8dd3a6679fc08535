"""What Generate starts: reads the chosen armature, and writes takes as new actions, one a take."""

from __future__ import annotations

from dataclasses import dataclass

from bpy.types import Context

from ...engine.motion.bones.matching import BoneMap
from ...engine.motion.request import MotionResult
from ...engine.motion.retargeting.clip_to_rig import RigMotion, fit_clip_to_rig
from ...engine.motion.retargeting.rest_alignment import align_rest_poses
from ...engine.motion.retargeting.rig_target import RigTarget
from ...engine.motion.rig import Rig
from ...engine.motion.takes import difference_note
from ..core.errors import UserError
from ..properties import WORLD_ORIGIN
from ..scene.controls import rigs as control_rigs
from ..scene.controls import takes as control_takes
from ..scene.keys import keyframes
from ..scene.reading import armature, rig_target, timeline


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


def read_target(context: Context, name: str) -> GenerationTarget:
    """Return what the active armature needs for a take of that name.

    Raises:
        RequestError: if it can take no keys or is no humanoid.
    """
    ob = armature.check_armature(armature.active_character(context))
    scene = timeline.scene_of(context)
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
            timeline.current_frame(scene),
            timeline.scene_fps(scene),
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
    held = target.target.held
    assert held is not None
    character = control_takes.Character(target.rig, target.bone_map, held)
    motions = control_takes.fit_to_controls(
        timeline.scene_of(context), ob, character, motions, target.keys
    )
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
