"""Trains the masked transformer: `python -m engine train masked`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from ..checkpoint import save_checkpoint
from ..config import to_json
from ..data.batches import BatchSource, MaskedBatch
from ..transformers.masked import MaskedTransformer
from .generator_data import load_data, read_generator_options, validation_batches
from .loop import Report, Run, train
from .presets import MASKED_PRESETS, with_steps

ALL_DROPOUT: Final = 0.1
"""Share of clips trained without text and memory, for classifier-free guidance (MoMask)."""

MEMORY_DROPOUT: Final = 0.15
"""Share of the others trained without memory, so that the text alone must do."""


def masked_loss(
    model: MaskedTransformer, batch: MaskedBatch, *, drop: bool
) -> tuple[Tensor, Report]:
    """Return the negative log-likelihood of the hidden cells, nats a cell, and the accuracy."""
    condition = batch.condition
    if drop:
        chance = torch.rand(len(batch.codes), 2)
        nothing = chance[:, 0] < ALL_DROPOUT
        condition = condition.dropped(~nothing, ~nothing & (chance[:, 1] > MEMORY_DROPOUT))
    wanted = batch.codes[..., 0]
    chances, likeliest = model.log_likelihood(batch.visible, batch.is_step, condition, wanted)
    hits = (likeliest == wanted)[batch.teaches]
    loss = -chances[batch.teaches].mean()
    return loss, {"nll": loss.item(), "accuracy": hits.float().mean().item()}


@dataclass(frozen=True, slots=True)
class MaskedTask:
    """What the loop asks for: losses on composed examples, likelihoods on the held-out clips."""

    model: MaskedTransformer
    source: BatchSource
    held_out: list[MaskedBatch]

    def batch_loss(self, count: int) -> tuple[Tensor, Report]:
        """Return the loss of a fresh batch."""
        return masked_loss(self.model, self.source.draw(count), drop=True)

    def validate(self, averaged: nn.Module) -> Report:
        """Measure the averaged model with fixed masks."""
        assert isinstance(averaged, MaskedTransformer)
        reports = [masked_loss(averaged, batch, drop=False)[1] for batch in self.held_out]
        return {name: sum(r[name] for r in reports) / len(reports) for name in reports[0]}


def main(argv: list[str]) -> int:
    """Run `python -m engine train masked`; writes the transformer and the memory."""
    options, tokenizer = read_generator_options("masked", sorted(MASKED_PRESETS), argv)
    preset = with_steps(MASKED_PRESETS[options.preset], options.steps)
    data = load_data(options.corpus, tokenizer, options.without, preset.stitched, options.out)
    torch.manual_seed(preset.loop.seed)
    model = MaskedTransformer(preset.model)
    task = MaskedTask(
        model,
        BatchSource(data.composer, data.encoder, model.mask_code),
        validation_batches(data, model.mask_code),
    )
    config = {"preset": to_json(preset), "without": options.without}
    run = Run(model, task.batch_loss, task.validate, options.out, config)
    trained = train(run, preset.loop)
    save_checkpoint(options.out / "masked.safetensors", trained.state_dict(), to_json(preset.model))
    save_checkpoint(options.out / "memory.safetensors", data.memory.to_tensors(), {})
    return 0
