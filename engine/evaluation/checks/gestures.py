"""Yes-or-no checks of what arms and hands do that the frozen set asks for.

Each check is a pure function of a Body, built from `measures`; thresholds describe the
action, not a recording. It knows no prompt. Written before any model had been tried on it;
a test notices later edits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import measures
from .measures import FORWARD, LEFT, UP, Array, Body

SIDES = ("left", "right")


def holds_arms_ahead(body: Body) -> bool:
    """Holds both hands 0.3 m or more ahead of the shoulders near shoulder height for 0.7 s."""
    held = np.ones(len(body.joints), dtype=bool)
    for side in SIDES:
        arm = body.relative(f"{side}_wrist", f"{side}_shoulder")
        held &= (arm[:, FORWARD] > 0.3) & (arm[:, UP] > -0.28) & (arm[:, UP] < 0.3)
    return measures.held_seconds(body, held) >= 0.7


def spreads_arms(body: Body) -> bool:
    """Holds both hands out to their sides, 0.33 m beyond the shoulders, for 0.25 s or more."""
    held = np.ones(len(body.joints), dtype=bool)
    for side in SIDES:
        arm = body.relative(f"{side}_wrist", f"{side}_shoulder")
        held &= (_outward(arm, side) > 0.33) & (arm[:, UP] > -0.3) & (arm[:, UP] < 0.35)
    return measures.held_seconds(body, held) >= 0.25


def folds_arms(body: Body) -> bool:
    """Keeps both bent forearms across belly or chest, the wrists close, for 0.7 s or more."""
    held = measures.hands_apart(body) < 0.32
    for side in SIDES:
        wrist = body.relative(f"{side}_wrist", "pelvis")
        held &= (wrist[:, FORWARD] > 0.08) & (wrist[:, UP] > 0.05) & (wrist[:, UP] < 0.45)
        held &= measures.arm_extension(body, side) < 0.85
        held &= _outward(body.relative(f"{side}_elbow", f"{side}_wrist"), side) > 0.04
    return measures.held_seconds(body, held) >= 0.7


def touches_the_face(body: Body) -> bool:
    """Has one hand within 0.24 m of the head, not above it, for 0.25 s or more."""
    for side in SIDES:
        near = measures.hand_to_head(body, side) < 0.24
        below = measures.hand_over_head(body, side) < 0.2
        if measures.held_seconds(body, near & below) >= 0.25:
            return True
    return False


def pushes(body: Body) -> bool:
    """Stretches both hands, near each other, 0.18 m or more ahead at once at chest height."""
    reach = np.minimum(*(
        body.relative(f"{side}_wrist", f"{side}_shoulder")[:, FORWARD] for side in SIDES
    ))
    level = np.minimum(*(measures.hand_over_shoulder(body, side) for side in SIDES))
    rise = reach - np.minimum.accumulate(reach)
    near = measures.hands_apart(body) < 0.5
    return bool(((rise > 0.18) & (level > -0.35) & (reach > 0.3) & near).any())


def touches_the_floor(body: Body) -> bool:
    """Brings a hand below 0.32 m, and stands at another time, the neck above 1.1 m."""
    hands = np.minimum(body.height("left_wrist"), body.height("right_wrist"))
    return bool(hands.min() < 0.32 and body.height("neck").max() > 1.1)


def dribbles(body: Body) -> bool:
    """Pats one hand 0.2 m up and down four times or more, mostly below the shoulder."""
    for side in SIDES:
        level = measures.hand_over_shoulder(body, side)
        ahead = body.relative(f"{side}_wrist", "pelvis")[:, FORWARD]
        if (
            measures.busiest_swings(body, level, 0.2, 3.0) >= 4
            and np.percentile(level, 95) < 0.12
            and np.median(ahead) > 0.03
        ):
            return True
    return False


def keeps_guard(body: Body) -> bool:
    """Keeps both fists bent up before the chest, between belly and face, for a second."""
    held = np.ones(len(body.joints), dtype=bool)
    for side in SIDES:
        arm = body.relative(f"{side}_wrist", f"{side}_shoulder")
        held &= (arm[:, UP] > -0.28) & (arm[:, UP] < 0.25) & (arm[:, FORWARD] > 0.08)
        held &= measures.arm_extension(body, side) < 0.9
    return measures.held_seconds(body, held) >= 1.0


def has_a_hand_on_the_hip(body: Body, side: str) -> bool:
    """Keeps one wrist near its hip with the elbow bent outward for 0.7 s, the other not."""
    other = "right" if side == "left" else "left"
    return measures.held_seconds(body, _on_hip(body, side) & ~_on_hip(body, other)) >= 0.7


def carries(body: Body) -> bool:
    """Keeps both hands before the belly, elbows bent and even, for two thirds of the clip."""
    held = (measures.hands_apart(body) > 0.2) & (measures.hands_apart(body) < 0.75)
    held &= np.abs(body.height("left_wrist") - body.height("right_wrist")) < 0.15
    for side in SIDES:
        wrist = body.relative(f"{side}_wrist", "pelvis")
        held &= (wrist[:, FORWARD] > 0.05) & (wrist[:, UP] > -0.1) & (wrist[:, UP] < 0.5)
        held &= measures.arm_extension(body, side) < 0.93
    return measures.share(held) > 0.66


def puts_down(body: Body) -> bool:
    """Takes both hands 0.25 m or more down to below 0.55 m, the trunk following."""
    hands = np.maximum(body.height("left_wrist"), body.height("right_wrist"))
    bottom = int(hands.argmin())
    return bool(
        hands[bottom] < 0.55
        and hands[: bottom + 1].max() - hands[bottom] > 0.25
        and np.ptp(body.height("neck")) > 0.25
    )


def _on_hip(body: Body, side: str) -> NDArray[np.bool_]:
    wrist = body.relative(f"{side}_wrist", "pelvis")
    elbow = body.relative(f"{side}_elbow", "pelvis")
    near = (np.abs(wrist[:, UP] - 0.1) < 0.22) & (measures.arm_extension(body, side) < 0.92)
    return np.asarray(near & (np.abs(elbow[:, LEFT]) > np.abs(wrist[:, LEFT]) + 0.05))


def _outward(positions: Array, side: str) -> Array:
    """Return how far (T,) positions (T, 3) lie out to their own side."""
    return positions[:, LEFT] * (1.0 if side == "left" else -1.0)
