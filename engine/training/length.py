"""Trains the length predictor: `python -m engine train length`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..data.corpus import TRAINING_SPLITS, Corpus, load_corpus, splits_of
from ..data.tokens import encode_texts
from ..motion.skeleton import FPS, FRAMES_PER_STEP
from ..presets import LENGTH_PRESETS, LengthPreset, with_options
from ..shares import mean_of_all, own_rows
from ..text_encoder import TextEncoder, load_text_encoder
from ..transformers.length import LengthConfig, LengthPredictor
from ..transformers.text_tower import with_tower
from .loop import Report
from .networks import data_record, save_network, train_task
from .options import add_tower, check_sentences, chosen_start, tower_of, training_parser
from .starting import begin


def length_rows(
    corpus: Corpus, encoder: TextEncoder, config: LengthConfig
) -> tuple[Tensor, Tensor]:
    """Return sentences (N, D) and length bins (N,) of every caption."""
    captions = [caption for entry in corpus.clips for caption in entry.captions]
    steps = [
        entry.clip.frames // FRAMES_PER_STEP for entry in corpus.clips for _ in entry.captions
    ]
    bins = torch.tensor(steps) // config.bin_steps
    return encode_texts(captions, encoder).sentence, bins.clamp_max(config.classes - 1)


@dataclass(frozen=True, slots=True)
class LengthTask:
    """What the loop asks for; rows are sentences (N, D) with their bins (N,)."""

    model: LengthPredictor
    rows: tuple[Tensor, Tensor]
    held_out: tuple[Tensor, Tensor]

    def batch_loss(self, count: int) -> tuple[Tensor, Report]:
        """Return the loss of random captions."""
        sentences, bins = self.rows
        chosen = torch.randint(len(bins), (count,))
        own, wanted = own_rows((sentences[chosen], bins[chosen]))
        losses = functional.cross_entropy(
            self.model(own), wanted, label_smoothing=0.1, reduction="none"
        )
        return mean_of_all(losses), {}

    def validate(self, averaged: nn.Module) -> Report:
        """Return the likelihood and how far the median is off."""
        sentences, bins = self.held_out
        logits = averaged(sentences)
        middle = (logits.softmax(-1).cumsum(-1) < 0.5).sum(-1)
        steps_off = (middle - bins).abs().float().mean() * self.model.config.bin_steps
        return {
            "nll": functional.cross_entropy(logits, bins).item(),
            "median_error_seconds": steps_off.item() * FRAMES_PER_STEP / FPS,
        }


@dataclass(frozen=True, slots=True)
class LengthSources:
    """What a length predictor learns from."""

    corpus: Path
    without: tuple[str, ...] = ()
    tower: Path | None = None
    """Run of `train text_tower` whose vector stands behind the sentences."""


def run_training(
    preset: LengthPreset, sources: LengthSources, out: Path, init: Path | None = None
) -> None:
    """Train and write `length.safetensors` into `out`; `init` gives the weights to begin with."""
    start = chosen_start(init, "length", preset, LENGTH_PRESETS)
    torch.manual_seed(preset.loop.seed)
    encoder = load_text_encoder("minilm")
    if sources.tower:
        encoder = with_tower(encoder, sources.tower)
    model = LengthPredictor(preset.model)
    begin(model, start)
    rows, held_out = (
        length_rows(load_corpus(sources.corpus, split, sources.without), encoder, preset.model)
        for split in TRAINING_SPLITS
    )
    check_sentences(rows[0].shape[1], preset.model.text_width)
    record = data_record(splits_of(sources.corpus), sources.without, init)
    trained = train_task(LengthTask(model, rows, held_out), preset, out, record)
    save_network(out / "length.safetensors", trained, preset)


def main(argv: list[str]) -> int:
    """Run `python -m engine train length`."""
    parser = training_parser("length", LENGTH_PRESETS, "grid")
    add_tower(parser)
    options = parser.parse_args(argv)
    tower = tower_of(options)
    preset = with_options(LENGTH_PRESETS[options.preset], options.steps, options.init)
    sources = LengthSources(options.corpus, tuple(options.without), tower)
    run_training(preset, sources, options.out, options.init)
    return 0
