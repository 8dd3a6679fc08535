"""Whole clips as codes of the published tokenizers, with captions: batches for their generators."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from ..text_encoder import TextEncoder
from ..tokenizer.contract import Tokenizer
from ..transformers.masked_words import TextCondition
from .corpus import Corpus, whole_body
from .tokens import TextBank, encode_texts, index_captions, pad_words
from .windows import build_bank, whole_steps

POOL: Final = 8
"""Batches drawn at a time; the clips of one pool are sorted by length."""

CROPPED: Final = 0.3
"""Share of the clips that lack some of their first steps."""


@dataclass(frozen=True, slots=True)
class CodeBank:
    """Codes of all clips, and of their mirror images behind them, with captions."""

    codes: list[Tensor]
    """C times (S, P, Q) int64."""
    captions: list[list[int]]
    """C times indices into the texts."""
    texts: TextBank
    weights: Tensor
    """(C,) how often a clip is drawn."""


@dataclass(frozen=True, slots=True)
class CodeBatch:
    """Clips of like length."""

    codes: Tensor
    """(B, S, P, Q) int64; 0 behind a clip's end."""
    is_step: Tensor
    """(B, S)."""
    condition: TextCondition


@torch.no_grad()
def encode_corpus(
    corpus: Corpus,
    tokenizer: Tokenizer,
    encoder: TextEncoder,
    *,
    is_mirrored: bool,
    cache: Path | None = None,
) -> CodeBank:
    """Encode the clips of whole bodies and their captions; the captions' vectors are cached."""
    corpus = whole_body(corpus)
    bank = build_bank(corpus, is_mirrored)
    codes = []
    for start, length in zip(bank.starts.tolist(), bank.lengths.tolist(), strict=True):
        rows = whole_steps(bank.features[start : start + length], tokenizer.frames_per_step)
        codes.append(tokenizer.encode(rows[None])[0])
    texts, captions = index_captions(corpus, is_mirrored)
    return CodeBank(codes, captions, encode_texts(texts, encoder, cache), bank.weights)


def collate_codes(
    clips: list[Tensor], rows: list[int], texts: TextBank
) -> CodeBatch:
    """Pad codes (S, P, Q) of clips, each with the caption of one row of the texts."""
    lengths = torch.tensor([len(clip) for clip in clips])
    codes = torch.nn.utils.rnn.pad_sequence(clips, batch_first=True)
    is_step = torch.arange(codes.shape[1]) < lengths[:, None]
    words, mask = pad_words([texts.words[row] for row in rows], texts.sentence.shape[1])
    return CodeBatch(codes, is_step, TextCondition(texts.sentence[rows], words, mask))


def draw_codes(bank: CodeBank, count: int) -> CodeBatch:
    """Draw clips of like length (torch's global generator), some without their first steps."""
    drawn = torch.multinomial(bank.weights, POOL * count, replacement=True).tolist()
    order = sorted(drawn, key=lambda clip: len(bank.codes[clip]))
    first = int(torch.randint(POOL, ())) * count
    clips, rows = [], []
    for clip in order[first : first + count]:
        codes = bank.codes[clip]
        start = 0
        if float(torch.rand(())) < CROPPED:
            start = int(torch.randint(len(codes) // 4 + 1, ()))
        clips.append(codes[start:])
        captions = bank.captions[clip]
        rows.append(captions[int(torch.randint(len(captions), ()))])
    return collate_codes(clips, rows, bank.texts)


def all_codes(bank: CodeBank, size: int = 32) -> list[CodeBatch]:
    """Return every clip once with its first caption, in batches of like length."""
    order = sorted(range(len(bank.codes)), key=lambda clip: len(bank.codes[clip]))
    return [
        collate_codes(
            [bank.codes[clip] for clip in order[first : first + size]],
            [bank.captions[clip][0] for clip in order[first : first + size]],
            bank.texts,
        )
        for first in range(0, len(order), size)
    ]
