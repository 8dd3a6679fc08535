"""Puts whole takes on the controls of a rig, and sets the switches between FK and IK."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ....engine.motion import quaternions
from ....engine.motion.bones.matching import BoneMap
from ....engine.motion.request import Progress
from ....engine.motion.retargeting.clip_to_rig import BonePath, RigMotion
from ....engine.motion.rig import BonePose, Rig
from ...core.controls import solving as control_solving
from ...core.link.jobs import Task
from ...core.link.slices import finish
from ...core.replay.player import Player
from ...core.rigs.double_bones import Property
from ...core.rigs.posed import BoneKeys
from ..keys import keyframes
from ..reading.edit_target import bag_of
from . import rig_double
from . import rigs as control_rigs
from .rigs import Chosen, Controls
from .solver import Wanted, solve

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Character:
    """What a whole take is put on."""

    rig: Rig
    bone_map: BoneMap
    held: BonePose
    """(N, 4) and (N, 3) what bones without keys hold."""


@dataclass(frozen=True, slots=True, eq=False)
class TakePlan:
    """Which controls of a character get the keys of whole takes."""

    controls: Controls
    chosen: Chosen
    character: Character
    take: keyframes.TakeKeys
    """Where the keys will be."""

    @property
    def switches(self) -> dict[Property, float]:
        """The switches between FK and IK as they shall stand."""
        return control_rigs.switch_values(self.controls, self.take.options)


def plan_take(
    ob: bpy.types.Object, character: Character, take: keyframes.TakeKeys
) -> TakePlan | None:
    """Choose the controls for whole takes; None where keys belong on the bones themselves.

    Raises:
        RequestError: if the object's action cannot be exchanged now.
    """
    controls = control_rigs.find_controls(ob, character.bone_map)
    if controls is None:
        return None
    keyframes.check_exchangeable(ob)
    return TakePlan(controls, control_rigs.choose_all(controls, take.options), character, take)


def fit_motions(
    player: Player, plan: TakePlan, motions: Sequence[RigMotion]
) -> Task[list[RigMotion]]:
    """Return motions of bones as ones of the controls that they follow, a row a scene frame.

    Args:
        player: plays keys alone, with the plan's switches.
        plan: from `plan_take`.
        motions: one a take; channels as if the bones were plain ones.
    """
    controls, character, take = plan.controls, plan.character, plan.take
    pelvis, start = controls.bone_map.bones["pelvis"], take.start_frame_scene
    base = yield from player.replay(range(start, start + 1), _rest_keys(controls))
    fitted = []
    for number, motion in enumerate(motions):
        yield Progress(number, len(motions), "Putting the motion on the controls")
        motion = keyframes.sample_on_frames(motion, take.fps)
        targets = control_solving.motion_targets(character.rig, motion, character.held, pelvis)
        frames = range(start, start + len(motion.locations))
        fixed = _root_keys(motion)
        carried = control_solving.carried_along(base, fixed)
        wanted = Wanted(plan.chosen, targets, frames, carried, fixed=fixed)
        keys = yield from solve(player, controls, wanted)
        fitted.append(control_motion(controls, keys, motion))
    return fitted


def fit_to_controls(
    scene: bpy.types.Scene,
    ob: bpy.types.Object,
    character: Character,
    motions: Sequence[RigMotion],
    take: keyframes.TakeKeys,
) -> list[RigMotion]:
    """Return motions of bones as ones of the controls that they follow, here and now.

    Where the rig has no controls, the motions come back as they are.

    Args:
        scene: its frame rate counts.
        ob: the armature object.
        character: its rig and the bones of its joints.
        motions: one a take; channels as if the bones were plain ones.
        take: where the keys will be.
    """
    plan = plan_take(ob, character, take)
    if plan is None:
        return list(motions)
    with rig_double.lend_double(scene, ob, plan.controls.bones) as double:
        double.forget_action()
        for switch, value in plan.switches.items():
            double.set_property(*switch, value)
        return finish(fit_motions(double, plan, motions))


def make_take(
    ob: bpy.types.Object,
    motion: RigMotion,
    take: keyframes.TakeKeys,
    like: bpy.types.Action | None = None,
) -> keyframes.WrittenTake:
    """Write a motion as a new action, with the switches of a control rig on its first frame.

    The object does not show it yet. `like` as in `keyframes.make_take`.

    Raises:
        RequestError: if the object can take no keys; nothing is written then.
    """
    written = keyframes.make_take(ob, motion, take, like)
    controls = control_rigs.find_controls(ob) if motion.is_measured else None
    if controls is not None:
        values = control_rigs.switch_values(controls, take.options)
        _key_switches(ob, written.action, values, take.start_frame_scene)
    return written


def write_take(
    ob: bpy.types.Object, motion: RigMotion, take: keyframes.TakeKeys
) -> keyframes.WrittenTake:
    """Write a motion as a new action, as `make_take` does, and have the object show it."""
    written = make_take(ob, motion, take)
    keyframes.exchange_action(ob, written.action, keyframes.slot_of_take(written.action))
    return written


def _root_keys(motion: RigMotion) -> BoneKeys:
    """Return the channels of the bone that carries the character about."""
    root = motion.root
    if root is None or not root.bone:
        return BoneKeys()
    return BoneKeys({root.bone: root.rotations}, {root.bone: root.locations})


def _rest_keys(controls: Controls) -> BoneKeys:
    """Return one frame of all controls at rest."""
    keys = BoneKeys()
    limbs = controls.names.limbs
    for name, _ in controls.names.controls:
        keys.rotations[name] = quaternions.IDENTITY[None]
    for limb in limbs:
        for name in filter(None, (limb.end, limb.toe, limb.swing)):
            keys.rotations[name] = quaternions.IDENTITY[None]
    for name in filter(None, (controls.names.path, *(one for limb in limbs
                                                     for one in (limb.end, limb.pole)))):
        keys.locations[name] = np.zeros((1, 3))
    return keys


def control_motion(controls: Controls, keys: BoneKeys, motion: RigMotion) -> RigMotion:
    """Return keys of controls as a motion; what carries the character comes from the other one."""
    path = controls.names.path
    count = len(motion.locations)
    rotations = np.stack(list(keys.rotations.values()), axis=1)
    return replace(
        motion,
        bones=tuple(keys.rotations),
        rotations=quaternions.keep_quaternion_sign(_nearest_to_rest(rotations)),
        location_bone=path,
        locations=keys.locations.get(path, np.zeros((count, 3))),
        moved=tuple(
            BonePath(name, found) for name, found in keys.locations.items() if name != path
        ),
        is_measured=True,
    )


def _nearest_to_rest(rotations: Array) -> Array:
    return np.asarray(rotations * np.where(rotations[:1, :, :1] < 0, -1.0, 1.0))


def _key_switches(
    ob: bpy.types.Object, action: bpy.types.Action, values: Mapping[Property, float], frame: int
) -> None:
    """Key switches on one frame of a new action; they turn when the object shows it."""
    bag = bag_of(action, keyframes.slot_of_take(action))
    for (name, key), value in values.items():
        path = f'pose.bones["{bpy.utils.escape_identifier(name)}"]'
        path += f'["{bpy.utils.escape_identifier(key)}"]'
        curve = bag.fcurves.find(path) or keyframes.new_fcurve(bag, path, 0, name)
        curve.keyframe_points.insert(frame, value).interpolation = "CONSTANT"
