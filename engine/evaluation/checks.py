"""Yes-or-no checks of single actions: does this body do what the prompt says?

Each check is a pure function of a Body, built from `measures`; thresholds
describe the action, not a recording. It knows no prompt. Frozen on 2026-11-21,
before any model was trained; `tests/engine/evaluation` notices later edits.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np

from . import measures
from .measures import FORWARD, LEFT, UP, Body

Check = Callable[[Body], bool]


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


def steps_ahead(body: Body) -> bool:
    """Goes forward on foot: 0.7 m or more, at 0.25 to 2.2 m/s, mostly the way it faces."""
    left, forward = measures.travel(body)
    return bool(
        forward > 0.7
        and forward > 1.5 * abs(left)
        and 0.25 < measures.path_length(body) / body.seconds < 2.2
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
    return bool(
        measures.top_speed(body, 1.0) > 2.2 and forward > 1.5 and forward > 2.0 * abs(left)
    )


def crawls(body: Body) -> bool:
    """Moves 0.25 m or more with the pelvis low and the torso near level, for most of the clip."""
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
    """Flies 0.15 s or more with both feet well up and covers 0.5 m ahead while in the air."""
    up = measures.lowest_foot(body) > 0.06
    ground = body.at("pelvis")[:, [0, 2]]
    for start, end in measures.runs_of(up, max(2, round(0.15 * body.fps))):
        first, last = max(0, start - 3), min(len(ground) - 1, end + 2)
        if np.linalg.norm(ground[last] - ground[first]) > 0.5:
            return measures.pelvis_rise(body) > 0.08
    return False


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
    """Moves sideways to one side of where it faces, more than forward or back, unturned."""
    left, forward = measures.travel(body)
    toward = left if side == "left" else -left
    return bool(
        toward > 0.12
        and toward > 1.2 * abs(forward)
        and abs(measures.turn_degrees(body)) < 50
        and measures.longest_flight_seconds(body) < 0.4
    )


def turns_on_the_spot(body: Body, side: str) -> bool:
    """Turns 60 degrees or more to one side within 0.9 m of the start."""
    turned = measures.turn_degrees(body) * (1 if side == "left" else -1)
    return bool(turned > 60 and measures.farthest_from_start(body) < 0.9)


def walks_and_turns(body: Body, side: str) -> bool:
    """Walks 1 m or more and ends facing 30 to 200 degrees to one side of the start."""
    turned = measures.turn_degrees(body) * (1 if side == "left" else -1)
    speed = measures.path_length(body) / body.seconds
    return bool(
        30 < turned < 230 and measures.travel(body)[1] > 1.0 and 0.4 < speed < 2.0
    )


def walks_in_a_circle(body: Body) -> bool:
    """Turns 120 degrees or more while going forward on a bent path of 0.6 m or more."""
    return bool(
        abs(measures.turn_degrees(body)) > 120
        and measures.travel(body)[1] > 0.6
        and abs(measures.travel(body)[0]) < 0.6 * measures.travel(body)[1]
        and measures.path_length(body) > 0.8
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


def is_seated(body: Body) -> np.ndarray:
    """Return (T,) whether both thighs are near level and the torso is near upright."""
    thighs = np.minimum(
        measures.thigh_degrees(body, "left"), measures.thigh_degrees(body, "right")
    )
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


def does_jumping_jacks(body: Body) -> bool:
    """Swings both hands up past the shoulders at least twice while the feet go apart and back."""
    hands = np.minimum(
        measures.hand_over_shoulder(body, "left"), measures.hand_over_shoulder(body, "right")
    )
    return bool(
        measures.swings(hands, 0.4) >= 3 and measures.swings(measures.feet_apart(body), 0.15) >= 3
    )


def climbs(body: Body) -> bool:
    """Moves the pelvis up or down by 0.4 m, both feet off the ground for 0.8 s, hands in front."""
    hands = np.maximum(
        measures.hand_over_shoulder(body, "left"), measures.hand_over_shoulder(body, "right")
    )
    return bool(
        np.ptp(body.height("pelvis")) > 0.4
        and measures.longest_flight_seconds(body, 0.3) > 0.8
        and measures.share(hands > -0.30) > 0.25
    )


def punches(body: Body, side: str) -> bool:
    """Shoots one fist out from a bent arm at over 1.3 m/s, more often than the other."""
    other = "right" if side == "left" else "left"
    count = measures.punches(body, side, 1.3)
    return count >= 1 and count >= measures.punches(body, other, 1.3)


def boxes(body: Body) -> bool:
    """Throws at least three punches in all, both hands up at the chest for half of the time."""
    total = measures.punches(body, "left", 1.3) + measures.punches(body, "right", 1.3)
    up = np.minimum(
        measures.hand_over_shoulder(body, "left"), measures.hand_over_shoulder(body, "right")
    )
    return total >= 3 and measures.share(up > -0.35) > 0.5


def waves(body: Body, side: str | None) -> bool:
    """Holds a hand up near or above the shoulder and swings it to and fro three times there."""
    if side is None:
        return waves(body, "left") or waves(body, "right")
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


def stays_in_place(body: Body) -> bool:
    """Keeps the pelvis within 0.3 m of its first frame."""
    return measures.farthest_from_start(body) < 0.3


def claps(body: Body) -> bool:
    """Brings the hands together from apart at least three times, in front or above."""
    apart = measures.hands_apart(body)
    return bool(measures.swings(apart, 0.08) >= 5 and np.percentile(apart, 10) < 0.30)


def throws(body: Body, side: str) -> bool:
    """Whips one hand at over 2.5 m/s from beside or behind to 0.45 m further in front."""
    hand = measures.hand_velocity(body, side)
    forward = body.relative(f"{side}_wrist", "neck")[:, FORWARD]
    return bool(
        hand[:, FORWARD].max() > 2.0
        and np.linalg.norm(hand, axis=1).max() > 2.5
        and np.ptp(forward) > 0.45
        and measures.hand_over_shoulder(body, side).max() > -0.1
    )


def picks_up(body: Body) -> bool:
    """Brings a hand below 0.55 m by bending over or down, then up again by 0.4 m or more."""
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
    """Holds a hand within 0.3 m of the head, not above it, for 0.4 s or more."""
    for hand in ("left", "right"):
        near = (measures.hand_to_head(body, hand) < 0.30) & (
            measures.hand_over_head(body, hand) < 0.12
        )
        if measures.held_seconds(body, near) >= 0.4:
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


def stands_still(body: Body) -> bool:
    """Stands upright within 0.15 m, the joints below 0.05 m/s on average."""
    return bool(
        measures.farthest_from_start(body) < 0.15
        and measures.liveliness(body) < 0.05
        and body.height("pelvis").min() > 0.8
    )


def dances_on_the_spot(body: Body) -> bool:
    """Steps again and again, the arms up and moving, without going far."""
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
    """Has a foot above the head and a hand below 0.4 m at once."""
    feet = np.maximum(body.height("left_ankle"), body.height("right_ankle"))
    hands = np.minimum(body.height("left_wrist"), body.height("right_wrist"))
    return bool(((feet > body.height("head") + 0.2) & (hands < 0.5)).any())


def _both_sides(name: str, check: Callable[[Body, str], bool]) -> dict[str, Check]:
    return {f"{name}_{side}": partial(check, side=side) for side in ("left", "right")}


CHECKS: Final[dict[str, Check]] = {
    check.__name__: check
    for check in (
        walks_forward, steps_ahead, walks_backward, runs_forward, crawls, skips, jumps_forward,
        jumps_up, hops, walks_in_a_circle, squats, crouches, sits_down, lies, does_jumping_jacks,
        climbs, boxes, raises_both_arms, claps, stays_in_place, picks_up, lifts_with_both_hands,
        has_hands_on_hips, drinks, sweeps_floor, stands_still, dances_on_the_spot,
        does_a_cartwheel,
    )
} | {
    "waves": partial(waves, side=None),
    "points_left": partial(points, direction="left"),
    "points_right": partial(points, direction="right"),
    **_both_sides("sidesteps", sidesteps),
    **_both_sides("turns_on_the_spot", turns_on_the_spot),
    **_both_sides("walks_and_turns", walks_and_turns),
    **_both_sides("kicks", kicks),
    **_both_sides("punches", punches),
    **_both_sides("waves", waves),
    **_both_sides("raises_hand", raises_hand),
    **_both_sides("throws", throws),
    **_both_sides("wipes", wipes),
}
"""Every check by name; sided ones end in `_left` or `_right` of the character."""


def passes(names: tuple[str, ...], body: Body) -> bool:
    """Return whether a body passes every named check."""
    return all(CHECKS[name](body) for name in names)
