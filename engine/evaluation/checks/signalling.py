"""Yes-or-no checks of what arms and hands say, and how they are held: signs, greetings, poses.

Each check is a pure function of a Figure, built from `figure` and `measures`. It knows no prompt.
Written before any motion was made for the gestures and before any model had been tried on it;
a test notices later edits.
"""

from __future__ import annotations

import numpy as np

from . import measures
from .figure import (
    OUT,
    SIDES,
    Frames,
    bridged,
    elbow_by_shoulder,
    from_face,
    gaze_pitch_degrees,
    hand_by_face,
    hand_by_pelvis,
    hand_by_shoulder,
    hand_speed,
    hangs,
    is_held,
    near,
    other_of,
    swings_while,
)
from .measures import FORWARD, UP, Body


def shrugs(body: Body) -> bool:
    """Lifts both shoulders 0.015 m or more towards the head and lowers them, the hands low."""
    lifts = [body.relative(f"{side}_shoulder", "spine3")[:, UP] for side in SIDES]
    both = np.minimum(*(lift - np.percentile(lift, 10) for lift in lifts))
    low = np.ones(len(both), dtype=bool)
    for side in SIDES:
        arm = hand_by_shoulder(body, side)
        low &= (arm[:, UP] < 0.05) & (elbow_by_shoulder(body, side)[:, UP] < -0.08)
    lifted = bridged(body, (both > 0.015) & low)
    short = any(end - start < 0.8 * len(low) for start, end in measures.runs_of(lifted, 3))
    upright = np.ptp(measures.torso_pitch_degrees(body)) < 20
    return bool(short and upright and measures.path_length(body) < 0.8)


def checks_a_watch(body: Body) -> bool:
    """Brings one forearm across the chest and looks down at it, for 0.5 s."""
    for side in SIDES:
        arm = hand_by_shoulder(body, side)
        held = (arm[:, OUT] < 0.04) & (arm[:, FORWARD] > 0.1)
        held &= (arm[:, UP] > -0.4) & (arm[:, UP] < 0.12)
        elbow = elbow_by_shoulder(body, side)
        held &= (elbow[:, OUT] > arm[:, OUT] + 0.08) & (measures.arm_extension(body, side) < 0.9)
        held &= _looks_at(body, side, 45.0) & (hand_speed(body, side) < 0.5)
        held &= near(hand_by_face(body, side), (0.0, 0.0, 0.0), 0.6)
        if is_held(body, held & _is_not_raised(body, other_of(side)), 0.5):
            return True
    return False


def _looks_at(body: Body, side: str, degrees: float) -> Frames:
    """Return (T,) whether the face looks within so many degrees of a wrist, and below level."""
    away = from_face(body, f"{side}_wrist") - np.array([0.0, 0.05, 0.0])
    ahead = away[:, FORWARD] / np.maximum(np.linalg.norm(away, axis=1), 1e-9)
    off = np.degrees(np.arccos(np.clip(ahead, -1, 1)))
    return np.asarray((off < degrees + 15.0) & (gaze_pitch_degrees(body) < -15.0))


def _is_not_raised(body: Body, side: str) -> Frames:
    return np.asarray(hand_by_shoulder(body, side)[:, UP] < -0.12)


def prays(body: Body) -> bool:
    """Holds both wrists together before the chest, still, over the elbows, for a second."""
    held = measures.hands_apart(body) < 0.17
    for side in SIDES:
        arm = hand_by_shoulder(body, side)
        held &= (arm[:, FORWARD] > 0.07) & (arm[:, UP] > -0.36) & (arm[:, UP] < 0.08)
        held &= (measures.arm_extension(body, side) < 0.88) & (hand_speed(body, side) < 0.25)
        held &= elbow_by_shoulder(body, side)[:, UP] < arm[:, UP] - 0.05
    return is_held(body, held, 1.0)


def beckons(body: Body) -> bool:
    """Draws one raised hand in towards the shoulder and out, 0.05 m, four swings within 3 s."""
    for side in SIDES:
        arm = hand_by_shoulder(body, side)
        reach = np.linalg.norm(arm, axis=1)
        held = (arm[:, FORWARD] > 0.08) & (arm[:, UP] > -0.4) & (arm[:, UP] < 0.3)
        held &= hangs(body, other_of(side)) & (measures.hand_to_head(body, side) > 0.22)
        values = np.stack([reach, arm[:, OUT]], axis=1)
        drawn = swings_while(body, held, values[:, :1], 0.05)
        aside = swings_while(body, held, values[:, 1:], 0.06)
        if drawn >= 4 and aside < drawn and _stays(body):
            return True
    return False


def gives_a_thumbs_up(body: Body) -> bool:
    """Holds one fist ahead between belly and chin, still, the elbow bent, for 0.5 s."""
    for side in SIDES:
        arm = hand_by_shoulder(body, side)
        held = (arm[:, FORWARD] > 0.17) & (arm[:, UP] > -0.38) & (arm[:, UP] < 0.08)
        extension = measures.arm_extension(body, side)
        held &= (extension > 0.4) & ((extension < 0.88) | (arm[:, UP] < -0.06))
        held &= (arm[:, OUT] > -0.11) & (arm[:, OUT] < 0.3)
        held &= (hand_speed(body, side) < 0.28) & hangs(body, other_of(side))
        held &= measures.hand_to_head(body, side) > 0.26
        if is_held(body, held, 0.5) and _stays(body):
            return True
    return False


def signals_stop(body: Body) -> bool:
    """Holds one hand or both out ahead between chest and head, still, for 0.4 s."""
    out = {}
    for side in SIDES:
        arm = hand_by_shoulder(body, side)
        held = (arm[:, FORWARD] > 0.24) & (arm[:, UP] > -0.22) & (arm[:, UP] < 0.3)
        held &= (measures.arm_extension(body, side) > 0.58) & (np.abs(arm[:, OUT]) < 0.28)
        out[side] = held & (hand_speed(body, side) < 0.5)
    one = np.zeros(len(body.joints), dtype=bool)
    for side in SIDES:
        high = hand_by_shoulder(body, side)[:, UP] > -0.14
        one |= out[side] & high & hangs(body, other_of(side))
    return is_held(body, one | (out["left"] & out["right"]), 0.4) and _stays(body)


def has_hands_behind_the_back(body: Body) -> bool:
    """Holds both wrists near each other behind the pelvis or the back for a second."""
    held = measures.hands_apart(body) < 0.32
    for side in SIDES:
        hand = hand_by_pelvis(body, side)
        held &= (hand[:, FORWARD] < -0.03) & (hand[:, UP] > -0.22) & (hand[:, UP] < 0.4)
    return is_held(body, held, 1.0)


def puts_the_hands_up(body: Body) -> bool:
    """Holds both hands above and beside the shoulders, not at the head, still, for 0.8 s."""
    held = measures.hands_apart(body) > 0.36
    for side in SIDES:
        arm = hand_by_shoulder(body, side)
        held &= (arm[:, UP] > 0.06) & (arm[:, OUT] > -0.06) & (arm[:, FORWARD] > -0.15)
        held &= measures.hand_to_head(body, side) > 0.23
        held &= hand_speed(body, side) < 0.35
    return is_held(body, held, 0.8)


def cheers(body: Body) -> bool:
    """Has both hands above the head for 0.4 s, and pumps them three times, or jumps."""
    hands = np.minimum(*(measures.hand_over_head(body, side) for side in SIDES))
    over = hands > -0.03
    lift = np.stack([body.relative(f"{side}_wrist", "neck")[:, UP] for side in SIDES], axis=1)
    high = hands > -0.3
    pumps = swings_while(body, high, lift.mean(axis=1, keepdims=True), 0.06)
    pumps = max(pumps, swings_while(body, high, lift, 0.1))
    jumps = measures.flights(body, 0.04, 0.1) >= 1
    in_all = measures.share(over) * body.seconds
    return bool(in_all >= 0.4 and (pumps >= 3 or jumps) and _stays(body))


def hugs(body: Body) -> bool:
    """Opens both arms ahead and closes them round something before the chest, for 0.6 s."""
    apart = measures.hands_apart(body)
    ahead = np.ones(len(apart), dtype=bool)
    closed = apart < 0.46
    for side in SIDES:
        arm = hand_by_shoulder(body, side)
        ahead &= (arm[:, FORWARD] > 0.1) & (arm[:, UP] > -0.42) & (arm[:, UP] < 0.3)
        elbow = elbow_by_shoulder(body, side)
        closed &= (arm[:, FORWARD] > 0.16) & (arm[:, OUT] < 0.12)
        closed &= (elbow[:, OUT] > arm[:, OUT] - 0.04) & (elbow[:, FORWARD] > 0.04)
    opened = (apart > 0.5) & ahead
    before = np.logical_or.accumulate(opened)
    slow = np.maximum(*(hand_speed(body, side) for side in SIDES)) < 0.5
    return is_held(body, closed & ahead & before & slow, 0.6)


def gives_a_high_five(body: Body) -> bool:
    """Takes one hand up and ahead of the shoulder to head height, for no longer than 1.7 s.

    It goes ahead at 0.6 m/s or faster, hardly to and fro sideways, and comes down again.
    """
    for side in SIDES:
        arm = hand_by_shoulder(body, side)
        up = bridged(body, arm[:, UP] > 0.03)
        ahead = measures.velocity(arm, body.fps)[:, FORWARD]
        for start, end in measures.runs_of(up, max(2, round(0.1 * body.fps))):
            part = slice(start, end)
            reached = (arm[part, FORWARD] > 0.2) & (arm[part, UP] > 0.1)
            reached &= measures.arm_extension(body, side)[part] > 0.6
            is_short = end - start <= 1.7 * body.fps and end < len(up)
            aside = measures.swings(arm[part, OUT], 0.08)
            alone = measures.share(hangs(body, other_of(side))[part]) > 0.7
            is_swift = 0.6 < ahead[max(0, start - 5) : end].max() < 3.5
            if reached.any() and is_short and is_swift and aside <= 2 and alone and _stays(body):
                return True
    return False


def hands_over(body: Body) -> bool:
    """Takes one or both hands slowly from the body to 0.28 m ahead at belly or chest height.

    They stay there for 0.3 s; a hand alone goes 0.15 m or more farther ahead than before.
    """
    for sides in (("left",), ("right",), SIDES):
        held = np.ones(len(body.joints), dtype=bool)
        for side in sides:
            arm = hand_by_shoulder(body, side)
            rise = arm[:, FORWARD] - np.minimum.accumulate(arm[:, FORWARD])
            held &= (arm[:, FORWARD] > 0.28) & (rise > 0.16)
            held &= (arm[:, UP] > -0.42) & (arm[:, UP] < -0.02)
            held &= hand_speed(body, side) < 0.5
        for side in set(SIDES) - set(sides):
            held &= hand_by_shoulder(body, side)[:, FORWARD] < 0.3
        fastest = max(float(hand_speed(body, side).max()) for side in sides)
        if is_held(body, held, 0.3) and fastest < 2.6 and _stays(body):
            return True
    return False


def aims(body: Body) -> bool:
    """Points both hands ahead at shoulder height, still, for a second.

    They are near each other, or one is at the cheek and the other stretched out.
    """
    still = np.maximum(*(hand_speed(body, side) for side in SIDES)) < 0.3
    arms = {side: hand_by_shoulder(body, side) for side in SIDES}
    level = still & (np.abs(arms["left"][:, UP]) < 0.24) & (np.abs(arms["right"][:, UP]) < 0.24)
    pistol = level & (measures.hands_apart(body) < 0.22)
    for side in SIDES:
        pistol &= arms[side][:, FORWARD] > 0.26
        other = other_of(side)
        rifle = level & (arms[side][:, FORWARD] > 0.26) & (arms[other][:, OUT] < 0.22)
        rifle &= (arms[other][:, FORWARD] > -0.02) & (measures.hands_apart(body) < 0.55)
        rifle &= arms[side][:, FORWARD] > arms[other][:, FORWARD] + 0.1
        rifle &= measures.hand_to_head(body, other) < 0.38
        if is_held(body, rifle, 1.0):
            return True
    return is_held(body, pistol, 1.0)


def draws_a_bow(body: Body) -> bool:
    """Keeps one arm stretched at shoulder height, the other hand back at cheek or shoulder.

    The hands are 0.38 m or more apart, for 0.3 s where one was drawn 0.2 m away from the other,
    else for a second.
    """
    apart = measures.hands_apart(body)
    drawn = apart - np.minimum.accumulate(apart) > 0.2
    for side in SIDES:
        other = other_of(side)
        front, back = hand_by_shoulder(body, side), hand_by_shoulder(body, other)
        held = (measures.arm_extension(body, side) > 0.8) & (np.abs(front[:, UP]) < 0.22)
        held &= (np.abs(back[:, UP]) < 0.26) & (measures.arm_extension(body, other) < 0.85)
        held &= (measures.hand_to_head(body, other) < 0.36) & (apart > 0.38)
        held &= elbow_by_shoulder(body, other)[:, UP] > -0.15
        held &= measures.arm_extension(body, other) < measures.arm_extension(body, side) - 0.2
        if is_held(body, held & drawn, 0.3) or is_held(body, held, 1.0):
            return True
    return False


def _stays(body: Body) -> bool:
    """Return whether the body stays about where it is."""
    return bool(measures.farthest_from_start(body) < 0.8)
