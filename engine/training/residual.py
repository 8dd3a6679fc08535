"""Trains the residual transformer: `python -m engine train residual`."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..checkpoint import save_checkpoint
from ..config import to_json
from ..data.batches import BatchSource, MaskedBatch
from ..tokenizer.grid import GridTokenizer
from ..transformers.residual import ResidualTransformer
from .loop import Report, Run, train
from .masked import (
    GeneratorData,
    add_generator_options,
    load_data,
    load_tokenizer,
    validation_batches,
)
from .presets import RESIDUAL_PRESETS, ResidualPreset


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
    sums = tokenizer.partial_sums(batch.codes[..., :stage])
    logits = model(sums, batch.is_step, batch.condition.sentence * keep_text[:, None], stage)
    real = batch.is_step[..., None] & (batch.teaches | ~batch.masked)
    wanted = batch.codes[..., stage][real]
    hits = (logits.argmax(-1)[real] == wanted).float().mean()
    return functional.cross_entropy(logits[real], wanted), hits


def run_training(
    preset: ResidualPreset,
    tokenizer: GridTokenizer,
    data: GeneratorData,
    out: Path,
    origin: dict[str, object],
) -> None:
    """Train and write `residual.safetensors` into `out`."""
    torch.manual_seed(preset.loop.seed)
    model = ResidualTransformer(preset.model)
    source = BatchSource(data.composer, data.encoder, tokenizer.codebook_size)
    batches = validation_batches(data, tokenizer.codebook_size)

    def batch_loss(count: int) -> tuple[Tensor, Report]:
        batch = source.draw(count)
        # Early stages carry more of the motion and are drawn more often.
        odds = torch.linspace(1.5, 0.5, model.config.stages - 1)
        stage = 1 + int(torch.multinomial(odds, 1))
        keep = (torch.rand(len(batch.codes)) > 0.2).float()
        loss, hits = stage_loss(model, tokenizer, batch, stage, keep)
        return loss, {"accuracy": hits.item()}

    def validate(averaged: nn.Module) -> Report:
        assert isinstance(averaged, ResidualTransformer)
        report = {}
        for stage in range(1, averaged.config.stages):
            pairs = [
                stage_loss(averaged, tokenizer, b, stage, torch.ones(len(b.codes))) for b in batches
            ]
            report[f"nll_{stage}"] = sum(p[0].item() for p in pairs) / len(pairs)
            report[f"accuracy_{stage}"] = sum(p[1].item() for p in pairs) / len(pairs)
        return report

    config = {"preset": to_json(preset)} | origin
    trained = train(Run(model, batch_loss, validate, out, config), preset.loop)
    save_checkpoint(out / "residual.safetensors", trained.state_dict(), to_json(preset.model))


def main(argv: list[str]) -> int:
    """Run `python -m engine train residual`."""
    parser = argparse.ArgumentParser(prog="python -m engine train residual")
    add_generator_options(parser, sorted(RESIDUAL_PRESETS))
    options = parser.parse_args(argv)
    preset = RESIDUAL_PRESETS[options.preset]
    if options.steps:
        preset = replace(preset, loop=replace(preset.loop, steps=options.steps))
    tokenizer = load_tokenizer(options.tokenizer)
    without = tuple(options.without)
    data = load_data(options.corpus, tokenizer, without, preset.stitched, options.out)
    run_training(preset, tokenizer, data, options.out, {"without": list(without)})
    return 0
