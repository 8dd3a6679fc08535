"""Says in one sentence why an armature is no single humanoid, and what cures it.

Animals, chains, cameras, two characters in one armature, names that fit two
bones. It maps nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from ..request import RequestError
from ..rig import Rig, RigReference
from .map import REQUIRED_JOINTS, SIDES, BoneMap, Guess
from .name_matching import match_by_name
from .names import BoneWords, rig_words, words_of
from .shape_matching import ShapeMatch, match_by_shape
from .tree import BoneTree

# A second body this far from the first one (share of the rig's size) is another character.
_APART = 0.02
_FEWEST_BONES = 12
_COPY = re.compile(r"\.\d{3}$")
# What looks less like a body than this is a prop or a set of controls.
_WORST_SECOND_FIT = -1.0


def refuse_incomplete(rig: Rig, bone_map: BoneMap) -> None:
    """Refuse a rig without the joints that a motion needs.

    Raises:
        RequestError: naming what was found and what lacks.
    """
    lacking = [joint for joint in REQUIRED_JOINTS if joint in bone_map.missing]
    limbs = [joint for joint in REQUIRED_JOINTS if joint != "pelvis"]
    if not lacking:
        return
    if all(joint in lacking for joint in limbs):
        shown = ", ".join(f'"{name}"' for name in rig.names[:3])
        more = f" and {len(rig.names) - 3} more" if len(rig.names) > 3 else ""
        raise RequestError(
            "No humanoid was recognised in this armature: "
            f"its bones ({shown}{more}) form no body with two legs and two arms.",
            "Choose a character's armature, map its bones by hand, or add the built-in mannequin.",
        )
    spoken = ", ".join(joint.replace("_", " ") for joint in lacking)
    raise RequestError(
        f"This armature has no bone that is recognised as: {spoken}.",
        "Choose these bones by hand in the bone map, or add the built-in mannequin.",
    )


def refuse_four_legs(rig: Rig, tree: BoneTree, bones: Mapping[str, str]) -> None:
    """Refuse an animal: all four limbs stand on the floor below a lying spine.

    Raises:
        RequestError: naming the bones of its front legs.
    """
    pairs = [[f"{side}_{joint}" for side in SIDES] for joint in ("hip", "shoulder")]
    if any(joint not in bones for pair in pairs for joint in pair):
        return
    starts = np.array([[rig.index[bones[joint]] for joint in pair] for pair in pairs])
    ends = np.array([[_far_end(tree, int(bone)) for bone in pair] for pair in starts])
    hips, shoulders = tree.heads[starts].mean(axis=1)
    legs, arms = tree.heads[ends] - tree.heads[starts]
    spine, down = shoulders - hips, legs.mean(axis=0)
    length, reach = float(np.linalg.norm(spine)), float(np.linalg.norm(down))
    if min(length, reach) <= 1e-9 * max(tree.size, 1e-12):
        return
    down = down / reach
    lying = abs(float(spine @ down)) < 0.6 * length
    standing = all(float(arm @ down) > 0.6 * np.linalg.norm(arm) for arm in arms)
    gap = (shoulders + arms.mean(axis=0) - hips) @ down - reach
    if lying and standing and abs(float(gap)) < 0.4 * reach:
        names = " and ".join(f'"{bones[f"{side}_shoulder"]}"' for side in SIDES)
        raise RequestError(
            f"No humanoid was recognised in this armature: {names} stand on the floor "
            "as the front legs of an animal do.",
            "Choose a two-legged character's armature, or add the built-in mannequin.",
        )


def refuse_second_character(
    rig: Rig, tree: BoneTree, bones: Mapping[str, str], shape: ShapeMatch | None
) -> None:
    """Refuse an armature that holds another whole body beside one.

    The first body is the one that the shape shows, as names may mix two; without
    a shape it is the mapped one.

    Raises:
        RequestError: naming both characters by their hips.
    """
    first = {joint: rig.index[bone] for joint, bone in bones.items()}
    if shape is not None and all(joint in shape.bones for joint in REQUIRED_JOINTS):
        first = dict(shape.bones)
    rest = _without(rig, set(first.values()))
    if rest is None or any(joint not in first for joint in REQUIRED_JOINTS):
        return
    named = {guess.joint: guess for guess in match_by_name(rest)}
    rest_tree = BoneTree.of(rest)
    second = _second_body(rest, rest_tree, named)
    if not second:
        return
    gaps = [
        float(np.linalg.norm(tree.heads[first[joint]] - rest_tree.heads[bone]))
        for joint, bone in second.items()
    ]
    names = {joint: rig.names[bone] for joint, bone in first.items()}
    if float(np.median(gaps)) > _APART * tree.size or _is_copy(names, named):
        hips = sorted([names["pelvis"], rest.names[second["pelvis"]]], key=rig.index.__getitem__)
        raise RequestError(
            "This armature holds two characters: one has the hips "
            f'"{hips[0]}", the other "{hips[1]}".',
            "Give each an armature of its own (Edit Mode: Armature > Separate Bones).",
        )


def refuse_ambiguous_names(
    rig: Rig, tree: BoneTree, guesses: Mapping[str, Guess], shape: ShapeMatch | None
) -> None:
    """Refuse names that fit two bones alike where the shape cannot tell which one is meant.

    Bones in one place, as control rigs have them, play the same part: either will do.

    Raises:
        RequestError: naming both bones.
    """
    words = rig_words(rig.names)
    alike: dict[tuple[str, str, int], list[int]] = {}
    for bone, word in enumerate(words):
        if word.core and not word.is_helper:
            alike.setdefault(_key(rig.names[bone], word), []).append(bone)
    for joint in REQUIRED_JOINTS:
        guess = guesses.get(joint)
        if guess is None or joint == "pelvis":
            continue
        bone = rig.index[guess.bone]
        rivals = [
            other
            for other in alike.get(_key(guess.bone, words[bone]), [])
            if not rig.is_below(other, bone)
            and not rig.is_below(bone, other)
            and not 0.0 < tree.size > 200.0 * np.linalg.norm(tree.heads[other] - tree.heads[bone])
        ]
        told = shape is not None and shape.bones.get(joint, -1) == bone
        if rivals and not told:
            spoken = joint.replace("_", " ")
            raise RequestError(
                f'Two bones of this armature, "{guess.bone}" and "{rig.names[rivals[0]]}", '
                f"are both named as the {spoken}.",
                "Rename one of them, or choose the right one by hand in the bone map.",
            )


def _key(name: str, word: BoneWords) -> tuple[str, str, int]:
    """Return what two bones of one name share; Blender tells such apart by a `.001`."""
    return word.side, word.core, -1 if _COPY.search(name) else word.number


def _far_end(tree: BoneTree, bone: int) -> int:
    """Return the bone that lies farthest down the branches below a bone."""
    return max([bone, *tree.below(bone)], key=lambda other: float(tree.depths[other]))


def _without(rig: Rig, mapped: set[int]) -> Rig | None:
    """Return the rig of all bones but the mapped ones and what hangs from them; None if few."""
    inside = [False] * len(rig.names)
    for bone, parent in enumerate(rig.parents):
        inside[bone] = bone in mapped or (parent >= 0 and inside[parent])
    kept = [bone for bone, is_inside in enumerate(inside) if not is_inside]
    if len(kept) < _FEWEST_BONES:
        return None
    rows = {bone: row for row, bone in enumerate(kept)}
    reference = rig.reference
    if reference is not None:
        reference = RigReference(
            reference.heads[kept], reference.tails[kept], reference.rotations[kept]
        )
    return Rig(
        tuple(rig.names[bone] for bone in kept),
        tuple(rows.get(rig.parents[bone], -1) for bone in kept),
        rig.heads[kept],
        rig.tails[kept],
        rig.rotations[kept],
        reference=reference,
    )


def _second_body(rig: Rig, tree: BoneTree, named: Mapping[str, Guess]) -> dict[str, int]:
    """Return the required joints of another body, by name or by shape; empty without one."""
    if all(joint in named for joint in REQUIRED_JOINTS):
        return {joint: rig.index[named[joint].bone] for joint in REQUIRED_JOINTS}
    shape = match_by_shape(rig, tree)
    if shape is None or shape.fit < _WORST_SECOND_FIT:
        return {}
    if any(joint not in shape.bones for joint in REQUIRED_JOINTS):
        return {}
    return {joint: shape.bones[joint] for joint in REQUIRED_JOINTS}


def _is_copy(first: Mapping[str, str], second: Mapping[str, Guess]) -> bool:
    """Say whether the second body's names are the first one's again, but for numbers."""
    pairs = [(first[joint], second[joint].bone) for joint in REQUIRED_JOINTS if joint in second]
    cores = [(words_of(one), words_of(other)) for one, other in pairs]
    return len(pairs) == len(REQUIRED_JOINTS) and all(
        one.core == other.core and one.side == other.side for one, other in cores
    )
