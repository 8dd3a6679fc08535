"""Reads the animation of an armature over some frames as a clip, and fits an edited clip back.

The frames are evaluated in a scene of their own that holds nothing but the
armature, so that meshes cost nothing and the animator's scene, pose and
selection are never touched. It writes no keys.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from ...engine.motion import quaternions
from ...engine.motion.bones.matching import BoneMap
from ...engine.motion.clip import Clip
from ...engine.motion.request import RequestError
from ...engine.motion.retargeting import pose_offsets
from ...engine.motion.retargeting.clip_to_rig import Placement, RigMotion
from ...engine.motion.retargeting.rig_track import (
    BoneBehaviour,
    RigPath,
    RigTrack,
    bones_to_read,
    location_bone,
)
from ...engine.motion.rig import BonePose, Rig, RigPose
from ...engine.motion.skeleton import FPS
from ..core import axes
from ..core.rigs.posed import read_rotations
from ..scene.controls import edits as control_edits
from ..scene.controls.edits import ReadControls
from ..scene.reading import armature, timeline
from ..scene.reading.stage import lend_stage

Array = NDArray[np.floating]

# Constraints that hand a bone to another parent; its channels count from there.
_CARRIERS = {"CHILD_OF", "ARMATURE"}
_CHAINS = {"IK", "SPLINE_IK"}
_ROTATIONS = ("rotation_quaternion", "rotation_euler", "rotation_axis_angle")
_SAME = 1e-6


@dataclass(frozen=True, eq=False)
class ReadAnimation:
    """An armature's animation over inclusive scene frames, and its clip at 30 fps.

    Clip frame i lies at scene time first_frame_scene + i * fps / 30.
    """

    clip: Clip
    """Canonical: it begins at the origin, facing +Z, with the floor at y = 0."""

    placement: Placement
    """How the clip lies in the first frame's rig space; `fit_clip_to_rig` puts it back with it."""

    first_frame_scene: int
    last_frame_scene: int

    track: RigTrack
    """The evaluated pose of the bones that matter, and what else a clip cannot hold."""

    bases: Array
    """(F, N, 4, 4) float32: every bone's own channels as Blender's matrices."""

    overridden: tuple[str, ...]
    """Mapped bones whose rotation constraints, IK or drivers decide: keys on them show little."""

    controls: ReadControls | None = None
    """What a control rig's bones did; None where keys belong on the mapped bones themselves."""

    @property
    def fps(self) -> float:
        """Frames per second: the scene's, or nearly so after `end_on_clip_frame`."""
        return self.track.fps

    @cached_property
    def channels(self) -> BonePose:
        """What every bone's channels held, (F, N), before constraints."""
        return _bases_to_channels(self.bases)


def read_animation(
    context: bpy.types.Context,
    ob: bpy.types.Object,
    rig: Rig,
    bone_map: BoneMap,
    frames: tuple[int, int],
) -> ReadAnimation:
    """Return what an armature does in a range of scene frames, first and last included.

    Constraints, drivers, NLA strips and the object's own motion are evaluated;
    time remapping is not, so that frames are those of the keys.

    Raises:
        RequestError: if the range is reversed or the armature cannot be evaluated.
    """
    first, last = frames
    if last < first:
        raise RequestError(
            f"The frames {first} to {last} are reversed.", "Choose an end after the start."
        )
    _check_evaluable(ob)
    controls = control_edits.read_controls(context.scene, ob, bone_map, range(first, last + 1))
    if controls is None:
        recording = _record(context.scene, ob, range(first, last + 1))
    else:
        worlds = [Matrix(world) for world in controls.posed.worlds]
        recording = _Recording(*controls.spread(ob), worlds, timeline.scene_fps(context.scene))
    track = _to_track(ob, rig, bone_map, recording)
    if controls is not None:
        track = control_edits.follow_bones(track)
    turn = armature.object_turn(recording.worlds[0])
    placement = pose_offsets.find_placement(track, turn)
    return ReadAnimation(
        clip=pose_offsets.track_to_clip(track, placement),
        placement=placement,
        first_frame_scene=first,
        last_frame_scene=last,
        track=track,
        bases=recording.bases[:, _order(ob, rig)],
        overridden=() if controls else _overridden(ob, bone_map),
        controls=controls,
    )


def end_on_clip_frame(read: ReadAnimation) -> ReadAnimation:
    """Return the same with its rate changed a little, so that its last frame is a clip frame, too.

    A cycle closes at its very end, which lies between two clip frames at most rates.
    """
    steps = read.last_frame_scene - read.first_frame_scene
    fps = steps * FPS / max(1, round(steps * FPS / read.fps))
    track = replace(read.track, fps=fps)
    return replace(read, track=track, clip=pose_offsets.track_to_clip(track, read.placement))


def fit_edit(read: ReadAnimation, made: Clip, mask: NDArray[np.bool_]) -> RigMotion:
    """Return an edited clip as channels of the mapped bones, one row for each scene frame read.

    Frames and body parts outside the mask have the animator's own channels. A scene frame is
    inside where the clip frames on both sides of it are masked; there, what the clip
    cannot hold of the frames at the borders fades out.

    Args:
        read: what was read.
        made: (T) as many frames as `read.clip`, at the same place.
        mask: (T, 4) where it is new.
    """
    return pose_offsets.fit_clip_to_track(
        read.track, read.placement, made, np.asarray(mask, dtype=bool)
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Recording:
    """Evaluated matrices over F frames, the N bones in the armature's own order."""

    poses: Array
    """(F, N, 4, 4)"""

    bases: Array
    """(F, N, 4, 4)"""

    worlds: list[Matrix]
    """F matrices of the object."""
    fps: float


def _check_evaluable(ob: bpy.types.Object) -> None:
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


def _record(scene: bpy.types.Scene, ob: bpy.types.Object, frames: range) -> _Recording:
    """Evaluate the armature on whole frames."""
    bones = len(ob.pose.bones)
    poses = np.empty((len(frames), 16 * bones), dtype=np.float32)
    bases = np.empty_like(poses)
    worlds = []
    with lend_stage(scene, (ob,)) as stage:
        for row, frame in enumerate(frames):
            stage.frame_set(frame)
            evaluated = ob.evaluated_get(stage.view_layers[0].depsgraph)
            evaluated.pose.bones.foreach_get("matrix", poses[row])
            evaluated.pose.bones.foreach_get("matrix_basis", bases[row])
            worlds.append(evaluated.matrix_world.copy())
    # Blender hands over columns.
    poses, bases = (
        flat.reshape(len(frames), bones, 4, 4).swapaxes(-1, -2) for flat in (poses, bases)
    )
    return _Recording(poses, bases, worlds, timeline.scene_fps(scene))


def _order(ob: bpy.types.Object, rig: Rig) -> list[int]:
    """Return where each of the rig's bones stands among the pose bones."""
    return [ob.pose.bones.find(name) for name in rig.names]


def _to_track(ob: bpy.types.Object, rig: Rig, bone_map: BoneMap, recording: _Recording) -> RigTrack:
    """Turn matrices into the engine's axes; bones that no joint needs are left out."""
    needed = list(bones_to_read(rig, bone_map))
    columns = [_order(ob, rig)[bone] for bone in needed]
    count = len(recording.poses)
    pose = RigPose(_blank_rotations(count, rig), np.zeros((count, len(rig.names), 3)))
    channels = BonePose(_blank_rotations(count, rig), np.zeros((count, len(rig.names), 3)))
    posed = recording.poses[:, columns]
    pose.rotations[:, needed] = axes.orientations_to_engine(read_rotations(posed))
    pose.heads[:, needed] = axes.vectors_to_engine(posed[..., :3, 3])
    held = _bases_to_channels(recording.bases[:, columns])
    channels.rotations[:, needed], channels.locations[:, needed] = held.rotations, held.locations
    return RigTrack(
        rig=rig,
        bone_map=bone_map,
        pose=pose,
        channels=channels,
        behaviour=_read_behaviour(ob, rig),
        path=_read_path(recording.worlds),
        location_axes=_read_location_axes(ob, rig, bone_map, recording),
        fps=recording.fps,
    )


def _blank_rotations(count: int, rig: Rig) -> Array:
    return np.tile(quaternions.IDENTITY, (count, len(rig.names), 1))


def _bases_to_channels(bases: Array) -> BonePose:
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
        size = float(np.mean(np.abs(scale)))
        scales[row] = size if abs(size - 1.0) > _SAME else 1.0
    return RigPath(positions, rotations, scales)


def _read_location_axes(
    ob: bpy.types.Object, rig: Rig, bone_map: BoneMap, recording: _Recording
) -> Array:
    """Return what a unit of each location channel moves in rig space, (F, 3, 3)."""
    bone = ob.data.bones[rig.names[location_bone(rig, bone_map)]]
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


def _decided_elsewhere(ob: bpy.types.Object) -> set[str]:
    """Return the bones whose rotation constraints or IK chains make of other things."""
    decided = set()
    for bone in ob.pose.bones:
        for constraint in bone.constraints:
            if constraint.mute or constraint.influence == 0.0 or constraint.type in _CARRIERS:
                continue
            decided.add(bone.name)
            if constraint.type in _CHAINS:
                length = constraint.chain_count or None
                decided.update(above.name for above in [bone, *bone.parent_recursive][:length])
    return decided


def _overridden(ob: bpy.types.Object, bone_map: BoneMap) -> tuple[str, ...]:
    """Return the mapped bones on which keys of rotation do not decide the pose."""
    driven = {curve.data_path for curve in _drivers(ob) if curve.data_path.endswith(_ROTATIONS)}
    decided = _decided_elsewhere(ob)
    return tuple(
        name
        for name in bone_map.bones.values()
        if name in decided
        or any(ob.pose.bones[name].path_from_id(path) in driven for path in _ROTATIONS)
    )
