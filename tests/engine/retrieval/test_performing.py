"""How chosen stretches lie in the grid: copies, fades, holds, ground, takes that differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from keyfill_extension.engine.retrieval.acts import LONGEST_BLEND, Act, Blend, Laid
from keyfill_extension.engine.retrieval.casting import Cast
from keyfill_extension.engine.retrieval.facts import Facts
from keyfill_extension.tests.engine.retrieval.laid_takes import (
    ALL,
    ARMS,
    LOWER,
    Points,
    Retiming,
    act,
    choice,
    performer,
)
from keyfill_extension.tests.engine.retrieval.small_memories import lively, made_up, rows_shown

STILL = made_up(["standing"] * 20)
CLIPS = [("a person shrugs", STILL)] * 4
"""Clip n has the rows 20 n to 20 n + 19."""


def lay(acts: Sequence[Act], steps: int, clips=CLIPS, points=None, retime=None) -> Laid:
    cast = Cast(tuple(0 for _ in acts), 0.0)
    return performer(clips, points).lay(acts, cast, steps, retime or Retiming())


def column(laid: Laid, part: int) -> list[int]:
    return [row[part] for row in rows_shown(laid.codes)]


def blend_at(laid: Laid, at: int, part: int) -> Blend | None:
    """Return the only blend of a part at a step."""
    found = [each for each in laid.blends if each.first == at and part in each.parts]
    assert len(found) <= 1
    return found[0] if found else None


def before(blend: Blend, part: int) -> list[int]:
    return blend.before[:, part, 0].tolist()


def test_every_cell_of_a_covered_part_is_copied() -> None:
    acts = [
        act("a person shrugs", 0, 10, choice(0, 2, 12)),
        act("a person shrugs", 10, 24, choice(1, 4, 18)),
    ]
    laid = lay(acts, 24)
    assert laid.cells.all()
    for part in ALL:
        assert column(laid, part) == [*range(2, 12), *range(24, 38)]


def test_a_part_that_no_track_covers_stays_masked() -> None:
    arms = act("a person waves", 0, 10, choice(0, 0, 10), parts=ARMS)
    laid = lay([arms], 16)
    assert laid.cells[:10, 2:].all()
    assert not laid.cells[:, :2].any()
    legs = act("a person shrugs", 6, 16, choice(1, 0, 10), parts=LOWER)
    laid = lay([legs], 20)
    assert not laid.cells[:6].any()
    # Arms of nobody else go with the legs.
    assert laid.cells[6:16].all()
    assert column(laid, 2)[6:16] == column(laid, 0)[6:16] == list(range(20, 30))


def test_what_is_over_early_is_held_on_its_last_code() -> None:
    laid = lay([act("a person shrugs", 2, 20, choice(0, 0, 10))], 20)
    assert column(laid, 0)[2:] == [*range(10), *[9] * 8]
    assert [(still.first, still.last, still.parts) for still in laid.stills] == [(48, 80, ALL)]


def test_a_pose_is_held_where_it_is_taken() -> None:
    laid = lay([act("a person raises the left hand", 0, 20, choice(0, 0, 18, peak=7))], 20)
    assert column(laid, 2) == [*range(8), *[7] * 12]
    assert laid.stills[0].first == 32


def test_copies_fade_where_they_meet() -> None:
    acts = [
        act("a person shrugs", 0, 10, choice(0, 2, 12)),
        act("a person shrugs", 10, 20, choice(1, 4, 14)),
        act("a person shrugs", 20, 40, choice(2, 0, 12)),
    ]
    laid = lay(acts, 40)
    assert [each.first for each in laid.blends] == [10, 20]
    assert {each.parts for each in laid.blends} == {ALL}
    # They carry on with what follows in the clip before.
    assert before(laid.blends[0], 0) == [12, 13]
    assert before(laid.blends[1], 3) == [34, 35]
    led = laid.led(laid.codes)
    assert led[8:14, 0, 0].tolist() == [10, 11, 12, 13, 26, 27]
    assert laid.codes[8:14, 0, 0].tolist() == [10, 11, 24, 25, 26, 27]


def test_what_was_held_fades_from_its_pose_and_a_clip_from_its_last_step() -> None:
    held = act("a person shrugs", 0, 10, choice(0, 2, 8))
    laid = lay([held, act("a person shrugs", 10, 20, choice(1, 0, 10))], 20)
    assert before(blend_at(laid, 10, 0), 0) == [7, 7]
    whole = act("a person shrugs", 0, 10, choice(0, 10, 20))
    laid = lay([whole, act("a person shrugs", 10, 20, choice(1, 0, 10))], 20)
    assert before(blend_at(laid, 10, 0), 0) == [19, 19]


@pytest.mark.parametrize(("apart", "steps"), [(1.0, 2), (2.5, 3), (6.0, LONGEST_BLEND)])
def test_a_fade_takes_longer_the_farther_the_poses_are_apart(apart, steps) -> None:
    points = Points(CLIPS)
    points.of(1)[:] = apart
    acts = [
        act("a person shrugs", 0, 10, choice(0, 0, 10)),
        act("a person shrugs", 10, 20, choice(1, 0, 10)),
    ]
    blend = blend_at(lay(acts, 20, points=points), 10, 0)
    assert blend.last - blend.first == len(blend.before) == steps
    brief = [acts[0], act("a person shrugs", 10, 12, choice(1, 0, 2))]
    blend = blend_at(lay(brief, 12, points=points), 10, 0)
    assert blend.last == 12


def test_a_seam_within_a_copy_fades_too() -> None:
    stretch = choice(0, 0, 16, cut=(6, 12), peak=6)
    laid = lay([act("a person claps twice", 0, 12, stretch)], 12)
    assert column(laid, 0) == [*range(6), *range(12, 16), 15, 15]
    blend = blend_at(laid, 6, 0)
    assert before(blend, 0) == [6, 7]


def test_retiming_is_asked_for_the_right_lengths() -> None:
    retime = Retiming()
    laid = lay([act("a person shrugs", 0, 12, choice(0, 0, 16))], 12, retime=retime)
    assert retime.asked == [(16, 12)]
    assert column(laid, 0)[0] == 0
    assert column(laid, 0)[-1] == 15
    assert laid.cells.all()
    for last, expected in ((16, []), (8, [(12, 8)])):
        retime = Retiming()
        lay([act("a person shrugs", 0, last, choice(0, 0, 16))], last, retime=retime)
        assert retime.asked == expected
    retime = Retiming()
    uncounted = choice(0, 0, 9, is_counted=False)
    laid = lay([act("a person shrugs twice", 0, 12, uncounted)], 12, retime=retime)
    # Seven rows of nine in five steps, then all nine in seven.
    assert retime.asked == [(16, 12)]
    assert blend_at(laid, 5, 0) is not None


def test_more_times_than_there_is_room_for_is_no_error() -> None:
    stretch = choice(0, 0, 9, is_counted=False)
    laid = lay([act("a person shrugs 50 times", 0, 5, stretch)], 5)
    assert laid.cells.all()


def pair(arms_last: int = 30, wave=None) -> list[Act]:
    """Return legs that dance for 30 steps and arms that wave once at step 6."""
    return [
        act("a person swims", 0, 30, choice(0, 0, 20), parts=LOWER),
        act("a person waves once", 6, arms_last, wave or choice(1, 0, 8), parts=ARMS, rides_on=0),
    ]


def test_arms_that_are_done_swing_with_the_legs() -> None:
    laid = lay(pair(), 30)
    legs, arms = column(laid, 0), column(laid, 2)
    assert arms[:6] == legs[:6]
    assert arms[6:14] == list(range(20, 28))
    assert arms[14:] == legs[14:]
    assert not laid.stills
    back = blend_at(laid, 14, 2)
    assert back.parts == ARMS
    assert before(back, 2) == [27, 27]


def test_arms_fade_out_of_their_swing_and_back_into_it() -> None:
    laid = lay(pair(arms_last=14), 30)
    arms, legs = column(laid, 2), column(laid, 0)
    assert arms[6:14] == list(range(20, 28))
    assert arms[14:] == legs[14:]
    assert before(blend_at(laid, 6, 2), 2) == legs[6:8]
    assert before(blend_at(laid, 14, 2), 2) == [28, 29]
    assert blend_at(laid, 6, 0) is None


def test_legs_leave_arms_to_those_who_have_them() -> None:
    acts = [
        act("a person swims", 0, 10, choice(0, 0, 20), parts=LOWER),
        act("a person waves", 4, 16, choice(1, 0, 20), parts=ARMS, rides_on=0),
        act("a person swims", 10, 20, choice(2, 0, 20), parts=LOWER),
    ]
    laid = lay(acts, 20)
    assert column(laid, 2) == [0, 1, 2, 3, *range(20, 32), *range(46, 50)]
    assert column(laid, 0) == [*range(10), *range(40, 50)]
    assert blend_at(laid, 10, 2) is None
    assert blend_at(laid, 16, 3) is not None


def test_arms_alone_hold_the_legs_that_sat_down() -> None:
    seated = made_up(["seated"] * 20, support_height=0.0)
    acts = [
        act("a person sits down", 0, 10, choice(0, 0, 10)),
        act("a person waves", 10, 24, choice(1, 0, 14), parts=ARMS),
    ]
    laid = lay(acts, 24, [("a person sits down", seated), *CLIPS[1:]])
    assert column(laid, 0) == [*range(10), *[9] * 14]
    assert column(laid, 2)[10:] == list(range(20, 34))
    assert laid.cells.all()
    held = {part for still in laid.stills if still.first == 40 for part in still.parts}
    assert held == {0, 1}
    assert all(still.last == 96 for still in laid.stills)


def flight(steps: int = 24, rise: float = 0.06, start: float = 0.0):
    """Return facts of somebody who climbs steadily."""
    return made_up(
        ["standing"] * steps, support_height=start + rise * np.arange(steps),
        **lively(steps, (0, steps)),
    )  # fmt: skip


def grounds(laid: Laid, clips) -> np.ndarray:
    """Return the height of the ground (S,) in the take."""
    heights = np.concatenate([facts.channel("support_height") for _, facts in clips])
    return heights[laid.codes[:, 0, 0].numpy()] + laid.lift


def test_a_flight_of_stairs_that_is_repeated_climbs_on() -> None:
    clips = [("a person climbs stairs", flight()), ("a person shrugs", STILL)]
    acts = [act("a person swims", 0, 80, choice(0, 0, 24))]
    laid = lay(acts, 80, clips)
    ground = grounds(laid, clips)
    assert abs(ground[0]) < 0.1
    assert np.diff(ground).min() > -0.01
    assert np.diff(ground).max() < 0.1
    assert ground[-1] == pytest.approx(0.06 * 79, abs=0.4)
    # What comes then is up there.
    laid = lay([*acts, act("a person shrugs", 80, 90, choice(1, 0, 10))], 90, clips)
    assert grounds(laid, clips)[80:] == pytest.approx(ground[-1], abs=0.1)


def test_a_takes_first_support_is_at_zero() -> None:
    clips = [("a person climbs stairs", flight(start=0.6)), ("a person shrugs", STILL)]
    laid = lay([act("a person swims", 0, 20, choice(0, 0, 24))], 20, clips)
    assert grounds(laid, clips)[0] == pytest.approx(0.0, abs=0.1)
    down = [("a person walks downstairs", flight(rise=-0.06, start=1.5))]
    laid = lay([act("a person swims", 0, 20, choice(0, 0, 24))], 20, down)
    assert grounds(laid, down)[0] == pytest.approx(0.0, abs=0.1)
    assert grounds(laid, down)[-1] == pytest.approx(-0.06 * 19, abs=0.1)
    # What is measured a little off on level ground stays where it is.
    level = [("a person shrugs", made_up(["standing"] * 20, support_height=0.09))]
    assert not lay([act("a person shrugs", 0, 20, choice(0, 0, 20))], 20, level).lift.any()


def test_casts_that_are_much_worse_come_last() -> None:
    acts = [act("a person shrugs", 0, 18, *(choice(n, 0, 16, 1.0 - 0.01 * n) for n in range(4)))]
    near, others = performer(CLIPS).casts(acts)
    assert [cast.picks for cast in near] == [(0,), (1,), (2,), (3,)]
    assert others == []
    acts = [act("a person shrugs", 0, 18, choice(0, 0, 16), choice(1, 0, 16, 0.5))]
    near, others = performer(CLIPS).casts(acts)
    assert [[cast.picks for cast in group] for group in (near, others)] == [[(0,)], [(1,)]]


def test_later_turns_of_a_cast_are_paced_otherwise() -> None:
    acts = [act("a person shrugs", 0, 18, choice(0, 0, 16))]
    ((cast,), _) = performer(CLIPS).casts(acts)
    lengths = []
    for turn in range(3):
        retime = Retiming()
        performer(CLIPS).lay(acts, replace(cast, turn=turn), 18, retime)
        lengths += [asked[1] for asked in retime.asked] or [16]
    assert lengths == [16, 18, 14]


def test_takes_differ_where_a_tenth_of_the_shared_codes_does() -> None:
    def take(*changed: int) -> Laid:
        codes = torch.zeros(20, 4, 2, dtype=torch.long)
        codes[list(changed)] = 1
        return Laid(codes, torch.ones(20, 4, dtype=torch.bool), np.zeros(20))

    assert not take().differs_from(take())
    assert not take(0).differs_from(take())
    assert take(0, 1).differs_from(take())
    masked = take(0, 1)
    masked.cells[:2] = False
    assert not masked.differs_from(take())


def test_without_facts_nothing_is_raised() -> None:
    clips = [("a person climbs stairs", flight(start=0.6))]
    acts = [act("a person swims", 0, 20, choice(0, 0, 24))]
    words = performer(clips, is_factual=False)
    laid = words.lay(acts, Cast((0,), 0.0), 20, Retiming())
    assert laid.cells.all()
    assert not laid.lift.any()


def hopping() -> Facts:
    """Return facts of somebody who hops up and down: every fourth step is on the ground."""
    carries = [1.0 if step % 4 == 0 else 0.0 for step in range(20)]
    states = ["standing" if carried else "airborne" for carried in carries]
    return made_up(states, left_foot_carries=carries, **lively(20, (0, 20)))


@pytest.mark.parametrize("prompt", ["a person hops", "a person keeps jumping"])
@pytest.mark.parametrize("steps", range(8, 20))
def test_what_is_made_of_jumps_ends_on_the_ground_in_its_time(prompt, steps) -> None:
    clips = [(prompt, hopping())]
    laid = lay([act(prompt, 0, steps, choice(0, 0, 20))], steps, clips)
    rows = column(laid, 0)
    assert len(rows) == steps
    assert rows[-1] % 4 == 0, "a step in which a foot carries"
