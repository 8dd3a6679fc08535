"""Does a take show what its acts ask for? Read from the facts of the take itself.

Clips are chosen by what was measured on them; joins, holds, another pace and arms of another
clip may lose it. It knows no code and no network.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..planning.actions import Action
from ..planning.kinds import Flow
from .acts import LEGS, Act
from .facts import Facts
from .facts.conditions import PASSES
from .stretches import SIDED, event_of, rate, times_in

MOST_FALL: Final = 0.12
"""Metres a second: a pelvis that rises or falls faster at the end of a take is on its way."""

MISCOUNTED: Final = 1.0
"""What a count that is wrong weighs beside an act that is not seen at all."""

UNFINISHED: Final = 0.6
"""What weighs an end on the way, or in another state than the last act leads to."""


def shortcoming(acts: Sequence[Act], facts: Facts) -> float:
    """Return how far a take is from what its acts ask for; 0 where it shows all of it.

    Args:
        acts: of the take.
        facts: measured on its motion.
    """
    found = sum(_missing(act, facts.cut(act.first, act.last)) for act in acts)
    return found + _unfinished(acts, facts)


def _missing(act: Act, facts: Facts) -> float:
    """Return how little of an act is shown: nothing is missing that its best clip has not."""
    asked = min(PASSES, max((choice.stretch.value for choice in act.choices), default=0.0))
    missing = max(0.0, asked - rate(act.action, facts)) / PASSES
    return missing + MISCOUNTED * (not _is_counted(act.action, facts))


def _is_counted(action: Action, facts: Facts) -> bool:
    event = event_of(action)
    if not event or not action.count:
        return True
    side = action.side if event in SIDED else ""
    return times_in(action, facts, event, side) == action.count


def _unfinished(acts: Sequence[Act], facts: Facts) -> float:
    """Return what is wrong with the end of a take; what goes on may end anywhere."""
    last = max(
        (act for act in acts if LEGS[0] in act.parts), key=lambda act: act.last, default=None
    )
    if last is None or not facts.steps or last.action.flow is Flow.CYCLIC:
        return 0.0
    after = last.action.kind.after if last.action.kind else ""
    is_falling = abs(float(facts.channel("vertical_speed")[-1])) > MOST_FALL
    is_elsewhere = facts.end_state == "airborne" or bool(after) and facts.end_state != after
    return UNFINISHED * (is_falling + is_elsewhere)
