"""From orientations in space to the channels of bones below posed parents.

It knows no clip, no joint and no Blender.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import quaternions
from ..request import RequestError
from ..rig import BonePose, Rig, rest_channels
from ..rig_motion import BonePath, RigMotion, RootTrack
from ..skeleton import FPS

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class WantedPose:
    """Where bones shall be over T frames, in rig space."""

    rotations: Mapping[int, Array]
    """Orientations (T, 4) by the index of a bone."""

    pelvis_heads: Array
    """(T, 3)"""

    root: int = -1
    """A bone above the pelvis that carries the path, one of `rotations`; -1 without one."""

    root_heads: Array | None = None
    """(T, 3) where it starts."""

    moved_heads: Mapping[int, Array] = field(default_factory=dict)
    """(T, 3) by the index of a bone: where further bones start that are moved."""

    resting: frozenset[int] = frozenset()
    """Bones that a constraint brings to where they shall be while their channels are at rest."""


def solve_channels(
    rig: Rig, pelvis: int, wanted: WantedPose, held: BonePose | None = None
) -> RigMotion:
    """Turn orientations in space into each bone's change from rest below its posed parent.

    Args:
        rig: N bones.
        pelvis: the bone that carries the path, itself or by the bone above it.
        wanted: for all other bones `held` counts.
        held: (N, 4) and (N, 3); None leaves them at rest.

    Raises:
        RequestError: if a root bone is asked that cannot carry the hips.
    """
    held = held or rest_channels(rig)
    targets = {*wanted.rotations, *wanted.moved_heads}
    needed = sorted({bone for target in targets for bone in rig.lineage(target)})
    posed: dict[int, Array] = {}
    channels: dict[int, Array] = {}
    for bone in needed:
        parent = rig.parents[bone]
        still = rig.local_rotations[bone]
        if parent >= 0:
            still = quaternions.multiply(posed[parent], still)
        if bone in wanted.rotations:
            posed[bone] = wanted.rotations[bone]
            still = posed[bone] if bone in wanted.resting else still
            channels[bone] = quaternions.multiply(quaternions.conjugate(still), posed[bone])
        else:
            posed[bone] = quaternions.multiply(still, held.rotations[bone])
    continuous = {bone: _continuous(channel) for bone, channel in channels.items()}
    mover, locations, root_locations = _solve_locations(rig, pelvis, wanted, posed, held)
    moves = {mover: locations}
    root = None
    if wanted.root >= 0:
        moves[wanted.root] = root_locations
        root = RootTrack(rig.names[wanted.root], continuous.pop(wanted.root), root_locations)
    bones = sorted(continuous)
    return RigMotion(
        tuple(rig.names[bone] for bone in bones),
        np.stack([continuous[bone] for bone in bones], axis=1),
        rig.names[mover],
        locations,
        FPS,
        root,
        _solve_moved(rig, wanted, posed, held, moves),
    )


def _solve_moved(
    rig: Rig,
    wanted: WantedPose,
    posed: Mapping[int, Array],
    held: BonePose,
    moves: Mapping[int, Array],
) -> tuple[BonePath, ...]:
    """Return the locations of further bones that are moved; glued ones cannot be.

    Args:
        rig: N bones.
        wanted: of it the moved heads count.
        posed: orientations of all bones above them.
        held: locations of bones that do not move.
        moves: locations (T, 3) of the bones that carry the path.
    """
    found = []
    heads: dict[int, Array] = {}
    for bone in sorted({above for one in wanted.moved_heads for above in rig.lineage(one)}):
        parent, head, axes = rig.parents[bone], rig.local_heads[bone], rig.local_rotations[bone]
        if parent >= 0:
            head = heads[parent] + quaternions.rotate(posed[parent], head)
            axes = quaternions.multiply(posed[parent], axes)
        location = moves.get(bone, held.locations[bone])
        if bone in wanted.moved_heads and not (rig.connected and rig.connected[bone]):
            away = wanted.moved_heads[bone] - head
            location = quaternions.rotate(quaternions.conjugate(axes), away)
            own = np.zeros_like(location) if bone in wanted.resting else location
            found.append(BonePath(rig.names[bone], own))
        heads[bone] = head + quaternions.rotate(axes, location)
    return tuple(found)


def pose_held_bones(
    rig: Rig, turned: Collection[int], held: BonePose
) -> tuple[Array, Array]:
    """Return heads (N, 3) and orientations (N, 4) of bones that are held, some of them unturned.

    Args:
        rig: N bones; only the given ones and those above them are posed, the others are at rest.
        turned: bones that will be turned: of these only the location is held.
        held: (N, 4) and (N, 3)
    """
    heads, rotations = rig.heads.copy(), rig.rotations.copy()
    for bone in sorted({above for one in turned for above in rig.lineage(one)}):
        parent, head, rotation = rig.parents[bone], rig.local_heads[bone], rig.local_rotations[bone]
        if parent >= 0:
            head = heads[parent] + quaternions.rotate(rotations[parent], head)
            rotation = quaternions.multiply(rotations[parent], rotation)
        heads[bone] = head + quaternions.rotate(rotation, held.locations[bone])
        own = quaternions.IDENTITY if bone in turned else held.rotations[bone]
        rotations[bone] = quaternions.multiply(rotation, own)
    return heads, rotations


def with_constant_bones(rig: Rig, motion: RigMotion, channels: Mapping[str, Array]) -> RigMotion:
    """Return the motion with more bones, each held at one change from rest (4,)."""
    frames = len(motion.locations)
    by_name = dict(zip(motion.bones, motion.rotations.swapaxes(0, 1), strict=True))
    by_name |= {name: np.tile(one, (frames, 1)) for name, one in channels.items()}
    bones = tuple(sorted(by_name, key=lambda name: rig.index[name]))
    rotations = np.stack([by_name[name] for name in bones], axis=1)
    return replace(motion, bones=bones, rotations=rotations)


def _solve_locations(
    rig: Rig, pelvis: int, wanted: WantedPose, posed: Mapping[int, Array], held: BonePose
) -> tuple[int, Array, Array]:
    """Return the bone that moves the pelvis, its location channel, and the root's (T, 3)."""
    line = list(rig.lineage(pelvis))
    mover = _mover(rig, line, wanted.root)
    head, above, mover_axes = np.zeros(3), quaternions.IDENTITY, quaternions.IDENTITY
    root_locations = np.zeros_like(wanted.pelvis_heads)
    for bone in reversed(line):
        head = head + quaternions.rotate(above, rig.local_heads[bone])
        axes = quaternions.multiply(above, rig.local_rotations[bone])
        if bone == wanted.root and wanted.root_heads is not None:
            back = quaternions.conjugate(axes)
            root_locations = quaternions.rotate(back, wanted.root_heads - head)
            head = wanted.root_heads
        elif bone == mover:
            mover_axes = axes
        else:
            head = head + quaternions.rotate(axes, held.locations[bone])
        above = posed[bone]
    back = quaternions.conjugate(mover_axes)
    return mover, quaternions.rotate(back, wanted.pelvis_heads - head), root_locations


def _mover(rig: Rig, line: list[int], root: int) -> int:
    """Return the bone that carries the hips' path.

    A pelvis that is connected to its parent cannot be moved; then the first
    bone above that can takes the path.
    """
    movable = [bone for bone in line if not (rig.connected and rig.connected[bone])]
    mover = movable[0] if movable else line[-1]
    if root < 0:
        return mover
    if root not in line[line.index(mover) + 1 :] or root not in movable:
        raise RequestError(
            f'"{rig.names[root]}" cannot carry the hips: they do not move apart from it.',
            "Put root motion on the hips or on the object.",
        )
    return mover


def _continuous(rotations: Array) -> Array:
    """Return unit rotations (T, 4) without a flip, the first nearest to the identity."""
    rotations = quaternions.normalize(rotations)
    rotations = rotations * np.where(rotations[:1, :1] < 0, -1.0, 1.0)
    return quaternions.keep_quaternion_sign(rotations)
