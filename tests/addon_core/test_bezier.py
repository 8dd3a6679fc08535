"""Segments: split exactly, evaluated like a dense search, never longer handles than room."""

import numpy as np
import pytest
from keyfill_extension.blender_addon.core.curves import bezier
from keyfill_extension.blender_addon.core.curves.bezier import (
    is_as_seen,
    is_forward,
    shorten_handles,
    split_segment,
    straight_segment,
    values_at,
)
from keyfill_extension.tests.bezier_values import evaluate_segment


def random_segment(seed, reach=0.9):
    """A segment whose handles may be longer than the room between its keys."""
    random = np.random.default_rng(seed)
    start = random.uniform(-50, 50)
    length = random.uniform(0.5, 40)
    handles = random.uniform(0, reach, 2) * length
    times = [start, start + handles[0], start + length - handles[1], start + length]
    return np.column_stack([times, random.uniform(-3, 3, 4)])


def searched(segment, times):
    """Values by looking along 200 000 points of the curve."""
    part = np.linspace(0, 1, 200_001)[:, None]
    a, b, c, d = shorten_handles(segment)
    points = (1 - part) ** 3 * a + 3 * (1 - part) ** 2 * part * b
    points = points + 3 * (1 - part) * part**2 * c + part**3 * d
    return np.interp(times, points[:, 0], points[:, 1])


@pytest.mark.parametrize("seed", range(12))
def test_values_are_those_of_a_dense_search(seed):
    segment = random_segment(seed)
    times = np.linspace(segment[0, 0], segment[3, 0], 41)
    # Where the curve is steep, the search is the coarser of the two.
    assert np.abs(evaluate_segment(segment, times) - searched(segment, times)).max() < 1e-3
    assert evaluate_segment(segment, times[[0, -1]]) == pytest.approx(segment[[0, 3], 1])


def test_values_are_found_in_a_few_steps_wherever_the_segment_lies(monkeypatch):
    """Far from time 0 a step's rounding is larger than what a step still improves."""
    steps = []
    cubic = bezier._polynomial
    monkeypatch.setattr(bezier, "_polynomial", lambda *each: steps.append(1) or cubic(*each))
    for seed in range(200):
        segment = random_segment(seed)
        segment[:, 0] += 40.0 * seed
        times = np.linspace(segment[0, 0], segment[3, 0], 13)
        steps.clear()
        found = values_at(segment, times)
        assert len(steps) <= 12, seed
        assert np.abs(found - evaluate_segment(segment, times)).max() < 1e-7


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("part", [0.0, 0.03, 0.5, 0.9, 1.0])
def test_a_split_changes_no_value(seed, part):
    segment = random_segment(seed, reach=0.5)
    time = segment[0, 0] + part * (segment[3, 0] - segment[0, 0])
    left, right = split_segment(segment, time)
    assert left[3, 0] == right[0, 0] == time
    assert left[3, 1] == right[0, 1]
    assert np.array_equal(left[0], segment[0])
    assert np.array_equal(right[3], segment[3])
    for piece in (left, right):
        if piece[3, 0] - piece[0, 0] > 1e-9:
            times = np.linspace(piece[0, 0], piece[3, 0], 23)[1:-1]
            wanted = evaluate_segment(segment, times)
            assert np.abs(evaluate_segment(piece, times) - wanted).max() < 1e-8
            assert is_as_seen(piece)


def test_split_of_a_known_curve():
    # Evenly spaced times make the parameter the time: value = part cubed.
    segment = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [3.0, 1.0]])
    left, right = split_segment(segment, 1.5)
    assert left == pytest.approx(np.array([[0, 0], [0.5, 0], [1, 0], [1.5, 0.125]]))
    assert right == pytest.approx(np.array([[1.5, 0.125], [2, 0.25], [2.5, 0.5], [3, 1]]))
    assert evaluate_segment(segment, [0.3, 2.4]) == pytest.approx([0.001, 0.512])


def test_a_handle_that_reaches_past_the_other_key_is_shortened():
    segment = np.array([[0.0, 0.0], [16.0, 4.0], [4.0, 2.0], [8.0, 0.0]])
    assert np.array_equal(shorten_handles(segment), [[0, 0], [8, 2], [4, 2], [8, 0]])
    short = np.array([[0.0, 0.0], [8.0, 4.0], [0.0, 2.0], [8.0, 0.0]])
    assert np.array_equal(shorten_handles(short), short)
    assert not is_as_seen(segment)
    # Crossed handles: a piece cannot hold what the whole curve does.
    assert not is_as_seen(split_segment(short, 4.04)[0])


def test_handles_on_the_wrong_side_are_no_curve_in_time():
    segment = random_segment(3)
    assert is_forward(segment)
    segment[1, 0] = segment[0, 0] - 1.0
    assert not is_forward(segment)


def test_a_straight_segment_is_a_line():
    segment = straight_segment([2.0, 1.0], [8.0, 4.0])
    times = np.linspace(2, 8, 13)
    assert evaluate_segment(segment, times) == pytest.approx(1 + (times - 2) / 2)
