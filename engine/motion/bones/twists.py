"""Finds the bones that share the twist of arms and legs, and how far along each lies.

They lie on the line of a limb bone: in a row with it, or beside it as leaves.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..rig import Rig
from .map import SIDES, Twist
from .names import HELPER_WORDS, TWIST_WORDS, rig_words
from .tree import BoneTree

_SEGMENTS = (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))
# How far beside the limb's line a twist bone may lie, as a share of the limb bone's length.
_WIDEST = 0.1


def find_twists(rig: Rig, tree: BoneTree, bones: Mapping[str, str]) -> tuple[Twist, ...]:
    """Return the twist bones of mapped limbs, limb by limb, from the body outwards.

    Args:
        rig: N bones.
        tree: the same bones as points.
        bones: bone by joint.
    """
    mapped = {rig.index[bone] for bone in bones.values()}
    found: list[Twist] = []
    for side in SIDES:
        for first, last in _SEGMENTS:
            ends = [bones.get(f"{side}_{joint}") for joint in (first, last)]
            if ends[0] is None or ends[1] is None:
                continue
            upper, lower = rig.index[ends[0]], rig.index[ends[1]]
            shares = _along_limb(rig, tree, (upper, lower), mapped)
            found.extend(
                Twist(rig.names[bone], f"{side}_{first}", share)
                for share, bone in sorted((share, bone) for bone, share in shares.items())
            )
    return tuple(found)


def _along_limb(
    rig: Rig, tree: BoneTree, limb: tuple[int, int], mapped: set[int]
) -> dict[int, float]:
    """Return the share by bone of twist bones between a limb bone and the next joint."""
    upper, lower = limb
    line = tree.heads[lower] - tree.heads[upper]
    length = float(np.linalg.norm(line))
    if length <= 0.0:
        return {}
    inline = set(tree.path(upper, lower)[:-1])
    found = {}
    for bone in _near_limb(tree, upper, mapped):
        step = tree.heads[bone] - tree.heads[upper]
        share = float(step @ line) / length**2
        aside = float(np.linalg.norm(step - share * line)) / length
        if not -0.02 <= share < 0.99 or aside > _WIDEST:
            continue
        if _is_twist(rig, tree, bone, bone in inline, share):
            found[bone] = round(float(np.clip(share, 0.0, 1.0)), 3)
    return found


def _near_limb(tree: BoneTree, upper: int, mapped: set[int]) -> list[int]:
    """Return unmapped bones that hang from the limb bone with no mapped bone between them."""
    found = [upper]
    for bone in found:
        found.extend(child for child in tree.children[bone] if child not in mapped)
    return found[1:]


def _is_twist(rig: Rig, tree: BoneTree, bone: int, inline: bool, share: float) -> bool:
    words = rig_words(rig.names)[bone].words
    says_twist = any(word in TWIST_WORDS for word in words)
    if inline:
        return says_twist or share > 0.02
    says_other = any(word in HELPER_WORDS and word not in TWIST_WORDS for word in words)
    return says_twist and not says_other
