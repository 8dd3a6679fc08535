"""Trains the residual transformer: `python -m engine train residual`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..data.batches import BatchSource, MaskedBatch
from ..data.corpus import splits_of
from ..presets import with_options
from ..shares import mean_of_all, own_rows, rand_rows
from ..systems.grid.presets import RESIDUAL_PRESETS
from ..tokenizer.grid import GridTokenizer
from ..transformers.residual import ResidualTransformer
from .generator_data import load_data, read_generator_options, validation_batches
from .loop import Report
from .networks import data_record, save_network, train_task
from .options import chosen_start
from .starting import begin

TEXT_DROPOUT: Final = 0.2
"""Share of clips trained without their sentence (MoMask)."""


def stage_loss(
    model: ResidualTransformer,
    tokenizer: GridTokenizer,
    batch: MaskedBatch,
    stage: int,
    keep_text: Tensor,
) -> tuple[Tensor, Tensor]:
    """Return the cross-entropy of a stage's codes, nats a cell, and the share that is right.

    Every real cell counts: where the base code is kept, the stages above it are
    what the tokenizer made, and they are predicted all the same.
    """
    # The tokenizer stays where it is: on the CPU.
    codes = batch.codes[..., :stage].to(tokenizer.entries(0).device)
    sums = tokenizer.partial_sums(codes).to(batch.codes.device)
    sentence = batch.condition.sentence * keep_text[:, None]
    logits = model(sums, batch.is_step, sentence, stage)
    real = batch.is_step[..., None] & (batch.teaches | ~batch.masked)
    wanted = batch.codes[..., stage][real]
    hits = mean_of_all((logits.argmax(-1)[real] == wanted).float())
    return mean_of_all(functional.cross_entropy(logits[real], wanted, reduction="none")), hits


@dataclass(frozen=True, slots=True)
class ResidualTask:
    """What the loop asks for: losses on composed examples, likelihoods on the held-out clips."""

    model: ResidualTransformer
    tokenizer: GridTokenizer
    source: BatchSource
    held_out: list[MaskedBatch]

    def batch_loss(self, count: int) -> tuple[Tensor, Report]:
        """Return the loss of one stage on a fresh batch."""
        batch = own_rows(self.source.draw(count))
        # Early stages carry more of the motion and are drawn more often.
        odds = torch.linspace(1.5, 0.5, self.model.config.stages - 1)
        stage = 1 + int(torch.multinomial(odds, 1))
        drawn = rand_rows(len(batch.codes), device=batch.codes.device)
        keep = (drawn > TEXT_DROPOUT).float()
        loss, hits = stage_loss(self.model, self.tokenizer, batch, stage, keep)
        return loss, {"accuracy": hits.item()}

    def validate(self, averaged: nn.Module) -> Report:
        """Measure the averaged model, stage by stage."""
        assert isinstance(averaged, ResidualTransformer)
        report = {}
        for stage in range(1, averaged.config.stages):
            pairs = [
                stage_loss(averaged, self.tokenizer, batch, stage, torch.ones(len(batch.codes)))
                for batch in self.held_out
            ]
            report[f"nll_{stage}"] = sum(p[0].item() for p in pairs) / len(pairs)
            report[f"accuracy_{stage}"] = sum(p[1].item() for p in pairs) / len(pairs)
        return report


def main(argv: list[str]) -> int:
    """Run `python -m engine train residual`."""
    options, tokenizer = read_generator_options("residual", RESIDUAL_PRESETS, argv)
    preset = with_options(RESIDUAL_PRESETS[options.preset], options.steps, options.init)
    start = chosen_start(options.init, "residual", preset, RESIDUAL_PRESETS)
    data = load_data(options.corpus, tokenizer, options.without, preset.stitched, options.out)
    torch.manual_seed(preset.loop.seed)
    model = ResidualTransformer(preset.model)
    model.set_scale(tokenizer.entries(0))
    begin(model, start)
    task = ResidualTask(
        model,
        tokenizer,
        BatchSource(data.composer, data.encoder, tokenizer.codebook_size),
        validation_batches(data, tokenizer.codebook_size),
    )
    record = data_record(splits_of(options.corpus), options.without, options.init)
    trained = train_task(task, preset, options.out, record)
    save_network(options.out / "residual.safetensors", trained, preset)
    return 0
