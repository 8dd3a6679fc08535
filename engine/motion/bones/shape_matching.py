"""Matches joints by shape alone: the body that was found, its facing, and how sure each part is.

It knows no names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..rig import Rig
from .body_chains import toe_bone, trunk_joints
from .map import SIDES
from .shapes import Body, Stance, body_axes, find_body
from .tree import Array, BoneTree

LEG: tuple[str, ...] = ("hip", "knee", "ankle")
ARM: tuple[str, ...] = ("shoulder", "elbow", "wrist")

# From this much evidence on it is settled, or at least likely, which way a body faces.
SURE_FACING, LIKELY_FACING = 1.5, 0.6
# Bent knees and elbows alone make less evidence than this.
_TOES_FACING = 1.9
# A body that fits worse may lack hands or feet; with made-up ends it is never sure.
_POOR_FIT, _VIRTUAL_CONFIDENCE = -1.0, 0.6
# Bones this near to each other (share of the rig's size) lie in one place.
_SAME_PLACE = 0.004


@dataclass(frozen=True)
class ShapeMatch:
    """Bones by joint as the shape tells them."""

    bones: Mapping[str, int]
    """Index of the bone by joint."""

    confidences: Mapping[str, float]
    """0 to 1 by joint."""

    axes: Array
    """(3, 3) rows: the body's left, up and forward in rig space."""

    facing: float
    """How much speaks for that left and not the other one; below SURE_FACING little does."""

    fit: float
    """0 is the canonical body; lower is worse."""

    shows_toes: bool = False
    """Whether toes point so, and not knees and elbows alone, which many models bend wrongly."""

    @property
    def knows_sides(self) -> bool:
        """Whether feet, knees and elbows show which side is left."""
        return self.facing >= SURE_FACING

    def mirrored(self) -> ShapeMatch:
        """Return the match with left and right exchanged."""
        return ShapeMatch(
            {other_side(joint): bone for joint, bone in self.bones.items()},
            {other_side(joint): value for joint, value in self.confidences.items()},
            self.axes * np.array([[-1.0], [1.0], [-1.0]]),
            -self.facing,
            self.fit,
            self.shows_toes,
        )


def other_side(joint: str) -> str:
    """Return the joint on the other side of the body; itself on the midline."""
    if joint.startswith("left_"):
        return "right_" + joint.removeprefix("left_")
    return "left_" + joint.removeprefix("right_") if joint.startswith("right_") else joint


def match_by_shape(rig: Rig, tree: BoneTree, stance: Stance | None = None) -> ShapeMatch | None:
    """Guess joints from hierarchy, lengths and directions; None where no body is seen.

    Args:
        rig: N bones; of it only tails are read, where feet end in no bone.
        tree: the same bones as points.
        stance: how the body stands where names tell it; None searches.
    """
    body, whole = find_body(tree, stance), tree
    if stance is None and (body is None or body.fit < _POOR_FIT):
        longer = tree.with_virtual_ends()
        other = find_body(longer)
        if other is not None and _is_better(tree, other, body):
            body, whole = other, longer
    if body is None:
        return None
    axes = body_axes(whole.heads[body.legs[:, 0]], whole.heads[body.arms[:, 0]])
    facing = _facing(rig, whole, body, axes)
    match = _joints_of(whole, body, axes, abs(facing), near_is_left=facing >= 0.0)
    return match if whole is tree else _without_virtual_ends(match, len(tree.parents))


def _is_better(tree: BoneTree, virtual: Body, body: Body | None) -> bool:
    """Say whether a body with made-up ends of limbs is to be believed."""
    starts = [virtual.pelvis, *virtual.legs[:, :2].ravel(), *virtual.arms[:, :2].ravel()]
    least = _POOR_FIT if body is None else body.fit + 0.5
    return max(int(bone) for bone in starts) < len(tree.parents) and virtual.fit > least


def _without_virtual_ends(match: ShapeMatch, count: int) -> ShapeMatch:
    bones = {joint: bone for joint, bone in match.bones.items() if bone < count}
    confidences = {joint: min(match.confidences[joint], _VIRTUAL_CONFIDENCE) for joint in bones}
    return ShapeMatch(
        bones, confidences, match.axes, match.facing, match.fit, match.shows_toes
    )


def _joints_of(
    tree: BoneTree, body: Body, axes: Array, facing: float, *, near_is_left: bool
) -> ShapeMatch:
    order = (0, 1) if near_is_left else (1, 0)
    if not near_is_left:
        axes = axes * np.array([[-1.0], [1.0], [-1.0]])
    bones = {}
    for side, row in zip(SIDES, order, strict=True):
        for joints, limbs in ((LEG, body.legs), (ARM, body.arms)):
            for joint, bone in zip(joints, limbs[row], strict=True):
                bones[f"{side}_{joint}"] = int(bone)
        toes = toe_bone(tree, int(body.legs[row, 1]), int(body.legs[row, 2]))
        if toes >= 0:
            bones[f"{side}_foot"] = toes
    bones.update(trunk_joints(tree, bones, axes[1]))
    confidences = {joint: _confidence(tree, bones, joint, body.fit) for joint in bones}
    if facing < SURE_FACING:
        confidences = {
            joint: min(value, 0.5) if joint.startswith(SIDES) else value
            for joint, value in confidences.items()
        }
    shows_toes = facing >= _TOES_FACING and any(f"{side}_foot" in bones for side in SIDES)
    return ShapeMatch(bones, confidences, axes, facing, body.fit, shows_toes)


def _confidence(tree: BoneTree, bones: Mapping[str, int], joint: str, fit: float) -> float:
    """Return how sure a bone's part is: by the body's fit, its twin, and bones beside it."""
    value = float(np.clip(0.9 + 0.12 * min(fit, 0.0), 0.3, 0.9))
    if not joint.endswith((*LEG, *ARM)):
        value -= 0.12
    bone = bones[joint]
    if _could_be_shifted(tree, bones, joint):
        value = min(value, 0.75)
    if not _agrees_with_twin(tree, bones, joint):
        value -= 0.25
    gaps = np.linalg.norm(tree.heads - tree.heads[bone], axis=1)
    near = (gaps < _SAME_PLACE * tree.size) & (tree.reach > 0.8 * tree.reach[bone])
    near &= tree.reach < 1.25 * tree.reach[bone] + _SAME_PLACE * tree.size
    if tree.reach[bone] > 0.0 and int(near.sum()) > 1:
        value -= 0.3
    return round(max(value, 0.1), 2)


def _could_be_shifted(tree: BoneTree, bones: Mapping[str, int], joint: str) -> bool:
    """Say whether a leg ends without toes or an arm without fingers: it may start elsewhere."""
    for joints, fewest in ((LEG, 1), (ARM, 2)):
        if joint.endswith(joints):
            end = bones[f"{joint.split('_')[0]}_{joints[-1]}"]
            return len(tree.children[end]) < fewest
    return False


def _agrees_with_twin(tree: BoneTree, bones: Mapping[str, int], joint: str) -> bool:
    """Say whether the joint lies as far down its branch as its twin on the other side."""
    twin = bones.get(other_side(joint), -1)
    if twin == bones[joint]:
        return True
    if twin < 0 or "pelvis" not in bones:
        return False
    ways = tree.depths[[bones[joint], twin]] - tree.depths[bones["pelvis"]]
    reaches = tree.reach[[bones[joint], twin]]
    slack = 0.06 * tree.size
    return bool(abs(ways[0] - ways[1]) < slack and abs(reaches[0] - reaches[1]) < 2.0 * slack)


def _facing(rig: Rig, tree: BoneTree, body: Body, axes: Array) -> float:
    """Return evidence that the body faces along the third axis; negative for the other way."""
    forward = axes[2]
    evidence = 0.0
    for leg in body.legs:
        hip, knee, ankle = (tree.heads[bone] for bone in leg)
        length = float(np.linalg.norm(ankle - hip))
        toes = toe_bone(tree, int(leg[1]), int(leg[2]))
        if toes >= 0:
            evidence += 1.5 * _along(tree.heads[toes] - ankle, axes)
        else:
            evidence += 0.7 * _along(_tail(rig, leg, ankle) - ankle, axes)
        bend = float((knee - (hip + ankle) / 2.0) @ forward) / max(length, 1e-12)
        evidence += float(np.clip(bend / 0.03, -1.0, 1.0)) * 0.5
    for arm in body.arms:
        shoulder, elbow, wrist = (tree.heads[bone] for bone in arm)
        length = float(np.linalg.norm(wrist - shoulder))
        bend = float((elbow - (shoulder + wrist) / 2.0) @ forward) / max(length, 1e-12)
        evidence -= float(np.clip(bend / 0.03, -1.0, 1.0)) * 0.4
    return evidence


def _along(vector: Array, axes: Array) -> float:
    """Return -1 to 1: how much of a vector's sideways and forward part points forward."""
    flat = np.array([vector @ axes[0], vector @ axes[2]])
    steepness = float(np.linalg.norm(flat)) / max(float(np.linalg.norm(vector)), 1e-12)
    return float(flat[1] / max(float(np.linalg.norm(flat)), 1e-12)) if steepness > 0.25 else 0.0


def _tail(rig: Rig, leg: Array, head: Array) -> Array:
    """Return where a foot ends; at its head where tails mean nothing, as importers make them up.

    They mean something where the shin's own tail lies at the foot.
    """
    tails = rig.tails if rig.reference is None else rig.reference.tails
    if max(int(bone) for bone in leg) >= len(tails):
        return head
    shin, foot = (np.asarray(tails[int(bone)]) for bone in leg[1:])
    is_meant = np.linalg.norm(shin - head) < 0.1 * np.linalg.norm(foot - head)
    return foot if is_meant else head
