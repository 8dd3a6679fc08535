"""One hand-made clip for each check that the frozen set adds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from keyfill_extension.engine.motion.clip import Clip

from .motions import Puppet, bounce, pulse

SIDES = ("left", "right")


def walk(speed: float, seconds: float = 3.0, start: float = 0.0, end: float = 99.0) -> Clip:
    """Glide ahead from `start` to `end` seconds, at rest before and after."""
    puppet = Puppet(seconds)
    return puppet.move(ahead=speed * (np.clip(puppet.t, start, end) - start)).clip()


def walk_crouched() -> Clip:
    puppet = Puppet(4.0)
    return puppet.squat(50.0).move(ahead=0.5 * puppet.t).clip()


def turn_left(degrees: float) -> Clip:
    puppet = Puppet(3.0)
    return puppet.bend("pelvis", "y", degrees * puppet.t / 3.0).clip()


def run_bending_left() -> Clip:
    puppet = Puppet(2.5)
    yaw = np.radians(35.0) * puppet.t
    puppet.bend("pelvis", "y", np.degrees(yaw))
    way = 2.5 / 30
    return puppet.move(left=np.cumsum(np.sin(yaw)) * way, ahead=np.cumsum(np.cos(yaw)) * way).clip()


def stand_on_the_right_leg() -> Clip:
    return Puppet(3.0).bend("left_knee", "x", 80.0).clip()


def jump_and_turn_left() -> Clip:
    puppet = Puppet(3.0)
    puppet.bend("pelvis", "y", 90 * np.clip((puppet.t - 1.0) / 0.5, 0.0, 1.0))
    return puppet.move(up=0.3 * pulse(puppet.t, 1.25, 0.2)).clip()


def jump_again_and_again() -> Clip:
    puppet = Puppet(4.0)
    return puppet.move(up=bounce(puppet.t, 0.8, 0.3)).clip()


def kick_with_each_leg() -> Clip:
    puppet = Puppet(4.0)
    for side, when in (("left", 1.0), ("right", 2.6)):
        puppet.bend(f"{side}_hip", "x", -85 * pulse(puppet.t, when, 0.15))
    return puppet.clip()


def kick_high_left() -> Clip:
    puppet = Puppet(2.5)
    return puppet.bend("left_hip", "x", -130 * pulse(puppet.t, 1.2, 0.15)).clip()


def leap() -> Clip:
    puppet = Puppet(2.0)
    return puppet.move(up=0.4 * pulse(puppet.t, 1.0, 0.2), ahead=3.0 * puppet.t).clip()


def duck() -> Clip:
    puppet = Puppet(3.0)
    return puppet.squat(60 * pulse(puppet.t, 1.5, 0.4)).clip()


def kneel() -> Clip:
    puppet = Puppet(4.0)
    puppet.bend("left_hip", "x", -90.0).bend("left_knee", "x", 90.0)
    return puppet.bend("right_knee", "x", 90.0).move(up=-0.42).clip()


def bow() -> Clip:
    puppet = Puppet(4.0)
    return puppet.bend("spine1", "x", 60 * pulse(puppet.t, 2.0, 0.5)).clip()


def _sit(puppet: Puppet, sitting: np.ndarray) -> Clip:
    for side in SIDES:
        puppet.bend(f"{side}_hip", "x", -85 * sitting).bend(f"{side}_knee", "x", 85 * sitting)
    return puppet.move(up=-0.4 * sitting).clip()


def sit() -> Clip:
    puppet = Puppet(4.0)
    return _sit(puppet, np.ones_like(puppet.t))


def stand_up() -> Clip:
    puppet = Puppet(4.0)
    return _sit(puppet, 1.0 - np.clip(puppet.t - 1.0, 0.0, 1.0))


def _lie(puppet: Puppet, lying: np.ndarray) -> Clip:
    return puppet.bend("pelvis", "x", 85 * lying).move(up=-0.75 * lying).clip()


def get_up() -> Clip:
    puppet = Puppet(4.0)
    return _lie(puppet, 1.0 - np.clip(puppet.t - 1.0, 0.0, 1.0))


def go_down() -> Clip:
    puppet = Puppet(3.0)
    return _lie(puppet, np.clip(puppet.t - 1.0, 0.0, 1.0))


def push_up() -> Clip:
    puppet = Puppet(4.0).bend("pelvis", "x", 80.0)
    for side in SIDES:
        puppet.arm(side, 0.0, 90.0)
    return puppet.move(up=-0.6 + 0.1 * np.sin(2 * np.pi * 0.7 * puppet.t)).clip()


def climb_stairs() -> Clip:
    puppet = Puppet(6.0)
    return puppet.move(up=0.12 * puppet.t, ahead=0.3 * puppet.t).clip()


def hang() -> Clip:
    return Puppet(4.0).arm("left", 85.0).arm("right", 85.0).move(up=0.4).clip()


def rise_on_tiptoe() -> Clip:
    puppet = Puppet(4.0)
    up = np.clip(puppet.t - 1.0, 0.0, 1.0)
    for side in SIDES:
        puppet.bend(f"{side}_ankle", "x", 35 * up)
    return puppet.move(up=0.07 * up).clip()


def twist() -> Clip:
    puppet = Puppet(4.0)
    return puppet.bend("spine1", "y", 40 * np.sin(2 * np.pi * 0.6 * puppet.t)).clip()


def _arms(up: float, ahead: float, bent: float | np.ndarray = 0.0, seconds: float = 3.0) -> Clip:
    puppet = Puppet(seconds)
    for side in SIDES:
        puppet.arm(side, up, ahead).elbow(side, bent)
    return puppet.clip()


def push() -> Clip:
    puppet = Puppet(3.0)
    for side in SIDES:
        puppet.arm(side, -10.0, 90.0).elbow(side, 110 * (1 - pulse(puppet.t, 1.5, 0.3)))
    return puppet.clip()


def touch_the_floor() -> Clip:
    puppet = Puppet(4.0)
    down = pulse(puppet.t, 2.0, 0.5)
    for side in SIDES:
        puppet.arm(side, -10.0, 85.0)
    return puppet.bend("spine1", "x", 100 * down).squat(50 * down).clip()


def dribble() -> Clip:
    puppet = Puppet(4.0)
    return puppet.arm("right", -55 + 30 * np.sin(2 * np.pi * 1.5 * puppet.t), 80.0).clip()


def hand_on_the_left_hip() -> Clip:
    return Puppet(3.0).arm("left", -50.0, -15.0).bend("left_elbow", "z", -80.0).clip()


def put_down() -> Clip:
    puppet = Puppet(4.0)
    down = np.clip(puppet.t - 1.0, 0.0, 1.0)
    for side in SIDES:
        puppet.arm(side, -20.0, 80.0)
    return puppet.bend("spine1", "x", 70 * down).squat(45 * down).clip()


FROZEN_POSITIVES: dict[str, Callable[[], Clip]] = {
    "walks_slowly": lambda: walk(0.5, 5.0),
    "walks_briskly": lambda: walk(1.7),
    "jogs": lambda: walk(2.5),
    "runs_backward": lambda: walk(-2.0),
    "comes_to_a_stop": lambda: walk(1.2, end=2.0),
    "sets_off": lambda: walk(1.2, start=1.0),
    "runs_and_turns_left": run_bending_left,
    "spins_left": lambda: turn_left(360.0),
    "turns_around_left": lambda: turn_left(180.0),
    "walks_crouched": walk_crouched,
    "climbs_stairs": climb_stairs,
    "leaps_while_running": leap,
    "jumps_twice": jump_again_and_again,
    "jumps_and_turns_left": jump_and_turn_left,
    "kicks_high_left": kick_high_left,
    "kicks_twice": kick_with_each_leg,
    "stands_on_one_leg": stand_on_the_right_leg,
    "stands_on_tiptoe": rise_on_tiptoe,
    "ducks": duck,
    "kneels": kneel,
    "bows": bow,
    "stays_seated": sit,
    "stands_up": stand_up,
    "gets_up_from_the_floor": get_up,
    "goes_down_to_the_floor": go_down,
    "does_push_ups": push_up,
    "hangs": hang,
    "twists_the_trunk": twist,
    "keeps_guard": lambda: _arms(-10.0, 80.0, 110.0),
    "holds_arms_ahead": lambda: _arms(0.0, 90.0),
    "spreads_arms": lambda: _arms(0.0, 0.0),
    "folds_arms": lambda: _arms(-70.0, 55.0, 90.0),
    "pushes": push,
    "touches_the_floor": touch_the_floor,
    "dribbles": dribble,
    "has_a_hand_on_the_hip_left": hand_on_the_left_hip,
    "carries": lambda: _arms(-65.0, 20.0, 90.0),
    "puts_down": put_down,
}
"""A clip for every check of `going` and `gestures` but those of the face; the right side is
the left's mirrored."""
