"""Finds a body in a tree of bones by shape alone: two legs, two arms, a head above them.

Every stretch of three bones is judged as a leg and as an arm, every bone as the
pelvis that carries them, for several sizes and ways of standing at once; the
best whole body wins. Left and right are only told apart as two sides here. It
knows no names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .tree import BoneTree, Indices

Array = NDArray[np.floating[Any]]

# The canonical body in metres: lengths of a leg and an arm, and what hangs how from the pelvis,
# as (to the side, up, forward).
_LEG, _ARM = 0.8, 0.51
_HIP, _SHOULDER, _HEAD = (0.085, -0.04, 0.0), (0.185, 0.45, 0.0), (0.0, 0.6, 0.0)
_HIP_SPREAD, _SHOULDER_SPREAD, _HEAD_SPREAD = (0.08, 0.16, 0.14), (0.12, 0.2, 0.25), (0.2, 0.2, 0.3)
# Arms at rest point to the side, slant down, or hang.
_ARM_WAYS = np.array([(1.0, 0.0, 0.0), (0.7, -0.71, 0.0), (0.2, -0.98, 0.0)])
_SIZES = (1.0, 0.7, 0.5)
_TALL = 1.6
_RATIO_SPREAD, _LENGTH_SPREAD = 0.3, 0.5
_LOWEST_TERM = -8.0
# Bones so near to a limb's last one (share of the lower bone) lie at its end as well.
_AT_END = 0.03
# Bodies whose limbs fit worse than this on average are none.
WORST_FIT = -3.0


@dataclass(frozen=True, slots=True)
class Stance:
    """H ways in which a body may stand: axes, and lengths of its parts."""

    axes: Array
    """(H, 3, 3) rows: to one side, up, and the third axis, in rig space."""

    legs: Array
    """(H,) rig units per canonical metre of legs."""

    arms: Array
    """(H,) of arms."""

    trunk: Array
    """(H,) of the trunk."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body that was found: bones by index, the two sides named near and far."""

    pelvis: int
    legs: Array
    """(2, 3) bones of hip, knee and ankle on the near and the far side."""

    arms: Array
    """(2, 3) bones of shoulder, elbow and wrist."""

    fit: float
    """0 is the canonical body itself; the lower, the less it looks like one."""


def find_body(tree: BoneTree, stance: Stance | None = None) -> Body | None:
    """Return the bones that look most like a body; None where nothing does.

    Args:
        tree: N bones.
        stance: how the body stands, if that is known; None tries several ways.
    """
    if len(tree.parents) < 9 or tree.size <= 0.0:
        return None
    limbs = _Limbs.of(tree)
    if limbs.bones.shape[1] < 4:
        return None
    body = _best_body(tree, limbs, stance or _usual_stances(tree))
    if body is None or body.fit < 2 * WORST_FIT:
        return None
    refined = _best_body(tree, limbs, stance_of(tree, body))
    if refined is None or refined.fit < WORST_FIT:
        return None
    for limb in (*refined.legs, *refined.arms):
        limb[0] = _below_the_bend(tree, limb)
        limb[2] = _topmost_at_end(tree, limb)
    return refined


def _below_the_bend(tree: BoneTree, limb: Indices) -> int:
    """Return the bone that a limb starts at: below a short bone that points elsewhere."""
    first, middle = int(limb[0]), int(limb[1])
    path = tree.path(first, middle)
    step = tree.heads[path[0]] - tree.heads[first]
    rest = tree.heads[middle] - tree.heads[path[0]]
    short = np.linalg.norm(step) < 0.25 * np.linalg.norm(rest)
    bent = float(_unit(step) @ _unit(rest)) < 0.85 and bool(np.any(step))
    return path[0] if len(path) > 1 and short and bent else first


def _topmost_at_end(tree: BoneTree, limb: Indices) -> int:
    """Return the bone that carries all others at a limb's end: the hand, not its thumb."""
    middle, end = int(limb[1]), int(limb[2])
    length = float(np.linalg.norm(tree.heads[end] - tree.heads[middle]))
    path = tree.path(middle, end)
    gaps = [float(np.linalg.norm(tree.heads[bone] - tree.heads[end])) for bone in path]
    return next(bone for bone, gap in zip(path, gaps, strict=True) if gap <= _AT_END * length)


def stance_of(tree: BoneTree, body: Body) -> Stance:
    """Return how a found body stands and how long its parts are."""
    heads = tree.heads
    hips, shoulders = heads[body.legs[:, 0]], heads[body.arms[:, 0]]
    axes = body_axes(hips, shoulders)
    lengths = [
        float(np.linalg.norm(np.diff(heads[limbs], axis=1), axis=-1).sum(-1).mean())
        for limbs in (body.legs, body.arms)
    ]
    trunk = float(np.linalg.norm(shoulders.mean(0) - hips.mean(0)))
    return Stance(
        axes[None],
        np.array([lengths[0] / _LEG]),
        np.array([lengths[1] / _ARM]),
        np.array([max(trunk, 1e-9) / (_SHOULDER[1] + 0.075)]),
    )


def body_axes(hips: Array, shoulders: Array) -> Array:
    """Return rows to the near side, up, and forward if near is left, (3, 3).

    Args:
        hips: (2, 3) near and far hip.
        shoulders: (2, 3) near and far shoulder.
    """
    up = shoulders.mean(0) - hips.mean(0)
    up = up / max(float(np.linalg.norm(up)), 1e-12)
    side = _unit(hips[0] - hips[1]) + _unit(shoulders[0] - shoulders[1])
    side = _unit(side - up * (side @ up))
    return np.stack([side, up, np.cross(side, up)])


def _unit(vectors: Array) -> Array:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12))


def _usual_stances(tree: BoneTree) -> Stance:
    """Return upright ways along the axes, Y, Z or -Z up, in several sizes."""
    x, y, z = np.eye(3)
    ups = (y, y, z, z, -z, -z)
    sides = (x, z, x, y, x, y)
    axes = np.array([(a, up, np.cross(a, up)) for a, up in zip(sides, ups, strict=True)])
    heights = np.array([np.ptp(tree.heads @ frame[1]) for frame in axes]) / _TALL
    scales = (heights[:, None] * np.array(_SIZES)).ravel()
    scales = np.maximum(scales, 1e-9 * tree.size)
    return Stance(np.repeat(axes, len(_SIZES), axis=0), scales, scales, scales)


@dataclass(frozen=True, slots=True)
class _Limbs:
    """M stretches of three bones that may be limbs."""

    bones: Indices
    """(3, M), sorted by the first bone."""

    starts: Indices
    """Where the stretches of each first bone begin."""

    vectors: Array
    """(M, 3) from the first to the last bone, as unit vectors."""

    lengths: Array
    """(M,) both bones together."""

    proportions: Array
    """(M,) how well the two bones' lengths fit each other."""

    hands: Array
    """(M,) how much the last bone looks like a hand."""

    feet: Array
    """(M,) how much the last bone looks like a foot."""

    @classmethod
    def of(cls, tree: BoneTree) -> _Limbs:
        first, middle, last = tree.triples
        upper = np.linalg.norm(tree.heads[middle] - tree.heads[first], axis=-1)
        lower = np.linalg.norm(tree.heads[last] - tree.heads[middle], axis=-1)
        whole = tree.heads[last] - tree.heads[first]
        straight = np.linalg.norm(whole, axis=-1) / np.maximum(upper + lower, 1e-12)
        shortest = 0.02 * tree.size
        kept = (np.minimum(upper, lower) > shortest) & (straight > 0.55)
        kept &= (upper < 3.0 * lower) & (lower < 3.0 * upper)
        bones = tree.triples[:, kept]
        upper, lower, straight = upper[kept], lower[kept], straight[kept]
        ratios = -0.5 * (np.log(lower / upper) / _RATIO_SPREAD) ** 2
        # Bones within an upper or lower limb lie in a row; a bend means that a joint is skipped.
        detours = tree.depths[bones[2]] - tree.depths[bones[0]] - upper - lower
        ratios -= 6.0 * np.maximum(detours / (upper + lower) - 0.01, 0.0)
        beyond = tree.reach[bones[2]] / (upper + lower)
        return cls(
            bones,
            np.flatnonzero(np.diff(bones[0], prepend=-1)),
            _unit(whole[kept]),
            upper + lower,
            ratios - 2.0 * (1.0 - straight),
            _hand_terms(tree)[bones[2]] - 4.0 * np.maximum(beyond - 0.7, 0.0),
            _foot_terms(tree, bones) - 6.0 * np.maximum(beyond - 0.5, 0.0),
        )


def _hand_terms(tree: BoneTree) -> Array:
    """Return (N,) a bonus for bones that carry fingers, a malus for bones above such."""
    terms = np.zeros(len(tree.parents))
    for bone, children in enumerate(tree.children):
        chains = [tree.heads[child] for child in children if tree.children[child]]
        if len(chains) >= 3 and _are_apart(np.array(chains), 0.002 * tree.size):
            terms[bone] += 0.8
            for upper in tree.lineage(bone)[1:]:
                terms[upper] -= 0.8
    return np.maximum(terms, -0.8)


def _are_apart(points: Array, least: float) -> bool:
    """Say whether at least three of the points (P, 3) lie in places of their own."""
    gaps = np.linalg.norm(points[:, None] - points[None], axis=-1)
    firsts = [row for row in range(len(points)) if not (gaps[row, :row] < least).any()]
    return len(firsts) >= 3


def _foot_terms(tree: BoneTree, bones: Indices) -> Array:
    """Return (M,) a bonus for stretches whose last bone goes on across them, as feet do."""
    shins = tree.heads[bones[2]] - tree.heads[bones[1]]
    toes = tree.longest_steps[bones[2]]
    lengths = np.linalg.norm(shins, axis=-1)
    across = np.linalg.norm(np.cross(toes, _unit(shins)), axis=-1) / lengths
    return np.asarray(0.6 * ((across > 0.12) & (across < 0.8)))


def _best_body(tree: BoneTree, limbs: _Limbs, stance: Stance) -> Body | None:
    legs = _leg_scores(limbs, stance)  # (H, M)
    arms = [_arm_scores(limbs, stance, side) for side in (1.0, -1.0)]
    upper, lower = tree.pairs
    hanging = np.isin(lower, limbs.bones[0, limbs.starts])
    upper, lower = upper[hanging], lower[hanging]
    if not len(upper):
        return None
    starts = np.flatnonzero(np.diff(upper, prepend=-1))
    offsets = _offsets(tree, (upper, lower), stance)
    parts = []
    for side, arm in zip((1.0, -1.0), arms, strict=True):
        for scores, place, spread in (
            (legs, _HIP, _HIP_SPREAD),
            (arm, _SHOULDER, _SHOULDER_SPREAD),
        ):
            hangs = _offset_scores(offsets, place, spread, side)
            parts.append(hangs + _best_of_first(limbs, scores, len(tree.parents))[:, lower])
    totals = np.sum([np.maximum.reduceat(part, starts, axis=1) for part in parts], axis=0)
    totals = totals + 0.5 * _best_heads(tree, upper[starts], stance)
    stand, row = np.unravel_index(int(np.argmax(totals)), totals.shape)
    if not np.isfinite(totals[stand, row]):
        return None
    pelvis = int(upper[starts[row]])
    below = np.flatnonzero(upper == pelvis)
    ends = [int(lower[below[np.argmax(part[stand, below])]]) for part in parts]
    limb_scores = (legs[stand], arms[0][stand], legs[stand], arms[1][stand])
    found = np.array(
        [_decode(limbs, end, scores) for end, scores in zip(ends, limb_scores, strict=True)]
    )
    fit = float(totals[stand, row]) / 4.0
    return Body(pelvis, found[::2], found[1::2], fit) if _is_whole(found) else None


def _offsets(tree: BoneTree, pairs: tuple[Indices, Indices], stance: Stance) -> Array:
    """Return (H, P, 3) from the upper to the lower bone of each pair, in canonical metres."""
    steps = tree.heads[pairs[1]] - tree.heads[pairs[0]]
    turned = np.matmul(steps[None], stance.axes.swapaxes(1, 2))
    return np.asarray(turned / stance.trunk[:, None, None])


def _best_heads(tree: BoneTree, bones: Indices, stance: Stance) -> Array:
    """Return (H, B) how well the best head above each of the bones (B,) lies."""
    upper, lower = tree.pairs
    above = np.isin(upper, bones)
    upper, lower = upper[above], lower[above]
    offsets = _offsets(tree, (upper, lower), stance)
    scores = np.maximum(_offset_scores(offsets, _HEAD, _HEAD_SPREAD, 1.0), -2.0)
    starts = np.flatnonzero(np.diff(upper, prepend=-1))
    return np.asarray(np.maximum.reduceat(scores, starts, axis=1))


def _leg_scores(limbs: _Limbs, stance: Stance) -> Array:
    """Return (H, M) how much each stretch looks like a leg."""
    down = -np.einsum("hj,mj->hm", stance.axes[:, 1], limbs.vectors)
    sizes = _length_terms(limbs.lengths, stance.legs * _LEG)
    return np.asarray(limbs.proportions + limbs.feet + 3.0 * (down - 1.0) + sizes)


def _arm_scores(limbs: _Limbs, stance: Stance, side: float) -> Array:
    """Return (H, M) how much each stretch looks like an arm of one side."""
    ways = _ARM_WAYS * np.array([side, 1.0, 1.0])
    turned = np.einsum("wi,hij->hwj", ways, stance.axes)
    closest = np.einsum("hwj,mj->hwm", turned, limbs.vectors).max(axis=1)
    sizes = _length_terms(limbs.lengths, stance.arms * _ARM)
    return np.asarray(limbs.proportions + limbs.hands + 2.0 * (closest - 1.0) + sizes)


def _length_terms(lengths: Array, expected: Array) -> Array:
    logs = np.log(lengths[None]) - np.log(expected[:, None])
    return np.asarray(-0.5 * (logs / _LENGTH_SPREAD) ** 2)


def _offset_scores(
    offsets: Array, place: tuple[float, ...], spread: tuple[float, ...], side: float
) -> Array:
    """Return (H, P) how well the lower bone of each pair lies where a joint should."""
    wanted = np.array(place) * np.array([side, 1.0, 1.0])
    terms = -0.5 * (((offsets - wanted) / np.array(spread)) ** 2).sum(axis=-1)
    on_wrong_side = (place[0] > 0.0) & (side * offsets[..., 0] < 0.0)
    return np.asarray(np.maximum(terms, _LOWEST_TERM) - 3.0 * on_wrong_side)


def _best_of_first(limbs: _Limbs, scores: Array, count: int) -> Array:
    """Return (H, N) the best stretch that starts at each bone; -inf where none does."""
    best = np.full((len(scores), count), -np.inf)
    best[:, limbs.bones[0, limbs.starts]] = np.maximum.reduceat(scores, limbs.starts, axis=1)
    return best


def _decode(limbs: _Limbs, first: int, scores: Array) -> list[int]:
    rows = np.flatnonzero(limbs.bones[0] == first)
    return [int(bone) for bone in limbs.bones[:, rows[np.argmax(scores[rows])]]]


def _is_whole(limbs: Array) -> bool:
    """Say whether four limbs (4, 3) share no bone."""
    return len(set(limbs.ravel().tolist())) == limbs.size
