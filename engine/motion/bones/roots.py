"""Finds the bone above the pelvis that is meant to carry a character about."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..rig import Rig
from .layers import readable_layer
from .map import SIDES
from .names import ROOT_WORDS, rig_words
from .tree import BoneTree

# A bone so far below or above the lowest foot (share of the legs' height) lies on the floor.
_ON_FLOOR = (-0.35, 0.15)


def find_root(rig: Rig, bones: Mapping[str, str]) -> str:
    """Return the root bone's name; empty where none is meant as one.

    It is the nearest bone above the pelvis that is named as a root, else the
    nearest one that lies on the floor; never the pelvis itself.

    Args:
        rig: all of the armature's bones.
        bones: bone by joint.
    """
    above = list(rig.lineage(rig.index[bones["pelvis"]]))[1:]
    tops = [bone for bone, parent in enumerate(rig.parents) if parent < 0 and rig.children[bone]]
    # In generated rigs constraints hold the body to a root that it does not hang from.
    for bone in above + (tops if readable_layer(rig) is not rig else []):
        word = rig_words(rig.names)[bone]
        if not word.side and word.core in ROOT_WORDS:
            return rig.names[bone]
    tree = BoneTree.of(rig)
    feet = [
        rig.index[bones[f"{side}_{joint}"]]
        for side in SIDES
        for joint in ("ankle", "foot", "knee")
        if f"{side}_{joint}" in bones
    ]
    hips = tree.heads[[rig.index[bones[f"{side}_hip"]] for side in SIDES]].mean(0)
    shoulders = tree.heads[[rig.index[bones[f"{side}_shoulder"]] for side in SIDES]].mean(0)
    up = (shoulders - hips) / max(float(np.linalg.norm(shoulders - hips)), 1e-12)
    lowest = float((tree.heads[feet] @ up).min())
    height = float(hips @ up) - lowest
    for bone in above:
        if (
            _ON_FLOOR[0]
            < (float(tree.heads[bone] @ up) - lowest) / max(height, 1e-12)
            < _ON_FLOOR[1]
        ):
            return rig.names[bone]
    return ""
