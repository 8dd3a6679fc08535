"""What a rig did over some frames: poses, channels, and how the two hang together.

It knows no Blender and no clip.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import quaternions
from ..bones.matching import BoneMap
from ..bones.reins import followers_at_rest
from ..rig import BonePose, Rig, RigPose
from ..skeleton import FPS
from .rest_alignment import Alignment, align_rest_poses
from .twist_spreading import find_twisted_limbs, gather_twist, spread_twist

Array = NDArray[np.floating[Any]]
Flags = NDArray[np.bool_]

_SAME_ROLL = np.radians(3.0)
"""A twist bone that is nowhere farther from what a clip makes of it is driven by clips."""


@dataclass(frozen=True, slots=True)
class RigPath:
    """Where rig space lies on each of F frames, seen from that of the first frame."""

    positions: Array
    """(F, 3)"""

    rotations: Array
    """(F, 4)"""

    scales: Array
    """(F,)"""

    @property
    def is_still(self) -> bool:
        """Say whether rig space lies where it lay on the first frame."""
        is_turned = (self.rotations != quaternions.IDENTITY).any()
        return not (is_turned or self.positions.any() or (self.scales != 1.0).any())


@dataclass(frozen=True, slots=True)
class BoneBehaviour:
    """How N bones take up what is above them and what their channels hold."""

    is_carried: Flags
    """(N,) the channels turn the bone from wherever its parent or its carrier puts it;
    False where constraints make something else of the channels."""

    inherits_rotation: Flags
    """(N,) the bone turns with its parent."""


@dataclass(frozen=True, eq=False)
class RigTrack:
    """What a rig did over F frames. Only the bones in `bones_to_read` must be filled in."""

    rig: Rig
    bone_map: BoneMap

    pose: RigPose
    """(F, N) the evaluated pose, in each frame's own rig space."""

    channels: BonePose
    """(F, N) values of the channels."""

    behaviour: BoneBehaviour

    path: RigPath
    """How rig space itself moved."""

    location_axes: Array
    """(F, 3, 3) from a location of the location bone to a translation in rig space."""

    fps: float

    @property
    def frames(self) -> int:
        """F."""
        return len(self.location_axes)

    @cached_property
    def alignment(self) -> Alignment:
        """How the rig's rest pose differs from the canonical one."""
        return align_rest_poses(self.rig, self.bone_map)

    @cached_property
    def driven_map(self) -> BoneMap:
        """The bone map with those twist bones only that roll as a clip would make them roll.

        An animator's own motion of the others stays, like that of any bone without a joint.
        """
        limbs = find_twisted_limbs(self.rig, self.bone_map, self.alignment)
        if not limbs:
            return self.bone_map
        pose = gather_twist(limbs, self.alignment, self.pose)
        twisted = spread_twist(limbs, self.alignment, pose)[1]
        followed = {
            self.rig.names[bone]
            for limb in limbs
            if all(self._is_so(bone, twisted[bone]) for bone in limb.bones)
            for bone in limb.bones
        }
        twists = tuple(twist for twist in self.bone_map.twists if twist.bone in followed)
        return replace(self.bone_map, twists=twists)

    def _is_so(self, bone: int, rotations: Array) -> bool:
        """Say whether a bone is oriented (F, 4) throughout."""
        angles = quaternions.angle_between(self.pose.rotations[:, bone], rotations)
        return bool(angles.max(initial=0.0) < _SAME_ROLL)

    @cached_property
    def clip_positions(self) -> Array:
        """(F,) where each frame lies on a clip's frames."""
        return np.arange(self.frames) * (FPS / self.fps)

    @property
    def clip_frames(self) -> int:
        """T, the frames of the track's clip."""
        return int(np.floor(self.clip_positions[-1] + 1e-6)) + 1

    @cached_property
    def pose_on_path(self) -> RigPose:
        """The pose (F, N) in the first frame's rig space."""
        if self.path.is_still:
            return self.pose
        turns, moves = self.path.rotations[:, None], self.path.positions[:, None]
        heads = quaternions.rotate(turns, self.pose.heads) * self.path.scales[:, None, None]
        return RigPose(quaternions.multiply(turns, self.pose.rotations), heads + moves)


def location_bone(rig: Rig, bone_map: BoneMap) -> int:
    """Return the bone that carries the path: the hips, or the first above them that can move."""
    line = list(rig.lineage(rig.index[bone_map.bones["pelvis"]]))
    movable = [bone for bone in line if not (rig.connected and rig.connected[bone])]
    return movable[0] if movable else line[-1]


def made_bones(rig: Rig, bone_map: BoneMap) -> list[int]:
    """Return the bones that a clip turns, parents first: those of joints and known twist bones.

    With them turn the bones that constraints follow; what counts from these stays as it is.
    """
    alignment = align_rest_poses(rig, bone_map)
    twists = [bone for limb in find_twisted_limbs(rig, bone_map, alignment) for bone in limb.bones]
    turning = {rig.index[one.bone] for one in bone_map.carried if one.turner}
    resting = {rig.index[name] for name in followers_at_rest(bone_map.carried)}
    return sorted({*alignment.bones, *twists, *turning} - resting)


def bones_to_read(rig: Rig, bone_map: BoneMap) -> tuple[int, ...]:
    """Return the bones that a track must know: those a clip turns, their parents, the path's."""
    carried = {rig.index[one.bone] for one in bone_map.carried}
    made = {*made_bones(rig, bone_map), location_bone(rig, bone_map), *carried}
    return tuple(sorted((made | {rig.parents[bone] for bone in made}) - {-1}))


def still_below(track: RigTrack, bone: int, posed: Mapping[int, Array]) -> Array:
    """Return the orientation (F, 4) that a bone without channels has below a new pose.

    All bones but the posed ones stay as they are, seen from the posed bone above them.

    Args:
        track: what the rig did.
        bone: whose orientation is asked.
        posed: new orientations (F, 4) in rig space of some bones.
    """
    above = _posed_above(track, bone, posed)
    still = still_axes(track, bone)
    if above < 0:
        return still
    back = quaternions.conjugate(track.pose.rotations[:, above])
    return quaternions.multiply(posed[above], quaternions.multiply(back, still))


def _posed_above(track: RigTrack, bone: int, posed: Mapping[int, Array]) -> int:
    """Return the nearest posed bone that this one turns with; -1 where there is none."""
    while bone >= 0 and track.behaviour.inherits_rotation[bone]:
        bone = track.rig.parents[bone]
        if bone in posed:
            return bone
    return -1


def still_axes(track: RigTrack, bone: int) -> Array:
    """Return the orientation (F, 4) that a bone has while its channels hold nothing."""
    parent = track.rig.parents[bone]
    if track.behaviour.is_carried[bone]:
        back = quaternions.conjugate(track.channels.rotations[:, bone])
        return quaternions.multiply(track.pose.rotations[:, bone], back)
    if parent < 0 or not track.behaviour.inherits_rotation[bone]:
        return np.broadcast_to(track.rig.rotations[bone], (track.frames, 4))
    return quaternions.multiply(track.pose.rotations[:, parent], track.rig.local_rotations[bone])
