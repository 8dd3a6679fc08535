"""What conditions are made of: soft thresholds, and what a window does on the whole.

A value of 0.5 just passes. It knows no name of a condition.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...motion.clip import Array
from ...motion.displacements import Flags, runs_of
from ...motion.skeleton import FRAMES_PER_STEP
from .clip_facts import STEP_SECONDS, Facts

Condition = Callable[[Facts], float]
"""Says how well a window's facts meet it, 0 to 1."""

_GOING = 0.3
"""Metres a second above which a step counts as going somewhere."""


def above(value: float, threshold: float, width: float) -> float:
    """Return 0.5 at the threshold, 1 from `width` above it, 0 from `width` below it."""
    return float(np.clip(0.5 + 0.5 * (value - threshold) / width, 0.0, 1.0))


def below(value: float, threshold: float, width: float) -> float:
    """Return 0.5 at the threshold, 1 from `width` below it."""
    return 1.0 - above(value, threshold, width)


def share(flags: Flags) -> float:
    """Return the share of steps (S,) that are True."""
    return float(np.mean(flags)) if len(flags) else 0.0


def longest_seconds(flags: Flags) -> float:
    """Return the seconds of the longest run of True among steps (S,)."""
    return max((end - start for start, end in runs_of(flags)), default=0) * STEP_SECONDS


def pace(facts: Facts) -> Array:
    """Return the horizontal speed (S,) of the pelvis, metres a second."""
    return np.hypot(facts.channel("speed_ahead"), facts.channel("speed_left"))


def path(facts: Facts) -> tuple[float, float, float]:
    """Return metres ahead and to the left, in the body's own frame, and metres in all."""
    ahead, left = facts.channel("speed_ahead"), facts.channel("speed_left")
    return (
        float(ahead.sum()) * STEP_SECONDS,
        float(left.sum()) * STEP_SECONDS,
        float(pace(facts).sum()) * STEP_SECONDS,
    )


def going_pace(facts: Facts) -> float:
    """Return the median speed of the steps in which the body goes somewhere; 0 of none."""
    speeds = pace(facts)
    going = speeds[speeds > _GOING]
    return float(np.median(going)) if len(going) >= 3 else 0.0


def count(facts: Facts, kind: str, side: str = "") -> int:
    """Return how many events of a kind a window has."""
    return len(facts.events(kind, side))


def happens(facts: Facts, kind: str, side: str = "", least: int = 1) -> float:
    """Return 1 if events of a kind happen often enough; 0.4 for one too few."""
    found = count(facts, kind, side)
    if found >= least:
        return 1.0
    return 0.4 if found and found == least - 1 else 0.0


def hand_steps(facts: Facts, name: str, side: str) -> Array:
    """Return a hand's channel (S,): `hand_to_face` of `left`."""
    return facts.channel(f"{side}_{name}")


def first_step(frame: int) -> int:
    """Return the step that holds a frame."""
    return frame // FRAMES_PER_STEP
