"""Several candidates for each take, of which the one is kept that fits the prompt best.

A system judges by its own likelihood: how much likelier the prompt makes the filled codes than
no prompt does. It knows no network.
"""

from __future__ import annotations

from collections.abc import Generator as Steps

import torch
from torch import Tensor

from ..motion.request import Progress
from .sliding import CONTEXT_STEPS, StepScores, windows


def candidate_generators(seeds: tuple[int, ...], count: int) -> list[torch.Generator]:
    """Return a generator for each candidate of each take, those of one take one after another."""
    return [
        torch.Generator().manual_seed(seed + 1_000_003 * candidate)
        for seed in seeds
        for candidate in range(count)
    ]


def best_rows(fit: Tensor, count: int) -> Tensor:
    """Return the row of each take's best candidate.

    Args:
        fit: (B * count,), the candidates of one take one after another.
        count: candidates of a take.
    """
    best = fit.view(-1, count).argmax(1)
    return best + count * torch.arange(len(best), device=best.device)


def fit_of_steps(
    asked: StepScores, nothing: StepScores, codes: Tensor, mask: Tensor
) -> Steps[Progress, None, Tensor]:
    """Return (B,): nats a step by which the prompt makes the masked codes likelier.

    All masked steps are hidden at once. What is shown is then the same in every row, so that
    a window costs one row of each network, however many candidates there are.

    Args:
        asked: the network with the prompt, without guidance.
        nothing: the network without it.
        codes: (B, S) filled codes; the others are alike in all rows.
        mask: (S,) True where they were filled.
    """
    hidden = mask.to(codes.device)
    left = hidden.clone()  # windows overlap: each step is judged once
    fit = torch.zeros(len(codes), device=codes.device)
    for start, end in windows(mask[:, None].cpu(), asked.longest, CONTEXT_STEPS):
        part = slice(start, end)
        shown = codes[:1, part].masked_fill(hidden[part], asked.mask_code)
        chances: list[Tensor] = []
        for scores in (asked, nothing):
            yield Progress(len(chances), 2, "Choosing the best fit")
            chances.append(scores.score(shown, part)[0])
        gained = (chances[0] - chances[1]).expand(len(codes), -1, -1)
        gained = gained.gather(-1, codes[:, part, None]).squeeze(-1)
        fit += (gained * left[part]).sum(1)
        left[part] = False
    return fit / hidden.sum().clamp_min(1)
