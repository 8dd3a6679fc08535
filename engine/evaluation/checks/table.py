"""Every check by name, and the one question: does a body pass?

It knows no prompt. A test notices later edits.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from . import arms as arm_checks
from . import body as body_checks
from . import gestures, going
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
    "walks_slowly": going.walks_slowly,
    "walks_briskly": going.walks_briskly,
    "jogs": going.jogs,
    "runs_backward": going.runs_backward,
    "comes_to_a_stop": going.comes_to_a_stop,
    "sets_off": going.sets_off,
    "stands_on_one_leg": going.stands_on_one_leg,
    "jumps_twice": going.jumps_twice,
    "kicks_twice": going.kicks_twice,
    "leaps_while_running": going.leaps_while_running,
    "walks_crouched": going.walks_crouched,
    "ducks": going.ducks,
    "kneels": going.kneels,
    "bows": going.bows,
    "stands_up": going.stands_up,
    "stays_seated": going.stays_seated,
    "gets_up_from_the_floor": going.gets_up_from_the_floor,
    "goes_down_to_the_floor": going.goes_down_to_the_floor,
    "does_push_ups": going.does_push_ups,
    "climbs_stairs": going.climbs_stairs,
    "hangs": going.hangs,
    "stands_on_tiptoe": going.stands_on_tiptoe,
    "twists_the_trunk": going.twists_the_trunk,
    "holds_arms_ahead": gestures.holds_arms_ahead,
    "spreads_arms": gestures.spreads_arms,
    "folds_arms": gestures.folds_arms,
    "touches_the_face": gestures.touches_the_face,
    "pushes": gestures.pushes,
    "touches_the_floor": gestures.touches_the_floor,
    "dribbles": gestures.dribbles,
    "keeps_guard": gestures.keeps_guard,
    "carries": gestures.carries,
    "puts_down": gestures.puts_down,
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
    **_both_sides("runs_and_turns", going.runs_and_turns),
    **_both_sides("spins", going.spins),
    **_both_sides("turns_around", going.turns_around),
    **_both_sides("jumps_and_turns", going.jumps_and_turns),
    **_both_sides("kicks_high", going.kicks_high),
    **_both_sides("has_a_hand_on_the_hip", gestures.has_a_hand_on_the_hip),
}
"""Sided ones end in `_left` or `_right` of the character."""


def passes(names: tuple[str, ...], body: Body) -> bool:
    """Return whether a body passes every named check."""
    return all(CHECKS[name](body) for name in names)
