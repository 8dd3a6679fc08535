"""All clips as feature rows, mirrored ones beside them, and random windows of them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from tqdm import tqdm

from ..features import clip_to_features
from ..motion.skeleton import PARTS
from .corpus import Corpus


@dataclass(frozen=True, slots=True)
class FeatureBank:
    """Feature rows of many clips, one after another."""

    features: Tensor
    """(N, WIDTH)."""

    starts: Tensor
    """(C,) first row of each clip."""

    lengths: Tensor
    """(C,) frames of each clip."""

    has_part: Tensor
    """(C, P) True where the part was captured."""

    weights: Tensor
    """(C,) how often a clip is drawn, relative to its length."""


@dataclass(frozen=True, slots=True)
class WindowBatch:
    """Windows of equal length."""

    features: Tensor
    """(B, T, WIDTH); short clips repeat their last frame."""

    is_real: Tensor
    """(B, T) False in the repeated frames."""

    has_part: Tensor
    """(B, P)."""


def build_bank(corpus: Corpus, is_mirrored: bool = True) -> FeatureBank:
    """Turn a corpus into feature rows; mirrored clips follow the others, in the same order."""
    rows, has_part, weights = [], [], []
    clips = corpus.clips
    for mirror in (False, True) if is_mirrored else (False,):
        for entry in tqdm(clips, desc="features", mininterval=2, leave=False):
            clip = entry.clip.mirrored() if mirror else entry.clip
            rows.append(clip_to_features(clip)[0])
            parts = [_mirrored_part(part) for part in entry.parts] if mirror else entry.parts
            has_part.append([part in parts for part in PARTS])
            weights.append(_draw_weight(entry.captions))
    lengths = torch.tensor([len(row) for row in rows])
    return FeatureBank(
        torch.cat(rows),
        torch.cat([torch.zeros(1, dtype=torch.long), lengths.cumsum(0)[:-1]]),
        lengths,
        torch.tensor(has_part),
        torch.tensor(weights),
    )


def _mirrored_part(part: str) -> str:
    return {"LEFT_ARM": "RIGHT_ARM", "RIGHT_ARM": "LEFT_ARM"}.get(part, part)


def _draw_weight(captions: tuple[str, ...]) -> float:
    """Salsa is a tenth of the corpus and would be a tenth of what the model can do."""
    return 0.35 if any("salsa" in caption for caption in captions) else 1.0


def draw_windows(bank: FeatureBank, count: int, frames: int) -> WindowBatch:
    """Draw random windows, clips in proportion to their length (torch's global generator)."""
    mass = bank.weights * bank.lengths.clamp_min(frames)
    clips = torch.multinomial(mass.double(), count, replacement=True)
    slack = (bank.lengths[clips] - frames).clamp_min(0)
    begin = (torch.rand(count) * (slack + 1)).long()
    offsets = torch.arange(frames)[None] + begin[:, None]  # (B, T)
    is_real = offsets < bank.lengths[clips][:, None]
    rows = bank.starts[clips][:, None] + torch.minimum(offsets, bank.lengths[clips][:, None] - 1)
    return WindowBatch(bank.features[rows], is_real, bank.has_part[clips])


def whole_steps(features: Tensor, frames_per_step: int) -> Tensor:
    """Return (T', width): the last frame repeated until whole token steps are full."""
    missing = -len(features) % frames_per_step
    return torch.cat([features, features[-1:].expand(missing, -1)]) if missing else features


