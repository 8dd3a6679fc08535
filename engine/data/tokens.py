"""The training clips as codes with their captions' vectors: what the generators learn from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from ..motion.skeleton import FRAMES_PER_STEP
from ..planning.wording import mirror_words
from ..retrieval.memory import SLOTS, MotionMemory
from ..text_encoder import EncodedText, TextEncoder
from ..tokenizer.grid import GridTokenizer
from .corpus import Corpus
from .windows import FeatureBank, build_bank, whole_steps

MOST_WORDS = 32
"""Word pieces of a caption that are kept."""

NEIGHBOURS = 12
"""Remembered clips to choose from in training."""


@dataclass(frozen=True, slots=True)
class TextBank:
    """Captions as vectors."""

    captions: list[str]
    sentence: Tensor
    """(N, D) float32."""
    words: list[Tensor]
    """N times (W, D') float16."""

    @property
    def word_width(self) -> int:
        """D'; that of the sentences but for a tower behind them."""
        return self.words[0].shape[1] if self.words else self.sentence.shape[1]


@dataclass(frozen=True, slots=True)
class TokenBank:
    """Codes of all clips and of their mirror images, with captions."""

    features: FeatureBank
    codes: list[Tensor]
    """C times (S, P, Q) int16."""
    captions: list[list[int]]
    """C times indices into the texts."""
    groups: Tensor
    """(C,) clips with the same number are one recording (mirrored or not)."""
    texts: TextBank


def encode_texts(
    captions: Sequence[str], encoder: TextEncoder, cache: Path | None = None
) -> TextBank:
    """Encode captions in batches; a cache file of the same captions is read instead."""
    captions = list(captions)
    if cache is not None and cache.is_file():
        stored = torch.load(cache, weights_only=True)
        if stored["captions"] == captions and stored["encoder"] == encoder.name:
            return TextBank(captions, stored["sentence"], stored["words"])
    order = sorted(range(len(captions)), key=lambda index: len(captions[index]))
    sentence = torch.zeros(len(captions), encoder.sentence_width)
    words: list[Tensor] = [torch.zeros(0)] * len(captions)
    for first in tqdm(range(0, len(order), 64), desc="captions", mininterval=2, leave=False):
        rows = order[first : first + 64]
        encoded = encoder.encode([captions[row] for row in rows])
        sentence[rows] = encoded.sentence
        for row, vectors, mask in zip(rows, encoded.words, encoded.word_mask, strict=True):
            words[row] = vectors[mask][:MOST_WORDS].half()
    if cache is not None:
        # Whole or not at all: other processes of the training may be reading it.
        partial = cache.with_name(f"{cache.name}.{os.getpid()}.part")
        torch.save(
            {"captions": captions, "encoder": encoder.name, "sentence": sentence, "words": words},
            partial,
        )
        partial.replace(cache)
    return TextBank(captions, sentence, words)


def index_captions(corpus: Corpus, is_mirrored: bool) -> tuple[list[str], list[list[int]]]:
    """Return the different captions, and for each clip (then each mirrored one) its indices."""
    index: dict[str, int] = {}
    captions: list[list[int]] = []
    for mirror in (False, True) if is_mirrored else (False,):
        for entry in corpus.clips:
            texts = [mirror_words(c) for c in entry.captions] if mirror else entry.captions
            captions.append([index.setdefault(text, len(index)) for text in texts])
    return list(index), captions


def pad_words(words: Sequence[Tensor], width: int) -> tuple[Tensor, Tensor]:
    """Return words (B, W, D) float32 and their mask (B, W), W at least 1."""
    longest = max(1, *(len(w) for w in words))
    padded = torch.zeros(len(words), longest, width)
    mask = torch.zeros(len(words), longest, dtype=torch.bool)
    for row, vectors in enumerate(words):
        padded[row, : len(vectors)] = vectors.float()
        mask[row, : len(vectors)] = True
    return padded, mask


def first_words(encoded: EncodedText) -> list[Tensor]:
    """Return each prompt's word vectors, at most MOST_WORDS."""
    return [
        vectors[mask][:MOST_WORDS]
        for vectors, mask in zip(encoded.words, encoded.word_mask, strict=True)
    ]


@torch.no_grad()
def build_tokens(
    corpus: Corpus,
    tokenizer: GridTokenizer,
    encoder: TextEncoder,
    *,
    is_mirrored: bool,
    cache: Path | None = None,
) -> TokenBank:
    """Encode a corpus; mirrored clips follow the others in the same order."""
    features = build_bank(corpus, is_mirrored)
    codes = []
    for start, length in zip(features.starts.tolist(), features.lengths.tolist(), strict=True):
        rows = whole_steps(features.features[start : start + length], FRAMES_PER_STEP)
        codes.append(tokenizer.encode(rows[None])[0].to(torch.int16))
    texts, captions = index_captions(corpus, is_mirrored)
    names = {name: number for number, name in enumerate({e.group: 0 for e in corpus.clips})}
    groups = torch.tensor([names[entry.group] for entry in corpus.clips])
    return TokenBank(
        features,
        codes,
        captions,
        groups.repeat(2) if is_mirrored else groups,
        encode_texts(texts, encoder, cache),
    )


def build_memory(bank: TokenBank) -> MotionMemory:
    """Index every caption of every clip; of two clips with one caption the first counts first."""
    rows, clips = [], []
    for clip, captions in enumerate(bank.captions):
        rows += captions
        clips += [clip] * len(captions)
    # A mirrored clip whose caption names no side says nothing new: leave it out.
    half = len(bank.captions) // 2
    seen = {(c, r) for c, r in zip(clips, rows, strict=True) if c < half}
    kept = [
        i for i, (c, r) in enumerate(zip(clips, rows, strict=True))
        if c < half or (c - half, r) not in seen
    ]
    lengths = torch.tensor([0, *(len(codes) for codes in bank.codes)])
    return MotionMemory(
        [bank.texts.captions[rows[i]] for i in kept],
        torch.tensor([clips[i] for i in kept]),
        bank.texts.sentence[[rows[i] for i in kept]],
        torch.cat(list(bank.codes)),
        lengths.cumsum(0),
    )


def find_neighbours(
    bank: TokenBank, memory: MotionMemory, is_same_bank: bool = True
) -> list[list[list[int]]]:
    """Return for each clip and each of its captions the clips nearest in the memory.

    Args:
        bank: the clips that will be trained or validated on.
        memory: what may be remembered.
        is_same_bank: the memory was built from the bank: a clip's own recording
            (mirrored or not) is then never remembered for it.
    """
    found = []
    for clip in tqdm(range(len(bank.captions)), desc="neighbours", mininterval=2, leave=False):
        banned = bank.groups == bank.groups[clip] if is_same_bank else None
        found.append(
            [
                memory.nearest(
                    bank.texts.captions[row], bank.texts.sentence[row], NEIGHBOURS, banned
                )
                for row in bank.captions[clip]
            ]
        )
    return found


assert NEIGHBOURS >= SLOTS
