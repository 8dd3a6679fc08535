"""Figures of generated motion in an evaluator's space, with intervals. Arrays only.

Definitions of Guo et al. 2022 (HumanML3D, section 6 and its published code): FID,
R-precision, MM-Dist, Diversity, MultiModality; KID of Binkowski et al. 2018. It knows no
clip, no model and no text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

POOL: Final = 32
"""Clips of a pool of R-precision: one caption is right, 31 are not."""

REPEATS: Final = 20
"""Sampling repeats of the published protocol."""

DRAWS: Final = 1000
"""Bootstrap draws behind an interval."""

_TRIES: Final = 50


class MetricError(ValueError):
    """Too few clips for a figure; the text says how many are needed."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float


def frechet_distance(real: Array, made: Array) -> float:
    """Return the FID of (N, D) and (M, D): the distance of two normal distributions.

    |m1 - m2|^2 + trace(C1 + C2 - 2 (C1 C2)^(1/2)), covariances over N - 1 and M - 1.

    Raises:
        MetricError: if either set has fewer than two rows.
    """
    _need(min(len(real), len(made)), 2, "FID")
    shift = real.mean(0) - made.mean(0)
    first = np.atleast_2d(np.cov(real, rowvar=False))
    second = np.atleast_2d(np.cov(made, rowvar=False))
    root = _root(first)
    # trace((C1 C2)^(1/2)) from a symmetric product, so that no complex numbers appear.
    inner = np.linalg.eigvalsh(root @ second @ root).clip(min=0.0)
    return float(shift @ shift + np.trace(first) + np.trace(second) - 2 * np.sqrt(inner).sum())


def _root(matrix: Array) -> Array:
    values, axes = np.linalg.eigh(matrix)
    return np.asarray((axes * np.sqrt(values.clip(min=0.0))) @ axes.T)


def kernel_distance(real: Array, made: Array) -> float:
    """Return the KID: the unbiased squared MMD with the kernel (x . y / D + 1)^3; may be < 0.

    Raises:
        MetricError: if either set has fewer than two rows.
    """
    _need(min(len(real), len(made)), 2, "KID")
    width = real.shape[1]
    within = [
        (kernel.sum() - np.trace(kernel)) / (len(rows) * (len(rows) - 1))
        for rows in (real, made)
        for kernel in [(rows @ rows.T / width + 1) ** 3]
    ]
    between = ((real @ made.T / width + 1) ** 3).mean()
    return float(sum(within) - 2 * between)


def draw_pool(
    groups: Sequence[str], captions: Sequence[Sequence[str]], rng: np.random.Generator
) -> Indices:
    """Draw POOL clips of which no two share their group or any caption.

    Args:
        groups: N names; clips of one recording share one.
        captions: N lists of all captions of each clip.
        rng: decides.

    Raises:
        MetricError: if no such pool can be drawn.
    """
    for _ in range(_TRIES):
        chosen: list[int] = []
        seen: set[tuple[str, str]] = set()
        for clip in rng.permutation(len(groups)):
            marks = {("group", groups[clip])} | {("caption", text) for text in captions[clip]}
            if not marks & seen:
                seen |= marks
                chosen.append(int(clip))
            if len(chosen) == POOL:
                return np.array(chosen)
    raise MetricError(
        f"R-precision needs {POOL} clips of different groups and captions; "
        f"{len(groups)} clips of {len(set(groups))} groups do not hold them."
    )


def rank_captions(texts: Array, motions: Array) -> Indices:
    """Return (N,) how many other captions are nearer to each motion than its own one.

    Args:
        texts: (N, D); row i is the caption of motion i.
        motions: (N, D).
    """
    distance = np.linalg.norm(motions[:, None] - texts[None], axis=2)
    return np.asarray((distance < np.diag(distance)[:, None]).sum(1), dtype=np.int64)


def precision_hits(
    texts: Array, motions: Array, pools: Sequence[Indices], top: int = 3
) -> tuple[Array, Indices]:
    """Rank every motion of every pool.

    Returns:
        hits: (n, top) 1 where the caption is among the first 1, 2, ... `top`.
        clips: (n,) whose motion it was.
    """
    ranks = np.concatenate([rank_captions(texts[pool], motions[pool]) for pool in pools])
    hits = (ranks[:, None] < np.arange(1, top + 1)).astype(float)
    return hits, np.concatenate(list(pools))


def r_precision(texts: Array, motions: Array, pools: Sequence[Indices], top: int = 3) -> Array:
    """Return (top,) shares of motions whose caption is among the nearest 1, 2, ... `top`."""
    return np.asarray(precision_hits(texts, motions, pools, top)[0].mean(0))


def matching_distances(texts: Array, motions: Array) -> Array:
    """Return (N,) distances of motions to their captions; MM-Dist is their mean."""
    return np.asarray(np.linalg.norm(texts - motions, axis=1))


def diversity(motions: Array, pairs: int, rng: np.random.Generator) -> float:
    """Return the mean distance of `pairs` random pairs of different clips.

    The published figure uses 300 pairs (two disjoint draws); smaller sets have fewer.

    Raises:
        MetricError: if there are fewer than 2 * pairs clips.
    """
    _need(len(motions), 2 * pairs, "Diversity")
    order = rng.permutation(len(motions))[: 2 * pairs]
    return float(np.linalg.norm(motions[order[:pairs]] - motions[order[pairs:]], axis=1).mean())


def prompt_spread(takes: Array, pairs: int, rng: np.random.Generator) -> Array:
    """Return (C,) mean distances of takes of one prompt; MultiModality is their mean.

    Args:
        takes: (C, R, D) R takes of each of C prompts.
        pairs: of takes for each prompt (10 in the published figure, from 30 takes).
        rng: decides; the two draws of a prompt's pairs are disjoint.

    Raises:
        MetricError: if there are fewer than 2 * pairs takes.
    """
    _need(takes.shape[1], 2 * pairs, "MultiModality")
    spread = []
    for own in takes:
        order = rng.permutation(len(own))[: 2 * pairs]
        spread.append(np.linalg.norm(own[order[:pairs]] - own[order[pairs:]], axis=1).mean())
    return np.array(spread)


def resample_groups(groups: Sequence[str], rng: np.random.Generator) -> Indices:
    """Draw as many groups as there are, with replacement; return all their clips' indices."""
    members: dict[str, list[int]] = {}
    for index, name in enumerate(groups):
        members.setdefault(name, []).append(index)
    lists = list(members.values())
    drawn = rng.integers(len(lists), size=len(lists))
    return np.array([index for number in drawn for index in lists[number]])


def bootstrap(
    measures: Sequence[Callable[[Indices], float]],
    groups: Sequence[str],
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> Interval:
    """Return a figure's mean over sampling repeats, with its interval.

    Each draw takes one repeat and resamples the groups. Drawing with replacement shifts
    figures such as FID, because a clip then stands beside itself: the interval is that of
    the draws about their own mean, put about the figure.

    Args:
        measures: one a sampling repeat: the figure of the clips with these indices.
        groups: N names, one a clip.
        rng: decides.
        draws: how many.

    Raises:
        MetricError: without repeats or clips.
    """
    _need(min(len(measures), len(groups)), 1, "An interval")
    everything = np.arange(len(groups))
    value = float(np.mean([measure(everything) for measure in measures]))
    found = [
        measures[int(rng.integers(len(measures)))](resample_groups(groups, rng))
        for _ in range(draws)
    ]
    # A draw of clips without a figure alone says nothing.
    low, high = np.nanquantile(np.array(found) - np.nanmean(found), (0.025, 0.975))
    return Interval(value, value + float(low), value + float(high))


def bootstrap_means(
    repeats: Sequence[Array], groups: Sequence[str], rng: np.random.Generator, draws: int = DRAWS
) -> Interval:
    """Return the mean of figures a clip (N,), one array a repeat, with its interval.

    A clip without a figure holds NaN and counts nothing.
    """
    measures = [_MeanOf(np.asarray(values, dtype=float)) for values in repeats]
    return bootstrap(measures, groups, rng, draws)


@dataclass(frozen=True, slots=True)
class _MeanOf:
    values: Array

    def __call__(self, clips: Indices) -> float:
        values = self.values[clips]
        values = values[~np.isnan(values)]
        return float(values.mean()) if len(values) else float("nan")


def mean_per_clip(values: Array, clips: Indices, count: int) -> Array:
    """Return (count,) the mean of values (n,) of each clip; NaN where a clip has none."""
    sums = np.bincount(clips, weights=values, minlength=count)
    uses = np.bincount(clips, minlength=count)
    return np.asarray(np.where(uses > 0, sums / np.maximum(uses, 1), np.nan))


def _need(found: int, wanted: int, figure: str) -> None:
    if found < wanted:
        raise MetricError(f"{figure} needs at least {wanted} clips, not {found}.")
