"""Two actions at once, played back: which clip has the legs, and whose arms move with them."""

from __future__ import annotations

import pytest
import torch
from keyfill_extension.engine.evaluation.baselines.at_once import (
    LegMotion,
    Together,
    plan_at_once,
    together_of,
)
from keyfill_extension.engine.motion.request import MOST_TAKES
from keyfill_extension.engine.motion.running import run_to_end
from keyfill_extension.engine.retrieval.recalling import Recalled
from keyfill_extension.tests.engine.plantings import all_differ, clip, recalled

LEFT_ARM = 2

SURE = Together(((2, 3), (LEFT_ARM,)), None, is_sure=True)
WALK, WAVE = clip(0, 5), clip(500, 5)


def legs_by_code(codes: torch.Tensor) -> LegMotion:
    """Clips of low codes walk, those from 500 on wave and stand, those from 900 on sit down."""
    first = int(codes[0, 0, 0])
    if first < 500:
        return LegMotion(10.0, 20.0)
    return LegMotion(2.0, 7.0) if first < 900 else LegMotion(4.4, 15.0)


def together(found: Recalled, steps: int, legs=legs_by_code, how: Together = SURE):
    return run_to_end(plan_at_once(found, how, steps, legs))


def test_of_two_actions_at_once_one_lends_the_legs_and_one_its_arm() -> None:
    first = together(recalled([WALK], [WAVE]), 7)[0]
    assert first.cells.sum(0).tolist() == [5, 5, 5, 5]
    for part in (0, 1, 3):
        assert first.codes[:5, part, 0].tolist() == [0, 1, 2, 3, 4]  # the walk
    assert first.codes[:5, LEFT_ARM, 0].tolist() == [500, 501, 502, 503, 504]


def test_two_actions_that_both_need_the_legs_are_left_to_the_transformer() -> None:
    found = recalled([WALK], [clip(100, 5)])
    assert not any(each.cells.any() for each in together(found, 7))


def test_and_is_at_once_only_where_the_arms_stand_still() -> None:
    open_link = Together(((2, 3), (2, 3)), None, is_sure=False)
    waving = together(recalled([WALK], [WAVE]), 7, how=open_link)[0]
    sitting = together(recalled([WALK], [clip(900, 5)]), 7, how=open_link)[0]
    both_still = together(recalled([clip(600, 5)], [WAVE]), 7, how=open_link)[0]
    assert bool(waving.cells.any())
    assert not sitting.cells.any() and not both_still.cells.any()


def test_an_action_of_the_legs_has_them_though_the_other_one_moves_more() -> None:
    sits = Together(((2, 3), (2, 3)), 0, is_sure=True)
    still = {0: LegMotion(0.0, 0.0), 500: LegMotion(2.3, 7.0)}
    first = together(
        recalled([WALK], [WAVE]), 5, lambda codes: still[int(codes[0, 0, 0])], how=sits
    )[0]
    assert first.codes[:, 0, 0].tolist() == [0, 1, 2, 3, 4]
    assert first.codes[:, LEFT_ARM, 0].tolist() == [500, 501, 502, 503, 504]


@pytest.mark.parametrize("lengths", [(30, 30), (12, 40), (40, 12), (16, 16)])
def test_sixteen_takes_of_two_actions_copy_sixteen_motions(lengths) -> None:
    clips = ([clip(0, lengths[0])], [clip(500, lengths[1])])
    plantings = together(recalled(*clips), 30)
    assert len(plantings) == MOST_TAKES
    assert all_differ(plantings)


def test_the_first_takes_of_two_actions_are_the_nearest_clips_in_turn() -> None:
    clips = ([clip(0, 20), clip(100, 20)], [clip(500, 20), clip(600, 20), clip(700, 20)])
    plantings = together(recalled(*clips), 20)
    chosen = [each.candidates for each in plantings]
    assert chosen[:6] == [(take % 2, take % 3) for take in range(6)]


@pytest.mark.parametrize(
    ("prompt", "is_together"),
    [
        ("a person walks, then waving the left hand", False),
        ("a person walks forward and sits down", False),
        ("a person walks and waving the left hand", True),
        ("a person walks while waving the left hand", True),
        ("a person walks. waving the left hand", False),
        ("a person waves as soon as he walks", False),
    ],
)
def test_and_joins_at_once_what_different_parts_can_do(prompt, is_together) -> None:
    assert (together_of(prompt) is not None) == is_together


def test_the_words_say_which_of_two_actions_has_the_legs() -> None:
    assert together_of("a person sits while waving the left hand").legs == 0
    assert together_of("a person waves while sitting").legs == 1
