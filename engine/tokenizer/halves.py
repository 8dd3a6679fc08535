"""MMM's tokenizer for upper-body editing: the lower and the upper body by themselves.

Pinyoanuntapong et al. 2024, section 3.4: two encoders, codebooks and decoders. The lower half
carries root, hips, legs and foot contacts; neither half's codes know the other one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from ..features import PART_SLICES, PART_WIDTHS, WIDTH
from .contract import Quantized
from .rvq_vae import RvqVae, RvqVaeConfig

LOWER_WIDTH: Final = PART_WIDTHS["LOWER_BODY"]
UPPER_WIDTH: Final = WIDTH - LOWER_WIDTH

assert PART_SLICES["LOWER_BODY"].start == 0  # the halves are split at one column


@dataclass(frozen=True, slots=True)
class HalvesConfig:
    """What is needed to rebuild the two tokenizers with the same weights."""

    lower: RvqVaeConfig
    upper: RvqVaeConfig

    def __post_init__(self) -> None:
        widths = self.lower.network.features, self.upper.network.features
        if widths != (LOWER_WIDTH, UPPER_WIDTH):
            raise ValueError(f"the halves have {LOWER_WIDTH} and {UPPER_WIDTH} features: {widths}")
        if self.lower.network.frames_per_step != self.upper.network.frames_per_step:
            raise ValueError("the steps of both halves must cover as many frames")
        if self.lower.quantizer.stages != self.upper.quantizer.stages:
            raise ValueError("both halves must have as many stages")


class HalvesTokenizer(nn.Module):
    """Tokenizer of two parts (the `Tokenizer` contract)."""

    parts = ("LOWER_BODY", "UPPER_BODY")

    def __init__(self, config: HalvesConfig) -> None:
        super().__init__()
        self.config = config
        self.lower, self.upper = RvqVae(config.lower), RvqVae(config.upper)
        self.frames_per_step = self.lower.frames_per_step
        self.stages = self.lower.stages
        self.codebook_size = max(self.lower.codebook_size, self.upper.codebook_size)

    @property
    def mean(self) -> Tensor:
        """(WIDTH,) of the features."""
        return torch.cat([self.lower.mean, self.upper.mean])

    @property
    def spread(self) -> Tensor:
        """(WIDTH,) of the features."""
        return torch.cat([self.lower.spread, self.upper.spread])

    def normalised(self, features: Tensor) -> Tensor:
        """Return features (..., WIDTH) about 0 with spread 1, as the networks see them."""
        return (features - self.mean) / self.spread

    def encode(self, features: Tensor) -> Tensor:
        """Return codes (B, S, 2, Q) of features (B, T, WIDTH), T a multiple of the step."""
        lower, upper = features.split([LOWER_WIDTH, UPPER_WIDTH], -1)
        return torch.cat([self.lower.encode(lower), self.upper.encode(upper)], 2)

    def decode(self, codes: Tensor) -> Tensor:
        """Return features (B, T, WIDTH) of codes (B, S, 2, Q'), 1 <= Q' <= Q."""
        lower, upper = codes.split(1, 2)
        return torch.cat([self.lower.decode(lower), self.upper.decode(upper)], -1)

    def forward(self, features: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Quantized]:
        """Reconstruct normalised features, training both codebooks.

        Args:
            features: (B, T, WIDTH) as they are; normalised inside.
            mask: (B, S) True where a step is real and may teach the codebooks.

        Returns:
            normalised features (B, T, WIDTH); vectors (B, S, D + D), codes (B, S, Q + Q) and the
            mean commitment of the lower and the upper half.
        """
        halves = features.split([LOWER_WIDTH, UPPER_WIDTH], -1)
        lower, below = self.lower(halves[0], mask)
        upper, above = self.upper(halves[1], mask)
        both = Quantized(
            torch.cat([below.vectors, above.vectors], -1),
            torch.cat([below.codes, above.codes], -1),
            (below.commitment + above.commitment) / 2,
        )
        return torch.cat([lower, upper], -1), both

    @torch.no_grad()
    def set_statistics(self, features: Tensor, groups: tuple[int, ...] = ()) -> None:
        """Measure mean and spread on frames (N, WIDTH); see `RvqVae.set_statistics`."""
        if groups:
            raise ValueError("each half measures its own spread, without groups")
        lower, upper = features.split([LOWER_WIDTH, UPPER_WIDTH], -1)
        self.lower.set_statistics(lower)
        self.upper.set_statistics(upper)
