"""Where bones must be that lie at a limb but hang elsewhere: feet on the root, poles.

They keep the place that they have to their limb at rest, so that no shin is stretched.
It knows no clip and no Blender.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import quaternions
from ..bones.matching import BoneMap
from ..rig import Rig
from ..rig_motion import BonePath
from .rest_alignment import Alignment
from .rig_track import RigTrack, location_bone, still_axes, still_below

Array = NDArray[np.floating[Any]]


def carried_heads(
    rig: Rig,
    bone_map: BoneMap,
    alignment: Alignment,
    oriented: Mapping[int, Array],
    pelvis_heads: Array,
) -> dict[int, Array]:
    """Return where each carried bone starts, (T, 3) in rig space by its index.

    Args:
        rig: N bones.
        bone_map: which bone plays which joint, and what is carried.
        alignment: measured in the pose in which distances count.
        oriented: (T, 4) orientations of all mapped bones in rig space.
        pelvis_heads: (T, 3)
    """
    if not bone_map.carried:
        return {}
    heads = {alignment.bones[0]: pelvis_heads}
    carriers = {rig.index[one.bone]: rig.index[one.carrier] for one in bone_map.carried}
    for row, bone in enumerate(alignment.bones):
        if bone not in heads and bone not in carriers:
            upper = _row_above(rig, alignment, bone)
            way = quaternions.rotate(oriented[alignment.bones[upper]], alignment.way(upper, row))
            heads[bone] = heads[alignment.bones[upper]] + way
    found: dict[int, Array] = {}
    for bone, carrier in carriers.items():
        way = alignment.size * _rest_way(rig, carrier, bone)
        found[bone] = heads[carrier] + quaternions.rotate(oriented[carrier], way)
        heads[bone] = found[bone]
    return found


def carry_on_track(
    track: RigTrack, bones: list[int], rotations: Array, locations: Array
) -> tuple[BonePath, ...]:
    """Return the locations (F, 3) that keep carried bones at limbs with new channels.

    Args:
        track: what the character did.
        bones: M bones, parents first.
        rotations: (F, M, 4) their new channels.
        locations: (F, 3) new ones of the bone that carries the path.
    """
    if not track.bone_map.carried:
        return ()
    oriented: dict[int, Array] = {}
    for column, bone in enumerate(bones):
        still = still_below(track, bone, oriented)
        oriented[bone] = quaternions.multiply(still, rotations[:, column])
    mover = location_bone(track.rig, track.bone_map)
    own = locations - track.channels.locations[:, mover]
    moved = np.einsum("fij,fj->fi", track.location_axes, own)
    pelvis = track.alignment.bones[0]
    alignment = track.alignment.measured_in(track.pose.heads[0], track.pose.rotations[0])
    heads = carried_heads(
        track.rig, track.bone_map, alignment, oriented, track.pose.heads[:, pelvis] + moved
    )
    return tuple(
        BonePath(track.rig.names[bone], _location(track, bone, oriented, wanted, moved))
        for bone, wanted in heads.items()
    )


def _location(
    track: RigTrack,
    bone: int,
    oriented: Mapping[int, Array],
    wanted: Array,
    moved: Array,
) -> Array:
    """Return the channel (F, 3) that brings a bone's head to where it is wanted.

    Args:
        track: what the character did.
        bone: hangs from no bone that the clip turns, or from the one that carries the path.
        oriented: new orientations.
        wanted: (F, 3)
        moved: (F, 3) how far the bone that carries the path is from where it was.
    """
    axes = still_axes(track, bone)
    own = track.channels.locations[:, bone]
    still = track.pose.heads[:, bone] - quaternions.rotate(axes, own)
    line = list(track.rig.lineage(bone))[1:]
    above = [upper for upper in line if upper in oriented]
    if location_bone(track.rig, track.bone_map) in line:
        still = still + moved
    if above:
        old = track.pose.rotations[:, above[0]]
        turn = quaternions.multiply(oriented[above[0]], quaternions.conjugate(old))
        axis = track.pose.heads[:, above[0]] + moved
        still = axis + quaternions.rotate(turn, still - axis)
        axes = quaternions.multiply(turn, axes)
    return quaternions.rotate(quaternions.conjugate(axes), wanted - still)


def _row_above(rig: Rig, alignment: Alignment, bone: int) -> int:
    """Return the row of the nearest mapped bone above one; the pelvis's where none is."""
    for upper in list(rig.lineage(bone))[1:]:
        if upper in alignment.bones:
            return alignment.bones.index(upper)
    return 0


def _rest_way(rig: Rig, carrier: int, bone: int) -> Array:
    """Return the way (3,) at rest from a carrier's head to a bone's, in the carrier's axes."""
    back = quaternions.conjugate(rig.rotations[carrier])
    return quaternions.rotate(back, rig.heads[bone] - rig.heads[carrier])
