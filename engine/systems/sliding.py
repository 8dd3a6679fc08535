"""Windows that slide over long clips, and filling masked steps of whole-body codes in them.

What a system of one code a step needs beside its networks: windows, hiding kept steps, and
choosing which steps are least certain. It knows no text.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Generator as Steps
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import torch
from torch import Tensor

from ..decoding import DecodingConfig, fill_masked
from ..motion.request import Progress
from ..motion.running import retold

WINDOW_STEPS: Final = 76
"""Most steps that are filled at a time: the longest real clips, about 10 s."""

CONTEXT_STEPS: Final = 20
"""Known steps that are seen on each side of what is filled: 2.7 s."""

CPU_STEPS: Final = 80
"""Most steps, of all takes together, that a pass scores on a CPU: a take of 10 s, or five of 2 s.
With 76 steps a pass of the shipped networks takes 0.05 to 0.1 s on one core."""

FULL_STEPS: Final = 49
"""Masked steps for which a decoding's whole number of passes is made (MMM: 196 frames)."""


@dataclass(frozen=True, slots=True)
class StepScores:
    """A network with its prompt."""

    score: Callable[[Tensor, slice], Tensor]
    """Codes (B, n), `mask_code` where unknown, of a window of steps -> log-probabilities
    (B, n, K)."""

    mask_code: int

    longest: int = WINDOW_STEPS
    """Most steps that are scored at a time."""

    has_fixed_passes: bool = False
    """Short spans get as many passes as long ones (MoMask)."""

    is_one_by_one: bool = False
    """Takes are scored one by one, not together."""


def scaled(config: DecodingConfig, steps: int) -> DecodingConfig:
    """Return the decoding with as many passes as so many masked steps need (MMM section 3.3)."""
    passes = max(1, round(config.iterations * min(1.0, steps / FULL_STEPS)))
    return replace(config, iterations=passes)


def fill_steps(
    scores: StepScores,
    codes: Tensor,
    masks: tuple[Tensor, Tensor],
    config: DecodingConfig,
    generators: list[torch.Generator],
) -> Steps[Progress, None, Tensor]:
    """Return codes (B, S) with the masked steps filled; the others never change.

    Args:
        scores: the network.
        codes: (S,) int64; what stands at masked steps does not matter.
        masks: (S,) True where to fill; (B, S) True where a kept code is not shown.
        config: how; its passes are those of a long span.
        generators: one a take (B).
    """
    mask, unseen = (m.to(codes.device) for m in masks)
    filled = codes.masked_fill(mask, scores.mask_code).repeat(len(generators), 1)
    turns = [
        (rows, slice(*window))
        for window in windows(mask[:, None].cpu(), scores.longest, CONTEXT_STEPS)
        for rows in takes_together(filled[:, slice(*window)], scores.is_one_by_one)
    ]
    for number, (rows, part) in enumerate(turns):
        yield Progress(number, len(turns), "Choosing the motion")
        blind = unseen[rows, part]

        def predict(
            shown: Tensor, rows: slice, blind: Tensor = blind, part: slice = part
        ) -> Tensor:
            shown = shown.squeeze(-1).masked_fill(blind[rows], scores.mask_code)
            return scores.score(shown, part).unsqueeze(2)

        window = filled[rows, part, None]
        left = window == scores.mask_code
        passes = config if scores.has_fixed_passes else scaled(config, int(left[0].sum()))
        filling = fill_masked(predict, window, left, passes, generators[rows])
        found, _ = yield from retold(filling, partial(_in_turn, number, len(turns)))
        filled[rows, part] = found.squeeze(-1)
    return filled


def _in_turn(number: int, turns: int, inner: Progress) -> Progress:
    """Return how the progress of one turn is told: as a share of all."""
    return Progress(number * inner.total + inner.done, turns * inner.total, inner.label)


def takes_together(codes: Tensor, is_one_by_one: bool = False) -> list[slice]:
    """Return which takes of codes (B, S, ...) a network scores in one pass.

    On a CPU few, for nothing can be cancelled during a pass; elsewhere all, unless they are
    scored one by one anyway.
    """
    takes, steps = len(codes), max(1, codes.shape[1])
    count = max(1, CPU_STEPS // steps) if codes.device.type == "cpu" else max(1, takes)
    count = 1 if is_one_by_one else count
    return [slice(first, first + count) for first in range(0, takes, count)]


def unseen_steps(mask: Tensor, share: float, generators: list[torch.Generator]) -> Tensor:
    """Return (B, S) True at kept steps that the network is not shown; mask is (S,)."""
    if share == 0.0:
        return torch.zeros(len(generators), len(mask), dtype=torch.bool)
    drawn = torch.stack([torch.rand(len(mask), generator=g) for g in generators])
    return (drawn < share) & ~mask


def least_certain(
    scores: StepScores, codes: Tensor, mask: Tensor, share: float
) -> Steps[Progress, None, Tensor]:
    """Return (S,): the share of the masked steps whose present codes are least likely.

    Args:
        scores: the network.
        codes: (S,) present codes of all steps.
        mask: (S,) the steps to choose from.
        share: 0 to 1; at least one step is chosen.
    """
    chances = torch.full((len(codes),), torch.inf)
    for start, end in windows(mask[:, None], scores.longest, CONTEXT_STEPS):
        yield Progress(start, len(codes), "Reading the motion")
        part = codes[None, start:end]
        found = scores.score(part, slice(start, end)).gather(-1, part[..., None])
        chances[start:end] = found[0, :, 0].cpu()
    chosen = torch.zeros_like(mask)
    count = max(1, round(share * int(mask.sum())))
    chosen[chances.masked_fill(~mask, torch.inf).argsort()[:count]] = True
    return chosen & mask


def windows(
    mask: Tensor, longest: int = WINDOW_STEPS, context: int = CONTEXT_STEPS
) -> list[tuple[int, int]]:
    """Return the windows [start, end) of steps to fill, in order.

    One window with `context` known steps on each side, as far as there are any. Where that
    is longer than `longest` steps, the grid (S, P) is filled by sliding: each window begins
    with `context` steps that are known by then, so that one prompt serves any length.
    """
    steps = len(mask)
    touched = torch.nonzero(mask.any(1)).flatten()
    if len(touched) == 0:
        return []
    at, last = int(touched[0]), int(touched[-1]) + 1
    near = (max(0, at - context), min(steps, last + context))
    if near[1] - near[0] <= longest:
        return [near]
    found = []
    while at < last:
        start = max(0, min(at - context, steps - longest))
        end = min(steps, start + longest)
        found.append((start, end))
        at = end
    return found
