"""A body whose head has a direction, and where its hands are: as the face and the chest see it.

Joints alone do not tell where a head looks, for nothing hangs on it. It knows no prompt and no
threshold of a gesture. A test notices later edits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...motion import quaternions
from ...motion.clip import Clip, forward_kinematics
from ...motion.skeleton import JOINT_INDEX
from . import measures
from .measures import FORWARD, LEFT, UP, Array, Body

Frames = NDArray[np.bool_]

SIDES = ("left", "right")
OUT = 0
"""Axis of a hand's place: outward to its own side; UP and FORWARD are as a Body's."""


@dataclass(frozen=True, slots=True)
class Figure(Body):
    """A clip's joints with the rotation of its head."""

    head: Array
    """(T, 4) rotation of the head in the world."""

    @classmethod
    def from_clip(cls, clip: Clip) -> Figure:
        """Compute the joints and the head's rotations of a clip once."""
        body = Body.from_clip(clip)
        _, rotations = forward_kinematics(clip.root_pos, quaternions.normalize(clip.rot))
        return cls(
            body.joints, body.local, body.heading, body.fps, rotations[:, JOINT_INDEX["head"]]
        )

    def mirrored(self) -> Figure:
        """Return the figure with left and right exchanged."""
        body = Body.mirrored(self)
        head = self.head * np.array([1.0, 1.0, -1.0, -1.0])
        return Figure(body.joints, body.local, body.heading, body.fps, head)

    def cut(self, start: int, end: int) -> Figure:
        """Return frames [start, end) as they are."""
        body = Body.cut(self, start, end)
        return Figure(body.joints, body.local, body.heading, body.fps, self.head[start:end])


def head_of(body: Body) -> Array:
    """Return the rotations (T, 4) of a figure's head in the world.

    Raises:
        TypeError: for a body that was made without them.
    """
    if not isinstance(body, Figure):
        raise TypeError("this check asks where the head looks: make the body by Figure.from_clip")
    return body.head


def other_of(side: str) -> str:
    """Return the other side."""
    return "right" if side == "left" else "left"


def gaze(body: Body) -> Array:
    """Return the direction (T, 3) in which the face looks: left, up, forward of the pelvis."""
    turned = quaternions.multiply(quaternions.yaw_to_quaternion(-body.heading), head_of(body))
    return np.asarray(quaternions.rotate(turned, np.array([0.0, 0.0, 1.0])))


def gaze_pitch_degrees(body: Body) -> Array:
    """Return how far up (T,) the face looks: 0 ahead, -90 at the ground below."""
    return np.asarray(np.degrees(np.arcsin(np.clip(gaze(body)[:, UP], -1, 1))))


def gaze_yaw_degrees(body: Body) -> Array:
    """Return how far left (T,) of where the pelvis faces the face looks, unwrapped."""
    look = gaze(body)
    return np.asarray(np.degrees(np.unwrap(np.arctan2(look[:, LEFT], look[:, FORWARD]))))


def nod_degrees(body: Body) -> Array:
    """Return how far up (T,) the face looks, the lean of the chest taken off."""
    chest = body.relative("neck", "spine3")
    return np.asarray(
        gaze_pitch_degrees(body) + np.degrees(np.arctan2(chest[:, FORWARD], chest[:, UP]))
    )


def from_face(body: Body, joint: str) -> Array:
    """Return metres (T, 3) from the head joint to another: left, up, forward as the head is.

    The head joint lies between the ears, at the height of the mouth.
    """
    away = body.at(joint) - body.at("head")
    return np.asarray(quaternions.rotate(quaternions.conjugate(head_of(body)), away))


def hand_by_face(body: Body, side: str) -> Array:
    """Return the wrist's place (T, 3) as the head sees it: outward, up, forward."""
    return _outward(from_face(body, f"{side}_wrist"), side)


def hand_by_shoulder(body: Body, side: str) -> Array:
    """Return metres (T, 3) from the shoulder to its wrist: outward, up, forward."""
    return _outward(body.relative(f"{side}_wrist", f"{side}_shoulder"), side)


def elbow_by_shoulder(body: Body, side: str) -> Array:
    """Return metres (T, 3) from the shoulder to its elbow: outward, up, forward."""
    return _outward(body.relative(f"{side}_elbow", f"{side}_shoulder"), side)


def hand_by_pelvis(body: Body, side: str) -> Array:
    """Return metres (T, 3) from the pelvis to the wrist: outward, up, forward."""
    return _outward(body.relative(f"{side}_wrist", "pelvis"), side)


def hand_speed(body: Body, side: str) -> Array:
    """Return the wrist's speed (T,) in m/s relative to the neck."""
    path = measures.smoothed(body.relative(f"{side}_wrist", "neck"), 3)
    return np.asarray(np.linalg.norm(measures.velocity(path, body.fps), axis=1))


def hangs(body: Body, side: str) -> Frames:
    """Return (T,) whether a hand is far below its shoulder and not stretched ahead."""
    arm = hand_by_shoulder(body, side)
    return np.asarray((arm[:, UP] < -0.32) & (arm[:, FORWARD] < 0.24))


def near(place: Array, point: tuple[float, float, float], distance: float) -> Frames:
    """Return (T,) whether a place (T, 3) is within `distance` metres of a point."""
    return np.asarray(np.linalg.norm(place - np.array(point), axis=1) < distance)


def swings_while(
    body: Body, condition: Frames, values: Array, amplitude: float, seconds: float = 3.0
) -> int:
    """Return the most swings along one column of values (T, N) while a condition (T,) holds.

    Args:
        body: the motion.
        condition: interruptions of up to 0.1 s are let go.
        values: in any unit.
        amplitude: the least swing that counts.
        seconds: the swings happen within any stretch of this length.
    """
    most = 0
    for start, end in measures.runs_of(bridged(body, condition), 2):
        for column in values[start:end].T:
            most = max(most, measures.busiest_swings(body, column, amplitude, seconds))
    return most


def bridged(body: Body, condition: Frames, seconds: float = 0.1) -> Frames:
    """Return a condition (T,) with interruptions of up to `seconds` let go."""
    filled = np.array(condition)
    for start, end in measures.runs_of(~filled):
        inside = start > 0 and end < len(filled)
        if inside and end - start <= round(seconds * body.fps):
            filled[start:end] = True
    return filled


def is_held(body: Body, condition: Frames, seconds: float) -> bool:
    """Return whether a condition (T,) holds for so long, interruptions of 0.1 s let go."""
    return measures.held_seconds(body, bridged(body, condition)) >= seconds - 1e-6


def _outward(positions: Array, side: str) -> Array:
    """Return positions (T, 3) with the first axis to the own side."""
    return np.asarray(positions * np.array([1.0 if side == "left" else -1.0, 1.0, 1.0]))
