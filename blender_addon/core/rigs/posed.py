"""Bones as Blender evaluated them over some frames, by name. NumPy only, Blender's axes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....engine.motion import quaternions

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class BoneKeys:
    """Channels of some bones over F frames."""

    rotations: dict[str, Array] = field(default_factory=dict)
    """(F, 4) change from rest in each bone's own axes."""

    locations: dict[str, Array] = field(default_factory=dict)
    """(F, 3)"""


@dataclass(frozen=True, slots=True, eq=False)
class Posed:
    """What K bones did over F frames."""

    index: Mapping[str, int]
    """Column of each bone."""

    matrices: Array
    """(F, K, 4, 4) in the armature's space."""

    bases: Array
    """(F, K, 4, 4) the bones' channels, as `matrix_basis`."""

    switches: Mapping[tuple[str, str], Array] = field(default_factory=dict)
    """(F,) values of custom properties, by bone and name."""

    worlds: Array = field(default_factory=lambda: np.eye(4)[None])
    """(F, 4, 4) how the armature's space lies in the world."""

    def rotations(self, name: str) -> Array:
        """Return a bone's orientation, (F, 4)."""
        return read_rotations(self.matrices[:, self.index[name]])

    def heads(self, name: str) -> Array:
        """Return where a bone starts, (F, 3)."""
        return np.asarray(self.matrices[:, self.index[name], :3, 3])

    def scales(self, name: str) -> Array:
        """Return how large a bone is, (F,)."""
        determinants = np.linalg.det(self.matrices[:, self.index[name], :3, :3])
        return np.asarray(np.abs(determinants) ** (1.0 / 3.0))

    def channels(self, name: str) -> Array:
        """Return a bone's rotation channel, (F, 4)."""
        return read_rotations(self.bases[:, self.index[name]])

    def locations(self, name: str) -> Array:
        """Return a bone's location channel, (F, 3)."""
        return np.asarray(self.bases[:, self.index[name], :3, 3])

    def still(self, name: str) -> Array:
        """Return the orientation that a bone has while its rotation holds nothing, (F, 4)."""
        back = quaternions.conjugate(self.channels(name))
        return quaternions.multiply(self.rotations(name), back)


def read_rotations(matrices: Array) -> Array:
    """Return the rotations (..., 4) of matrices (..., 4, 4), whatever their scale."""
    columns = np.asarray(matrices, dtype=float)[..., :3, :3]
    length = np.linalg.norm(columns, axis=-2, keepdims=True)
    return quaternions.matrix_to_quaternion(columns / np.maximum(length, 1e-12))
