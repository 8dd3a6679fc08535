"""Every figure against cases worked out by hand and against slow, obvious twins."""

from __future__ import annotations

import numpy as np
import pytest
from keyfill_extension.engine.measuring import metrics
from keyfill_extension.engine.measuring.metrics import MetricError

SQUARE = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])
"""Mean 0; variance 4/3 in both directions, no covariance."""


def test_fid_of_a_set_with_itself_is_nothing():
    rows = np.random.default_rng(0).normal(size=(40, 6))
    assert metrics.frechet_distance(rows, rows) == pytest.approx(0.0, abs=1e-9)


def test_fid_of_a_shift_is_its_square():
    assert metrics.frechet_distance(SQUARE, SQUARE + [3, 4]) == pytest.approx(25.0)


def test_fid_of_a_stretch_compares_standard_deviations():
    # Per direction (s - 2 s)^2 = s^2 = 4/3, and there are two.
    assert metrics.frechet_distance(SQUARE, 2 * SQUARE) == pytest.approx(8 / 3)


def test_fid_of_correlated_sets_follows_the_definition():
    # C1 = diag(4/3, 4/3), C2 = [[2, 1], [1, 2]] * 4/3: eigenvalues 4 and 4/3.
    axes = np.linalg.cholesky(np.array([[2.0, 1], [1, 2]])).T
    wanted = 8 / 3 + 16 / 3 - 2 * (np.sqrt(4 / 3 * 4) + np.sqrt(4 / 3 * 4 / 3))
    assert metrics.frechet_distance(SQUARE, SQUARE @ axes) == pytest.approx(wanted)


def test_fid_needs_two_clips():
    with pytest.raises(MetricError, match="2 clips, not 1"):
        metrics.frechet_distance(SQUARE[:1], SQUARE)


def test_kid_by_hand():
    # k(x, y) = (xy + 1)^3 in one dimension. Within {0, 1}: k = 1; within {0, 2}: k = 1;
    # between: k(0,0) = k(0,2) = k(1,0) = 1, k(1,2) = 27, mean 7.5.
    value = metrics.kernel_distance(np.array([[0.0], [1]]), np.array([[0.0], [2]]))
    assert value == pytest.approx(1 + 1 - 2 * 7.5)


def test_kid_is_unbiased_where_both_sets_are_of_one_kind():
    rng = np.random.default_rng(1)
    values = [metrics.kernel_distance(*rng.normal(size=(2, 10, 3))) for _ in range(2000)]
    error = np.std(values) / np.sqrt(len(values))
    assert abs(np.mean(values)) < 4 * error


def test_kid_divides_by_the_width():
    # Two equal numbers instead of one: x . y / D is the same.
    narrow = np.array([[0.0], [1], [2]]), np.array([[1.0], [3]])
    wide = tuple(np.repeat(rows, 2, axis=1) for rows in narrow)
    assert metrics.kernel_distance(*wide) == pytest.approx(metrics.kernel_distance(*narrow))


def test_ranks_count_the_nearer_captions():
    texts = np.array([[0.0], [1.0], [10.0]])
    motions = np.array([[0.1], [0.4], [-5.0]])
    assert metrics.rank_captions(texts, motions).tolist() == [0, 1, 2]


def test_r_precision_by_hand():
    texts = np.array([[0.0], [1.0], [10.0]])
    motions = np.array([[0.1], [0.4], [-5.0]])
    shares = metrics.r_precision(texts, motions, [np.array([0, 1, 2])])
    np.testing.assert_allclose(shares, [1 / 3, 2 / 3, 1.0])


def test_r_precision_of_noise_is_chance():
    rng = np.random.default_rng(2)
    texts, motions = rng.normal(size=(2, 200, 5))
    pools = [rng.permutation(200)[: metrics.POOL] for _ in range(200)]
    shares = metrics.r_precision(texts, motions, pools)
    np.testing.assert_allclose(shares, np.array([1, 2, 3]) / 32, atol=0.02)


def test_hits_know_their_clips():
    texts, motions = np.array([[0.0], [5], [9]]), np.array([[5.0], [5], [9]])
    hits, clips = metrics.precision_hits(texts, motions, [np.array([0, 2]), np.array([1, 0])], 1)
    assert clips.tolist() == [0, 2, 1, 0]
    assert hits[:, 0].tolist() == [0, 1, 1, 0]


def test_a_pool_holds_no_two_clips_of_one_group_or_caption():
    rng = np.random.default_rng(3)
    groups = [f"group {index // 3}" for index in range(150)]
    captions = [[f"caption {index % 40}", f"own {index}"] for index in range(150)]
    for _ in range(20):
        pool = metrics.draw_pool(groups, captions, rng)
        assert len(pool) == metrics.POOL
        assert len({groups[clip] for clip in pool}) == metrics.POOL
        shown = [text for clip in pool for text in captions[clip]]
        assert len(set(shown)) == len(shown)


@pytest.mark.parametrize("which", ["groups", "captions"])
def test_too_few_groups_or_captions_for_a_pool_are_told(which):
    names = [str(index % 31) for index in range(100)]
    many = [str(index) for index in range(100)]
    groups = names if which == "groups" else many
    captions = [[text] for text in (names if which == "captions" else many)]
    with pytest.raises(MetricError, match="32 clips of different groups and captions"):
        metrics.draw_pool(groups, captions, np.random.default_rng(0))


def test_a_clip_that_repeats_its_own_caption_may_be_in_a_pool():
    many = [str(index) for index in range(32)]
    captions = [[text, text] for text in many]
    pool = metrics.draw_pool(many, captions, np.random.default_rng(0))
    assert sorted(pool) == list(range(32))


def test_matching_distance_is_euclidean_per_clip():
    texts, motions = np.array([[0.0, 0], [1, 1]]), np.array([[3.0, 4], [1, 1]])
    assert metrics.matching_distances(texts, motions).tolist() == [5.0, 0.0]


def test_diversity_of_two_points_is_their_distance():
    rows = np.array([[0.0, 0], [3, 4]])
    assert metrics.diversity(rows, 1, np.random.default_rng(0)) == pytest.approx(5.0)


def test_diversity_pairs_no_clip_with_itself():
    rows = 10.0 ** np.arange(6)[:, None]
    for seed in range(20):
        assert metrics.diversity(rows, 3, np.random.default_rng(seed)) >= 9.0
    with pytest.raises(MetricError, match="8 clips, not 6"):
        metrics.diversity(rows, 4, np.random.default_rng(0))


def test_multimodality_is_within_prompts_only():
    takes = np.array([[[0.0], [2.0]], [[100.0], [104.0]]])
    spread = metrics.prompt_spread(takes, 1, np.random.default_rng(0))
    assert spread.tolist() == [2.0, 4.0]
    with pytest.raises(MetricError, match="MultiModality"):
        metrics.prompt_spread(takes, 2, np.random.default_rng(0))


def test_groups_are_resampled_whole():
    groups = ["a", "b", "a", "c", "c", "c"]
    for seed in range(20):
        drawn = metrics.resample_groups(groups, np.random.default_rng(seed)).tolist()
        for members in ([0, 2], [1], [3, 4, 5]):
            assert len({drawn.count(index) for index in members}) == 1


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution():
    rng = np.random.default_rng(4)
    values = rng.normal(size=400)
    interval = metrics.bootstrap_means([values], [str(i) for i in range(400)], rng, 4000)
    assert interval.value == pytest.approx(values.mean())
    half = 1.96 * values.std() / 20
    np.testing.assert_allclose(
        [interval.low, interval.high], [values.mean() - half, values.mean() + half], atol=0.01
    )


def test_clips_of_few_groups_give_a_wider_interval():
    rng = np.random.default_rng(5)
    values = np.repeat(rng.normal(size=20), 20)
    alone = metrics.bootstrap_means([values], [str(i) for i in range(400)], rng)
    grouped = metrics.bootstrap_means([values], [str(i // 20) for i in range(400)], rng)
    assert grouped.high - grouped.low > 3 * (alone.high - alone.low)


def test_repeats_widen_the_interval_and_are_averaged():
    repeats = [np.full(10, 1.0), np.full(10, 3.0)]
    rng = np.random.default_rng(6)
    interval = metrics.bootstrap_means(repeats, [str(i) for i in range(10)], rng)
    assert interval.value == pytest.approx(2.0)
    assert interval.low == pytest.approx(1.0, abs=0.1)
    assert interval.high == pytest.approx(3.0, abs=0.1)


def test_the_interval_of_fid_holds_the_figure():
    rng = np.random.default_rng(7)
    real, made = rng.normal(size=(2, 60, 8))
    interval = metrics.bootstrap(
        [lambda clips: metrics.frechet_distance(real, made[clips])],
        [str(i) for i in range(60)], rng, 200,
    )  # fmt: skip
    assert interval.low < interval.value < interval.high


def test_clips_without_a_figure_count_nothing():
    rng = np.random.default_rng(8)
    values = metrics.mean_per_clip(np.array([1.0, 0, 1]), np.array([0, 0, 2]), 4)
    np.testing.assert_array_equal(values, [0.5, np.nan, 1.0, np.nan])
    groups = ["a", "b", "a", "b"]
    assert metrics.bootstrap_means([values[[0, 2]]], ["a", "a"], rng, 10).value == 0.75
    interval = metrics.bootstrap_means([values], groups, rng, 50)
    assert (interval.low, interval.value, interval.high) == (0.75, 0.75, 0.75)


def test_an_interval_needs_clips():
    with pytest.raises(MetricError, match="at least 1"):
        metrics.bootstrap_means([], [], np.random.default_rng(0))
