"""A standing body whose hands are sent to places; the arms follow by two bones.

It stands in for gestures that no clip is captioned with, and poses them in several manners, so
that no check is judged by one pose. It knows no gesture, no prompt and no model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ...motion import quaternions
from ...motion.clip import Clip, forward_kinematics
from ...motion.skeleton import JOINT_INDEX
from ..checks.measures import Array
from .hand_made import SIDES, TEMPI, Pose

UPPER_ARM: Final = 0.26
FOREARM: Final = 0.25
_FRAMES: Final = {"face": "head", "chest": "spine3", "pelvis": "pelvis"}
_ORIGINS: Final = {"face": "head", "chest": "shoulder", "pelvis": "pelvis"}


@dataclass(frozen=True, slots=True)
class Manner:
    """How one performer does a gesture."""

    tempo: float = 1.0

    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Metres by which hands are elsewhere: outward, up, ahead; at the face half of it."""

    elbow: float = 0.0
    """Degrees by which elbows are farther out."""

    breadth: float = 1.0
    """How far everything swings."""


MANNERS: Final = tuple(
    Manner(tempo, shift, elbow, breadth)
    for tempo in TEMPI
    for shift, elbow, breadth in (
        ((0.0, 0.0, 0.0), 0.0, 1.0),
        ((0.03, -0.04, 0.04), 12.0, 0.85),
        ((-0.03, 0.04, -0.02), -12.0, 1.2),
    )
)
"""Every tempo in three manners: as the text says, low and wide and small, high and narrow and
large."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a wrist goes: metres outward to the hand's own side, up and ahead."""

    of: str
    """"face": of the head joint as the head is turned; "chest": of the shoulder as the chest is
    turned; "pelvis": of the pelvis."""

    out: float | Array
    up: float | Array
    ahead: float | Array

    elbow: float = 25.0
    """Degrees by which the elbow is lifted outward from hanging."""


class Manikin(Pose):
    """Bends trunk and head by curves, and sends the wrists to places."""

    def __init__(self, seconds: float, manner: Manner) -> None:
        super().__init__(seconds / manner.tempo)
        self.manner = manner
        self._hands: dict[str, list[tuple[Array, Place]]] = {side: [] for side in SIDES}

    def look(self, up: float | Array = 0.0, left: float | Array = 0.0) -> Manikin:
        """Turn the face by degrees, half in the neck and half in the head."""
        for joint in ("neck", "head"):
            self.bend(joint, "x", -np.asarray(up) / 2).bend(joint, "y", np.asarray(left) / 2)
        return self

    def lean(self, degrees: float | Array) -> Manikin:
        """Bend the trunk ahead."""
        for joint in ("spine1", "spine2"):
            self.bend(joint, "x", np.asarray(degrees) / 2)
        return self

    def sit(self) -> Manikin:
        """Sit on a chair, the thighs level."""
        for side in SIDES:
            self.bend(f"{side}_hip", "x", -88.0).bend(f"{side}_knee", "x", 85.0)
        self.move(up=-0.45)
        return self

    def during(self, start: float, end: float, seconds: float = 0.45) -> Array:
        """Return (T,) a rise at a share of the time and a fall at another, 0 to 1."""
        whole = self.t[-1]
        ramp = seconds / self.manner.tempo
        return smooth((self.t - start * whole) / ramp) * (
            1 - smooth((self.t - end * whole) / ramp)
        )

    def cycle(self, per_second: float, shift: float = 0.0) -> Array:
        """Return (T,) a sine of the manner's tempo and breadth, -1 to 1."""
        turns = per_second * self.manner.tempo * self.t + shift
        return np.asarray(self.manner.breadth * np.sin(2 * np.pi * turns))

    def send(self, side: str, place: Place, when: Array | None = None) -> Manikin:
        """Send a wrist to a place while `when` (T,) is 1; later places come after earlier ones."""
        self._hands[side].append((self.during(0.08, 0.88) if when is None else when, place))
        return self

    def both(self, place: Place, when: Array | None = None) -> Manikin:
        """Send both wrists to places that mirror each other."""
        for side in SIDES:
            self.send(side, place, when)
        return self

    def clip(self) -> Clip:
        """Return the motion."""
        hanging, _ = forward_kinematics(self.pelvis, self.rot)
        for side in SIDES:
            wrist = hanging[:, JOINT_INDEX[f"{side}_wrist"]]
            pole = np.full(len(self.t), 25.0)
            for when, place in self._hands[side]:
                target = self._target(side, place)
                wrist = wrist + when[:, None] * (target - wrist)
                pole = pole + when * (place.elbow + self.manner.elbow - pole)
            if self._hands[side]:
                self._bend_arm(side, wrist, pole)
        return super().clip()

    def _target(self, side: str, place: Place) -> Array:
        joints, turns = forward_kinematics(self.pelvis, self.rot)
        origin = _ORIGINS[place.of]
        name = f"{side}_shoulder" if origin == "shoulder" else origin
        share = 0.5 if place.of == "face" else 1.0
        parts = (place.out, place.up, place.ahead)
        shifted = [
            np.broadcast_to(part, self.t.shape) + share * shift
            for part, shift in zip(parts, self.manner.shift, strict=True)
        ]
        away = np.stack(shifted, axis=1) * np.array([1.0 if side == "left" else -1.0, 1.0, 1.0])
        turn = turns[:, JOINT_INDEX[_FRAMES[place.of]]]
        return np.asarray(joints[:, JOINT_INDEX[name]] + quaternions.rotate(turn, away))

    def _bend_arm(self, side: str, wrist: Array, pole_degrees: Array) -> None:
        """Turn shoulder and elbow so that the wrist (T, 3) is reached, the elbow at its pole."""
        sign = 1.0 if side == "left" else -1.0
        joints, turns = forward_kinematics(self.pelvis, self.rot)
        shoulder = joints[:, JOINT_INDEX[f"{side}_shoulder"]]
        collar = turns[:, JOINT_INDEX[f"{side}_collar"]]
        away = wrist - shoulder
        length = np.linalg.norm(away, axis=1, keepdims=True)
        ahead = away / np.maximum(length, 1e-9)
        length = np.clip(length, 0.08, UPPER_ARM + FOREARM - 0.004)
        angle = np.radians(pole_degrees)
        pole = np.stack([sign * np.sin(angle), -np.cos(angle), -0.25 * np.ones_like(angle)], axis=1)
        pole = quaternions.rotate(turns[:, JOINT_INDEX["spine3"]], pole)
        pole = pole - (pole * ahead).sum(axis=1, keepdims=True) * ahead
        pole /= np.maximum(np.linalg.norm(pole, axis=1, keepdims=True), 1e-9)
        along = (UPPER_ARM**2 - FOREARM**2 + length**2) / (2 * length)
        across = np.sqrt(np.maximum(UPPER_ARM**2 - along**2, 0.0))
        upper = along * ahead + across * pole
        rest = np.array([sign, 0.0, 0.0])
        first = _between(rest, quaternions.rotate(quaternions.conjugate(collar), upper))
        self.rot[:, JOINT_INDEX[f"{side}_shoulder"]] = first
        turned = quaternions.multiply(collar, first)
        lower = quaternions.rotate(quaternions.conjugate(turned), length * ahead - upper)
        self.rot[:, JOINT_INDEX[f"{side}_elbow"]] = _between(rest, lower)


def smooth(share: Array) -> Array:
    """Return shares (T,) eased in and out, held at 0 before and at 1 after."""
    share = np.clip(share, 0.0, 1.0)
    return np.asarray(share * share * (3 - 2 * share))


def _between(start: Array, ends: Array) -> Array:
    """Return the shortest turns (T, 4) from a direction (3,) to directions (T, 3)."""
    ends = ends / np.maximum(np.linalg.norm(ends, axis=1, keepdims=True), 1e-9)
    scalar = 1.0 + (ends * start).sum(axis=1, keepdims=True)
    return quaternions.normalize(
        np.concatenate([scalar, quaternions.cross(np.broadcast_to(start, ends.shape), ends)], 1)
    )
