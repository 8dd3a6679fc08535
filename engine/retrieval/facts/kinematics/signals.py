"""Frame by frame, where a clip's joints are, how fast they go and what carries the body.

Everything is measured at 30 fps on joints that are smoothed over five frames, so
that the noise of decoded codes (about 2 cm) does not read as motion. It knows no
state, no event and no caption.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....motion import quaternions
from ....motion.clip import Array, Clip, forward_kinematics, headings
from ....motion.displacements import Flags, runs_of
from ....motion.resampling import resample_clip
from ....motion.skeleton import FPS, JOINT_INDEX, PART_JOINTS, PARTS

SIDES = ("left", "right")
"""Order of every axis of two."""

SPAN = 2
"""Speeds are read between the frames so far before and behind."""

BALLISTIC = -5.5
"""Vertical acceleration, metres a second squared, below which nothing carries the pelvis."""

_SMOOTHING = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0
_ANKLE_STANDS, _TOE_STANDS = 0.075, 0.02
_FOOT_SLOW, _FOOT_SLOW_PER_SPEED, _MOST_RISE = 0.5, 0.32, 0.4
_FOOT_ABOVE_OTHER = 0.06
_FOOT_ABOVE_BODY = 0.1
_OFF_THE_GROUND = 0.03
_LONGEST_FLIGHT = 40
_HAND_LENGTH = 0.09
_BODY_RADIUS = {
    "pelvis": 0.10, "spine3": 0.10, "head": 0.08, "left_knee": 0.05, "right_knee": 0.05,
    "left_wrist": 0.03, "right_wrist": 0.03, "left_elbow": 0.04, "right_elbow": 0.04,
}  # fmt: skip
"""Metres from a joint to the skin that can lie on the ground."""


def joint_pair(name: str) -> list[int]:
    """Return the indices of the left and the right joint of a name: `wrist`, `ankle`."""
    return [JOINT_INDEX[f"{side}_{name}"] for side in SIDES]


@dataclass(frozen=True, slots=True)
class Signals:
    """A clip's motion as numbers a frame; sides in the order left, right."""

    joints: Array
    """(T, 22, 3) smoothed positions, metres."""

    local: Array
    """(T, 22, 3) the same from the pelvis, in the heading's frame: to the left, up, ahead."""

    turning: Array
    """(T, 22, 4) rotations of the joints in world space."""

    yaw: Array
    """(T,) heading, radians, unwrapped."""

    speed: Array
    """(T, 3) of the pelvis in the heading's frame: to the left, up, ahead; metres a second."""

    fall: Array
    """(T,) vertical acceleration of the pelvis, metres a second squared."""

    soles: Array
    """(T, 2) height of the lowest point of each foot above y = 0, metres."""

    carries: Flags
    """(T, 2) the foot stands and carries."""

    support: Array
    """(T,) height of the ground that carries or carried last, metres."""

    airborne: Flags
    """(T,) nothing carries the body, as in a jump or in the flight of a run."""

    hands: Array
    """(T, 2, 3) middles of the hands, in the frame of `local`."""

    hand_speed: Array
    """(T, 2) of the hands relative to the chest, metres a second."""

    foot_speed: Array
    """(T, 2) of the toes relative to the pelvis, metres a second."""

    liveliness: Array
    """(T, 4) mean speed of each of PARTS relative to the pelvis, in its heading's frame."""

    lean: Array
    """(T, 3) of the trunk, degrees: from the vertical, ahead, to the left."""

    faces_up: Array
    """(T,) height of the chest's front, as a unit vector: 1 on the back, -1 on the belly."""

    knees: Array
    """(T, 2) bend of the knees, degrees; 0 is straight."""

    @property
    def frames(self) -> int:
        """T."""
        return len(self.yaw)

    @property
    def pelvis_height(self) -> Array:
        """(T,) above the support, metres."""
        return np.asarray(self.joints[:, 0, 1] - self.support)

    def above_support(self, joints: list[int]) -> Array:
        """Return the heights (T, n) of joints above the support, metres."""
        return np.asarray(self.joints[:, joints, 1] - self.support[:, None])


def smooth(values: Array, kernel: Array = _SMOOTHING) -> Array:
    """Return values (T, ...) averaged over neighbouring frames; ends are repeated."""
    reach = len(kernel) // 2
    rows = np.clip(np.arange(-reach, len(values) + reach), 0, len(values) - 1)
    padded, count = values[rows], len(values)
    return np.asarray(sum(weight * padded[i : i + count] for i, weight in enumerate(kernel)))


def speeds(values: Array, span: int = SPAN) -> Array:
    """Return the change a second of values (T, ...) at 30 fps."""
    at = np.arange(len(values))
    before, behind = np.maximum(at - span, 0), np.minimum(at + span, len(values) - 1)
    seconds = np.maximum(behind - before, 1) / FPS
    return np.asarray(
        (values[behind] - values[before]) / seconds.reshape(-1, *[1] * (values.ndim - 1))
    )


def measure_signals(clip: Clip) -> Signals:
    """Measure a clip of at least one frame, at any rate."""
    clip = resample_clip(clip, FPS)
    joints, turning = forward_kinematics(clip.root_pos, clip.rot)
    joints = smooth(joints)
    yaw = smooth(headings(clip.rot[:, 0]))
    back = quaternions.yaw_to_quaternion(-yaw)[:, None]
    local = quaternions.rotate(back, joints - joints[:, :1])
    tips = np.array([[_HAND_LENGTH, 0.0, 0.0], [-_HAND_LENGTH, 0.0, 0.0]])
    palms = smooth(quaternions.rotate(turning[:, joint_pair("wrist")], tips))
    hands = local[:, joint_pair("wrist")] + quaternions.rotate(back, palms)
    moving = speeds(local)
    chest = (local[:, JOINT_INDEX["spine3"]] + local[:, JOINT_INDEX["neck"]]) / 2.0
    ground = _measure_ground(joints)
    return Signals(
        joints=joints,
        local=local,
        turning=turning,
        yaw=yaw,
        speed=quaternions.rotate(back[:, 0], speeds(joints[:, 0])),
        fall=_vertical_acceleration(joints[:, 0, 1]),
        soles=ground[0],
        carries=ground[1],
        support=ground[2],
        airborne=ground[3],
        hands=hands,
        hand_speed=np.linalg.norm(speeds(hands - chest[:, None]), axis=-1),
        foot_speed=np.linalg.norm(moving[:, joint_pair("foot")], axis=-1),
        liveliness=np.stack(
            [np.linalg.norm(moving[:, PART_JOINTS[part]], axis=-1).mean(1) for part in PARTS], 1
        ),
        lean=_measure_lean(local),
        faces_up=smooth(
            quaternions.rotate(turning[:, JOINT_INDEX["spine2"]], np.array([0.0, 0.0, 1.0]))[:, 1]
        ),
        knees=_knee_bends(local),
    )


def _vertical_acceleration(height: Array, span: int = 4) -> Array:
    at = np.arange(len(height))
    before, behind = np.maximum(at - span, 0), np.minimum(at + span, len(height) - 1)
    bent = (height[behind] - 2 * height + height[before]) / (span / FPS) ** 2
    if len(height) <= 2 * span:
        return np.zeros(len(height))
    # Near an end the nearest whole span tells: a clip may end in mid-air.
    return np.asarray(bent[np.clip(at, span, len(height) - 1 - span)])


def _measure_lean(local: Array) -> Array:
    trunk = local[:, JOINT_INDEX["neck"]]
    flat = np.hypot(trunk[:, 0], trunk[:, 2])
    whole = np.arctan2(flat, trunk[:, 1])
    ahead = np.arctan2(trunk[:, 2], np.abs(trunk[:, 1]))
    left = np.arctan2(trunk[:, 0], np.abs(trunk[:, 1]))
    return np.asarray(np.degrees(np.stack([whole, ahead, left], 1)))


def _knee_bends(local: Array) -> Array:
    hip, knee, ankle = (local[:, joint_pair(name)] for name in ("hip", "knee", "ankle"))
    cosine = ((knee - hip) * (ankle - knee)).sum(-1)
    lengths = np.linalg.norm(knee - hip, axis=-1) * np.linalg.norm(ankle - knee, axis=-1)
    bends = np.arccos(np.clip(cosine / np.maximum(lengths, 1e-9), -1.0, 1.0))
    return np.asarray(np.degrees(bends))


def _measure_ground(joints: Array) -> tuple[Array, Flags, Array, Flags]:
    """Return soles (T, 2), carrying feet (T, 2), support (T,) and flight (T,)."""
    ankles, toes = joints[:, joint_pair("ankle")], joints[:, joint_pair("foot")]
    soles = np.minimum(ankles[..., 1] - _ANKLE_STANDS, toes[..., 1] - _TOE_STANDS)
    lowest = _lowest_of_body(joints)
    pace = np.minimum(
        np.linalg.norm(speeds(ankles), axis=-1), np.linalg.norm(speeds(toes), axis=-1)
    )
    # Mostly along the ground: feet that rise with the pelvis do not stand.
    velocity = speeds(joints[:, 0])
    velocity[:, 1] = np.clip(velocity[:, 1], -_MOST_RISE, _MOST_RISE)
    going = np.linalg.norm(velocity, axis=-1)
    falls = _vertical_acceleration(joints[:, 0, 1]) < BALLISTIC
    stands = pace < _FOOT_SLOW + _FOOT_SLOW_PER_SPEED * going[:, None]
    stands &= soles < soles.min(1, keepdims=True) + _FOOT_ABOVE_OTHER
    stands &= soles < lowest[:, None] + _FOOT_ABOVE_BODY
    stands = np.stack([keep_long(stands[:, side], 3) for side in (0, 1)], 1)
    carries = stands & ~_in_flight(soles.min(1), stands, falls)[:, None]
    support = _support(soles, carries, lowest)
    airborne = ~carries.any(1) & (np.minimum(soles.min(1), lowest) > support + _OFF_THE_GROUND)
    airborne = keep_long(airborne, 3)
    for start, end in runs_of(airborne):
        if end - start > _LONGEST_FLIGHT or not falls[start:end].any():
            airborne[start:end] = False
    return soles, carries, support, airborne


def _in_flight(sole: Array, stands: NDArray[np.bool_], falls: Flags) -> Flags:
    """Return (T,) where feet that seem to stand only turn round at the top of a flight."""
    grounded = np.flatnonzero(stands.any(1) & ~falls)
    if len(grounded) == 0:
        return falls
    near = np.interp(np.arange(len(sole)), grounded, sole[grounded])
    return np.asarray(falls & (sole > near + _OFF_THE_GROUND))


def _lowest_of_body(joints: Array) -> Array:
    """Return the height (T,) of the lowest point of the body beside its feet."""
    heights = [joints[:, JOINT_INDEX[name], 1] - r for name, r in _BODY_RADIUS.items()]
    return np.asarray(np.min(heights, axis=0))


def _support(soles: Array, carries: NDArray[np.bool_], lowest: Array) -> Array:
    """Return the height (T,) of what carries, bridged where nothing does."""
    frames = np.arange(len(soles))
    carried = np.where(carries, soles, np.inf).min(1)
    rows = np.flatnonzero(carries.any(1))
    if len(rows) == 0:
        return np.full(len(soles), np.percentile(np.minimum(lowest, soles.min(1)), 5))
    return np.interp(frames, rows, np.minimum(carried, lowest)[rows])


def keep_long(flags: Flags, frames: int) -> Flags:
    """Return flags (T,) without the runs that are shorter than some frames."""
    kept = np.zeros_like(flags)
    for start, end in runs_of(flags):
        kept[start:end] = end - start >= frames
    return kept


def fill_gaps(flags: Flags, frames: int) -> Flags:
    """Return flags (T,) with the gaps between runs closed that are shorter than some frames."""
    filled = flags.copy()
    for start, end in runs_of(~flags):
        if start > 0 and end < len(flags) and end - start < frames:
            filled[start:end] = True
    return filled
