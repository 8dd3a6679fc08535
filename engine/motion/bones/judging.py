"""Weighs what names say against what the shape says, joint by joint.

Agreement makes a guess sure, contradiction makes it doubtful. Sides that the names
state stand, whatever the shape says: a rig made so is doubtful, not another one. It
matches nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from ..rig import Rig
from ..skeleton import JOINTS
from .map import REQUIRED_JOINTS, SIDES, BoneMap, Guess
from .names import names_another_joint, rig_words
from .shape_matching import ARM, LEG, LIKELY_FACING, ShapeMatch, other_side
from .shapes import Stance, body_axes
from .tree import Array, BoneTree

Names = Mapping[str, Guess]

# The most that the shape's guess is worth where names contradict it.
_CONTRADICTED = 0.6
_SIDE_CORRECTED, _SIDE_DOUBTED, _SIDE_CONTRADICTED = 0.7, 0.75, 0.45
_NEARLY_AGREED = 0.78
# Bones nearer to each other than this share of the rig's size play the same part.
_NEAR = 0.045
# And so near they turn about the same point: which of them is keyed makes no odds.
_SAME = 0.006
_LIMB_JOINTS = (*LEG, *ARM)
_SIDED_LIMBS = ((*LEG, "foot"), (*ARM, "collar"))


def stance_of_names(tree: BoneTree, rig: Rig, named: Names) -> Stance | None:
    """Return how the body of named limbs stands; None where names tell no whole body."""
    limbs = []
    for joints, length in ((LEG, 0.8), (ARM, 0.51)):
        rows = []
        for side in ("left", "right"):
            bones = [named.get(f"{side}_{joint}") for joint in joints]
            if any(bone is None for bone in bones):
                return None
            rows.append([tree.heads[rig.index[bone.bone]] for bone in bones if bone is not None])
        limbs.append((np.array(rows), length))
    (legs, leg_length), (arms, arm_length) = limbs
    trunk = float(np.linalg.norm(arms[:, 0].mean(0) - legs[:, 0].mean(0)))
    scales = [
        float(np.linalg.norm(np.diff(points, axis=1), axis=-1).sum(-1).mean()) / length
        for points, length in limbs
    ]
    if min(*scales, trunk) <= 1e-6 * max(tree.size, 1e-12):
        return None
    axes = body_axes(legs[:, 0], arms[:, 0])
    return Stance(axes[None], np.array(scales[:1]), np.array(scales[1:]), np.array([trunk / 0.525]))


def weigh_guesses(
    rig: Rig, tree: BoneTree, guesses: Iterable[Guess], shape: ShapeMatch | None
) -> list[Guess]:
    """Return one guess or more for each joint, from names and shape together.

    Args:
        rig: N bones.
        tree: the same bones as points.
        guesses: what the names say, at most one for each joint.
        shape: what the shape says; None where it shows no body.
    """
    named: Names = {guess.joint: guess for guess in guesses}
    if shape is None:
        return list(named.values())
    named, shape = settle_sides(rig, named, shape)
    found = _names_first(rig, tree, named, shape)
    if any(joint in lacking(found) and joint in shape.bones for joint in REQUIRED_JOINTS):
        return _shape_first(rig, named, shape)
    return found


def lacking(guesses: Iterable[Guess]) -> set[str]:
    """Return the required joints that get no bone if the surest guesses are taken."""
    kept = combine_guesses(guesses)
    return {joint for joint in REQUIRED_JOINTS if joint not in kept.bones}


def combine_guesses(guesses: Iterable[Guess]) -> BoneMap:
    """Keep the surest guess for each joint, and each bone for one joint only."""
    chosen: dict[str, Guess] = {}
    taken: set[str] = set()
    for guess in sorted(guesses, key=lambda guess: -guess.confidence):
        if guess.joint not in chosen and guess.bone not in taken:
            chosen[guess.joint] = guess
            taken.add(guess.bone)
    return BoneMap(tuple(chosen[joint] for joint in JOINTS if joint in chosen))


def _names_first(rig: Rig, tree: BoneTree, named: Names, shape: ShapeMatch) -> list[Guess]:
    taken = {rig.index[guess.bone] for guess in named.values()}
    helpers = _named_helpers(rig, named) if named else set()
    words = rig_words(rig.names)
    found = []
    for joint in JOINTS:
        guess = named.get(joint)
        bone = shape.bones.get(joint, -1)
        if guess is None and bone >= 0:
            if bone in helpers or not _hangs_right(rig, named, joint, bone):
                continue
            says_other = names_another_joint(words[bone], joint)
            most = _CONTRADICTED if says_other else 1.0
            most = _CONTRADICTED - 0.2 if bone in taken else most
            by_shape = _by_shape(rig, joint, shape)
            found.append(_capped(by_shape, most, by_shape.reason))
        elif guess is not None and bone < 0:
            found.append(_capped(guess, _name_alone(joint), guess.reason))
        elif guess is not None and rig.index[guess.bone] == bone:
            found.append(_agreed(guess, shape.confidences[joint]))
        elif guess is not None:
            plausible = _plausible(rig, tree, named, joint)
            found.extend(_contradicted(rig, tree, guess, shape, plausible))
    return found


def _hangs_right(rig: Rig, named: Names, joint: str, bone: int) -> bool:
    """Say whether a bone hangs from the one that is named as the joint above it, if one is."""
    side, _, kind = joint.partition("_")
    for limb in (LEG, ARM):
        chain = (*limb, "foot") if limb is LEG else limb
        if kind in chain[1:]:
            above = named.get(f"{side}_{chain[chain.index(kind) - 1]}")
            return above is None or rig.is_below(bone, rig.index[above.bone])
    return True


def _shape_first(rig: Rig, named: Names, shape: ShapeMatch) -> list[Guess]:
    """Return the shape's guesses where the names make no whole body; none of them is sure."""
    found = []
    for joint in JOINTS:
        guess = named.get(joint)
        bone = shape.bones.get(joint, -1)
        if guess is not None and rig.index[guess.bone] == bone:
            found.append(_agreed(guess, shape.confidences[joint]))
        elif bone >= 0:
            by_shape = _by_shape(rig, joint, shape)
            reason = f"{by_shape.reason}, though its name does not say so"
            found.append(_capped(by_shape, _CONTRADICTED, reason))
        elif guess is not None:
            found.append(_capped(guess, _CONTRADICTED - 0.1, guess.reason))
    return found


def _name_alone(joint: str) -> float:
    """Return what a name is worth at most where the shape sees a body without that joint."""
    return 0.85 if joint.endswith(("foot", "wrist")) else 0.75


def _named_helpers(rig: Rig, named: Names) -> set[int]:
    """Return the bones whose names say that they only help others, or repeat a named joint's."""
    words = rig_words(rig.names)
    known = {words[rig.index[guess.bone]] for guess in named.values()}
    spoken = {(word.side, word.core) for word in known if word.side}
    return {
        bone
        for bone, word in enumerate(words)
        if word.is_helper or (word.side, word.core) in spoken
    }


def settle_sides(rig: Rig, named: Names, shape: ShapeMatch) -> tuple[Names, ShapeMatch]:
    """Make names and shape agree about left and right.

    The shape takes the sides of the names, which are doubtful then if it shows others. Only
    where legs and arms are named for different sides the shape decides which of them is right.
    """
    legs, arms = (_is_opposite(rig, named, shape, joints) for joints in _SIDED_LIMBS)
    if None not in (legs, arms) and legs != arms and shape.knows_sides:
        return _with_sides_changed(named, _SIDED_LIMBS[0 if legs else 1]), shape
    agree, differ = (_votes(rig, named, shape, _LIMB_JOINTS, flipped=flip) for flip in (0, 1))
    if differ <= agree:
        return named, shape
    if shape.facing > LIKELY_FACING:
        most = _SIDE_CONTRADICTED if shape.shows_toes else _SIDE_DOUBTED
        named = {joint: _of_doubtful_side(guess, most) for joint, guess in named.items()}
    return named, shape.mirrored()


def _is_opposite(
    rig: Rig, named: Names, shape: ShapeMatch, joints: tuple[str, ...]
) -> bool | None:
    """Say whether limbs are named for the other side than they lie on; None if it is unclear."""
    agree, differ = (_votes(rig, named, shape, joints, flipped=flip) for flip in (0, 1))
    return None if agree == differ else differ > agree


def _of_doubtful_side(guess: Guess, most: float) -> Guess:
    if not guess.joint.startswith(SIDES):
        return guess
    reason = f"{guess.reason}; but the body seems to face so that this is the other side"
    return _capped(guess, most, reason)


def _votes(
    rig: Rig, named: Names, shape: ShapeMatch, joints: tuple[str, ...], *, flipped: int
) -> int:
    """Count the named joints whose bone plays the same one, or the other side's, by shape."""
    count = 0
    for joint, guess in named.items():
        if joint.endswith(joints):
            wanted = other_side(joint) if flipped else joint
            count += shape.bones.get(wanted, -1) == rig.index[guess.bone]
    return count


def _with_sides_changed(named: Names, joints: tuple[str, ...]) -> Names:
    changed = {}
    for joint, guess in named.items():
        if not joint.endswith(joints):
            changed[joint] = guess
            continue
        other = other_side(joint)
        said, real = joint.split("_")[0], other.split("_")[0]
        reason = f"its name says {said}, but it lies on the {real} of the way the body faces"
        changed[other] = Guess(other, guess.bone, min(guess.confidence, _SIDE_CORRECTED), reason)
    return changed


def _by_shape(rig: Rig, joint: str, shape: ShapeMatch) -> Guess:
    spoken = joint.replace("_", " ")
    reason = f"its place in the body and its length are those of the {spoken}"
    if joint.startswith(("left", "right")) and not shape.knows_sides:
        reason += "; which way the body faces is not clear"
    return Guess(joint, rig.names[shape.bones[joint]], shape.confidences[joint], reason)


def _agreed(guess: Guess, shape_confidence: float) -> Guess:
    if guess.confidence <= _SIDE_DOUBTED:
        return guess
    sure = 1.0 - (1.0 - guess.confidence) * (1.0 - shape_confidence)
    reason = f"{guess.reason}, and its place in the body agrees"
    return Guess(guess.joint, guess.bone, round(min(sure, 0.99), 2), reason)


def _capped(guess: Guess, most: float, reason: str) -> Guess:
    return Guess(guess.joint, guess.bone, min(guess.confidence, most), reason)


def _contradicted(
    rig: Rig, tree: BoneTree, guess: Guess, shape: ShapeMatch, plausible: bool
) -> list[Guess]:
    """Return the guesses for a joint that name and shape give to different bones."""
    named, other = rig.index[guess.bone], shape.bones[guess.joint]
    gap = float(np.linalg.norm(tree.heads[named] - tree.heads[other]))
    if gap < _SAME * tree.size and plausible:
        return [_agreed(guess, shape.confidences[guess.joint])]
    if gap < _NEAR * tree.size and plausible:
        return [_capped(guess, _NEARLY_AGREED, guess.reason)]
    spoken = guess.joint.replace("_", " ")
    doubt = f'by its place "{rig.names[other]}" is the {spoken}'
    left = guess.confidence * (1.0 - 0.5 * shape.confidences[guess.joint])
    by_name = _capped(guess, round(left, 2), f"{guess.reason}; but {doubt}")
    reason = f'its place is that of the {spoken}; but by its name "{guess.bone}" is that'
    worth = min(shape.confidences[guess.joint], _CONTRADICTED)
    by_shape = Guess(guess.joint, rig.names[other], worth, reason)
    if plausible:
        return [by_name, _capped(by_shape, left - 0.1, reason)]
    return [by_shape, _capped(by_name, worth - 0.1, by_name.reason)]


def _plausible(rig: Rig, tree: BoneTree, named: Names, joint: str) -> bool:
    """Say whether the limb that the names make is one: two bones of like length, not folded."""
    for joints in (LEG, ARM):
        if not joint.endswith(joints):
            continue
        side = joint.split("_")[0]
        chain = [named.get(f"{side}_{part}") for part in joints]
        points = [tree.heads[rig.index[guess.bone]] for guess in chain if guess is not None]
        return len(points) < 3 or _is_limb(np.array(points))
    return True


def _is_limb(points: Array) -> bool:
    upper, lower = np.linalg.norm(np.diff(points, axis=0), axis=1)
    whole = float(np.linalg.norm(points[2] - points[0]))
    return bool(upper > 0.45 * lower > 0.2 * upper and whole > 0.55 * (upper + lower))
