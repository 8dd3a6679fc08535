"""Whole clips as codes of the published tokenizers, with captions: batches for their generators."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor
from tqdm import tqdm

from ..planning.wording import gerund, predicate
from ..text_encoder import TextEncoder
from ..tokenizer.contract import Tokenizer
from ..transformers.masked_words import TextCondition
from .corpus import Corpus, whole_body
from .joining import Joined, Joiner, find_donors, rows_of
from .tokens import TextBank, encode_texts, index_captions, pad_words
from .windows import FeatureBank, build_bank, whole_steps

POOL: Final = 8
"""Batches drawn at a time; the clips of one pool are sorted by length."""

CROPPED: Final = 0.3
"""Share of the clips that lack some of their first steps."""

JOINING_SEED: Final = 7


@dataclass(frozen=True, slots=True)
class Augmentation:
    """What is learnt beside the clips as they are."""

    spliced: int = 1200
    """Clips with the arms of others."""

    stitched: int = 400
    """Clips made of two or three, one after another."""

    spliced_share: float = 0.2
    stitched_share: float = 0.08
    """Shares of what is drawn."""

    longest: int = 304
    """Frames of a stitched clip."""


@dataclass(frozen=True, slots=True)
class CaptionedRows:
    """Motion with its captions, before any tokenizer sees it."""

    rows: list[Tensor]
    """C times features (T, WIDTH)."""

    captions: list[list[int]]
    """C times indices into the texts."""

    texts: list[str]
    weights: Tensor
    """(C,) how often each is drawn."""


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
    augmentation: Augmentation | None = None,
    cache: Path | None = None,
) -> CodeBank:
    """Encode the clips of whole bodies and their captions; the captions' vectors are cached.

    Args:
        corpus: one split.
        tokenizer: makes the codes.
        encoder: makes the captions' vectors.
        augmentation: None takes the clips and captions as they are; otherwise mirror images,
            joined clips and other wordings lie behind them.
        cache: file of the captions' vectors.
    """
    motion = captioned_rows(corpus, augmentation)
    frames = tokenizer.frames_per_step
    codes = [
        tokenizer.encode(whole_steps(row, frames)[None])[0]
        for row in tqdm(motion.rows, desc="codes", mininterval=2, leave=False)
    ]
    texts = encode_texts(motion.texts, encoder, cache)
    return CodeBank(codes, motion.captions, texts, motion.weights)


def captioned_rows(corpus: Corpus, augmentation: Augmentation | None = None) -> CaptionedRows:
    """Return what is learnt of a split: its clips, and what an augmentation adds behind them."""
    corpus = whole_body(corpus)
    bank = build_bank(corpus, augmentation is not None)
    texts, captions = index_captions(corpus, augmentation is not None)
    rows = [rows_of(bank, clip) for clip in range(len(bank.starts))]
    weights = bank.weights
    if augmentation is not None:
        spliced, stitched = _join(corpus, bank, captions, texts, augmentation)
        shares = (spliced, augmentation.spliced_share), (stitched, augmentation.stitched_share)
        index = {text: row for row, text in enumerate(texts)}
        for clip, own in enumerate(captions):
            other = reworded(texts[own[clip % len(own)]], clip // 2 % 2)
            own.append(index.setdefault(other, len(index)))
        plain = weights.sum() / (1 - sum(share for joined, share in shares if joined))
        for joined, share in shares:
            rows += [one.rows for one in joined]
            captions += [[index.setdefault(one.caption, len(index))] for one in joined]
            each = plain * share / max(1, len(joined))
            weights = torch.cat([weights, each.expand(len(joined))])
        texts = list(index)
    return CaptionedRows(rows, captions, texts, weights)


def _join(
    corpus: Corpus,
    bank: FeatureBank,
    captions: list[list[int]],
    texts: list[str],
    augmentation: Augmentation,
) -> tuple[list[Joined], list[Joined]]:
    """Return spliced and stitched clips; none spliced where no clip can lend arms or legs."""
    torch.manual_seed(JOINING_SEED)
    names = {name: number for number, name in enumerate({e.group: 0 for e in corpus.clips})}
    groups = torch.tensor([names[entry.group] for entry in corpus.clips]).repeat(2)
    donors = find_donors(bank, captions, texts)
    joiner = Joiner(bank, captions, texts, groups, donors)
    count = augmentation.spliced if len(donors.arms) and len(donors.legs) else 0
    spliced = [joiner.splice() for _ in range(count)]
    return spliced, [joiner.stitch(augmentation.longest) for _ in range(augmentation.stitched)]


def reworded(caption: str, choice: int) -> str:
    """Return a caption as prompts are often typed: without who does it, or in -ing."""
    said = predicate(caption)
    return gerund(said) if choice else said


def collate_codes(
    clips: list[Tensor], rows: list[int], texts: TextBank
) -> CodeBatch:
    """Pad codes (S, P, Q) of clips, each with the caption of one row of the texts."""
    lengths = torch.tensor([len(clip) for clip in clips])
    codes = torch.nn.utils.rnn.pad_sequence(clips, batch_first=True)
    is_step = torch.arange(codes.shape[1]) < lengths[:, None]
    words, mask = pad_words([texts.words[row] for row in rows], texts.word_width)
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
