"""Which choices an act gets: score, fit, joins and what would be seen of it."""

from __future__ import annotations

import pytest
from keyfill_extension.tests.engine import facts_motions as motions
from keyfill_extension.tests.engine.retrieval.laid_takes import (
    ARMS,
    LOWER,
    Points,
    act,
    caster,
    choice,
)
from keyfill_extension.tests.engine.retrieval.small_memories import facts_of, made_up

STILL = made_up(["standing"] * 20)
CLIPS = [("a person shrugs", STILL)] * 4


def test_combinations_come_in_the_order_of_their_costs() -> None:
    acts = [
        act("a person shrugs", 0, 20, *(choice(n, 0, 10, 1.0 - 0.2 * n) for n in range(3))),
        act("a person shrugs", 20, 40, *(choice(n, 0, 10, 0.5 + 0.1 * n) for n in range(4))),
    ]
    casts = caster(CLIPS).casts(acts)
    assert len({cast.picks for cast in casts}) == len(casts) == 12
    costs = [cast.cost for cast in casts]
    assert costs == sorted(costs)
    assert casts[0].picks == (0, 3)
    assert casts[0].cost == pytest.approx(-1.0 - 0.8)
    assert casts[-1].picks == (2, 0)


def test_no_acts_are_one_empty_cast() -> None:
    assert [cast.picks for cast in caster(CLIPS).casts([])] == [()]


def test_a_choice_that_joins_well_beats_a_slightly_better_one() -> None:
    points = Points(CLIPS)
    points.of(1)[:] = 10.0
    points.of(0)[9] = 10.0
    first = act("a person shrugs", 0, 20, choice(0, 0, 10))
    second = (choice(2, 0, 10, 1.2), choice(1, 0, 10, 1.0))
    casts = caster(CLIPS, points).casts([first, act("a person shrugs", 20, 40, *second)])
    assert casts[0].picks == (0, 1)
    # 20 decimetres, all parts together, at 0.04 each.
    assert casts[1].cost - casts[0].cost == pytest.approx(-0.2 + 0.8, abs=1e-5)
    # Arms join nothing: they ride on legs.
    arms = act("a person shrugs", 20, 40, *second, parts=ARMS, rides_on=0)
    assert caster(CLIPS, points).casts([first, arms])[0].picks == (0, 0)
    # Nor does what has no legs before it.
    alone = act("a person shrugs", 0, 20, choice(0, 0, 10), parts=ARMS)
    after = act("a person shrugs", 20, 40, *second, parts=LOWER)
    assert caster(CLIPS, points).casts([alone, after])[0].picks == (0, 0)


def test_what_is_too_long_for_its_time_costs_beyond_a_third() -> None:
    choices = (choice(0, 0, 15), choice(1, 0, 8), choice(2, 0, 20))
    casts = caster(CLIPS).casts([act("a person shrugs", 0, 10, *choices)])
    cost = {cast.picks[0]: cast.cost for cast in casts}
    assert (cost[0], cost[1]) == (pytest.approx(-1.0), -1.0)
    # 20 steps hurried by a third are 13.3 in 10: 0.415 octaves at 0.8 each.
    assert cost[2] == pytest.approx(-1.0 + 0.8 * 0.41504, abs=1e-4)


def test_what_has_to_be_repeated_costs_by_how_far_its_loop_jumps() -> None:
    points = Points(CLIPS)
    points.of(0)[:] = 3.0 * (points.of(0) * 0 + 1).cumsum(0)
    dance = act("a person swims", 0, 40, choice(0, 0, 20), choice(1, 0, 20))
    casts = caster(CLIPS, points).casts([dance])
    assert casts[0].picks == (1,)
    assert casts[0].cost == pytest.approx(-1.0)
    assert casts[1].cost > -1.0 + 0.04 * 2 * 15
    # What is long enough needs no loop, what is too short for one costs most.
    brief = act("a person swims", 0, 15, choice(0, 0, 20))
    assert caster(CLIPS, points).casts([brief])[0].cost == pytest.approx(-1.0)
    short = act("a person swims", 0, 40, choice(1, 0, 6))
    assert caster(CLIPS, points).casts([short])[0].cost == pytest.approx(-1.0 + 0.04 * 20)


def test_what_is_not_seen_in_its_time_costs() -> None:
    late = motions.gait(1.0)
    late.pelvis[:60, 2] = late.pelvis[60, 2]
    clips = [("a person walks", facts_of(late)), ("a person walks", facts_of(motions.walk()))]
    walk = act("a person walks", 0, 14, choice(0, 0, 30, 1.3), choice(1, 0, 30, 1.0))
    cast = caster(clips)
    assert cast.unseen(walk, walk.choices[0]) == 1.0
    assert cast.unseen(walk, walk.choices[1]) < 0.5
    assert cast.casts([walk])[0].picks == (1,)
    # In its whole length it is seen.
    longer = act("a person walks", 0, 30, *walk.choices)
    assert cast.unseen(longer, walk.choices[0]) == 0.0
