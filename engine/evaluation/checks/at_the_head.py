"""Yes-or-no checks of hands at the head: telephone, chin, mouth, eyes, ears, neck.

Each check is a pure function of a Figure, built from `figure` and `measures`. A wrist is about
0.1 m from where the palm is and 0.18 m from the fingertips: places are the wrist's, as the head
sees it. It knows no prompt. Written before any motion was made for the gestures and before any
model had been tried on it; a test notices later edits.
"""

from __future__ import annotations

from collections.abc import Callable

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
    hand_by_shoulder,
    hand_speed,
    hangs,
    is_held,
    near,
    other_of,
    swings_while,
)
from .measures import FORWARD, UP, Array, Body

MOUTH = (0.0, -0.02, 0.11)
CROWN = (0.0, 0.08, 0.0)
NAPE = (0.0, -0.03, -0.08)
EAR = (0.08, 0.04, 0.0)
"""Places as the head sees them: outward, up, forward of the head joint."""


def holds_a_phone(body: Body) -> bool:
    """Holds one wrist 0.19 m or nearer to its ear for a second, the elbow low, the other not."""
    for side in SIDES:
        hand = hand_by_face(body, side)
        held = near(hand, EAR, 0.19) & (hand[:, OUT] > 0.05) & (hand[:, UP] < 0.09)
        held &= (hand[:, FORWARD] > -0.06) & (hand[:, FORWARD] < 0.12)
        held &= elbow_by_shoulder(body, side)[:, UP] < -0.04
        held &= hand_by_shoulder(body, side)[:, UP] > 0.0
        held &= (hand_speed(body, side) < 0.6) & hangs_or_holds(body, other_of(side))
        if is_held(body, held, 1.0):
            return True
    return False


def hangs_or_holds(body: Body, side: str) -> Frames:
    """Return (T,) whether a hand is away from the head: at the body, or at something else."""
    return np.asarray(hand_by_shoulder(body, side)[:, UP] < -0.1)


def thinks(body: Body) -> bool:
    """Holds one wrist before or below the chin, the elbow low, still, for a second."""
    return _any_hand(body, _at_the_chin, 1.0)


def _at_the_chin(body: Body, side: str) -> Frames:
    hand = hand_by_face(body, side)
    held = (np.abs(hand[:, OUT]) < 0.17) & (hand[:, FORWARD] > 0.02) & (hand[:, FORWARD] < 0.24)
    held &= (hand[:, UP] > -0.28) & (hand[:, UP] < -0.06)
    held &= hand[:, FORWARD] > hand[:, OUT] - 0.02
    held &= (elbow_by_shoulder(body, side)[:, UP] < -0.08) & (measures.hands_apart(body) > 0.2)
    still = hand_speed(body, side) < 0.4
    return np.asarray(held & still & hangs_or_holds(body, other_of(side)))


def _at_the_mouth(body: Body, side: str) -> Frames:
    """Return (T,) whether a wrist is where a hand lies over the mouth or a fist before it."""
    hand = hand_by_face(body, side)
    held = (np.abs(hand[:, OUT]) < 0.17) & (hand[:, FORWARD] > 0.03) & (hand[:, FORWARD] < 0.27)
    return np.asarray(held & (hand[:, UP] > -0.2) & (hand[:, UP] < 0.05))


def covers_the_mouth(body: Body) -> bool:
    """Holds one or both wrists at the mouth, below the eyes, still, for half a second."""
    return _any_hand(body, _over_the_mouth, 0.5)


def _over_the_mouth(body: Body, side: str) -> Frames:
    hand = hand_by_face(body, side)
    held = _at_the_mouth(body, side) & (hand[:, UP] > -0.14) & (hand[:, UP] < 0.005)
    held &= (np.abs(hand[:, OUT]) < 0.13) & (hand[:, FORWARD] > 0.07)
    return np.asarray(held & (hand_speed(body, side) < 0.5))


def covers_the_eyes(body: Body) -> bool:
    """Holds both wrists before the face, near each other, from mouth to brow, for 0.7 s."""
    held = measures.hands_apart(body) < 0.22
    for side in SIDES:
        hand = hand_by_face(body, side)
        held &= (hand[:, OUT] > -0.08) & (hand[:, OUT] < 0.16)
        held &= (hand[:, UP] > -0.13) & (hand[:, UP] < 0.14)
        held &= (hand[:, FORWARD] > 0.035) & (hand[:, FORWARD] < 0.24)
    return is_held(body, held, 0.7)


def covers_the_ears(body: Body) -> bool:
    """Holds both wrists at the sides of the face, the head between them, for 0.7 s."""
    held = measures.hands_apart(body) > 0.18
    for side in SIDES:
        hand = hand_by_face(body, side)
        held &= near(hand, (0.12, -0.01, 0.04), 0.17) & (hand[:, OUT] > 0.055)
        held &= (hand[:, FORWARD] > -0.03) & (hand[:, UP] < 0.1)
    return is_held(body, held, 0.7)


def facepalms(body: Body) -> bool:
    """Brings one wrist before nose or brow for 0.35 s; the head bows by 8 degrees or more."""
    pitch = gaze_pitch_degrees(body)
    for side in SIDES:
        hand = hand_by_face(body, side)
        held = (np.abs(hand[:, OUT]) < 0.16) & (hand[:, UP] > -0.09) & (hand[:, UP] < 0.15)
        held &= (hand[:, FORWARD] > 0.03) & (hand[:, FORWARD] < 0.23)
        held &= hangs_or_holds(body, other_of(side))
        for start, end in measures.runs_of(bridged(body, held), round(0.35 * body.fps)):
            if np.percentile(pitch, 90) - pitch[start:end].min() > 8.0:
                return True
    return False


def yawns(body: Body) -> bool:
    """Tips the head back by 9 degrees for 0.5 s, a hand at the mouth or both arms stretched up."""
    pitch = measures.smoothed(gaze_pitch_degrees(body), 5)
    back = pitch > np.percentile(pitch, 10) + 9.0
    stretched = np.ones(len(back), dtype=bool)
    for side in SIDES:
        stretched &= hand_by_face(body, side)[:, UP] > 0.05
        if is_held(body, _at_the_mouth(body, side) & back, 0.5):
            return True
    return is_held(body, stretched & back, 0.5)


def sneezes(body: Body) -> bool:
    """Jerks the head down by 14 degrees within 0.3 s, a hand or the bend of an arm at the mouth.

    The trunk jerks with it by 3 degrees, or the head alone by 24. Without a hand at the mouth both
    jerk, by 22 and 6 degrees, and no bow is made.
    """
    lag = max(1, round(0.3 * body.fps))
    pitch, bend = gaze_pitch_degrees(body), measures.torso_bend_degrees(body)
    if len(pitch) <= lag:
        return False
    fall, bow = pitch[:-lag] - pitch[lag:], bend[lag:] - bend[:-lag]
    guarded = np.zeros(len(pitch), dtype=bool)
    for side in SIDES:
        guarded |= near(hand_by_face(body, side), MOUTH, 0.26)
        forearm = (from_face(body, f"{side}_wrist") + from_face(body, f"{side}_elbow")) / 2
        guarded |= near(forearm, MOUTH, 0.2)
    around = measures.smoothed(guarded.astype(float), 2 * lag + 1)[:-lag] > 0
    upright = (measures.torso_pitch_degrees(body)[:-lag] < 40) & (np.abs(bow) < 45)
    upright &= measures.farthest_from_start(body) < 0.8
    behind_a_hand = (fall > 14.0) & around & ((bow > 3.0) | (fall > 24.0))
    free = (fall > 22.0) & (bow > 6.0) & (np.ptp(bend) < 30)
    return bool((upright & (behind_a_hand | free)).any())


def coughs(body: Body) -> bool:
    """Jerks head or trunk twice or more, 2 degrees each, a hand at the mouth for 0.8 s."""
    jerk = (gaze_pitch_degrees(body) - measures.torso_bend_degrees(body))[:, None]
    for side in SIDES:
        held = _at_the_mouth(body, side)
        if is_held(body, held, 0.8) and swings_while(body, held, jerk, 2.0) >= 3:
            return True
    return False


def scratches_the_head(body: Body) -> bool:
    """Rubs one wrist to and fro, 0.012 m four times within 2 s, at top, side or back of the head.

    Not before the face, and the other hand is elsewhere.
    """
    for side in SIDES:
        hand = hand_by_face(body, side)
        held = near(hand, CROWN, 0.29) & (hand[:, UP] > -0.05) & (hand[:, FORWARD] < 0.15)
        held &= hangs_or_holds(body, other_of(side))
        if is_held(body, held, 0.6) and swings_while(body, held, hand, 0.012, 2.0) >= 4:
            return True
    return False


def rubs_the_neck(body: Body) -> bool:
    """Moves one wrist beside or behind the neck, the elbow lifted, 0.01 m to and fro twice."""
    for side in SIDES:
        hand = hand_by_face(body, side)
        held = near(hand, NAPE, 0.28) & (hand[:, FORWARD] < 0.07) & (hand[:, UP] < 0.08)
        held &= elbow_by_shoulder(body, side)[:, UP] > -0.14
        held &= hangs_or_holds(body, other_of(side))
        if is_held(body, held, 0.7) and swings_while(body, held, hand, 0.01) >= 3:
            return True
    return False


def has_hands_behind_the_head(body: Body) -> bool:
    """Holds both wrists behind the face at the head, the elbows wide apart, for 0.8 s."""
    apart = np.linalg.norm(body.relative("left_elbow", "right_elbow"), axis=1)
    held = apart > 0.5
    for side in SIDES:
        hand = hand_by_face(body, side)
        held &= near(hand, (0.06, 0.04, -0.08), 0.25) & (hand[:, FORWARD] < 0.015)
        held &= elbow_by_shoulder(body, side)[:, UP] > -0.05
    return is_held(body, held, 0.8)


def blows_a_kiss(body: Body) -> bool:
    """Has a hand at the mouth, and within 1.2 s 0.13 m or more farther ahead, as high or so."""
    span = round(1.2 * body.fps)
    for side in SIDES:
        at_mouth = near(hand_by_face(body, side), MOUTH, 0.2)
        arm = hand_by_shoulder(body, side)
        out = (arm[:, FORWARD] > 0.25) & (arm[:, UP] > -0.25)
        out &= measures.arm_extension(body, side) > 0.54
        for start, end in measures.runs_of(at_mouth, 3):
            after = slice(end, end + span)
            farther = arm[after, FORWARD] > arm[start:end, FORWARD].min() + 0.13
            if (out[after] & farther).any():
                return hangs_or_holds(body, other_of(side))[end - 1] or _mirrors(arm, body, side)
    return False


def _mirrors(arm: Array, body: Body, side: str) -> bool:
    """Return whether the other hand does the same: a kiss is blown with both hands, too."""
    other = hand_by_shoulder(body, other_of(side))
    return bool(np.median(np.linalg.norm(arm - other, axis=1)) < 0.2)


def eats(body: Body) -> bool:
    """Takes a hand to the mouth and 0.12 m or more away again, twice or more, from below."""
    for side in SIDES:
        hand = hand_by_face(body, side)
        away = np.linalg.norm(hand - np.array(MOUTH), axis=1)
        bites = 0
        for start, end in measures.runs_of(away < 0.19):
            before, after = away[:start], away[end:]
            bites += bool(len(before) and before.max() > 0.31) or bool(
                len(after) and after.max() > 0.31
            )
        low = hand_by_shoulder(body, side)[:, UP] < 0.3
        if bites >= 2 and measures.swings(away, 0.12) >= 3 and measures.share(low) > 0.9:
            return True
    return False


def takes_a_photo(body: Body) -> bool:
    """Holds one or both wrists before the face, 0.17 m or more away, arms bent, for 0.8 s."""
    held = []
    for side in SIDES:
        hand = hand_by_face(body, side)
        at = (np.abs(hand[:, OUT]) < 0.24) & (hand[:, UP] > -0.16) & (hand[:, UP] < 0.2)
        at &= (hand[:, FORWARD] > 0.17) & (hand[:, FORWARD] < 0.5)
        at &= hand_by_shoulder(body, side)[:, UP] > -0.1
        at &= measures.arm_extension(body, side) < 0.95
        held.append(at & (hand_speed(body, side) < 0.3))
    both = held[0] & held[1] & (measures.hands_apart(body) < 0.36)
    one = (held[0] & hangs(body, "right")) | (held[1] & hangs(body, "left"))
    level = np.abs(gaze_pitch_degrees(body)) < 45
    return is_held(body, (both | one) & level, 0.8)


def _any_hand(body: Body, condition: Callable[[Body, str], Frames], seconds: float) -> bool:
    return any(is_held(body, condition(body, side), seconds) for side in SIDES)
