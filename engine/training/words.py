"""Trains MMM's masked transformer, or its upper-body one: `python -m engine train words`."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..checkpoint import save_checkpoint
from ..config import to_json
from ..data.body_codes import CodeBank, CodeBatch, all_codes, draw_codes
from ..transformers.masked_words import WordsMasked
from .body_codes import check_sizes, load_codes, read_options
from .loop import Report, Run, train
from .presets import with_steps
from .system_presets import WORDS_PRESETS, WordsPreset

VALIDATION_SEED = 20240


@dataclass(frozen=True, slots=True)
class MaskedCodes:
    """What the network is shown, and where it must answer."""

    shown: Tensor
    """(B, S) codes, the mask code where hidden, some of the others random."""
    teaches: Tensor
    """(B, S) True at hidden steps."""
    lower: Tensor | None
    """(B, S) the lower body's codes, some hidden; None for the whole body."""


def mask_codes(preset: WordsPreset, batch: CodeBatch, model: WordsMasked) -> MaskedCodes:
    """Hide a random share of each clip's steps, at least one, and corrupt what is shown."""
    codes, is_step = batch.codes[:, :, -1, 0], batch.is_step
    lengths = is_step.sum(1, keepdim=True)
    share = preset.least_masked + (1 - preset.least_masked) * torch.rand(len(codes), 1)
    rank = torch.rand(codes.shape).masked_fill(~is_step, 2.0).argsort(1).argsort(1)
    hidden = (rank < (share * lengths).ceil()) & is_step
    wrong = torch.rand(codes.shape) < preset.randomised
    shown = torch.where(wrong, torch.randint_like(codes, model.config.codebook_size), codes)
    lower = None
    if model.config.has_lower:
        # Only as a condition: what is made is decoded with the original codes.
        gone = torch.rand(codes.shape) < preset.lower_hidden * torch.rand(len(codes), 1)
        lower = batch.codes[:, :, 0, 0].masked_fill(gone, model.mask_code)
    return MaskedCodes(shown.masked_fill(hidden, model.mask_code), hidden, lower)


def words_loss(
    model: WordsMasked, preset: WordsPreset, batch: CodeBatch
) -> tuple[Tensor, Report]:
    """Return the negative log-likelihood of the hidden steps, nats a code, and the accuracy."""
    masked, condition = mask_codes(preset, batch, model), batch.condition
    if model.training:
        condition = condition.dropped(torch.rand(len(batch.codes)) >= preset.without_text)
    logits = model(masked.shown, batch.is_step, condition, masked.lower)[masked.teaches]
    wanted = batch.codes[:, :, -1, 0][masked.teaches]
    loss = functional.cross_entropy(logits, wanted)
    hits = (logits.argmax(-1) == wanted).float().mean()
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
        return words_loss(self.model, self.preset, draw_codes(self.bank, count))

    def validate(self, averaged: nn.Module) -> Report:
        """Measure the averaged model with fixed masks."""
        assert isinstance(averaged, WordsMasked)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(VALIDATION_SEED)
            reports = [words_loss(averaged, self.preset, batch)[1] for batch in self.held_out]
        return {name: sum(r[name] for r in reports) / len(reports) for name in reports[0]}


def main(argv: list[str]) -> int:
    """Run `python -m engine train words`; writes `masked` or `upper`.safetensors."""
    options = read_options("words", sorted(WORDS_PRESETS), argv)
    preset = with_steps(WORDS_PRESETS[options.preset], options.steps)
    is_upper = preset.model.has_lower
    data = load_codes(options, of_halves=is_upper)
    sizes = data.tokenizer.stages, data.tokenizer.codebook_size
    check_sizes(sizes, (1, preset.model.codebook_size), options.tokenizer)
    torch.manual_seed(preset.loop.seed)
    model = WordsMasked(preset.model)
    task = WordsTask(model, preset, data.train, all_codes(data.held_out))
    config = {"preset": to_json(preset), "without": options.without}
    run = Run(model, task.batch_loss, task.validate, options.out, config)
    trained = train(run, preset.loop)
    name = "upper" if is_upper else "masked"
    save_checkpoint(
        options.out / f"{name}.safetensors", trained.state_dict(), to_json(preset.model)
    )
    return 0
