"""Reads the animation of an armature over some frames as a clip, and fits an edited clip back.

It writes no keys, and changes neither scene nor pose nor selection.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from ...engine.motion.bones.matching import BoneMap
from ...engine.motion.clip import Clip
from ...engine.motion.request import RequestError
from ...engine.motion.retargeting import pose_offsets
from ...engine.motion.retargeting.clip_to_rig import Placement, RigMotion
from ...engine.motion.retargeting.rig_track import RigTrack
from ...engine.motion.rig import BonePose, Rig
from ...engine.motion.skeleton import FPS
from ..scene.controls import edits as control_edits
from ..scene.controls.edits import ReadControls
from ..scene.reading import armature, recording, timeline

Array = NDArray[np.floating[Any]]


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
    """(F, N, 4, 4) float32: every bone's channels as Blender's `matrix_basis`."""

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
        """Every bone's channels, (F, N), before constraints."""
        return recording.bases_to_channels(self.bases)


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
    recording.check_evaluable(ob)
    scene, whole_frames = timeline.scene_of(context), range(first, last + 1)
    controls = control_edits.read_controls(scene, ob, bone_map, whole_frames)
    if controls is None:
        recorded = recording.record(scene, ob, whole_frames)
    else:
        worlds = [Matrix(world) for world in controls.posed.worlds]
        recorded = recording.Recording(*controls.spread(ob), worlds, timeline.scene_fps(scene))
    track = recording.to_track(ob, rig, bone_map, recorded)
    if controls is not None:
        track = control_edits.follow_bones(track)
    turn = armature.object_turn(recorded.worlds[0])
    placement = pose_offsets.find_placement(track, turn)
    return ReadAnimation(
        clip=pose_offsets.track_to_clip(track, placement),
        placement=placement,
        first_frame_scene=first,
        last_frame_scene=last,
        track=track,
        bases=recorded.bases[:, recording.pose_order(ob, rig)],
        overridden=() if controls else recording.overridden(ob, bone_map),
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
