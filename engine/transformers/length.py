"""How long a take of a prompt usually is: a distribution over lengths (MoMask section 4)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..shares import RowDropout

_MIDDLE = 0.6
"""Share of the distribution that lengths are drawn from. Its tails hold clips that were cut
short or run on."""


def draw_middle(count: int, generator: torch.Generator) -> Tensor:
    """Draw how much of a distribution of lengths lies before each length, (count,) 0.2 to 0.8."""
    return (1.0 - _MIDDLE) / 2 + _MIDDLE * torch.rand(count, generator=generator)


def _draw_classes(chances: Tensor, generator: torch.Generator) -> Tensor:
    """Draw a class (B,) from the middle of each distribution (B, classes)."""
    drawn = draw_middle(len(chances), generator)[:, None].to(chances)
    classes = torch.searchsorted(chances.cumsum(-1), drawn).squeeze(-1)
    return classes.clamp_max(chances.shape[-1] - 1)


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
            RowDropout(config.dropout),
            nn.Linear(config.width, config.classes),
        )

    def forward(self, sentence: Tensor) -> Tensor:
        """Return logits (B, classes) of sentences (B, text_width)."""
        return torch.as_tensor(self.layers(sentence))

    @torch.no_grad()
    def steps(self, sentence: Tensor, generator: torch.Generator) -> Tensor:
        """Draw lengths (B,) in token steps, at least two, from the middle of the distribution."""
        bins = _draw_classes(self(sentence).softmax(-1), generator)
        return (bins * self.config.bin_steps + self.config.bin_steps // 2).clamp_min(2)


@dataclass(frozen=True, slots=True)
class LengthEstimatorConfig:
    """What is needed to rebuild MoMask's length estimator with the same weights; as published."""

    text_width: int = 512
    widths: tuple[int, ...] = (512, 256, 128)
    """Of the layers between."""

    classes: int = 50
    """Class k stands for k token steps."""

    dropout: float = 0.2


class LengthEstimator(nn.Module):
    """Text to a number of token steps, as MoMask takes it over from Guo et al. 2022."""

    def __init__(self, config: LengthEstimatorConfig) -> None:
        super().__init__()
        self.config = config
        ends = (config.text_width, *config.widths)
        self.layers = nn.ModuleList(
            nn.Linear(left, right) for left, right in zip(ends, ends[1:], strict=False)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for width in config.widths)
        self.dropout = RowDropout(config.dropout)
        self.outward = nn.Linear(ends[-1], config.classes)

    def forward(self, sentence: Tensor) -> Tensor:
        """Return logits (B, classes) of sentences (B, text_width)."""
        values = sentence
        for layer, norm in zip(self.layers, self.norms, strict=True):
            values = self.dropout(nn.functional.leaky_relu(norm(layer(values)), 0.2))
        return torch.as_tensor(self.outward(values))

    @torch.no_grad()
    def steps(self, sentence: Tensor, generator: torch.Generator) -> Tensor:
        """Draw lengths (B,) in token steps, at least two, from the middle of the distribution."""
        return _draw_classes(self(sentence).softmax(-1), generator).clamp_min(2)
