"""Finds feet and hands that hang on the root, and reads the rig as if limbs carried them.

Low-poly packs made for leg IK are exported so: thigh and shin are a chain, the foot is a
child of the root and lies where the shin ends. Such a bone is known by its name and its
place together. It maps nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..rig import Rig
from .layers import rig_with_parents
from .map import SIDES, Carried, Guess
from .name_matching import match_by_name
from .names import SIDED_WORDS, BoneWords, rig_words
from .tree import Array, BoneTree

# The joint above a limb's middle one, the middle one, its end, how many times the upper bone
# the lower one may be long, and the least cosine between the two at rest.
_LIMBS = (
    ("hip", "knee", "ankle", (0.5, 2.0), 0.6),
    ("shoulder", "elbow", "wrist", (0.5, 2.5), 0.3),
)
# Toes are at most this far from the ankle, in lengths of the shin.
_LONGEST_FOOT = 0.8
_CARRIED_PAIRS = (("knee", "ankle"), ("ankle", "foot"), ("elbow", "wrist"))
_POLE_WORDS = frozenset(("pole", "poletarget", "poletgt"))


def join_loose_ends(rig: Rig) -> Rig:
    """Return the rig with feet, toes and hands below their limbs; the rig itself if they are."""
    words, tree = rig_words(rig.names), BoneTree.of(rig)
    named = {guess.joint: guess for guess in match_by_name(rig)}
    parents = dict(enumerate(rig.parents))
    for side in SIDES:
        for upper, middle, end, lengths, cosine in _LIMBS:
            joints = [f"{side}_{joint}" for joint in (upper, middle, end)]
            if joints[0] not in named or joints[1] not in named or joints[2] in named:
                continue
            chain = rig.index[named[joints[0]].bone], rig.index[named[joints[1]].bone]
            called = _called(words, side, end) or _targets(rig, chain[1])
            bone = _limb_end(rig, tree, chain, called, (lengths, cosine))
            if bone >= 0:
                parents[bone] = chain[1]
                if end == "ankle":
                    _join_toes(rig, tree, parents, (chain[1], bone), _called(words, side, "foot"))
        _join_toes_of_ankle(rig, tree, parents, named, (side, words))
    if parents == dict(enumerate(rig.parents)):
        return rig
    return rig_with_parents(rig, parents)


def find_carried(rig: Rig, bones: Mapping[str, str]) -> tuple[Carried, ...]:
    """Return the ends of limbs that do not hang from them, and the poles of such limbs.

    Args:
        rig: N bones; their real hierarchy counts.
        bones: bone by joint.
    """
    found: list[Carried] = []
    for side in SIDES:
        for upper, lower in _CARRIED_PAIRS:
            ends = [bones.get(f"{side}_{joint}") for joint in (upper, lower)]
            if ends[0] is None or ends[1] is None:
                continue
            if not rig.is_below(rig.index[ends[1]], rig.index[ends[0]]):
                found.append(Carried(ends[1], ends[0]))
    words = rig_words(rig.names)
    for side in SIDES:
        for limb, middle in (("hip", "knee"), ("shoulder", "elbow")):
            carrier, shin = bones.get(f"{side}_{limb}"), bones.get(f"{side}_{middle}")
            if carrier is None or all(one.carrier != shin for one in found):
                continue
            poles = [
                bone
                for bone, word in enumerate(words)
                if word.side == side and _is_pole(word) and not _is_child_of_pole(rig, words, bone)
            ]
            poles = [bone for bone in poles if _is_nearest_limb(rig, bone, bones, (side, limb))]
            found.extend(Carried(rig.names[bone], carrier) for bone in poles)
    return tuple(found)


def _limb_end(
    rig: Rig,
    tree: BoneTree,
    chain: tuple[int, int],
    called: list[int],
    bounds: tuple[tuple[float, float], float],
) -> int:
    """Return the bone of the right name that lies where a limb ends; -1 without one.

    Args:
        rig: N bones.
        tree: the same bones as points.
        chain: thigh and shin, or upper arm and forearm.
        called: bones with the name of the limb's end.
        bounds: how long the lower bone may be, in upper ones, and the least cosine.
    """
    lengths, cosine = bounds
    upper = tree.heads[chain[1]] - tree.heads[chain[0]]
    best, chosen = cosine, -1
    for bone in called:
        if rig.is_below(bone, chain[0]) or rig.is_below(chain[0], bone):
            continue
        lower = tree.heads[bone] - tree.heads[chain[1]]
        share = _length(lower) / max(_length(upper), 1e-12)
        straight = float(lower @ upper) / max(_length(lower) * _length(upper), 1e-12)
        if lengths[0] < share < lengths[1] and straight > best:
            best, chosen = straight, bone
    return chosen


def _join_toes_of_ankle(
    rig: Rig,
    tree: BoneTree,
    parents: dict[int, int],
    named: Mapping[str, Guess],
    sided: tuple[str, tuple[BoneWords, ...]],
) -> None:
    """Hang toes that lie loose below an ankle that the leg carries."""
    side, words = sided
    leg = [named.get(f"{side}_{joint}") for joint in ("knee", "ankle")]
    if leg[0] is None or leg[1] is None or f"{side}_foot" in named:
        return
    shin = rig.index[leg[0].bone], rig.index[leg[1].bone]
    _join_toes(rig, tree, parents, shin, _called(words, side, "foot"))


def _join_toes(
    rig: Rig,
    tree: BoneTree,
    parents: dict[int, int],
    shin: tuple[int, int],
    called: list[int],
) -> None:
    """Hang the nearest loose toe bone below an ankle, if none hangs there."""
    knee, ankle = shin
    length = _length(tree.heads[ankle] - tree.heads[knee])
    gaps = {bone: _length(tree.heads[bone] - tree.heads[ankle]) for bone in called}
    near = [bone for bone in called if 0.05 * length < gaps[bone] < _LONGEST_FOOT * length]
    if any(rig.is_below(bone, ankle) for bone in called if bone != ankle):
        return
    near = [bone for bone in near if not rig.is_below(ankle, bone) and bone != knee]
    if near:
        parents[min(near, key=lambda bone: gaps[bone])] = ankle


def _called(words: tuple[BoneWords, ...], side: str, joint: str) -> list[int]:
    """Return the bones whose names fit a joint of a side, helpers left out."""
    return [
        bone
        for bone, word in enumerate(words)
        if word.side == side and word.core in SIDED_WORDS[joint] and not word.is_helper
    ]


def _targets(rig: Rig, lower: int) -> list[int]:
    """Return the bones that a shin or forearm without children reaches for by IK."""
    if rig.children[lower]:
        return []
    followed = [one for one in rig.reins if one.follower == rig.names[lower]]
    return [rig.index[one.bone] for one in followed if one.place is not None]


def _is_pole(word: BoneWords) -> bool:
    return any(spoken in _POLE_WORDS for spoken in word.words) and "end" not in word.words


def _is_child_of_pole(rig: Rig, words: tuple[BoneWords, ...], bone: int) -> bool:
    return any(_is_pole(words[upper]) for upper in list(rig.lineage(bone))[1:])


def _is_nearest_limb(
    rig: Rig, pole: int, bones: Mapping[str, str], limb: tuple[str, str]
) -> bool:
    """Say whether a pole lies nearest to the middle joint of this limb of its side."""
    side, first = limb
    middles = {"hip": f"{side}_knee", "shoulder": f"{side}_elbow"}
    gaps = {
        upper: _length(rig.heads[rig.index[bones[middle]]] - rig.heads[pole])
        for upper, middle in middles.items()
        if middle in bones
    }
    return min(gaps, key=lambda upper: gaps[upper]) == first


def _length(vector: Array) -> float:
    return float(np.linalg.norm(vector))
