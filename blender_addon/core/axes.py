"""Y-up engine <-> Z-up Blender; the one place that knows.

| axis           | engine | Blender |
|----------------|--------|---------|
| up             | +Y     | +Z      |
| a figure faces | +Z     | -Y      |
| its left       | +X     | +X      |

Orientations of things (bones, objects) are turned from the left only: the
thing's own axes keep their meaning, so channels of pose bones need no change.
NumPy only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

_HALF = np.sqrt(0.5)


def vectors_to_engine(vectors: Array) -> Array:
    """Turn points or directions (..., 3) from Blender's axes to the engine's."""
    vectors = np.asarray(vectors, dtype=float)
    return np.stack([vectors[..., 0], vectors[..., 2], -vectors[..., 1]], axis=-1)


def vectors_to_blender(vectors: Array) -> Array:
    """Turn points or directions (..., 3) from the engine's axes to Blender's."""
    vectors = np.asarray(vectors, dtype=float)
    return np.stack([vectors[..., 0], -vectors[..., 2], vectors[..., 1]], axis=-1)


def orientations_to_engine(rotations: Array) -> Array:
    """Turn orientations (..., 4), w first, of things seen in Blender's axes to the engine's."""
    w, x, y, z = np.moveaxis(np.asarray(rotations, dtype=float), -1, 0)
    # The product (cos 45, -sin 45, 0, 0) * q: a quarter turn about X, Z up to Y up.
    return np.asarray(_HALF * np.stack([w + x, x - w, y + z, z - y], axis=-1))


def orientations_to_blender(rotations: Array) -> Array:
    """Turn orientations (..., 4), w first, of things seen in the engine's axes to Blender's."""
    w, x, y, z = np.moveaxis(np.asarray(rotations, dtype=float), -1, 0)
    return np.asarray(_HALF * np.stack([w - x, x + w, y - z, z + y], axis=-1))


def turns_to_engine(rotations: Array) -> Array:
    """Return rotations (..., 4), w first, of Blender's axes in the engine's axes."""
    w, x, y, z = np.moveaxis(np.asarray(rotations, dtype=float), -1, 0)
    return np.stack([w, x, z, -y], axis=-1)


def turns_to_blender(rotations: Array) -> Array:
    """Return rotations (..., 4), w first, of the engine's axes in Blender's axes."""
    w, x, y, z = np.moveaxis(np.asarray(rotations, dtype=float), -1, 0)
    return np.stack([w, x, -z, y], axis=-1)
