"""Trains MMM's masked transformer, or its upper-body one: `python -m engine train words`."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...data.body_codes import CodeBank, CodeBatch, all_codes, draw_codes
from ...presets import with_options
from ...shares import mean_of_all, own_rows, rand_rows, randint_rows
from ...systems.mmm.presets import WORDS_PRESETS, MaskSchedule, WordsPreset
from ...transformers.masked_words import WordsMasked
from ..loop import Record, Report, mean_report
from ..networks import data_record
from ..options import chosen_start
from ..starting import Start, begin
from .codes import CodeData, check_sizes, load_codes, read_options, train_network

VALIDATION_SEED = 20240


@dataclass(frozen=True, slots=True)
class MaskedCodes:
    """The network's inputs, and the steps at which the loss counts."""

    shown: Tensor
    """(B, S) codes, the mask code where hidden, some of the others random."""
    teaches: Tensor
    """(B, S) True at hidden steps."""
    lower: Tensor | None
    """(B, S) the lower body's codes, some hidden; None for the whole body."""


def mask_codes(preset: WordsPreset, batch: CodeBatch, model: WordsMasked) -> MaskedCodes:
    """Hide a random share of each clip's steps, at least one, and corrupt what is shown."""
    codes, is_step, place = batch.codes[:, :, -1, 0], batch.is_step, batch.codes.device
    lengths = is_step.sum(1, keepdim=True)
    drawn = scheduled(rand_rows(len(codes), 1, device=place), preset.schedule)
    share = preset.least_masked + (1 - preset.least_masked) * drawn
    rank = rand_rows(*codes.shape, device=place).masked_fill(~is_step, 2.0).argsort(1).argsort(1)
    hidden = (rank < (share * lengths).ceil()) & is_step
    wrong = rand_rows(*codes.shape, device=place) < preset.randomised
    anything = randint_rows(model.config.codebook_size, *codes.shape, device=place)
    shown = torch.where(wrong, anything, codes)
    lower = None
    if model.config.has_lower:
        # Only as a condition: what is made is decoded with the original codes.
        drawn = rand_rows(*codes.shape, device=place)
        gone = drawn < preset.lower_hidden * rand_rows(len(codes), 1, device=place)
        lower = batch.codes[:, :, 0, 0].masked_fill(gone, model.mask_code)
    return MaskedCodes(shown.masked_fill(hidden, model.mask_code), hidden, lower)


def scheduled(even: Tensor, schedule: MaskSchedule) -> Tensor:
    """Return numbers in [0, 1], drawn evenly, as a schedule spreads them."""
    if schedule == "cosine":
        return torch.cos(even * math.pi / 2)
    return even.sqrt() if schedule == "root" else even


def words_loss(
    model: WordsMasked, preset: WordsPreset, batch: CodeBatch
) -> tuple[Tensor, Report]:
    """Return the negative log-likelihood of the hidden steps, nats a code, and the accuracy."""
    masked, condition = mask_codes(preset, batch, model), batch.condition
    if model.training:
        drawn = rand_rows(len(batch.codes), device=batch.codes.device)
        condition = condition.dropped(drawn >= preset.without_text)
    logits = model(masked.shown, batch.is_step, condition, masked.lower)[masked.teaches]
    wanted = batch.codes[:, :, -1, 0][masked.teaches]
    loss = mean_of_all(functional.cross_entropy(logits, wanted, reduction="none"))
    hits = mean_of_all((logits.argmax(-1) == wanted).float())
    return loss, {"nll": loss.item(), "accuracy": hits.item()}


@dataclass(frozen=True, slots=True)
class WordsTask:
    """What the loop asks for: losses on drawn clips, likelihoods on the held-out ones."""

    model: WordsMasked
    preset: WordsPreset
    bank: CodeBank
    held_out: list[CodeBatch]

    def batch_loss(self, count: int) -> tuple[Tensor, Report]:
        """Return the loss of a fresh batch."""
        return words_loss(self.model, self.preset, own_rows(draw_codes(self.bank, count)))

    def validate(self, averaged: nn.Module) -> Report:
        """Measure the averaged model with fixed masks."""
        assert isinstance(averaged, WordsMasked)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(VALIDATION_SEED)
            reports = [words_loss(averaged, self.preset, batch)[1] for batch in self.held_out]
        return mean_report(reports)


def train_words(
    preset: WordsPreset, data: CodeData, out: Path, start: Start | None, record: Record
) -> WordsTask:
    """Train on codes, write `masked` or `upper`.safetensors, and return the trained task.

    Args:
        preset: what to train.
        data: codes of the preset's sizes.
        out: folder of the run.
        start: weights to begin with; None for random ones.
        record: what else the run's configuration says.
    """
    torch.manual_seed(preset.loop.seed)
    model = WordsMasked(preset.model)
    begin(model, start)
    task = WordsTask(model, preset, data.train, all_codes(data.held_out))
    trained = train_network(task, out, name_of(preset), record)
    assert isinstance(trained, WordsMasked)
    return replace(task, model=trained)


def name_of(preset: WordsPreset) -> str:
    """Return the name of the file that a training writes."""
    return "upper" if preset.model.has_lower else "masked"


def main(argv: list[str]) -> int:
    """Run `python -m engine train words`; writes `masked` or `upper`.safetensors."""
    options = read_options("words", WORDS_PRESETS, argv)
    preset = with_options(WORDS_PRESETS[options.preset], options.steps, options.init)
    start = chosen_start(options.init, name_of(preset), preset, WORDS_PRESETS)
    data = load_codes(options, of_halves=preset.model.has_lower)
    check_sizes(
        data, (1, preset.model.codebook_size), preset.model.sentence_width, options.tokenizer
    )
    record = data_record(data.splits, options.without, options.init)
    train_words(preset, data, options.out, start, record)
    return 0
