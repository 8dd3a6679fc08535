"""Conditions on going, turning and the legs: walking, running, jumps, kicks, stairs.

Each takes a window's facts and says 0 to 1; 0.5 just passes.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from ...motion.skeleton import FPS, PARTS
from .clip_facts import STEP_SECONDS, Event, Facts
from .condition_parts import (
    Condition,
    above,
    below,
    count,
    first_step,
    going_pace,
    happens,
    pace,
    path,
    share,
)

_TRAVEL_AHEAD, _TRAVEL_ELSEWHERE = 0.5, 0.2
_FAR_JUMP = 0.45
_TURN, _TURN_AROUND, _SPIN = 40.0, 125.0, 270.0
_STAIR = 0.14
_LEDGE = 0.22
_LIFT = 0.05
_WAIST = 92.0


def travels(facts: Facts, axis: int, sign: float) -> float:
    """Return whether the body goes mostly ahead (axis 0) or to the left (1), or the other way."""
    along, across = path(facts)[axis] * sign, path(facts)[1 - axis]
    least = _TRAVEL_AHEAD if axis == 0 and sign > 0 else _TRAVEL_ELSEWHERE
    return min(above(along, least, 0.2), above(along - abs(across), 0.0, 0.2))


def goes(facts: Facts) -> float:
    """Return whether the body goes somewhere, whichever way."""
    return above(path(facts)[2], 0.8, 0.3)


def fast(facts: Facts) -> float:
    """Return whether it goes at a run's speed, or the limbs are as lively as in one."""
    lively = max(_liveliness(facts))
    return max(above(going_pace(facts), 1.8, 0.4), above(lively, 1.45, 0.3))


def slow(facts: Facts) -> float:
    """Return whether it moves, but slowly: going below 0.75 m/s, or no limb lively on the spot."""
    quick = [np.percentile(facts.channel(f"{part.lower()}_liveliness"), 85) for part in PARTS]
    going, most = going_pace(facts), float(max(quick))
    if going > 0.0:
        return min(below(going, 0.75, 0.15), below(most, 0.8, 0.2))
    return min(above(most, 0.15, 0.05), below(most, 0.3, 0.1))


def walking(facts: Facts) -> float:
    """Return whether feet step in turn and one always carries, for most of the time."""
    speeds = pace(facts)
    is_going = (speeds > 0.3) & (speeds < 2.2) & np.isin(facts.states, (0, 2))
    return min(
        above(share(is_going), 0.5, 0.2),
        happens(facts, "step", least=2),
        below(_flight(facts), 0.12, 0.08),
    )


def starts_slow(facts: Facts) -> float:
    """Return whether it rests at first."""
    return below(float(pace(facts)[:2].min(initial=9.0)), 0.3, 0.15)


def running(facts: Facts) -> float:
    """Return whether it goes fast, with both feet off the ground between steps."""
    return min(
        above(going_pace(facts), 1.9, 0.4),
        above(_flight(facts), 0.1, 0.06),
        above(share(pace(facts) > 1.5), 0.4, 0.2),
        above(float(facts.hands("foot_carries").max(0).min()), 0.4, 0.2),
    )


def stays(facts: Facts) -> float:
    """Return whether the body ends near where it begins and never goes far."""
    ahead, left = facts.channel("speed_ahead"), facts.channel("speed_left")
    yaw = facts.turned
    steps = np.stack([np.cos(yaw) * ahead - np.sin(yaw) * left,
                      np.sin(yaw) * ahead + np.cos(yaw) * left], 1)  # fmt: skip
    way = np.cumsum(steps, axis=0) * STEP_SECONDS
    return below(float(np.linalg.norm(way, axis=1).max(initial=0.0)), 0.6, 0.2)


def turns(facts: Facts, sign: float) -> float:
    """Return whether it turns to one side on the whole, or in one spell more than back."""
    events = [sign * event.amount for event in facts.events("turn")]
    spell = max(events, default=0) - max(-min(events, default=0), 0) / 2.0
    return max(above(sign * facts.turn_degrees, _TURN, 15.0), above(spell, _TURN, 15.0))


def turns_around(facts: Facts) -> float:
    """Return whether it ends facing nearly the other way, or does so in one turn."""
    most = max((abs(event.amount) for event in facts.events("turn")), default=0)
    return above(max(abs(facts.turn_degrees), most), _TURN_AROUND, 20.0)


def spins(facts: Facts, sign: float) -> float:
    """Return whether one spell of turning goes most of the way round."""
    most = max((sign * event.amount for event in facts.events("turn")), default=0)
    return above(most, _SPIN, 40.0)


def circles(facts: Facts) -> float:
    """Return whether it goes along a bend of most of a circle or more."""
    way = path(facts)[2]
    radius = way / max(abs(np.radians(facts.turn_degrees)), 1e-6)
    return min(
        above(abs(facts.turn_degrees), 250.0, 50.0),
        above(way, 1.5, 0.5),
        above(radius, 0.3, 0.1),
    )


def jumps_once(facts: Facts) -> float:
    """Return whether exactly one jump happens."""
    return {1: 1.0, 2: 0.3}.get(count(facts, "jump"), 0.0)


def jumps_far(facts: Facts) -> float:
    """Return whether a jump carries the body well over half a metre along."""
    lengths = []
    for event in facts.events("jump"):
        flight = facts.cut(first_step(event.peak) - 2, first_step(event.peak) + 3)
        free = 1.0 - flight.hands("foot_carries").max(1)
        lengths.append(float((pace(flight) * free).sum()) * STEP_SECONDS)
    return above(max(lengths, default=0.0), _FAR_JUMP, 0.2)


def brisk(facts: Facts) -> float:
    """Return whether it goes faster than one strolls, without the flights of a run."""
    return min(above(going_pace(facts), 1.3, 0.15), below(_flight(facts), 0.1, 0.06))


def kicks(facts: Facts, side: str) -> float:
    """Return whether a foot kicks: the higher and the faster, the surer."""
    return max((_kick(event) for event in facts.events("kick", side)), default=0.0)


def _kick(event: Event) -> float:
    """Return how much of a kick the lift of a foot is; `amount` is in centimetres."""
    speed = event.amount / 100.0 * FPS / max(1, event.peak - event.start)
    return min(above(event.amount, 40, 30), above(speed, 1.05, 0.5))


def kicks_high(facts: Facts) -> float:
    """Return whether a kick reaches above the waist."""
    return above(max((event.amount for event in facts.events("kick")), default=0), _WAIST, 20.0)


def climbs(facts: Facts, sign: float) -> float:
    """Return whether the feet end on higher (sign 1) or lower ground, step by step."""
    height = facts.channel("support_height")
    if facts.steps < 3:
        return 0.0
    rise = sign * float(np.median(height[-3:]) - np.median(height[:3]))
    return min(above(rise, _STAIR, 0.05), happens(facts, "step"))


def jumps_down(facts: Facts) -> float:
    """Return whether a jump ends on lower ground than it began on."""
    height = facts.channel("support_height")
    drops = [
        float(height[max(0, first_step(event.start) - 1)]
              - height[min(facts.steps, first_step(event.end) + 2) - 1])
        for event in facts.events("jump")
    ]  # fmt: skip
    return above(max(drops, default=0.0), _LEDGE, 0.08)


def steps_in_place(facts: Facts) -> float:
    """Return whether one foot and the other is lifted in turn, four times or more, on one spot.

    Events of steps tell too little here: these come down elsewhere.
    """
    left, right = facts.hands("foot_height").T
    higher = np.sign(left - right)[np.abs(left - right) > _LIFT]
    lifts = 1 + np.count_nonzero(np.diff(higher)) if len(higher) else 0
    return min(stays(facts), above(lifts, 3.5, 1.0))


def skips(facts: Facts) -> float:
    """Return whether it goes along by hops on one foot and the other."""
    hops = facts.events("hop")
    both = {event.side for event in hops}
    return min(above(len(hops), 1.5, 0.5), above(len(both), 1.5, 0.5), above(path(facts)[2], 1, 1))


def _flight(facts: Facts) -> float:
    """Return the share of the time in which no foot carries."""
    free = 1.0 - facts.hands("foot_carries").max(1)
    return float(free.mean()) if facts.steps else 0.0


def _liveliness(facts: Facts) -> list[float]:
    return [float(facts.channel(f"{part.lower()}_liveliness").mean()) for part in PARTS]


TRAVEL_CONDITIONS: dict[str, Condition] = {
    "travels_forward": partial(travels, axis=0, sign=1.0),
    "travels_backward": partial(travels, axis=0, sign=-1.0),
    "travels_left": partial(travels, axis=1, sign=1.0),
    "travels_right": partial(travels, axis=1, sign=-1.0),
    "goes": goes,
    "fast": fast,
    "slow": slow,
    "brisk": brisk,
    "starts_slow": starts_slow,
    "running": running,
    "walking": walking,
    "stays": stays,
    "turns_left": partial(turns, sign=1.0),
    "turns_right": partial(turns, sign=-1.0),
    "turns_around": turns_around,
    "circles": circles,
    "spins_left": partial(spins, sign=1.0),
    "spins_right": partial(spins, sign=-1.0),
    "jumps": partial(happens, kind="jump"),
    "jumps_once": jumps_once,
    "jumps_far": jumps_far,
    "kicks_left": partial(kicks, side="left"),
    "kicks_right": partial(kicks, side="right"),
    "kicks_high": kicks_high,
    "steps_up": partial(climbs, sign=1.0),
    "steps_down": partial(climbs, sign=-1.0),
    "jumps_down": jumps_down,
    "steps_in_place": steps_in_place,
    "skips": skips,
}
"""Conditions on going, turning and the legs."""
