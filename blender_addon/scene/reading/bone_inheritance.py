"""Fits a motion to bones that do not simply follow their parents.

Channels are worked out for bones that take up their parent's turn and place as they are, and
have their own size. Where a bone inherits no rotation, where its location is not counted in its
own axes, or where bones above it are scaled, Blender itself is asked where the bone lies without
channels, and the channels are worked out from there.
It writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from ....engine.motion import quaternions
from ....engine.motion.request import RequestError
from ....engine.motion.retargeting.clip_to_rig import RigMotion
from ....engine.motion.rig import BonePose, Rig, RigPose, pose_rig
from ...core import axes
from . import armature

Array = NDArray[np.floating[Any]]

_SAME = 1e-5
_NOTHING = 1e-9


def fit_inheritance(ob: bpy.types.Object, motion: RigMotion) -> RigMotion:
    """Return the motion with channels that pose the bones as they were meant.

    Args:
        ob: the armature object; bones without keys hold what they hold now.
        motion: channels for bones that follow their parents in every way.
    """
    movers = {motion.location_bone} | {one.bone for one in motion.moved}
    movers |= {motion.root.bone} - {""} if motion.root else set()
    line = _lineages(ob, {*motion.bones, *movers})
    check_sizes(ob, line)
    if not _is_unusual(ob, line, movers):
        return motion
    rig = armature.read_rig(ob)
    channels = plain_channels(rig, armature.read_held_channels(ob, rig), motion)
    solver = _Solver(ob, rig, channels, pose_rig(rig, channels))
    for name in (name for name in rig.names if name in line):
        is_turned = name in motion.bones or bool(motion.root and name == motion.root.bone)
        solver.pose_bone(name, is_turned, name in movers)
    return _with_channels(rig, motion, channels)


def check_sizes(ob: bpy.types.Object, names: Iterable[str]) -> None:
    """Refuse bones that are scaled to nothing: no channel turns what hangs below them.

    Raises:
        RequestError: with the bone and the cure.
    """
    for name in names:
        if abs(float(np.prod(np.array(ob.pose.bones[name].scale)))) < _NOTHING:
            raise RequestError(
                f'The bone "{name}" of "{ob.name}" is scaled to nothing.',
                "Clear its scale (Alt S in Pose Mode).",
            )


def _lineages(ob: bpy.types.Object, names: set[str]) -> set[str]:
    """Return the names and those of all bones above them."""
    bones = [ob.data.bones[name] for name in names]
    return names | {above.name for bone in bones for above in bone.parent_recursive}


def _is_unusual(ob: bpy.types.Object, line: set[str], movers: set[str]) -> bool:
    """Say whether some bone does not simply follow its parent."""
    bones = [ob.data.bones[name] for name in line]
    if any(bone.parent and not bone.use_inherit_rotation for bone in bones):
        return True
    if not all(ob.data.bones[name].use_local_location for name in movers):
        return True
    scales = np.array([ob.pose.bones[name].scale for name in line])
    return bool((np.abs(scales - 1.0) > _SAME).any())


def plain_channels(rig: Rig, held: BonePose, motion: RigMotion) -> BonePose:
    """Return the channels (T, N) of all bones: the motion's, of others their present values."""
    count = len(motion.locations)
    rotations = np.tile(held.rotations, (count, 1, 1))
    locations = np.tile(held.locations, (count, 1, 1))
    rotations[:, [rig.index[name] for name in motion.bones]] = motion.rotations
    for one in motion.moved:
        locations[:, rig.index[one.bone]] = one.locations
    locations[:, rig.index[motion.location_bone]] = motion.locations
    if motion.root is not None and motion.root.bone:
        rotations[:, rig.index[motion.root.bone]] = motion.root.rotations
        locations[:, rig.index[motion.root.bone]] = motion.root.locations
    return BonePose(rotations, locations)


def _with_channels(rig: Rig, motion: RigMotion, channels: BonePose) -> RigMotion:
    """Return the motion with its part of all bones' channels."""
    columns = [rig.index[name] for name in motion.bones]
    root = motion.root
    if root is not None and root.bone:
        column = rig.index[root.bone]
        turned = quaternions.keep_quaternion_sign(channels.rotations[:, column])
        root = replace(root, rotations=turned, locations=channels.locations[:, column])
    return replace(
        motion,
        rotations=quaternions.keep_quaternion_sign(channels.rotations[:, columns]),
        locations=channels.locations[:, rig.index[motion.location_bone]],
        root=root,
        moved=tuple(
            replace(one, locations=channels.locations[:, rig.index[one.bone]])
            for one in motion.moved
        ),
    )


class _Solver:
    """Poses bones as Blender does, parents first, and puts right their channels."""

    def __init__(self, ob: bpy.types.Object, rig: Rig, channels: BonePose, meant: RigPose) -> None:
        """Take channels (T, N), to be changed in place, and what they were meant to pose."""
        self._ob, self._rig, self._channels, self._meant = ob, rig, channels, meant
        self._posed: dict[str, Array] = {}

    def pose_bone(self, name: str, is_turned: bool, is_moved: bool) -> None:
        """Work out one bone's channels, as far as they are keyed, and where it lies then."""
        column = self._rig.index[name]
        count = len(self._channels.locations)
        still = self._place(name, np.tile(np.eye(4), (count, 1, 1)))
        if is_turned:
            wanted = axes.orientations_to_blender(self._meant.rotations[:, column])
            wanted = quaternions.quaternion_to_matrix(wanted)
            turns = _nearest_rotations(np.linalg.solve(still[:, :3, :3], wanted))
            self._channels.rotations[:, column] = quaternions.matrix_to_quaternion(turns)
        if is_moved:
            self._channels.locations[:, column] = self._locations(name, still)
        basis = np.tile(np.eye(4), (count, 1, 1))
        turned = quaternions.quaternion_to_matrix(self._channels.rotations[:, column])
        basis[:, :3, :3] = turned * np.array(self._ob.pose.bones[name].scale)
        basis[:, :3, 3] = self._channels.locations[:, column]
        self._posed[name] = self._place(name, basis)

    def _locations(self, name: str, still: Array) -> Array:
        """Return the location channel (T, 3) that brings a bone's head where it was meant.

        Args:
            name: a bone.
            still: (T, 4, 4) where it lies without channels.
        """
        steps = np.tile(np.eye(4), (3, len(still), 1, 1))
        steps[:, :, :3, 3] = np.eye(3)[:, None]
        moves = [self._place(name, step)[:, :3, 3] - still[:, :3, 3] for step in steps]
        heads = axes.vectors_to_blender(self._meant.heads[:, self._rig.index[name]])
        away = (heads - still[:, :3, 3])[..., None]
        return np.asarray(np.linalg.solve(np.stack(moves, axis=-1), away)[..., 0])

    def _place(self, name: str, bases: Array) -> Array:
        """Return the poses (T, 4, 4) that Blender makes of a bone's channels (T, 4, 4)."""
        bone: Any = self._ob.data.bones[name]
        rest = bone.matrix_local
        if bone.parent is None:
            poses = [bone.convert_local_to_pose(Matrix(basis), rest) for basis in bases]
        else:
            rest_above = bone.parent.matrix_local
            poses = [
                bone.convert_local_to_pose(
                    Matrix(basis), rest, parent_matrix=Matrix(above), parent_matrix_local=rest_above
                )
                for basis, above in zip(bases, self._posed[bone.parent.name], strict=True)
            ]
        return np.array(poses)


def _nearest_rotations(matrices: Array) -> Array:
    """Return the rotations (T, 3, 3) nearest to matrices that may be scaled and sheared."""
    left, _, right = np.linalg.svd(matrices)
    return np.asarray(left @ right)
