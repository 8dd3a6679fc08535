"""How the steps of a stretch fill a length of time: once, so often, or on and on."""

from __future__ import annotations

import numpy as np
import pytest
from keyfill_extension.engine.retrieval.fillings import (
    Filling,
    fill_on,
    fill_once,
    fill_times,
    find_loop,
)
from keyfill_extension.engine.retrieval.stretches import Stretch


def stretch(first: int, last: int, **options) -> Stretch:
    return Stretch(0, first, last, (first + last) // 2, **options)


def circling(steps: int, period: int) -> np.ndarray:
    """Return points (S, 2) of somebody who is at the same place each period, decimetres."""
    angle = 2 * np.pi * np.arange(steps) / period
    return 10 * np.stack([np.cos(angle), np.sin(angle)], 1)


def check_jumps(filling: Filling) -> None:
    """Rows follow each other, but at the seams."""
    assert filling.played == len(filling.rows)
    jumps = [n for n in range(1, len(filling.rows)) if filling.rows[n] != filling.rows[n - 1] + 1]
    assert set(filling.seams) <= set(jumps)


def test_what_fits_keeps_its_natural_length() -> None:
    filling = fill_once(stretch(4, 14), 30)
    assert filling == Filling(tuple(range(4, 14)), 10)


@pytest.mark.parametrize("steps", [14, 15, 17, 20])
def test_what_does_not_fit_is_hurried_by_up_to_a_third(steps) -> None:
    whole = stretch(0, 21)
    filling = fill_once(whole, steps)
    assert filling.rows == tuple(whole.rows)
    assert filling.played == steps
    assert filling.played >= len(filling.rows) * 2 / 3


@pytest.mark.parametrize("peak", [4, 30, 56])
def test_beyond_that_it_is_cut_about_the_peak(peak) -> None:
    filling = fill_once(Stretch(0, 0, 60, peak), 20)
    assert filling.played == 20
    assert len(filling.rows) == 30
    assert filling.rows == tuple(range(filling.rows[0], filling.rows[0] + 30))
    assert peak in filling.rows
    # What is left lies on both sides in the shares that the whole has.
    assert abs((peak - filling.rows[0]) - peak / 2) <= 1


def test_a_pace_is_kept_where_there_is_time() -> None:
    assert fill_once(stretch(0, 20), 60, pace=1.25).played == 16
    assert fill_once(stretch(0, 20), 60, pace=0.8).played == 25
    assert fill_once(stretch(0, 20), 22, pace=0.8).played == 22
    assert fill_once(stretch(0, 20), 18, pace=0.8).played == 18
    # A seam moves along.
    paced = fill_once(stretch(0, 20, cut=(5, 9)), 60, pace=1.25)
    assert (len(paced.rows), paced.played, paced.seams) == (16, 13, (4,))


def test_a_pose_ends_at_the_step_that_is_held() -> None:
    filling = fill_once(stretch(3, 20), 30, at=9)
    assert filling == Filling(tuple(range(3, 10)), 7)
    assert fill_once(stretch(3, 20), 30, at=1).rows == (3,)


def test_steps_left_out_make_a_seam() -> None:
    short = stretch(2, 20, cut=(8, 14))
    filling = fill_once(short, 30)
    assert filling == Filling((*range(2, 8), *range(14, 20)), 12, (6,))
    hurried = fill_once(short, 9)
    assert (len(hurried.rows), hurried.played, hurried.seams) == (12, 9, (4,))
    # What is held before the seam has none.
    assert fill_once(short, 30, at=6).seams == ()


def test_a_seam_moves_with_what_is_cut_off() -> None:
    short = Stretch(0, 0, 60, 50, cut=(20, 30))
    filling = fill_once(short, 20)
    assert len(filling.rows) == 30
    (jump,) = [n for n in range(1, 30) if filling.rows[n] != filling.rows[n - 1] + 1]
    assert filling.seams == (round(jump * 20 / 30),)


@pytest.mark.parametrize(("steps", "count", "each"), [(40, 3, 10), (35, 3, 10)])
def test_a_count_plays_the_same_again_with_seams(steps, count, each) -> None:
    filling = fill_times(stretch(5, 15), steps, count)
    assert filling.played == each * count <= steps
    assert filling.seams == tuple(each * n for n in range(1, count))
    once = len(filling.rows) // count
    assert filling.rows == filling.rows[:once] * count
    assert filling.rows[0] >= 5
    assert filling.rows[-1] < 15


def test_the_last_of_hurried_repeats_is_hurried_least() -> None:
    """Its end is the take's: 24 steps are 7, 7 and 10 of three times ten."""
    filling = fill_times(stretch(5, 15), 24, 3)
    assert filling.played == 24
    assert filling.rows == (*range(5, 15), *range(5, 15), *range(5, 15))
    assert filling.seams == (8, 16)
    filling = fill_times(stretch(5, 15), 18, 3)
    assert filling.played == 18
    # Five, five and eight steps: seven rows of ten hurried by a third, and all ten.
    assert [filling.rows[n] for n in (0, 6, 7, 13, 14, 23)] == [6, 12, 6, 12, 5, 14]


def test_a_count_of_what_is_shortened_keeps_its_inner_seams() -> None:
    filling = fill_times(stretch(0, 12, cut=(4, 8)), 40, 2)
    assert filling.rows == (0, 1, 2, 3, 8, 9, 10, 11) * 2
    assert filling.seams == (4, 8, 12)


def test_more_repeats_than_steps_still_fit() -> None:
    filling = fill_times(stretch(5, 15), 7, 9)
    assert filling.played == 7
    assert len(filling.seams) == 2
    assert all(seam < 7 for seam in filling.seams)


def test_a_loop_goes_back_to_a_like_step() -> None:
    keys = circling(40, 8)
    loop = find_loop(keys, 0, 40)
    assert (loop.leave - loop.back) % 8 == 0
    assert loop.apart == pytest.approx(0.0, abs=1e-6)


def test_longer_loops_are_preferred_where_seams_are_as_good() -> None:
    loop = find_loop(circling(40, 8), 0, 40)
    assert loop.leave - loop.back == 32
    # But not where they jump.
    drifting = circling(40, 8) + np.arange(40)[:, None]
    near = find_loop(drifting, 0, 40)
    assert 7 <= near.leave - near.back <= 8


def test_a_short_stretch_has_no_loop() -> None:
    assert find_loop(circling(6, 5), 0, 6) is None
    assert find_loop(circling(8, 5), 0, 8) is not None


@pytest.mark.parametrize("steps", [3, 12, 20, 21, 33, 90])
def test_what_goes_on_fills_all_steps(steps) -> None:
    keys = circling(30, 8)
    filling = fill_on(stretch(4, 24), steps, keys)
    assert filling.played == len(filling.rows) == steps
    assert filling.rows[0] == 4
    assert set(filling.rows) <= set(range(4, 24))
    check_jumps(filling)
    places = keys[list(filling.rows)]
    usual = np.linalg.norm(keys[1] - keys[0])
    assert np.linalg.norm(np.diff(places, axis=0), axis=1).max() <= usual + 1e-6
    # Seams are closed there: nothing has to be blended.
    assert filling.seams == ()


def test_poses_that_are_apart_make_a_seam() -> None:
    keys = 10.0 * np.arange(30)[:, None]
    filling = fill_on(stretch(0, 12), 30, keys)
    jumps = [n for n in range(1, 30) if filling.rows[n] != filling.rows[n - 1] + 1]
    assert jumps
    assert list(filling.seams) == jumps


@pytest.mark.parametrize("steps", [20, 22, 27, 41, 90])
def test_what_has_an_end_keeps_it(steps) -> None:
    keys = circling(30, 8)
    keys[21:24] += 8.0
    filling = fill_on(stretch(0, 24), steps, keys, is_ended=True)
    assert filling.played <= steps
    assert filling.rows[-3:] == (21, 22, 23)
    if steps >= 24:
        check_jumps(filling)
    # No more is left out than a loop takes.
    assert steps - filling.played < 24


def test_later_takes_begin_later_in_it() -> None:
    keys = circling(30, 8)
    assert fill_on(stretch(2, 26), 40, keys, shift=3).rows[0] == 5
    assert fill_on(stretch(2, 26), 40, keys, shift=6).rows[0] == 8
    # Not so late that nothing is left to repeat.
    late = fill_on(stretch(2, 12), 40, keys, shift=18)
    assert late.rows[0] < 7
    assert late.played == 40


def test_nothing_is_longer_than_asked() -> None:
    keys = circling(60, 9)
    for first, last in ((0, 3), (5, 18), (10, 55)):
        for steps in (1, 2, 5, 13, 29, 77):
            for filling in (
                fill_once(stretch(first, last), steps),
                fill_once(stretch(first, last), steps, last - 2, 0.82),
                fill_times(stretch(first, last), steps, 2),
                fill_on(stretch(first, last), steps, keys),
                fill_on(stretch(first, last), steps, keys, is_ended=True),
            ):
                assert 1 <= filling.played <= steps
                assert len(filling.rows) >= 1
                assert all(0 <= seam < steps for seam in filling.seams)
                assert set(filling.rows) <= set(range(first, last))
