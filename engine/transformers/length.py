"""How long a take of a prompt usually is: a distribution over lengths (MoMask section 4)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class LengthConfig:
    """What is needed to rebuild the length predictor with the same weights."""

    text_width: int = 384
    width: int = 128
    classes: int = 40
    """Bins of `bin_steps` token steps."""

    bin_steps: int = 2
    dropout: float = 0.3


class LengthPredictor(nn.Module):
    """Text to a length in bins."""

    def __init__(self, config: LengthConfig) -> None:
        super().__init__()
        self.config = config
        self.layers = nn.Sequential(
            nn.Linear(config.text_width, config.width),
            nn.GELU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.width, config.classes),
        )

    def forward(self, sentence: Tensor) -> Tensor:
        """Return logits (B, classes) of sentences (B, text_width)."""
        return torch.as_tensor(self.layers(sentence))

    @torch.no_grad()
    def steps(self, sentence: Tensor, generator: torch.Generator) -> Tensor:
        """Draw lengths (B,) in token steps, at least two, from the middle of the distribution."""
        chances = self(sentence).softmax(-1)
        # The tails hold clips that were cut short or run on: keep the middle 60 %.
        mass = chances.cumsum(-1)
        draw = 0.2 + 0.6 * torch.rand(len(mass), 1, generator=generator)
        bins = torch.searchsorted(mass, draw.to(mass)).squeeze(-1).clamp_max(chances.shape[-1] - 1)
        return (bins * self.config.bin_steps + self.config.bin_steps // 2).clamp_min(2)
