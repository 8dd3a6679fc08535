"""Trains the length predictor: `python -m engine train length`."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..checkpoint import save_checkpoint
from ..config import to_json
from ..data.corpus import Corpus, load_corpus
from ..data.tokens import encode_texts
from ..motion.skeleton import FPS, FRAMES_PER_STEP
from ..text_encoder import TextEncoder, load_text_encoder
from ..transformers.length import LengthConfig, LengthPredictor
from .loop import Report, Run, train
from .presets import LENGTH_PRESETS, LengthPreset


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


def run_training(preset: LengthPreset, corpus: Path, without: tuple[str, ...], out: Path) -> None:
    """Train and write `length.safetensors` into `out`."""
    torch.manual_seed(preset.loop.seed)
    encoder = load_text_encoder("minilm")
    sentences, bins = length_rows(load_corpus(corpus, "train", without), encoder, preset.model)
    held_out = length_rows(load_corpus(corpus, "val", without), encoder, preset.model)
    model = LengthPredictor(preset.model)

    def batch_loss(count: int) -> tuple[Tensor, Report]:
        rows = torch.randint(len(bins), (count,))
        loss = functional.cross_entropy(model(sentences[rows]), bins[rows], label_smoothing=0.1)
        return loss, {}

    def validate(averaged: nn.Module) -> Report:
        logits = averaged(held_out[0])
        middle = (logits.softmax(-1).cumsum(-1) < 0.5).sum(-1)
        error = (middle - held_out[1]).abs().float().mean() * preset.model.bin_steps
        return {
            "nll": functional.cross_entropy(logits, held_out[1]).item(),
            "median_error_seconds": error.item() * FRAMES_PER_STEP / FPS,
        }

    config = {"preset": to_json(preset), "without": list(without)}
    trained = train(Run(model, batch_loss, validate, out, config), preset.loop)
    save_checkpoint(out / "length.safetensors", trained.state_dict(), to_json(preset.model))


def main(argv: list[str]) -> int:
    """Run `python -m engine train length`."""
    parser = argparse.ArgumentParser(prog="python -m engine train length")
    parser.add_argument("--preset", choices=sorted(LENGTH_PRESETS), default="grid")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--without", action="append", default=[], metavar="SUBSTRING")
    parser.add_argument("--steps", type=int, help="instead of the preset's number of steps")
    options = parser.parse_args(argv)
    preset = LENGTH_PRESETS[options.preset]
    if options.steps:
        preset = replace(preset, loop=replace(preset.loop, steps=options.steps))
    run_training(preset, options.corpus, tuple(options.without), options.out)
    return 0
