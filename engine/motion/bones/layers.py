"""Chooses which layer of a control rig is read: its original bones, as one connected tree.

A generated rig holds every limb several times over. Its original bones follow
whatever controls are in use, so they are the ones to map. It knows no joints.
"""

from __future__ import annotations

import re

import numpy as np

from ..rig import Rig, RigReference

_ORIGINAL, _DEFORM = "ORG-", "DEF-"
_FEWEST_ORIGINALS = 12
_NUMBER = re.compile(r"\.\d+$")
_TOUCHING = 1e-3


def readable_layer(rig: Rig) -> Rig:
    """Return the rig of a generated rig's original bones; any other rig as it is.

    Original bones hang from helper bones. Here each hangs from the nearest
    original bone above it, and a numbered chain (ORG-spine, ORG-spine.001, ...)
    is joined where one bone ends and the next one starts.
    """
    chosen = [bone for bone, name in enumerate(rig.names) if name.startswith(_ORIGINAL)]
    if len(chosen) < _FEWEST_ORIGINALS:
        return rig
    # A deform bone stands for the original one that it follows.
    stands_for = {bone: bone for bone in chosen}
    for bone in chosen:
        deform = rig.index.get(_DEFORM + rig.names[bone].removeprefix(_ORIGINAL))
        if deform is not None:
            stands_for[deform] = bone
    parents = {bone: _upper(rig, bone, stands_for) for bone in chosen}
    _join_numbered_chains(rig, chosen, parents)
    return rig_with_parents(rig, parents)


def _upper(rig: Rig, bone: int, stands_for: dict[int, int]) -> int:
    """Return the original bone that a bone hangs from, however far above it."""
    for upper in rig.lineage(rig.parents[bone]):
        if stands_for.get(upper, bone) != bone:
            return stands_for[upper]
    return -1


def _join_numbered_chains(rig: Rig, chosen: list[int], parents: dict[int, int]) -> None:
    stems: dict[str, list[int]] = {}
    for bone in chosen:
        stems.setdefault(_NUMBER.sub("", rig.names[bone]), []).append(bone)
    tolerance = _TOUCHING * float(np.ptp(rig.heads, axis=0).max())
    for chain in stems.values():
        for bone in chain:
            gaps = np.linalg.norm(rig.tails[chain] - rig.heads[bone], axis=1)
            upper = chain[int(np.argmin(gaps))]
            if upper != bone and gaps.min() < tolerance and not _is_above(parents, bone, upper):
                parents[bone] = upper


def _is_above(parents: dict[int, int], bone: int, other: int) -> bool:
    while other >= 0 and other != bone:
        other = parents[other]
    return other == bone


def _depth(parents: dict[int, int], bone: int) -> int:
    depth = 0
    while parents[bone] >= 0:
        bone = parents[bone]
        depth += 1
    return depth


def rig_with_parents(rig: Rig, parents: dict[int, int]) -> Rig:
    """Return the rig of some bones, each hanging from the one that is said.

    Args:
        rig: N bones.
        parents: for each bone that is kept the one that it hangs from; -1 for none.
    """
    order = sorted(parents, key=lambda bone: (_depth(parents, bone), bone))
    rows = {bone: row for row, bone in enumerate(order)}
    reference = rig.reference
    if reference is not None:
        reference = RigReference(
            reference.heads[order], reference.tails[order], reference.rotations[order]
        )
    return Rig(
        tuple(rig.names[bone] for bone in order),
        tuple(rows.get(parents[bone], -1) for bone in order),
        rig.heads[order],
        rig.tails[order],
        rig.rotations[order],
        reference=reference,
        reins=rig.reins,
    )
