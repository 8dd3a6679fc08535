"""When actions happen: groups, natural lengths, what is held, what is too short."""

from __future__ import annotations

import pytest
from keyfill_extension.engine.planning.actions import Action
from keyfill_extension.engine.planning.kinds import load_kinds
from keyfill_extension.engine.planning.timing import MOST_RETIMED, Timing, groups_of, spread
from keyfill_extension.engine.planning.wording import Link

IN_ORDER, AT_ONCE, OPEN = Link.IN_ORDER, Link.AT_ONCE, Link.OPEN


def action(name: str, link: Link = IN_ORDER, **more) -> Action:
    return Action(name, load_kinds().kinds.get(name), link, **more)


def lengths(timing: Timing) -> list[float]:
    return [round(span.end - span.start, 6) for span in timing.spans]


@pytest.mark.parametrize(
    ("actions", "groups"),
    [
        ([action("walk"), action("jump")], [[0], [1]]),
        ([action("walk"), action("wave", OPEN)], [[0, 1]]),
        ([action("walk"), action("wave", AT_ONCE)], [[0, 1]]),
        ([action("walk"), action("wave", IN_ORDER)], [[0], [1]]),
        ([action("walk"), action("jump", OPEN)], [[0], [1]]),  # both need the legs
        ([action("wave"), action("clap", OPEN)], [[0], [1]]),  # and both the arms
        ([action("sit_down"), action("wave", OPEN)], [[0], [1]]),  # a single action is an order
        ([action("walk"), action("throw", OPEN)], [[0], [1]]),
        ([action("walk"), action("dance", OPEN)], [[0], [1]]),  # the whole body
        ([action("walk"), action("dance", AT_ONCE)], [[0, 1]]),  # the words say so
        ([action("walk"), action("wave", AT_ONCE), action("clap", AT_ONCE)], [[0, 1], [2]]),
        ([action("nobody knows"), action("wave", OPEN)], [[0], [1]]),
        ([action("wave", AT_ONCE)], [[0]]),
    ],
)
def test_and_joins_only_what_different_parts_can_do(actions, groups) -> None:
    assert groups_of(actions) == groups


def test_without_a_length_each_action_takes_what_it_needs() -> None:
    timing = spread([action("jump"), action("walk"), action("crouch")], [1.1, 0.0, 0.9])
    assert lengths(timing) == [1.5, 3.0, 2.0]
    assert timing.seconds == pytest.approx(6.5)
    assert timing.spans[0].start == 0.0
    assert [span.start for span in timing.spans[1:]] == [span.end for span in timing.spans[:-1]]


@pytest.mark.parametrize("seconds", [1.0, 3.0, 4.5, 9.0, 30.0])
@pytest.mark.parametrize(
    "actions",
    [
        [action("jump")],
        [action("walk"), action("sit_down"), action("wave")],
        [action("jump", count=3), action("walk"), action("wave", AT_ONCE), action("bow")],
        [action("fall", is_held=True)],
        [action("?"), action("??")],
    ],
)
def test_the_spans_fill_the_take_from_the_first_frame_to_the_last(actions, seconds) -> None:
    natural = [1.4] * len(actions)
    timing = spread(actions, natural, seconds)
    groups = groups_of(actions)
    firsts = [timing.spans[group[0]] for group in groups]
    assert firsts[0].start == 0.0 and firsts[-1].end == pytest.approx(seconds)
    for before, after in zip(firsts, firsts[1:], strict=False):
        assert before.end == pytest.approx(after.start)
    for group in groups:
        assert len({(timing.spans[i].start, timing.spans[i].end) for i in group}) == 1
    assert all(length > 0.0 for length in lengths(timing))
    assert timing.seconds == seconds


def test_what_is_left_over_goes_to_what_goes_on() -> None:
    timing = spread([action("jump"), action("walk"), action("bow")], [1.0, 2.0, 1.0], 10.0)
    assert lengths(timing) == [1.4, 7.2, 1.4]
    assert not any(span.is_held for span in timing.spans)


def test_a_single_action_at_the_end_is_done_once_and_its_end_held() -> None:
    (span,) = spread([action("jump")], [1.0], 6.0).spans
    assert (span.start, span.end, span.is_held) == (0.0, 6.0, True)
    (span,) = spread([action("jump")], [1.0], 1.4 * (1 + MOST_RETIMED) - 0.01).spans
    assert not span.is_held  # a third longer is no reason to hold


def test_what_goes_on_is_never_held_unless_it_is_said() -> None:
    (span,) = spread([action("walk")], [2.0], 20.0).spans
    assert not span.is_held
    (span,) = spread([action("wave", is_held=True)], [2.0], 20.0).spans
    assert span.is_held


def test_an_end_that_lasts_gets_what_is_left() -> None:
    timing = spread([action("sit_down", is_held=True), action("stand_up")], [1.6, 1.6], 9.0)
    assert lengths(timing) == [7.0, 2.0]
    assert [span.is_held for span in timing.spans] == [True, False]


def test_a_pose_is_taken_and_held() -> None:
    (span,) = spread([action("crouch")], [0.9], 5.0).spans
    assert span.is_held


def test_too_little_time_tells_what_would_do() -> None:
    timing = spread([action("sit_down"), action("stand_up")], [3.0, 3.0], 2.0)
    assert timing.wanted == pytest.approx(2 * 3.0 * (1 - MOST_RETIMED))
    assert timing.wanted > timing.seconds
    assert lengths(timing) == [1.0, 1.0]
    enough = spread([action("sit_down"), action("stand_up")], [3.0, 3.0], 4.5)
    assert enough.wanted <= enough.seconds


def test_what_is_missing_is_taken_from_what_can_give() -> None:
    timing = spread([action("walk"), action("jump", count=2)], [3.0, 2.0], 4.0)
    walk, jumps = lengths(timing)
    assert walk + jumps == pytest.approx(4.0)
    assert 1.2 <= walk < 3.0 and 2.0 * (1 - MOST_RETIMED) <= jumps < 2.4


def test_more_times_take_longer() -> None:
    once = spread([action("walk", count=2)], [1.0], 0.0)
    often = spread([action("walk", count=6)], [3.0], 0.0)
    assert often.seconds > once.seconds
