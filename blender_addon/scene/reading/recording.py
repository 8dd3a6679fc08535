"""Evaluates an armature on whole frames, and converts its poses into the engine's axes.

The frames are evaluated in a scene of their own that holds nothing but the
armature, so that meshes cost nothing and the animator's scene, pose and
selection are never touched. It writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from ....engine.motion import quaternions
from ....engine.motion.bones.matching import BoneMap
from ....engine.motion.request import Progress, RequestError
from ....engine.motion.retargeting.rig_track import (
    BoneBehaviour,
    RigPath,
    RigTrack,
    bones_to_read,
    location_bone,
)
from ....engine.motion.rig import BonePose, Rig, RigPose
from ...core import axes
from ...core.link.slices import Steps
from ...core.rigs.posed import read_rotations
from . import timeline
from .armature import check_numbers
from .named_character import NamedCharacter
from .stage import lend_stage, show_in_time

Array = NDArray[np.floating[Any]]
Dress = Callable[[bpy.types.Object], AbstractContextManager[None]]

# Constraints that hand a bone to another parent; its channels count from there.
_CARRIERS = {"CHILD_OF", "ARMATURE"}
_CHAINS = {"IK", "SPLINE_IK"}
_SAME = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """Evaluated matrices over F frames, N bones in the order of the pose bones."""

    poses: Array
    """(F, N, 4, 4)"""

    bases: Array
    """(F, N, 4, 4)"""

    worlds: list[Matrix]
    """F matrices of the object."""
    fps: float


def check_evaluable(ob: bpy.types.Object) -> None:
    """Refuse an armature whose animation cannot be evaluated now.

    Raises:
        RequestError: with the cure.
    """
    if ob.mode == "EDIT":
        raise RequestError(f'"{ob.name}" is in Edit Mode.', "Leave Edit Mode first.")
    if ob.hide_viewport:
        raise RequestError(
            f'"{ob.name}" is disabled in viewports, so that nothing moves it.',
            "Switch on its screen symbol in the Outliner.",
        )
    if ob.data.pose_position == "REST":
        raise RequestError(
            f'"{ob.name}" is shown in its rest position.',
            "Choose Pose Position in the armature's settings.",
        )
    for curve in _drivers(ob):
        if any(_is_scene_time(target) for one in curve.driver.variables for target in one.targets):
            raise RequestError(
                f'A driver of "{ob.name}" reads the scene\'s frame number ({curve.data_path}).',
                'Write "frame" in the driver\'s expression instead.',
            )


def _drivers(ob: bpy.types.Object) -> list[bpy.types.FCurve]:
    """Return the drivers of an armature object and of its data."""
    return [
        curve
        for owner in (ob, ob.data)
        if owner.animation_data is not None
        for curve in owner.animation_data.drivers
    ]


def _is_scene_time(target: bpy.types.DriverTarget) -> bool:
    return target.id_type == "SCENE" and target.data_path.startswith("frame_")


def dress_as_is(ob: bpy.types.Object) -> AbstractContextManager[None]:
    """Give a block in which the object has its own animation."""
    return nullcontext()


def record(
    character: NamedCharacter, frames: Sequence[int], dress: Dress = dress_as_is
) -> Steps[Recording]:
    """Evaluate the armature on whole frames, a few in each slice.

    Args:
        character: looked up in each slice.
        frames: F scene frames.
        dress: gives a block in which the object has the animation that shall be read.

    Raises:
        RequestError: if the armature is gone, changed or cannot be evaluated any more.
    """
    poses: list[Array] = []
    bases: list[Array] = []
    worlds: list[Matrix] = []
    fps = timeline.scene_fps(character.find()[0])
    while len(worlds) < len(frames):
        scene, ob = character.find()
        check_evaluable(ob)
        count = 16 * len(ob.pose.bones)
        with dress(ob), lend_stage(scene, (ob,)) as stage:
            for depsgraph in show_in_time(stage, frames[len(worlds) :]):
                evaluated = ob.evaluated_get(depsgraph)
                pose, basis = np.empty(count, np.float32), np.empty(count, np.float32)
                evaluated.pose.bones.foreach_get("matrix", pose)
                evaluated.pose.bones.foreach_get("matrix_basis", basis)
                poses.append(pose)
                bases.append(basis)
                worlds.append(evaluated.matrix_world.copy())
        if count != len(poses[0]):
            raise RequestError(
                f'The bones of "{ob.name}" were changed while they were read.',
                "Press the button once more.",
            )
        yield Progress(len(worlds), len(frames), "Reading the animation")
    shape = (len(frames), -1, 4, 4)  # Blender hands over columns.
    stacked = [np.array(rows).reshape(shape).swapaxes(-1, -2) for rows in (poses, bases)]
    for matrices in reversed(stacked):
        check_numbers(ob.name, ob.pose.bones.keys(), matrices)
    return Recording(stacked[0], stacked[1], worlds, fps)


def pose_order(ob: bpy.types.Object, rig: Rig) -> list[int]:
    """Return where each of the rig's bones stands among the pose bones."""
    places = {name: place for place, name in enumerate(ob.pose.bones.keys())}
    return [places[name] for name in rig.names]


@dataclass(frozen=True, slots=True, eq=False)
class RigFacts:
    """What a track needs of an armature beside its recorded matrices."""

    order: list[int]
    """Where each of the rig's bones stands among the pose bones."""

    behaviour: BoneBehaviour
    location_axes: Array
    """(F, 3, 3) from `_read_location_axes`."""


def read_facts(
    ob: bpy.types.Object, rig: Rig, bone_map: BoneMap, recording: Recording
) -> RigFacts:
    """Return what a track needs of an armature beside what was recorded."""
    return RigFacts(
        order=pose_order(ob, rig),
        behaviour=_read_behaviour(ob, rig),
        location_axes=_read_location_axes(ob, rig, bone_map, recording),
    )


def to_track(rig: Rig, bone_map: BoneMap, recording: Recording, facts: RigFacts) -> RigTrack:
    """Turn matrices into the engine's axes; bones that no joint needs are left out.

    Arrays only: a thread may do it.
    """
    needed = list(bones_to_read(rig, bone_map))
    columns = [facts.order[bone] for bone in needed]
    count = len(recording.poses)
    pose = RigPose(_blank_rotations(count, rig), np.zeros((count, len(rig.names), 3)))
    channels = BonePose(_blank_rotations(count, rig), np.zeros((count, len(rig.names), 3)))
    posed = recording.poses[:, columns]
    pose.rotations[:, needed] = axes.orientations_to_engine(read_rotations(posed))
    pose.heads[:, needed] = axes.vectors_to_engine(posed[..., :3, 3])
    held = bases_to_channels(recording.bases[:, columns])
    channels.rotations[:, needed], channels.locations[:, needed] = held.rotations, held.locations
    return RigTrack(
        rig=rig,
        bone_map=bone_map,
        pose=pose,
        channels=channels,
        behaviour=facts.behaviour,
        path=_read_path(recording.worlds),
        location_axes=facts.location_axes,
        fps=recording.fps,
    )


def all_poses(recording: Recording, order: list[int]) -> RigPose:
    """Return what was recorded of all bones, in an order of places among the pose bones."""
    posed = recording.poses[:, order]
    return RigPose(
        axes.orientations_to_engine(read_rotations(posed)),
        axes.vectors_to_engine(posed[..., :3, 3]),
    )


def _blank_rotations(count: int, rig: Rig) -> Array:
    return np.tile(quaternions.IDENTITY, (count, len(rig.names), 1))


def bases_to_channels(bases: Array) -> BonePose:
    """Return Blender's channel matrices (F, N, 4, 4) as rotations and locations (F, N, ...)."""
    return BonePose(read_rotations(bases), np.asarray(bases[..., :3, 3], dtype=float))


def _read_path(worlds: list[Matrix]) -> RigPath:
    """Return how the object moved since the first frame; exactly still if it did not."""
    count = len(worlds)
    rotations, positions = np.tile(quaternions.IDENTITY, (count, 1)), np.zeros((count, 3))
    scales = np.ones(count)
    to_first = worlds[0].inverted_safe()
    for row, world in enumerate(worlds):
        if world == worlds[0]:
            continue
        place, turn, scale = (to_first @ world).decompose()
        rotations[row] = axes.turns_to_engine(np.array(turn))
        positions[row] = axes.vectors_to_engine(np.array(place))
        size = float(np.mean(np.abs(np.array(scale))))
        scales[row] = size if abs(size - 1.0) > _SAME else 1.0
    return RigPath(positions, rotations, scales)


def _read_location_axes(
    ob: bpy.types.Object, rig: Rig, bone_map: BoneMap, recording: Recording
) -> Array:
    """Return what a unit of each location channel moves in rig space, (F, 3, 3)."""
    bone: Any = ob.data.bones[rig.names[location_bone(rig, bone_map)]]
    steps = [Matrix.Identity(4), *(Matrix.Translation(row) for row in np.eye(3))]
    parent = ob.pose.bones.find(bone.parent.name) if bone.parent else -1
    moved = np.empty((len(recording.poses), 4, 3))
    for frame, row in enumerate(moved):
        above = {}
        if parent >= 0:
            above = {
                "parent_matrix": Matrix(recording.poses[frame, parent]),
                "parent_matrix_local": bone.parent.matrix_local,
            }
        for number, step in enumerate(steps):
            row[number] = bone.convert_local_to_pose(step, bone.matrix_local, **above).translation
    moves = axes.vectors_to_engine(moved[:, 1:] - moved[:, :1])
    return np.asarray(moves.swapaxes(-1, -2))  # one column for each channel


def _read_behaviour(ob: bpy.types.Object, rig: Rig) -> BoneBehaviour:
    decided = _decided_elsewhere(ob)
    return BoneBehaviour(
        is_carried=np.array([name not in decided for name in rig.names]),
        inherits_rotation=np.array(
            [ob.data.bones[name].use_inherit_rotation for name in rig.names]
        ),
    )


def _decided_elsewhere(
    ob: bpy.types.Object, is_known: Callable[[Any], bool] = lambda constraint: False
) -> set[str]:
    """Return the bones whose rotation constraints or IK chains make of other things.

    Args:
        ob: the armature object.
        is_known: says of a constraint that it does not count.
    """
    decided = set()
    for bone in ob.pose.bones:
        for constraint in bone.constraints:
            if constraint.mute or constraint.influence == 0.0 or constraint.type in _CARRIERS:
                continue
            if is_known(constraint):
                continue
            decided.add(bone.name)
            if constraint.type in _CHAINS:
                length = constraint.chain_count or None
                decided.update(above.name for above in [bone, *bone.parent_recursive][:length])
    return decided
