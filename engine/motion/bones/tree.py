"""A rig's bones as points in a tree: who hangs from whom, how far, and which way.

Hierarchies are read in bulk, as arrays over bones, pairs and triples. It knows
no names and no joints.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..rig import Rig

Array = NDArray[np.floating[Any]]
Indices = NDArray[np.intp]

# Bones of a limb have at most this many bones between them, such as twist bones in a row.
_LONGEST_STEP = 6


@dataclass(frozen=True)
class BoneTree:
    """N bones in the pose that stands for the neutral one."""

    heads: Array
    """(N, 3) where each bone starts."""

    parents: tuple[int, ...]
    """Index of each bone's parent, -1 where there is none; parents come first."""

    @classmethod
    def of(cls, rig: Rig) -> BoneTree:
        """Return the rig's bones in its rest reference, or at rest without one."""
        heads = rig.heads if rig.reference is None else rig.reference.heads
        return cls(np.asarray(heads, dtype=float), rig.parents)

    def with_virtual_ends(self) -> BoneTree:
        """Return the tree with a point behind every childless bone, as far on as it came.

        The points have the indices from N on; they stand for ends that have no bone.
        """
        ends = [
            bone
            for bone, parent in enumerate(self.parents)
            if parent >= 0 and not self.children[bone]
        ]
        steps = self.heads[ends] - self.heads[[self.parents[bone] for bone in ends]]
        return BoneTree(
            np.concatenate([self.heads, self.heads[ends] + steps]), (*self.parents, *ends)
        )

    @property
    def size(self) -> float:
        """The largest extent of all heads along one axis."""
        return float(np.ptp(self.heads, axis=0).max()) if len(self.parents) else 0.0

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """Indices of each bone's children."""
        found: list[list[int]] = [[] for _ in self.parents]
        for bone, parent in enumerate(self.parents):
            if parent >= 0:
                found[parent].append(bone)
        return tuple(tuple(bones) for bones in found)

    @cached_property
    def ancestors(self) -> Indices:
        """(D, N) each bone's ancestors, row 0 the parents; -1 above the roots."""
        rows = [np.array(self.parents, dtype=np.intp)]
        while rows[-1].max(initial=-1) >= 0:
            rows.append(np.where(rows[-1] >= 0, rows[0][rows[-1]], -1))
        return np.stack(rows)

    @cached_property
    def pairs(self) -> tuple[Indices, Indices]:
        """Every bone (P,) with every bone below it (P,), sorted by the upper one."""
        upper = self.ancestors.ravel()
        lower = np.broadcast_to(np.arange(len(self.parents)), self.ancestors.shape).ravel()
        order = np.argsort(upper, kind="stable")
        order = order[np.searchsorted(upper[order], 0) :]
        return upper[order], lower[order]

    @cached_property
    def triples(self) -> Indices:
        """(3, M) first, middle and last bone of every stretch of a branch, sorted by the first.

        At most `_LONGEST_STEP` steps lie between two of them.
        """
        bones = np.arange(len(self.parents))
        levels = [bones, *self.ancestors]
        found = []
        for lower in range(1, min(_LONGEST_STEP + 1, len(levels))):
            for upper in range(lower + 1, min(lower + _LONGEST_STEP + 1, len(levels))):
                kept = levels[upper] >= 0
                found.append(np.stack([levels[upper][kept], levels[lower][kept], bones[kept]]))
        every = np.concatenate(found, axis=1) if found else np.empty((3, 0), dtype=np.intp)
        return every[:, np.argsort(every[0], kind="stable")]

    @cached_property
    def reach(self) -> Array:
        """(N,) the longest way down from each bone to a bone below it."""
        reach = np.zeros(len(self.parents))
        for bone in range(len(self.parents) - 1, -1, -1):
            parent = self.parents[bone]
            if parent >= 0:
                step = float(np.linalg.norm(self.heads[bone] - self.heads[parent]))
                reach[parent] = max(reach[parent], reach[bone] + step)
        return reach

    @cached_property
    def depths(self) -> Array:
        """(N,) the way along the bones from each root down to each bone."""
        depths = np.zeros(len(self.parents))
        for bone, parent in enumerate(self.parents):
            if parent >= 0:
                step = float(np.linalg.norm(self.heads[bone] - self.heads[parent]))
                depths[bone] = depths[parent] + step
        return depths

    @cached_property
    def longest_steps(self) -> Array:
        """(N, 3) from each bone to the farthest of its children; zero without one."""
        steps = np.zeros_like(self.heads)
        for bone, parent in enumerate(self.parents):
            if parent >= 0:
                step = self.heads[bone] - self.heads[parent]
                if step @ step > steps[parent] @ steps[parent]:
                    steps[parent] = step
        return steps

    def lineage(self, bone: int) -> list[int]:
        """Return the bone, its parent, and so on up to the root."""
        found = []
        while bone >= 0:
            found.append(bone)
            bone = self.parents[bone]
        return found

    def is_below(self, bone: int, ancestor: int) -> bool:
        """Say whether `bone` is the ancestor or hangs from it."""
        while bone > ancestor:
            bone = self.parents[bone]
        return bone == ancestor

    def path(self, ancestor: int, bone: int) -> list[int]:
        """Return the bones from below the ancestor down to the bone; empty if it is none."""
        lineage = self.lineage(bone)
        return lineage[: lineage.index(ancestor)][::-1] if ancestor in lineage else []

    def common_ancestor(self, bones: list[int]) -> int:
        """Return the deepest bone that carries all of them or is one; -1 without one."""
        shared = set(self.lineage(bones[0])) if bones else set()
        for bone in bones[1:]:
            shared &= set(self.lineage(bone))
        return max(shared, default=-1)

    def below(self, bone: int) -> list[int]:
        """Return every bone that hangs from the bone, parents first."""
        found = [bone]
        for upper in found:
            found.extend(self.children[upper])
        return sorted(found[1:])
