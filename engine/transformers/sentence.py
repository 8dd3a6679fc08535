"""MoMask's transformers: base codes and residual codes from one sentence vector.

MoMask sections 3.2 and 3.3. The sentence, and for the residual stages the stage,
stand before the steps in the sequence. They know nothing about schedules,
sampling or what a code looks like.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .blocks import PostNormBlock, sinusoids


@dataclass(frozen=True, slots=True)
class SentenceConfig:
    """What is needed to rebuild either transformer with the same weights; as published."""

    stages: int = 6
    codebook_size: int = 512
    code_width: int = 512
    """Numbers of a code's embedding."""

    text_width: int = 512
    """Of the sentence vector; CLIP ViT-B/32's has 512 numbers."""

    width: int = 384
    heads: int = 6
    layers: int = 8
    feed_width: int = 1024
    dropout: float = 0.2
    is_shared: bool = True
    """One table for the codes that a residual stage reads and those that it predicts."""

    def __post_init__(self) -> None:
        if self.width % self.heads or self.width % 2:
            raise ValueError(f"width must be even and a multiple of heads, not {self.width}")
        if self.stages < 2:
            raise ValueError(f"stages must be at least 2, not {self.stages}")


class SentenceTrunk(nn.Module):
    """A sequence of code vectors after some condition tokens."""

    def __init__(self, config: SentenceConfig, outputs: int) -> None:
        super().__init__()
        self.inward = nn.Linear(config.code_width, config.width)
        self.sentence = nn.Linear(config.text_width, config.width)
        self.blocks = nn.ModuleList(
            PostNormBlock(config.width, config.heads, config.feed_width, config.dropout)
            for _ in range(config.layers)
        )
        self.dense = nn.Linear(config.width, config.width)
        self.norm = nn.LayerNorm(config.width, eps=1e-12)
        self.outward = nn.Linear(config.width, outputs)

    def forward(self, vectors: Tensor, is_step: Tensor, wanted: list[Tensor]) -> Tensor:
        """Return (B, S, outputs).

        Args:
            vectors: (B, S, code_width).
            is_step: (B, S) False at padding.
            wanted: (B, width) each, the tokens before the sequence.
        """
        values = self.inward(vectors)
        values = values + interleaved_sinusoids(values.shape[1], values)
        values = torch.cat([torch.stack(wanted, 1), values], 1)
        allowed = functional.pad(is_step, (len(wanted), 0), value=True)
        for block in self.blocks:
            values = block(values, allowed)
        values = self.norm(functional.gelu(self.dense(values[:, len(wanted) :])))
        return torch.as_tensor(self.outward(values))


def interleaved_sinusoids(steps: int, like: Tensor) -> Tensor:
    """Return (steps, D) positions with sines at even and cosines at odd channels."""
    width = like.shape[-1]
    halves = sinusoids(torch.arange(steps, device=like.device), width, 10000.0)
    pairs = halves.unflatten(-1, (2, -1)).transpose(-1, -2)
    return torch.as_tensor(pairs.flatten(-2).to(like.dtype))


def start_small(module: nn.Module) -> None:
    """Start linear maps and embeddings as BERT does."""
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)


class SentenceMasked(nn.Module):
    """Predicts masked base codes from those around them and the sentence."""

    def __init__(self, config: SentenceConfig) -> None:
        super().__init__()
        self.config = config
        self.codes = nn.Embedding(config.codebook_size + 2, config.code_width)
        self.trunk = SentenceTrunk(config, config.codebook_size)
        self.apply(start_small)

    @property
    def mask_code(self) -> int:
        """The code that stands at a masked step."""
        return self.config.codebook_size

    @property
    def padding_code(self) -> int:
        """The padding code after a clip's end."""
        return self.config.codebook_size + 1

    def forward(self, codes: Tensor, is_step: Tensor, sentence: Tensor) -> Tensor:
        """Return logits (B, S, K).

        Args:
            codes: (B, S) int64, `mask_code` where masked.
            is_step: (B, S) False at padding.
            sentence: (B, text_width); zeros for no text.
        """
        codes = codes.masked_fill(~is_step, self.padding_code)
        wanted = [self.trunk.sentence(sentence)]
        return torch.as_tensor(self.trunk(self.codes(codes), is_step, wanted))


class SentenceResidual(nn.Module):
    """Predicts the codes of one stage from those of the stages before it.

    `tables` holds the codes' embeddings. With shared weights one row of tables serves
    both ends: what stage s reads is table s - 1, what it predicts is table s.
    """

    def __init__(self, config: SentenceConfig) -> None:
        super().__init__()
        self.config = config
        entries = (config.codebook_size + 1, config.code_width)  # one more for padding
        count = config.stages if config.is_shared else config.stages - 1
        self.tables = nn.Parameter(0.02 * torch.randn(count, *entries))
        self.own_outputs = self.own_biases = None
        if not config.is_shared:
            self.own_outputs = nn.Parameter(0.02 * torch.randn(config.stages - 1, *entries))
            self.own_biases = nn.Parameter(torch.zeros(config.stages - 1, entries[0]))
        self.stage = nn.Linear(config.stages, config.width)
        self.trunk = SentenceTrunk(config, config.code_width)
        self.apply(start_small)

    @property
    def padding_code(self) -> int:
        """The padding code after a clip's end."""
        return self.config.codebook_size

    def sums(self, codes: Tensor) -> Tensor:
        """Return (B, S, code_width): what codes (B, S, Q'), 1 <= Q' < Q, add up to."""
        tables = [self.tables[stage] for stage in range(codes.shape[-1])]
        rows = [functional.embedding(codes[..., s], table) for s, table in enumerate(tables)]
        return torch.stack(rows).sum(0)

    def forward(self, sums: Tensor, is_step: Tensor, sentence: Tensor, stages: Tensor) -> Tensor:
        """Return logits (B, S, K + 1); the last code is padding.

        Args:
            sums: (B, S, code_width) of the stages before.
            is_step: (B, S) False at padding.
            sentence: (B, text_width); zeros for no text.
            stages: (B,) int64, 1 to Q - 1.
        """
        which = functional.one_hot(stages, self.config.stages).to(sums.dtype)
        wanted = [self.trunk.sentence(sentence), self.stage(which)]
        vectors = self.trunk(sums, is_step, wanted)
        if self.own_outputs is None or self.own_biases is None:
            return torch.as_tensor(vectors @ self.tables[stages].transpose(1, 2))
        logits = vectors @ self.own_outputs[stages - 1].transpose(1, 2)
        return torch.as_tensor(logits + self.own_biases[stages - 1][:, None])
