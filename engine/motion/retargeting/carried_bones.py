"""Where bones must be that lie at a limb but hang elsewhere: feet on the root, poles, targets.

They keep the place that they have to their limb at rest, so that no shin is stretched, or the
one that a constraint wants of them. It knows no clip and no Blender.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import quaternions
from ..bones.matching import BoneMap
from ..bones.reins import followers_at_rest
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
    turned = np.stack([oriented[bone] for bone in alignment.bones], axis=1)
    heads = mapped_heads(rig, alignment, turned, pelvis_heads)
    found: dict[int, Array] = {}
    for one in bone_map.carried:
        if not one.carrier:
            continue
        bone, carrier = rig.index[one.bone], rig.index[one.carrier]
        way = _rest_way(rig, carrier, bone) if one.way is None else np.array(one.way)
        turned = quaternions.rotate(oriented[carrier], alignment.size * way)
        heads[bone] = found[bone] = heads[carrier] + turned
    return found


def with_carried_turns(
    rig: Rig, bone_map: BoneMap, oriented: Mapping[int, Array]
) -> dict[int, Array]:
    """Return orientations (T, 4) by bone with those of bones that turn with a limb.

    Args:
        rig: N bones.
        bone_map: tells what turns with what.
        oriented: of mapped bones and twist bones.
    """
    turned = dict(oriented)
    for one in bone_map.carried:
        if one.turner:
            above = turned[rig.index[one.turner]]
            turned[rig.index[one.bone]] = quaternions.multiply(above, np.array(one.turn))
    return turned


def mapped_heads(
    rig: Rig, alignment: Alignment, oriented: Array, pelvis_heads: Array
) -> dict[int, Array]:
    """Return where the mapped bones start (T, 3), by the bone's index.

    Args:
        rig: N bones.
        alignment: measured in the pose in which distances count.
        oriented: (T, M, 4) in rig space, in the order of the alignment.
        pelvis_heads: (T, 3)
    """
    carriers = dict(alignment.carried)
    heads = {0: pelvis_heads}
    # Parents come before their children; what hangs elsewhere comes after the whole limbs.
    rows = sorted(range(1, len(alignment.bones)), key=lambda row: alignment.bones[row])
    whole = [row for row in rows if not _is_carried(rig, alignment, row)]
    late = [row for row in range(1, len(alignment.bones)) if row not in whole]
    for row in [*whole, *late]:
        upper = carriers.get(row)
        upper = _row_above(rig, alignment, alignment.bones[row]) if upper is None else upper
        way = quaternions.rotate(oriented[:, upper], alignment.way(upper, row))
        heads[row] = heads[upper] + way
    return {bone: heads[row] for row, bone in enumerate(alignment.bones)}


def _is_carried(rig: Rig, alignment: Alignment, row: int) -> bool:
    """Say whether a bone is carried or hangs from one that is."""
    carried = {alignment.bones[one] for one, _ in alignment.carried}
    return any(bone in carried for bone in rig.lineage(alignment.bones[row]))


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
    resting = followers_at_rest(track.bone_map.carried)
    for one in track.bone_map.carried:
        if one.is_parent:
            back = quaternions.conjugate(np.array(one.turn))
            above = oriented[track.rig.index[one.bone]]
            oriented[track.rig.index[one.turner]] = quaternions.multiply(above, back)
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
        if track.rig.names[bone] not in resting
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
