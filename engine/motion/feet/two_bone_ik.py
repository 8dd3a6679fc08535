"""Two bones that carry their end to a place, by any lengths: legs and arms of rigs and clips.

The present pose is turned by what the end lacks, so that an end that does not
move leaves the limb as it is, straight and overstretched ones included. It
knows no joint.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import quaternions

Array = NDArray[np.floating[Any]]

_LONGEST = 0.9998
"""Share of a straight limb's length that is asked at most."""

_SHORTEST = 0.25
_CERTAIN_BEND = 0.35
"""Radians that a limb must bend more before it leaves a backward bend on its own."""

_ROUNDS = 2
"""What a limb bends off its hinge is made up for in the second round."""


@dataclass(frozen=True, slots=True)
class Limbs:
    """Limbs of two bones, any leading dimensions."""

    upper: Array
    """(..., 3) from the limb's start to its middle."""

    lower: Array
    """(..., 3) from the middle to the end."""

    hinge: Array
    """(..., 3) unit axes about which the middle bends where the limb is straight."""

    def turned(self, upper_turn: Array, lower_turn: Array) -> Limbs:
        """Return the limbs with both bones turned in space; the hinge goes with the upper one."""
        return Limbs(
            quaternions.rotate(upper_turn, self.upper),
            quaternions.rotate(lower_turn, self.lower),
            quaternions.rotate(upper_turn, self.hinge),
        )


def reach(limbs: Limbs, lines: Array) -> tuple[Array, Array]:
    """Return the world-space rotations (..., 4) of both bones that put the ends in place.

    Args:
        limbs: as they are.
        lines: (..., 3) from the start to where the end shall be. A place out of reach is
            approached, never beyond what leaves the middle joint steady.
    """
    lines = _within_reach(limbs, lines)
    turns = [np.broadcast_to(quaternions.IDENTITY, (*limbs.upper.shape[:-1], 4))] * 2
    for _ in range(_ROUNDS):
        present = limbs.upper + limbs.lower
        axis = _bend_axis(limbs, present)
        bend = quaternions.axis_angle_to_quaternion(axis, _bend_growth(limbs, axis, lines))
        bent = limbs.upper + quaternions.rotate(bend, limbs.lower)
        swing = quaternions.between(bent, lines)
        step = (swing, quaternions.multiply(swing, bend))
        limbs = limbs.turned(*step)
        turns = [quaternions.multiply(*pair) for pair in zip(step, turns, strict=True)]
    return turns[0], turns[1]


def _lengths(limbs: Limbs) -> tuple[Array, Array]:
    return np.linalg.norm(limbs.upper, axis=-1), np.linalg.norm(limbs.lower, axis=-1)


def _within_reach(limbs: Limbs, lines: Array) -> Array:
    """Return the lines (..., 3) drawn in where the limb would be overstretched.

    Half of the room between the present reach and a straight limb is used in
    full; beyond it the target is met less and less, so a joint comes to rest
    instead of snapping straight.
    """
    whole = sum(_lengths(limbs))
    present = np.linalg.norm(limbs.upper + limbs.lower, axis=-1)
    asked = np.linalg.norm(lines, axis=-1)
    half_room = np.maximum((_LONGEST * whole - present) / 2.0, 1e-9 * whole)
    longer = np.maximum(asked - present - half_room, 0.0)
    soft = present + half_room + half_room * (1.0 - np.exp(-longer / half_room))
    reached = np.where(asked > present + half_room, soft, asked)
    reached = np.maximum(reached, np.minimum(present, _SHORTEST * whole))
    return np.asarray(lines * (reached / np.maximum(asked, 1e-12))[..., None])


def _bends(limbs: Limbs, lines: Array) -> Array:
    """Return how far (...) limbs bend whose ends are (..., 3) apart; 0 is straight."""
    first, second = _lengths(limbs)
    square = np.sum(lines**2, axis=-1)
    cosine = (square - first**2 - second**2) / np.maximum(2.0 * first * second, 1e-18)
    return np.asarray(np.arccos(np.clip(cosine, -1.0, 1.0)))


def _bend_growth(limbs: Limbs, axis: Array, lines: Array) -> Array:
    """Return by how many radians (...) the limbs bend more about their axes (..., 3)."""
    present = np.arctan2(
        np.sum(axis * quaternions.cross(limbs.upper, limbs.lower), axis=-1),
        np.sum(limbs.upper * limbs.lower, axis=-1),
    )  # negative: bent backwards
    off_axis = np.maximum(_bends(limbs, limbs.upper + limbs.lower) ** 2 - present**2, 0.0)
    bend = np.sqrt(np.maximum(_bends(limbs, lines) ** 2 - off_axis, 0.0))
    backward = np.maximum(-present, 0.0)
    growth = (bend - backward) / np.minimum(0.01 + 2.0 * backward, _CERTAIN_BEND)
    side = np.where(present < 0.0, 2.0 * ease(growth) - 1.0, 1.0)
    return np.asarray(side * bend - present)


def _bend_axis(limbs: Limbs, lines: Array) -> Array:
    """Return unit axes (..., 3) of the bends, square to the lines from start to end.

    It is the normal of the bent limb; one that is nearly straight, or bent the
    wrong way a little, has none to rely on, so the hinge takes over.
    """
    first, second = _lengths(limbs)
    size = np.maximum(first * second, 1e-18)[..., None]
    normal = quaternions.cross(limbs.upper, limbs.lower) / size
    sine = np.linalg.norm(normal, axis=-1, keepdims=True)
    forward = np.sum(normal * limbs.hinge, axis=-1, keepdims=True)
    at = ease(np.maximum(forward / 0.15, (sine - 0.25) / 0.15))
    axis = normal / np.maximum(sine, 1e-9) * at + limbs.hinge * (1.0 - at)
    unit = lines / np.maximum(np.linalg.norm(lines, axis=-1, keepdims=True), 1e-12)
    axis = axis - unit * np.sum(axis * unit, axis=-1, keepdims=True)
    return np.asarray(axis / np.maximum(np.linalg.norm(axis, axis=-1, keepdims=True), 1e-9))


def ease(at: Array) -> Array:
    """Return 0 below 0, 1 above 1, and a smooth step between."""
    at = np.clip(at, 0.0, 1.0)
    return np.asarray(at * at * (3.0 - 2.0 * at))
