"""Which bone of a rig is which canonical joint, with a confidence and a reason for each guess.

Names and shape are matched apart and weighed against each other; twist bones,
fingers and the root are found around the joints. It knows no Blender.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..rig import Rig
from ..skeleton import JOINTS
from .fingers import find_fingers
from .judging import combine_guesses as combine_guesses
from .judging import stance_of_names, weigh_guesses
from .layers import readable_layer
from .loose_ends import find_carried, join_loose_ends
from .map import HIGH_CONFIDENCE as HIGH_CONFIDENCE
from .map import REQUIRED_JOINTS as REQUIRED_JOINTS
from .map import BoneMap as BoneMap
from .map import Carried as Carried
from .map import Finger as Finger
from .map import Guess as Guess
from .map import Twist as Twist
from .name_matching import match_by_name
from .refusals import (
    refuse_ambiguous_names,
    refuse_four_legs,
    refuse_incomplete,
    refuse_second_character,
)
from .reins import find_reined
from .roots import find_root
from .rows import check_rows
from .shape_matching import ShapeMatch, match_by_shape
from .tree import BoneTree
from .twists import find_twists


def match_bones(rig: Rig) -> BoneMap:
    """Find the bones that play the canonical joints, and what belongs to them.

    The rig's rest reference, where it has one, is the pose whose shape counts.

    Raises:
        RequestError: if hips, legs or arms are not recognised, the body is an animal's,
            there are two of them, or names fit two bones alike.
    """
    layer = _layer_of(rig)
    tree = BoneTree.of(layer)
    named = {guess.joint: guess for guess in match_by_name(layer)}
    shape = _match_shape(layer, tree, named)
    bone_map = combine_guesses(weigh_guesses(layer, tree, named.values(), shape))
    refuse_four_legs(layer, tree, bone_map.bones)
    # Two bodies are told apart first: each name of the one may be a name of the other.
    refuse_second_character(layer, tree, bone_map.bones, shape)
    refuse_incomplete(layer, bone_map)
    refuse_ambiguous_names(layer, tree, named, shape)
    return _completed(rig, layer, bone_map.guesses)


def guess_bones(rig: Rig) -> BoneMap:
    """Return what is recognised, however little, for an animator to put right by hand."""
    layer = _layer_of(rig)
    tree = BoneTree.of(layer)
    named = {guess.joint: guess for guess in match_by_name(layer)}
    shape = _match_shape(layer, tree, named)
    return combine_guesses(weigh_guesses(layer, tree, named.values(), shape))


def bone_map_from_rows(rig: Rig, rows: Mapping[str, str]) -> BoneMap:
    """Return the map that an animator chose, with twists, fingers and root found around it.

    Args:
        rig: N bones.
        rows: bone's name by joint; an empty name leaves the joint out.

    Raises:
        RequestError: with the cure, if a joint is unknown, a bone is gone or chosen twice,
            a required joint has none, or bones of a limb are in the wrong order.
    """
    chosen = {joint: bone for joint, bone in rows.items() if bone}
    check_rows(rig, chosen)
    guesses = tuple(
        Guess(joint, chosen[joint], 1.0, "chosen by hand") for joint in JOINTS if joint in chosen
    )
    layer = _layer_of(rig)
    if any(guess.bone not in layer.index for guess in guesses):
        layer = rig
    return _completed(rig, layer, guesses)


def _layer_of(rig: Rig) -> Rig:
    """Return the bones to read: a generated rig's original ones, else all, limbs made whole."""
    layer = readable_layer(rig)
    return layer if layer is not rig else join_loose_ends(rig)


def _match_shape(rig: Rig, tree: BoneTree, named: Mapping[str, Guess]) -> ShapeMatch | None:
    """Match by shape, starting from how the named limbs stand where they make a body."""
    stance = stance_of_names(tree, rig, named)
    match = match_by_shape(rig, tree, stance) if stance is not None else None
    return match if match is not None else match_by_shape(rig, tree)


def _completed(rig: Rig, layer: Rig, guesses: tuple[Guess, ...]) -> BoneMap:
    """Add twist bones, fingers and the root to guesses on a layer of the rig."""
    bones = {guess.joint: guess.bone for guess in guesses}
    tree = BoneTree.of(layer)
    return BoneMap(
        guesses,
        find_twists(layer, tree, bones),
        find_fingers(layer, tree, bones),
        find_root(rig, bones),
        _find_all_carried(rig, bones) if readable_layer(rig) is rig else (),
    )


def _find_all_carried(rig: Rig, bones: Mapping[str, str]) -> tuple[Carried, ...]:
    """Return what lies at limbs by name and place, and what constraints tie to them."""
    reined = find_reined(rig, bones)
    tied = {one.bone for one in reined}
    return (*(one for one in find_carried(rig, bones) if one.bone not in tied), *reined)
