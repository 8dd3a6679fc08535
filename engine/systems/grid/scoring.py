"""What the masked transformer says of a grid: guided chances of codes, and fit to the prompt.

It fills nothing and draws nothing.
"""

from __future__ import annotations

from collections.abc import Generator as Steps
from dataclasses import dataclass

import torch
from torch import Tensor

from ...decoding import guide, rows_in_turn
from ...motion.request import Progress
from ...retrieval.copying import continuations
from ...transformers.masked import Condition, MaskedTransformer
from ..sliding import windows


@dataclass(frozen=True, slots=True)
class Copying:
    """How readily codes are copied from the memory."""

    trust: float = 0.0
    """Added to the logit of how far the memory is trusted: training saw worse memories."""

    continuation: float = 0.0
    """Nats by which a code is preferred with which a copy beside it goes on: cells that are
    drawn at the same time do not see each other, and mixtures of copies jerk."""


@dataclass(frozen=True, slots=True)
class Prompted:
    """What a batch of fills is made from."""

    condition: Condition
    memory: Tensor
    """(B, M, P, Q) int64."""
    copying: Copying

    def rows(self, chosen: Tensor | slice) -> Prompted:
        """Return what some fills of the batch are made from."""
        return Prompted(self.condition.rows(chosen), self.memory[chosen], self.copying)


@torch.inference_mode()
def guided_scores(
    masked: MaskedTransformer, codes: Tensor, condition: Condition, guidance: float, trust: float
) -> Tensor:
    """Return guided log-probabilities (B, S, P, K): text and none in one batched pass."""
    takes = len(codes)
    is_step = torch.ones(codes.shape[:2], dtype=torch.bool, device=codes.device)
    if guidance == 1.0 or not bool(condition.word_mask.any()):
        return torch.as_tensor(masked(codes, is_step, condition, trust))
    keep = torch.arange(2 * takes, device=codes.device) < takes
    both = condition.repeated(2).dropped(keep, keep)
    scores = masked(codes.repeat(2, 1, 1), is_step.repeat(2, 1), both, trust)
    return guide(scores[:takes], scores[takes:], guidance)


@torch.inference_mode()
def copying_scores(
    masked: MaskedTransformer, shown: Tensor, prompted: Prompted, guidance: float
) -> Tensor:
    """Return guided log-probabilities (B, S, P, K) in which copies go on."""
    copying = prompted.copying
    scores = guided_scores(masked, shown, prompted.condition, guidance, copying.trust)
    if copying.continuation == 0.0:
        return scores
    place = prompted.condition.memory_place
    on = continuations(shown, prompted.memory, place, scores.shape[-1])
    return (scores + copying.continuation * on).log_softmax(-1)


def fit_to_prompt(
    masked: MaskedTransformer, base: Tensor, mask: Tensor, prompted: Prompted, is_combined: bool
) -> Steps[Progress, None, Tensor]:
    """Return (B,): how well the masked base codes fit the prompt, nats a cell.

    One action: how likely the text alone makes them. Several: how much likelier
    text and memory make them than nothing, for the text alone knows no combinations.

    Args:
        masked: the transformer.
        base: (B, S, P) base codes.
        mask: (S, P) the cells that were filled.
        prompted: prompt and memory of each row.
        is_combined: whether the prompt has several actions.
    """
    fit = torch.zeros(len(base), device=base.device)
    if not bool(prompted.condition.word_mask.any()):
        return fit
    cells = int(mask.sum())
    for start, end in windows(mask):
        hidden = mask[start:end].to(base.device)
        for rows in rows_in_turn(len(base), end - start, base.device):
            yield Progress(1, 2, "Choosing the best fit")
            part, condition = base[rows, start:end], prompted.condition.rows(rows)
            chances = _chances(masked, part, hidden, condition, is_combined)
            fit[rows] = fit[rows] + (chances * hidden).sum((1, 2)) / cells
    return fit


@torch.inference_mode()
def _chances(
    masked: MaskedTransformer, part: Tensor, hidden: Tensor, condition: Condition, is_combined: bool
) -> Tensor:
    """Return (B, S, P) nats of codes (B, S, P) where they are hidden (S, P) together."""
    yes = torch.ones(len(part), dtype=torch.bool, device=part.device)
    shown = part.masked_fill(hidden, masked.mask_code)
    is_step = torch.ones(shown.shape[:2], dtype=torch.bool, device=part.device)
    asked = condition if is_combined else condition.dropped(yes, ~yes)
    chances = masked.log_likelihood(shown, is_step, asked, part)[0]
    if is_combined:
        nothing = condition.dropped(~yes, ~yes)
        chances = chances - masked.log_likelihood(shown, is_step, nothing, part)[0]
    return chances
