"""Trains the published systems' tokenizers: `python -m engine train body_tokenizer`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from ...data.corpus import load_corpus, splits_of, whole_body
from ...data.windows import FeatureBank, build_bank, draw_windows
from ...measuring.reconstruction import reconstruction_errors
from ...motion.skeleton import PARTS
from ...presets import BodyTokenizerPreset, with_options
from ...shares import own_rows
from ...systems.registry import presets_of
from ...tokenizer.factorized_codebook import FactorizedQuantizer
from ...tokenizer.grid import reach_of
from ...tokenizer.halves import LOWER_WIDTH, HalvesConfig, HalvesTokenizer
from ...tokenizer.rvq_vae import RvqVae, RvqVaeConfig
from ..distributed import join_processes
from ..loop import Report
from ..networks import data_record, save_network, train_task
from ..options import chosen_start, training_parser
from ..refit import ROUNDS, move_entries, nearest_codes
from ..starting import Start, begin
from .losses import body_losses

BodyTokenizer = RvqVae | HalvesTokenizer

FILE_NAMES: Final = {RvqVae: "tokenizer", HalvesTokenizer: "halves"}


def build_tokenizer(config: RvqVaeConfig | HalvesConfig) -> BodyTokenizer:
    """Return the tokenizer that a config describes."""
    return HalvesTokenizer(config) if isinstance(config, HalvesConfig) else RvqVae(config)


@dataclass(frozen=True, slots=True)
class BodyTokenizerTask:
    """What the loop asks for: losses on windows of the bank, errors on the held-out clips."""

    model: BodyTokenizer
    preset: BodyTokenizerPreset
    bank: FeatureBank
    held_out: FeatureBank

    def batch_loss(self, count: int) -> tuple[Tensor, Report]:
        """Return the loss of a fresh batch."""
        windows = own_rows(draw_windows(self.bank, count, self.preset.frames))
        return body_losses(self.model, windows, self.preset.losses)

    def validate(self, averaged: nn.Module) -> Report:
        """Measure the averaged model."""
        assert isinstance(averaged, RvqVae | HalvesTokenizer)
        return reconstruction_errors(averaged, self.held_out)


def prepare(
    preset: BodyTokenizerPreset, corpus: Path, without: tuple[str, ...]
) -> BodyTokenizerTask:
    """Read the clips of whole bodies and start a tokenizer with their means and spreads."""
    torch.manual_seed(preset.loop.seed)
    bank = build_bank(whole_body(load_corpus(corpus, "train", without)))
    held_out = build_bank(whole_body(load_corpus(corpus, "val", without)), is_mirrored=False)
    model = build_tokenizer(preset.model)
    model.set_statistics(bank.features)
    start_linear(model, bank)
    return BodyTokenizerTask(model, preset, bank, held_out)


@torch.no_grad()
def start_linear(model: BodyTokenizer, bank: FeatureBank) -> None:
    """Start the tokenizers that have a linear path as principal components.

    Each number then counts by how many decimetres it moves the body.
    """
    reach = torch.cat([reach_of(part) for part in PARTS])
    windows = draw_windows(bank, 2000, 32).features
    for own, columns in parts_of(model):
        if own.config.starts_linear:
            own.spread.copy_(1.0 / reach[columns])
            own.start_linear(windows[..., columns])


def parts_of(model: BodyTokenizer) -> list[tuple[RvqVae, slice]]:
    """Return the tokenizers in a tokenizer and the columns of the features that each reads."""
    if isinstance(model, HalvesTokenizer):
        halves = slice(0, LOWER_WIDTH), slice(LOWER_WIDTH, None)
        return [(model.lower, halves[0]), (model.upper, halves[1])]
    return [(model, slice(None))]


@torch.no_grad()
def refit_body(model: BodyTokenizer, bank: FeatureBank) -> None:
    """Put every entry in the middle of the vectors of the whole split that choose it."""
    torch.manual_seed(0)
    for own, columns in parts_of(model):
        _refit(own, bank, columns)


def _refit(model: RvqVae, bank: FeatureBank, columns: slice) -> None:
    rows = []
    for start, length in zip(bank.starts.tolist(), bank.lengths.tolist(), strict=True):
        whole = length - length % model.frames_per_step
        if whole:
            clip = bank.features[None, start : start + whole, columns]
            rows.append(model.vectors(model.normalised(clip))[0])
    vectors = torch.cat(rows)
    quantizer = model.quantizer
    if isinstance(quantizer, FactorizedQuantizer):
        low = quantizer.down(vectors)
        for _ in range(ROUNDS):
            move_entries(quantizer.book, low)
        return
    if quantizer.config.is_shared:
        # One table for all stages: its entries serve what each stage in turn is given.
        for _ in range(ROUNDS):
            left, given = vectors, []
            for stage in range(model.stages):
                given.append(left)
                left = left - quantizer.book(stage).look_up(
                    nearest_codes(quantizer.book(stage), left)
                )
            move_entries(quantizer.book(0), torch.cat(given))
        return
    for stage in range(model.stages):
        for _ in range(ROUNDS):
            move_entries(quantizer.book(stage), vectors)
        chosen = nearest_codes(quantizer.book(stage), vectors)
        vectors = vectors - quantizer.book(stage).look_up(chosen)


@torch.no_grad()
def codes_in_use(model: BodyTokenizer, bank: FeatureBank) -> list[list[float]]:
    """Return the share of each part's and stage's codes that the bank's clips use."""
    seen = torch.zeros(len(model.parts), model.stages, model.codebook_size)
    for start, length in zip(bank.starts.tolist(), bank.lengths.tolist(), strict=True):
        whole = length - length % model.frames_per_step
        if whole == 0:
            continue
        codes = model.encode(bank.features[None, start : start + whole])[0]
        for part in range(codes.shape[1]):
            for stage in range(codes.shape[2]):
                seen[part, stage, codes[:, part, stage]] = 1.0
    return [[float(share) for share in part] for part in seen.mean(-1)]


def train_body(
    preset: BodyTokenizerPreset,
    corpus: Path,
    without: list[str],
    out: Path,
    init: Path | None = None,
) -> BodyTokenizerTask:
    """Train a tokenizer, write it into `out`, and return the task with the trained model."""
    start = read_body_start(init, preset)
    task = prepare(preset, corpus, tuple(without))
    begin(task.model, start)
    trained = train_task(task, preset, out, data_record(splits_of(corpus), without, init))
    assert isinstance(trained, RvqVae | HalvesTokenizer)
    refit_body(trained, task.bank)
    save_network(out / f"{FILE_NAMES[type(trained)]}.safetensors", trained, preset)
    return replace(task, model=trained)


def read_body_start(init: Path | None, preset: BodyTokenizerPreset) -> Start | None:
    """Read the weights that a tokenizer is to begin with, those of its own preset."""
    name = "halves" if isinstance(preset.model, HalvesConfig) else "tokenizer"
    return chosen_start(init, name, preset, presets_of("body_tokenizer"))


def main(argv: list[str]) -> int:
    """Run `python -m engine train body_tokenizer`; writes `tokenizer` or `halves`.safetensors."""
    presets = presets_of("body_tokenizer")
    options = training_parser("body_tokenizer", presets).parse_args(argv)
    preset = with_options(presets[options.preset], options.steps, options.init)
    task = train_body(preset, options.corpus, options.without, options.out, options.init)
    if join_processes().index > 0:
        return 0
    print({**task.validate(task.model), "codes_in_use": codes_in_use(task.model, task.bank)})
    return 0
