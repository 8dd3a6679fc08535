"""The animator's rest reference as it is stored: where bones point in a neutral pose.

Orientations are stored as they are in rig space, so that they stay right when the
pose is applied as a new rest pose. Places are stored as what the pose moved beyond what the bones'
turns explain, so that the reference fits other proportions, too. It knows no Blender.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....engine.motion import quaternions
from ....engine.motion.request import RequestError
from ....engine.motion.rig import Rig, RigPose, RigReference

Array = NDArray[np.floating[Any]]

NUMBERS = 10
"""Of one bone: 4 of its rotation, 3 of its rest offset, 3 of its shift."""

_TURNED_DEGREES = 60.0
_REMEDY = "Press Set Rest Reference again in Rig, or clear it."
# Bones shorter than this share of the body point anywhere.
_SHORT = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class StoredReference:
    """A pose of N bones, by name."""

    names: tuple[str, ...]
    """Unique bone names."""

    rotations: Array
    """(N, 4) orientation of each bone's own axes in rig space."""

    offsets: Array
    """(N, 3) rest head relative to the parent's, in the parent's axes; of a root its rest head."""

    shifts: Array
    """(N, 3) where the head is beyond the parent's turn, rig space."""

    def to_numbers(self) -> dict[str, list[float]]:
        """Return NUMBERS plain numbers by bone name."""
        table = np.hstack([self.rotations, self.offsets, self.shifts])
        return {
            name: [float(f"{value:.7g}") for value in row]
            for name, row in zip(self.names, table.tolist(), strict=True)
        }


def numbers_to_reference(numbers: Mapping[str, Sequence[float]]) -> StoredReference:
    """Read what `to_numbers` gave.

    Raises:
        ValueError: if these are not NUMBERS finite numbers for each bone.
    """
    rows = list(numbers.values())
    if not rows or any(len(row) != NUMBERS for row in rows):
        raise ValueError(f"a reference holds {NUMBERS} numbers for each bone")
    if not all(type(one) in (int, float) and math.isfinite(one) for row in rows for one in row):
        raise ValueError("a reference holds finite numbers")
    table = np.array(rows, dtype=float)
    lengths = np.linalg.norm(table[:, :4], axis=1)
    if np.abs(lengths - 1.0).max() > 0.01:
        raise ValueError("the rotations of a reference are unit quaternions")
    table[:, :4] /= lengths[:, None]
    return StoredReference(tuple(numbers), table[:, :4], table[:, 4:7], table[:, 7:])


def take_reference(rig: Rig, pose: RigPose, scales: Array | None = None) -> StoredReference:
    """Return a pose as a reference; it has the size that the rig has at rest.

    Args:
        rig: N bones.
        pose: T = 1 frame.
        scales: (N,) how many times larger each bone is posed than at rest; None is 1.
    """
    rotations, heads = pose.rotations[0], pose.heads[0]
    turned = quaternions.rotate(_of_parents(rig, rotations, quaternions.IDENTITY), rig.local_heads)
    sizes = np.ones(len(heads)) if scales is None else np.maximum(scales, 1e-9)
    above = _of_parents(rig, sizes[:, None], np.ones(1))
    shifts = (heads - _of_parents(rig, heads, np.zeros(3))) / above - turned
    return StoredReference(rig.names, rotations, rig.local_heads, shifts)


def reference_for(rig: Rig, stored: StoredReference) -> RigReference:
    """Return the reference as a pose of the rig's bones, in the rig's own proportions.

    Bones that were added at the ends of limbs since then follow their parents.

    Raises:
        RequestError: if a bone that carries others is unknown, or bones were turned since then.
    """
    rows = {name: row for row, name in enumerate(stored.names)}
    known = np.array([name in rows for name in rig.names])
    _check_known(rig, known)
    columns = [rows.get(name, 0) for name in rig.names]
    _check_axes(rig.local_heads[known], stored.offsets[columns][known])
    shifts = np.where(known[:, None], stored.shifts[columns], 0.0)
    rotations = _follow_parents(rig, stored.rotations[columns], known)
    grown = np.linalg.norm(rig.local_heads[known]) / max(
        float(np.linalg.norm(stored.offsets[columns][known])), 1e-12
    )
    parents = _of_parents(rig, rotations, quaternions.IDENTITY)
    heads = quaternions.rotate(parents, rig.local_heads) + grown * shifts
    for bone, parent in enumerate(rig.parents):
        if parent >= 0:
            heads[bone] += heads[parent]
    turns = quaternions.multiply(rotations, quaternions.conjugate(rig.rotations))
    return RigReference(heads, heads + quaternions.rotate(turns, rig.tails - rig.heads), rotations)


def _of_parents(rig: Rig, values: Array, of_no_parent: Array) -> Array:
    parents = np.array(rig.parents, dtype=int)
    return np.asarray(np.where(parents[:, None] >= 0, values[parents], of_no_parent))


def _follow_parents(rig: Rig, rotations: Array, known: NDArray[np.bool_]) -> Array:
    rotations = np.array(rotations, dtype=float)
    for bone in np.flatnonzero(~known):
        parent = rig.parents[bone]
        above = rotations[parent] if parent >= 0 else quaternions.IDENTITY
        rotations[bone] = quaternions.multiply(above, rig.local_rotations[bone])
    return rotations


def _check_known(rig: Rig, known: NDArray[np.bool_]) -> None:
    if not known.any():
        raise RequestError("The rest reference was taken on another rig.", _REMEDY)
    for bone, parent in enumerate(rig.parents):
        if parent >= 0 and known[bone] and not known[parent]:
            raise RequestError(
                f'The rest reference does not know the bone "{rig.names[parent]}".', _REMEDY
            )


def _check_axes(now: Array, then: Array) -> None:
    """Refuse bones whose axes were turned since: their stored orientations mean nothing now."""
    lengths = np.linalg.norm(now, axis=1), np.linalg.norm(then, axis=1)
    long = (lengths[0] > _SHORT * lengths[0].sum()) & (lengths[1] > _SHORT * lengths[1].sum())
    cosines = (now[long] * then[long]).sum(1) / (lengths[0] * lengths[1])[long]
    if cosines.size and cosines.min() < math.cos(math.radians(_TURNED_DEGREES)):
        raise RequestError("The bones were turned after the rest reference was taken.", _REMEDY)
