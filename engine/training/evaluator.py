"""Trains the text-motion evaluator: `python -m engine train evaluator`."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..checkpoint import save_checkpoint
from ..config import to_json
from ..data.captioned_motion import CaptionedMotion, caption_rows, gather
from ..data.corpus import load_corpus, splits_of
from ..measuring.evaluator import FILE_NAME, EvaluatorConfig, MotionTextEvaluator
from ..measuring.metrics import Array, MetricError, draw_pool, r_precision
from ..presets import LoopConfig, with_options
from ..shares import current_share, own_rows, rand_rows
from ..text_encoder import load_text_encoder
from .distributed import write_once
from .loop import Report, Run, train
from .starting import run_record

MOST_SHARPNESS: Final = 3.5
"""Of the logarithm: cosines are multiplied by 33 at most."""

POOLS: Final = 100
"""Pools of 32 that validation ranks."""

VALIDATION_SEED: Final = 20240


@dataclass(frozen=True, slots=True)
class EvaluatorPreset:
    """A whole training of the text-motion evaluator."""

    model: EvaluatorConfig = field(default_factory=EvaluatorConfig)
    loop: LoopConfig = field(default_factory=LoopConfig)
    cropped: float = 0.3
    """Most of a clip that may be cut away."""

    noise: float = 0.05
    """Of each number, in its standard deviations; the same in all frames of a clip."""

    word_dropout: float = 0.15
    same_above: float = 0.85
    """Cosine of two captions from which on they count as the same."""


EVALUATOR_PRESETS = {
    "small": EvaluatorPreset(
        loop=LoopConfig(
            steps=1500, batch=128, learning_rate=1e-3, warmup=100, weight_decay=0.05,
            average_decay=0.998, validate_every=150,
        )
    ),
    "smoke": EvaluatorPreset(
        model=EvaluatorConfig(width=16, outputs=8),
        loop=LoopConfig(steps=3, batch=4, warmup=1, validate_every=2, save_every=2),
    ),
}


@dataclass(frozen=True, slots=True)
class EvaluatorTask:
    """What the loop asks for: a contrastive loss, and retrieval on the held-out clips."""

    model: MotionTextEvaluator
    preset: EvaluatorPreset
    data: CaptionedMotion
    held_out: CaptionedMotion

    def batch_loss(self, count: int) -> tuple[Tensor, Report]:
        """Return the loss of random clips, each with one of its captions."""
        clips = torch.multinomial(self.data.bank.weights, count)
        rows = [self._caption(int(clip)) for clip in clips]
        scale = self.preset.noise * self.model.scale[: self.data.described.shape[1]]
        described, lengths = own_rows(self.data.crops(clips, self.preset.cropped, scale))
        motions = self.model.motion(described, lengths)
        captions = caption_rows(self.data.texts, rows)
        is_same = self._is_same(clips, captions[0])
        sentence, words, mask = own_rows(captions)
        is_kept = rand_rows(*mask.shape, device=mask.device) > self.preset.word_dropout
        texts = self.model.text(sentence, words, mask & is_kept)
        # Every clip of the batch is told apart from every other one, whoever computed it.
        motions, texts = current_share().gather(motions), current_share().gather(texts)
        cosine = motions @ texts.T / self.model.config.outputs
        scores = cosine * self.model.sharpness.clamp_max(MOST_SHARPNESS).exp()
        return _contrast(scores, is_same.to(scores.device)), {}

    def _caption(self, clip: int) -> int:
        rows = self.data.captions[clip]
        return rows[int(torch.randint(len(rows), ()))]

    def _is_same(self, clips: Tensor, sentence: Tensor) -> Tensor:
        """Return (B, B) True where another caption may well fit: it is then no negative.

        Captions that say nearly the same (TMR, section 3.2), and clips of one recording.
        """
        names = [self.data.groups[int(clip)] for clip in clips]
        numbers = torch.tensor([names.index(name) for name in names])
        near = sentence @ sentence.T > self.preset.same_above
        return near | (numbers[:, None] == numbers[None])

    @torch.no_grad()
    def validate(self, averaged: nn.Module) -> Report:
        """Return R-precision at 1, 2, 3 in fixed pools of 32 held-out clips.

        Nothing where the split holds too few groups or captions for a pool.
        """
        assert isinstance(averaged, MotionTextEvaluator)
        rng = np.random.default_rng(VALIDATION_SEED)
        data = self.held_out
        words = [[data.texts.captions[row] for row in rows] for rows in data.captions]
        try:
            pools = [draw_pool(data.groups, words, rng) for _ in range(POOLS)]
        except MetricError:
            return {}
        motions = embed_bank(averaged, data)
        shares = []
        for pool in pools:
            chosen = [rows[rng.integers(len(rows))] for rows in data.captions]
            texts = averaged.text(*caption_rows(data.texts, chosen)).double().numpy()
            shares.append(r_precision(texts, motions, [pool]))
        return {f"r{k + 1}": float(value) for k, value in enumerate(np.mean(shares, 0))}


def embed_bank(model: MotionTextEvaluator, data: CaptionedMotion) -> Array:
    """Return (C, D) vectors of whole clips."""
    rows = []
    for start, length in zip(data.bank.starts.tolist(), data.bank.lengths.tolist(), strict=True):
        clip = data.described[None, start : start + length]
        rows.append(model.motion(clip, torch.tensor([length])))
    return np.asarray(torch.cat(rows).double().numpy())


def _contrast(scores: Tensor, is_same: Tensor) -> Tensor:
    """Return InfoNCE in both directions; `is_same` pairs off the diagonal count nothing."""
    own = torch.eye(len(scores), dtype=torch.bool, device=scores.device)
    scores = scores.masked_fill(is_same & ~own, -torch.inf)
    wanted = torch.arange(len(scores), device=scores.device)
    both = [functional.cross_entropy(rows, wanted) for rows in (scores, scores.T)]
    return torch.stack(both).mean()


def prepare(
    preset: EvaluatorPreset, corpus: Path, without: tuple[str, ...], cache: Path
) -> EvaluatorTask:
    """Read the corpus and start an evaluator with its means and scales."""
    torch.manual_seed(preset.loop.seed)
    encoder = load_text_encoder("minilm")
    cache.mkdir(parents=True, exist_ok=True)
    data = gather(
        load_corpus(corpus, "train", without), encoder,
        is_mirrored=True, cache=cache / "captions_train.pt",
    )  # fmt: skip
    held_out = gather(
        load_corpus(corpus, "val", without), encoder,
        is_mirrored=False, cache=cache / "captions_val.pt",
    )  # fmt: skip
    model = MotionTextEvaluator(preset.model)
    rows = [
        model.inputs(data.described[None, start : start + length])[0]
        for start, length in zip(data.bank.starts, data.bank.lengths, strict=True)
    ]
    model.set_statistics(torch.cat(rows[::3]))
    return EvaluatorTask(model, preset, data, held_out)


def main(argv: list[str]) -> int:
    """Run `python -m engine train evaluator`; writes `evaluator.safetensors`."""
    parser = argparse.ArgumentParser(prog="python -m engine train evaluator")
    parser.add_argument("--preset", choices=sorted(EVALUATOR_PRESETS), default="small")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--without", action="append", default=[], metavar="SUBSTRING")
    parser.add_argument("--steps", type=int, help="instead of the preset's number of steps")
    options = parser.parse_args(argv)
    preset = with_options(EVALUATOR_PRESETS[options.preset], options.steps)
    task = prepare(preset, options.corpus, tuple(options.without), options.out)
    record = run_record(splits_of(options.corpus), None)
    config = {"preset": to_json(preset), "without": options.without} | record
    run = Run(task.model, task.batch_loss, task.validate, options.out, config)
    trained = train(run, preset.loop)
    path, described = options.out / FILE_NAME, to_json(preset.model)
    write_once(lambda: save_checkpoint(path, trained.state_dict(), described))
    return 0
