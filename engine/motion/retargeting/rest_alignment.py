"""How a rig's rest pose differs from the canonical T-pose: body frame, size, bone offsets.

Where the animator has set a rest reference, that pose stands in for the rest
pose. It knows neither clips nor Blender.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import quaternions
from ..bones.matching import BoneMap
from ..rig import Rig, RigReference
from ..skeleton import JOINT_INDEX, JOINTS, REST_OFFSETS, STANDING_PELVIS_HEIGHT
from .limb_ends import check_sizes, find_limb_ends

Array = NDArray[np.floating[Any]]

_Places = tuple[dict[str, int], dict[str, Array]]
"""Bone by joint, and points (3,) of ankles and wrists that no bone plays."""

# Each limb bone with the joint that it points at; the bend of one is carried by the next.
_LIMB_CHAINS = tuple(
    tuple(f"{side}_{joint}" for joint in chain)
    for side in ("left", "right")
    for chain in (("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle", "foot"))
)
_LEG_OFFSETS = REST_OFFSETS[[JOINT_INDEX[f"left_{joint}"] for joint in ("knee", "ankle")]]
_CANONICAL_LEG = -float(_LEG_OFFSETS[:, 1].sum())
_CANONICAL_ANKLE_HEIGHT = (
    STANDING_PELVIS_HEIGHT + float(REST_OFFSETS[JOINT_INDEX["left_hip"]][1]) - _CANONICAL_LEG
)
_CANONICAL_TOE_HEIGHT = _CANONICAL_ANKLE_HEIGHT + float(REST_OFFSETS[JOINT_INDEX["left_foot"]][1])
# A rest body within this cosine of a rig axis stands along that axis.
_UPRIGHT_COSINE = np.cos(np.radians(35.0))
# A rig whose feet end this near to its origin's height stands on that height (of leg length).
_FLOOR_TOLERANCE = 0.12
# A foot that falls from ankle to toes by at most this many degrees is taken as flat at rest.
_STEEPEST_FLAT_FOOT = 70.0
# The toes of a flat foot are at most this far above or below the floor (of the foot's length).
_FLAT_FOOT_HEIGHT = 0.6
# Radians that a hand's middle knuckle may be off the forearm's direction at rest.
_BENT_HAND = np.radians(8.0)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the clip's space lies in rig space."""

    position: Array
    """(3,) the point on the floor that the clip's origin falls on, rig units."""

    rotation: Array
    """(4,) rotation from the clip's axes to rig space."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """Everything constant between a rig and the canonical skeleton, for M mapped joints."""

    joints: tuple[int, ...]
    """(M) indices into JOINTS; the pelvis first."""

    bones: tuple[int, ...]
    """(M) indices of the bones that play them."""

    body: Array
    """(4,) turns canonical axes into the rest body's: up, facing and left in rig space. Up is
    an axis of rig space where the body stands along one, however it leans."""

    offsets: Array
    """(M, 4) orientation that each bone has, in canonical axes, in the canonical T-pose."""

    scale: float
    """Rig units per metre of the canonical skeleton, by the length of the legs as posed."""

    lift: float
    """Rig units that points of a clip are raised by, for ankles higher than the canonical ones."""

    floor_point: Array
    """(3,) below the rig's origin, at the height that the rest pose stands on."""

    hip_chains: tuple[tuple[int, ...], ...]
    """For the left and the right thigh: rows of the mapped bones that carry it, from the pelvis
    down, and its own row."""

    heads: Array
    """(M, 3) where the bones are in the pose in which their distances are measured."""

    rotations: Array
    """(M, 4) and their orientation in that pose."""

    carried: tuple[tuple[int, int], ...] = ()
    """Rows of bones that hang elsewhere than on their limb, each with the row of the limb's
    bone: in every pose they count as where the limb carries them."""

    size: float = 1.0
    """How many times larger than at rest the bones are in that pose."""

    def measured_in(self, heads: Array, rotations: Array) -> Alignment:
        """Return the same with distances of another pose: bones may be held away from rest.

        Args:
            heads: (N, 3) of the rig's bones.
            rotations: (N, 4)
        """
        bones = list(self.bones)
        heads, rotations = heads[bones], rotations[bones]
        if not self.carried:
            return replace(self, heads=heads, rotations=rotations)
        hip, knee = (self.joints.index(JOINT_INDEX[f"left_{one}"]) for one in ("hip", "knee"))
        lengths = [float(np.linalg.norm(one[knee] - one[hip])) for one in (self.heads, heads)]
        grown = lengths[1] / max(lengths[0], 1e-12)
        for row, carrier in self.carried:
            way = grown * self.way(carrier, row)
            heads[row] = heads[carrier] + quaternions.rotate(rotations[carrier], way)
        return replace(self, heads=heads, rotations=rotations, size=self.size * grown)

    def way(self, row: int, end: int) -> Array:
        """Return the way (3,) from one bone's head to another's, in the first one's own axes."""
        back = quaternions.conjugate(self.rotations[row])
        return quaternions.rotate(back, self.heads[end] - self.heads[row])

    def from_pelvis(self, rotations: Array) -> Array:
        """Return the ways (T, 2, 3) from the pelvis bone's head to the thighs'.

        Args:
            rotations: (T, M, 4) of the mapped bones in rig space.
        """
        sides = [
            sum(
                quaternions.rotate(rotations[:, row], self.way(row, end))
                for row, end in zip(chain, chain[1:], strict=False)
            )
            for chain in self.hip_chains
        ]
        return np.stack(sides, axis=1)

    def to_rig(self, points: Array, placement: Placement) -> Array:
        """Return where points (..., 3) of a clip lie in rig space."""
        raised = self.scale * points + np.array([0.0, self.lift, 0.0])
        return np.asarray(placement.position + quaternions.rotate(placement.rotation, raised))

    def to_clip(self, points: Array, placement: Placement) -> Array:
        """Return where points (..., 3) of rig space lie in the clip's space."""
        back = quaternions.conjugate(placement.rotation)
        raised = quaternions.rotate(back, points - placement.position)
        return np.asarray((raised - np.array([0.0, self.lift, 0.0])) / self.scale)


def reference_of(rig: Rig) -> RigReference:
    """Return the pose that counts as the rig's rest: the animator's, or else the rest pose."""
    return rig.reference or RigReference(rig.heads, rig.tails, rig.rotations)


def align_rest_poses(rig: Rig, bone_map: BoneMap) -> Alignment:
    """Compare the rig's rest pose with the canonical one.

    Pelvis, spine, collars, neck and head at rest count as neutral, whatever
    their bones' directions: straightening them would bend every chest. Arms
    and legs are swung to the canonical directions. Feet that are flat at rest
    are only turned about the vertical, so that they stay flat.
    """
    bones = {joint: rig.index[bone] for joint, bone in bone_map.bones.items()}
    rest = reference_of(rig)
    body, leaning = _body_frames(rest, bones)
    ends = find_limb_ends(rig, rest, bones)
    check_sizes(rest, bones, ends)
    size = _size(rest, bones, ends, leaning)
    floor = size.floor if size.has_floor else None
    swings = _limb_swings(rest, (bones, ends), leaning, floor)
    for finger in bone_map.fingers:
        if (finger.digit, finger.segment) == (2, 0) and f"{finger.side}_wrist" in bones:
            knuckle = rest.heads[rig.index[finger.bone]]
            _straighten_hand(rest, bones, swings, leaning, (finger.side, knuckle))
    joints = [joint for joint in JOINTS if joint in bones]
    joint_of = {bone: joint for joint, bone in bone_map.bones.items()}
    to_canonical = quaternions.conjugate(leaning)
    rotations = rest.rotations[[bones[joint] for joint in joints]]
    swing = np.stack([swings.get(joint, quaternions.IDENTITY) for joint in joints])
    alignment = Alignment(
        joints=tuple(JOINT_INDEX[joint] for joint in joints),
        bones=tuple(bones[joint] for joint in joints),
        body=body,
        offsets=quaternions.multiply(swing, quaternions.multiply(to_canonical, rotations)),
        scale=rig.size * size.scale,
        lift=rig.size * (size.ankle_height - _CANONICAL_ANKLE_HEIGHT * size.scale),
        floor_point=size.floor * _up(body),
        hip_chains=tuple(
            _hip_chain(rig, [bones[joint] for joint in joints], bones[f"{side}_hip"])
            for side in ("left", "right")
        ),
        heads=rig.heads[[bones[joint] for joint in joints]],
        rotations=rig.rotations[[bones[joint] for joint in joints]],
        carried=tuple(
            (joints.index(joint_of[one.bone]), joints.index(joint_of[one.carrier]))
            for one in bone_map.carried
            if one.bone in joint_of
        ),
    )
    if rig.size == 1.0:
        return alignment
    return alignment.measured_in(rig.size * rig.heads, rig.rotations)


def _hip_chain(rig: Rig, mapped: list[int], thigh: int) -> tuple[int, ...]:
    """Return one of `Alignment.hip_chains`; some rigs hang thighs from the spine.

    Args:
        rig: N bones.
        mapped: (M) the bones that play joints, the pelvis first.
        thigh: one of them.
    """
    pelvis = mapped[0]
    line = [bone for bone in rig.lineage(thigh) if bone in mapped]
    chain = line[: line.index(pelvis) + 1] if pelvis in line else [thigh, pelvis]
    return tuple(mapped.index(bone) for bone in reversed(chain))


def _body_frames(rest: RigReference, bones: dict[str, int]) -> tuple[Array, Array]:
    """Find up, left and forward of the rest body from hips, shoulders and neck.

    Returns:
        body: (4,) upright, where the body stands along an axis of rig space.
        leaning: (4,) the body's own: hips and shoulders are level in it. Only a lean to the
            side shows; how far a spine leans forwards is a matter of anatomy.
    """
    legs = [rest.heads[bones[f"{side}_hip"]] for side in ("left", "right")]
    arms = [rest.heads[bones[f"{side}_shoulder"]] for side in ("left", "right")]
    up = (arms[0] + arms[1]) - (legs[0] + legs[1])
    up = up / max(float(np.linalg.norm(up)), 1e-12)
    nearest = int(np.argmax(np.abs(up)))
    if abs(up[nearest]) > _UPRIGHT_COSINE:
        up = np.eye(3)[nearest] * np.sign(up[nearest])
    left = (legs[0] - legs[1]) + (arms[0] - arms[1])
    left = left / max(float(np.linalg.norm(left)), 1e-12)
    level = left - up * (left @ up)
    return _frame(level, up), _frame(left, up - left * (left @ up))


def _frame(left: Array, up: Array) -> Array:
    """Return the rotation (4,) that turns +X and +Y into two square directions (3,)."""
    left, up = (axis / max(float(np.linalg.norm(axis)), 1e-12) for axis in (left, up))
    return quaternions.matrix_to_quaternion(np.stack([left, up, np.cross(left, up)], axis=-1))


@dataclass(frozen=True, slots=True)
class _Size:
    """How large a rest body is, in rig units."""

    floor: float
    """Height along up that it stands on."""

    scale: float
    """Units per canonical metre."""

    ankle_height: float
    """Of the ankles above the floor."""

    has_floor: bool = True
    """Whether the rest pose tells where the floor is."""


def _size(
    rest: RigReference, bones: dict[str, int], ends: dict[str, Array], body: Array
) -> _Size:
    """Measure the legs. The body frame says which way is up."""
    up = _up(body)
    lengths, ankles, lowest = [], [], []
    for side in ("left", "right"):
        hip, knee = (rest.heads[bones[f"{side}_{joint}"]] for joint in ("hip", "knee"))
        ankle = _limb_end(rest, (bones, ends), f"{side}_ankle")
        lengths.append(np.linalg.norm(knee - hip) + np.linalg.norm(ankle - knee))
        ankles.append(float(ankle @ up))
        if f"{side}_foot" in bones:
            lowest.append(float(rest.heads[bones[f"{side}_foot"]] @ up))
    length = float(np.mean(lengths))
    scale = length / _CANONICAL_LEG
    if np.abs(up).max() < _UPRIGHT_COSINE:  # It leaps, or lies: nothing tells the floor.
        height = _CANONICAL_ANKLE_HEIGHT * scale
        if lowest:
            height = _CANONICAL_TOE_HEIGHT * scale + float(np.mean(ankles) - np.mean(lowest))
        return _Size(0.0, scale, float(np.clip(height, 0.0, 0.3 * length)), has_floor=False)
    floor = 0.0
    if not -0.02 * length <= min(ankles + lowest) <= _FLOOR_TOLERANCE * length:
        below_ankles = min(ankles) - _CANONICAL_ANKLE_HEIGHT * scale
        floor = min(lowest) - _CANONICAL_TOE_HEIGHT * scale if lowest else below_ankles
    ankle_height = float(np.clip(np.mean(ankles) - floor, 0.0, 0.3 * length))
    return _Size(floor, scale, ankle_height)


def _limb_swings(
    rest: RigReference, places: _Places, body: Array, floor: float | None
) -> dict[str, Array]:
    """Return, by joint, the turn in canonical axes from the rest pose to the T-pose, (4,)."""
    bones = places[0]
    swings: dict[str, Array] = {}
    feet = _foot_swings(rest, bones, body, floor)
    to_canonical = quaternions.conjugate(body)
    for chain in _LIMB_CHAINS:
        swing = quaternions.IDENTITY
        for joint, end in zip(chain, (*chain[1:], ""), strict=True):
            if joint not in bones:
                continue
            if end and not joint.endswith("ankle"):
                vector = _limb_end(rest, places, end) - rest.heads[bones[joint]]
                resting = quaternions.rotate(swing, quaternions.rotate(to_canonical, vector))
                bend = quaternions.between(resting, REST_OFFSETS[JOINT_INDEX[end]])
                swing = quaternions.multiply(bend, swing)
            elif joint.endswith("ankle"):
                swing = feet.get(joint, quaternions.IDENTITY)
            swings[joint] = swing
    return swings


def _foot_swings(
    rest: RigReference, bones: dict[str, int], body: Array, floor: float | None
) -> dict[str, Array]:
    """Return, by ankle, the turn of a foot (4,): about the vertical if it is flat at rest.

    How steeply the line from ankle to toes falls differs between rigs whose soles are all flat,
    so that line must not be matched on a flat foot. A foot that is not flat falls as the other
    one does, or as the canonical one.
    """
    ways, heights = {}, {}
    for side in ("left", "right"):
        ends = [bones.get(f"{side}_{joint}", -1) for joint in ("ankle", "foot")]
        if min(ends) >= 0:
            way = rest.heads[ends[1]] - rest.heads[ends[0]]
            ways[side] = quaternions.rotate(quaternions.conjugate(body), way)
            heights[side] = float(rest.heads[ends[1]] @ _up(body))
    lowest = min(heights.values(), default=0.0) if floor is None else floor
    is_flat = {
        side: -10.0 <= _slope(way) <= _STEEPEST_FLAT_FOOT
        and abs(heights[side] - lowest) < _FLAT_FOOT_HEIGHT * float(np.linalg.norm(way))
        for side, way in ways.items()
    }
    slopes = [_slope(way) for side, way in ways.items() if is_flat[side]]
    canonical = REST_OFFSETS[JOINT_INDEX["left_foot"]]
    fall = np.radians(slopes[0] if slopes else _slope(canonical))
    swings = {}
    for side, way in ways.items():
        ahead = np.array([0.0, -np.sin(fall), np.cos(fall)])
        if is_flat[side]:
            way, ahead = way * np.array([1.0, 0.0, 1.0]), np.array([0.0, 0.0, 1.0])
        swings[f"{side}_ankle"] = quaternions.between(way, ahead)
    return swings


def _slope(way: Array) -> float:
    """Return how many degrees the line from ankle to toes (3,) falls."""
    return float(np.degrees(np.arctan2(-way[1], np.hypot(way[0], way[2]))))


def _straighten_hand(
    rest: RigReference,
    bones: dict[str, int],
    swings: dict[str, Array],
    body: Array,
    middle: tuple[str, Array],
) -> None:
    """Add to a hand's swing what lifts its middle knuckle to nearly the forearm's direction.

    Hands are no limb bones of a clip, so a few degrees are a matter of anatomy; hands that are
    bent farther at rest would stay bent in every motion.
    """
    side, knuckle = middle
    joint = f"{side}_wrist"
    along = REST_OFFSETS[JOINT_INDEX[joint]]
    way = quaternions.rotate(quaternions.conjugate(body), knuckle - rest.heads[bones[joint]])
    way = quaternions.rotate(swings[joint], way)
    bend = quaternions.between(way, along)
    angle = float(quaternions.angle_between(quaternions.IDENTITY, bend))
    if angle > _BENT_HAND:
        share = np.array(1.0 - _BENT_HAND / angle)
        bend = quaternions.slerp(quaternions.IDENTITY, bend, share)
        swings[joint] = quaternions.multiply(bend, swings[joint])


def _limb_end(rest: RigReference, places: _Places, end: str) -> Array:
    """Return where a limb's joint lies: at its bone's head, or where the limb ends without one."""
    bones, ends = places
    return np.asarray(rest.heads[bones[end]] if end in bones else ends[end])


def _up(body: Array) -> Array:
    return quaternions.rotate(body, np.array([0.0, 1.0, 0.0]))
