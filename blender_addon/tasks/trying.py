"""Tries a few frames of a motion before its keys are written: constraints may bend them.

What Blender shows is compared with what is wanted, in slices; nothing stays of the trial.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from bpy.types import Object
from numpy.typing import NDArray

from ...engine.motion import quaternions
from ...engine.motion.retargeting.clip_to_rig import RigMotion
from ...engine.motion.retargeting.deviations import choose_rows, measure_deviations
from ...engine.motion.retargeting.rig_track import RigTrack, still_below
from ...engine.motion.rig import BonePose, Rig, pose_rig
from ..core.link.slices import Steps
from ..scene.curves.key_targets import bones_without_rotation
from ..scene.keys import keyframes, probing
from ..scene.reading import bending, recording
from ..scene.reading.bone_inheritance import plain_channels
from ..scene.reading.named_character import NamedCharacter

Array = NDArray[np.floating[Any]]
Show = Callable[[Object, RigMotion, Sequence[int]], AbstractContextManager[None]]

MOST_FRAMES = 8
"""Frames that are tried."""

_WORTH_NAMING = 5.0
"""Degrees; less is hardly seen."""

_OWN_SHARE = 1.0
"""Degrees by which a bone itself is off, and not only bones above it."""

_NAMED = 4


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """Some frames of a motion and how they are shown."""

    character: NamedCharacter
    rig: Rig

    motion: RigMotion
    """One row for each frame."""

    frames: list[int]
    """Scene frames."""

    wanted: Mapping[int, Array]
    """(T, 4) orientations in rig space by the index of a bone."""

    show: Show


def try_take(
    character: NamedCharacter,
    body: tuple[Rig, BonePose],
    motion: RigMotion,
    take: keyframes.TakeKeys,
) -> Steps[list[str]]:
    """Return sentences on constraints that bend a take, without full stops.

    Args:
        character: looked up in each slice.
        body: its bones, and what those hold that get no keys.
        motion: channels of its bones.
        take: where the keys will be.
    """
    ob = character.find()[1]
    constraints = bending.find_constraints(ob, motion.bones, _keyed_bones(motion))
    del ob
    if not constraints:
        return []
    motion = keyframes.sample_on_frames(motion, take.fps)
    rows = choose_rows(motion.rotations, MOST_FRAMES)
    some = _rows_of(motion, rows)
    rig, held = body
    pose = pose_rig(rig, plain_channels(rig, held, some))
    wanted = {bone: pose.rotations[:, bone] for bone in range(len(rig.names))}
    frames = [take.start_frame_scene + row for row in rows]
    trial = Trial(character, rig, some, frames, wanted, probing.show_take_frames)
    return (yield from _try(trial, constraints))


def try_edit(
    character: NamedCharacter,
    track: RigTrack,
    motion: RigMotion,
    start: int,
    spans: Sequence[tuple[range, tuple[str, ...]]],
) -> Steps[list[str]]:
    """Return sentences on constraints that bend an edit, without full stops.

    Args:
        character: looked up in each slice.
        track: what it did.
        motion: its new channels, a row for each frame of the track.
        start: scene frame of the first row.
        spans: scene frames, and the bones that get keys on them.
    """
    bones = spans[0][1]
    ob = character.find()[1]
    constraints = bending.find_constraints(ob, bones, _keyed_bones(motion))
    del ob
    if not constraints:
        return []
    columns = [motion.bones.index(name) for name in bones]
    rows = np.array([frame - start for frames, _ in spans for frame in frames])
    chosen = choose_rows(motion.rotations[rows][:, columns], MOST_FRAMES)
    picked = [int(row) for row in rows[chosen]]
    wanted = _wanted_in_track(track, motion, bones)
    wanted = {bone: rotations[picked] for bone, rotations in wanted.items()}
    some = _rows_of(motion, picked)
    some = replace(some, bones=bones, rotations=some.rotations[:, columns])
    frames = [start + row for row in picked]
    trial = Trial(character, track.rig, some, frames, wanted, probing.show_edit_frames)
    return (yield from _try(trial, constraints))


def _wanted_in_track(
    track: RigTrack, motion: RigMotion, bones: tuple[str, ...]
) -> dict[int, Array]:
    """Return orientations (F, 4) of bones with new channels below what the others do."""
    wanted: dict[int, Array] = {}
    for bone in sorted(track.rig.index[name] for name in bones):
        channel = motion.rotations[:, motion.bones.index(track.rig.names[bone])]
        still = still_below(track, bone, wanted)
        wanted[bone] = quaternions.normalize(quaternions.multiply(still, channel))
    return wanted


def _keyed_bones(motion: RigMotion) -> set[str]:
    return {*motion.bones, motion.location_bone, *(one.bone for one in motion.moved)}


def _rows_of(motion: RigMotion, rows: list[int]) -> RigMotion:
    """Return some frames of a motion."""
    root = motion.root
    if root is not None:
        root = replace(root, rotations=root.rotations[rows], locations=root.locations[rows])
    return replace(
        motion,
        rotations=motion.rotations[rows],
        locations=motion.locations[rows],
        root=root,
        moved=tuple(replace(one, locations=one.locations[rows]) for one in motion.moved),
    )


def _try(trial: Trial, constraints: bending.Constraints) -> Steps[list[str]]:
    def dress(ob: Object) -> AbstractContextManager[None]:
        return trial.show(ob, trial.motion, trial.frames)

    recorded = yield from recording.record(trial.character, trial.frames, dress)
    _, ob = trial.character.find()
    found = recording.all_poses(recorded, recording.pose_order(ob, trial.rig)).rotations
    # What decides wholly over a bone is told with the keys that it gets not.
    without_keys = bones_without_rotation(ob)
    bones = [name for name in trial.motion.bones if name not in without_keys]
    seen, own = measure_deviations(trial.rig, bones, trial.wanted, found)
    return _told(seen, own, constraints)


def _told(
    seen: Mapping[str, float], own: Mapping[str, float], constraints: bending.Constraints
) -> list[str]:
    """Return one sentence that names the constraints of bones that are off."""
    worst = max(seen.values(), default=0.0)
    bent = [name for name in constraints if own.get(name, 0.0) > _OWN_SHARE]
    if worst < _WORTH_NAMING or not bent:
        return []
    by_constraint: dict[str, list[str]] = {}
    for name in sorted(bent, key=lambda one: -own[one]):
        for constraint in constraints[name]:
            by_constraint.setdefault(constraint, []).append(name)
    culprits = [f'"{name}" on {_listed(bones)}' for name, bones in by_constraint.items()]
    return [
        f"Constraints bend the motion by up to {worst:.0f} degrees: {', '.join(culprits)}; "
        "mute them to see the keys as they are"
    ]


def _listed(names: list[str]) -> str:
    more = len(names) - _NAMED
    listed = ", ".join(f'"{name}"' for name in names[:_NAMED])
    return listed + (f" and {more} more" if more > 0 else "")
