"""Yes-or-no checks of what legs and trunk do: ways of going, jumping, sitting, kicking.

Each check is a pure function of a Body, built from `measures`; thresholds
describe the action, not a recording. It knows no prompt. A test notices later edits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import measures
from .measures import Body


def walks_forward(body: Body) -> bool:
    """Goes straight ahead upright at 0.4 to 1.9 m/s, a metre or more, never flying."""
    speed = measures.path_length(body) / body.seconds
    return bool(
        measures.travel(body)[1] > 1.0
        and 0.4 < speed < 1.9
        and measures.straightness(body) > 0.9
        and abs(measures.turn_degrees(body)) < 45
        and measures.flights(body, 0.08, 0.1) <= 1
        and np.median(measures.torso_pitch_degrees(body)) < 20
    )


def walks_backward(body: Body) -> bool:
    """Goes 0.6 m or more backward as it faces, below 2.2 m/s, mostly backward."""
    left, forward = measures.travel(body)
    return bool(
        forward < -0.6 and -forward > 1.5 * abs(left) and measures.top_speed(body, 1.0) < 2.2
    )


def runs_forward(body: Body) -> bool:
    """Holds 2.2 m/s or more for a second (or the whole clip), going where it faces."""
    left, forward = measures.travel(body)
    return bool(measures.top_speed(body, 1.0) > 2.2 and forward > 1.5 and forward > 2.0 * abs(left))


def crawls(body: Body) -> bool:
    """Has pelvis low and torso near level for most of the clip, and moves: body or hands."""
    low = body.height("pelvis") < 0.60
    level = measures.torso_pitch_degrees(body) > 45
    return bool(
        measures.share(low & level) > 0.6
        and (
            measures.farthest_from_start(body) > 0.25
            or measures.hand_path(body, "left") + measures.hand_path(body, "right") > 1.0
        )
    )


def skips(body: Body) -> bool:
    """Goes ahead bouncing: the pelvis rises and falls two times a second, slower than a run."""
    bounces = measures.busiest_swings(body, body.height("pelvis"), 0.07, 2.0)
    return bool(
        measures.travel(body)[1] > 1.5
        and 0.7 < measures.path_length(body) / body.seconds < 2.4
        and bounces >= 4
        and measures.pelvis_rise(body) > 0.06
    )


def jumps_forward(body: Body) -> bool:
    """Flies 0.15 s or more with both feet well up and comes 0.4 m forward meanwhile."""
    up = measures.lowest_foot(body) > 0.06
    forward = measures.ground_velocity(body)[:, 1] / body.fps
    return measures.pelvis_rise(body) > 0.08 and any(
        forward[max(0, start - 3) : end + 3].sum() > 0.4
        for start, end in measures.runs_of(up, max(2, round(0.15 * body.fps)))
    )


def jumps_up(body: Body) -> bool:
    """Leaves the floor for 0.2 s or more, the pelvis 0.15 m up, and lands within 0.7 m."""
    return bool(
        measures.longest_flight_seconds(body, 0.06) > 0.2
        and measures.pelvis_rise(body) > 0.15
        and np.hypot(*measures.net_displacement(body)) < 0.7
    )


def hops(body: Body) -> bool:
    """Leaves the floor at least three times, the pelvis bobbing, without running off."""
    return bool(
        measures.flights(body, 0.04, 0.1) >= 3
        and measures.swings(body.height("pelvis"), 0.06) >= 5
        and measures.path_length(body) / body.seconds < 1.6
    )


def sidesteps(body: Body, side: str) -> bool:
    """Moves 0.4 m or more sideways to one side, more than forward or back, unturned."""
    left, forward = measures.travel(body)
    toward = left if side == "left" else -left
    return bool(
        toward > 0.4
        and toward > 1.2 * abs(forward)
        and abs(measures.turn_degrees(body)) < 50
        and measures.longest_flight_seconds(body) < 0.4
    )


def turns_on_the_spot(body: Body, side: str) -> bool:
    """Turns 75 degrees or more to one side within 0.9 m of the start."""
    turned = measures.turn_degrees(body) * (1 if side == "left" else -1)
    return bool(turned > 75 and measures.farthest_from_start(body) < 0.9)


def walks_and_turns(body: Body, side: str) -> bool:
    """Walks 1 m or more and ends facing 40 to 230 degrees to one side of the start."""
    turned = measures.turn_degrees(body) * (1 if side == "left" else -1)
    speed = measures.path_length(body) / body.seconds
    return bool(40 < turned < 230 and measures.travel(body)[1] > 1.0 and 0.4 < speed < 2.0)


def walks_in_a_circle(body: Body) -> bool:
    """Turns 250 degrees or more while going forward 0.45 m or more, not sideways."""
    return bool(
        abs(measures.turn_degrees(body)) > 250
        and measures.travel(body)[1] > 0.45
        and abs(measures.travel(body)[0]) < 0.6 * measures.travel(body)[1]
        and measures.path_length(body) > 0.6
    )


def stays_in_place(body: Body) -> bool:
    """Keeps the pelvis within 0.3 m of its first frame."""
    return measures.farthest_from_start(body) < 0.3


def stands_still(body: Body) -> bool:
    """Stands upright within 0.15 m, the joints below 0.05 m/s on average."""
    return bool(
        measures.farthest_from_start(body) < 0.15
        and measures.liveliness(body) < 0.05
        and body.height("pelvis").min() > 0.8
    )


def kicks(body: Body, side: str) -> bool:
    """Swings one foot 0.4 m above the other at over 3.5 m/s, more than the other foot does."""
    other = "right" if side == "left" else "left"
    high = measures.foot_lift(body, side)
    fast = measures.foot_speed(body, side)
    kick = (high > 0.4) & (measures.smoothed(fast, 3) > 2.0)
    return bool(
        kick.any() and fast.max() > 3.5 and high.max() > measures.foot_lift(body, other).max()
    )


def squats(body: Body) -> bool:
    """Lowers the pelvis by 0.25 m with both knees bent past 75 degrees, the feet under it."""
    deep = (measures.knee_degrees(body, "left") > 75) & (measures.knee_degrees(body, "right") > 75)
    dropped = body.height("pelvis") < body.height("pelvis").max() - 0.25
    upright = measures.torso_pitch_degrees(body) < 70
    return measures.held_seconds(body, deep & dropped & upright) > 0.1


def crouches(body: Body) -> bool:
    """Keeps both knees bent past 60 degrees and the pelvis below 0.75 m for half a second."""
    bent = (measures.knee_degrees(body, "left") > 60) & (measures.knee_degrees(body, "right") > 60)
    low = body.height("pelvis") < 0.75
    upright = measures.torso_pitch_degrees(body) < 75
    return measures.held_seconds(body, bent & low & upright) > 0.5


def is_seated(body: Body) -> NDArray[np.bool_]:
    """Return (T,) whether both thighs are near level and the torso is near upright."""
    thighs = np.minimum(measures.thigh_degrees(body, "left"), measures.thigh_degrees(body, "right"))
    return np.asarray((thighs > 45) & (measures.torso_pitch_degrees(body) < 50))


def sits_down(body: Body) -> bool:
    """Begins higher than it ends, and ends seated: thighs near level, torso upright."""
    height = body.height("pelvis")
    tail = max(1, round(0.3 * body.fps))
    return bool(
        height[: len(height) // 2 + 1].max() - height[-tail:].mean() > 0.12
        and measures.share(is_seated(body)[-tail:]) > 0.5
    )


def lies(body: Body) -> bool:
    """Has the pelvis below 0.4 m and the torso within 30 degrees of level for a third."""
    low = body.height("pelvis") < 0.4
    return measures.share(low & (measures.torso_pitch_degrees(body) > 60)) > 0.33


def climbs(body: Body) -> bool:
    """Moves the pelvis up or down by 0.4 m, both feet off the ground for 0.8 s, hands up."""
    hands = np.maximum(
        measures.hand_over_shoulder(body, "left"), measures.hand_over_shoulder(body, "right")
    )
    return bool(
        np.ptp(body.height("pelvis")) > 0.4
        and measures.longest_flight_seconds(body, 0.3) > 0.8
        and measures.share(hands > -0.30) > 0.25
    )


def dances_on_the_spot(body: Body) -> bool:
    """Steps again and again, hands moving, turning at 40 degrees a second, never straight on."""
    steps = measures.swings(measures.foot_lift(body, "left"), 0.05)
    hands = measures.hand_path(body, "left") + measures.hand_path(body, "right")
    turned = np.abs(np.diff(measures.smoothed(body.heading, 5))).sum()
    return bool(
        steps / body.seconds > 1.0
        and hands / body.seconds > 1.0
        and np.degrees(turned) / body.seconds > 40
        and measures.straightness(body) < 0.8
    )


def does_a_cartwheel(body: Body) -> bool:
    """Has a foot 0.2 m above the head and a hand below 0.5 m at once."""
    feet = np.maximum(body.height("left_ankle"), body.height("right_ankle"))
    hands = np.minimum(body.height("left_wrist"), body.height("right_wrist"))
    return bool(((feet > body.height("head") + 0.2) & (hands < 0.5)).any())
