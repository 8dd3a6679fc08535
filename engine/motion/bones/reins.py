"""Finds the bones that limbs follow by constraints: targets of IK, poles, controls of feet.

A take moves them as if the limbs carried them, whoever made the rig and whatever they
are called. It reads what constraints say, never names.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..rig import Rein, Rig
from .map import Carried

Array = NDArray[np.floating[Any]]


def find_reined(rig: Rig, bones: Mapping[str, str]) -> tuple[Carried, ...]:
    """Return what the mapped bones follow, and what that follows in its turn.

    Args:
        rig: N bones.
        bones: bone by joint.
    """
    mapped = set(bones.values())
    found: dict[str, Carried] = {}
    while True:
        placed = mapped | {name for name, one in found.items() if one.carrier}
        reins: dict[str, list[Rein]] = {}
        for rein in rig.reins:
            known = rein.follower in mapped or rein.follower in found
            if known and rein.bone not in found and _may_carry(rig, rein, mapped):
                reins.setdefault(rein.bone, []).append(rein)
        if not reins:
            return tuple(found.values())
        found |= {name: _carried(name, same, placed) for name, same in reins.items()}


def _may_carry(rig: Rig, rein: Rein, mapped: Collection[str]) -> bool:
    """Say whether a bone is free to be moved for its follower: no joint, and not above it."""
    is_joint = rein.bone in mapped
    return not is_joint and not rig.is_below(rig.index[rein.follower], rig.index[rein.bone])


def _carried(name: str, reins: Sequence[Rein], have_places: Collection[str]) -> Carried:
    """Return one bone with its place from the first rein that tells it, and its turn."""
    turning = next((one for one in reins if one.turn is not None), None)
    placing = [one for one in reins if one.place is not None and one.follower in have_places]
    placing.sort(key=lambda one: one.turn is None)
    placed = Carried(name, "")
    if placing:
        placed = Carried(name, placing[0].follower, _numbers(placing[0].place))
    if turning is None:
        return placed
    turn = _numbers(turning.turn)
    return replace(placed, turner=turning.follower, turn=turn, is_parent=turning.is_parent)


def _numbers(values: Array | None) -> tuple[float, ...]:
    return tuple(float(value) for value in (() if values is None else values))


def followers_at_rest(carried: Sequence[Carried]) -> frozenset[str]:
    """Return the bones whose channels count from a carried bone and stay at rest."""
    return frozenset(one.turner for one in carried if one.is_parent)


def limb_bones(carried: Sequence[Carried]) -> dict[str, str]:
    """Return, by carried bone, the bone of the limb that it is moved for in the end."""
    found: dict[str, str] = {}
    for one in carried:
        above = one.carrier or one.turner
        found[one.bone] = found.get(above, above)
    return found
