"""Conditions on arms and hands: raised, on the hips, folded, clapping, waving, striking.

Each takes a window's facts and says 0 to 1; 0.5 just passes. Held poses count by
their longest time: a second, or most of a shorter window.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from ...motion.clip import Array
from ...motion.displacements import Flags
from .clip_facts import STEP_SECONDS, Facts
from .condition_parts import (
    Condition,
    above,
    below,
    first_step,
    hand_steps,
    happens,
    longest_seconds,
    share,
)

_SIDES = ("left", "right")
_HELD_SECONDS = 0.8
_HAND_UP = 0.12
_AT_FACE = 0.24
_BENT_ARM = 0.88
_SHOULDER = 0.18
_THRUST = 0.2
_LEVEL_PUNCH, _QUICK_PUNCH = 0.3, 2.0
_CROSSED = -0.22


def held(flags: Flags, seconds: float = _HELD_SECONDS) -> float:
    """Return whether steps (S,) are True long enough in a row; short windows need two thirds."""
    needed = min(seconds, 0.66 * len(flags) * STEP_SECONDS)
    return above(longest_seconds(flags), needed, max(0.5 * needed, 0.1))


def hand_up(facts: Facts, side: str) -> float:
    """Return whether a hand is above its shoulder for a while: the higher, the surer."""
    return above(_held_height(hand_steps(facts, "hand_above_shoulder", side)), _HAND_UP, 0.3)


def both_hands_up(facts: Facts) -> float:
    """Return whether both hands are above the shoulders at once: the higher, the surer."""
    return above(_held_height(facts.hands("hand_above_shoulder").min(1)), _HAND_UP, 0.3)


def _held_height(heights: Array) -> float:
    """Return the height above which steps (S,) stay for 0.4 s, or most of a shorter window."""
    if not len(heights):
        return -1.0
    steps = max(1, min(round(0.4 / STEP_SECONDS), round(0.66 * len(heights))))
    return float(np.lib.stride_tricks.sliding_window_view(heights, steps).min(1).max())


def one_hand_up(facts: Facts) -> float:
    """Return whether one hand is up while the other is not."""
    up = facts.hands("hand_above_shoulder") > _HAND_UP
    return held(up.any(1) & ~up.all(1), 0.4)


def on_hip(facts: Facts, side: str) -> Flags:
    """Return the steps (S,) in which a hand rests at its waist, the elbow bent outward."""
    near = hand_steps(facts, "hand_to_hip", side) < 0.2
    return near & (hand_steps(facts, "arm_extension", side) < _BENT_ARM)


def hand_on_hip(facts: Facts, side: str) -> float:
    """Return whether a hand is held at its waist."""
    return held(on_hip(facts, side))


def hands_on_hips(facts: Facts) -> float:
    """Return whether both hands are held at the waist at the same time."""
    return held(on_hip(facts, "left") & on_hip(facts, "right"))


def arms_folded(facts: Facts) -> float:
    """Return whether each hand is held beyond the body's middle, at the other arm, before it."""
    near = facts.hands("hand_to_other_elbow") < 0.35
    crossed = facts.hands("hand_out") < _CROSSED
    before = (facts.hands("hand_ahead") > 0.0) & (facts.hands("hand_above_pelvis") > 0.03)
    low = facts.hands("hand_above_shoulder") < 0.05
    return held((near & crossed & before & low).all(1))


def hand_at_face(facts: Facts, side: str) -> float:
    """Return whether a hand is held at the face or the head."""
    return held(hand_steps(facts, "hand_to_face", side) < _AT_FACE, 0.35)


def both_hands_at_face(facts: Facts) -> float:
    """Return whether both hands are held at the face or the head."""
    return held((facts.hands("hand_to_face") < _AT_FACE + 0.06).all(1), 0.5)


def salutes(facts: Facts) -> float:
    """Return whether one hand is held at the brow, its elbow out, the other one down."""
    at_brow = (facts.hands("hand_to_face") < _AT_FACE + 0.04) & (
        facts.hands("hand_above_shoulder") > 0.05
    )
    out, low = facts.hands("hand_out") > -0.12, facts.hands("hand_above_shoulder") < -0.2
    return max(held(at_brow[:, side] & out[:, side] & low[:, 1 - side], 0.4) for side in (0, 1))


def waves(facts: Facts, side: str) -> float:
    """Return whether a raised hand swings to and fro: three ways or more, close together."""
    swings = facts.events("hand_swing", side)
    frames = np.array([swing.peak for swing in swings])
    most = max((int(((frames >= f) & (frames < f + 60)).sum()) for f in frames), default=0)
    return above(most, 2.5, 1.0)


def claps(facts: Facts) -> float:
    """Return whether the hands clap twice or more, or once with a close hit."""
    gaps = [event.amount for event in facts.events("clap")]
    return 1.0 if len(gaps) > 1 else below(min(gaps, default=100), 13.0, 8.0)


def punches(facts: Facts, side: str) -> float:
    """Return whether a fist shoots out: the more the arm straightens, the surer."""
    reach, height = hand_steps(facts, "arm_extension", side), facts.hands("hand_above_shoulder")
    values = []
    for event in facts.events("strike", side):
        peak = min(first_step(event.peak), len(reach) - 1)
        near = reach[max(0, peak - 3) : peak + 2]
        value = above(float(near.max() - near.min()), _THRUST, _THRUST)
        # One far above the head or at the knees, or a slow one, just passes.
        is_level = abs(float(height[peak, _SIDES.index(side)])) < _LEVEL_PUNCH
        best = max(0.5, above(event.amount / 100.0, _QUICK_PUNCH, 0.8)) if is_level else 0.5
        values.append(min(value, best))
    return max(values, default=0.0)


def throws(facts: Facts, side: str) -> float:
    """Return whether a hand throws: the farther it comes to the front, the surer."""
    ahead = hand_steps(facts, "hand_ahead", side)
    values = [0.0]
    for event in facts.events("throw", side):
        peak = first_step(event.peak)
        near = ahead[max(0, peak - 4) : peak + 4]
        values.append(max(0.5, above(float(np.ptp(near)), 0.52, 0.15)))
    return max(values)


def boxes(facts: Facts) -> float:
    """Return whether both fists shoot out, three times or more together."""
    counts = [len(facts.events("strike", side)) for side in _SIDES]
    surest = min(punches(facts, side) for side in _SIDES)
    return min(above(sum(counts), 2.5, 1.0), above(min(counts), 0.5, 0.5), max(surest, 0.5))


def swings_together(facts: Facts) -> float:
    """Return whether both hands, close to each other, are swung fast: a club, a bat."""
    close = facts.channel("hand_to_hand") < 0.35
    lively = np.minimum(*(facts.channel(f"{side}_arm_liveliness") for side in _SIDES))
    return above(float((lively * close).max(initial=0.0)), 1.0, 0.5)


def arms_fly_up(facts: Facts) -> float:
    """Return whether both hands come up above the shoulders, and are down at another time."""
    height = facts.hands("hand_above_shoulder")
    top, bottom = float(height.min(1).max(initial=-1.0)), float(height.max(1).min(initial=1.0))
    return min(above(top, 0.1, 0.1), below(bottom, -0.2, 0.1))


def arm_ahead(facts: Facts, side: str) -> float:
    """Return whether one arm is held out to the front."""
    out = hand_steps(facts, "hand_ahead", side) > 0.35
    straight = hand_steps(facts, "arm_extension", side) > 0.82
    return held(out & straight & (hand_steps(facts, "hand_above_shoulder", side) > -0.32), 0.4)


def points(facts: Facts, direction: str) -> float:
    """Return whether a nearly straight arm is held out, at chest height, to a side or ahead."""
    ahead, out = facts.hands("hand_ahead"), facts.hands("hand_out") * np.array([1.0, -1.0])
    # Left of the body's middle is positive; the shoulders are about 0.18 m from it.
    left = out + np.array([_SHOULDER, -_SHOULDER])
    angle = np.degrees(np.arctan2(left, ahead))
    angle = {"left": angle, "right": -angle, "ahead": 40.0 - np.abs(angle)}[direction]
    level = np.abs(facts.hands("hand_above_shoulder")) < 0.36
    straight = facts.hands("arm_extension") > 0.78
    return max(held((angle > 22.0)[:, hand] & level[:, hand] & straight[:, hand], 0.3)
               for hand in (0, 1))  # fmt: skip


def arms_ahead(facts: Facts) -> float:
    """Return whether both arms are held out to the front."""
    out = (facts.hands("hand_ahead") > 0.35) & (facts.hands("arm_extension") > 0.82)
    level = facts.hands("hand_above_shoulder") > -0.32
    return held((out & level).all(1), 0.5)


def arms_spread(facts: Facts) -> float:
    """Return whether both arms are held out to the sides."""
    out = (facts.hands("hand_out") > 0.33) & (facts.hands("hand_above_shoulder") > -0.3)
    return held(out.all(1), 0.5)


def carries_ahead(facts: Facts) -> float:
    """Return whether both hands are held before the belly or chest, apart, for most of the time."""
    height, ahead = facts.hands("hand_above_pelvis"), facts.hands("hand_ahead")
    before = (ahead > 0.08) & (height > -0.08) & (facts.hands("hand_above_shoulder") < 0.05)
    gap = facts.channel("hand_to_hand")
    level = np.abs(height[:, 0] - height[:, 1]) < 0.2
    held_apart = before.all(1) & (gap > 0.1) & (gap < 0.65) & level
    spread = float(np.std(gap[held_apart])) if held_apart.any() else 1.0
    return min(above(share(held_apart), 0.55, 0.2), below(spread, 0.06, 0.04))


def fists_up(facts: Facts) -> float:
    """Return whether bent arms hold both hands before the chest or chin, as a guard."""
    high = facts.hands("hand_above_shoulder")
    guard = (high > -0.22) & (high < 0.3) & (facts.hands("hand_ahead") > 0.05)
    bent = facts.hands("arm_extension") < 0.85
    close = facts.channel("hand_to_hand") < 0.62
    return held((guard & bent).all(1) & close, 0.6)


def hands_together(facts: Facts) -> float:
    """Return whether the hands meet for a while."""
    return held(facts.channel("hand_to_hand") < 0.17, 0.6)


def arms_still(facts: Facts) -> float:
    """Return whether neither arm moves much against the pelvis."""
    return below(max(_lively(facts, side) for side in _SIDES), 0.28, 0.1)


def _lively(facts: Facts, side: str) -> float:
    moving: Array = facts.channel(f"{side}_arm_liveliness")
    return float(np.percentile(moving, 75)) if len(moving) else 0.0


def _of_sides(condition: Callable[..., float], name: str) -> dict[str, Condition]:
    """Return a condition of each hand; `*` stands for the side in its name."""
    return {name.replace("*", side): partial(condition, side=side) for side in _SIDES}


ARM_CONDITIONS: dict[str, Condition] = {
    "both_hands_up": both_hands_up,
    **_of_sides(hand_up, "*_hand_up"),
    "one_hand_up": one_hand_up,
    "hands_on_hips": hands_on_hips,
    **_of_sides(hand_on_hip, "*_hand_on_hip"),
    "arms_folded": arms_folded,
    **_of_sides(hand_at_face, "*_hand_at_face"),
    "hand_at_face": lambda facts: max(hand_at_face(facts, side) for side in _SIDES),
    "both_hands_at_face": both_hands_at_face,
    "salutes": salutes,
    "claps": claps,
    "claps_once": partial(happens, kind="clap"),
    **_of_sides(waves, "waves_*"),
    "waves_either": lambda facts: max(waves(facts, side) for side in _SIDES),
    **_of_sides(punches, "punches_*"),
    "boxes": boxes,
    "swings_together": swings_together,
    "arms_fly_up": arms_fly_up,
    **_of_sides(throws, "throws_*"),
    **_of_sides(arm_ahead, "*_arm_ahead"),
    **{f"points_{way}": partial(points, direction=way) for way in (*_SIDES, "ahead")},
    "arms_ahead": arms_ahead,
    "arms_spread": arms_spread,
    "carries_ahead": carries_ahead,
    "fists_up": fists_up,
    "hands_together": hands_together,
    "arms_still": arms_still,
}
"""Conditions on arms and hands."""
