"""How far a rig's pose is from the wanted one, bone by bone. It knows no Blender."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import quaternions
from ..rig import Rig

Array = NDArray[np.floating[Any]]


def choose_rows(rotations: Array, count: int) -> list[int]:
    """Return at most `count` frames that show most of what constraints may hold back.

    They are the first, the last and the middle one, and those on which bones are turned farthest.

    Args:
        rotations: (T, M, 4) channels.
        count: at least 3.
    """
    last = len(rotations) - 1
    rows = dict.fromkeys([0, last // 2, last])
    if rotations.shape[1]:
        angles = quaternions.angle_between(quaternions.IDENTITY, rotations)
        farthest = np.argsort(-angles.max(axis=0))
        rows |= dict.fromkeys(int(np.argmax(angles[:, bone])) for bone in farthest)
    return sorted(list(rows)[:count])


def measure_deviations(
    rig: Rig, bones: Iterable[str], wanted: Mapping[int, Array], found: Array
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the largest angle in degrees between wanted and found orientations by bone.

    Args:
        rig: N bones.
        bones: whose deviations are asked.
        wanted: (T, 4) in rig space by the index of a bone, those of the bones' parents included.
        found: (T, N, 4) in rig space.

    Returns:
        in_space: of the bones as they are seen.
        own: as far as the bones above them are not off in the same way.
    """
    in_space, own = {}, {}
    for name in bones:
        bone = rig.index[name]
        in_space[name] = _degrees(wanted[bone], found[:, bone])
        parent = rig.parents[bone]
        if parent < 0 or parent not in wanted:
            own[name] = in_space[name]
            continue
        pairs = [(wanted[parent], wanted[bone]), (found[:, parent], found[:, bone])]
        local = [
            quaternions.multiply(quaternions.conjugate(above), below) for above, below in pairs
        ]
        own[name] = _degrees(*local)
    return in_space, own


def _degrees(first: Array, second: Array) -> float:
    return float(np.degrees(quaternions.angle_between(first, second)).max())
