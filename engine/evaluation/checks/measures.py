"""Quantities measured on a clip: travel, turning, flights, hand and foot motion.

Every function is pure and takes a Body. It knows no prompt and no threshold of
an action; `checks` puts those together. A test notices later edits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...motion import quaternions
from ...motion.clip import Clip, forward_kinematics, headings
from ...motion.skeleton import JOINT_INDEX, MIRRORED_JOINTS

Array = NDArray[np.float64]

LEFT, UP, FORWARD = 0, 1, 2
"""Axes of a Body's `local` positions."""


@dataclass(frozen=True, slots=True)
class Body:
    """A clip's joints, ready to be measured."""

    joints: Array
    """(T, 22, 3) metres in the world."""

    local: Array
    """(T, 22, 3) metres from the pelvis: left, up, forward of where the pelvis faces."""

    heading: Array
    """(T,) unwrapped yaw in radians; left turns are positive."""

    fps: float
    """Frames per second."""

    @classmethod
    def from_clip(cls, clip: Clip) -> Body:
        """Compute the joints of a clip once."""
        joints, rotations = forward_kinematics(clip.root_pos, quaternions.normalize(clip.rot))
        heading = headings(rotations[:, 0])
        unturn = quaternions.yaw_to_quaternion(-heading)[:, None]
        local = quaternions.rotate(unturn, joints - joints[:, :1])
        return cls(joints, local, heading, clip.fps)

    def mirrored(self) -> Body:
        """Return the body with left and right exchanged."""
        flip = np.array([-1.0, 1.0, 1.0])
        order = list(MIRRORED_JOINTS)
        return Body(
            self.joints[:, order] * flip, self.local[:, order] * flip, -self.heading, self.fps
        )

    def cut(self, start: int, end: int) -> Body:
        """Return frames [start, end) as they are."""
        part = slice(start, end)
        return Body(self.joints[part], self.local[part], self.heading[part], self.fps)

    @property
    def seconds(self) -> float:
        """Duration."""
        return len(self.joints) / self.fps

    def at(self, joint: str) -> Array:
        """Return a joint's world positions (T, 3)."""
        return self.joints[:, JOINT_INDEX[joint]]

    def height(self, joint: str) -> Array:
        """Return a joint's height above y = 0, (T,) metres."""
        return self.joints[:, JOINT_INDEX[joint], 1]

    def relative(self, joint: str, origin: str) -> Array:
        """Return (T, 3) metres from `origin` to `joint`: left, up, forward of the pelvis."""
        return self.local[:, JOINT_INDEX[joint]] - self.local[:, JOINT_INDEX[origin]]


def smoothed(values: Array, frames: int) -> Array:
    """Return the running mean of values (T, ...) over about `frames` frames, same length."""
    width = max(1, min(frames, len(values)))
    if width == 1:
        return values
    before, after = (width - 1) // 2, width // 2
    padding = [(before, after)] + [(0, 0)] * (values.ndim - 1)
    padded = np.pad(values, padding, mode="edge")
    total = np.concatenate([np.zeros_like(padded[:1]), np.cumsum(padded, axis=0)])
    return np.asarray((total[width:] - total[:-width]) / width)


def velocity(positions: Array, fps: float) -> Array:
    """Return the velocities (T, ...) of positions (T, ...) per second, lightly smoothed."""
    if len(positions) < 2:
        return np.zeros_like(positions)
    return np.asarray(np.gradient(smoothed(positions, 3), axis=0) * fps)


def ground_velocity(body: Body) -> Array:
    """Return the pelvis velocity (T, 2) in m/s: to the left and forward of where it faces."""
    world = velocity(body.at("pelvis"), body.fps)
    turned = quaternions.rotate(quaternions.yaw_to_quaternion(-body.heading), world)
    return turned[:, [LEFT, FORWARD]]


def travel(body: Body) -> tuple[float, float]:
    """Return metres travelled to the left and forward, as the body faced at each moment."""
    left, forward = ground_velocity(body).sum(axis=0) / body.fps
    return float(left), float(forward)


def net_displacement(body: Body) -> tuple[float, float]:
    """Return metres from first to last frame: left and forward of the start heading."""
    moved = body.at("pelvis")[-1] - body.at("pelvis")[0]
    turned = quaternions.rotate(quaternions.yaw_to_quaternion(-body.heading[:1]), moved[None])[0]
    return float(turned[LEFT]), float(turned[FORWARD])


def path_length(body: Body) -> float:
    """Return metres of the pelvis' path over the ground, steps' sway smoothed away."""
    path = smoothed(body.at("pelvis")[:, [0, 2]], round(0.5 * body.fps))
    return float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum())


def farthest_from_start(body: Body) -> float:
    """Return the greatest ground distance in metres of the pelvis from its first frame."""
    away = body.at("pelvis")[:, [0, 2]] - body.at("pelvis")[0, [0, 2]]
    return float(np.linalg.norm(away, axis=1).max())


def straightness(body: Body) -> float:
    """Return net displacement over path length, 0 to about 1."""
    net = float(np.hypot(*net_displacement(body)))
    return min(1.0, net / max(path_length(body), 1e-6))


def top_speed(body: Body, seconds: float = 0.5) -> float:
    """Return the highest ground speed in m/s held over a stretch of `seconds`."""
    ground = smoothed(ground_velocity(body), round(seconds * body.fps))
    return float(np.linalg.norm(ground, axis=1).max())


def turn_degrees(body: Body) -> float:
    """Return the heading's change from start to end in degrees; left is positive."""
    return float(np.degrees(body.heading[-1] - body.heading[0]))


def runs_of(condition: NDArray[np.bool_], shortest: int = 1) -> Iterator[tuple[int, int]]:
    """Yield the half-open frame ranges in which a condition (T,) holds, `shortest` or longer."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], condition, [False]]).astype(int)))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if end - start >= shortest:
            yield int(start), int(end)


def held_seconds(body: Body, condition: NDArray[np.bool_]) -> float:
    """Return the longest stretch in seconds in which a condition (T,) holds."""
    return max((end - start for start, end in runs_of(condition)), default=0) / body.fps


def share(condition: NDArray[np.bool_]) -> float:
    """Return the share of frames, 0 to 1, in which a condition (T,) holds."""
    return float(np.mean(condition))


def swings(values: Array, amplitude: float) -> int:
    """Count the movements of at least `amplitude` from one extreme of values (T,) to the next."""
    count, direction = 0, 0
    low = high = float(values[0])
    for value in values.tolist():
        low, high = min(low, value), max(high, value)
        if direction <= 0 and value - low >= amplitude:
            count, direction, high = count + 1, 1, value
        elif direction >= 0 and high - value >= amplitude:
            count, direction, low = count + 1, -1, value
    return count


def busiest_swings(body: Body, values: Array, amplitude: float, seconds: float) -> int:
    """Return the most `swings` of values (T,) within any stretch of `seconds`."""
    width = max(1, round(seconds * body.fps))
    starts = range(0, max(1, len(values) - width + 1), max(1, width // 8))
    return max(swings(values[start : start + width], amplitude) for start in starts)


def lowest_foot(body: Body) -> Array:
    """Return the height (T,) in metres of the lower foot above where feet stand in this clip."""
    feet = np.minimum(
        np.minimum(body.height("left_foot"), body.height("right_foot")),
        np.minimum(body.height("left_ankle"), body.height("right_ankle")) - 0.055,
    )
    return np.asarray(feet - np.percentile(feet, 5))


def flights(body: Body, clearance: float = 0.05, shortest_seconds: float = 0.1) -> int:
    """Count the times when both feet are `clearance` metres or more off the ground."""
    frames = max(1, round(shortest_seconds * body.fps))
    return sum(1 for _ in runs_of(lowest_foot(body) > clearance, frames))


def longest_flight_seconds(body: Body, clearance: float = 0.05) -> float:
    """Return the longest time in seconds with both feet off the ground."""
    return held_seconds(body, lowest_foot(body) > clearance)


def pelvis_rise(body: Body) -> float:
    """Return metres by which the pelvis rises above its median height."""
    height = body.height("pelvis")
    return float(height.max() - np.median(height))


def torso_pitch_degrees(body: Body) -> Array:
    """Return the angle (T,) of pelvis to neck from the vertical: 0 upright, 90 lying."""
    spine = body.relative("neck", "pelvis")
    return np.asarray(
        np.degrees(np.arccos(np.clip(spine[:, UP] / np.linalg.norm(spine, axis=1), -1, 1)))
    )


def torso_bend_degrees(body: Body) -> Array:
    """Return the forward lean (T,) of pelvis to neck in degrees; backward is negative."""
    spine = body.relative("neck", "pelvis")
    return np.asarray(np.degrees(np.arctan2(spine[:, FORWARD], spine[:, UP])))


def hand_over_head(body: Body, side: str) -> Array:
    """Return the wrist's height (T,) above the head joint in metres."""
    return body.height(f"{side}_wrist") - body.height("head")


def hand_over_shoulder(body: Body, side: str) -> Array:
    """Return the wrist's height (T,) above the same side's shoulder in metres."""
    return body.height(f"{side}_wrist") - body.height(f"{side}_shoulder")


def hand_to_head(body: Body, side: str) -> Array:
    """Return the distance (T,) in metres from the wrist to the head joint."""
    return np.asarray(np.linalg.norm(body.relative(f"{side}_wrist", "head"), axis=1))


def hands_apart(body: Body) -> Array:
    """Return the distance (T,) in metres between the wrists."""
    return np.asarray(np.linalg.norm(body.relative("left_wrist", "right_wrist"), axis=1))


def arm_extension(body: Body, side: str) -> Array:
    """Return shoulder-to-wrist distance (T,) over the arm's length: 1 is a straight arm."""
    return np.asarray(
        np.linalg.norm(body.relative(f"{side}_wrist", f"{side}_shoulder"), axis=1) / 0.51
    )


def reach_degrees(body: Body, side: str) -> Array:
    """Return the direction (T,) of the arm seen from above: 0 ahead, 90 left, -90 right."""
    arm = body.relative(f"{side}_wrist", f"{side}_shoulder")
    return np.asarray(np.degrees(np.arctan2(arm[:, LEFT], arm[:, FORWARD])))


def hand_velocity(body: Body, side: str) -> Array:
    """Return the wrist's velocity (T, 3) in m/s relative to the shoulder: left, up, forward."""
    return velocity(body.relative(f"{side}_wrist", f"{side}_shoulder"), body.fps)


def hand_path(body: Body, side: str) -> float:
    """Return the metres that the wrist travels relative to the neck."""
    steps = np.diff(smoothed(body.relative(f"{side}_wrist", "neck"), 3), axis=0)
    return float(np.linalg.norm(steps, axis=1).sum())


def punches(body: Body, side: str, speed: float) -> int:
    """Count the fast stretches of an arm: from bent to straight, the hand near chest height.

    Args:
        body: The motion.
        side: "left" or "right".
        speed: Least speed in m/s at which the wrist leaves the shoulder.
    """
    reach = arm_extension(body, side) * 0.51
    leaving = velocity(reach, body.fps)
    level = hand_over_shoulder(body, side)
    count = 0
    for start, end in runs_of(leaving > 0.4):
        last = min(end, len(reach) - 1)
        ahead = body.relative(f"{side}_wrist", f"{side}_shoulder")[last]
        is_level = -0.40 < level[last] < 0.35
        is_away = np.hypot(ahead[LEFT], ahead[FORWARD]) > 0.25
        if leaving[start:end].max() > speed and reach[last] > 0.34 and is_level and is_away:
            count += 1
    return count


def foot_lift(body: Body, side: str) -> Array:
    """Return the ankle's height (T,) in metres above the other ankle."""
    other = "right" if side == "left" else "left"
    return body.height(f"{side}_ankle") - body.height(f"{other}_ankle")


def foot_speed(body: Body, side: str) -> Array:
    """Return the ankle's speed (T,) in m/s relative to the pelvis."""
    ankle = body.relative(f"{side}_ankle", "pelvis")
    return np.asarray(np.linalg.norm(velocity(ankle, body.fps), axis=1))


def thigh_degrees(body: Body, side: str) -> Array:
    """Return the angle (T,) of the thigh from straight down: 90 is level."""
    thigh = body.relative(f"{side}_knee", f"{side}_hip")
    return np.asarray(
        np.degrees(np.arccos(np.clip(-thigh[:, UP] / np.linalg.norm(thigh, axis=1), -1, 1)))
    )


def knee_degrees(body: Body, side: str) -> Array:
    """Return the knee's flexion (T,) in degrees: 0 is a straight leg."""
    thigh = body.relative(f"{side}_knee", f"{side}_hip")
    shin = body.relative(f"{side}_ankle", f"{side}_knee")
    lengths = np.linalg.norm(thigh, axis=1) * np.linalg.norm(shin, axis=1)
    return np.asarray(np.degrees(np.arccos(np.clip((thigh * shin).sum(axis=1) / lengths, -1, 1))))


def feet_apart(body: Body) -> Array:
    """Return the ground distance (T,) in metres between the ankles."""
    apart = body.relative("left_ankle", "right_ankle")
    return np.hypot(apart[:, LEFT], apart[:, FORWARD])


def liveliness(body: Body) -> float:
    """Return the mean speed in m/s of all joints."""
    return float(np.linalg.norm(velocity(body.joints, body.fps), axis=-1).mean())
