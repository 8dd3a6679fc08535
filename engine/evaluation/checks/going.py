"""Yes-or-no checks of ways of going, turning, rising and sinking that the frozen set asks for.

Each check is a pure function of a Body, built from `measures`; thresholds describe the
action, not a recording. It knows no prompt. Written before any model had been tried on it;
a test notices later edits.
"""

from __future__ import annotations

import numpy as np

from . import measures
from .body import is_seated
from .measures import FORWARD, LEFT, Array, Body


def walks_slowly(body: Body) -> bool:
    """Goes 0.8 m or more ahead upright, at 0.25 to 0.85 m/s, never flying."""
    speed = measures.path_length(body) / body.seconds
    return bool(
        measures.travel(body)[1] > 0.8
        and 0.25 < speed < 0.85
        and measures.top_speed(body, 1.0) < 1.3
        and measures.longest_flight_seconds(body, 0.08) < 0.15
        and body.height("pelvis").min() > 0.7
    )


def walks_briskly(body: Body) -> bool:
    """Walks ahead faster than one strolls: 1.25 to 2.4 m/s for a second, a foot on the ground."""
    return bool(
        measures.travel(body)[1] > 1.0
        and 1.25 < measures.top_speed(body, 1.0) < 2.4
        and measures.flights(body, 0.08, 0.1) <= 1
    )


def jogs(body: Body) -> bool:
    """Runs ahead at an easy pace: 1.6 to 4 m/s held for a second, and 1.2 m or more of way."""
    left, forward = measures.travel(body)
    return bool(
        1.6 < measures.top_speed(body, 1.0) < 4.0 and forward > 1.2 and forward > 2.0 * abs(left)
    )


def runs_and_turns(body: Body, side: str) -> bool:
    """Runs at over 1.7 m/s and ends facing 35 to 230 degrees to one side of the start."""
    turned = _turned(body, side)
    return bool(
        35 < turned < 230 and measures.top_speed(body, 0.7) > 1.7 and measures.travel(body)[1] > 1.0
    )


def runs_backward(body: Body) -> bool:
    """Goes 1 m or more backward as it faces, at over 1.2 m/s for half a second."""
    behind = -measures.smoothed(measures.ground_velocity(body)[:, 1], round(0.5 * body.fps))
    return bool(behind.max() > 1.2 and behind[behind > 0].sum() / body.fps > 1.0)


def comes_to_a_stop(body: Body) -> bool:
    """Goes at over 0.7 m/s first and stands, below 0.3 m/s, for the last 0.3 s."""
    speed = _ground_speed(body)
    tail = max(1, round(0.3 * body.fps))
    return bool(speed[: -2 * tail].max(initial=0.0) > 0.7 and speed[-tail:].max() < 0.3)


def sets_off(body: Body) -> bool:
    """Stands, below 0.3 m/s, at first and goes at over 0.5 m/s at the end."""
    speed = _ground_speed(body)
    tail = max(1, round(0.3 * body.fps))
    return bool(speed[:tail].min() < 0.3 and speed[-tail:].mean() > 0.5)


def spins(body: Body, side: str) -> bool:
    """Turns by 310 degrees or more to one side within a stretch of three seconds."""
    return _most_turned(body, side, 3.0) > 310


def turns_around(body: Body, side: str) -> bool:
    """Ends facing 130 to 235 degrees to one side of the start."""
    return 130 < _turned(body, side) < 235


def stands_on_one_leg(body: Body) -> bool:
    """Keeps one foot 0.12 m or more above the other for 0.8 s while the pelvis hardly moves."""
    slow = _ground_speed(body) < 0.5
    grounded = measures.lowest_foot(body) < 0.08
    return any(
        measures.held_seconds(body, (measures.foot_lift(body, side) > 0.12) & slow & grounded) > 0.8
        for side in ("left", "right")
    )


def jumps_and_turns(body: Body, side: str) -> bool:
    """Flies 0.15 s or more and faces 33 degrees or more to one side after it."""
    up = measures.lowest_foot(body) > 0.05
    turned = np.degrees(body.heading) * (1 if side == "left" else -1)
    around = round(0.4 * body.fps)
    return measures.pelvis_rise(body) > 0.07 and any(
        turned[min(len(turned) - 1, end + around)] - turned[max(0, start - around)] > 33
        for start, end in measures.runs_of(up, max(2, round(0.15 * body.fps)))
    )


def jumps_twice(body: Body) -> bool:
    """Leaves the ground twice or more with both feet, the pelvis 0.08 m up each time."""
    height = body.height("pelvis")
    frames = max(2, round(0.15 * body.fps))
    high = [
        height[start:end].max() > np.median(height) + 0.08
        for start, end in measures.runs_of(measures.lowest_foot(body) > 0.06, frames)
    ]
    return sum(high) >= 2 and measures.top_speed(body, 1.0) < 1.8


def kicks_twice(body: Body) -> bool:
    """Swings a foot, one or the other, 0.4 m above the other at over 2 m/s, twice or more."""
    kicks = 0
    for side in ("left", "right"):
        fast = measures.smoothed(measures.foot_speed(body, side), 3) > 2.0
        high = measures.foot_lift(body, side) > 0.4
        lifts = measures.runs_of(high, 3)
        kicks += sum(bool((fast & high)[start:end].any()) for start, end in lifts)
    return kicks >= 2


def leaps_while_running(body: Body) -> bool:
    """Flies 0.25 s or more, at over 1.5 m/s, and bounds higher than a stride does."""
    speed = _ground_speed(body)
    frames = max(2, round(0.25 * body.fps))
    return measures.pelvis_rise(body) > 0.08 and any(
        speed[start:end].mean() > 1.5
        for start, end in measures.runs_of(measures.lowest_foot(body) > 0.08, frames)
    )


def walks_crouched(body: Body) -> bool:
    """Goes 0.4 m or more with the pelvis below 0.8 m for half the clip, on bent knees."""
    low = body.height("pelvis") < 0.8
    knees = np.minimum(
        measures.knee_degrees(body, "left"), measures.knee_degrees(body, "right")
    )
    upright = measures.torso_pitch_degrees(body) < 75
    return bool(
        measures.path_length(body) > 0.4
        and measures.share(low & upright & (body.height("pelvis") > 0.3)) > 0.5
        and np.median(knees) > 30
    )


def ducks(body: Body) -> bool:
    """Takes the head down by 0.35 m and up again by as much, the feet on the ground."""
    head = body.height("head")
    bottom = int(head.argmin())
    return bool(
        head[: bottom + 1].max() - head[bottom] > 0.35
        and head[bottom:].max() - head[bottom] > 0.30
        and head[bottom] > 0.5
        and measures.longest_flight_seconds(body, 0.10) < 0.3
    )


def kneels(body: Body) -> bool:
    """Keeps a knee below 0.22 m, the pelvis over it and the torso not level, for 0.4 s or more."""
    knees = np.minimum(body.height("left_knee"), body.height("right_knee"))
    over = (measures.torso_pitch_degrees(body) < 80) & (body.height("pelvis") > 0.35)
    return measures.held_seconds(body, (knees < 0.22) & over) >= 0.4


def bows(body: Body) -> bool:
    """Bends the trunk 28 degrees or more and comes up by 18, on nearly straight legs."""
    bend = measures.smoothed(measures.torso_pitch_degrees(body), 3)
    deepest = int(bend.argmax())
    return bool(
        bend[deepest] > 28
        and bend[deepest] - bend[: deepest + 1].min() > 18
        and bend[deepest] - bend[deepest:].min() > 18
        and measures.torso_bend_degrees(body)[deepest] > 10
        and body.height("pelvis").min() > 0.75
        and body.height("pelvis").max() < 1.1
    )


def stands_up(body: Body) -> bool:
    """Begins with thighs near level, ends upright, the pelvis 0.15 m higher."""
    height = body.height("pelvis")
    head, tail = max(1, len(height) // 2), max(1, round(0.3 * body.fps))
    return bool(
        height[-tail:].mean() - height[:head].min() > 0.15
        and is_seated(body)[:head].any()
        and np.median(measures.torso_pitch_degrees(body)[-tail:]) < 30
        and height[-tail:].mean() > 0.8
    )


def stays_seated(body: Body) -> bool:
    """Has both thighs near level and the torso near upright for most of the clip."""
    return measures.share(is_seated(body) & (body.height("pelvis") > 0.25)) > 0.6


def gets_up_from_the_floor(body: Body) -> bool:
    """Has the pelvis below 0.4 m in the first half and ends 0.2 m or more above that."""
    height = body.height("pelvis")
    tail = max(1, round(0.3 * body.fps))
    low = height[: len(height) // 2 + 1].min()
    return bool(low < 0.40 and height[-tail:].mean() - low > 0.2)


def goes_down_to_the_floor(body: Body) -> bool:
    """Begins with the pelvis above 0.6 m and ends with it below 0.45 m, not upright."""
    height = body.height("pelvis")
    tail = max(1, round(0.3 * body.fps))
    return bool(
        height[: len(height) // 2 + 1].max() > 0.6
        and height[-tail:].mean() < 0.45
        and measures.torso_pitch_degrees(body)[-tail:].mean() > 30
    )


def does_push_ups(body: Body) -> bool:
    """Lies on hands and toes, the trunk near level, and lowers and raises the chest."""
    level = (measures.torso_pitch_degrees(body) > 45) & (body.height("pelvis") < 0.75)
    for start, end in measures.runs_of(level, max(2, round(0.5 * body.fps))):
        hands = np.maximum(body.height("left_wrist"), body.height("right_wrist"))[start:end]
        chest = body.height("neck")[start:end]
        if np.median(hands) < 0.25 and measures.swings(chest, 0.12) >= 2:
            return True
    return False


def climbs_stairs(body: Body) -> bool:
    """Takes both feet and the pelvis up by 0.3 m step by step, the hands staying low."""
    feet = measures.lowest_foot(body)
    hands = np.maximum(
        measures.hand_over_shoulder(body, "left"), measures.hand_over_shoulder(body, "right")
    )
    return bool(
        measures.held_seconds(body, feet > 0.3) > 0.5
        and np.ptp(measures.smoothed(body.height("pelvis"), 5)) > 0.3
        and measures.share(hands < -0.1) > 0.8
        and measures.path_length(body) > 0.5
    )


def hangs(body: Body) -> bool:
    """Holds both hands above the head and both feet off the ground for 0.8 s or more."""
    hands = np.minimum(
        measures.hand_over_head(body, "left"), measures.hand_over_head(body, "right")
    )
    feet = np.minimum(body.height("left_ankle"), body.height("right_ankle"))
    return measures.held_seconds(body, (hands > 0.0) & (feet > 0.2)) > 0.8


def stands_on_tiptoe(body: Body) -> bool:
    """Lifts both heels by 0.04 m or more for 0.4 s, the toes on the ground."""
    heels = np.minimum(body.height("left_ankle"), body.height("right_ankle"))
    toes = np.maximum(body.height("left_foot"), body.height("right_foot"))
    up = heels - np.percentile(heels, 10) > 0.04
    down = toes - np.percentile(toes, 10) < 0.06
    return measures.held_seconds(body, up & down) > 0.4


def twists_the_trunk(body: Body) -> bool:
    """Turns the shoulders against the hips by 35 degrees to and fro, twice or more."""
    shoulders = body.relative("left_shoulder", "right_shoulder")
    yaw = np.degrees(np.unwrap(np.arctan2(-shoulders[:, FORWARD], shoulders[:, LEFT])))
    return measures.swings(measures.smoothed(yaw, 5), 35.0) >= 3


def kicks_high(body: Body, side: str) -> bool:
    """Swings one foot to 1.05 m or higher at over 3.5 m/s, higher than the other foot."""
    other = "right" if side == "left" else "left"
    foot = body.height(f"{side}_ankle")
    return bool(
        foot.max() > 1.05
        and measures.foot_speed(body, side).max() > 3.5
        and foot.max() > body.height(f"{other}_ankle").max() + 0.2
        and body.height("pelvis").min() > 0.5
    )


def _turned(body: Body, side: str) -> float:
    return measures.turn_degrees(body) * (1 if side == "left" else -1)


def _most_turned(body: Body, side: str, seconds: float) -> float:
    """Return the degrees turned to one side within any stretch of `seconds`."""
    turned = np.degrees(body.heading) * (1 if side == "left" else -1)
    width = min(len(turned), max(1, round(seconds * body.fps)))
    most = 0.0
    for start in range(0, len(turned) - width + 1, 5):
        stretch = turned[start : start + width]
        most = max(most, float((stretch - np.minimum.accumulate(stretch)).max()))
    return most


def _ground_speed(body: Body) -> Array:
    """Return the pelvis' ground speed (T,) in m/s, smoothed over a third of a second."""
    ground = measures.smoothed(measures.ground_velocity(body), round(0.33 * body.fps))
    return np.asarray(np.linalg.norm(ground, axis=1))
