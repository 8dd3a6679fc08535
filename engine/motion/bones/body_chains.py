"""Fills in what hangs between and beyond the limbs: pelvis, spine, neck, head, collars, toes.

Both kinds of matching share it: once legs and arms are known, by name or by
shape, the rest of a body follows from the tree. It knows no names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .map import SIDES, SPINE_JOINTS
from .tree import Array, BoneTree

# The head's place above the middle of the shoulders, as a share of the trunk's length.
_HEAD_HEIGHT = 0.28
_TOE_LENGTH, _TOE_SPREAD = 0.35, 0.5


def choose_spine(chain: Sequence[int]) -> dict[str, int]:
    """Pair spine joints with the bones of a chain of any length, lowest first."""
    if not chain:
        return {}
    if len(chain) == 1:
        return {"spine3": chain[0]}
    if len(chain) == 2:
        return {"spine1": chain[0], "spine3": chain[1]}
    return dict(zip(SPINE_JOINTS, (chain[0], chain[len(chain) // 2], chain[-1]), strict=True))


def arm_carrier(tree: BoneTree, shoulders: Sequence[int]) -> int:
    """Return the bone that both arms hang from; -1 without one."""
    return tree.common_ancestor([tree.parents[bone] for bone in shoulders])


def limb_carrier(tree: BoneTree, hips: Sequence[int], carrier: int) -> int:
    """Return the bone that both legs and the bone that carries the arms hang from."""
    above = [tree.parents[bone] for bone in hips]
    return tree.common_ancestor([*above, carrier]) if carrier >= 0 else -1


def trunk_joints(tree: BoneTree, limbs: Mapping[str, int], up: Array) -> dict[str, int]:
    """Return the bones of pelvis, spine, neck, head and collars.

    Args:
        tree: N bones.
        limbs: bone by joint, at least both hips and both shoulders.
        up: (3,) from hips to shoulders, a unit vector.
    """
    hips = [limbs[f"{side}_hip"] for side in SIDES]
    shoulders = [limbs[f"{side}_shoulder"] for side in SIDES]
    carrier = arm_carrier(tree, shoulders)
    pelvis = limb_carrier(tree, hips, carrier)
    if pelvis < 0:
        return {}
    pelvis = _above_low_spine(tree, pelvis, hips, shoulders)
    trunk = float((tree.heads[shoulders].mean(0) - tree.heads[hips].mean(0)) @ up)
    above = head_chain(tree, carrier, shoulders, up * max(trunk, 1e-9))
    chain = tree.path(pelvis, carrier)
    if len(chain) > 1 and len(above) < 2 and _is_neck(tree, carrier, shoulders, up):
        above = [chain.pop(), *above]
    found = {"pelvis": pelvis, **choose_spine(chain)}
    if above:
        found["head"] = above[-1]
    if len(above) > 1:
        found["neck"] = above[0]
    for side, shoulder in zip(SIDES, shoulders, strict=True):
        collar = _collar(tree, carrier, shoulder)
        if collar >= 0:
            found[f"{side}_collar"] = collar
    return found


def head_chain(tree: BoneTree, carrier: int, shoulders: Sequence[int], trunk: Array) -> list[int]:
    """Return the bones from above the arms' carrier up to the head; empty where none is.

    Args:
        tree: N bones.
        carrier: the bone that both arms hang from.
        shoulders: both upper arms.
        trunk: (3,) from the hips up to the shoulders.
    """
    middle = tree.heads[list(shoulders)].mean(0)
    length = float(np.linalg.norm(trunk))
    arms = {bone for shoulder in shoulders for bone in tree.path(carrier, shoulder)}
    best, chosen = -np.inf, -1
    for bone in tree.below(carrier):
        if any(upper in arms for upper in tree.lineage(bone)):
            continue
        offset = (tree.heads[bone] - middle) / length
        height = float(offset @ trunk) / length
        aside = float(np.linalg.norm(offset - height * trunk / length))
        score = -abs(height - _HEAD_HEIGHT) - 1.5 * max(aside - 0.1, 0.0)
        score += 0.1 * (len(tree.children[bone]) > 1) - 0.05 * (not tree.children[bone])
        if height > 0.02 and score > best:
            best, chosen = score, bone
    if chosen < 0 or best <= -0.8:
        return []
    path = tree.path(carrier, chosen)
    while len(path) > 1 and _distance(tree, path[-1], path[-2]) < 0.02 * length:
        path.pop()
    if len(path) == 1 and len(tree.children[path[0]]) == 1:
        child = tree.children[path[0]][0]
        if float((tree.heads[child] - middle) @ trunk) / length**2 < 0.6:
            path.append(child)  # a neck and a head that ends there
    return path + _last_of_row(tree, path)


def _last_of_row(tree: BoneTree, path: list[int]) -> list[int]:
    """Return the childless bone that continues a row of necks with a step of their length."""
    children = tree.children[path[-1]]
    if len(path) < 2 or len(children) != 1 or tree.children[children[0]]:
        return []
    step, next_step = (
        _distance(tree, *pair) for pair in ((path[-2], path[-1]), (path[-1], children[0]))
    )
    return [children[0]] if 0.8 * step < next_step < 1.25 * step else []


def toe_bone(tree: BoneTree, knee: int, ankle: int) -> int:
    """Return the bone below the ankle that the toes bend at; -1 where none is."""
    shin = float(np.linalg.norm(tree.heads[ankle] - tree.heads[knee]))
    along = (tree.heads[ankle] - tree.heads[knee]) / max(shin, 1e-12)
    best, chosen = -1.6, -1
    for bone in tree.below(ankle):
        step = tree.heads[bone] - tree.heads[ankle]
        across = float(np.linalg.norm(step - along * (step @ along)))
        length = float(np.linalg.norm(step)) / max(shin, 1e-12)
        if length < 0.08 or across < 0.4 * length * shin:
            continue
        score = -0.5 * (np.log(length / _TOE_LENGTH) / _TOE_SPREAD) ** 2
        score += 0.3 * bool(tree.children[bone]) - 0.1 * len(tree.path(ankle, bone))
        if score > best + 1e-9:
            best, chosen = score, bone
    return chosen


def _above_low_spine(
    tree: BoneTree, carrier: int, hips: Sequence[int], shoulders: Sequence[int]
) -> int:
    """Return the pelvis: the carrier, or its parent where the legs hang from the first spine bone.

    3ds Max bipeds are built so; then the parent lies far nearer to the hips.
    """
    parent = tree.parents[carrier]
    if parent < 0:
        return carrier
    middle = tree.heads[list(hips)].mean(0)
    trunk = float(np.linalg.norm(tree.heads[list(shoulders)].mean(0) - middle))
    far, near = (float(np.linalg.norm(tree.heads[bone] - middle)) for bone in (carrier, parent))
    return parent if far > 0.12 * trunk and near < 0.5 * far else carrier


def _distance(tree: BoneTree, first: int, second: int) -> float:
    return float(np.linalg.norm(tree.heads[first] - tree.heads[second]))


def _is_neck(tree: BoneTree, carrier: int, shoulders: Sequence[int], up: Array) -> bool:
    """Say whether the arms hang from the neck, as in 3ds Max bipeds: it lies above the collars."""
    tops = [tree.path(carrier, shoulder)[0] for shoulder in shoulders]
    return float(tree.heads[carrier] @ up) > float((tree.heads[tops] @ up).max())


def _collar(tree: BoneTree, carrier: int, shoulder: int) -> int:
    """Return the collar bone between the arms' carrier and the upper arm; -1 without one."""
    path = tree.path(carrier, shoulder)[:-1]
    nearness = 0.01 * tree.size
    if not path or np.linalg.norm(tree.heads[path[0]] - tree.heads[shoulder]) < nearness:
        return -1
    together = [
        bone
        for bone in path
        if np.linalg.norm(tree.heads[bone] - tree.heads[path[0]]) < 0.1 * nearness
    ]
    return together[-1]
