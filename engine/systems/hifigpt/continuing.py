"""Continues clips step by step: the autoregressive loop of the double-tier GPT.

The one exception to the masked decoding loop: it writes from left to right, so it can
generate and extend, and nothing else. Both tiers keep their keys and values. It yields
between any two passes of a network.
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
class Ending:
    """When clips may end before all their steps are written.

    A clip ends where its chance of having ended by then, as the network without guidance and
    temperature sees it, reaches a share. Guidance multiplies how much the text changes the
    chance of an end, which then comes at once or never.
    """

    shares: tuple[float, ...]
    """(B) 0 to 1, one a clip: 0.5 ends it at the median of its length."""

    least_steps: int
    """New steps that a clip has at least."""


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

    ending: Ending | None = None
    """None writes all steps."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written."""

    codes: Tensor
    """(B, S0 + steps, Q); behind a clip's end 0."""

    lengths: Tensor
    """(B,) steps of each clip, the standing ones included."""

    fit: Tensor
    """(B,) nats by which the text made the new codes likelier, all together; 0 without guidance."""


@torch.no_grad()
def continue_codes(
    model: DoubleTierGpt,
    wanted: Continuation,
    config: DecodingConfig,
    generators: list[torch.Generator],
) -> Generator[Progress, None, Written]:
    """Write steps behind those that stand already, which never change.

    Args:
        model: in eval mode.
        wanted: what.
        config: temperature, share of the codebook and guidance; the rest is not used.
        generators: one a clip; a row depends on its own alone.
    """
    writer = _Writer(model, wanted, config, generators)
    codes, standing = [wanted.before], wanted.before.shape[1]
    lengths = torch.full_like(wanted.has_text, standing + wanted.steps, dtype=torch.long)
    chance_of_going_on = torch.ones(len(lengths), device=lengths.device)
    for step in range(wanted.steps):
        progress = Progress(step, wanted.steps, "Writing the motion")
        yield progress
        if step == 0:
            writer.read_standing(wanted)
            yield progress
        drawn = yield from writer.write(progress)
        if wanted.ending is not None and step >= wanted.ending.least_steps:
            chance_of_going_on = chance_of_going_on * (1.0 - writer.end_chance)
            share = chance_of_going_on.new_tensor(wanted.ending.shares)
            ends = (1.0 - chance_of_going_on >= share) & (lengths > standing + step)
            lengths = torch.where(ends, standing + step, lengths)
        drawn = drawn * (lengths > standing + step)[:, None]
        codes.append(drawn[:, None])
        if bool((lengths <= standing + step).all()):
            break
        if step + 1 < wanted.steps:
            yield progress
            writer.read(drawn)
    whole = torch.cat(codes, 1)
    missing = standing + wanted.steps - whole.shape[1]
    return Written(torch.nn.functional.pad(whole, (0, 0, 0, missing)), lengths, writer.fit)


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
        self.caches = model.temporal.empty_cache()
        self.context = torch.zeros(0)
        self.end_chance = torch.zeros(len(wanted.has_text))
        """(B) how likely the text made an end in place of the step written last."""
        self.fit = torch.zeros(len(wanted.has_text), device=wanted.before.device)

    def read_standing(self, wanted: Continuation) -> None:
        """Let the temporal tier see the text and the steps that stand."""
        has_text = wanted.has_text.repeat(self.copies)
        has_text[len(wanted.has_text) :] = False
        start = self.model.text_token(wanted.sentence.repeat(self.copies, 1), has_text)
        before = self.model.step_tokens(wanted.before.repeat(self.copies, 1, 1))
        self.context = self.model.next_context(torch.cat([start, before], 1), self.caches)

    def write(self, progress: Progress) -> Generator[Progress, None, Tensor]:
        """Draw the next step's codes (B, Q), none of them the end; yields between stages."""
        model, caches = self.model, self.model.residual.empty_cache()
        token, total, codes = self.context, torch.zeros_like(self.context), []
        for stage in range(model.config.stages):
            if stage > 0:
                yield progress
            scores = model.next_scores(token, stage, caches).log_softmax(-1)
            if stage == 0:
                with_text = scores[: len(self.end_chance), model.end_code]
                self.end_chance = with_text.exp()
                scores[:, model.end_code] = -1e9
            drawn = self._draw(scores)
            codes.append(drawn)
            if stage + 1 < model.config.stages:
                total = total + model.inner_token(drawn.repeat(self.copies), stage)
                token = total
        return torch.stack(codes, -1)

    def read(self, codes: Tensor) -> None:
        """Let the temporal tier see the step (B, Q) that was written."""
        token = self.model.step_tokens(codes[:, None].repeat(self.copies, 1, 1))
        self.context = self.model.next_context(token, self.caches)

    def _draw(self, scores: Tensor) -> Tensor:
        if self.copies == 1:
            return draw(scores[:, None, None], self.config, self.generators)[:, 0, 0]
        with_text, without = scores.chunk(2)
        guided = guide(with_text, without, self.config.guidance)
        drawn = draw(guided[:, None, None], self.config, self.generators)[:, 0, 0]
        self.fit += (with_text - without).gather(1, drawn[:, None])[:, 0]
        return drawn
