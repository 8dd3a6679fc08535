"""One hand-made clip for each check that has to pass it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from keyfill_extension.engine.motion.clip import Clip

from .frozen_actions import FROZEN_POSITIVES
from .motions import Puppet, bounce, pulse


def stand(seconds: float = 3.0) -> Clip:
    return Puppet(seconds).clip()


def go(left: float = 0.0, ahead: float = 0.0, seconds: float = 3.0) -> Clip:
    puppet = Puppet(seconds)
    return puppet.move(left=left * puppet.t, ahead=ahead * puppet.t).clip()


def turn_left() -> Clip:
    puppet = Puppet(2.0)
    return puppet.bend("pelvis", "y", 60 * puppet.t).clip()


def walk_bending_left(degrees_a_second: float = 30.0, speed: float = 1.0) -> Clip:
    puppet = Puppet(3.0)
    yaw = np.radians(degrees_a_second) * puppet.t
    puppet.bend("pelvis", "y", np.degrees(yaw))
    return puppet.move(
        left=np.cumsum(np.sin(yaw)) * speed / 30, ahead=np.cumsum(np.cos(yaw)) * speed / 30
    ).clip()


def walk_in_a_circle() -> Clip:
    return walk_bending_left(100.0, 0.7)


def crawl() -> Clip:
    puppet = Puppet(3.0).bend("pelvis", "x", 80.0)
    return puppet.move(up=-0.5, ahead=0.3 * puppet.t).clip()


def lie() -> Clip:
    return Puppet(3.0).bend("pelvis", "x", 90.0).move(up=-0.8).clip()


def skip() -> Clip:
    puppet = Puppet(4.0)
    return puppet.move(up=bounce(puppet.t, 2.0, 0.15), ahead=1.2 * puppet.t).clip()


def jump_ahead() -> Clip:
    puppet = Puppet(3.0)
    flight = np.clip((puppet.t - 1.2) / 0.5, 0.0, 1.0)
    return puppet.move(up=1.2 * flight * (1 - flight), ahead=1.0 * flight).clip()


def jump_up() -> Clip:
    puppet = Puppet(2.5)
    return puppet.move(up=0.4 * pulse(puppet.t, 1.2, 0.2)).clip()


def hop() -> Clip:
    puppet = Puppet(4.0)
    return puppet.move(up=bounce(puppet.t, 1.5, 0.15)).clip()


def kick_left() -> Clip:
    puppet = Puppet(2.5)
    return puppet.bend("left_hip", "x", -85 * pulse(puppet.t, 1.2, 0.15)).clip()


def squat() -> Clip:
    puppet = Puppet(4.0)
    return puppet.squat(60 * pulse(puppet.t, 2.0, 0.6)).clip()


def crouch() -> Clip:
    puppet = Puppet(4.0)
    return puppet.squat(55 * np.clip(puppet.t, 0.0, 1.0)).clip()


def sit_down() -> Clip:
    puppet = Puppet(4.0)
    sitting = np.clip(puppet.t - 1.0, 0.0, 1.0)
    for side in ("left", "right"):
        puppet.bend(f"{side}_hip", "x", -85 * sitting).bend(f"{side}_knee", "x", 85 * sitting)
    return puppet.move(up=-0.4 * sitting).clip()


def jumping_jacks() -> Clip:
    puppet = Puppet(4.0)
    wide = 0.5 - 0.5 * np.cos(2 * np.pi * puppet.t)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        puppet.arm(side, -80 + 150 * wide).bend(f"{side}_hip", "z", sign * 25 * wide)
    return puppet.clip()


def climb() -> Clip:
    puppet = Puppet(6.0)
    for side in ("left", "right"):
        puppet.arm(side, 10.0, 80.0)
    return puppet.move(up=0.3 * puppet.t).clip()


def box() -> Clip:
    puppet = Puppet(5.0)
    for side, late in (("left", 0.0), ("right", 0.5)):
        blow = sum(pulse(puppet.t, second + late, 0.12) for second in (0.7, 1.9, 3.1))
        puppet.arm(side, -10.0, 90.0).elbow(side, 130 * (1 - blow))
    return puppet.clip()


def punch_left() -> Clip:
    puppet = Puppet(2.5)
    bent = 130 * (1 - pulse(puppet.t, 1.2, 0.15))
    for side in ("left", "right"):
        puppet.arm(side, -10.0, 90.0).elbow(side, bent if side == "left" else 130.0)
    return puppet.clip()


def wave_left() -> Clip:
    puppet = Puppet(3.0)
    return (
        puppet.arm("left", 45 + 25 * np.sin(2 * np.pi * 2.0 * puppet.t))
        .bend("left_elbow", "z", 30 + 30 * np.sin(2 * np.pi * 2.0 * puppet.t))
        .clip()
    )


def raise_left() -> Clip:
    return Puppet(2.0).arm("left", 85.0).clip()


def raise_both() -> Clip:
    return Puppet(2.0).arm("left", 85.0).arm("right", 85.0).clip()


def point_left() -> Clip:
    return Puppet(3.0).arm("left", 0.0, 10.0).clip()


def clap() -> Clip:
    puppet = Puppet(4.0)
    ahead = 95 + 15 * np.sin(2 * np.pi * 2.0 * puppet.t)
    for side in ("left", "right"):
        puppet.arm(side, -10.0, ahead).elbow(side, 40.0)
    return puppet.clip()


def throw_left() -> Clip:
    puppet = Puppet(2.0)
    return puppet.arm("left", 10.0, -40 + 140 * np.clip((puppet.t - 0.8) / 0.3, 0.0, 1.0)).clip()


def pick_up() -> Clip:
    puppet = Puppet(4.0)
    down = pulse(puppet.t, 2.0, 0.6)
    for side in ("left", "right"):
        puppet.arm(side, -20.0, 80.0)
    return puppet.bend("spine1", "x", 70 * down).squat(45 * down).clip()


def lift_box() -> Clip:
    puppet = Puppet(4.0)
    for side in ("left", "right"):
        puppet.arm(side, -60 + 70 * np.clip(puppet.t - 1.0, 0.0, 1.0), 90.0)
    return puppet.clip()


def hands_on_hips() -> Clip:
    puppet = Puppet(3.0)
    for side, sign in (("left", -1.0), ("right", 1.0)):
        puppet.arm(side, -50.0, -15.0).bend(f"{side}_elbow", "z", sign * 80.0)
    return puppet.clip()


def drink() -> Clip:
    return (
        Puppet(4.0)
        .arm("right", -30.0, 80.0)
        .elbow("right", 60.0)
        .bend("right_elbow", "x", -60.0)
        .bend("right_elbow", "z", -80.0)
        .clip()
    )


def wipe_left() -> Clip:
    puppet = Puppet(5.0)
    return puppet.arm("left", 5.0, 90 + 30 * np.sin(2 * np.pi * puppet.t)).clip()


def sweep() -> Clip:
    puppet = Puppet(6.0).bend("spine1", "x", 30.0)
    to_and_fro = 30 * np.sin(2 * np.pi * 0.8 * puppet.t)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        puppet.arm(side, -50.0, 90 + sign * to_and_fro)
    return puppet.clip()


def dance() -> Clip:
    puppet = Puppet(6.0)
    beat = np.sin(2 * np.pi * puppet.t)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        puppet.bend(f"{side}_hip", "x", -40 * np.maximum(0.0, sign * beat))
        puppet.arm(side, -10.0 + 30 * beat, 60.0)
    return puppet.bend("pelvis", "y", 45 * beat).move(left=0.2 * beat).clip()


def cartwheel() -> Clip:
    puppet = Puppet(3.0).arm("left", 80.0).arm("right", 80.0)
    return puppet.bend("pelvis", "z", 120 * puppet.t).clip()


POSITIVES: dict[str, Callable[[], Clip]] = {
    **FROZEN_POSITIVES,
    "touches_the_face": drink,
    "walks_forward": lambda: go(ahead=1.1, seconds=4.0),
    "walks_backward": lambda: go(ahead=-0.8),
    "runs_forward": lambda: go(ahead=3.5, seconds=2.0),
    "crawls": crawl,
    "skips": skip,
    "jumps_forward": jump_ahead,
    "jumps_up": jump_up,
    "hops": hop,
    "sidesteps_left": lambda: go(left=0.3),
    "turns_on_the_spot_left": turn_left,
    "walks_and_turns_left": walk_bending_left,
    "walks_in_a_circle": walk_in_a_circle,
    "kicks_left": kick_left,
    "squats": squat,
    "crouches": crouch,
    "sits_down": sit_down,
    "lies": lie,
    "does_jumping_jacks": jumping_jacks,
    "climbs": climb,
    "boxes": box,
    "punches_left": punch_left,
    "waves": wave_left,
    "waves_left": wave_left,
    "raises_hand_left": raise_left,
    "raises_both_arms": raise_both,
    "points_left": point_left,
    "claps": clap,
    "throws_left": throw_left,
    "picks_up": pick_up,
    "lifts_with_both_hands": lift_box,
    "has_hands_on_hips": hands_on_hips,
    "drinks": drink,
    "wipes_left": wipe_left,
    "sweeps_floor": sweep,
    "dances_on_the_spot": dance,
    "does_a_cartwheel": cartwheel,
    "stands_still": stand,
    "stays_in_place": stand,
}
"""A clip for every check; the right side is the left's mirrored."""
