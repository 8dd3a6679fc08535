"""MMM's conditional masked transformer: base codes from words and sentence.

Pinyoanuntapong et al. 2024, section 3.2: the first blocks attend to the prompt's words,
the others attend to all steps and to the sentence, which stands before them. [END] follows
a clip's last step and [PAD] fills up the batch, so the length is told by what is seen.
With `has_lower` it is the upper-body transformer of section 3.4: beside each upper code
stands the lower body's, of which training hides some. It knows nothing about schedules,
sampling or what a code looks like.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .blocks import Attention, ClipDropout, FeedForward, sinusoids


@dataclass(frozen=True, slots=True)
class WordsConfig:
    """What is needed to rebuild the transformer with the same weights; as published."""

    codebook_size: int = 8192
    text_width: int = 512
    """Of each word."""

    sentence_width: int = 0
    """Of the sentence; 0 is that of a word."""

    width: int = 1024
    heads: int = 16
    word_layers: int = 2
    """Blocks that attend to the words."""

    layers: int = 16
    """Blocks that attend to the steps and the sentence."""

    dropout: float = 0.1
    has_lower: bool = False
    """The upper-body transformer: it also reads the lower body's codes."""

    def __post_init__(self) -> None:
        if self.width % self.heads or self.width % 2:
            raise ValueError(f"width must be even and a multiple of heads, not {self.width}")
        if self.sentence_width == 0:
            object.__setattr__(self, "sentence_width", self.text_width)
        if self.layers < 1 or self.word_layers < 0:
            raise ValueError(f"there must be at least one block, not {self.layers}")


@dataclass(frozen=True, slots=True)
class TextCondition:
    """Prompts as vectors; a row without words means no text."""

    sentence: Tensor
    """(B, sentence_width)."""

    words: Tensor
    """(B, W, text_width)."""

    word_mask: Tensor
    """(B, W) True at real words."""

    def dropped(self, keep: Tensor) -> TextCondition:
        """Return the condition without the text of the rows where `keep` (B,) is False."""
        return TextCondition(self.sentence, self.words, self.word_mask & keep[:, None])

    def repeated(self, count: int) -> TextCondition:
        """Return `count` copies of the batch, one after another."""
        return TextCondition(
            self.sentence.repeat(count, 1),
            self.words.repeat(count, 1, 1),
            self.word_mask.repeat(count, 1),
        )


class WordBlock(nn.Module):
    """Attention from the steps to the words, then feed-forward; norms before."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.norm_words, self.norm_feed = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.feed = FeedForward(width, 4 * width)
        self.dropout = ClipDropout(dropout)

    def forward(self, values: Tensor, other: Tensor, allowed: Tensor) -> Tensor:
        """Map (B, S, D) to the same shape; `other` (B, M, D) is seen where `allowed` (B, M)."""
        normed = self.norm_words(values)
        values = values + self.dropout(self.attention(normed, other, allowed))
        return torch.as_tensor(values + self.dropout(self.feed(self.norm_feed(values))))


class StepBlock(WordBlock):
    """The same with the steps themselves in the words' place: self-attention."""

    def forward(self, values: Tensor, other: Tensor, allowed: Tensor) -> Tensor:
        """Map (B, S, D) to the same shape; `other` is not used."""
        return super().forward(values, self.norm_words(values), allowed)


class WordsMasked(nn.Module):
    """Predicts the codes of masked steps."""

    def __init__(self, config: WordsConfig) -> None:
        super().__init__()
        self.config = config
        width, heads, dropout = config.width, config.heads, config.dropout
        self.codes = nn.Embedding(config.codebook_size + 3, width)
        self.lower = nn.Embedding(config.codebook_size + 3, width) if config.has_lower else None
        self.merge = nn.Linear(2 * width, width) if config.has_lower else None
        self.sentence = nn.Linear(config.sentence_width, width)
        self.words = nn.Linear(config.text_width, width)
        self.no_text = nn.Parameter(torch.zeros(width))
        self.no_word = nn.Parameter(torch.zeros(1, 1, width))
        self.word_blocks = nn.ModuleList(
            WordBlock(width, heads, dropout) for _ in range(config.word_layers)
        )
        self.blocks = nn.ModuleList(StepBlock(width, heads, dropout) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width)
        self.outward = nn.Linear(width, config.codebook_size)
        for table in (self.codes, self.lower):
            if table is not None:
                nn.init.normal_(table.weight, std=0.02)
        nn.init.normal_(self.outward.weight, std=0.02)

    @property
    def mask_code(self) -> int:
        """The code that stands at a masked step."""
        return self.config.codebook_size

    @property
    def end_code(self) -> int:
        """The code after a clip's last step."""
        return self.config.codebook_size + 1

    @property
    def padding_code(self) -> int:
        """The padding code after the end."""
        return self.config.codebook_size + 2

    def forward(
        self, codes: Tensor, is_step: Tensor, condition: TextCondition, lower: Tensor | None = None
    ) -> Tensor:
        """Return logits (B, S, K); what stands where no step is says nothing.

        Args:
            codes: (B, S) int64, `mask_code` where masked.
            is_step: (B, S) True from a clip's first to its last step.
            condition: the prompts.
            lower: (B, S) int64 the lower body's codes, `mask_code` where hidden; only with
                `has_lower`.

        Raises:
            ValueError: if the lower body's codes are missing or not wanted.
        """
        if (lower is None) == self.config.has_lower:
            raise ValueError("the lower body's codes belong to the upper-body transformer alone")
        lengths = is_step.sum(1)
        values = self.codes(self.with_end(codes, lengths))
        if lower is not None and self.lower is not None and self.merge is not None:
            below = self.lower(self.with_end(lower, lengths))
            values = self.merge(torch.cat([values, below], -1))
        places = torch.arange(values.shape[1], device=values.device)
        values = values + sinusoids(places, self.config.width)
        words = self._words(condition)
        for block in self.word_blocks:
            values = block(values, *words)
        has_text = condition.word_mask.any(1, keepdim=True)
        sentence = torch.where(has_text, self.sentence(condition.sentence), self.no_text)
        values = torch.cat([sentence[:, None], values], 1)
        allowed = functional.pad(places <= lengths[:, None], (1, 0), value=True)
        for block in self.blocks:
            values = block(values, values, allowed)
        return torch.as_tensor(self.outward(self.norm(values[:, 1:-1])))

    def with_end(self, codes: Tensor, lengths: Tensor) -> Tensor:
        """Return (B, S + 1): codes (B, S), [END] after the last of `lengths` (B,), then [PAD]."""
        places = torch.arange(codes.shape[1] + 1, device=codes.device)
        longer = functional.pad(codes, (0, 1), value=self.padding_code)
        longer = torch.where(places < lengths[:, None], longer, self.padding_code)
        return torch.where(places == lengths[:, None], self.end_code, longer)

    def _words(self, condition: TextCondition) -> tuple[Tensor, Tensor]:
        """Return words with one that is always there, so that no text is no error."""
        batch = len(condition.words)
        words = torch.cat([self.no_word.expand(batch, -1, -1), self.words(condition.words)], 1)
        return words, functional.pad(condition.word_mask, (1, 0), value=True)
