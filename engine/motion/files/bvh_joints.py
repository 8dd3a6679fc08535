"""The joints of a BVH file: its skeleton as a rig, its numbers as the bones' channels.

It reads and writes no text, and knows no canonical joint.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce

import numpy as np

from .. import quaternions
from ..clip import Array
from ..rig import BonePose, Rig

AXES = {"x": np.array([1.0, 0.0, 0.0]), "y": np.array([0.0, 1.0, 0.0]), "z": np.eye(3)[2]}


@dataclass(slots=True)
class BvhJoint:
    """A joint as the hierarchy declares it."""

    name: str
    """Unique in its file."""

    parent: int
    """Index of the joint above; -1 where there is none."""

    offset: Array = field(default_factory=lambda: np.zeros(3))
    """(3,) from the joint above, the file's units."""

    channels: tuple[str, ...] = ()
    """Two letters each: the axis, then p for position or r for rotation."""

    end: Array | None = None
    """Offset of the End Site."""

    @property
    def positions(self) -> list[int]:
        """Places of the position channels among the joint's own."""
        return [place for place, name in enumerate(self.channels) if name[1] == "p"]

    @property
    def rotations(self) -> list[int]:
        """Places of the rotation channels among the joint's own."""
        return [place for place, name in enumerate(self.channels) if name[1] == "r"]

    @property
    def order(self) -> str:
        """The axes of the rotation channels, as `zxy`."""
        return "".join(self.channels[place][0] for place in self.rotations)


def make_rig(joints: Sequence[BvhJoint]) -> Rig:
    """Return the skeleton at rest: N bones with the axes of the file."""
    heads = np.zeros((len(joints), 3))
    for index, joint in enumerate(joints):
        heads[index] = joint.offset + (heads[joint.parent] if joint.parent >= 0 else 0.0)
    return Rig(
        tuple(joint.name for joint in joints),
        tuple(joint.parent for joint in joints),
        heads,
        _find_tails(joints, heads),
        np.tile(quaternions.IDENTITY, (len(joints), 1)),
    )


def _find_tails(joints: Sequence[BvhJoint], heads: Array) -> Array:
    """Return (N, 3) ends: the End Site, else amid the children, else on from the parent."""
    tails = np.array(heads)
    for index, joint in enumerate(joints):
        children = [child for child, other in enumerate(joints) if other.parent == index]
        if joint.end is not None:
            tails[index] = heads[index] + joint.end
        elif children:
            tails[index] = heads[children].mean(axis=0)
        if np.allclose(tails[index], heads[index]):
            tails[index] = heads[index] + (joint.offset if joint.offset.any() else AXES["y"])
    return tails


def local_channels(joints: Sequence[BvhJoint], values: Array) -> BonePose:
    """Return what the channels (T, C) hold: each bone's change from rest, (T, N)."""
    rotations = np.stack(_local_rotations(joints, values), axis=1)
    locations = np.zeros((*rotations.shape[:2], 3))
    column = 0
    for index, joint in enumerate(joints):
        columns = values[:, column : column + len(joint.channels)]
        column += len(joint.channels)
        if is_moved(joint, columns):
            head = _local_heads(joint, columns)
            locations[:, index] = head - joint.offset
    return BonePose(rotations, locations)


def is_moved(joint: BvhJoint, columns: Array) -> bool:
    """Say whether a joint's position channels, of all its columns (T, n), replace its offset.

    Those of a joint below the root that are all zero do not: some programs write six
    channels and fill three.
    """
    moved = joint.positions
    return bool(moved) and (joint.parent < 0 or bool(columns[:, moved].any()))


def _local_heads(joint: BvhJoint, columns: Array) -> Array:
    """Return the head (T, 3) relative to the parent, of a joint that is moved."""
    head = np.tile(joint.offset, (len(columns), 1))
    axes = ["xyz".index(joint.channels[number][0]) for number in joint.positions]
    head[:, axes] = columns[:, joint.positions]
    return head


def _local_rotations(joints: Sequence[BvhJoint], values: Array) -> list[Array]:
    """Return each joint's rotation (T, 4); joints with the same channel order go together."""
    by_order: dict[str, list[tuple[int, list[int]]]] = {}
    column = 0
    for index, joint in enumerate(joints):
        turning = [column + number for number in joint.rotations]
        by_order.setdefault(joint.order, []).append((index, turning))
        column += len(joint.channels)
    rotations = [np.broadcast_to(quaternions.IDENTITY, (len(values), 4))] * len(joints)
    for order, members in by_order.items():
        turns = [
            quaternions.axis_angle_to_quaternion(
                AXES[axis], np.radians(values[:, [columns[position] for _, columns in members]])
            )
            for position, axis in enumerate(order)
        ]  # (T, members, 4) each
        if turns:
            product = reduce(quaternions.multiply, turns)
            for number, (index, _) in enumerate(members):
                rotations[index] = product[:, number]
    return rotations
