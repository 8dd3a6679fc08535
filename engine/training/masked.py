"""Trains the masked transformer: `python -m engine train masked`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from ..checkpoint import save_checkpoint
from ..config import to_json
from ..data.batches import BatchSource, MaskedBatch
from ..data.corpus import splits_of
from ..data.measured_memory import measure_memory
from ..presets import with_options
from ..retrieval.memory import MotionMemory
from ..shares import mean_of_all, own_rows, rand_rows
from ..systems.grid.presets import MASKED_PRESETS
from ..transformers.masked import MaskedConfig, MaskedTransformer
from .distributed import write_once
from .generator_data import load_data, read_generator_options, validation_batches
from .loop import Report, mean_report
from .networks import data_record, train_task
from .options import chosen_start
from .starting import begin, joined_memory

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
        chance = rand_rows(len(batch.codes), 2, device=batch.codes.device)
        nothing = chance[:, 0] < ALL_DROPOUT
        condition = condition.dropped(~nothing, ~nothing & (chance[:, 1] > MEMORY_DROPOUT))
    wanted = batch.codes[..., 0]
    chances, likeliest = model.log_likelihood(batch.visible, batch.is_step, condition, wanted)
    hits = (likeliest == wanted)[batch.teaches].float()
    loss = -mean_of_all(chances[batch.teaches])
    return loss, {"nll": loss.item(), "accuracy": mean_of_all(hits).item()}


@dataclass(frozen=True, slots=True)
class MaskedTask:
    """What the loop asks for: losses on composed examples, likelihoods on the held-out clips."""

    model: MaskedTransformer
    source: BatchSource
    held_out: list[MaskedBatch]

    def batch_loss(self, count: int) -> tuple[Tensor, Report]:
        """Return the loss of a fresh batch."""
        return masked_loss(self.model, own_rows(self.source.draw(count)), drop=True)

    def validate(self, averaged: nn.Module) -> Report:
        """Measure the averaged model with fixed masks."""
        assert isinstance(averaged, MaskedTransformer)
        reports = [masked_loss(averaged, batch, drop=False)[1] for batch in self.held_out]
        return mean_report(reports)


def main(argv: list[str]) -> int:
    """Run `python -m engine train masked`; writes the transformer and the memory."""
    options, tokenizer = read_generator_options("masked", MASKED_PRESETS, argv)
    preset = with_options(MASKED_PRESETS[options.preset], options.steps, options.init)
    start = chosen_start(options.init, "masked", preset, MASKED_PRESETS)
    data = load_data(options.corpus, tokenizer, options.without, preset.stitched, options.out)
    torch.manual_seed(preset.loop.seed)
    model = MaskedTransformer(preset.model)
    begin(model, start)
    task = MaskedTask(
        model,
        BatchSource(data.composer, data.encoder, model.mask_code),
        validation_batches(data, model.mask_code),
    )
    record = data_record(splits_of(options.corpus), options.without, options.init)
    trained = train_task(task, preset, options.out, record)
    memory = joined_memory(data.memory, options.init, options.tokenizer)
    write_once(lambda: _save(options.out, trained, preset.model, measure_memory(memory, tokenizer)))
    return 0


def _save(out: Path, trained: nn.Module, config: MaskedConfig, memory: MotionMemory) -> None:
    save_checkpoint(out / "masked.safetensors", trained.state_dict(), to_json(config))
    save_checkpoint(out / "memory.safetensors", memory.to_tensors(), {})
