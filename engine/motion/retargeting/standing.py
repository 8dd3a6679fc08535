"""Where the floor is that a posed character stands on: the rest pose's, or clearly another.

It knows no clip and no Blender.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..bones.matching import BoneMap
from ..rig import Rig
from .rest_alignment import align_rest_poses, reference_of

Array = NDArray[np.floating[Any]]

_FEET = tuple(
    f"{side}_{joint}" for side in ("left", "right") for joint in ("ankle", "foot", "knee")
)

_STANDING_TOLERANCE = 0.15
"""A floor this near to the rest pose's (in leg lengths) is the rest pose's: heels lift."""

_CLEARANCE = 0.02
"""Metres that the lowest joint of a standing canonical skeleton is above the floor."""


def lowest_feet(rig: Rig, bone_map: BoneMap, heads: Array, up: Array) -> Array:
    """Return the height along `up` (T,) of the lower foot, of heads (T, N, 3) in rig space."""
    bones = bone_map.bones
    feet = [rig.index[bones[joint]] for joint in _FEET if joint in bones]
    return np.asarray((heads[:, feet] @ up).min(axis=1))


def floor_lift(
    rig: Rig, bone_map: BoneMap, lowest: float, up: Array, rest_floor: float
) -> float:
    """Return how far the floor is above or below the rest pose's; 0 if about there.

    Args:
        rig: N bones.
        bone_map: which bone plays which joint.
        lowest: height of the lower foot where it stands.
        up: (3,) the world's up axis in rig space.
        rest_floor: height that the rest pose stands on.
    """
    rest = reference_of(rig).heads
    leg = rig.size * (float(rest[rig.index[bone_map.bones["left_hip"]]] @ up) - rest_floor)
    clearance = rig.size * (float(lowest_feet(rig, bone_map, rest[None], up)[0]) - rest_floor)
    if not 0.0 <= clearance <= _STANDING_TOLERANCE * leg:  # The rest pose does not stand.
        if abs(lowest - clearance - rest_floor) < 1e-3 * leg:
            return 0.0  # It is the rest pose itself.
        clearance = _CLEARANCE * align_rest_poses(rig, bone_map).scale
    lift = lowest - clearance - rest_floor
    return lift if abs(lift) > _STANDING_TOLERANCE * leg else 0.0
