"""Solves the channels of controls for wanted poses of the bones that follow them.

A control turns in space by as much as its bone shall turn, whatever constant lies between
the two. What lies above a control is taken from what Blender evaluated last; bones above
it that will turn, too, turn it along. NumPy only, Blender's axes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....engine.motion import quaternions
from ....engine.motion.retargeting.clip_to_rig import RigMotion
from ....engine.motion.retargeting.rig_track import RigTrack, still_below
from ....engine.motion.rig import BonePose, Rig
from .. import axes
from ..rigs.posed import BoneKeys, Posed

Array = NDArray[np.floating[Any]]

_STRAIGHT = 0.02
"""Share of an upper bone's length: a limb that bends less has no clear side to bend to."""


@dataclass(frozen=True, slots=True)
class Follower:
    """A control and the bone that follows it."""

    control: str
    bone: str


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """Where the bones of joints shall lie over F frames."""

    rotations: Mapping[str, Array]
    """(F, 4) orientation of each bone."""

    pelvis: str
    heads: Array
    """(F, 3) where the pelvis bone shall start."""


@dataclass(frozen=True, slots=True, eq=False)
class LimbPose:
    """Where a limb's two bones lie over F frames."""

    start: Array
    """(F, 3)"""

    bend: Array
    end: Array

    upper: Array
    """(F, 4) orientation of the upper bone."""

    @property
    def axis(self) -> Array:
        """The unit direction from start to end, (F, 3)."""
        return _unit(self.end - self.start)

    def side(self, own_side: Array) -> Array:
        """Return the unit direction to which the limb bends, square to its axis, (F, 3).

        Args:
            own_side: (3,) in the upper bone's axes; decides where the limb is straight.
        """
        axis, upper = self.axis, self.bend - self.start
        across = upper - axis * np.sum(upper * axis, axis=-1, keepdims=True)
        length = np.linalg.norm(upper, axis=-1, keepdims=True)
        spare = quaternions.rotate(self.upper, own_side)
        spare = spare - axis * np.sum(spare * axis, axis=-1, keepdims=True)
        bend = np.linalg.norm(across, axis=-1, keepdims=True) / np.maximum(length, 1e-12)
        share = _STRAIGHT / (1.0 + (bend / _STRAIGHT) ** 2)
        return _unit(across + share * length * spare)


def motion_targets(rig: Rig, motion: RigMotion, held: BonePose, pelvis: str) -> Targets:
    """Return how a motion for plain bones poses the bones that it has channels for.

    Args:
        rig: N bones.
        motion: T frames.
        held: (N, 4) and (N, 3) channels of the other bones.
        pelvis: the pelvis bone.
    """
    needed = {above for name in motion.bones for above in rig.lineage(rig.index[name])}
    columns = {name: column for column, name in enumerate(motion.bones)}
    root = motion.root if motion.root is not None and motion.root.bone else None
    rotations: dict[int, Array] = {-1: quaternions.IDENTITY}
    heads: dict[int, Array] = {-1: np.zeros(3)}
    for bone in sorted(needed):
        name, parent = rig.names[bone], rig.parents[bone]
        turn, place = held.rotations[bone], held.locations[bone]
        if name in columns:
            turn = motion.rotations[:, columns[name]]
        if name == motion.location_bone:
            place = motion.locations
        if root is not None and name == root.bone:
            turn, place = root.rotations, root.locations
        still = quaternions.multiply(rotations[parent], rig.local_rotations[bone])
        above = quaternions.rotate(rotations[parent], rig.local_heads[bone])
        heads[bone] = heads[parent] + above + quaternions.rotate(still, place)
        rotations[bone] = quaternions.multiply(still, turn)
    named = {name: rotations[rig.index[name]] for name in columns}
    return _to_blender(named, pelvis, heads[rig.index[pelvis]])


def track_targets(track: RigTrack, motion: RigMotion, pelvis: str) -> Targets:
    """Return how channels that were fitted to a track of following bones pose them.

    Args:
        track: from `follow_bones`: its location is that of the pelvis in rig space.
        motion: as many frames.
        pelvis: the pelvis bone.
    """
    columns = {track.rig.index[name]: column for column, name in enumerate(motion.bones)}
    rotations: dict[int, Array] = {}
    for bone in sorted(columns):
        still = still_below(track, bone, rotations)
        rotations[bone] = quaternions.multiply(still, motion.rotations[:, columns[bone]])
    named = {track.rig.names[bone]: turned for bone, turned in rotations.items()}
    return _to_blender(named, pelvis, motion.locations)


def _to_blender(rotations: Mapping[str, Array], pelvis: str, heads: Array) -> Targets:
    turned = {name: axes.orientations_to_blender(one) for name, one in rotations.items()}
    return Targets(turned, pelvis, axes.vectors_to_blender(heads))


def wanted_rotations(
    followers: Sequence[Follower], targets: Targets, base: Posed
) -> dict[str, Array]:
    """Return the orientation that each bone and each control shall have, (F, 4).

    Args:
        followers: the controls.
        targets: what their bones shall do.
        base: one or F frames in which the bones follow their controls.
    """
    wanted = dict(targets.rotations)
    for one in followers:
        back = quaternions.conjugate(base.rotations(one.bone))
        offset = quaternions.multiply(back, base.rotations(one.control))
        wanted[one.control] = quaternions.multiply(targets.rotations[one.bone], offset)
    return wanted


def solve_turns(
    controls: Sequence[str], wanted: Mapping[str, Array], above: Mapping[str, str], seen: Posed
) -> dict[str, Array]:
    """Return the rotation channels (F, 4) that give controls the wanted orientations.

    Args:
        controls: names.
        wanted: (F, 4) by bone and control.
        above: of each control the nearest bone above it that is in `wanted`, or empty.
        seen: one or F frames as they were evaluated last.
    """
    channels = {}
    for name in controls:
        still = seen.still(name)
        if above[name]:
            back = quaternions.conjugate(seen.rotations(above[name]))
            still = quaternions.multiply(quaternions.multiply(wanted[above[name]], back), still)
        turned = quaternions.multiply(quaternions.conjugate(still), wanted[name])
        channels[name] = quaternions.normalize(turned)
    return channels


def solve_location(name: str, heads: Array, location_axes: Array, seen: Posed) -> Array:
    """Return the location channel (F, 3) that brings a control's head to a place.

    Args:
        name: the control.
        heads: (F, 3) where it shall start.
        location_axes: (F, 3, 3) what a unit of each channel moves.
        seen: one or F frames as they were evaluated last.
    """
    away = (heads - seen.heads(name))[..., None]
    return np.asarray(seen.locations(name) + (np.linalg.pinv(location_axes) @ away)[..., 0])


def carried_head(one: Follower, heads: Array, targets: Targets, base: Posed) -> Array:
    """Return where a control starts (F, 3) while its bone starts at `heads`, one rigid thing."""
    back = quaternions.conjugate(base.rotations(one.bone))
    turn = quaternions.multiply(targets.rotations[one.bone], back)
    away = base.heads(one.control) - base.heads(one.bone)
    return np.asarray(heads + quaternions.rotate(turn, away))


def seen_limb(bones: tuple[str, str, str], seen: Posed) -> LimbPose:
    """Return where a limb of three bones lies."""
    start, bend, end = (seen.heads(name) for name in bones)
    return LimbPose(start, bend, end, seen.rotations(bones[0]))


def wanted_limb(
    bones: tuple[str, str, str], start: Array, offsets: tuple[Array, Array], targets: Targets
) -> LimbPose:
    """Return where a limb shall lie that starts at a place.

    Args:
        bones: upper bone, lower bone, hand or foot.
        start: (F, 3)
        offsets: (F, 3) of upper and lower bone, from its head to the next one's, its own axes.
        targets: orientations of the bones.
    """
    heads = [start]
    for number in (0, 1):
        turn = targets.rotations[bones[number]]
        heads.append(heads[-1] + quaternions.rotate(turn, offsets[number]))
    return LimbPose(heads[0], heads[1], heads[2], targets.rotations[bones[0]])


def limb_offsets(bones: tuple[str, str, str], base: Posed) -> tuple[Array, Array]:
    """Return the way from each of a limb's bones to the next in its own axes, (F, 3) each."""
    first, second = (
        quaternions.rotate(
            quaternions.conjugate(base.rotations(bones[number])),
            base.heads(bones[number + 1]) - base.heads(bones[number]),
        )
        for number in (0, 1)
    )
    return first, second


def carried_along(resting: Posed, root: BoneKeys) -> Posed:
    """Return a frame of all bones as a root carries them over F frames; itself without a root.

    Args:
        resting: one frame.
        root: channels of no bone, or of the one bone below which all others hang.
    """
    if not root.rotations:
        return resting
    (name, turns), = root.rotations.items()
    column = resting.index[name]
    channels = np.tile(np.eye(4), (len(turns), 1, 1))
    size = np.linalg.norm(resting.bases[0, column, :3, :3], axis=0)
    channels[:, :3, :3] = quaternions.quaternion_to_matrix(turns) * size
    channels[:, :3, 3] = root.locations[name]
    still = resting.matrices[0, column] @ np.linalg.inv(resting.bases[0, column])
    carry = still @ channels @ np.linalg.inv(resting.matrices[0, column])
    bases = np.repeat(resting.bases, len(turns), axis=0)
    bases[:, column] = channels
    return replace(resting, matrices=carry[:, None] @ resting.matrices, bases=bases)


def end_of_line(bones: Sequence[str], targets: Targets, base: Posed) -> Array:
    """Return where the last of some bones shall start (F, 3), the pelvis being the first.

    Args:
        bones: each starts at a place that does not move in the axes of the one before it.
        targets: orientations of all but the last.
        base: one or F frames that show these places.
    """
    heads = targets.heads
    for bone, following in pairwise(bones):
        back = quaternions.conjugate(base.rotations(bone))
        away = quaternions.rotate(back, base.heads(following) - base.heads(bone))
        heads = heads + quaternions.rotate(targets.rotations[bone], away)
    return heads


def rest_side(rests: Sequence[Array]) -> Array:
    """Return the direction (3,) to which a limb bends at rest, in the axes of its upper bone."""
    start, bend, end = (rest[:3, 3] for rest in rests)
    axis = _unit(end - start)
    across = (bend - start) - axis * ((bend - start) @ axis)
    if np.linalg.norm(across) < 1e-3 * np.linalg.norm(bend - start):
        across = np.cross(axis, np.eye(3)[int(np.argmin(np.abs(axis)))])
    return np.asarray(_unit(rests[0][:3, :3].T @ across))


def side_error(wanted: LimbPose, seen: LimbPose, own_side: Array) -> Array:
    """Return the angle (F,) about a limb's axis between the side it bends to and the wanted one."""
    swing = _swing(seen, wanted)
    now, then = quaternions.rotate(swing, seen.side(own_side)), wanted.side(own_side)
    sine = np.sum(np.cross(now, then) * wanted.axis, axis=-1)
    return np.asarray(np.arctan2(sine, np.sum(now * then, axis=-1)))


def solve_pole(
    pole: str, limbs: tuple[LimbPose, LimbPose], error: Array, seen: Posed
) -> Array:
    """Return where a pole shall be (F, 3) so that the limb bends to the wanted side.

    It keeps its distance from the limb and is rotated about the limb's axis.

    Args:
        pole: the control.
        limbs: the wanted limb, and the limb as it was seen.
        error: (F,) from `side_error`.
        seen: one or F frames as they were evaluated last.
    """
    wanted, now = limbs
    swing = _swing(now, wanted)
    about = quaternions.axis_angle_to_quaternion(wanted.axis, error)
    turn = quaternions.multiply(about, swing)
    return np.asarray(wanted.start + quaternions.rotate(turn, seen.heads(pole) - now.start))


def solve_swing(channels: Array, axis: Array, error: Array, still: Array) -> Array:
    """Return rotation channels (F, 4) of a swing control, turned about its own length.

    Args:
        channels: (F, 4) the present ones.
        axis: (F, 3) the limb's axis.
        error: (F,) from `side_error`.
        still: (F, 4) the control's orientation without channels.
    """
    along = quaternions.rotate(still, np.array([0.0, 1.0, 0.0]))
    signed = error * np.sign(np.sum(along * axis, axis=-1))
    twist = quaternions.axis_angle_to_quaternion(np.array([0.0, 1.0, 0.0]), signed)
    return quaternions.normalize(quaternions.multiply(channels, twist))


def _swing(now: LimbPose, wanted: LimbPose) -> Array:
    """Return the shortest turn of one limb's axis into the other's, (F, 4)."""
    start, end = np.broadcast_arrays(now.axis, wanted.axis)
    return quaternions.between(start, end)


def _unit(vectors: Array) -> Array:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12))
