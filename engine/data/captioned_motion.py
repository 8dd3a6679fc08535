"""Whole clips with their captions as vectors: what contrastive networks learn from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from ..features import describe
from ..text_encoder import TextEncoder
from .corpus import Corpus, whole_body
from .tokens import TextBank, encode_texts, index_captions, pad_words
from .windows import FeatureBank, build_bank

SHORTEST_FRAMES: Final = 24
"""Clips are not cropped below it."""


@dataclass(frozen=True, slots=True)
class CaptionedMotion:
    """Whole clips with their captions as vectors."""

    described: Tensor
    """(N, DESCRIBED_WIDTH) frames of all clips, one clip after another."""

    bank: FeatureBank
    captions: list[list[int]]
    """C times indices into the texts."""
    texts: TextBank
    groups: list[str]

    def with_texts(self, texts: TextBank) -> CaptionedMotion:
        """Return the same motion with other texts, of which the old ones are the first."""
        return replace(self, texts=texts)

    def crops(self, clips: Tensor, cropped: float, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return frames (B, T, DESCRIBED_WIDTH) and lengths (B,): most of each clip.

        Args:
            clips: (B,).
            cropped: most of a clip that is cut away.
            noise: (DESCRIBED_WIDTH,) deviations; what is added is the same in all frames of a clip.
        """
        whole = self.bank.lengths[clips]
        share = 1 - cropped * torch.rand(len(clips))
        lengths = torch.minimum(whole, (whole * share).long().clamp_min(SHORTEST_FRAMES))
        begin = (torch.rand(len(clips)) * (whole - lengths + 1)).long() + self.bank.starts[clips]
        rows = torch.arange(int(lengths.max()))[None]
        rows = torch.minimum(rows, lengths[:, None] - 1) + begin[:, None]
        described = self.described[rows]
        return described + torch.randn_like(described[:, :1]) * noise, lengths


def gather(
    corpus: Corpus, encoder: TextEncoder, *, is_mirrored: bool, cache: Path | None = None
) -> CaptionedMotion:
    """Encode a corpus; mirrored clips, with mirrored words, follow the others."""
    corpus = whole_body(corpus)
    bank = build_bank(corpus, is_mirrored)
    texts, captions = index_captions(corpus, is_mirrored)
    described = torch.cat([describe(rows) for rows in bank.features.split(4096)])
    groups = [entry.group for entry in corpus.clips]
    return CaptionedMotion(
        described, bank, captions, encode_texts(texts, encoder, cache),
        groups * 2 if is_mirrored else groups,
    )  # fmt: skip


def caption_rows(texts: TextBank, rows: list[int]) -> tuple[Tensor, Tensor, Tensor]:
    """Return sentences (B, D), words (B, W, D) and their mask (B, W) of captions."""
    words, mask = pad_words([texts.words[row] for row in rows], texts.sentence.shape[1])
    return texts.sentence[rows], words, mask
