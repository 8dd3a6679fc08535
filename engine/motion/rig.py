"""A character's bones as arrays: names, hierarchy, rest pose, and poses over frames.

Rig space is the armature object's own space with the axes turned Y-up; lengths
are the rig's own units. It knows no Blender and no canonical joints.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import quaternions

Array = NDArray[np.floating[Any]]


class RigError(ValueError):
    """The arrays describe no rig; the text says why."""


@dataclass(frozen=True, slots=True)
class RigReference:
    """A pose of N bones that stands in for the rest pose when bodies are compared."""

    heads: Array
    """(N, 3) where each bone starts, rig space."""

    tails: Array
    """(N, 3) where each bone ends."""

    rotations: Array
    """(N, 4) orientation of each bone's own axes in rig space."""


@dataclass(frozen=True, slots=True, eq=False)
class Rein:
    """A bone that another one follows by a constraint, as it lies to its follower."""

    bone: str
    """What is followed: the target of an IK chain, its pole, a control."""

    follower: str
    """The bone whose pose it decides; of a pole the first of the chain."""

    place: Array | None = None
    """(3,) where it starts from the follower's head, in the follower's axes; None is anywhere."""

    turn: Array | None = None
    """(4,) its orientation in the follower's axes; None is any."""

    is_parent: bool = False
    """The follower's channels count from it, as if it hung there."""


@dataclass(frozen=True)
class Rig:
    """N bones at rest. Parents come before their children."""

    names: tuple[str, ...]
    """Unique bone names."""

    parents: tuple[int, ...]
    """Index of each bone's parent; -1 where there is none."""

    heads: Array
    """(N, 3) where each bone starts, rig space."""

    tails: Array
    """(N, 3) where each bone ends. Importers often invent tails: trust heads first."""

    rotations: Array
    """(N, 4) rest orientation of each bone's own axes in rig space."""

    connected: tuple[bool, ...] = ()
    """True where a bone is glued to its parent and cannot be moved; empty means none is."""

    reference: RigReference | None = None
    """The animator's rest reference, for rigs whose rest pose is no neutral one."""

    reins: tuple[Rein, ...] = ()
    """What constraints tie bones to."""

    size: float = 1.0
    """How many times longer the legs are posed than at rest, by the scale of bones."""

    def __post_init__(self) -> None:
        count = len(self.names)
        shapes = (self.heads.shape, self.tails.shape, self.rotations.shape, len(self.parents))
        if shapes != ((count, 3), (count, 3), (count, 4), count):
            raise RigError(f"the arrays of a rig with {count} bones have the shapes {shapes}")
        if len(set(self.names)) != count:
            raise RigError("two bones have the same name")
        if any(not -1 <= parent < bone for bone, parent in enumerate(self.parents)):
            raise RigError("every parent must come before its children")

    @cached_property
    def index(self) -> dict[str, int]:
        """Index of each bone by name."""
        return {name: bone for bone, name in enumerate(self.names)}

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """Indices of each bone's children."""
        found: list[list[int]] = [[] for _ in self.names]
        for bone, parent in enumerate(self.parents):
            if parent >= 0:
                found[parent].append(bone)
        return tuple(tuple(bones) for bones in found)

    @cached_property
    def local_rotations(self) -> Array:
        """(N, 4) rest orientation relative to the parent."""
        parents = quaternions.conjugate(self._of_parents(self.rotations, quaternions.IDENTITY))
        return quaternions.multiply(parents, self.rotations)

    @cached_property
    def local_heads(self) -> Array:
        """(N, 3) rest head relative to the parent's head, in the parent's axes."""
        parents = quaternions.conjugate(self._of_parents(self.rotations, quaternions.IDENTITY))
        return quaternions.rotate(parents, self.heads - self._of_parents(self.heads, np.zeros(3)))

    def lineage(self, bone: int) -> Iterator[int]:
        """Yield the bone, its parent, and so on up to the root."""
        while bone >= 0:
            yield bone
            bone = self.parents[bone]

    def is_below(self, bone: int, ancestor: int) -> bool:
        """Say whether `bone` is the ancestor or hangs from it."""
        return ancestor in self.lineage(bone)

    def common_ancestor(self, bones: list[int]) -> int:
        """Return the deepest bone that carries all of them; -1 where there is none."""
        shared = set(range(len(self.names)))
        for bone in bones:
            shared &= set(self.lineage(bone))
        return max(shared, default=-1)

    def _of_parents(self, values: Array, of_no_parent: Array) -> Array:
        parents = np.array(self.parents, dtype=int)
        return np.where(parents[:, None] >= 0, values[parents], of_no_parent)


@dataclass(frozen=True, slots=True)
class RigPose:
    """A rig's bones over T frames, in rig space."""

    rotations: Array
    """(T, N, 4) orientation of each bone's own axes; the rest pose has `Rig.rotations`."""

    heads: Array
    """(T, N, 3) where each bone starts."""


@dataclass(frozen=True, slots=True)
class BonePose:
    """What an animator's channels hold for each bone: the change from rest, in its own axes."""

    rotations: Array
    """(..., N, 4)"""

    locations: Array
    """(..., N, 3)"""


def rest_channels(rig: Rig) -> BonePose:
    """Return channels (N, ...) that leave every bone at rest."""
    count = len(rig.names)
    return BonePose(np.tile(quaternions.IDENTITY, (count, 1)), np.zeros((count, 3)))


def pose_rig(rig: Rig, channels: BonePose) -> RigPose:
    """Chain the channels from the roots outwards, as Blender does for plain bones.

    Args:
        rig: N bones.
        channels: rotations (T, N, 4) and locations (T, N, 3).
    """
    rotations: list[Array] = []
    heads: list[Array] = []
    for bone, parent in enumerate(rig.parents):
        rotation, head = rig.local_rotations[bone], rig.local_heads[bone]
        if parent >= 0:
            head = heads[parent] + quaternions.rotate(rotations[parent], head)
            rotation = quaternions.multiply(rotations[parent], rotation)
        heads.append(head + quaternions.rotate(rotation, channels.locations[:, bone]))
        rotations.append(quaternions.multiply(rotation, channels.rotations[:, bone]))
    return RigPose(np.stack(rotations, axis=1), np.stack(heads, axis=1))
