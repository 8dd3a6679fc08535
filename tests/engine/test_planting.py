"""What takes copy whole: every take of a request another motion, the first ones the best."""

from __future__ import annotations

import pytest
import torch
from keyfill_extension.engine.motion.request import MOST_TAKES
from keyfill_extension.engine.motion.running import run_to_end
from keyfill_extension.engine.retrieval.bridging import Gap
from keyfill_extension.engine.retrieval.planting import plan_span
from keyfill_extension.engine.retrieval.recalling import Recalled
from keyfill_extension.tests.engine.plantings import all_differ, clip, recalled


def span(found: Recalled, gap: Gap, steps: int = 20):
    return run_to_end(plan_span(found, gap, steps))


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
