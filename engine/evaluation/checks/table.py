"""Every check by name, and the one question: does a body pass?

It knows no prompt. Frozen on 2026-11-21, before any model had been tried on it; a test
notices later edits.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from . import arms as arm_checks
from . import body as body_checks
from .measures import Body

Check = Callable[[Body], bool]


def _both_sides(name: str, check: Callable[[Body, str], bool]) -> dict[str, Check]:
    return {f"{name}_{side}": partial(_sided, check, side) for side in ("left", "right")}


def _sided(check: Callable[[Body, str], bool], side: str, body: Body) -> bool:
    return check(body, side)


CHECKS: Final[dict[str, Check]] = {
    "walks_forward": body_checks.walks_forward,
    "walks_backward": body_checks.walks_backward,
    "runs_forward": body_checks.runs_forward,
    "crawls": body_checks.crawls,
    "skips": body_checks.skips,
    "jumps_forward": body_checks.jumps_forward,
    "jumps_up": body_checks.jumps_up,
    "hops": body_checks.hops,
    "walks_in_a_circle": body_checks.walks_in_a_circle,
    "stays_in_place": body_checks.stays_in_place,
    "stands_still": body_checks.stands_still,
    "squats": body_checks.squats,
    "crouches": body_checks.crouches,
    "sits_down": body_checks.sits_down,
    "lies": body_checks.lies,
    "climbs": body_checks.climbs,
    "dances_on_the_spot": body_checks.dances_on_the_spot,
    "does_a_cartwheel": body_checks.does_a_cartwheel,
    "does_jumping_jacks": arm_checks.does_jumping_jacks,
    "boxes": arm_checks.boxes,
    "raises_both_arms": arm_checks.raises_both_arms,
    "claps": arm_checks.claps,
    "picks_up": arm_checks.picks_up,
    "lifts_with_both_hands": arm_checks.lifts_with_both_hands,
    "has_hands_on_hips": arm_checks.has_hands_on_hips,
    "drinks": arm_checks.drinks,
    "sweeps_floor": arm_checks.sweeps_floor,
    "waves": arm_checks.waves_a_hand,
    **_both_sides("sidesteps", body_checks.sidesteps),
    **_both_sides("turns_on_the_spot", body_checks.turns_on_the_spot),
    **_both_sides("walks_and_turns", body_checks.walks_and_turns),
    **_both_sides("kicks", body_checks.kicks),
    **_both_sides("punches", arm_checks.punches),
    **_both_sides("raises_hand", arm_checks.raises_hand),
    **_both_sides("points", arm_checks.points),
    **_both_sides("throws", arm_checks.throws),
    **_both_sides("wipes", arm_checks.wipes),
    **_both_sides("waves", arm_checks.waves),
}
"""Sided ones end in `_left` or `_right` of the character."""


def passes(names: tuple[str, ...], body: Body) -> bool:
    """Return whether a body passes every named check."""
    return all(CHECKS[name](body) for name in names)
