"""Legs that follow their feet: two-bone inverse kinematics in closed form.

It starts from the pose that is there and turns it by the difference between two
solutions, so that a foot that does not move leaves its leg as it is, straight
and overstretched knees included. It knows no contact and no floor.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .. import quaternions
from ..clip import Array, Clip
from ..skeleton import JOINT_INDEX, REST_OFFSETS

_HIPS, _KNEES, _ANKLES, _TOES = (
    [JOINT_INDEX[f"{side}_{name}"] for side in ("left", "right")]
    for name in ("hip", "knee", "ankle", "foot")
)
_BONE = float(np.linalg.norm(REST_OFFSETS[_KNEES[0]]))
"""Metres of a thigh, and of a shin: the canonical skeleton's are equal."""

_LONGEST = 0.9998 * 2.0 * _BONE
_SHORTEST = 0.25 * 2.0 * _BONE
_CERTAIN_BEND = 0.35
"""Radians that a knee must bend more before it leaves a backward bend on its own."""

_HINGE = np.array([1.0, 0.0, 0.0])
"""A knee bends about its thigh's +X axis."""


@dataclass(frozen=True, slots=True)
class Legs:
    """Both legs over T frames; the second dimension is left, right."""

    hips: Array
    """(T, 2, 3) metres."""
    knees: Array
    ankles: Array
    toes: Array
    thigh_rotations: Array
    """(T, 2, 4) in world space."""
    shin_rotations: Array
    foot_rotations: Array
    pelvis_rotations: Array
    """(T, 1, 4) in world space."""

    @property
    def foot_lengths(self) -> Array:
        """(2,) metres from the ankle to the toe joint."""
        lengths: Array = np.linalg.norm(REST_OFFSETS[_TOES], axis=-1)
        return lengths

    @property
    def foot_directions(self) -> Array:
        """(T, 2, 3) unit vectors from the ankle to the toe joint."""
        directions: Array = (self.toes - self.ankles) / self.foot_lengths[:, None]
        return directions


def read_legs(positions: Array, rotations: Array) -> Legs:
    """Take the legs out of positions (T, 22, 3) and world rotations (T, 22, 4)."""
    return Legs(
        hips=positions[:, _HIPS],
        knees=positions[:, _KNEES],
        ankles=positions[:, _ANKLES],
        toes=positions[:, _TOES],
        thigh_rotations=rotations[:, _HIPS],
        shin_rotations=rotations[:, _KNEES],
        foot_rotations=rotations[:, _ANKLES],
        pelvis_rotations=rotations[:, :1],
    )


@dataclass(frozen=True, slots=True)
class FootTargets:
    """Where both feet shall be over T frames."""

    ankles: Array
    """(T, 2, 3) metres."""
    directions: Array
    """(T, 2, 3) unit vectors from the ankle to the toe joint."""
    holds: Array
    """(T, 2) 0 to 1: how firmly the place is held. At 1 a knee that bends backwards is
    brought forward; at 0 it stays as it is as long as the foot moves little."""


def put_feet(clip: Clip, legs: Legs, targets: FootTargets, mask: NDArray[np.bool_]) -> Clip:
    """Bring the ankles to their targets and turn the feet along their directions.

    Args:
        clip: T frames, the one that `legs` were read from.
        legs: its legs.
        targets: where the feet shall be.
        mask: (T,) frames that may change.

    Returns:
        The clip with new hips, knees and ankles on the frames in the mask where a
        foot is asked to be elsewhere; all else is kept bit for bit. A target out
        of reach is approached, never beyond what leaves the knee steady.
    """
    moved = (np.abs(targets.ankles - legs.ankles) > 1e-9).any(axis=-1)
    turned = (np.abs(targets.directions - legs.foot_directions) > 1e-9).any(axis=-1)
    changed = (moved | turned) & mask[:, None]  # (T, 2)
    if not changed.any():
        return clip
    thighs, shins = _solve(legs, _within_reach(legs, targets.ankles), targets.holds)
    carried = quaternions.multiply(
        quaternions.multiply(shins, quaternions.conjugate(legs.shin_rotations)),
        legs.foot_rotations,
    )
    swing = quaternions.between(
        quaternions.rotate(carried, _rest_foot_directions()), targets.directions
    )
    feet = quaternions.multiply(swing, carried)
    rot = np.array(clip.rot, dtype=np.result_type(clip.rot.dtype, np.float32))
    for joints, rotations, above in (
        (_HIPS, thighs, legs.pelvis_rotations),
        (_KNEES, shins, thighs),
        (_ANKLES, feet, shins),
    ):
        local = quaternions.normalize(quaternions.multiply(quaternions.conjugate(above), rotations))
        before = rot[:, joints]
        is_flipped = np.sum(local * before, axis=-1, keepdims=True) < 0
        local = np.where(is_flipped, -local, local)
        rot[:, joints] = np.where(changed[..., None], local, before)
    return replace(clip, rot=rot)


def _rest_foot_directions() -> Array:
    feet = REST_OFFSETS[_TOES]
    directions: Array = feet / np.linalg.norm(feet, axis=-1, keepdims=True)
    return directions


def _within_reach(legs: Legs, ankles: Array) -> Array:
    """Return targets (T, 2, 3) drawn towards the hip where the leg would be overstretched.

    Half of the room between the present reach and a straight leg is used in
    full; beyond it the target is met less and less, so a knee comes to rest
    instead of snapping straight.
    """
    present = np.linalg.norm(legs.ankles - legs.hips, axis=-1)
    line = ankles - legs.hips
    asked = np.linalg.norm(line, axis=-1)
    half_room = np.maximum((_LONGEST - present) / 2.0, 1e-6)
    longer = np.maximum(asked - present - half_room, 0.0)
    soft = present + half_room + half_room * (1.0 - np.exp(-longer / half_room))
    reach = np.where(asked > present + half_room, soft, asked)
    reach = np.where(asked > present, np.minimum(reach, np.maximum(present, _LONGEST)), reach)
    reach = np.maximum(reach, np.minimum(present, _SHORTEST))
    targets: Array = legs.hips + line * (reach / np.maximum(asked, 1e-9))[..., None]
    return targets


def _solve(legs: Legs, ankles: Array, holds: Array) -> tuple[Array, Array]:
    """Return world rotations (T, 2, 4) of thighs and shins that put the ankles on targets.

    The leg swings with the line from hip to ankle and bends more or less about
    the knee's axis; thigh and shin are equally long, so each turns by half. What
    a knee bends off its axis is kept, which the second round makes up for.
    """
    for _ in range(2):
        present, asked = legs.ankles - legs.hips, ankles - legs.hips
        swing = quaternions.between(present, asked)
        axis = _bend_axis(legs, present)
        half = _bend_growth(legs, axis, _bends(asked), holds) / 2.0
        axis = quaternions.rotate(swing, axis)
        thigh_turn, shin_turn = (
            quaternions.multiply(quaternions.axis_angle_to_quaternion(axis, angle), swing)
            for angle in (-half, half)
        )
        knees = legs.hips + quaternions.rotate(thigh_turn, legs.knees - legs.hips)
        legs = replace(
            legs,
            knees=knees,
            ankles=knees + quaternions.rotate(shin_turn, legs.ankles - legs.knees),
            thigh_rotations=quaternions.multiply(thigh_turn, legs.thigh_rotations),
            shin_rotations=quaternions.multiply(shin_turn, legs.shin_rotations),
        )
    return legs.thigh_rotations, legs.shin_rotations


def _bend_growth(legs: Legs, axis: Array, asked: Array, holds: Array) -> Array:
    """Return by how much (T, 2) the knees bend more about their axes (T, 2, 3).

    Args:
        legs: as they are.
        axis: unit bend axes.
        asked: (T, 2) the whole bend that the targets ask for.
        holds: (T, 2) as in FootTargets.
    """
    thighs, shins = legs.knees - legs.hips, legs.ankles - legs.knees
    present = np.arctan2(
        np.sum(axis * np.cross(thighs, shins), axis=-1), np.sum(thighs * shins, axis=-1)
    )  # negative: bent backwards
    whole = _bends(legs.ankles - legs.hips)
    off_axis = np.maximum(whole**2 - present**2, 0.0)
    bend = np.sqrt(np.maximum(asked**2 - off_axis, 0.0))
    backward = np.maximum(-present, 0.0)
    growth = (bend - backward) / np.minimum(0.01 + 2.0 * backward, _CERTAIN_BEND)
    side = np.where(present < 0.0, 2.0 * np.maximum(holds, _ease(growth)) - 1.0, 1.0)
    growth_of_bend: Array = side * bend - present
    return growth_of_bend


def _bends(lines: Array) -> Array:
    """Return how far (T, 2) a knee bends whose hip and ankle lie (T, 2, 3) apart; 0 is straight."""
    length = np.linalg.norm(lines, axis=-1) / (2.0 * _BONE)
    bends: Array = 2.0 * np.arccos(np.clip(length, 0.0, 1.0))
    return bends


def _ease(at: Array) -> Array:
    """Return 0 below 0, 1 above 1, and a smooth step between."""
    at = np.clip(at, 0.0, 1.0)
    eased: Array = at * at * (3.0 - 2.0 * at)
    return eased


def _bend_axis(legs: Legs, lines: Array) -> Array:
    """Return unit axes (T, 2, 3) about which knees bend, square to the lines from hip to ankle.

    It is the normal of the bent leg; a leg that is nearly straight, or bent the
    wrong way a little, has none to rely on, so the thigh's own hinge takes over.
    """
    normal = np.cross(legs.knees - legs.hips, legs.ankles - legs.knees) / _BONE**2
    hinge = quaternions.rotate(legs.thigh_rotations, _HINGE)
    sine = np.linalg.norm(normal, axis=-1, keepdims=True)
    forward = np.sum(normal * hinge, axis=-1, keepdims=True)
    at = _ease(np.maximum(forward / 0.15, (sine - 0.25) / 0.15))
    axis = normal / np.maximum(sine, 1e-9) * at + hinge * (1.0 - at)
    unit = lines / np.maximum(np.linalg.norm(lines, axis=-1, keepdims=True), 1e-9)
    axis = axis - unit * np.sum(axis * unit, axis=-1, keepdims=True)
    level: Array = axis / np.maximum(np.linalg.norm(axis, axis=-1, keepdims=True), 1e-9)
    return level
