"""Reads the animation of an armature over some frames as a clip, and fits an edited clip back.

It writes no keys, and changes neither scene nor pose nor selection. Long readings go in slices.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
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
from ..core.link.jobs import Job, Task
from ..core.link.slices import Steps, computed, finish
from ..core.replay.replay_process import ReplayError, ReplayProcess
from ..core.rigs.double_bones import Property
from ..core.rigs.posed import Posed
from ..scene.controls import edits as control_edits
from ..scene.controls import rigs as control_rigs
from ..scene.controls.edits import ReadControls
from ..scene.reading import armature, recording, timeline
from ..scene.reading.named_character import NamedCharacter, name_character

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
    """Return what an armature does, here and now; see `read_in_slices`."""
    character = name_character(timeline.scene_of(context), ob)
    return finish(read_in_slices(Reading(character, rig, bone_map), frames))


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """The character that is read."""

    character: NamedCharacter
    rig: Rig
    bone_map: BoneMap

    dress: recording.Dress = recording.dress_as_is
    """Gives a block in which the object has the animation that shall be read."""

    replay: ReplayProcess | None = None
    """Plays a control rig's animation; None has this Blender do so."""


def read_in_slices(reading: Reading, frames: tuple[int, int]) -> Steps[ReadAnimation]:
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
    scene, ob = reading.character.find()
    recording.check_evaluable(ob)
    fps = timeline.scene_fps(scene)
    whole_frames = range(first, last + 1)
    controls = yield from _read_controls(reading, whole_frames)
    if controls is None:
        recorded = yield from recording.record(reading.character, whole_frames, reading.dress)
    else:
        worlds = [Matrix(world) for world in controls.posed.worlds]
        names = reading.character.find()[1].pose.bones.keys()
        poses, bases = yield computed("Reading the animation", partial(controls.spread, names))
        recorded = recording.Recording(poses, bases, worlds, fps)
    _, ob = reading.character.find()
    facts = recording.read_facts(ob, reading.rig, reading.bone_map, recorded)
    del scene, ob
    make = partial(_to_animation, reading, first, recorded, facts, controls)
    read: ReadAnimation = yield computed("Reading the animation", make)
    return read


def _read_controls(reading: Reading, frames: range) -> Steps[ReadControls | None]:
    """Return what a control rig did, played elsewhere where that is possible."""
    scene, ob = reading.character.find()
    controls = control_rigs.find_controls(ob, reading.bone_map)
    if controls is None:
        return None
    if reading.replay is not None:
        with suppress(ReplayError):
            play = _played(reading.replay, frames, controls.switches)
            return ReadControls(controls, (yield Job(play)))
    scene, ob = reading.character.find()
    with reading.dress(ob):
        return control_edits.read_controls(scene, ob, reading.bone_map, frames)


def _played(
    replay: ReplayProcess, frames: range, watched: tuple[Property, ...]
) -> Task[Posed]:
    yield from replay.open()
    return (yield from replay.replay(frames, watched=watched))


def _to_animation(
    reading: Reading,
    first: int,
    recorded: recording.Recording,
    facts: recording.RigFacts,
    controls: ReadControls | None,
) -> ReadAnimation:
    """Return what was recorded as a clip; arrays only."""
    track = recording.to_track(reading.rig, reading.bone_map, recorded, facts)
    if controls is not None:
        track = control_edits.follow_bones(track)
    placement = pose_offsets.find_placement(track, armature.object_turn(recorded.worlds[0]))
    return ReadAnimation(
        clip=pose_offsets.track_to_clip(track, placement),
        placement=placement,
        first_frame_scene=first,
        last_frame_scene=first + len(recorded.worlds) - 1,
        track=track,
        bases=recorded.bases[:, facts.order],
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
