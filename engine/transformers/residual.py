"""The remaining stages of the grid, one after another (MoMask section 3.3).

Its input is what the earlier stages add up to, in the tokenizer's own vectors.
It knows nothing about masks: the caller keeps the codes of kept cells.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .blocks import Block, sinusoids


@dataclass(frozen=True, slots=True)
class ResidualConfig:
    """What is needed to rebuild the residual transformer with the same weights."""

    parts: int = 4
    stages: int = 8
    codebook_size: int = 512
    code_width: int = 128
    text_width: int = 384
    width: int = 256
    heads: int = 8
    layers: int = 4
    dropout: float = 0.1


class ResidualTransformer(nn.Module):
    """Predicts the codes of one stage from the sum of the stages before it."""

    input_scale: Tensor

    def __init__(self, config: ResidualConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("input_scale", torch.ones(config.parts, 1))
        self.inward = nn.Linear(config.parts * config.code_width, config.width)
        self.positions = nn.Linear(config.width, config.width)
        self.sentence = nn.Linear(config.text_width, config.width)
        self.stage = nn.Embedding(config.stages, config.width)
        self.blocks = nn.ModuleList(
            Block(config.width, config.heads, config.dropout, words=False, memory=False)
            for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(config.width)
        outputs = config.parts * config.codebook_size
        self.heads = nn.ModuleList(
            nn.Linear(config.width, outputs) for _ in range(config.stages - 1)
        )

    @torch.no_grad()
    def set_scale(self, entries: Tensor) -> None:
        """Bring the inputs to about 1, by the base codebooks (P, K, code_width)."""
        self.input_scale.copy_(entries.square().mean((1, 2)).sqrt()[:, None])

    def forward(self, sums: Tensor, is_step: Tensor, sentence: Tensor, stage: int) -> Tensor:
        """Return logits (B, S, P, K) of the codes of `stage` (1 to Q - 1).

        Args:
            sums: (B, S, P, code_width) sum of the entries of the stages before `stage`.
            is_step: (B, S) False at padding.
            sentence: (B, text_width); zeros for no text.
            stage: the same for the whole batch.
        """
        places = sinusoids(torch.arange(sums.shape[1], device=sums.device), self.config.width)
        values = self.inward((sums / self.input_scale).flatten(2)) + self.positions(places)
        condition = self.sentence(sentence) + self.stage.weight[stage]
        for block in self.blocks:
            values = block(values, is_step, condition)
        logits = self.heads[stage - 1](self.norm(values))
        return torch.as_tensor(logits.unflatten(-1, (self.config.parts, -1)))
