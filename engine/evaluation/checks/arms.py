"""Yes-or-no checks of what the arms do: strikes, gestures, work.

Each check is a pure function of a Body, built from `measures`; thresholds
describe the action, not a recording. It knows no prompt. A test notices later edits.
"""

from __future__ import annotations

import numpy as np

from . import measures
from .measures import FORWARD, LEFT, UP, Body


def does_jumping_jacks(body: Body) -> bool:
    """Swings both hands up past the shoulders at least twice while the feet go apart and back."""
    hands = np.minimum(
        measures.hand_over_shoulder(body, "left"), measures.hand_over_shoulder(body, "right")
    )
    return bool(
        measures.swings(hands, 0.4) >= 3 and measures.swings(measures.feet_apart(body), 0.15) >= 3
    )


def punches(body: Body, side: str) -> bool:
    """Shoots one fist out from a bent arm at over 1.3 m/s, at least as often as the other."""
    other = "right" if side == "left" else "left"
    count = measures.punches(body, side, 1.3)
    return count >= 1 and count >= measures.punches(body, other, 1.3)


def boxes(body: Body) -> bool:
    """Throws three punches, at least one a hand, both hands at the chest half of the time."""
    left, right = (measures.punches(body, side, 1.3) for side in ("left", "right"))
    up = np.minimum(
        measures.hand_over_shoulder(body, "left"), measures.hand_over_shoulder(body, "right")
    )
    return min(left, right) >= 1 and left + right >= 3 and measures.share(up > -0.35) > 0.5


def waves_a_hand(body: Body) -> bool:
    """Waves with either hand."""
    return waves(body, "left") or waves(body, "right")


def waves(body: Body, side: str) -> bool:
    """Holds a hand up near or above the shoulder and swings it to and fro three times there."""
    hand = body.relative(f"{side}_wrist", f"{side}_elbow")
    up = (measures.hand_over_shoulder(body, side) > -0.15) & (hand[:, UP] > 0.05)
    for start, end in measures.runs_of(up, max(2, round(0.5 * body.fps))):
        if max(measures.swings(hand[start:end, axis], 0.06) for axis in (LEFT, FORWARD)) >= 3:
            return True
    return False


def raises_hand(body: Body, side: str) -> bool:
    """Holds one hand above the head for 0.3 s or more and the other below its shoulder."""
    other = "right" if side == "left" else "left"
    up = measures.hand_over_head(body, side) > 0.05
    down = measures.hand_over_shoulder(body, other) < 0.0
    return measures.held_seconds(body, up & down) >= 0.3


def raises_both_arms(body: Body) -> bool:
    """Holds both hands above the head for 0.3 s or more."""
    up = np.minimum(measures.hand_over_head(body, "left"), measures.hand_over_head(body, "right"))
    return measures.held_seconds(body, up > 0.05) >= 0.3


def points(body: Body, direction: str) -> bool:
    """Holds a nearly straight arm out to one side for 0.2 s, hand between belly and head.

    Args:
        body: The motion.
        direction: "left" or "right": where a hand points, 20 to 150 degrees from ahead.
    """
    sign = 1.0 if direction == "left" else -1.0
    for hand in ("left", "right"):
        azimuth = measures.reach_degrees(body, hand) * sign
        level = measures.hand_over_shoulder(body, hand)
        slow = np.linalg.norm(measures.hand_velocity(body, hand), axis=1) < 1.2
        out = (azimuth > 20) & (azimuth < 150) & (measures.arm_extension(body, hand) > 0.75)
        if measures.held_seconds(body, out & slow & (level > -0.38) & (level < 0.35)) >= 0.2:
            return True
    return False


def claps(body: Body) -> bool:
    """Brings the hands together from apart at least twice more after the first time."""
    apart = measures.hands_apart(body)
    return bool(measures.swings(apart, 0.08) >= 5 and np.percentile(apart, 10) < 0.30)


def throws(body: Body, side: str) -> bool:
    """Swings one hand, up to chest height or above, 0.55 m forward at over 1.2 m/s."""
    hand = measures.hand_velocity(body, side)
    forward = body.relative(f"{side}_wrist", "neck")[:, FORWARD]
    return bool(
        hand[:, FORWARD].max() > 1.2
        and np.linalg.norm(hand, axis=1).max() > 1.6
        and np.ptp(forward) > 0.55
        and measures.hand_over_shoulder(body, side).max() > -0.1
    )


def picks_up(body: Body) -> bool:
    """Brings a hand below 0.55 m by bending over or down, then up again by 0.25 m or more."""
    hands = np.minimum(body.height("left_wrist"), body.height("right_wrist"))
    bottom = int(hands.argmin())
    return bool(
        hands.min() < 0.55
        and hands[bottom:].max() - hands.min() > 0.25
        and body.height("neck").max() - body.height("neck").min() > 0.25
        and body.height("pelvis").max() > 0.8
    )


def lifts_with_both_hands(body: Body) -> bool:
    """Moves both hands, kept near each other in front, up by 0.35 m or more."""
    hands = np.minimum(body.height("left_wrist"), body.height("right_wrist"))
    together = measures.hands_apart(body) < 0.7
    even = np.abs(body.height("left_wrist") - body.height("right_wrist")) < 0.15
    for start, end in measures.runs_of(together & even, max(2, round(0.5 * body.fps))):
        rise = hands[start:end] - np.minimum.accumulate(hands[start:end])
        if rise.max() > 0.35:
            return True
    return False


def has_hands_on_hips(body: Body) -> bool:
    """Keeps both wrists near the hips with bent elbows out to the sides for 0.5 s or more."""
    held = np.ones(len(body.joints), dtype=bool)
    for side in ("left", "right"):
        wrist = body.relative(f"{side}_wrist", "pelvis")
        elbow = body.relative(f"{side}_elbow", "pelvis")
        held &= (np.abs(wrist[:, UP] - 0.1) < 0.22) & (measures.arm_extension(body, side) < 0.92)
        held &= np.abs(elbow[:, LEFT]) > np.abs(wrist[:, LEFT]) + 0.05
    return measures.held_seconds(body, held) >= 0.5


def drinks(body: Body) -> bool:
    """Holds a hand within 0.22 m of the head, not above it, for 0.5 s or more."""
    for hand in ("left", "right"):
        near = (measures.hand_to_head(body, hand) < 0.22) & (
            measures.hand_over_head(body, hand) < 0.12
        )
        if measures.held_seconds(body, near) >= 0.5:
            return True
    return False


def wipes(body: Body, side: str) -> bool:
    """Keeps one hand out in front, above the belly, and rubs to and fro five times."""
    arm = body.relative(f"{side}_wrist", f"{side}_shoulder")
    up = (arm[:, UP] > -0.25) & (np.hypot(arm[:, LEFT], arm[:, FORWARD]) > 0.25)
    strokes = 0
    for start, end in measures.runs_of(up, max(2, round(0.5 * body.fps))):
        strokes += max(measures.swings(arm[start:end, axis], 0.12) for axis in (LEFT, UP))
    return strokes >= 5


def sweeps_floor(body: Body) -> bool:
    """Leans forward, hands low in front and near each other, moving to and fro four times."""
    middle = (body.relative("left_wrist", "pelvis") + body.relative("right_wrist", "pelvis")) / 2
    strokes = max(measures.swings(middle[:, axis], 0.10) for axis in (LEFT, FORWARD))
    return bool(
        strokes >= 4
        and np.median(measures.torso_bend_degrees(body)) > 12
        and np.median(measures.hands_apart(body)) < 0.75
        and np.median(middle[:, FORWARD]) > 0.15
    )
