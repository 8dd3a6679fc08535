"""Conditions on how the body is held: seated, lying, crouched, upside down, still.

Each takes a window's facts and says 0 to 1; 0.5 just passes.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from ...motion.skeleton import PARTS
from .clip_facts import STEP_SECONDS, Facts
from .condition_parts import (
    Condition,
    above,
    below,
    going_pace,
    happens,
    longest_seconds,
    pace,
    path,
    share,
)
from .kinematics.states import STATE_INDEX

_END_STEPS = 3
_TRUNK = 0.65
_LYING_PELVIS = 0.36


def is_mostly(facts: Facts, states: tuple[str, ...], least: float) -> float:
    """Return whether a share of the steps is in some states."""
    return above(facts.share(*states), least, min(0.2, least))


def becomes(facts: Facts, state: str, kind: str) -> float:
    """Return whether a change into a state happens, and the window ends in it."""
    is_end = np.isin(facts.states[-_END_STEPS:], (STATE_INDEX[state],)).any()
    met = min(happens(facts, kind), 1.0 if is_end else 0.4)
    if state != "lying" or not facts.steps:
        return met
    height = facts.channel("pelvis_height")
    first = float(height[: facts.steps // 2 + 1].max())
    return min(met, below(float(height[-1]), _LYING_PELVIS, 0.08), above(first, 0.65, 0.1))


def rises(facts: Facts, kind: str, low: float) -> float:
    """Return whether it rises from a low pelvis at first to the feet, and stands upright."""
    if not facts.steps:
        return 0.0
    height, lean = facts.channel("pelvis_height"), facts.channel("lean")
    first = float(height[: facts.steps // 2 + 1].min())
    return min(
        happens(facts, kind),
        below(first, low, 0.1),
        above(float(height[-1]) - first, 0.14, 0.06),
        above(float(height[-1]), 0.8, 0.08),
        below(float(lean[-1]), 32.0, 10.0),
    )


def dips(facts: Facts) -> float:
    """Return whether the head goes down by a third of a metre and comes up again."""
    if not facts.steps:
        return 0.0
    trunk = np.cos(np.radians(facts.channel("lean")))
    head = facts.channel("pelvis_height") + _TRUNK * trunk
    bottom = int(head.argmin())
    depth = min(head[: bottom + 1].max(), head[bottom:].max()) - head[bottom]
    return above(float(depth), 0.33, 0.08)


def upright(facts: Facts) -> float:
    """Return whether the trunk is upright for most of the time."""
    return below(float(np.median(facts.channel("lean"))) if facts.steps else 90.0, 25.0, 8.0)


def moves_about(facts: Facts) -> float:
    """Return whether legs and arms are lively and it turns: a dance, the livelier, the surer."""
    if not facts.steps:
        return 0.0
    arms = np.mean([facts.channel(f"{side}_arm_liveliness").mean() for side in ("left", "right")])
    legs = float(facts.channel("lower_body_liveliness").mean())
    turning = float(np.abs(facts.channel("yaw_rate")).mean())
    return min(above(float(arms), 0.35, 0.25), above(legs, 0.3, 0.2), above(turning, 0.5, 0.4))


def crawls(facts: Facts) -> float:
    """Return whether it goes somewhere on hands and knees or on the belly."""
    low = np.isin(facts.states, (STATE_INDEX["on all fours"], STATE_INDEX["lying"]))
    way = float(pace(facts)[low].sum()) * STEP_SECONDS
    return min(above(share(low), 0.5, 0.2), above(way, 0.2, 0.1))


def crouched_walk(facts: Facts) -> float:
    """Return whether it goes with the pelvis low or the trunk bent far down, on the feet."""
    height = facts.channel("pelvis_height")
    low = (height < 0.8) & (height > 0.35) & facts.hands("foot_carries").any(1)
    return min(above(share(low), 0.5, 0.2), above(going_pace(facts), 0.3, 0.1),
               above(path(facts)[2], 0.6, 0.2))  # fmt: skip


def one_leg(facts: Facts) -> float:
    """Return whether one foot alone carries for a second, the other well raised."""
    carries, height = facts.hands("foot_carries"), facts.hands("foot_height")
    calm = pace(facts) < 0.5
    runs = [
        longest_seconds((carries[:, side] > 0.5) & (height[:, 1 - side] > 0.12) & calm)
        for side in (0, 1)
    ]
    return above(max(runs), 0.9, 0.3)


def tiptoe(facts: Facts) -> float:
    """Return whether the heels of the feet that carry are raised for longer than in a step."""
    carries, raised = facts.hands("foot_carries") > 0.5, facts.hands("heel_raise")
    standing = np.isin(facts.states, (STATE_INDEX["standing"], STATE_INDEX["crouched"]))
    up = np.where(carries, raised, np.inf).min(1)
    held = carries.any(1) & standing & (up > 0.035)
    return above(longest_seconds(held), 0.55, 0.2)


def cartwheels(facts: Facts) -> float:
    """Return whether the trunk goes upside down, over a side, with the pelvis high."""
    lean, left = facts.channel("lean"), facts.channel("lean_left")
    ahead, height = facts.channel("lean_ahead"), facts.channel("pelvis_height")
    on_side = (lean > 50.0) & (np.abs(left) > np.abs(ahead)) & (height > 0.5)
    return min(above(float(lean.max(initial=0.0)), 120.0, 20.0),
               above(float((height * (lean > 100.0)).max(initial=0.0)), 0.6, 0.1),
               1.0 if on_side.any() else 0.3)  # fmt: skip


def flips(facts: Facts) -> float:
    """Return whether the trunk goes over, head under pelvis, with the pelvis off the ground."""
    lean, left = facts.channel("lean"), facts.channel("lean_left")
    ahead, height = facts.channel("lean_ahead"), facts.channel("pelvis_height")
    over = float((lean * (height > 0.45)).max(initial=0.0))
    is_over_ahead = ((lean > 50.0) & (np.abs(ahead) >= np.abs(left))).any()
    return min(above(over, 115.0, 20.0), 1.0 if is_over_ahead else 0.3)


def rolls(facts: Facts) -> float:
    """Return whether the body goes over: head below a low pelvis, or from belly to back."""
    lean, height = facts.channel("lean"), facts.channel("pelvis_height")
    near = np.array([height[max(0, i - 3) : i + 4].min() for i in range(facts.steps)])
    over = float((lean * (near < 0.6)).max(initial=0.0))
    lies = facts.states == STATE_INDEX["lying"]
    faces = facts.channel("faces_up")[lies]
    swing = float(np.ptp(faces)) if len(faces) else 0.0
    return max(above(over, 115.0, 20.0), above(swing, 1.1, 0.3))


def rolls_lying(facts: Facts) -> float:
    """Return whether a body that lies turns from its back to its belly, or the other way."""
    lies = facts.states == STATE_INDEX["lying"]
    faces = facts.channel("faces_up")[lies]
    swing = float(np.ptp(faces)) if len(faces) else 0.0
    return min(above(swing, 1.0, 0.3), above(share(lies), 0.5, 0.2))


def drags(facts: Facts) -> float:
    """Return whether it goes somewhere with a bent trunk and a hand held low."""
    bent = facts.channel("lean") > 20.0
    low = facts.hands("hand_above_pelvis").min(1) < 0.0
    upright = np.isin(facts.states, (STATE_INDEX["standing"], STATE_INDEX["crouched"]))
    return min(above(share(bent & low & upright), 0.5, 0.2), above(path(facts)[2], 0.5, 0.2))


def still(facts: Facts) -> float:
    """Return whether neither limbs nor pelvis move more than a standing person sways."""
    lively = [np.percentile(facts.channel(f"{part.lower()}_liveliness"), 80) for part in PARTS]
    turning = float(np.abs(facts.channel("yaw_rate")).mean()) if facts.steps else 0.0
    return min(
        below(float(max(lively)), 0.2, 0.1),
        below(float(np.mean(pace(facts))), 0.12, 0.06),
        below(turning, 0.25, 0.1),
    )


def ends_still(facts: Facts) -> float:
    """Return whether the last steps rest."""
    return still(facts.cut(facts.steps - _END_STEPS, facts.steps))


def upright_end(facts: Facts) -> float:
    """Return whether it ends on the feet with an upright trunk."""
    last = facts.cut(facts.steps - _END_STEPS, facts.steps)
    lean = float(np.median(last.channel("lean")))
    return min(below(lean, 35.0, 10.0), 1.0 if last.share("standing") > 0.5 else 0.2)


def ends_in(facts: Facts, state: str) -> float:
    """Return whether the last step is in a state."""
    return 1.0 if facts.end_state == state else 0.0


def starts_in(facts: Facts, state: str) -> float:
    """Return whether the first step is in a state."""
    return 1.0 if facts.start_state == state else 0.0


def squats(facts: Facts) -> float:
    """Return whether it squats down and rises, or crouches deep at one place."""
    deepest = max((event.amount for event in facts.events("squat")), default=0)
    crouched = (facts.states == STATE_INDEX["crouched"]) & (pace(facts) < 0.4)
    return max(above(deepest, 25.0, 8.0), above(share(crouched), 0.4, 0.2))


POSTURE_CONDITIONS: dict[str, Condition] = {
    "sits": partial(is_mostly, states=("seated",), least=0.9),
    "becomes_seated": partial(becomes, state="seated", kind="sit_down"),
    "rises_from_seat": partial(rises, kind="stand_up", low=0.75),
    "lies": partial(is_mostly, states=("lying",), least=0.35),
    "becomes_lying": partial(becomes, state="lying", kind="go_down"),
    "rises_from_floor": partial(rises, kind="get_up", low=0.4),
    "dips": dips,
    "upright": upright,
    "moves_about": moves_about,
    "crawls": crawls,
    "on_all_fours": partial(is_mostly, states=("on all fours", "lying"), least=0.5),
    "kneels": partial(is_mostly, states=("kneeling",), least=0.3),
    "squats": squats,
    "crouched_walk": crouched_walk,
    "bends_down": partial(happens, kind="bend"),
    "bows": partial(happens, kind="bow"),
    "hangs": partial(is_mostly, states=("hanging",), least=0.3),
    "one_leg": one_leg,
    "tiptoe": tiptoe,
    "cartwheels": cartwheels,
    "flips": flips,
    "rolls": rolls,
    "rolls_lying": rolls_lying,
    "drags": drags,
    "still": still,
    "airborne_end": partial(ends_in, state="airborne"),
    "upright_end": upright_end,
    "ends_still": ends_still,
    "starts_standing": partial(starts_in, state="standing"),
    "ends_standing": partial(ends_in, state="standing"),
}
"""Conditions on how the body is held."""
