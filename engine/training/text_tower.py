"""Trains the text tower against motion: `python -m engine train text_tower`.

Contrastive, on the training split. Each batch holds every clip and its mirror image, and for
each caption that names a direction also the caption that names the opposite one: sides and
directions are what it must tell apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..data.captioned_motion import CaptionedMotion, caption_rows, gather
from ..data.corpus import load_corpus, splits_of
from ..data.directions import contradict
from ..measuring.direction_probe import (
    DirectionPair,
    find_pairs,
    open_probe,
    right_of,
    with_opposites,
)
from ..presets import LoopConfig, with_options
from ..shares import current_share, own_rows, rand_rows
from ..text_encoder import load_text_encoder
from ..transformers.text_tower import FILE_NAME, TowerConfig, Towers
from .loop import Report
from .networks import data_record, save_network, train_task
from .options import training_parser

MOST_SHARPNESS: Final = 3.5
"""Of the logarithm: cosines are multiplied by 33 at most."""


@dataclass(frozen=True, slots=True)
class TowerPreset:
    """A whole training of the towers."""

    model: TowerConfig
    loop: LoopConfig
    cropped: float = 0.3
    """Most of a clip that may be cut away."""

    noise: float = 0.05
    """Of each number, in its standard deviations; the same in all frames of a clip."""

    word_dropout: float = 0.1
    same_above: float = 0.85
    """Cosine of two captions from which on they count as the same, unless their directions
    contradict each other."""


TOWER_PRESETS = {
    "small": TowerPreset(
        TowerConfig(),
        LoopConfig(
            steps=1600, batch=64, learning_rate=6e-4, warmup=100, weight_decay=0.05,
            average_decay=0.998, validate_every=200,
        ),
    ),
    "tiny": TowerPreset(
        TowerConfig(width=16, heads=2, layers=1),
        LoopConfig(steps=3, batch=4, warmup=1, validate_every=2, save_every=2),
    ),
    "smoke": TowerPreset(
        TowerConfig(width=16, heads=2, layers=1, outputs=8),
        LoopConfig(steps=3, batch=4, warmup=1, validate_every=2, save_every=2),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TowerTask:
    """What the loop asks for: a contrastive loss, and the probe of directions on held-out clips."""

    model: Towers
    preset: TowerPreset
    data: CaptionedMotion
    opposites: dict[int, list[int]]
    """For each caption that names directions, the captions with one kind of them exchanged."""

    held_out: CaptionedMotion
    probe: list[DirectionPair]

    def batch_loss(self, count: int) -> tuple[Tensor, Report]:
        """Return the loss of `count` random clips and their mirror images."""
        half = len(self.data.captions) // 2
        drawn = torch.multinomial(self.data.bank.weights[:half], count)
        # Mirrored clips and captions lie behind the others, in the same order.
        clips = torch.stack([drawn, drawn + half], 1).flatten()
        rows = []
        for clip in drawn.tolist():
            choice = int(torch.randint(len(self.data.captions[clip]), ()))
            rows += [self.data.captions[clip][choice], self.data.captions[clip + half][choice]]
        wrong = [self._opposite(row) for row in rows]
        noise = self.preset.noise * self.model.motion.scale.cpu()
        motions = self.model.motion(*own_rows(self.data.crops(clips, self.preset.cropped, noise)))
        texts, others = self._texts(rows), self._texts(wrong)
        scale = self.model.sharpness.clamp_max(MOST_SHARPNESS).exp() / self.model.config.outputs
        own_wrong = current_share().gather(scale * (motions * others).sum(1))
        motions, texts = current_share().gather(motions), current_share().gather(texts)
        has_none = [row == other for row, other in zip(rows, wrong, strict=True)]
        own_wrong = own_wrong.masked_fill(torch.tensor(has_none).to(texts.device), -torch.inf)
        is_same = self._is_same(rows).to(texts.device)
        return _contrast(scale * motions @ texts.T, own_wrong, is_same), {}

    def _opposite(self, row: int) -> int:
        found = self.opposites.get(row, [row])
        return found[int(torch.randint(len(found), ()))]

    def _texts(self, rows: list[int]) -> Tensor:
        sentence, words, mask = own_rows(caption_rows(self.data.texts, rows))
        is_kept = rand_rows(*mask.shape, device=mask.device) > self.preset.word_dropout
        return torch.as_tensor(self.model.text(sentence, words, mask & is_kept))

    def _is_same(self, rows: list[int]) -> Tensor:
        """Return (B, B) True where another caption may well fit: it is then no negative."""
        texts = self.data.texts
        near = texts.sentence[rows] @ texts.sentence[rows].T > self.preset.same_above
        words = [texts.captions[row] for row in rows]
        for i, j in torch.nonzero(near.triu(1)).tolist():
            if contradict(words[i], words[j]):
                near[i, j] = near[j, i] = False
        return near

    @torch.no_grad()
    def validate(self, averaged: nn.Module) -> Report:
        """Return the share of direction pairs of which the right caption is nearer."""
        assert isinstance(averaged, Towers)
        verdicts = [right_of(averaged, self.held_out, pair) for pair in self.probe]
        return {"pairs": sum(verdicts) / len(verdicts)} if verdicts else {}


def _contrast(scores: Tensor, wrong: Tensor, is_same: Tensor) -> Tensor:
    """Return InfoNCE in both directions.

    Args:
        scores: (B, B) of motions and captions.
        wrong: (B,) of each motion and the opposite of its caption; -inf where there is none.
        is_same: (B, B); such pairs off the diagonal count nothing.
    """
    own = torch.eye(len(scores), dtype=torch.bool, device=scores.device)
    scores = scores.masked_fill(is_same & ~own, -torch.inf)
    wanted = torch.arange(len(scores), device=scores.device)
    of_motions = functional.cross_entropy(torch.cat([scores, wrong[:, None]], 1), wanted)
    return 0.5 * (of_motions + functional.cross_entropy(scores.T, wanted))


def prepare(
    preset: TowerPreset, corpus: Path, without: tuple[str, ...], cache: Path
) -> TowerTask:
    """Read the corpus and start towers with its means and scales."""
    torch.manual_seed(preset.loop.seed)
    encoder = load_text_encoder("minilm")
    cache.mkdir(parents=True, exist_ok=True)
    data = gather(
        load_corpus(corpus, "train", without), encoder,
        is_mirrored=True, cache=cache / "captions_train.pt",
    )  # fmt: skip
    held_out = open_probe(load_corpus(corpus, "val", without), encoder)
    texts, opposites = with_opposites(data.texts, encoder)
    data = data.with_texts(texts)
    model = Towers(preset.model)
    model.motion.set_statistics(data.described[::3])
    return TowerTask(model, preset, data, opposites, held_out, find_pairs(held_out))


def main(argv: list[str]) -> int:
    """Run `python -m engine train text_tower`; writes `tower.safetensors`."""
    parser = training_parser("text_tower", TOWER_PRESETS, "small")
    options = parser.parse_args(argv)
    preset = with_options(TOWER_PRESETS[options.preset], options.steps)
    task = prepare(preset, options.corpus, tuple(options.without), options.out)
    record = data_record(splits_of(options.corpus), options.without, None)
    trained = train_task(task, preset, options.out, record)
    save_network(options.out / FILE_NAME, trained, preset)
    return 0
