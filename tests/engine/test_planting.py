"""What takes copy whole: every take of a request another motion, the first ones the best."""

from __future__ import annotations

from itertools import combinations

import pytest
import torch
from keyfill_extension.engine.motion.request import MOST_TAKES
from keyfill_extension.engine.motion.running import run_to_end
from keyfill_extension.engine.retrieval.bridging import Gap, LegMotion
from keyfill_extension.engine.retrieval.planting import plan_at_once, plan_span
from keyfill_extension.engine.retrieval.recalling import Candidate, Recalled, Together
from keyfill_extension.engine.transformers.masked import Condition

LEFT_ARM = 2


def clip(first: int, steps: int) -> torch.Tensor:
    """Codes (steps, 4, 3) that count on from `first`."""
    return torch.arange(first, first + steps)[:, None, None].repeat(1, 4, 3)


def recalled(*clips: list[torch.Tensor], together: Together | None = None) -> Recalled:
    """A prompt of one action a list, whose clips are all as near as the nearest."""
    nothing = torch.zeros(1, 0, 4, dtype=torch.long)
    text = torch.zeros(1, 2)
    condition = Condition(
        text, text[:, None], torch.ones(1, 1, dtype=torch.bool), nothing, nothing[..., :2]
    )
    return Recalled(
        condition,
        torch.zeros(0, 4, 3, dtype=torch.long),
        tuple(range(len(clips))),
        tuple(tuple(Candidate(each, None) for each in own) for own in clips),
        tuple(len(own) for own in clips),
        together,
    )


def span(found: Recalled, gap: Gap, steps: int = 20):
    return run_to_end(plan_span(found, gap, steps))


def all_differ(plantings) -> bool:
    return all(first.differs_from(other) for first, other in combinations(plantings, 2))


@pytest.mark.parametrize(
    ("gap", "expected"),
    [
        (Gap(4, 18, None), (8, 13)),  # both sides kept: five of the eight steps between margins
        (Gap(4, 12, None), (7, 9)),  # less room than the clip is long
        (Gap(0, 7, None), (0, 4)),  # an open side needs no margin
        (Gap(4, 8, None), (0, 0)),  # no room at all
    ],
)
def test_a_remembered_clip_is_planted_between_margins(gap, expected) -> None:
    first = span(recalled([clip(100, 5)]), gap)[0]
    wanted = torch.zeros(20, dtype=torch.bool)
    wanted[slice(*expected)] = True
    assert torch.equal(first.cells, wanted[:, None].repeat(1, 4))
    steps = first.codes[wanted, 0, 0].tolist()
    assert steps == [*range(steps[0], steps[0] + len(steps))] if steps else not wanted.any()
    assert set(steps) <= set(range(100, 105))


def test_the_first_takes_put_a_clip_into_the_middle_then_to_the_start_and_the_end() -> None:
    plantings = span(recalled([clip(100, 5)]), Gap(2, 18, None))
    firsts = [int(each.cells[:, 0].nonzero()[0]) for each in plantings]
    assert firsts[:3] == [7, 5, 10]


def test_only_the_masked_parts_take_what_is_remembered() -> None:
    first = span(recalled([clip(100, 5)]), Gap(0, 5, None, parts=(1, 3)), 5)[0]
    assert torch.equal(first.codes[:, [1, 3]], clip(100, 5)[:, [1, 3]])
    assert first.cells.sum(0).tolist() == [0, 5, 0, 5]


@pytest.mark.parametrize(
    ("clips", "gap"),
    [
        ([clip(100, 30)], Gap(4, 26, None)),
        ([clip(100, 60)], Gap(0, 30, None, (1, 2, 3))),
        ([clip(100, 16), clip(200, 25)], Gap(4, 26, None)),
        ([clip(100 * number, 9) for number in range(4)], Gap(4, 22, None)),
    ],
)
def test_sixteen_takes_of_a_span_copy_sixteen_motions(clips, gap) -> None:
    plantings = span(recalled(clips), gap, 30)
    assert len(plantings) == MOST_TAKES
    assert all_differ(plantings)
    assert {each.candidates[0] for each in plantings} == set(range(len(clips)))


def test_clips_that_are_the_same_motion_are_no_different_takes() -> None:
    plantings = span(recalled([clip(100, 5), clip(100, 5)]), Gap(0, 5, None), 5)
    assert all_differ(plantings)
    still = torch.full((30, 4, 3), 7)
    assert len(span(recalled([still]), Gap(0, 20, None), 20)) == 1


SURE = Together(((2, 3), (LEFT_ARM,)), None, is_sure=True)
WALK, WAVE = clip(0, 5), clip(500, 5)


def legs_by_code(codes: torch.Tensor) -> LegMotion:
    """Clips of low codes walk, those from 500 on wave and stand, those from 900 on sit down."""
    first = int(codes[0, 0, 0])
    if first < 500:
        return LegMotion(10.0, 20.0)
    return LegMotion(2.0, 7.0) if first < 900 else LegMotion(4.4, 15.0)


def together(found: Recalled, steps: int, legs=legs_by_code):
    return run_to_end(plan_at_once(found, steps, legs))


def test_of_two_actions_at_once_one_lends_the_legs_and_one_its_arm() -> None:
    first = together(recalled([WALK], [WAVE], together=SURE), 7)[0]
    assert first.cells.sum(0).tolist() == [5, 5, 5, 5]
    for part in (0, 1, 3):
        assert first.codes[:5, part, 0].tolist() == [0, 1, 2, 3, 4]  # the walk
    assert first.codes[:5, LEFT_ARM, 0].tolist() == [500, 501, 502, 503, 504]


def test_two_actions_that_both_need_the_legs_are_left_to_the_transformer() -> None:
    found = recalled([WALK], [clip(100, 5)], together=SURE)
    assert not any(each.cells.any() for each in together(found, 7))


def test_and_is_at_once_only_where_the_arms_stand_still() -> None:
    open_link = Together(((2, 3), (2, 3)), None, is_sure=False)
    waving = together(recalled([WALK], [WAVE], together=open_link), 7)[0]
    sitting = together(recalled([WALK], [clip(900, 5)], together=open_link), 7)[0]
    both_still = together(recalled([clip(600, 5)], [WAVE], together=open_link), 7)[0]
    assert bool(waving.cells.any())
    assert not sitting.cells.any() and not both_still.cells.any()


def test_an_action_of_the_legs_has_them_though_the_other_one_moves_more() -> None:
    sits = Together(((2, 3), (2, 3)), 0, is_sure=True)
    still = {0: LegMotion(0.0, 0.0), 500: LegMotion(2.3, 7.0)}
    first = together(
        recalled([WALK], [WAVE], together=sits), 5, lambda codes: still[int(codes[0, 0, 0])]
    )[0]
    assert first.codes[:, 0, 0].tolist() == [0, 1, 2, 3, 4]
    assert first.codes[:, LEFT_ARM, 0].tolist() == [500, 501, 502, 503, 504]


@pytest.mark.parametrize("lengths", [(30, 30), (12, 40), (40, 12), (16, 16)])
def test_sixteen_takes_of_two_actions_copy_sixteen_motions(lengths) -> None:
    clips = ([clip(0, lengths[0])], [clip(500, lengths[1])])
    plantings = together(recalled(*clips, together=SURE), 30)
    assert len(plantings) == MOST_TAKES
    assert all_differ(plantings)


def test_the_first_takes_of_two_actions_are_the_nearest_clips_in_turn() -> None:
    clips = ([clip(0, 20), clip(100, 20)], [clip(500, 20), clip(600, 20), clip(700, 20)])
    plantings = together(recalled(*clips, together=SURE), 20)
    chosen = [each.candidates for each in plantings]
    assert chosen[:6] == [(take % 2, take % 3) for take in range(6)]
