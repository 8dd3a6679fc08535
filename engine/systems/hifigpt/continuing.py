"""Continues clips step by step: the autoregressive loop of the double-tier GPT.

The one exception to the masked decoding loop: it writes from left to right, so it can
generate and extend, and nothing else. Both tiers keep their keys and values.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import torch
from torch import Tensor

from ...decoding import DecodingConfig, draw, guide
from ...motion.request import Progress
from ...transformers.double_tier import DoubleTierGpt


@dataclass(frozen=True, slots=True)
class Continuation:
    """What is to be written."""

    sentence: Tensor
    """(B, text_width)."""

    has_text: Tensor
    """(B,) False for no text."""

    before: Tensor
    """(B, S0, Q) codes that stand already; S0 may be 0."""

    steps: int
    """Steps to add, or the most of them."""

    may_end: bool = False
    """Clips end where the network ends them, after one new step at the earliest."""


@torch.no_grad()
def continue_codes(
    model: DoubleTierGpt,
    wanted: Continuation,
    config: DecodingConfig,
    generators: list[torch.Generator],
) -> Generator[Progress, None, tuple[Tensor, Tensor]]:
    """Write steps behind those that stand already, which never change.

    Args:
        model: in eval mode.
        wanted: what.
        config: temperature, share of the codebook and guidance; the rest is not used.
        generators: one a clip; a row depends on its own alone.

    Returns:
        codes: (B, S0 + steps, Q); behind a clip's end 0.
        lengths: (B,) steps of each clip, the standing ones included.
    """
    writer = _Writer(model, wanted, config, generators)
    codes, standing = [wanted.before], wanted.before.shape[1]
    lengths = torch.full_like(wanted.has_text, standing + wanted.steps, dtype=torch.long)
    for step in range(wanted.steps):
        may_end = wanted.may_end and step > 0
        drawn = writer.write(may_end)
        ends = (drawn[:, 0] == model.end_code) & (lengths > standing + step)
        lengths = torch.where(ends, standing + step, lengths)
        drawn = drawn * (lengths > standing + step)[:, None]
        codes.append(drawn[:, None])
        if bool((lengths <= standing + step).all()):
            break
        if step + 1 < wanted.steps:
            writer.read(drawn)
            yield Progress(step + 1, wanted.steps, "Writing the motion")
    whole = torch.cat(codes, 1)
    missing = standing + wanted.steps - whole.shape[1]
    return torch.nn.functional.pad(whole, (0, 0, 0, missing)), lengths


class _Writer:
    """The temporal tier's memory of both halves of the guidance: with text, then without."""

    def __init__(
        self,
        model: DoubleTierGpt,
        wanted: Continuation,
        config: DecodingConfig,
        generators: list[torch.Generator],
    ) -> None:
        self.model, self.config, self.generators = model, config, generators
        self.copies = 1 if config.guidance == 1.0 else 2
        has_text = wanted.has_text.repeat(self.copies)
        has_text[len(wanted.has_text) :] = False
        start = model.text_token(wanted.sentence.repeat(self.copies, 1), has_text)
        before = model.step_tokens(wanted.before.repeat(self.copies, 1, 1))
        self.caches = model.temporal.empty_cache()
        self.context = model.next_context(torch.cat([start, before], 1), self.caches)

    def write(self, may_end: bool) -> Tensor:
        """Draw the next step's codes (B, Q); the base code is the end code where clips end."""
        model, caches = self.model, self.model.residual.empty_cache()
        token, total, codes = self.context, torch.zeros_like(self.context), []
        for stage in range(model.config.stages):
            scores = model.next_scores(token, stage, caches).log_softmax(-1)
            if stage == 0 and not may_end:
                scores[:, model.end_code] = -1e9
            drawn = self._draw(scores)
            codes.append(drawn)
            if stage + 1 < model.config.stages:
                # What follows an end is thrown away; the tables have no row for it.
                rows = drawn.clamp_max(model.end_code - 1).repeat(self.copies)
                total = total + model.inner_token(rows, stage)
                token = total
        return torch.stack(codes, -1)

    def read(self, codes: Tensor) -> None:
        """Let the temporal tier see the step (B, Q) that was written."""
        token = self.model.step_tokens(codes[:, None].repeat(self.copies, 1, 1))
        self.context = self.model.next_context(token, self.caches)

    def _draw(self, scores: Tensor) -> Tensor:
        if self.copies == 2:
            with_text, without = scores.chunk(2)
            scores = guide(with_text, without, self.config.guidance)
        return draw(scores[:, None, None], self.config, self.generators)[:, 0, 0]
