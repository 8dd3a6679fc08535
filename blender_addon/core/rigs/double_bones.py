"""The bones of a double of a rig at rest. NumPy only, Blender's axes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .posed import Posed

Array = NDArray[np.floating[Any]]
Property = tuple[str, str]
"""A custom property, by bone and name."""


@dataclass(frozen=True, eq=False)
class DoubleBones:
    """What K bones are at rest."""

    names: tuple[str, ...]
    parents: tuple[str, ...]
    """Empty for a bone without one."""

    rests: Array
    """(K, 4, 4) in the armature's space."""

    has_local_location: NDArray[np.bool_]
    """(K,) whether location channels lie in the bone's own axes."""

    @cached_property
    def index(self) -> dict[str, int]:
        """Row of each bone."""
        return {name: row for row, name in enumerate(self.names)}

    def parent(self, name: str) -> str:
        """Return a bone's parent; empty without one."""
        return self.parents[self.index[name]]

    def rest(self, name: str) -> Array:
        """Return a bone's matrix (4, 4) at rest."""
        return np.asarray(self.rests[self.index[name]])

    def location_axes(self, name: str, posed: Posed) -> Array:
        """Return what a unit of each location channel moves in the armature's space, (F, 3, 3)."""
        row, parent = self.index[name], self.parent(name)
        rest = self.rests[row] if self.has_local_location[row] else np.eye(4)
        if not parent:
            return np.broadcast_to(rest[:3, :3], (len(posed.matrices), 3, 3))
        if self.has_local_location[row]:
            rest = np.linalg.inv(self.rests[self.index[parent]]) @ rest
        carried = posed.matrices[:, posed.index[parent], :3, :3]
        return np.asarray(carried @ rest[:3, :3])
