"""Hand-made clips with known answers: a puppet whose joints are bent by curves over time."""

from __future__ import annotations

import numpy as np
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.clip import Clip
from keyfill_extension.engine.motion.skeleton import FPS, JOINT_INDEX, STANDING_PELVIS_HEIGHT

AXES = {"x": (1.0, 0.0, 0.0), "y": (0.0, 1.0, 0.0), "z": (0.0, 0.0, 1.0)}


class Puppet:
    """Stands with the arms hanging; bend its joints, move its pelvis, take the clip.

    `bend` adds a rotation in degrees about an axis of the joint's parent. The
    left arm points to +X at rest: about z, -90 hangs and 90 is up; about y, -90
    points ahead. A leg goes forward by a negative angle about x.
    """

    def __init__(self, seconds: float) -> None:
        self.t = np.arange(round(seconds * FPS)) / FPS
        self.rot = np.zeros((len(self.t), len(JOINT_INDEX), 4))
        self.rot[..., 0] = 1.0
        self.pelvis = np.zeros((len(self.t), 3))
        self.pelvis[:, 1] = STANDING_PELVIS_HEIGHT
        self.arm("left", -80.0)
        self.arm("right", -80.0)

    def bend(self, joint: str, axis: str, degrees: float | np.ndarray) -> Puppet:
        angle = np.radians(np.broadcast_to(degrees, self.t.shape))
        turn = quaternions.axis_angle_to_quaternion(np.array(AXES[axis]), angle)
        index = JOINT_INDEX[joint]
        self.rot[:, index] = quaternions.multiply(turn, self.rot[:, index])
        return self

    def arm(self, side: str, up: float | np.ndarray, ahead: float | np.ndarray = 0.0) -> Puppet:
        """Set the upper arm: degrees above level, then swung ahead about the vertical."""
        sign = 1.0 if side == "left" else -1.0
        index = JOINT_INDEX[f"{side}_shoulder"]
        self.rot[:, index] = quaternions.IDENTITY
        self.bend(f"{side}_shoulder", "z", sign * np.asarray(up))
        return self.bend(f"{side}_shoulder", "y", -sign * np.asarray(ahead))

    def elbow(self, side: str, inward: float | np.ndarray) -> Puppet:
        """Bend the elbow towards the body's front, for an arm that points sideways or ahead."""
        sign = 1.0 if side == "left" else -1.0
        return self.bend(f"{side}_elbow", "y", -sign * np.asarray(inward))

    def move(
        self,
        left: float | np.ndarray = 0.0,
        up: float | np.ndarray = 0.0,
        ahead: float | np.ndarray = 0.0,
    ) -> Puppet:
        self.pelvis += np.stack(
            [np.broadcast_to(part, self.t.shape) for part in (left, up, ahead)], axis=1
        )
        return self

    def squat(self, degrees: float | np.ndarray) -> Puppet:
        """Bend hips and knees so that the feet stay in place; 60 lowers the pelvis by 0.4 m."""
        for side in ("left", "right"):
            self.bend(f"{side}_hip", "x", -np.asarray(degrees))
            self.bend(f"{side}_knee", "x", 2 * np.asarray(degrees))
            self.bend(f"{side}_ankle", "x", -np.asarray(degrees))
        return self.move(up=-0.8 * (1 - np.cos(np.radians(degrees))))

    def clip(self) -> Clip:
        return Clip(self.pelvis, self.rot)


def bounce(t: np.ndarray, per_second: float, height: float) -> np.ndarray:
    """Return hops (T,): up and down `per_second` times, with time on the floor between."""
    return np.maximum(0.0, height * np.sin(2 * np.pi * per_second * t))


def pulse(t: np.ndarray, middle: float, width: float) -> np.ndarray:
    """Return a smooth bump (T,) from 0 to 1 and back around `middle` seconds."""
    return np.exp(-(((t - middle) / width) ** 2))
