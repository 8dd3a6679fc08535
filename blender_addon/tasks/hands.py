"""Hands that shall stay in their place during an edit, and the things that they hold."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ...engine.motion.request import Progress
from ...engine.motion.retargeting import hand_pins, pose_offsets
from ...engine.motion.retargeting.clip_to_rig import RigMotion
from ...engine.motion.retargeting.hand_pins import Placed
from ...engine.motion.skeleton import PARTS
from ..core import axes
from ..core.link.slices import Steps
from ..core.rigs.posed import read_rotations
from ..scene.reading import edit_target
from ..scene.reading.named_character import NamedCharacter
from ..scene.reading.recording import Dress
from ..scene.reading.stage import lend_stage, show_in_time
from .animation import ReadAnimation

_REACHED: Final = 0.005
"""Metres, on a person, that a pinned hand may be off."""


def read_held(
    character: NamedCharacter, thing_name: str, frames: tuple[int, int], dress: Dress
) -> Steps[Placed]:
    """Return where a thing is in an armature's space on inclusive scene frames, in slices.

    Args:
        character: the armature.
        thing_name: an object of the scene.
        frames: first and last scene frame.
        dress: gives a block in which the armature has the animation that counts.
    """
    matrices: list[NDArray[np.floating[Any]]] = []
    wanted = range(frames[0], frames[1] + 1)
    while len(matrices) < len(wanted):
        scene, ob = character.find()
        thing = edit_target.held_object(scene, ob, thing_name)
        assert thing is not None
        with dress(ob), lend_stage(scene, (ob, thing)) as stage:
            for depsgraph in show_in_time(stage, wanted[len(matrices) :]):
                to_rig = ob.evaluated_get(depsgraph).matrix_world.inverted_safe()
                matrices.append(np.array(to_rig @ thing.evaluated_get(depsgraph).matrix_world))
        del scene, ob, thing, stage
        yield Progress(len(matrices), len(wanted), "Reading the held object")
    placed = np.array(matrices)
    return Placed(
        axes.vectors_to_engine(placed[:, :3, 3]),
        axes.orientations_to_engine(read_rotations(placed)),
    )


def place_pinned_hands(
    read: ReadAnimation,
    motion: RigMotion,
    mask: NDArray[np.bool_],
    sides: tuple[str, ...],
    held: Placed | None,
) -> tuple[RigMotion, bool]:
    """Return a fitted motion with hands kept on their path, or on the thing that they hold.

    Args:
        read: what was read.
        motion: from `fit_edit`.
        mask: (T, 4) where the clip is new.
        sides: "left", "right".
        held: from `read_held`; None keeps the hands' own path.

    Returns:
        The motion, and whether the hands reach their places on all frames.

    Raises:
        RequestError: if an arm's bones are not known.
    """
    farthest = 0.0
    for side in sides:
        arm = PARTS.index(f"{side.upper()}_ARM")
        inside = pose_offsets.frames_inside(mask, read.track.clip_positions)[:, arm]
        motion, missed = hand_pins.pin_hands(read.track, motion, inside, (side,), held)
        farthest = max(farthest, missed)
    return motion, farthest < _REACHED * read.track.alignment.scale
