"""Trains T2M-HiFiGPT's double-tier GPT: `python -m engine train gpt`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from ...data.body_codes import CodeBank, CodeBatch, all_codes, draw_codes
from ...presets import with_options
from ...shares import own_rows, rand_rows
from ...systems.hifigpt.presets import GPT_PRESETS, GptPreset
from ...transformers.double_tier import DoubleTierGpt, corrupt, likelihood_loss
from ..loop import Record, Report, mean_report
from ..networks import data_record
from ..options import chosen_start
from ..starting import Start, begin
from .codes import CodeData, check_sizes, load_codes, read_options, train_network


def gpt_loss(model: DoubleTierGpt, preset: GptPreset, batch: CodeBatch) -> tuple[Tensor, Report]:
    """Return the negative log-likelihood of codes and ends, nats a code.

    While training, the temporal tier sees a random share of the steps corrupted, as in use it
    sees its own mistakes; some clips have no text, for guidance.
    """
    codes = batch.codes[:, :, 0]
    has_text, seen = batch.condition.word_mask.any(1), codes
    if model.training:
        drawn = rand_rows(len(codes), device=codes.device)
        has_text = has_text & (drawn >= preset.without_text)
        share = preset.corrupted * float(torch.rand(()))
        seen = corrupt(codes, share, model.config.codebook_size, preset.corruption)
    logits = model(codes, batch.condition.sentence, has_text, seen)
    loss = likelihood_loss(logits, codes, batch.is_step.sum(1), model.end_code)
    real = batch.is_step
    base = likelihood_loss(logits[:, :, :1], codes[..., :1], real.sum(1), model.end_code)
    return loss, {"nll": loss.item(), "nll_base": base.item()}


@dataclass(frozen=True, slots=True)
class GptTask:
    """What the loop asks for: losses on drawn clips, likelihoods on the held-out ones."""

    model: DoubleTierGpt
    preset: GptPreset
    bank: CodeBank
    held_out: list[CodeBatch]

    def batch_loss(self, count: int) -> tuple[Tensor, Report]:
        """Return the loss of a fresh batch."""
        return gpt_loss(self.model, self.preset, own_rows(draw_codes(self.bank, count)))

    def validate(self, averaged: nn.Module) -> Report:
        """Measure the averaged model on codes that nothing corrupts."""
        assert isinstance(averaged, DoubleTierGpt)
        reports = [gpt_loss(averaged, self.preset, batch)[1] for batch in self.held_out]
        return mean_report(reports)


def train_gpt(
    preset: GptPreset, data: CodeData, out: Path, start: Start | None, record: Record
) -> GptTask:
    """Train on codes, write `gpt.safetensors`, and return the trained task.

    Args:
        preset: what to train.
        data: codes of the preset's sizes.
        out: folder of the run.
        start: weights to begin with; None for random ones.
        record: what else the run's configuration says.
    """
    torch.manual_seed(preset.loop.seed)
    model = DoubleTierGpt(preset.model)
    begin(model, start)
    task = GptTask(model, preset, data.train, all_codes(data.held_out))
    trained = train_network(task, out, "gpt", record)
    assert isinstance(trained, DoubleTierGpt)
    return replace(task, model=trained)


def main(argv: list[str]) -> int:
    """Run `python -m engine train gpt`; writes `gpt.safetensors`."""
    options = read_options("gpt", GPT_PRESETS, argv)
    preset = with_options(GPT_PRESETS[options.preset], options.steps, options.init)
    start = chosen_start(options.init, "gpt", preset, GPT_PRESETS)
    data = load_codes(options, of_halves=False)
    codes = preset.model.stages, preset.model.codebook_size
    check_sizes(data, codes, preset.model.text_width, options.tokenizer)
    record = data_record(data.splits, options.without, options.init)
    train_gpt(preset, data, options.out, start, record)
    return 0
