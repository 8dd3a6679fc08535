"""Samples of a row become its figures, each with a 95 % interval.

Intervals are bootstrapped over groups and sampling repeats together (`metrics.bootstrap`).
It knows no model and no file.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Final

import numpy as np

from ...measuring import metrics
from ...measuring.metrics import Array, Indices, Interval, MetricError
from .samples import PHYSICS, Sample

POOLS: Final = 100
"""Pools of R-precision a repeat."""

PUBLISHED_PAIRS: Final = 300
"""Pairs of Diversity in the published figure; fewer clips have half as many pairs as clips."""

Figure = dict[str, Any]
"""An interval as JSON holds it; or "none" with the reason."""


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What all rows are measured against."""

    real: Array
    """(N, D) vectors of the held-out clips."""

    texts: list[Array]
    """A repeat each: (N, D) vectors of the captions drawn."""

    groups: list[str]
    captions: list[tuple[str, ...]]
    seed: int
    draws: int = metrics.DRAWS

    def rng(self) -> np.random.Generator:
        """Return the generator of pools, pairs and draws: the same for every row."""
        return np.random.default_rng((self.seed, 7))


def measured(
    make: Callable[[], Interval], least: float | None = 0.0, most: float | None = None
) -> Figure:
    """Return a figure, or why there is none; its interval ends where the figure must."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # NumPy's, of means of nothing
            found = asdict(make())
    except MetricError as error:
        return {"none": str(error)}
    if not all(np.isfinite(value) for value in found.values()):
        return {"none": "In some row no clip has what a figure is made of."}
    return {name: _bounded(value, least, most) for name, value in found.items()}


def _bounded(value: float, least: float | None, most: float | None) -> float:
    value = value if least is None else max(value, least)
    return value if most is None else min(value, most)


def motion_figures(samples: Sequence[Sample], yard: Yardstick) -> dict[str, Figure]:
    """Return every figure of a row.

    Args:
        samples: one a repeat, in the order of the yardstick's captions.
        yard: what to measure against.
    """
    vectors = [sample.vectors for sample in samples]
    figures = {
        "fid": measured(lambda: _against_real(metrics.frechet_distance, vectors, yard)),
        "kid": measured(lambda: _against_real(paired_kernel_distance, vectors, yard), least=None),
        **precision_figures(vectors, yard),
        "mm_dist": measured(lambda: _matching(vectors, yard)),
        "diversity": measured(lambda: _diversity(vectors, yard)),
    }
    for name in PHYSICS:
        columns = [sample.physics[name] for sample in samples]
        figures[name] = measured(partial(medians, columns, yard.groups, yard.rng(), yard.draws))
    return figures


def _against_real(
    distance: Callable[[Array, Array], float], vectors: Sequence[Array], yard: Yardstick
) -> Interval:
    def compare(made: Array, clips: Indices) -> float:
        return distance(yard.real[clips], made[clips])

    measures = [partial(compare, made) for made in vectors]
    return metrics.bootstrap(measures, yard.groups, yard.rng(), yard.draws)


def paired_kernel_distance(real: Array, made: Array) -> float:
    """Return the KID of (N, D) and (N, D), row i of one made for row i of the other.

    Such pairs are no independent draws and stay out of the term between the sets (Gretton et
    al. 2012, eq. 4): a set has the distance 0 from itself.
    """
    count, width = real.shape
    between = (real @ made.T / width + 1) ** 3
    others = (between.sum() - np.trace(between)) / (count * (count - 1))
    return metrics.kernel_distance(real, made) + 2 * float(between.mean() - others)


def precision_figures(vectors: Sequence[Array], yard: Yardstick) -> dict[str, Figure]:
    """Return R-precision at 1, 2 and 3."""
    names = ("r1", "r2", "r3")
    rng, count = yard.rng(), len(yard.groups)
    try:
        pools = [metrics.draw_pool(yard.groups, yard.captions, rng) for _ in range(POOLS)]
    except MetricError as error:
        return {name: {"none": str(error)} for name in names}
    per_clip: list[list[Array]] = [[], [], []]
    for motions, texts in zip(vectors, yard.texts, strict=True):
        hits, clips = metrics.precision_hits(texts, motions, pools)
        for top, column in enumerate(hits.T):
            per_clip[top].append(metrics.mean_per_clip(column, clips, count))
    return {
        name: measured(
            partial(metrics.bootstrap_means, columns, yard.groups, yard.rng(), yard.draws), most=1.0
        )
        for name, columns in zip(names, per_clip, strict=True)
    }


def _matching(vectors: Sequence[Array], yard: Yardstick) -> Interval:
    distances = [
        metrics.matching_distances(texts, motions)
        for texts, motions in zip(yard.texts, vectors, strict=True)
    ]
    return metrics.bootstrap_means(distances, yard.groups, yard.rng(), yard.draws)


def diversity_pairs(clips: int) -> int:
    """Return how many pairs Diversity draws from so many clips."""
    return min(PUBLISHED_PAIRS, clips // 2)


def _diversity(vectors: Sequence[Array], yard: Yardstick) -> Interval:
    rng = yard.rng()

    def spread(motions: Array, clips: Indices) -> float:
        return metrics.diversity(motions[clips], max(1, diversity_pairs(len(clips))), rng)

    measures = [partial(spread, made) for made in vectors]
    return metrics.bootstrap(measures, yard.groups, yard.rng(), yard.draws)


def medians(
    columns: Sequence[Array], groups: Sequence[str], rng: np.random.Generator, draws: int
) -> Interval:
    """Return the median over clips of figures (N,) a repeat; NaN counts nothing."""
    measures = [partial(_median, own) for own in columns]
    return metrics.bootstrap(measures, groups, rng, draws)


def _median(column: Array, clips: Indices) -> float:
    values = column[clips]
    values = values[~np.isnan(values)]
    return float(np.median(values)) if len(values) else float("nan")


def multimodality(takes: Array, groups: Sequence[str], yard: Yardstick) -> Figure:
    """Return MultiModality of takes (C, R, D) whose prompts are of the groups (C)."""
    pairs = takes.shape[1] // 2
    return measured(
        lambda: metrics.bootstrap_means(
            [metrics.prompt_spread(takes, pairs, yard.rng())], groups, yard.rng(), yard.draws
        )
    )


def halves_of_real(yard: Yardstick) -> dict[str, Figure]:
    """Return FID and KID of one random half of the real clips' groups against the other.

    The value is the mean over splits, the interval their 2.5th to 97.5th percentile.
    """
    rng = yard.rng()
    names = sorted(set(yard.groups))
    found: dict[str, list[float]] = {"fid": [], "kid": []}
    for _ in range(metrics.REPEATS):
        first = set(rng.permutation(names)[: len(names) // 2].tolist())
        is_first = np.array([group in first for group in yard.groups])
        halves = yard.real[is_first], yard.real[~is_first]
        try:
            found["fid"].append(metrics.frechet_distance(*halves))
            found["kid"].append(metrics.kernel_distance(*halves))
        except MetricError as error:
            return {name: {"none": str(error)} for name in found}
    return {
        name: asdict(
            Interval(float(np.mean(values)), *map(float, np.quantile(values, (0.025, 0.975))))
        )
        for name, values in found.items()
    }
