"""Reads a character's bones, with a standing pose in place of a rest pose that is none.

A rest pose with the bones laid along one axis tells nothing of the torso. Then the frame of the
character's own animation that stands best is the rest reference, as on the command line. It
writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from bpy.types import Object
from numpy.typing import NDArray

from ...engine.motion.bones.doubts import DoubtfulMap, note_of_doubt
from ...engine.motion.bones.matching import BoneMap
from ...engine.motion.request import Progress, RequestError
from ...engine.motion.retargeting.standing_frames import (
    STANDING_SCORE,
    find_standing_frame,
    standing_scores,
)
from ...engine.motion.rig import Rig, RigPose
from ..core.link.slices import Steps
from ..core.rigs import rows as rig_rows
from ..core.rigs.rest_reference import StoredReference, reference_for, take_reference
from ..scene.controls import rigs as control_rigs
from ..scene.reading import armature, edit_target, recording, rig_settings
from ..scene.reading.named_character import NamedCharacter

Array = NDArray[np.floating[Any]]

MOST_FRAMES = 200
"""Frames that are looked at: of a longer animation every second, third ... one."""

_BENT_SCORE = 0.0
"""Above this score the legs of a rest pose are bent, as in a seat, and its torso is a torso."""


@dataclass(frozen=True, slots=True)
class Body:
    """A character's bones, and which of them play which joints."""

    rig: Rig
    bone_map: BoneMap

    found: StoredReference | None = None
    """The rest reference that was taken by itself; to be stored when keys are written."""

    note: str = ""
    """A sentence on that without a full stop."""

    def settle(self, character: NamedCharacter) -> list[str]:
        """Store the reference that was found, with the first keys; return what to tell.

        That is the reference, and bones that were recognised with some doubt.
        """
        if self.found is not None:
            rig_settings.write_reference(character.find()[1], self.found)
        return [told for told in (self.note, note_of_doubt(self.bone_map)) if told]


def read_character(character: NamedCharacter) -> Steps[Body]:
    """Return a character's bones with its rest reference, a few frames in each slice.

    Raises:
        RequestError: if no humanoid is recognised, or with doubt (the map is filled in for a look;
            the next call takes it as it is), or its rest pose is no standing body and no
            frame shows one.
    """
    _, ob = character.find()
    body = Body(*_read_bones(ob))
    yield Progress(0, 1, "Reading the character")
    rig, bone_map = body.rig, body.bone_map
    if rig.reference is not None or standing_scores(rig.heads, rig, bone_map) > STANDING_SCORE:
        return body
    return (yield from _with_standing_frame(character, body))


def _read_bones(ob: Object) -> tuple[Rig, BoneMap]:
    """Return bones and their map; a doubtful one is stored for a look before it is refused."""
    try:
        return control_rigs.read_body(ob)
    except DoubtfulMap:
        rig_settings.write_rows(ob, rig_rows.find_rows(armature.read_rig(ob)))
        raise


def _with_standing_frame(character: NamedCharacter, body: Body) -> Steps[Body]:
    """Return the body with the standing frame as its reference.

    Raises:
        RequestError: if no frame stands upright, and the rest pose has no torso.
    """
    rig, bone_map = body.rig, body.bone_map
    frames, pose, scales = yield from _read_frames(character, rig)
    standing = find_standing_frame(pose, rig, bone_map)
    assert standing is not None
    if not standing.is_standing:
        if standing_scores(rig.heads, rig, bone_map) > _BENT_SCORE:
            return body
        raise RequestError(
            f'The rest pose of "{character.armature_name}" is no standing body, and no frame of '
            "its animation stands upright.",
            "Pose it upright with straight legs, and press Set Rest Reference in Rig.",
        )
    row = standing.frame
    stance = RigPose(pose.rotations[row : row + 1], pose.heads[row : row + 1])
    found = take_reference(rig, stance, scales[row])
    note = f"The rest pose is no standing body: frame {frames[row]} is the rest reference now"
    return Body(replace(rig, reference=reference_for(rig, found)), bone_map, found, note)


def _read_frames(
    character: NamedCharacter, rig: Rig
) -> Steps[tuple[list[int], RigPose, Array]]:
    """Return F frames of the character's animation, the present one last, poses, scales (F, N)."""
    scene, ob = character.find()
    frames = [int(scene.frame_current)]
    edit_target.check_numbers(ob)
    if edit_target.curves_of(ob):
        first, last = edit_target.animated_frames(ob)
        frames = [*range(first, last + 1, -(-(last - first + 1) // MOST_FRAMES)), *frames]
    del scene, ob
    recorded = yield from recording.record(character, frames)
    _, ob = character.find()
    order = recording.pose_order(ob, rig)
    scales = armature.matrix_scales(recorded.poses[:, order])
    return frames, recording.all_poses(recorded, order), scales
