"""How many times does something happen? Jumps, kicks, claps, steps, found in the kinematics.

Each count is a pure function of a Body, built from `measures`; thresholds describe the event,
not a recording. It knows no prompt. Written before any model had been tried on it; a test
notices later edits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from . import measures
from .measures import LEFT, UP, Array, Body

SIDES: Final = ("left", "right")

EDGE_SECONDS: Final = 0.2
"""A raised hand is on its way for so long at both ends."""


def joined(active: NDArray[np.bool_], gap: int) -> list[tuple[int, int]]:
    """Return the stretches [start, end) in which `active` (T,) holds, over gaps of `gap` frames."""
    stretches: list[tuple[int, int]] = []
    for start, end in measures.runs_of(active):
        if stretches and start - stretches[-1][1] <= gap:
            start = stretches.pop()[0]
        stretches.append((start, end))
    return stretches


def dips(values: Array, low: float, rise: float) -> int:
    """Count the times at which values (T,) come below `low`, having been `rise` higher before.

    What is low from the first frame on has not come down.
    """
    count, is_armed, peak, bottom = 0, False, float(values[0]), float(values[0])
    for value in values.tolist():
        if is_armed:
            peak = max(peak, value)
            if value < low and peak - value >= rise:
                count, is_armed, bottom = count + 1, False, value
        else:
            bottom = min(bottom, value)
            if value - bottom >= rise or value >= low:
                is_armed, peak = True, value
    return count


def jumps(body: Body) -> int:
    """Count the times both feet leave the ground by 0.06 m and the pelvis rises by 0.08 m."""
    height = body.height("pelvis")
    least = max(2, round(0.12 * body.fps))
    high = height > np.median(height) + 0.08
    flying = measures.lowest_foot(body) > 0.06
    return sum(
        bool(high[start:end].any()) for start, end in measures.runs_of(flying, least)
    )


def kicks(body: Body) -> int:
    """Count the fast swings of a foot, of either, to 0.35 m or more above the other foot."""
    count = 0
    for side in SIDES:
        fast = measures.smoothed(measures.foot_speed(body, side), 3) > 2.0
        high = measures.foot_lift(body, side) > 0.35
        count += sum(
            bool(fast[max(0, start - 3) : end].any()) for start, end in measures.runs_of(high, 3)
        )
    return count


def claps(body: Body) -> int:
    """Count the times the wrists come within 0.28 m of each other from 0.08 m farther apart."""
    return dips(measures.hands_apart(body), 0.28, 0.08)


def wave_swings(body: Body) -> int:
    """Count the swings of a raised hand to one side or back, of the hand that has more.

    The hand's way up and its way down, EDGE_SECONDS at both ends, do not count.
    """
    most = 0
    edge, gap = round(EDGE_SECONDS * body.fps), round(EDGE_SECONDS * body.fps)
    for side in SIDES:
        hand = body.relative(f"{side}_wrist", f"{side}_elbow")
        up = (measures.hand_over_shoulder(body, side) > -0.15) & (hand[:, UP] > 0.05)
        swings = 0
        for start, end in joined(up, gap):
            if end - start > 3 * edge:
                swings += measures.swings(hand[start + edge : end - edge, LEFT], 0.05)
        most = max(most, swings)
    return most


def squats(body: Body) -> int:
    """Count the times the pelvis sinks by 0.25 m on bent knees and rises before the next time."""
    knees = np.minimum(measures.knee_degrees(body, "left"), measures.knee_degrees(body, "right"))
    height = body.height("pelvis")
    sunk = np.where(knees > 60, height.max() - height, 0.0)
    return dips(-sunk, -0.25, 0.12)


def step_lengths(body: Body) -> list[float]:
    """Return the metres that a foot travels in each of its steps of 0.12 m or more, in order."""
    found: list[tuple[int, float]] = []
    for side in SIDES:
        ground = body.at(f"{side}_ankle")[:, [0, 2]]
        moving = np.linalg.norm(measures.velocity(ground, body.fps), axis=1) > 0.35
        for start, end in measures.runs_of(moving, max(2, round(0.1 * body.fps))):
            last = min(end, len(ground) - 1)
            length = float(np.linalg.norm(ground[last] - ground[start]))
            if length >= 0.12:
                found.append((start, length))
    return [length for _, length in sorted(found)]


def punches(body: Body) -> int:
    """Count the blows of either fist that leave the shoulder at over 1.3 m/s."""
    return sum(measures.punches(body, side, 1.3) for side in SIDES)


def whole_turns(body: Body) -> float:
    """Return the turns from the farthest left to the farthest right heading; 1 is 360 degrees."""
    return float(np.ptp(body.heading) / (2 * np.pi))


def bows(body: Body) -> int:
    """Count the times the trunk bends past 28 degrees from 12 or more before."""
    bend = measures.smoothed(measures.torso_pitch_degrees(body), 3)
    return dips(-bend, -28.0, 12.0)


def push_ups(body: Body) -> int:
    """Count how often the chest is lowered by 0.1 m and raised, hands low, the trunk level."""
    level = (measures.torso_pitch_degrees(body) > 45) & (body.height("pelvis") < 0.75)
    low = np.maximum(body.height("left_wrist"), body.height("right_wrist")) < 0.3
    stretches = list(measures.runs_of(level & low, max(2, round(0.5 * body.fps))))
    return sum(
        measures.swings(body.height("neck")[start:end], 0.10) // 2 for start, end in stretches
    )


def jumping_jacks(body: Body) -> int:
    """Count the times both hands swing up past the shoulders, 0.4 m or more from below."""
    hands = np.minimum(*(measures.hand_over_shoulder(body, side) for side in SIDES))
    return dips(-hands, 0.0, 0.4)


COUNTS: Final[dict[str, Callable[[Body], int]]] = {
    "jumps": jumps,
    "kicks": kicks,
    "claps": claps,
    "squats": squats,
    "punches": punches,
    "bows": bows,
    "push_ups": push_ups,
    "jumping_jacks": jumping_jacks,
}
"""What is counted by whole events."""

MOST: Final = 5
"""Checks ask for up to so many."""


def happens_exactly(event: str, count: int, body: Body) -> bool:
    """Return whether an event happens `count` times, neither more nor less often.

    Args:
        event: of COUNTS, or "waves" (to one side and back is one; a first or last half is let
            go), "steps" (a last, shorter one that brings the feet together is let go),
            "spins" (whole turns, within 110 degrees).
        count: one or more.
        body: The motion.
    """
    if event == "waves":
        return 2 * count - 1 <= wave_swings(body) <= 2 * count + 1
    if event == "spins":
        return abs(whole_turns(body) - count) < 110 / 360
    if event == "steps":
        return _steps_are(step_lengths(body), count)
    return COUNTS[event](body) == count


def _steps_are(lengths: list[float], count: int) -> bool:
    if len(lengths) == count + 1:
        *steps, closing = lengths
        return closing < (1.1 if count == 1 else 0.8) * max(steps)
    return len(lengths) == count
