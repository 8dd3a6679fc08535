"""Thinned keys: within the tolerance on every frame, fewer, shared by all channels."""

import numpy as np
import pytest
from keyfill_extension.engine.motion import key_reduction, quaternions
from keyfill_extension.engine.motion.key_reduction import DenseTrack, evaluate_keys, reduce_keys
from keyfill_extension.tests import corpus_clips

WAVE = np.sin(np.arange(200)[:, None] * np.array([0.05, 0.11, 0.02]))


def track(values, tolerance):
    values = np.asarray(values, dtype=float)
    return DenseTrack(values, lambda shown: np.abs(shown - values).max(axis=1), tolerance)


def shown(dense, reduced, place=0):
    return evaluate_keys(dense.values[reduced.rows], reduced.slopes[place], reduced.rows)


def plain_cubic(first, last, slopes, steps):
    """One segment by its Bezier points, written apart from the code that is tested."""
    points = first, first + slopes[0] * steps / 3, last - slopes[1] * steps / 3, last
    for part in np.arange(steps + 1) / steps:
        row = list(points)
        while len(row) > 1:
            row = [a + (b - a) * part for a, b in zip(row, row[1:], strict=False)]
        yield row[0]


@pytest.mark.parametrize("tolerance", [0.3, 0.01, 1e-4])
def test_no_frame_is_off_by_more_than_the_tolerance(tolerance):
    dense = track(WAVE, tolerance)
    reduced = reduce_keys([dense])
    away = dense.measure(shown(dense, reduced)).max()
    assert away <= tolerance
    assert reduced.errors == (pytest.approx(away),)
    assert reduced.rows[0] == 0 and reduced.rows[-1] == 199
    assert (np.diff(reduced.rows) > 0).all()


def test_a_looser_tolerance_needs_fewer_keys():
    counts = [len(reduce_keys([track(WAVE, size)]).rows) for size in (1e-4, 1e-3, 1e-2, 0.1)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] < 100 and counts[-1] < 20


def test_keys_lie_on_the_motion():
    dense = track(WAVE, 0.05)
    reduced = reduce_keys([dense])
    assert np.abs(shown(dense, reduced)[reduced.rows] - WAVE[reduced.rows]).max() < 1e-12


def test_a_cubic_needs_its_two_ends():
    time = np.linspace(-1, 1, 60)[:, None]
    dense = track(time**3 - 0.5 * time + 2, 1e-3)
    assert reduce_keys([dense]).rows.tolist() == [0, 59]


def test_one_jump_needs_keys_around_it_alone():
    values = np.zeros((100, 1))
    values[50:] = 1.0
    rows = reduce_keys([track(values, 0.01)]).rows
    assert {49, 50} <= set(rows)
    assert len(rows) < 25


def test_noise_that_no_curve_follows_keeps_every_key():
    values = np.random.default_rng(1).normal(size=(40, 2))
    reduced = reduce_keys([track(values, 1e-9)])
    assert reduced.rows.tolist() == list(range(40))
    assert reduced.errors[0] < 1e-9


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_very_short_motions(frames):
    dense = track(WAVE[:frames], 0.01)
    reduced = reduce_keys([dense])
    assert reduced.rows[0] == 0 and reduced.rows[-1] == frames - 1
    assert dense.measure(shown(dense, reduced)).max() <= 0.01


def test_a_still_channel_has_two_keys_and_no_slope():
    reduced = reduce_keys([track(np.full((50, 3), 7.0), 0.01)])
    assert reduced.rows.tolist() == [0, 49]
    assert np.abs(reduced.slopes[0]).max() < 1e-12


def test_all_tracks_share_their_frames_and_keep_their_own_tolerance():
    tracks = [track(WAVE, 0.01), track(100 * WAVE[::-1], 5.0)]
    reduced = reduce_keys(tracks)
    for place, dense in enumerate(tracks):
        away = dense.measure(shown(dense, reduced, place)).max()
        assert away == pytest.approx(reduced.errors[place])
        assert away <= dense.tolerance
        assert reduced.slopes[place].shape == (len(reduced.rows), 3)


def test_segments_are_bezier_curves_with_handles_of_a_third():
    dense = track(WAVE[:, :1], 0.05)
    reduced = reduce_keys([dense])
    found = shown(dense, reduced)[:, 0]
    values, slopes, rows = dense.values[reduced.rows, 0], reduced.slopes[0][:, 0], reduced.rows
    for key, steps in enumerate(np.diff(rows).tolist()):
        wanted = list(plain_cubic(values[key], values[key + 1], slopes[key : key + 2], steps))
        assert found[rows[key] : rows[key + 1] + 1] == pytest.approx(wanted, abs=1e-12)


def test_slopes_are_the_best_ones():
    """Changing any slope a little brings the curve no nearer to the frames."""
    dense = track(WAVE[:, :1], 0.005)
    reduced = reduce_keys([dense])
    rows, slopes = reduced.rows, reduced.slopes[0]
    assert len(rows) > 4

    def away(slopes):
        return np.sum((evaluate_keys(dense.values[rows], slopes, rows) - dense.values) ** 2)

    best = away(slopes)
    for key in range(len(rows)):
        for step in (-1e-3, 1e-3):
            other = slopes.copy()
            other[key, 0] += step
            assert away(other) > best


@pytest.mark.parametrize("count", [2, 3, 4, 5, 17, 64, 201])
def test_tridiagonal_equations_are_solved_as_full_ones(count):
    random = np.random.default_rng(count)
    beside = random.normal(size=(count - 1, 1))
    around = np.abs(np.append(beside, 0.0)) + np.abs(np.insert(beside, 0, 0.0))
    diagonal = (around + random.uniform(0.01, 1.0, count))[:, None]
    wanted = random.normal(size=(count, 3))
    full = np.diag(diagonal[:, 0]) + np.diag(beside[:, 0], 1) + np.diag(beside[:, 0], -1)
    found = key_reduction._solve_tridiagonal(diagonal, beside, wanted)
    assert np.abs(found - np.linalg.solve(full, wanted)).max() < 1e-9


def test_real_clips_lose_60_percent_of_their_keys(shared):
    kept = dense = 0
    for clip in corpus_clips.spread(shared, 12):
        rotations = quaternions.keep_quaternion_sign(clip.rot)
        for joint in range(rotations.shape[1]):
            values = rotations[:, joint]

            def degrees(shown, values=values):
                return np.degrees(quaternions.angle_between(quaternions.normalize(shown), values))

            reduced = reduce_keys([DenseTrack(values, degrees, 0.5)])
            assert reduced.errors[0] <= 0.5
            kept, dense = kept + len(reduced.rows), dense + len(values)
    assert kept < 0.4 * dense
