"""What a clip becomes on a rig: channels of bones over frames, ready for F-curves.

Plain values. It knows no clip and no Blender.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class RootTrack:
    """What carries the whole character over the ground, in place of the hips."""

    bone: str
    """A bone above the hips; empty means the armature object."""

    rotations: Array
    """(T, 4) of a bone the change from rest in its own axes; of the object its turn
    after its present one, engine axes, in the space of its parent."""

    locations: Array
    """(T, 3) of a bone the offset from rest in its own rest axes, rig units; of the object
    its place, engine axes, in the space of its parent."""


@dataclass(frozen=True, slots=True)
class BonePath:
    """Where one more bone is moved: an IK control."""

    bone: str

    locations: Array
    """(T, 3) its offset from rest in its own rest axes, rig units."""


@dataclass(frozen=True, slots=True)
class RigMotion:
    """Channels for M bones over T frames, ready for F-curves: those of joints, twists, fingers."""

    bones: tuple[str, ...]
    """M bone names, parents before children."""

    rotations: Array
    """(T, M, 4) change from rest in each bone's own axes, sign-continuous."""

    location_bone: str
    """The hips, or the bone above them that can be moved where the hips cannot."""

    locations: Array
    """(T, 3) its offset from rest in its own rest axes, rig units."""

    fps: float
    """Frames per second."""

    root: RootTrack | None = None
    """The root bone's or the object's own channels; None where the hips carry the path."""

    moved: tuple[BonePath, ...] = ()
    """Further bones that are moved."""

    is_measured: bool = False
    """Blender was asked what these channels do: they are written as they are."""
