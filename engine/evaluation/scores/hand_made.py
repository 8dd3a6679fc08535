"""Motion made by hand that shows an action: curves over time for the joints of a standing body.

It stands in where no clip is captioned with an action or with its count. Every action comes in
TEMPI, so that no check is judged by one motion. It knows no prompt, no caption and no model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from ...motion import quaternions
from ...motion.clip import Clip
from ...motion.skeleton import FPS, JOINT_INDEX, STANDING_PELVIS_HEIGHT
from ..checks.measures import Array, Body

TEMPI: Final = (0.85, 1.0, 1.15, 1.3)
"""How fast the same action is done."""

SIDES: Final = ("left", "right")
_AXES: Final = {"x": (1.0, 0.0, 0.0), "y": (0.0, 1.0, 0.0), "z": (0.0, 0.0, 1.0)}
_HIP_HEIGHT: Final = STANDING_PELVIS_HEIGHT - 0.075
_ANKLE_HEIGHT: Final = 0.075
_SHANK: Final = 0.4


class Pose:
    """A body that stands with hanging arms, to be bent by curves over time."""

    def __init__(self, seconds: float) -> None:
        self.t = np.arange(round(seconds * FPS)) / FPS
        self.rot = np.zeros((len(self.t), len(JOINT_INDEX), 4))
        self.rot[..., 0] = 1.0
        self.pelvis = np.tile([0.0, STANDING_PELVIS_HEIGHT, 0.0], (len(self.t), 1))
        for side in SIDES:
            self.arm(side, -80.0)

    def bend(self, joint: str, axis: str, degrees: float | Array) -> Pose:
        """Add a turn about an axis of the joint's parent; of the left arm, z lifts it."""
        angle = np.radians(np.broadcast_to(degrees, self.t.shape))
        turn = quaternions.axis_angle_to_quaternion(np.array(_AXES[axis]), angle)
        index = JOINT_INDEX[joint]
        self.rot[:, index] = quaternions.multiply(turn, self.rot[:, index])
        return self

    def arm(self, side: str, up: float | Array, ahead: float | Array = 0.0) -> Pose:
        """Set an upper arm: degrees above level, then swung ahead."""
        sign = 1.0 if side == "left" else -1.0
        self.rot[:, JOINT_INDEX[f"{side}_shoulder"]] = quaternions.IDENTITY
        self.bend(f"{side}_shoulder", "z", sign * np.asarray(up))
        return self.bend(f"{side}_shoulder", "y", -sign * np.asarray(ahead))

    def move(self, up: float | Array = 0.0, ahead: float | Array = 0.0) -> Pose:
        """Move the pelvis by metres."""
        self.pelvis[:, 1] += up
        self.pelvis[:, 2] += ahead
        return self

    def plant(self, side: str, ahead: float | Array, up: float | Array = 0.0) -> Pose:
        """Bend a leg so that its ankle is at a place: metres ahead and above the ground."""
        forward = ahead - self.pelvis[:, 2]
        down = self.pelvis[:, 1] - 0.075 - (_ANKLE_HEIGHT + np.asarray(up))
        length = np.clip(np.hypot(forward, down), 0.2, 2 * _SHANK - 1e-4)
        knee = np.degrees(2 * np.arccos(length / (2 * _SHANK)))
        hip = np.degrees(np.arctan2(forward, down)) + knee / 2
        self.bend(f"{side}_hip", "x", -hip).bend(f"{side}_knee", "x", knee)
        return self.bend(f"{side}_ankle", "x", hip - knee)

    def clip(self) -> Clip:
        """Return the motion."""
        return Clip(self.pelvis, self.rot)


def _ramp(t: Array, start: float, seconds: float) -> Array:
    """Return (T,) a smooth rise from 0 to 1."""
    share = np.clip((t - start) / seconds, 0.0, 1.0)
    return np.asarray(share * share * (3 - 2 * share), dtype=np.float64)


def _times(t: Array, count: int, period: float, start: float = 0.6) -> Array:
    """Return (T,) `count` smooth bumps from 0 to 1 and back, one a period, from `start` on."""
    phase = np.clip((t - start) / period, 0.0, count)
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * phase), dtype=np.float64)


def clap(count: int, tempo: float = 1.0) -> Clip:
    """Bring the hands together `count` times."""
    period = 0.5 / tempo
    pose = Pose(1.6 + count * period)
    shut = _times(pose.t, count, period, 0.8)
    lifted = _ramp(pose.t, 0.2, 0.5) * (1 - _ramp(pose.t, pose.t[-1] - 0.6, 0.5))
    for side, sign in (("left", -1.0), ("right", 1.0)):
        # From 65 degrees ahead at rest to 95 at each clap, the elbow bent.
        pose.arm(side, -80.0 + 65.0 * lifted, (65.0 + 30.0 * shut) * lifted)
        pose.bend(f"{side}_elbow", "y", sign * 40.0 * lifted)
    return pose.clip()


def wave(count: int, tempo: float = 1.0) -> Clip:
    """Swing a raised hand out and back `count` times."""
    period = 0.7 / tempo
    pose = Pose(1.6 + count * period)
    lifted = _ramp(pose.t, 0.1, 0.4) * (1 - _ramp(pose.t, pose.t[-1] - 0.4, 0.35))
    out = _times(pose.t, count, period, 0.8)
    pose.arm("right", -80.0 + 70.0 * lifted)
    return pose.bend("right_elbow", "z", -(95.0 - 60.0 * out) * lifted).clip()


def step(count: int, tempo: float = 1.0) -> Clip:
    """Take `count` steps ahead, and bring the feet together with a shorter one."""
    period, length = 0.6 / tempo, 0.55
    pose = Pose(1.4 + (count + 1) * period)
    places = {side: np.zeros_like(pose.t) for side in SIDES}
    lifts = {side: np.zeros_like(pose.t) for side in SIDES}
    at = {side: 0.0 for side in SIDES}
    for number in range(count + 1):
        side, other = (SIDES[number % 2], SIDES[(number + 1) % 2])
        target = at[other] + (length / 2 if number < count else 0.0)
        start = 0.6 + number * period
        places[side] += (target - at[side]) * _ramp(pose.t, start, 0.8 * period)
        lifts[side] += 0.1 * _times(pose.t, 1, 0.8 * period, start)
        at[side] = target
    middle = (places["left"] + places["right"]) / 2
    pose.move(up=-0.06, ahead=middle)
    for side in SIDES:
        pose.plant(side, places[side], lifts[side])
    return pose.clip()


def push_up(count: int, tempo: float = 1.0) -> Clip:
    """Lower and raise the chest `count` times over straight arms."""
    period = 1.2 / tempo
    pose = Pose(1.2 + count * period).bend("pelvis", "x", 80.0)
    for side in SIDES:
        pose.arm(side, 0.0, 90.0)
    return pose.move(up=-0.55 - 0.16 * _times(pose.t, count, period)).clip()


def star_jump(count: int, tempo: float = 1.0) -> Clip:
    """Throw arms and legs out and back `count` times."""
    period = 0.9 / tempo
    pose = Pose(1.2 + count * period)
    wide = _times(pose.t, count, period)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        pose.arm(side, -80 + 150 * wide).bend(f"{side}_hip", "z", sign * 25 * wide)
    return pose.clip()


def jump(count: int, tempo: float = 1.0) -> Clip:
    """Leave the ground `count` times, with time on it between."""
    period = 1.1 / tempo
    pose = Pose(1.2 + count * period)
    phase = np.mod((pose.t - 0.6) / period, 1.0)
    is_there = (pose.t > 0.6) & (pose.t < 0.6 + count * period)
    flight = np.clip((phase - 0.3) / 0.4, 0.0, 1.0)
    return pose.move(up=np.where(is_there, 1.0 * flight * (1 - flight), 0.0)).clip()


def kick(count: int, tempo: float = 1.0) -> Clip:
    """Swing the right leg ahead `count` times."""
    period = 1.1 / tempo
    pose = Pose(1.2 + count * period)
    swing = _times(pose.t, count, period) ** 3
    return pose.bend("right_hip", "x", -85 * swing).clip()


def squat(count: int, tempo: float = 1.0) -> Clip:
    """Lower the pelvis over planted feet and rise, `count` times."""
    period = 1.5 / tempo
    pose = Pose(1.2 + count * period)
    pose.move(up=-0.42 * _times(pose.t, count, period) - 0.005)
    for side in SIDES:
        pose.plant(side, 0.0)
    return pose.clip()


def punch(count: int, tempo: float = 1.0) -> Clip:
    """Shoot the right fist out from a bent arm `count` times."""
    period = 0.9 / tempo
    pose = Pose(1.2 + count * period)
    out = _times(pose.t, count, period) ** 4
    for side, sign in (("left", -1.0), ("right", 1.0)):
        pose.arm(side, -10.0, 90.0)
        pose.bend(f"{side}_elbow", "y", sign * 130 * (1 - (out if side == "right" else 0.0)))
    return pose.clip()


def bow(count: int, tempo: float = 1.0) -> Clip:
    """Bend the trunk ahead and rise `count` times."""
    period = 1.6 / tempo
    pose = Pose(1.2 + count * period)
    return pose.bend("spine1", "x", 60 * _times(pose.t, count, period)).clip()


def spin(count: int, tempo: float = 1.0) -> Clip:
    """Turn left on the spot by `count` whole turns."""
    period = 1.2 / tempo
    pose = Pose(1.2 + count * period)
    return pose.bend("pelvis", "y", 360 * count * _ramp(pose.t, 0.6, count * period)).clip()


COUNTED: Final[dict[str, Callable[[int, float], Clip]]] = {
    "claps": clap, "waves": wave, "steps": step, "push_ups": push_up, "jumping_jacks": star_jump,
    "jumps": jump, "kicks": kick, "squats": squat, "punches": punch, "bows": bow, "spins": spin,
}  # fmt: skip
"""Events that are made by hand, by the name that `checks.counting` has for them."""


def salute(tempo: float = 1.0) -> Clip:
    """Raise the right hand to the brow, the elbow out, and lower it."""
    pose = Pose(3.0 / tempo)
    lifted = _ramp(pose.t, 0.4, 0.4) * (1 - _ramp(pose.t, pose.t[-1] - 0.6, 0.4))
    pose.arm("right", -80.0 + 90.0 * lifted, 60.0 * lifted)
    pose.bend("right_elbow", "y", 30.0 * lifted)
    return pose.bend("right_elbow", "z", -130.0 * lifted).clip()


def tiptoe(tempo: float = 1.0) -> Clip:
    """Go ahead slowly on the balls of the feet."""
    pose = Pose(4.0 / tempo).move(up=0.05, ahead=0.4 * tempo * np.arange(round(120 / tempo)) / FPS)
    return pose.bend("left_ankle", "x", 35.0).bend("right_ankle", "x", 35.0).clip()


def drag(tempo: float = 1.0) -> Clip:
    """Go backward, the trunk bent over hands that hold something low."""
    pose = Pose(4.0 / tempo)
    pose.move(ahead=-0.4 * tempo * pose.t).bend("spine1", "x", 55.0)
    for side in SIDES:
        pose.arm(side, -60.0, 60.0)
    return pose.clip()


def flip(tempo: float = 1.0) -> Clip:
    """Turn over ahead in the air and land."""
    pose = Pose(2.4 / tempo)
    share = np.clip((pose.t - 0.8 / tempo) / (0.8 / tempo), 0.0, 1.0)
    pose.bend("pelvis", "x", 360 * _ramp(share, 0.0, 1.0))
    return pose.move(up=2.6 * share * (1 - share), ahead=1.0 * share).clip()


def roll(tempo: float = 1.0) -> Clip:
    """Lie and turn once about the long axis."""
    pose = Pose(3.0 / tempo)
    pose.bend("pelvis", "y", 330 * _ramp(pose.t, 0.4, 2.0 / tempo)).bend("pelvis", "x", -90.0)
    return pose.move(up=STANDING_PELVIS_HEIGHT * -1.0 + 0.15).clip()


def up_the_stairs(tempo: float = 1.0) -> Clip:
    """Walk up four steps of 0.17 m, foot after foot."""
    period = 0.7 / tempo
    pose = Pose(1.0 + 5 * period)
    places = {side: np.zeros_like(pose.t) for side in SIDES}
    heights = {side: np.zeros_like(pose.t) for side in SIDES}
    reached = {side: 0 for side in SIDES}
    for number in range(5):
        side, target = SIDES[number % 2], min(number + 1, 4)
        rise = _ramp(pose.t, 0.5 + number * period, 0.8 * period) * (target - reached[side])
        places[side], heights[side] = places[side] + 0.28 * rise, heights[side] + 0.17 * rise
        reached[side] = target
    pose.move(
        up=np.minimum(heights["left"], heights["right"]) - 0.02,
        ahead=(places["left"] + places["right"]) / 2,
    )
    for side in SIDES:
        pose.plant(side, places[side], heights[side])
    return pose.clip()


def step_over(tempo: float = 1.0) -> Clip:
    """Lift one foot after the other high over something and set it down ahead."""
    period = 1.2 / tempo
    pose = Pose(1.2 + 2 * period)
    places = {"left": 0.7 * _ramp(pose.t, 0.5, period), "right": 0.7 * _ramp(pose.t, 0.5 + period,
                                                                               period)}
    pose.move(up=-0.09, ahead=(places["left"] + places["right"]) / 2)
    for number, side in enumerate(SIDES):
        lift = 0.38 * _times(pose.t, 1, period, 0.5 + number * period)
        pose.plant(side, places[side], lift)
    return pose.clip()


def jump_down(tempo: float = 1.0) -> Clip:
    """Spring off a box 0.5 m high and land on the ground."""
    pose = Pose(2.2 / tempo)
    share = np.clip((pose.t - 0.7 / tempo) / (0.45 / tempo), 0.0, 1.0)
    return pose.move(up=0.5 + 0.3 * share - 0.8 * share**2, ahead=0.8 * share).clip()


def run_to_a_stop(tempo: float = 1.0) -> Clip:
    """Glide ahead at a run, brake and stand."""
    pose = Pose(4.0)
    speed = 3.2 * tempo * (1 - _ramp(pose.t, 1.8, 0.8))
    return pose.move(ahead=np.cumsum(speed) / FPS).clip()


def flap(tempo: float = 1.0) -> Clip:
    """Swing both bent arms up and down at the sides."""
    pose = Pose(4.0)
    lifted = _times(pose.t, round(4 * tempo), 0.7 / tempo)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        pose.arm(side, -60.0 + 55.0 * lifted).bend(f"{side}_elbow", "z", -sign * 70.0)
    return pose.clip()


def march(tempo: float = 1.0) -> Clip:
    """Lift one knee after the other on the spot."""
    pose = Pose(4.0)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        lift = np.maximum(0.0, sign * np.sin(2 * np.pi * 0.8 * tempo * pose.t))
        pose.bend(f"{side}_hip", "x", -70 * lift).bend(f"{side}_knee", "x", 70 * lift)
    return pose.clip()


def hold_the_head(tempo: float = 1.0) -> Clip:
    """Bring both hands to the sides of the head and keep them there."""
    pose = Pose(3.0 / tempo)
    lifted = _ramp(pose.t, 0.3, 0.5)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        pose.arm(side, -80.0 + 100.0 * lifted, 60.0 * lifted)
        pose.bend(f"{side}_elbow", "y", -sign * 20.0 * lifted)
        pose.bend(f"{side}_elbow", "z", sign * 140.0 * lifted)
    return pose.clip()


def swing_a_club(tempo: float = 1.0) -> Clip:
    """Swing both hands, held together, from one side to the other."""
    pose = Pose(3.0 / tempo)
    swing = 2 * _ramp(pose.t, 1.2 / tempo, 0.35 / tempo) - 1
    for side, sign in (("left", -1.0), ("right", 1.0)):
        pose.arm(side, -35.0, 95.0).bend(f"{side}_elbow", "y", sign * 25.0)
    return pose.bend("spine2", "y", 60 * swing).bend("pelvis", "y", 10 * swing).clip()


ACTS: Final[dict[str, Callable[[float], Clip]]] = {
    "salutes": salute, "tiptoes": tiptoe, "drags": drag, "flips": flip,
    "rolls_on_the_floor": roll, "goes_up_stairs": up_the_stairs, "steps_over": step_over,
    "jumps_down": jump_down, "runs_to_a_stop": run_to_a_stop, "flaps_the_arms": flap,
    "lifts_the_knees": march, "holds_the_head": hold_the_head,
    "swings_with_both_hands": swing_a_club,
}  # fmt: skip
"""Actions that are made by hand, by the name of their check."""


def made_by_hand(check: str) -> list[Body]:
    """Return an action in all TEMPI; nothing for one that is not made by hand.

    Args:
        check: of ACTS, or an event of COUNTED with its count: "jumps_exactly_2".
    """
    event, _, count = check.partition("_exactly_")
    if count and event in COUNTED:
        return [Body.from_clip(COUNTED[event](int(count), tempo)) for tempo in TEMPI]
    if check in ACTS:
        return [Body.from_clip(ACTS[check](tempo)) for tempo in TEMPI]
    return []
