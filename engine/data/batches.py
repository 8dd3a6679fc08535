"""Examples as padded tensors, of like length so that little is padding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..text_encoder import TextEncoder
from ..transformers.masked import Condition
from .composition import Composer, Example
from .masking import corrupt, draw_mask
from .tokens import TextBank, first_words, pad_words

POOL = 8
"""Batches planned at a time; the plans of one pool are sorted by length."""


@dataclass(frozen=True, slots=True)
class MaskedBatch:
    """Examples with their masks."""

    codes: Tensor
    """(B, S, P, Q) int64 true codes."""
    masked: Tensor
    """(B, S, P) True where the base code is hidden."""
    visible: Tensor
    """(B, S, P) base codes with `mask_code` where hidden, some of the others corrupted."""
    teaches: Tensor
    """(B, S, P) hidden, real and captured: where the loss counts."""
    is_step: Tensor
    """(B, S)."""
    condition: Condition


class BatchSource:
    """Draws batches of examples of like length."""

    def __init__(self, composer: Composer, encoder: TextEncoder, mask_code: int) -> None:
        self.composer, self.encoder, self.mask_code = composer, encoder, mask_code

    def draw(self, count: int) -> MaskedBatch:
        """Draw one batch: a random slice of a sorted pool."""
        plans = sorted((self.composer.plan() for _ in range(POOL * count)), key=lambda p: p.steps)
        start = int(torch.randint(POOL, ())) * count
        chosen = [self.composer.compose(plan) for plan in plans[start : start + count]]
        return collate(chosen, self.composer.bank.texts, self.encoder, self.mask_code)


def collate(
    examples: Sequence[Example], texts: TextBank, encoder: TextEncoder, mask_code: int
) -> MaskedBatch:
    """Mask and pad examples."""
    steps = max(len(e.codes) for e in examples)
    batch, parts, stages = len(examples), *examples[0].codes.shape[1:]
    codes = torch.zeros(batch, steps, parts, stages, dtype=torch.long)
    masked = torch.zeros(batch, steps, parts, dtype=torch.bool)
    visible = torch.full((batch, steps, parts), mask_code)
    teaches = torch.zeros(batch, steps, parts, dtype=torch.bool)
    is_step = torch.zeros(batch, steps, dtype=torch.bool)
    for row, example in enumerate(examples):
        length = len(example.codes)
        # What nobody performed is hidden and never asked for.
        mask = draw_mask(example) | ~example.has_part
        base = example.codes[..., 0].long()
        codes[row, :length] = example.codes.long()
        masked[row, :length] = mask
        seen = corrupt(base, ~mask, mask_code)
        visible[row, :length] = torch.where(mask, mask_code, seen)
        teaches[row, :length] = mask & example.has_part
        is_step[row, :length] = True
    condition = _condition(examples, texts, encoder)
    return MaskedBatch(codes, masked, visible, teaches, is_step, condition)


def _condition(
    examples: Sequence[Example], texts: TextBank, encoder: TextEncoder
) -> Condition:
    new = [e.prompt for e in examples if isinstance(e.prompt, str)]
    encoded = encoder.encode(new) if new else None
    new_words = first_words(encoded) if encoded is not None else []
    sentences, words = [], []
    for example in examples:
        if isinstance(example.prompt, str):
            assert encoded is not None
            sentences.append(encoded.sentence[len(new) - len(new_words)])
            words.append(new_words.pop(0))
        else:
            sentences.append(texts.sentence[example.prompt])
            words.append(texts.words[example.prompt])
    padded, word_mask = pad_words(words, texts.sentence.shape[1])
    most = max(len(e.remembered.codes) for e in examples)
    memory = torch.zeros(len(examples), most, examples[0].codes.shape[1], dtype=torch.long)
    place = torch.full((len(examples), most, 2), -1)
    for row, example in enumerate(examples):
        memory[row, : len(example.remembered.codes)] = example.remembered.codes[..., 0]
        place[row, : len(example.remembered.place)] = example.remembered.place
    return Condition(torch.stack(sentences), padded, word_mask, memory, place)
