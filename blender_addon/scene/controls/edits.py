"""Reads the animation of a control rig off the bones that follow, and edits its controls.

The bones that follow are read as if they were plain ones with channels of their own, so
that everything that is known of plain rigs serves here, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ....engine.motion import quaternions
from ....engine.motion.bones.matching import BoneMap
from ....engine.motion.request import Progress
from ....engine.motion.retargeting.clip_to_rig import RigMotion
from ....engine.motion.retargeting.rig_track import BoneBehaviour, RigTrack, location_bone
from ....engine.motion.rig import BonePose
from ...core.controls import solving as control_solving
from ...core.link.jobs import Task
from ...core.link.slices import finish
from ...core.replay.player import Player
from ...core.rigs.posed import Posed
from ..keys.edit_keys import EditKeys
from . import rig_double
from . import rigs as control_rigs
from . import takes as control_takes
from .rigs import Controls
from .solver import Wanted, solve

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class ReadControls:
    """What the bones of a control rig did over F frames."""

    controls: Controls
    posed: Posed

    def spread(self, names: Sequence[str]) -> tuple[Array, Array]:
        """Return poses and channels (F, N, 4, 4) in the order of all N pose bones.

        Bones that were not read have the identity.
        """
        places = {name: place for place, name in enumerate(names)}
        columns = [places[name] for name in self.posed.index]
        shape = (len(self.posed.matrices), len(names), 4, 4)
        poses = np.broadcast_to(np.eye(4, dtype=np.float32), shape).copy()
        bases = poses.copy()
        poses[:, columns], bases[:, columns] = self.posed.matrices, self.posed.bases
        return poses, bases


def read_controls(
    scene: bpy.types.Scene, ob: bpy.types.Object, bone_map: BoneMap, frames: range
) -> ReadControls | None:
    """Evaluate a control rig on whole frames; None where the rig has no controls."""
    controls = control_rigs.find_controls(ob, bone_map)
    if controls is None:
        return None
    with rig_double.lend_double(scene, ob, controls.bones) as double:
        return ReadControls(controls, double.play(frames, watched=controls.switches))


def follow_bones(track: RigTrack) -> RigTrack:
    """Return the track with channels that pose the following bones as if nothing else moved them.

    The channels of the path's bone are where the pelvis starts, in rig space.
    """
    rig, pose = track.rig, track.pose
    parents = np.array(rig.parents)
    above = quaternions.multiply(pose.rotations[:, parents], rig.local_rotations)
    still = np.where((parents >= 0)[:, None], above, rig.rotations)
    rotations = quaternions.multiply(quaternions.conjugate(still), pose.rotations)
    locations = np.zeros_like(track.channels.locations)
    pelvis = rig.index[track.bone_map.bones["pelvis"]]
    locations[:, location_bone(rig, track.bone_map)] = pose.heads[:, pelvis]
    return replace(
        track,
        channels=BonePose(rotations, locations),
        behaviour=BoneBehaviour(
            is_carried=np.zeros(len(rig.names), dtype=bool),
            inherits_rotation=np.ones(len(rig.names), dtype=bool),
        ),
        location_axes=np.tile(np.eye(3), (track.frames, 1, 1)),
    )


def keys_on_controls(
    scene: bpy.types.Scene,
    ob: bpy.types.Object,
    read: ReadControls,
    track: RigTrack,
    takes: Sequence[EditKeys],
) -> list[EditKeys]:
    """Return the takes of an edit of the bones that follow as takes of their controls, at once.

    Args:
        scene: its frame rate counts.
        ob: the armature object with the animation that was read.
        read: what its bones did.
        track: from `follow_bones`, on the same frames.
        takes: channels that were fitted to the track; all have the same spans.

    Raises:
        RequestError: if a switch between FK and IK does not stand still.
    """
    with rig_double.lend_double(scene, ob, read.controls.bones) as double:
        return finish(fit_takes(double, read, track, takes))


def fit_takes(
    player: Player, read: ReadControls, track: RigTrack, takes: Sequence[EditKeys]
) -> Task[list[EditKeys]]:
    """Return the takes of an edit of the bones that follow as takes of their controls.

    Args:
        player: plays the animation that was read.
        read: what its bones did.
        track: from `follow_bones`, on the same frames.
        takes: channels that were fitted to the track; all have the same spans.

    Raises:
        RequestError: if a switch between FK and IK does not stand still.
    """
    controls, spans, first = read.controls, takes[0].spans, takes[0].start_frame_scene
    rows = np.zeros(track.frames, dtype=bool)
    for span in spans:
        rows[span.first_frame_scene - first : span.last_frame_scene - first + 1] = True
    moves_path = spans[0].location_bone is not None
    chosen = control_rigs.choose_some(controls, spans[0].bones, read.posed, rows, moves_path)
    pelvis, frames = controls.bone_map.bones["pelvis"], range(first, first + track.frames)
    solved = []
    for number, keys in enumerate(takes):
        yield Progress(number, len(takes), "Putting the motion on the controls")
        targets = control_solving.track_targets(track, keys.motion, pelvis)
        wanted = Wanted(chosen, targets, frames, read.posed, rows)
        found = yield from solve(player, controls, wanted)
        motion = control_takes.control_motion(controls, found, keys.motion)
        solved.append(_control_keys(keys, motion, moves_path))
    return solved


def _control_keys(keys: EditKeys, motion: RigMotion, moves_path: bool) -> EditKeys:
    """Return a take with the motion of its controls, and spans that name them."""
    spans = tuple(
        replace(
            span,
            bones=motion.bones,
            location_bone=motion.location_bone if moves_path else None,
            moved=tuple(one.bone for one in motion.moved),
            is_measured=True,
        )
        for span in keys.spans
    )
    return replace(keys, motion=motion, spans=spans)


def followed_bones(
    ob: bpy.types.Object, bone_map: BoneMap, names: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the bones that follow some controls; other bones stay as they are."""
    controls = control_rigs.find_controls(ob, bone_map)
    if controls is None:
        return names
    return tuple(controls.bone_of(name) or name for name in names)
