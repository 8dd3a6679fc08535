"""Finds the fingers of mapped hands: by their names, else by how they lie across the palm.

It moves nothing; metacarpals and end bones are left out.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..rig import Rig
from .map import SIDES, Finger
from .names import FINGER_WORDS, HELPER_WORDS, METACARPAL_WORDS, rig_words
from .tree import Array, BoneTree

_SEGMENTS = 3
# A chain's first bone that is so many times longer than its second is a metacarpal.
_METACARPAL = 1.35
# Nothing that starts this near to the wrist (share of the hand's length) is a finger.
_AT_WRIST = 0.1


def find_fingers(rig: Rig, tree: BoneTree, bones: Mapping[str, str]) -> tuple[Finger, ...]:
    """Return the bones of all fingers, left before right, thumb first.

    Args:
        rig: N bones.
        tree: the same bones as points.
        bones: bone by joint.
    """
    found: list[Finger] = []
    for side in SIDES:
        wrist = bones.get(f"{side}_wrist")
        if wrist is None:
            continue
        hand = rig.index[wrist]
        chains = _named_chains(rig, tree, hand) or _lying_chains(rig, tree, hand)
        for digit in sorted(chains):
            found.extend(
                Finger(rig.names[bone], side, digit, segment)
                for segment, bone in enumerate(chains[digit][:_SEGMENTS])
            )
    return tuple(found)


def _named_chains(rig: Rig, tree: BoneTree, hand: int) -> dict[int, list[int]]:
    """Return the bones of each digit by the words in their names, palm outwards."""
    spoken_of = rig_words(rig.names)
    chains: dict[int, list[int]] = {}
    numbered: dict[int, list[int]] = {}
    for bone in tree.below(hand):
        words = spoken_of[bone].words
        if any(word in HELPER_WORDS or word in METACARPAL_WORDS for word in words):
            continue
        digits = [
            digit for digit, spoken in enumerate(FINGER_WORDS) if any(w in spoken for w in words)
        ]
        if digits:
            _add(tree, chains, digits[0], bone)
        elif "finger" in words:
            _add(tree, numbered, _finger_number(words), bone)
    if chains:
        return chains
    # Some count fingers from 1, as MakeHuman does, and some from 0, as 3ds Max does.
    first = min(numbered, default=0)
    return {number - first: chain for number, chain in numbered.items() if number - first < 5}


def _add(tree: BoneTree, chains: dict[int, list[int]], digit: int, bone: int) -> None:
    """Add a bone to its digit's chain if it continues that chain."""
    chain = chains.setdefault(digit, [])
    if not chain or tree.is_below(bone, chain[-1]):
        chain.append(bone)


def _finger_number(words: tuple[str, ...]) -> int:
    """Return which finger `Finger21` or `finger3-1` is: the first digit of its number."""
    numbers = [word for word in words[words.index("finger") :] if word.isdigit()]
    return int(numbers[0][0]) if numbers else 0


def _lying_chains(rig: Rig, tree: BoneTree, hand: int) -> dict[int, list[int]]:
    """Return the bones of each digit by where chains of bones start at the hand."""
    chains = [chain for child in tree.children[hand] for chain in _chains_from(tree, child)]
    chains = [chain for chain in chains if len(chain) >= 2]
    while len(chains) > 5:
        chains.remove(_stray_chain(tree, hand, chains))
    if len(chains) < 2:
        return {}
    trimmed = [chain[1:] if _has_metacarpal(tree, hand, chain) else chain for chain in chains]
    order = _thumb_first(tree, hand, trimmed)
    return dict(enumerate(order))


def _stray_chain(tree: BoneTree, hand: int, chains: list[list[int]]) -> list[int]:
    """Return the chain that is no finger, such as a weapon's: it starts at the wrist itself.

    Where none does, it is the one that points elsewhere than the others.
    """
    starts = tree.heads[[chain[0] for chain in chains]] - tree.heads[hand]
    ways = tree.heads[[chain[-1] for chain in chains]] - tree.heads[hand]
    gaps = np.linalg.norm(starts, axis=1)
    if gaps.min() < _AT_WRIST * np.linalg.norm(ways, axis=1).max():
        return chains[int(np.argmin(gaps))]
    ways = ways / np.maximum(np.linalg.norm(ways, axis=1, keepdims=True), 1e-12)
    return chains[int(np.argmin(ways @ np.median(ways, axis=0)))]


def _chains_from(tree: BoneTree, bone: int) -> list[list[int]]:
    """Return the unbranched chains below a bone, through bones of the palm."""
    if len(tree.children[bone]) > 1:
        return [chain for child in tree.children[bone] for chain in _chains_from(tree, child)]
    chain = [bone]
    while len(tree.children[chain[-1]]) == 1:
        chain.append(tree.children[chain[-1]][0])
    return [chain]


def _has_metacarpal(tree: BoneTree, hand: int, chain: list[int]) -> bool:
    """Say whether a chain starts inside the palm: near the wrist, with a far longer first bone."""
    if len(chain) <= _SEGMENTS:
        return False
    steps = np.linalg.norm(np.diff(tree.heads[chain], axis=0), axis=1)
    start = float(np.linalg.norm(tree.heads[chain[0]] - tree.heads[hand]))
    return bool(steps[0] > _METACARPAL * steps[1] and start < steps[0])


def _thumb_first(tree: BoneTree, hand: int, chains: list[list[int]]) -> list[list[int]]:
    """Sort chains across the palm, the one that starts nearest to the wrist first."""
    if len(chains) < 2:
        return chains
    starts = np.array([tree.heads[chain[0]] for chain in chains])
    gaps = np.linalg.norm(starts - tree.heads[hand], axis=1)
    thumb = int(np.argmin(gaps))
    others = [row for row in range(len(chains)) if row != thumb]
    along = starts[others].mean(0) - tree.heads[hand]
    across = _across(starts, starts[thumb], along)
    return [chains[row] for row in [thumb, *sorted(others, key=lambda row: across[row])]]


def _across(starts: Array, thumb: Array, along: Array) -> Array:
    """Return how far from the thumb each start lies, beside the hand's own direction."""
    along = along / max(float(np.linalg.norm(along)), 1e-12)
    steps = starts - thumb
    return np.asarray(np.linalg.norm(steps - np.outer(steps @ along, along), axis=1))
