"""Yes-or-no checks of further actions that open prompts ask for.

Each check is a pure function of a Body, built from `measures`; thresholds describe the
action, not a recording. It knows no prompt. Written before any model had been tried on it;
a test notices later edits.
"""

from __future__ import annotations

import numpy as np

from . import measures
from .body import is_seated, runs_forward
from .measures import FORWARD, LEFT, UP, Array, Body
from .states import is_standing

SIDES = ("left", "right")


def salutes(body: Body) -> bool:
    """Holds one hand at the side of the head, the elbow out at shoulder height, for 0.3 s."""
    for side, other in (("left", "right"), ("right", "left")):
        near = measures.hand_to_head(body, side) < 0.30
        elbow = body.relative(f"{side}_elbow", f"{side}_shoulder")
        out = (_outward(elbow, side) > 0.08) & (elbow[:, UP] > -0.16)
        level = np.abs(measures.hand_over_head(body, side)) < 0.22
        down = measures.hand_over_shoulder(body, other) < -0.2
        if measures.held_seconds(body, near & out & level & down) >= 0.3:
            return True
    return False


def tiptoes(body: Body) -> bool:
    """Goes 0.6 m or more at a walk, the heels up on both feet most of the way."""
    up = [body.height(f"{side}_ankle") - body.height(f"{side}_foot") for side in SIDES]
    low = [body.height(f"{side}_foot") for side in SIDES]
    standing = np.where(low[0] < low[1], up[0], up[1])
    speed = measures.path_length(body) / body.seconds
    return bool(
        np.median(standing) > 0.085
        and measures.path_length(body) > 0.6
        and speed < 1.6
        and body.height("pelvis").min() > 0.6
    )


def drags(body: Body) -> bool:
    """Goes 0.5 m or more, not ahead at a run, the trunk bent over hands that are held low."""
    bent = measures.torso_bend_degrees(body) > 18
    low = np.minimum(body.height("left_wrist"), body.height("right_wrist")) < 0.85
    return bool(
        measures.path_length(body) > 0.5
        and measures.share(bent & low) > 0.5
        and body.height("pelvis").min() > 0.45
        and measures.top_speed(body, 1.0) < 2.0
    )


def flips(body: Body) -> bool:
    """Turns over in the air: feet over the head with the hands off the ground, and upright again.

    It begins and ends with the trunk within 60 degrees of upright.
    """
    pitch = measures.torso_pitch_degrees(body)
    hands = np.minimum(body.height("left_wrist"), body.height("right_wrist"))
    over = (pitch > 120) & (hands > 0.25) & (body.joints[..., 1].min(axis=1) > 0.15)
    turned = np.flatnonzero(over)
    if not len(turned):
        return False
    return bool(pitch[: turned[0]].min(initial=180) < 60 and pitch[turned[-1] :].min() < 60)


def rolls_on_the_floor(body: Body) -> bool:
    """Turns about its long axis by 150 degrees or more while it lies."""
    low = (body.height("pelvis") < 0.5) & (body.height("neck") < 0.65)
    spine = body.at("neck") - body.at("pelvis")
    spine /= np.linalg.norm(spine, axis=1, keepdims=True)
    left = body.at("left_shoulder") - body.at("right_shoulder")
    up = np.array([0.0, 1.0, 0.0]) - spine * spine[:, 1:2]
    side = np.cross(spine, up)
    angle = np.unwrap(np.arctan2((left * up).sum(axis=1), (left * side).sum(axis=1)))
    return any(
        np.degrees(np.ptp(angle[start:end])) > 150
        for start, end in measures.runs_of(low, max(2, round(0.4 * body.fps)))
    )


def goes_up_stairs(body: Body) -> bool:
    """Starts near the floor and ends with both feet 0.3 m or more higher, step by step."""
    feet = np.maximum(body.height("left_foot"), body.height("right_foot"))
    lower = np.minimum(body.height("left_foot"), body.height("right_foot"))
    edge = max(1, round(0.3 * body.fps))
    pelvis = measures.smoothed(body.height("pelvis"), 5)
    return bool(
        lower[:edge].min() < 0.2
        and feet[-edge:].min() - lower[:edge].min() > 0.3
        and pelvis[-edge:].mean() - pelvis[:edge].mean() > 0.3
        and measures.path_length(body) > 0.4
        and measures.longest_flight_seconds(body.cut(0, edge), 0.1) < 0.3
    )


def steps_over(body: Body) -> bool:
    """Goes on with each foot lifted 0.2 m or more over something, the other one standing."""
    ankles = [body.height(f"{side}_ankle") for side in SIDES]
    feet = [ankle - np.percentile(ankle, 10) for ankle in ankles]
    lifted = [
        bool(((foot > 0.28) & (other < 0.16)).any()) for foot, other in (feet, feet[::-1])
    ]
    return bool(
        any(lifted)
        and measures.travel(body)[1] > 0.4
        and measures.longest_flight_seconds(body, 0.08) < 0.2
        and np.ptp(body.height("pelvis")) < 0.35
        and max(measures.foot_speed(body, side).max() for side in SIDES) < 4.0
        and measures.thigh_degrees(body, "left").max() > 40
        and measures.thigh_degrees(body, "right").max() > 40
    )


def jumps_down(body: Body) -> bool:
    """Flies 0.15 s or more and lands with both feet 0.15 m or more lower than it began."""
    edge = max(1, round(0.2 * body.fps))
    feet = np.minimum(body.height("left_foot"), body.height("right_foot"))
    fall = float(np.median(feet[:edge]) - np.median(feet[-edge:]))
    pelvis = body.height("pelvis")
    falling = measures.velocity(pelvis, body.fps) < -1.0
    return bool(fall > 0.15 and measures.held_seconds(body, falling) > 0.1)


def runs_to_a_stop(body: Body) -> bool:
    """Runs first and stands within the last half second: below 0.35 m/s, and does not set off."""
    speed = np.linalg.norm(measures.smoothed(measures.ground_velocity(body), 5), axis=1)
    tail = max(1, round(0.4 * body.fps))
    return bool(
        (runs_forward(body) or measures.top_speed(body, 0.5) > 2.0)
        and speed[-tail:].mean() < 0.4
        and is_standing(body)[-tail:].any()
    )


def flaps_the_arms(body: Body) -> bool:
    """Swings both elbows or hands out at the sides up and down together, four times or more."""
    out = [_outward(body.relative(f"{s}_elbow", f"{s}_shoulder"), s) for s in SIDES]
    elbows = [body.relative(f"{s}_elbow", f"{s}_shoulder")[:, UP] for s in SIDES]
    together = np.minimum(*elbows)
    return bool(
        measures.swings(together, 0.07) >= 4
        and np.median(np.minimum(*out)) > 0.08
        and np.corrcoef(elbows[0], elbows[1])[0, 1] > 0.4
    )


def lifts_the_knees(body: Body) -> bool:
    """Lifts each knee in turn, the thighs 45 degrees or more from hanging, twice or more each."""
    thighs = [measures.thigh_degrees(body, side) for side in SIDES]
    lifts = [len(list(measures.runs_of(thigh > 45, 2))) for thigh in thighs]
    at_once = measures.share((thighs[0] > 45) & (thighs[1] > 45))
    return min(lifts) >= 2 and at_once < 0.1


def holds_the_head(body: Body) -> bool:
    """Has both hands within 0.32 m of the head, not far above it, for 0.4 s or more."""
    near = np.ones(len(body.joints), dtype=bool)
    for side in SIDES:
        near &= measures.hand_to_head(body, side) < 0.32
        near &= measures.hand_over_head(body, side) < 0.25
    return measures.held_seconds(body, near) >= 0.4


def swings_with_both_hands(body: Body) -> bool:
    """Swings both hands, kept within 0.35 m of each other, 0.5 m or more at over 2 m/s."""
    middle = (body.relative("left_wrist", "neck") + body.relative("right_wrist", "neck")) / 2
    speed = np.linalg.norm(measures.velocity(middle, body.fps), axis=1)
    together = measures.smoothed(measures.hands_apart(body), 3) < 0.38
    for start, end in measures.runs_of(together, max(2, round(0.2 * body.fps))):
        if speed[start:end].max() > 2.0 and np.ptp(middle[start:end], axis=0).max() > 0.5:
            return True
    return False


def reaches_ahead(body: Body) -> bool:
    """Has both hands 0.22 m or more ahead of the shoulders, belly high or higher, for 0.5 s.

    Wider than `gestures.holds_arms_ahead`: a body that goes on sways.
    """
    held = np.ones(len(body.joints), dtype=bool)
    for side in SIDES:
        arm = body.relative(f"{side}_wrist", f"{side}_shoulder")
        held &= (arm[:, FORWARD] > 0.22) & (arm[:, UP] > -0.45) & (arm[:, UP] < 0.35)
    return measures.held_seconds(body, held) >= 0.5


def crosses_the_arms(body: Body) -> bool:
    """Keeps both bent forearms across the front, the wrists close, for half a second or more.

    Wider than `gestures.folds_arms`: a body that sits bends its trunk.
    """
    held = measures.hands_apart(body) < 0.38
    for side in SIDES:
        wrist = body.relative(f"{side}_wrist", "pelvis")
        held &= (wrist[:, FORWARD] > 0.0) & (wrist[:, UP] > 0.0) & (wrist[:, UP] < 0.5)
        held &= measures.arm_extension(body, side) < 0.88
        held &= _outward(body.relative(f"{side}_elbow", f"{side}_wrist"), side) > 0.0
    return measures.held_seconds(body, held) >= 0.5


def has_arms_out(body: Body) -> bool:
    """Has both hands out to their sides, 0.25 m beyond the shoulders, for 0.25 s or more.

    Wider than `gestures.spreads_arms`: a body that hops sways.
    """
    held = np.ones(len(body.joints), dtype=bool)
    for side in SIDES:
        arm = body.relative(f"{side}_wrist", f"{side}_shoulder")
        held &= (_outward(arm, side) > 0.25) & (arm[:, UP] > -0.35) & (arm[:, UP] < 0.42)
    return measures.held_seconds(body, held) >= 0.25


def hops_about(body: Body) -> bool:
    """Leaves the floor at least twice, the pelvis bobbing, without running off.

    Wider than `body.hops`: two hops will do.
    """
    return bool(
        measures.flights(body, 0.04, 0.08) >= 2
        and measures.swings(body.height("pelvis"), 0.05) >= 4
        and measures.path_length(body) / body.seconds < 1.6
    )


def swings_a_raised_hand(body: Body) -> bool:
    """Has a hand above its elbow near shoulder height or higher, and swings it three times.

    Wider than `arms.waves`: a body that runs sways.
    """
    for side in SIDES:
        hand = body.relative(f"{side}_wrist", f"{side}_elbow")
        up = (measures.hand_over_shoulder(body, side) > -0.25) & (hand[:, UP] > 0.0)
        for start, end in measures.runs_of(up, max(2, round(0.4 * body.fps))):
            if max(measures.swings(hand[start:end, axis], 0.05) for axis in (LEFT, FORWARD)) >= 3:
                return True
    return False


def rises_from_a_seat(body: Body) -> bool:
    """Has thighs near level, low, and stands later, the pelvis 0.08 m higher.

    Wider than `going.stands_up`: seats are of any height, and what comes after may bend again.
    """
    seated = np.flatnonzero(is_seated(body) & (body.height("pelvis") < 0.9))
    if not len(seated):
        return False
    later = body.cut(int(seated[0]), len(body.joints))
    rise = later.height("pelvis") - later.height("pelvis")[0]
    return bool((is_standing(later) & ~is_seated(later) & (rise > 0.08)).any())


def _outward(positions: Array, side: str) -> Array:
    """Return how far (T,) positions (T, 3) lie out to their own side."""
    return positions[:, LEFT] * (1.0 if side == "left" else -1.0)
