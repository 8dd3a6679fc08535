"""The target of retargeting besides bones: placement, bones kept as posed, options.

Plain values. It knows no Blender.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..rig import BonePose, RigPose
from ..rig_options import RigOptions
from .rest_alignment import Placement

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class ObjectStance:
    """How the armature object stands in the space of its parent, in the engine's axes."""

    location: Array
    """(3,) where the origin of rig space lies."""

    rotation: Array
    """(4,) from rig space to the parent's space."""

    scale: float
    """Parent units per rig unit; below 0 where the object is mirrored."""


@dataclass(frozen=True, slots=True)
class RigTarget:
    """Where and how a clip is put on a rig of N bones."""

    placement: Placement | None = None
    """Where the clip's origin lies; None is `rest_placement`."""

    held: BonePose | None = None
    """(N, 4) and (N, 3) channels that unmapped bones keep, and that mapped bones keep in place
    of a location; None leaves them at rest."""

    options: RigOptions = field(default_factory=RigOptions)
    """Root motion, hand contacts and fingers; what concerns controls and keys is not read."""

    keyed_bones: frozenset[str] = frozenset()
    """Bones that the animator has keys on: their fingers are left alone."""

    shown: RigPose | None = None
    """(1, N) the present pose as it is to be seen: distances between bones are measured in it,
    for they may be scaled. None measures them with what is held."""

    stance: ObjectStance | None = None
    """The object's own place; needed for root motion on the object only."""
