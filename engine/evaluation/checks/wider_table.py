"""Every check by name, those of later sets included: actions, end states, exact counts.

`table` holds the checks that the frozen and the tuning set are judged by and stays as it is.
It knows no prompt. A test notices later edits.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from . import acts, counting, states
from .measures import Body
from .table import CHECKS, Check

EITHER_SIDE: Final = ("kicks", "kicks_high", "punches", "throws", "spins", "turns_around")
"""Sided checks that prompts which name no side ask for, of either."""


def _of_either(name: str, body: Body) -> bool:
    return CHECKS[f"{name}_left"](body) or CHECKS[f"{name}_right"](body)


END_CHECKS: Final[dict[str, Check]] = {
    **{
        f"ends_{state.replace(' ', '_')}": partial(states.ends_in, state)
        for state in states.STATES
    },
    "stays_down": states.stays_down,
    "ends_still": states.ends_still,
}
"""What is true of the end of a clip: beside an action, never alone."""

COUNT_CHECKS: Final[dict[str, Check]] = {
    f"{event}_exactly_{count}": partial(counting.happens_exactly, event, count)
    for event in (*counting.COUNTS, "waves", "steps", "spins")
    for count in range(1, counting.MOST + 1)
}

ACT_CHECKS: Final[dict[str, Check]] = {
    "salutes": acts.salutes,
    "tiptoes": acts.tiptoes,
    "drags": acts.drags,
    "flips": acts.flips,
    "rolls_on_the_floor": acts.rolls_on_the_floor,
    "goes_up_stairs": acts.goes_up_stairs,
    "steps_over": acts.steps_over,
    "jumps_down": acts.jumps_down,
    "runs_to_a_stop": acts.runs_to_a_stop,
    "flaps_the_arms": acts.flaps_the_arms,
    "lifts_the_knees": acts.lifts_the_knees,
    "holds_the_head": acts.holds_the_head,
    "swings_with_both_hands": acts.swings_with_both_hands,
    "reaches_ahead": acts.reaches_ahead,
    "crosses_the_arms": acts.crosses_the_arms,
    "has_arms_out": acts.has_arms_out,
    "hops_about": acts.hops_about,
    "swings_a_raised_hand": acts.swings_a_raised_hand,
    "rises_from_a_seat": acts.rises_from_a_seat,
    **{name: partial(_of_either, name) for name in EITHER_SIDE},
}

WIDER_CHECKS: Final[dict[str, Check]] = {**CHECKS, **ACT_CHECKS, **END_CHECKS, **COUNT_CHECKS}
"""Sided ones end in `_left` or `_right` of the character."""
