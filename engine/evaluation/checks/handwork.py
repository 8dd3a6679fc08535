"""Yes-or-no checks of what hands work at: tools, tables, doors, wheels, instruments.

Each check is a pure function of a Figure, built from `figure` and `measures`. Nothing is in the
hands, so a check tells the work by how they go. It knows no prompt. Written before any motion was
made for the gestures and before any model had been tried on it; a test notices later edits.
"""

from __future__ import annotations

import numpy as np

from . import measures
from .figure import (
    OUT,
    SIDES,
    Frames,
    bridged,
    gaze_pitch_degrees,
    hand_by_pelvis,
    hand_by_shoulder,
    hand_speed,
    hangs,
    is_held,
    other_of,
    swings_while,
)
from .measures import FORWARD, UP, Array, Body


def texts(body: Body) -> bool:
    """Holds one or both bent forearms before belly or chest, still, and looks down, for 1.2 s."""
    down = gaze_pitch_degrees(body) < -20.0
    held = {side: _before_the_chest(body, side, 0.4) for side in SIDES}
    both = held["left"] & held["right"] & (measures.hands_apart(body) < 0.3)
    one = np.zeros(len(down), dtype=bool)
    for side in SIDES:
        one |= held[side] & hangs(body, other_of(side))
    return is_held(body, (both | one) & down, 1.2)


def reads(body: Body) -> bool:
    """Holds both hands level before belly or chest, a book apart, still; looks down, for 1.5 s."""
    held = (gaze_pitch_degrees(body) < -12.0) & (measures.hands_apart(body) > 0.1)
    held &= measures.hands_apart(body) < 0.6
    held &= np.abs(body.height("left_wrist") - body.height("right_wrist")) < 0.16
    for side in SIDES:
        held &= _before_the_chest(body, side, 0.3)
    return is_held(body, held, 1.5)


def _before_the_chest(body: Body, side: str, speed: float) -> Frames:
    arm, hand = hand_by_shoulder(body, side), hand_by_pelvis(body, side)
    held = (hand[:, FORWARD] > 0.12) & (arm[:, UP] > -0.44) & (arm[:, UP] < 0.06)
    held &= (arm[:, FORWARD] > 0.08) & (arm[:, OUT] < 0.14)
    held &= measures.arm_extension(body, side) < 0.95
    return np.asarray(held & (hand_speed(body, side) < speed))


def _at_a_table(body: Body, side: str) -> Frames:
    """Return (T,) whether a hand is ahead at the height of elbows or of a table."""
    arm, hand = hand_by_shoulder(body, side), hand_by_pelvis(body, side)
    held = (hand[:, FORWARD] > 0.14) & (arm[:, UP] > -0.6) & (arm[:, UP] < -0.12)
    return np.asarray(held & (arm[:, OUT] < 0.25))


def writes(body: Body) -> bool:
    """Moves one hand at a table in small strokes, six within 3 s; the other rests; looks down."""
    down = gaze_pitch_degrees(body) < -12.0
    for side in SIDES:
        arm = hand_by_shoulder(body, side)
        held = _at_a_table(body, side) & down & (hand_speed(body, side) < 0.8)
        held &= hand_speed(body, other_of(side)) < 0.3
        drift = arm - measures.smoothed(arm, round(0.7 * body.fps))
        size = np.linalg.norm(drift[held], axis=1)
        small = bool(len(size)) and np.percentile(size, 90) < 0.05
        strokes = swings_while(body, held, drift, 0.004) >= 6
        if small and strokes and is_held(body, held, 1.5) and _moves_more(body, side):
            return True
    return False


def _moves_more(body: Body, side: str) -> bool:
    """Return whether a hand moves more than the other one."""
    own, other = measures.hand_path(body, side), measures.hand_path(body, other_of(side))
    return own > 1.25 * other


def _keys(body: Body, apart: tuple[float, float]) -> Frames:
    """Return (T,) whether both hands are over keys: ahead, level and so far apart."""
    held = (measures.hands_apart(body) > apart[0]) & (measures.hands_apart(body) < apart[1])
    held &= np.abs(body.height("left_wrist") - body.height("right_wrist")) < 0.14
    for side in SIDES:
        held &= _at_a_table(body, side)
        # The forearm is near level.
        held &= np.abs(body.relative(f"{side}_wrist", f"{side}_elbow")[:, UP]) < 0.15
    return held


def types(body: Body) -> bool:
    """Holds both hands level over keys for 2 s, each moving a little: 0.1 m aside at most."""
    held = _keys(body, (0.08, 0.5))
    path = [float(hand_speed(body, side)[held].mean()) if held.any() else 9.0 for side in SIDES]
    aside = max(_spread(hand_by_shoulder(body, side)[held][:, OUT]) for side in SIDES)
    trembles = max(
        swings_while(body, held, hand_by_shoulder(body, side), 0.003) for side in SIDES
    )
    return bool(is_held(body, held, 2.0) and max(path) < 0.35 and aside < 0.1 and trembles >= 4)


def plays_the_piano(body: Body) -> bool:
    """Holds both hands level over keys for 2 s; one goes 0.1 m or more to the side and back."""
    held = _keys(body, (0.1, 1.0))
    shift = max(_spread(hand_by_shoulder(body, side)[held][:, OUT]) for side in SIDES)
    taps = max(swings_while(body, held, hand_by_shoulder(body, side), 0.01) for side in SIDES)
    return bool(is_held(body, held, 2.0) and shift > 0.08 and taps >= 5)


def _spread(values: Array) -> float:
    """Return how far values (T,) reach, the outermost twentieths left out."""
    return float(np.subtract(*np.percentile(values, [95, 5]))) if len(values) else 0.0


def knocks(body: Body) -> bool:
    """Raps one raised hand ahead, 0.02 m four times within 1.5 s, the elbow bent."""
    for side in SIDES:
        arm = hand_by_shoulder(body, side)
        held = (arm[:, FORWARD] > 0.15) & (arm[:, UP] > -0.26) & (arm[:, UP] < 0.32)
        held &= (np.abs(arm[:, OUT]) < 0.3) & (measures.arm_extension(body, side) < 0.98)
        held &= hangs(body, other_of(side))
        values = arm[:, [FORWARD, OUT]]
        rapped = swings_while(body, held, values[:, :1], 0.02, 1.5)
        aside = swings_while(body, held, values[:, 1:], 0.05, 1.5)
        if rapped >= 4 and aside < rapped and measures.farthest_from_start(body) < 1.0:
            return True
    return False


def opens_a_door(body: Body) -> bool:
    """Reaches ahead for a handle, rests there for 0.2 s, and draws or swings it 0.16 m away.

    The hand stays at belly or chest height meanwhile.
    """
    for side in SIDES:
        arm = hand_by_shoulder(body, side)
        level = (arm[:, UP] > -0.52) & (arm[:, UP] < 0.02)
        level &= hangs(body, other_of(side))
        rests = level & (arm[:, FORWARD] > 0.22) & (hand_speed(body, side) < 0.3)
        for start, end in measures.runs_of(bridged(body, rests), max(2, round(0.2 * body.fps))):
            later = slice(end, end + round(1.5 * body.fps))
            place = arm[(start + end) // 2]
            moved = np.linalg.norm((arm[later] - place)[:, [OUT, FORWARD]], axis=1)
            sunk = place[UP] - arm[later, UP]
            away = (moved > 0.16) & (sunk < 0.12) & level[later]
            if measures.held_seconds(body, away) >= 0.2:
                return measures.farthest_from_start(body) < 2.0
    return False


def pushes_along(body: Body) -> bool:
    """Goes ahead 0.8 m or more with both hands steady 0.2 m before the shoulders."""
    held = measures.hands_apart(body) < 0.75
    for side in SIDES:
        arm = hand_by_shoulder(body, side)
        held &= (arm[:, FORWARD] > 0.2) & (arm[:, UP] > -0.5) & (arm[:, UP] < 0.12)
        held &= (measures.arm_extension(body, side) > 0.6) & (hand_speed(body, side) < 0.7)
    return bool(measures.travel(body)[1] > 0.8 and measures.share(held) > 0.6)


def pulls_along(body: Body) -> bool:
    """Goes 0.7 m or more with a hand steady behind it; or backward, both hands steady ahead."""
    behind = np.zeros(len(body.joints), dtype=bool)
    ahead = np.ones(len(body.joints), dtype=bool)
    for side in SIDES:
        arm, hand = hand_by_shoulder(body, side), hand_by_pelvis(body, side)
        steady = hand_speed(body, side) < 0.6
        over = (arm[:, UP] > -0.15) & (arm[:, FORWARD] < 0.12) & (arm[:, OUT] < 0.12)
        behind |= steady & (((arm[:, FORWARD] < -0.1) & (hand[:, FORWARD] < -0.06)) | over)
        ahead &= steady & (arm[:, FORWARD] > 0.16) & (arm[:, UP] < 0.1)
    forward = measures.travel(body)[1]
    return bool(
        (forward > 0.7 and measures.share(behind) > 0.6)
        or (forward < -0.5 and measures.share(ahead) > 0.6)
    )


def digs(body: Body) -> bool:
    """Bends over hands that hold a shaft, and swings them 0.12 m down and up again, twice."""
    middle = (body.at("left_wrist") + body.at("right_wrist")) / 2
    lift = middle[:, 1] - np.median(body.height("pelvis"))
    apart = measures.hands_apart(body)
    shaft = (apart > 0.15) & (apart < 0.9)
    bend = measures.torso_bend_degrees(body)
    lean = measures.busiest_swings(body, bend, 6.0, 6.0)
    return bool(
        measures.busiest_swings(body, measures.smoothed(lift, 5), 0.12, 6.0) >= 3
        and lean >= 3
        and np.percentile(bend, 75) > 12
        and np.percentile(lift, 10) < 0.16
        and measures.share(shaft) > 0.7
        and measures.path_length(body) / max(body.seconds, 1e-6) < 0.5
    )


def _one_hand_works(body: Body, side: str) -> Frames:
    """Return (T,) whether a hand is ahead, from the lap up to the face."""
    arm = hand_by_shoulder(body, side)
    return np.asarray((arm[:, FORWARD] > 0.05) & (arm[:, UP] > -0.6) & (arm[:, UP] < 0.25))


def saws(body: Body) -> bool:
    """Draws one hand to and fro along the way ahead, 0.1 m four swings in 3 s, below the shoulder.

    It hardly goes up, down or aside meanwhile, and the other hand hardly moves.
    """
    for side in SIDES:
        arm = hand_by_shoulder(body, side)
        low = (arm[:, UP] < -0.1) & (hand_by_pelvis(body, side)[:, FORWARD] > -0.12)
        strokes = swings_while(body, low, arm[:, FORWARD:], 0.1)
        across = _spread(arm[:, OUT][low]) if low.any() else 9.0
        calm = measures.hand_path(body, side) > 1.8 * measures.hand_path(body, other_of(side))
        lift = swings_while(body, low, arm[:, [UP]], 0.14)
        if strokes >= 4 and lift < strokes and across < 0.25 and calm and _is_there(body):
            return True
    return False


def hammers(body: Body) -> bool:
    """Strikes one hand down before the body, 0.12 m four swings in 3 s, from chest or higher."""
    for side in SIDES:
        arm = hand_by_shoulder(body, side)
        works = (arm[:, FORWARD] > 0.02) & (arm[:, UP] > -0.6)
        strokes = swings_while(body, works, arm[:, [UP]], 0.12)
        down = -measures.velocity(arm, body.fps)[:, UP]
        high = np.percentile(arm[:, UP], 95) > -0.22
        works &= measures.hand_to_head(body, side) > 0.2
        calm = measures.hand_path(body, side) > 1.5 * measures.hand_path(body, other_of(side))
        aside = swings_while(body, works, arm[:, [OUT]], 0.14)
        strikes = strokes >= 4 and aside < strokes and down.max() > 0.5
        if strikes and high and calm and _is_there(body):
            return True
    return False


def wipes_a_surface(body: Body) -> bool:
    """Rubs one hand aside before the body, 0.1 m four swings in 3 s, at about one height."""
    for side in SIDES:
        arm = hand_by_shoulder(body, side)
        works = _one_hand_works(body, side) & (arm[:, FORWARD] > 0.12)
        works &= arm[:, UP] < 0.0
        aside = swings_while(body, works, arm[:, [OUT]], 0.1)
        lift = swings_while(body, works, arm[:, [UP]], 0.1)
        calm = measures.hand_path(body, side) > 1.4 * measures.hand_path(body, other_of(side))
        if aside >= 4 and lift < aside and calm and _is_there(body):
            return True
    return False


def stirs(body: Body) -> bool:
    """Leads a hand round in a level circle before the body, one and a half rounds one way."""
    for side in SIDES:
        arm = hand_by_shoulder(body, side)
        works = _one_hand_works(body, side) & (arm[:, UP] < -0.04)
        for start, end in measures.runs_of(bridged(body, works), round(1.2 * body.fps)):
            if _rounds(arm[start:end], body.fps) > 1.5 and _is_there(body):
                return True
    return False


def _rounds(path: Array, fps: float) -> float:
    """Return how often a path (T, 3) goes round its middle, seen from above, one way."""
    level = path - measures.smoothed(path, round(1.6 * fps))
    radius = np.hypot(level[:, OUT], level[:, FORWARD])
    flat = np.std(level[:, UP]) < 0.8 * max(np.std(level[:, OUT]), np.std(level[:, FORWARD]))
    even = min(np.std(level[:, OUT]), np.std(level[:, FORWARD])) > 0.012
    if not (flat and even) or np.percentile(radius, 20) < 0.01:
        return 0.0
    turned = np.unwrap(np.arctan2(level[:, FORWARD], level[:, OUT]))
    return float(abs(turned[-1] - turned[0]) / (2 * np.pi))


def steers(body: Body) -> bool:
    """Holds both hands at a wheel and turns it: one 0.07 m above the other, then the other."""
    held = (measures.hands_apart(body) > 0.15) & (measures.hands_apart(body) < 0.7)
    lifts: list[Array] = []
    for side in SIDES:
        arm = hand_by_shoulder(body, side)
        held &= (arm[:, FORWARD] > 0.14) & (arm[:, UP] > -0.5) & (arm[:, UP] < 0.16)
        lifts.append(arm[:, UP])
    tilt = (body.height("left_wrist") - body.height("right_wrist"))[:, None]
    if not is_held(body, held, 1.5) or swings_while(body, held, tilt, 0.08, 5.0) < 2:
        return False
    left, right = (lift[held] - lift[held].mean() for lift in lifts)
    return bool((left * right).mean() < 0 and min(left.std(), right.std()) > 0.012)


def rows(body: Body) -> bool:
    """Draws both hands at once towards the belly, 0.18 m three times; the trunk goes with them."""
    hands = [body.relative(f"{side}_wrist", f"{side}_shoulder") for side in SIDES]
    middle = (hands[0] + hands[1]) / 2
    together = np.abs(hands[0][:, FORWARD] - hands[1][:, FORWARD]) < 0.2
    ahead = middle[:, FORWARD] > -0.2
    low = (middle[:, UP] > -0.6) & (middle[:, UP] < 0.15)
    strokes = swings_while(body, together & low & ahead, middle[:, FORWARD:], 0.18, 6.0)
    lean = measures.swings(measures.torso_bend_degrees(body), 6.0)
    return bool(strokes >= 3 and lean >= 2 and _is_there(body))


def plays_the_violin(body: Body) -> bool:
    """Holds one hand out at shoulder height, still, and bows with the other one: 0.06 m."""
    for side in SIDES:
        arm, bow = hand_by_shoulder(body, side), hand_by_shoulder(body, other_of(side))
        held = (arm[:, UP] > -0.14) & (arm[:, UP] < 0.25) & (arm[:, FORWARD] > 0.06)
        held &= (measures.arm_extension(body, side) > 0.45) & (hand_speed(body, side) < 0.35)
        held &= (bow[:, UP] > -0.4) & (bow[:, UP] < 0.22) & (bow[:, FORWARD] > 0.05)
        if swings_while(body, held, bow, 0.06, 4.0) >= 4:
            return True
    return False


def plays_the_guitar(body: Body) -> bool:
    """Holds one hand out beside the body, still, and strums with the other before the belly."""
    for side in SIDES:
        neck, strum = hand_by_pelvis(body, side), hand_by_pelvis(body, other_of(side))
        arm = hand_by_shoulder(body, side)
        held = (neck[:, OUT] > 0.16) & (arm[:, UP] > -0.45) & (arm[:, UP] < 0.12)
        held &= (neck[:, FORWARD] > 0.02) & (hand_speed(body, side) < 0.4)
        held &= (strum[:, OUT] < 0.26) & (strum[:, FORWARD] > 0.04) & (strum[:, UP] > -0.1)
        held &= hand_by_shoulder(body, other_of(side))[:, UP] < -0.2
        held &= measures.hands_apart(body) > 0.22
        if swings_while(body, held, strum[:, [UP]], 0.02) >= 4:
            return True
    return False


def conducts(body: Body) -> bool:
    """Swings both raised hands, 0.12 m four times in 3 s each, up and down or aside, apart."""
    held = measures.hands_apart(body) > 0.16
    beats = []
    for side in SIDES:
        arm = hand_by_shoulder(body, side)
        held &= (arm[:, UP] > -0.48) & (arm[:, UP] < 0.55) & (arm[:, FORWARD] > 0.04)
    for side in SIDES:
        arm = hand_by_shoulder(body, side)
        beats.append(swings_while(body, held, arm[:, [OUT, UP]], 0.12))
        jabs = swings_while(body, held, arm[:, [FORWARD]], 0.16)
        if jabs > beats[-1]:
            return False
    return min(beats) >= 4 and _is_there(body)


def _is_there(body: Body) -> bool:
    """Return whether the body stays about where it is."""
    return bool(measures.path_length(body) / max(body.seconds, 1e-6) < 0.45)
