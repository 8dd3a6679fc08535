"""Feet that stand on a rig as they stand in the clip, whatever the rig's proportions.

Limbs that point where the clip's do put the feet nearly right. What is left
comes from hips that are wider, thighs longer than shins, and longer feet. Near
the floor the hips take up what both feet lack, in height what the one lacks that
carries the body, the legs the rest. The pivot of a foot is its heel, or its toes
while the heel is up. It works both ways, and knows neither channels nor bones
without a joint.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import quaternions
from ..clip import Clip, forward_kinematics, headings
from ..contacts import STANDING_HEIGHTS
from ..feet.two_bone_ik import Limbs, ease, reach
from ..skeleton import JOINT_INDEX, REST_OFFSETS
from .rest_alignment import Alignment, Placement

Array = NDArray[np.floating[Any]]

_SIDES = ("left", "right")
_HINGE = np.array([1.0, 0.0, 0.0])
"""A knee bends about its thigh's canonical +X axis."""

_HIPS, _KNEES, _ANKLES, _TOES = (
    [JOINT_INDEX[f"{side}_{name}"] for side in _SIDES] for name in ("hip", "knee", "ankle", "foot")
)
_ANKLE_HEIGHT, _TOE_HEIGHT = float(STANDING_HEIGHTS[0]), float(STANDING_HEIGHTS[2])

_FULL_BELOW = 0.05
"""Metres above its standing height up to which a foot goes exactly where the clip's is."""

_FREE_ABOVE = 0.3
"""Metres above which the leg's directions alone count."""

_CARRYING = 0.025
"""Metres that a foot is higher than the other one when the hips heed it half as much."""

_PIVOT = 0.02
"""Metres that the heel is higher than the toes when these carry the whole foot."""

_LARGEST_TURN = np.radians(5.9)
"""A thigh or a shin leaves the clip's direction by less than this."""

_LEAST_LIMIT = np.radians(1.0)
_NOISE = 1e-4
"""Leg lengths; moves below are worth no turn: a straight knee makes degrees of rounding errors."""

_WORTH = 4.0
"""Radians of turn that a foot's move by the length of its leg is worth."""

_ROUNDS = 10
"""Of reading: what a leg lacks shrinks to about a fifth in each."""

_EXACT = np.radians(0.01)
"""Reading is done when no leg lacks more."""


@dataclass(frozen=True, slots=True)
class RigLegs:
    """Both legs of a rig: rows in its alignment, and vectors in each bone's own axes."""

    rows: tuple[list[int], ...]
    """Hips, knees, ankles: the left and the right one's row in the alignment."""

    thighs: Array
    """(2, 3) from the thigh's head to the shin's, in the thigh's axes."""

    shins: Array
    """(2, 3) from the shin's head to the foot's, in the shin's axes."""

    stance: Array
    """(2, 3) rig units that feet are farther out than the clip's, canonical axes."""

    feet: Array
    """(2, 3) by how much the line from ankle to toes differs from the clip's, rig units."""


@dataclass(frozen=True, slots=True)
class MappedPose:
    """How the mapped bones of a rig are over T frames, in rig space."""

    rotations: Array
    """(T, M, 4) in the order of the alignment."""

    pelvis_heads: Array
    """(T, 3)"""

    def hips(self, alignment: Alignment) -> Array:
        """Return where the thighs start, (T, 2, 3)."""
        return self.pelvis_heads[:, None] + alignment.from_pelvis(self.rotations)


def measure_legs(alignment: Alignment) -> RigLegs | None:
    """Return the rig's legs; None if it lacks ankles, so that no foot can be put anywhere."""
    row_of = {joint: row for row, joint in enumerate(alignment.joints)}
    if any(joint not in row_of for joint in (*_HIPS, *_KNEES, *_ANKLES)):
        return None
    hips, knees, ankles = ([row_of[joint] for joint in pair] for pair in (_HIPS, _KNEES, _ANKLES))
    apart = alignment.from_pelvis(alignment.rotations[None])[0]
    back = quaternions.conjugate(alignment.rotations[0])
    apart = quaternions.rotate(back, apart - apart.mean(axis=0))
    spread = quaternions.rotate(alignment.offsets[0], apart)
    stance = spread - alignment.scale * (REST_OFFSETS[_HIPS] - REST_OFFSETS[_HIPS].mean(axis=0))
    feet = np.zeros((2, 3))
    for side, toes in enumerate(_TOES):
        if toes in row_of:
            way = alignment.way(ankles[side], row_of[toes])
            way = quaternions.rotate(alignment.offsets[ankles[side]], way)
            feet[side] = way - alignment.scale * REST_OFFSETS[toes]
    return RigLegs(
        rows=(hips, knees, ankles),
        thighs=np.stack([alignment.way(*pair) for pair in zip(hips, knees, strict=True)]),
        shins=np.stack([alignment.way(*pair) for pair in zip(knees, ankles, strict=True)]),
        stance=stance * np.array([1.0, 0.0, 1.0]),
        feet=feet,
    )


def put_feet_on_rig(
    clip: Clip, legs: RigLegs, alignment: Alignment, placement: Placement, pose: MappedPose
) -> MappedPose:
    """Return the pose with hips moved and legs turned so that low feet are where the clip's are.

    Args:
        clip: T frames.
        legs: of the rig.
        alignment: of the rig.
        placement: where the clip lies.
        pose: all bones oriented as in the clip.
    """
    positions, world = forward_kinematics(clip.root_pos, clip.rot)
    feet = _feet_of_clip(positions, world, legs, placement)
    return _put(feet, legs, alignment, placement, pose)


@dataclass(frozen=True, slots=True)
class _ClipFeet:
    """What feet of a rig follow, over T frames; metres, the clip's space."""

    ankles: Array
    """(T, 2, 3)"""

    toes: Array
    """(T, 2, 3)"""

    offsets: Array
    """(T, 2, 3) how far the rig's ankles are from the clip's, rig space."""


def _feet_of_clip(
    positions: Array, world: Array, legs: RigLegs, placement: Placement
) -> _ClipFeet:
    """Return the feet of positions (T, 22, 3) and world rotations (T, 22, 4)."""
    offsets = quaternions.rotate(placement.rotation, _foot_offsets(legs, world[:, _ANKLES]))
    return _ClipFeet(positions[:, _ANKLES], positions[:, _TOES], offsets)


def _put(
    feet: _ClipFeet, legs: RigLegs, alignment: Alignment, placement: Placement, pose: MappedPose
) -> MappedPose:
    """Return the pose with thighs and shins turned towards the clip's feet."""
    wanted = alignment.to_rig(feet.ankles, placement) + feet.offsets
    starts, limbs = _rig_limbs(legs, alignment, pose)
    present = limbs.upper + limbs.lower
    lacking = wanted - starts - present
    weights = _weights(feet)[..., None]
    # What both feet lack, the hips give: a straight leg can hardly be made shorter.
    shift = _hip_shift(feet, weights, lacking, placement)
    moves = weights * (lacking - shift[:, None])
    turns = _within_limit(limbs, reach(limbs, present + moves), moves)
    rotations = pose.rotations.copy()
    for pair, turn in zip(legs.rows, turns, strict=False):
        rotations[:, pair] = quaternions.multiply(turn, rotations[:, pair])
    return MappedPose(rotations, pose.pelvis_heads + shift)


def _hip_shift(
    feet: _ClipFeet, weights: Array, lacking: Array, placement: Placement
) -> Array:
    """Return how far the hips move (T, 3) for feet that lack (T, 2, 3), weighed (T, 2, 1).

    In height they heed the lower foot: the mean of both would push the one that carries the
    body below the floor wherever the legs may not turn far enough.
    """
    mean = (weights * lacking).sum(axis=1) / np.maximum(weights.sum(axis=1), 1.0)
    heights = _heights(feet)
    above = (heights - heights.min(axis=1, keepdims=True)) / _CARRYING
    shares = weights / (1.0 + above**2)[..., None]
    carried = (shares * lacking).sum(axis=1) / np.maximum(shares.sum(axis=1), 1e-9)
    up = quaternions.rotate(placement.rotation, np.array([0.0, 1.0, 0.0]))
    rise = (weights.max(axis=1) * carried - mean) @ up
    return np.asarray(mean + rise[:, None] * up)


def _within_limit(limbs: Limbs, turns: tuple[Array, Array], moves: Array) -> list[Array]:
    """Return the rotations (T, 2, 4), reduced where they would bend a leg much for little.

    A straight leg that shall be 3 mm shorter must bend its knee by 10 degrees; the look of a
    straight leg is worth more than 3 mm.

    Args:
        limbs: the legs before.
        turns: of thighs and shins.
        moves: (T, 2, 3) how far the feet shall move.
    """
    after = limbs.turned(*turns)
    pairs = ((limbs.upper, after.upper), (limbs.lower, after.lower))
    angles = [_angle(*pair) for pair in pairs]
    lengths = [np.linalg.norm(bone, axis=-1) for bone in (limbs.upper, limbs.lower)]
    worth = np.linalg.norm(moves, axis=-1) / np.maximum(sum(lengths), 1e-12)
    least = _LEAST_LIMIT * np.clip(worth / _NOISE, 1e-6, 1.0)
    limit = np.minimum(least + _WORTH * worth, _LARGEST_TURN)
    share = (1.0 + (np.maximum(*angles) / limit) ** 4) ** -0.25
    return [quaternions.slerp(quaternions.IDENTITY, turn, share) for turn in turns]


def _angle(before: Array, after: Array) -> Array:
    """Return the angles (...) between vectors (..., 3)."""
    crossed = np.linalg.norm(quaternions.cross(before, after), axis=-1)
    return np.asarray(np.arctan2(crossed, np.sum(before * after, axis=-1)))


def read_feet(
    clip: Clip, legs: RigLegs, alignment: Alignment, placement: Placement, pose: MappedPose
) -> Clip:
    """Return the clip that `put_feet_on_rig` takes to the feet that the rig has.

    Args:
        clip: T frames, every joint oriented as the rig's bones.
        legs: of the rig.
        alignment: of the rig.
        placement: where the clip lies.
        pose: the rig's bones as they are.
    """
    positions, world = forward_kinematics(clip.root_pos, clip.rot)
    back = quaternions.conjugate(placement.rotation)
    starts, limbs = _rig_limbs(legs, alignment, pose)
    feet = _feet_of_clip(positions, world, legs, placement)
    goals = alignment.to_clip(starts + limbs.upper + limbs.lower - feet.offsets, placement)
    low = _weights(feet)[..., None]
    turned = _reach_in_clip(positions, world, low * goals + (1.0 - low) * feet.ankles)
    shift = np.zeros_like(pose.pelvis_heads)
    best, least = [*turned, shift], np.full(clip.frames, np.inf)
    for _ in range(_ROUNDS):
        lower = quaternions.rotate(back, shift)[:, None] / alignment.scale
        oriented = _orient_legs(turned, legs, alignment, placement, pose)
        oriented = MappedPose(oriented.rotations, pose.pelvis_heads - shift)
        stepped = _feet_below(positions - lower, turned, feet)
        put = _put(stepped, legs, alignment, placement, oriented)
        lacks = [_turn_to_clip(pose, put, pair, placement) for pair in legs.rows[:2]]
        angles = [quaternions.angle_between(quaternions.IDENTITY, one) for one in lacks]
        missed = np.linalg.norm(put.pelvis_heads - pose.pelvis_heads, axis=-1) / _leg(limbs)
        lack = np.maximum(np.max(angles, axis=(0, 2)), missed)
        is_better = lack < least
        best = [_choose(is_better, *pair) for pair in zip((*turned, shift), best, strict=True)]
        least = np.minimum(lack, least)
        if least.max(initial=0.0) < _EXACT:
            break
        shift = put.pelvis_heads - oriented.pelvis_heads
        turned = [quaternions.multiply(*pair) for pair in zip(lacks, turned, strict=True)]
    read = _with_legs(clip, world, best[:2])
    moved = quaternions.rotate(back, best[2]) / alignment.scale
    return replace(read, root_pos=read.root_pos - moved)


def _leg(limbs: Limbs) -> float:
    """Return how long a leg is."""
    return float(np.linalg.norm(limbs.upper[0, 0]) + np.linalg.norm(limbs.lower[0, 0]))


def _choose(is_new: NDArray[np.bool_], new: Array, old: Array) -> Array:
    """Return the new rows (T, ...) where they are better."""
    return np.where(is_new.reshape(-1, *[1] * (new.ndim - 1)), new, old)


def _foot_offsets(legs: RigLegs, feet: Array) -> Array:
    """Return how far the rig's ankles are from the clip's (T, 2, 3), rig units, clip's axes.

    It depends on the feet's world rotations (T, 2, 4) alone, so that it is the same for a clip
    and for what is read back. What is constant while a foot is flat turns with the foot's
    heading: a foot that stands does not slide on account of it.
    """
    yaw = np.stack([headings(feet[:, side]) for side in range(2)], axis=1)
    level = quaternions.yaw_to_quaternion(yaw)
    toes = quaternions.rotate(feet, REST_OFFSETS[_TOES])[..., 1]
    heel_up = -toes - (_ANKLE_HEIGHT - _TOE_HEIGHT)
    on_toes = ease(heel_up / _PIVOT)[..., None]
    pivot = quaternions.rotate(level, legs.feet) - quaternions.rotate(feet, legs.feet)
    return np.asarray(quaternions.rotate(level, legs.stance) + on_toes * pivot)


def _weights(feet: _ClipFeet) -> Array:
    """Return (T, 2): 1 for feet near the floor y = 0, 0 for those far above it."""
    above = _heights(feet) - _FULL_BELOW
    return np.asarray(1.0 - ease(above / (_FREE_ABOVE - _FULL_BELOW)))


def _heights(feet: _ClipFeet) -> Array:
    """Return how far (T, 2) heel or toes, whichever is lower, are above where they stand."""
    heel, toes = feet.ankles[..., 1] - _ANKLE_HEIGHT, feet.toes[..., 1] - _TOE_HEIGHT
    return np.asarray(np.minimum(heel, toes))


def _feet_below(positions: Array, turned: list[Array], feet: _ClipFeet) -> _ClipFeet:
    """Return the feet below thighs and shins that are turned in space (T, 2, 4)."""
    knees = positions[:, _HIPS] + quaternions.rotate(turned[0], REST_OFFSETS[_KNEES])
    ankles = knees + quaternions.rotate(turned[1], REST_OFFSETS[_ANKLES])
    return _ClipFeet(ankles, ankles + feet.toes - feet.ankles, feet.offsets)


def _rig_limbs(legs: RigLegs, alignment: Alignment, pose: MappedPose) -> tuple[Array, Limbs]:
    """Return the hips (T, 2, 3) and the legs in rig space."""
    hips, knees = legs.rows[:2]
    thighs, shins = pose.rotations[:, hips], pose.rotations[:, knees]
    canonical = quaternions.multiply(thighs, quaternions.conjugate(alignment.offsets[hips]))
    return pose.hips(alignment), Limbs(
        quaternions.rotate(thighs, legs.thighs),
        quaternions.rotate(shins, legs.shins),
        quaternions.rotate(canonical, _HINGE),
    )


def _turn_to_clip(
    wanted: MappedPose, found: MappedPose, rows: list[int], placement: Placement
) -> Array:
    """Return rotations (T, 2, 4), in the clip's axes, from rows of a pose to the wanted ones."""
    lack = quaternions.multiply(
        wanted.rotations[:, rows], quaternions.conjugate(found.rotations[:, rows])
    )
    back = quaternions.conjugate(placement.rotation)
    return quaternions.multiply(back, quaternions.multiply(lack, placement.rotation))


def _reach_in_clip(positions: Array, world: Array, ankles: Array) -> list[Array]:
    """Return world rotations of thighs and shins (T, 2, 4) that bring ankles to (T, 2, 3)."""
    starts, knees = positions[:, _HIPS], positions[:, _KNEES]
    limbs = Limbs(
        knees - starts,
        positions[:, _ANKLES] - knees,
        quaternions.rotate(world[:, _HIPS], _HINGE),
    )
    turns = reach(limbs, ankles - starts)
    return [
        quaternions.multiply(turn, world[:, joints])
        for turn, joints in zip(turns, (_HIPS, _KNEES), strict=True)
    ]


def _with_legs(clip: Clip, world: Array, turned: list[Array]) -> Clip:
    """Return the clip with other thighs and shins (T, 2, 4); feet keep their orientation.

    Args:
        clip: T frames.
        world: (T, 22, 4) its rotations in space.
        turned: thighs and shins, in space.
    """
    above, rot = world[:, :1], np.array(clip.rot, dtype=float)
    for joints, own in zip((_HIPS, _KNEES, _ANKLES), (*turned, world[:, _ANKLES]), strict=True):
        local = quaternions.multiply(quaternions.conjugate(above), own)
        rot[:, joints], above = quaternions.normalize(local), own
    return Clip(clip.root_pos, rot, clip.fps)


def _orient_legs(
    turned: list[Array],
    legs: RigLegs,
    alignment: Alignment,
    placement: Placement,
    pose: MappedPose,
) -> MappedPose:
    """Return the pose with thighs and shins oriented as in a clip, where they are (T, 2, 4)."""
    rotations = pose.rotations.copy()
    for rows, own in zip(legs.rows, turned, strict=False):
        oriented = quaternions.multiply(placement.rotation, own)
        rotations[:, rows] = quaternions.multiply(oriented, alignment.offsets[rows])
    return MappedPose(rotations, pose.pelvis_heads)
