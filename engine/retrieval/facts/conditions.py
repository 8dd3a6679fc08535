"""Named conditions on a window's facts: what a plan asks of a motion.

It knows no caption and no clip.
"""

from __future__ import annotations

from .arm_conditions import ARM_CONDITIONS
from .clip_facts import Facts
from .condition_parts import Condition
from .posture_conditions import POSTURE_CONDITIONS
from .travel_conditions import TRAVEL_CONDITIONS

PASSES = 0.5
"""Least value of a condition that is met."""

CONDITIONS: dict[str, Condition] = {
    **TRAVEL_CONDITIONS,
    **POSTURE_CONDITIONS,
    **ARM_CONDITIONS,
}
"""Name -> how well a window's facts meet the condition, 0 to 1."""


def rate_condition(name: str, facts: Facts) -> float:
    """Return how well facts meet a condition of CONDITIONS, 0 to 1; 0 of an empty window.

    Raises:
        ValueError: if no condition has this name.
    """
    if name not in CONDITIONS:
        raise ValueError(f"there is no condition {name!r}; choose of: {', '.join(CONDITIONS)}")
    return CONDITIONS[name](facts) if facts.steps else 0.0
