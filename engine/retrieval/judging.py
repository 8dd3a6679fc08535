"""Does a take show what its acts ask for? Read from the facts of the take itself.

Clips are chosen by what was measured on them; joins, holds, another pace and arms of another
clip may lose it. It knows no code and no network.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..motion.tracks import STATES
from ..planning.actions import Action
from ..planning.kinds import Flow
from .acts import LEGS, Act
from .facts import Facts
from .facts.conditions import PASSES
from .stretches import SIDED, event_of, rate, times_in

MOST_FALL: Final = 0.12
"""Metres a second: a pelvis that rises or falls faster at the end of a take is on its way."""

MOST_FALL_AT_FIRST: Final = 0.35
"""Metres a second: a first action may set in at once, a fall may not be under way."""

MISCOUNTED: Final = 1.0
"""What a count that is wrong weighs beside an act that is not seen at all."""

UNFINISHED: Final = 0.6
"""What weighs a beginning or an end on the way, or in another state than the last act leads to."""


def shortcoming(acts: Sequence[Act], facts: Facts) -> float:
    """Return how far a take is from what its acts ask for; 0 where it shows all of it.

    Args:
        acts: of the take.
        facts: measured on its motion.
    """
    found = sum(_missing(act, facts.cut(act.first, act.last)) for act in acts)
    of_legs = sorted((act for act in acts if LEGS[0] in act.parts), key=lambda act: act.first)
    if not of_legs or not facts.steps:
        return found
    return found + _unready(of_legs[0].action, facts) + _unfinished(of_legs[-1].action, facts)


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


def _unready(action: Action, facts: Facts) -> float:
    """Return what is wrong with the beginning of a take; what goes on may be under way."""
    if _is_under_way(action):
        return 0.0
    is_falling = abs(float(facts.channel("vertical_speed")[0])) > MOST_FALL_AT_FIRST
    return UNFINISHED * (is_falling + (not _is_supported(facts, 0)))


def _unfinished(action: Action, facts: Facts) -> float:
    """Return what is wrong with the end of a take; what goes on may end anywhere."""
    if _is_under_way(action):
        return 0.0
    after = action.kind.after if action.kind and action.flow is not Flow.CYCLIC else ""
    is_falling = abs(float(facts.channel("vertical_speed")[-1])) > MOST_FALL
    is_elsewhere = bool(after) and facts.end_state != after
    return UNFINISHED * (is_falling + is_elsewhere + (not _is_supported(facts, -1)))


def _is_under_way(action: Action) -> bool:
    """Say whether an action may be cut anywhere: it goes on, and not by jumps."""
    leaves_ground = action.kind is not None and "jumps" in action.kind.needs
    return action.flow is Flow.CYCLIC and not leaves_ground


def _is_supported(facts: Facts, step: int) -> bool:
    """Say whether something carries the body in a step; who stands is carried by a foot."""
    state = STATES[int(facts.states[step])]
    if state not in ("standing", "crouched"):
        return state != "airborne"
    return bool(facts.hands("foot_carries")[step].max() > 0.5)
