"""Joint positions -> joint rotations, with the twist that positions imply.

A bone's direction leaves its turn about itself open. Shortest arcs, as HumanML3D's own
inverse kinematics takes them, drop that twist. Here it is read where the body shows it:

* pelvis and spine3 have three children each, which fix the whole rotation (least squares);
* the trunk's joints between share the turn from pelvis to spine3 evenly;
* upper arms and thighs twist so that elbows and knees bend about their hinges, and a
  straight leg so that its foot points ahead; where a limb is straight the twist is
  carried over from the frames around it;
* all other twists, which no position shows (neck, head, forearms, wrists), are those of
  the joint before.

It knows no file and no features.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from . import quaternions
from .clip import Array
from .skeleton import JOINT_INDEX, JOINTS, PARENTS

_STIFFNESS: Final = 4.0
"""How strongly the twists of neighbouring frames hold together, against one clear sight."""

_KNEE_OUT: Final = 0.05
"""Knees point outwards by so much a unit ahead (mean of the corpus)."""

_ELBOW_UP: Final = 0.3
"""In the T-pose, closing elbows raise the forearms by so much a unit ahead (likewise)."""

_FOOT_SIGHT: Final = 0.1
"""What a foot's direction says about the twist of the straight leg, against a bent knee."""

_STRAIGHT: Final = 0.03
"""Squared sine of a bend that is no bend: bones at rest do not quite lie in line."""

_SHIN_SHARE: Final = 0.5
"""Share of a foot's turn about the shin that the shin takes; the ankle turns the rest."""


@dataclass(frozen=True, slots=True)
class _Limb:
    """Two bones with a hinge between, and the joints below them."""

    upper: int
    hinge: int
    end: int
    tip: int | None
    """The joint below the end in the chain, which gives its direction: the toe."""

    ahead: Array
    """(3,) where the lower bone goes as the hinge closes, seen from the upper bone at rest."""

    rest: float
    """How strongly a twist that is not seen returns to none, against one clear sight."""


def _limbs(side: str, left: float) -> tuple[_Limb, _Limb]:
    """Return the leg and the arm of a side; `left` is 1 or -1, the side's sign of x."""
    hip, knee, ankle, foot, shoulder, elbow, wrist = (
        JOINT_INDEX[f"{side}_{name}"]
        for name in ("hip", "knee", "ankle", "foot", "shoulder", "elbow", "wrist")
    )
    return (
        _Limb(hip, knee, ankle, foot, np.array([-left * _KNEE_OUT, 0.0, -1.0]), 0.1),
        _Limb(shoulder, elbow, wrist, None, np.array([0.0, _ELBOW_UP, 1.0]), 0.02),
    )


_LIMBS: Final = (*_limbs("left", 1.0), *_limbs("right", -1.0))


def positions_to_rotations(joints: Array, offsets: Array) -> Array:
    """Return local rotations (T, 22, 4) that put every bone where its joints are.

    Args:
        joints: (T, 22, 3) metres; bone lengths do not matter.
        offsets: (22, 3) of the skeleton in the rest pose, parent to joint.

    Returns:
        Unit quaternions with continuous signs.
    """
    solver = _Solver(np.asarray(joints, dtype=float), offsets)
    solver.solve_trunk()
    for limb in _LIMBS:
        solver.solve_limb(limb)
    return solver.local()


class _Solver:
    """World rotations of a clip's joints, from the pelvis outwards."""

    def __init__(self, joints: Array, offsets: Array) -> None:
        self.joints, self.offsets = joints, offsets
        self.world = np.tile(quaternions.IDENTITY, (len(joints), len(JOINTS), 1))

    def bone(self, joint: int) -> Array:
        """Return the direction (T, 3) from the parent to the joint."""
        return _unit(self.joints[:, joint] - self.joints[:, PARENTS[joint]])

    def aim(self, joint: int, child: int, guess: Array) -> None:
        """Turn a guess (T, 4) the shortest way so that the bone to the child is where it is."""
        pointed = quaternions.rotate(guess, self.offsets[child])
        turn = quaternions.between(pointed, self.bone(child))
        self.world[:, joint] = quaternions.multiply(turn, guess)

    def solve_trunk(self) -> None:
        """Find the world rotations from the pelvis to head and collars."""
        pelvis, *spine, chest = (JOINT_INDEX[n] for n in ("pelvis", "spine1", "spine2", "spine3"))
        for joint in (pelvis, chest):
            self.world[:, joint] = self._fit(joint)
        for number, joint in enumerate(spine, 1):
            share = np.asarray(number / (len(spine) + 1))
            guess = quaternions.slerp(self.world[:, pelvis], self.world[:, chest], share)
            self.aim(joint, (*spine, chest)[number], guess)
        for name, child in (
            ("neck", "head"), ("left_collar", "left_shoulder"), ("right_collar", "right_shoulder"),
        ):  # fmt: skip
            self.aim(JOINT_INDEX[name], JOINT_INDEX[child], self.world[:, chest])
        self.world[:, JOINT_INDEX["head"]] = self.world[:, JOINT_INDEX["neck"]]

    def _fit(self, joint: int) -> Array:
        """Return the rotations (T, 4) that carry the rest offsets of all children best."""
        children = [child for child in range(len(JOINTS)) if PARENTS[child] == joint]
        rest = _unit(self.offsets[children])
        seen = np.stack([self.bone(child) for child in children], axis=1)  # (T, C, 3)
        left, _, right = np.linalg.svd(np.einsum("tci,cj->tij", seen, rest))
        flip = np.ones((len(seen), 3))
        flip[:, 2] = np.linalg.det(left @ right)
        return quaternions.matrix_to_quaternion((left * flip[:, None]) @ right)

    def solve_limb(self, limb: _Limb) -> None:
        """Find the world rotations of an arm or a leg below its girdle."""
        self.aim(limb.upper, limb.hinge, self.world[:, PARENTS[limb.upper]])
        seen, clear = self._sight(limb.upper, limb.hinge, limb.end, limb.ahead)
        sights = [(seen, clear)]
        if limb.tip is not None:
            foot, plain = self._sight(limb.upper, limb.hinge, limb.tip, self.offsets[limb.tip])
            sights.append((foot, _FOOT_SIGHT * plain * (1.0 - clear)))
        self._twist(limb.upper, limb.hinge, carried_twist(sights, limb.rest))
        self.aim(limb.hinge, limb.end, self.world[:, limb.upper])
        self.world[:, limb.end] = self.world[:, limb.hinge]
        if limb.tip is not None:
            sight = self._sight(limb.hinge, limb.end, limb.tip, self.offsets[limb.tip])
            turn = _SHIN_SHARE * carried_twist([sight], limb.rest)
            self._twist(limb.hinge, limb.end, turn)
            self.aim(limb.end, limb.tip, self.world[:, limb.hinge])
            self.world[:, limb.tip] = self.world[:, limb.end]

    def _sight(
        self, joint: int, child: int, other: int, ahead: Array
    ) -> tuple[Array, Array]:
        """Return the twist (T,) that lets a later bone lie ahead, and how clearly it is seen.

        Args:
            joint: whose twist is asked for.
            child: the end of its bone.
            other: the end of the later bone.
            ahead: (3,) where the later bone goes at rest.
        """
        axis = self.bone(child)
        front = quaternions.rotate(self.world[:, joint], ahead)
        front = _unit(front - _dot(front, axis) * axis)
        side = np.cross(axis, front)
        bone = self.bone(other)
        forth, aside = _dot(bone, front)[:, 0], _dot(bone, side)[:, 0]
        return np.arctan2(aside, forth), np.maximum(forth**2 + aside**2 - _STRAIGHT, 0.0)

    def _twist(self, joint: int, child: int, angle: Array) -> None:
        turn = quaternions.axis_angle_to_quaternion(self.bone(child), angle)
        self.world[:, joint] = quaternions.multiply(turn, self.world[:, joint])

    def local(self) -> Array:
        """Return the local rotations (T, 22, 4)."""
        local = self.world.copy()
        for joint in range(1, len(JOINTS)):
            outer = quaternions.conjugate(self.world[:, PARENTS[joint]])
            local[:, joint] = quaternions.multiply(outer, self.world[:, joint])
        return quaternions.keep_quaternion_sign(quaternions.normalize(local))


def carried_twist(sights: list[tuple[Array, Array]], rest: float) -> Array:
    """Return one smooth twist (T,) from several sights of it.

    Least squares over the clip: near each sight as far as it is clear, near the twists
    of the frames beside, and near none where nothing is seen for long. A sight from
    behind, which no joint allows, counts little.

    Args:
        sights: angles (T,) in -pi to pi, and their clearness (T,) from 0.
        rest: how strongly the twist returns to none.
    """
    weight = np.full(len(sights[0][0]), rest)
    pull = np.zeros_like(weight)
    for angle, clear in sights:
        trusted = clear * np.clip(1.0 + np.cos(angle), 0.0, 1.0)
        weight = weight + trusted
        pull = pull + trusted * angle
    return _solve_chain(weight, pull)


def _solve_chain(weight: Array, pull: Array) -> Array:
    """Solve (weight + stiffness * second differences) x = pull, a tridiagonal system."""
    count = len(weight)
    diagonal = weight + _STIFFNESS * np.minimum(2, count - 1)
    if count > 1:
        diagonal[[0, -1]] -= _STIFFNESS
    solved = np.array(pull, dtype=float)
    for frame in range(1, count):
        factor = -_STIFFNESS / diagonal[frame - 1]
        diagonal[frame] += factor * _STIFFNESS
        solved[frame] -= factor * solved[frame - 1]
    for frame in range(count - 1, -1, -1):
        after = solved[frame + 1] if frame + 1 < count else 0.0
        solved[frame] = (solved[frame] + _STIFFNESS * after) / diagonal[frame]
    return solved


def _dot(left: Array, right: Array) -> Array:
    return np.asarray(np.sum(left * right, axis=-1, keepdims=True))


def _unit(vectors: Array) -> Array:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))
