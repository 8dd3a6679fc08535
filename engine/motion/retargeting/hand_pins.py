"""Hands that stay where they are, or on a thing that moves, while the body changes: arm IK.

It works on the rig, not on the clip, so that a hand is exact whatever the rig's
proportions are. Shoulder and elbow turn as little as they can; the hand keeps
the place and the orientation that are asked. It knows no Blender.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .. import quaternions
from ..displacements import bridge_from_borders, runs_of
from ..request import RequestError
from ..skeleton import JOINT_INDEX
from .clip_to_rig import RigMotion
from .pose_offsets import BLEND_SECONDS
from .rig_track import RigTrack, location_bone, still_below

Array = NDArray[np.floating[Any]]
Flags = NDArray[np.bool_]

SIDES: Final = ("left", "right")

_LONGEST: Final = 0.9995
"""Share of the arm's length that a hand may be away: a straight elbow has no side to bend to."""

_ROUNDS: Final = 3
"""The elbow's axis is not square to an arm that is nearly straight: what is left comes next."""

_ELBOW_HINGES: Final = {"left": (0.0, -1.0, 0.0), "right": (0.0, 1.0, 0.0)}
"""Canonical axes about which elbows bend."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where something is over F frames, in each frame's own rig space."""

    positions: Array
    """(F, 3)"""

    rotations: Array
    """(F, 4)"""

    def at(self, rows: slice) -> Placed:
        """Return some of the frames."""
        return Placed(self.positions[rows], self.rotations[rows])

    def seen_from(self, other: Placed) -> Placed:
        """Return this in the other's axes."""
        back = quaternions.conjugate(other.rotations)
        return Placed(
            quaternions.rotate(back, self.positions - other.positions),
            quaternions.multiply(back, self.rotations),
        )

    def carried_by(self, other: Placed) -> Placed:
        """Return what is seen from the other, in rig space."""
        return Placed(
            other.positions + quaternions.rotate(other.rotations, self.positions),
            quaternions.multiply(other.rotations, self.rotations),
        )


@dataclass(frozen=True, slots=True)
class _Arm:
    """The bones of one arm, and how they are posed."""

    bones: tuple[int, int, int]
    """Upper arm, forearm, hand."""

    hinge: Array
    """(F, 3) the axis about which the elbow bends where the arm is straight."""

    posed: tuple[Placed, Placed, Placed]


def pin_hands(
    track: RigTrack,
    motion: RigMotion,
    inside: Flags,
    sides: tuple[str, ...],
    held: Placed | None = None,
) -> tuple[RigMotion, float]:
    """Bring the hands of a made motion back to where they were, or to the thing they held.

    Args:
        track: what the character did before.
        motion: what was made, one row a frame of the track.
        inside: (F,) the frames that are new; the others stay as they are.
        sides: "left", "right".
        held: a thing that the hands keep hold of, as they do on the frame before the new
            ones; without one they keep their own path.

    Returns:
        The motion with new rotations of upper arms, forearms and hands, and the farthest
        that a hand stays from its place, in rig units: not all places can be reached.

    Raises:
        RequestError: if an arm's bones are not known.
    """
    rotations, farthest = motion.rotations.copy(), 0.0
    for side in sides:
        bones = _arm_bones(track, side)
        target = _target(track, bones[2], inside, held)
        arm = _read_arm(track, replace(motion, rotations=rotations), bones, side)
        turned, missed = _reach(arm, target)
        farthest = max(farthest, float(missed[inside].max(initial=0.0)))
        posed = {bone: placed[1] for bone, placed in _pose(track, motion, rotations).items()}
        for bone, rotation in zip(bones, turned, strict=True):
            still = still_below(track, bone, posed)
            channel = quaternions.multiply(quaternions.conjugate(still), rotation)
            column = motion.bones.index(track.rig.names[bone])
            rotations[inside, column] = quaternions.normalize(channel)[inside]
            posed[bone] = rotation
    return replace(motion, rotations=quaternions.keep_quaternion_sign(rotations)), farthest


def _arm_bones(track: RigTrack, side: str) -> tuple[int, int, int]:
    bones = track.bone_map.bones
    joints = [f"{side}_{name}" for name in ("shoulder", "elbow", "wrist")]
    if any(joint not in bones for joint in joints):
        raise RequestError(
            f"The armature has no {side} upper arm, forearm and hand to pin.",
            f"Switch off the pin of the {side} hand.",
        )
    upper, fore, hand = (track.rig.index[bones[joint]] for joint in joints)
    return upper, fore, hand


def _target(track: RigTrack, hand: int, inside: Flags, held: Placed | None) -> Placed:
    """Return where the hand shall be; it meets the kept frames on both sides of the new ones."""
    own = Placed(track.pose.heads[:, hand], track.pose.rotations[:, hand])
    if held is None:
        return own
    positions, rotations = own.positions.copy(), own.rotations.copy()
    blend = max(1, round(BLEND_SECONDS * track.fps))
    for start, end in runs_of(inside):
        grip = start - 1 if start else min(end, track.frames - 1)
        rows = slice(max(0, start - 1), end + 1)
        hold = slice(grip, grip + 1)
        wanted = own.at(hold).seen_from(held.at(hold)).carried_by(held.at(rows))
        # After the new frames the hand may have let go: the thing is left in time.
        drift = own.at(rows).seen_from(wanted)
        is_new = inside[rows]
        moves = bridge_from_borders(drift.positions, is_new, blend)
        turns = bridge_from_borders(
            quaternions.quaternions_to_vectors(drift.rotations), is_new, blend
        )
        eased = Placed(moves, quaternions.vectors_to_quaternions(turns)).carried_by(wanted)
        positions[rows][is_new] = eased.positions[is_new]
        rotations[rows][is_new] = eased.rotations[is_new]
    return Placed(positions, rotations)


def _read_arm(
    track: RigTrack, motion: RigMotion, bones: tuple[int, int, int], side: str
) -> _Arm:
    posed = _pose(track, motion, motion.rotations)
    upper, fore, hand = (Placed(*posed[bone]) for bone in bones)
    row = track.alignment.joints.index(JOINT_INDEX[f"{side}_shoulder"])
    back = quaternions.conjugate(track.alignment.offsets[row])
    canonical = quaternions.multiply(upper.rotations, back)
    hinge = quaternions.rotate(canonical, np.array(_ELBOW_HINGES[side]))
    return _Arm(bones, hinge, (upper, fore, hand))


def _pose(
    track: RigTrack, motion: RigMotion, channels: Array
) -> Mapping[int, tuple[Array, Array]]:
    """Return where the mapped bones start (F, 3), and their orientations (F, 4), in a motion."""
    rig, before = track.rig, track.pose
    mover = location_bone(rig, track.bone_map)
    moved = motion.locations - track.channels.locations[:, mover]
    heads: dict[int, Array] = {}
    rotations: dict[int, Array] = {}
    for column, name in enumerate(motion.bones):
        bone = rig.index[name]
        still = still_below(track, bone, rotations)
        above = next((other for other in rig.lineage(rig.parents[bone]) if other in heads), -1)
        if above < 0:
            moves = (track.location_axes @ moved[..., None])[..., 0]
            heads[bone] = before.heads[:, bone] + moves
        else:
            turn = quaternions.multiply(
                rotations[above], quaternions.conjugate(before.rotations[:, above])
            )
            arm = before.heads[:, bone] - before.heads[:, above]
            heads[bone] = heads[above] + quaternions.rotate(turn, arm)
        rotations[bone] = quaternions.multiply(still, channels[:, column])
    return {bone: (heads[bone], rotations[bone]) for bone in heads}


def _reach(arm: _Arm, target: Placed) -> tuple[tuple[Array, Array, Array], Array]:
    """Return the orientations of upper arm, forearm and hand (F, 4), and how far the hand is (F,).

    The elbow bends about the normal of the bent arm, then the whole arm swings
    by the shortest way.
    """
    shoulder = arm.posed[0].positions
    upper, fore = arm.posed[1].positions - shoulder, arm.posed[2].positions - arm.posed[1].positions
    upper_turn = fore_turn = np.broadcast_to(quaternions.IDENTITY, (len(shoulder), 4))
    hinge = arm.hinge
    for _ in range(_ROUNDS):
        line = target.positions - shoulder
        bend = quaternions.axis_angle_to_quaternion(
            _elbow_axis(upper, fore, hinge), _growth_of_bend(upper, fore, line)
        )
        fore = quaternions.rotate(bend, fore)
        swing = quaternions.between(upper + fore, line)
        upper, fore, hinge = (quaternions.rotate(swing, one) for one in (upper, fore, hinge))
        upper_turn = quaternions.multiply(swing, upper_turn)
        fore_turn = quaternions.multiply(quaternions.multiply(swing, bend), fore_turn)
    missed = np.linalg.norm(target.positions - shoulder - upper - fore, axis=-1)
    turned = (
        quaternions.multiply(upper_turn, arm.posed[0].rotations),
        quaternions.multiply(fore_turn, arm.posed[1].rotations),
        target.rotations,
    )
    return turned, missed


def _growth_of_bend(upper: Array, fore: Array, line: Array) -> Array:
    """Return by how many radians (F,) the elbow bends more to be as long as the line (F, 3)."""
    first, second = np.linalg.norm(upper, axis=-1), np.linalg.norm(fore, axis=-1)
    longest, shortest = _LONGEST * (first + second), np.abs(first - second) * (2.0 - _LONGEST)
    length = np.clip(np.linalg.norm(line, axis=-1), shortest, longest)
    both = np.maximum(first * second, 1e-12)
    asked = (length**2 - first**2 - second**2) / (2.0 * both)
    present = np.sum(upper * fore, axis=-1) / both
    growth: Array = np.arccos(np.clip(asked, -1, 1)) - np.arccos(np.clip(present, -1, 1))
    return growth


def _elbow_axis(upper: Array, fore: Array, hinge: Array) -> Array:
    """Return unit axes (F, 3) about which elbows bend, square to the upper arm."""
    normal = np.cross(upper, fore)
    lengths = np.linalg.norm(upper, axis=-1) * np.linalg.norm(fore, axis=-1)
    normal = normal / np.maximum(lengths, 1e-12)[:, None]
    sine = np.linalg.norm(normal, axis=-1, keepdims=True)
    # A nearly straight arm has no normal to rely on.
    at = np.clip((sine - 0.05) / 0.15, 0.0, 1.0)
    axis = normal / np.maximum(sine, 1e-9) * at + hinge * (1.0 - at)
    along = upper / np.maximum(np.linalg.norm(upper, axis=-1, keepdims=True), 1e-12)
    axis = axis - along * np.sum(axis * along, axis=-1, keepdims=True)
    unit: Array = axis / np.maximum(np.linalg.norm(axis, axis=-1, keepdims=True), 1e-9)
    return unit
