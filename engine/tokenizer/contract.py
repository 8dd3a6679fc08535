"""What every tokenizer promises, so that generators and evaluation know only this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor


@dataclass(frozen=True, slots=True)
class Quantized:
    """Vectors after quantization."""

    vectors: Tensor
    """(..., D) sum of the chosen entries, with the straight-through gradient."""

    codes: Tensor
    """(..., Q) int64."""

    commitment: Tensor
    """() squared distance between encoder outputs and their entries."""


class Tokenizer(Protocol):
    """Turns features into a grid of codes (time x part x stage) and back."""

    @property
    def frames_per_step(self) -> int:
        """Frames that one step of codes covers."""

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the P parts that are coded by themselves."""

    @property
    def stages(self) -> int:
        """RVQ levels (Q)."""

    @property
    def codebook_size(self) -> int:
        """Entries of a codebook (K)."""

    def encode(self, features: Tensor) -> Tensor:
        """Return codes (B, S, P, Q) of features (B, T, D); T is a multiple of the stride."""

    def decode(self, codes: Tensor) -> Tensor:
        """Return features (B, T, D) of codes (B, S, P, Q') with any Q' from 1 to Q."""
