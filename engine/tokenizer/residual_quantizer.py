"""A stack of codebooks, each coding what the ones before it left over.

MoMask section 3.1 and T2M-HiFiGPT section 3.1. Codebooks may be one shared
table (T2M-HiFiGPT) or one a stage (MoMask). It knows nothing about motion.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from ..shares import current_share, mean_of_all
from .codebook import Codebook, CodebookConfig
from .contract import Quantized


@dataclass(frozen=True, slots=True)
class QuantizerConfig:
    """What is needed to rebuild a residual quantizer with the same weights."""

    stages: int = 6
    """RVQ levels (Q). Stage 0 carries the motion, the rest carry detail."""

    codebook: CodebookConfig = field(default_factory=CodebookConfig)

    is_shared: bool = False
    """One codebook for all stages (T2M-HiFiGPT) instead of one each (MoMask)."""

    stage_dropout: float = 0.4
    """Chance, per batch, of training with only the first few stages. 0 turns it off."""

    def __post_init__(self) -> None:
        if self.stages < 1:
            raise ValueError(f"stages must be at least 1, not {self.stages}")
        if not 0.0 <= self.stage_dropout < 1.0:
            raise ValueError(f"stage_dropout must be in [0, 1), not {self.stage_dropout}")


class ResidualQuantizer(nn.Module):
    """Codes vectors by a sum of entries, one a stage."""

    def __init__(self, config: QuantizerConfig) -> None:
        super().__init__()
        self.config = config
        books = [Codebook(config.codebook) for _ in range(1 if config.is_shared else config.stages)]
        self.books = nn.ModuleList(books)

    def book(self, stage: int) -> Codebook:
        """Return the codebook of a stage."""
        book = self.books[0 if self.config.is_shared else stage]
        assert isinstance(book, Codebook)
        return book

    def encode(self, vectors: Tensor) -> Tensor:
        """Return codes (..., Q) of vectors (..., D)."""
        residual = vectors.detach().flatten(0, -2)
        codes = []
        for stage in range(self.config.stages):
            book = self.book(stage)
            codes.append(book.nearest(residual))
            residual = residual - book.look_up(codes[-1])
        return torch.stack(codes, -1).view(*vectors.shape[:-1], -1)

    def decode(self, codes: Tensor) -> Tensor:
        """Return the sum (..., D) of the entries of codes (..., Q'), 1 <= Q' <= Q."""
        return torch.stack(
            [self.book(stage).look_up(codes[..., stage]) for stage in range(codes.shape[-1])]
        ).sum(0)

    def forward(self, vectors: Tensor, mask: Tensor | None = None) -> Quantized:
        """Quantize (..., D), updating the codebooks while in training.

        Args:
            vectors: (..., D) encoder outputs.
            mask: (...) True where a vector is real and may teach the codebooks.

        Returns:
            The sum of entries; its gradient goes straight through to `vectors`
            (one pass around the whole sum: a pass a stage would count stages twice).
        """
        flat = vectors.flatten(0, -2)
        real = slice(None) if mask is None else mask.flatten()
        residual, total = flat.detach(), torch.zeros_like(flat)
        commitment = flat.new_zeros(())
        codes = []
        last = self._last_stage()
        for stage in range(self.config.stages):
            book = self.book(stage)
            if self.training and not bool(book.is_filled):
                book.fill(self._first_vectors(current_share().gather(residual[real])))
            chosen = book.nearest(residual)
            codes.append(chosen)
            if stage > last:
                continue
            entries = book.look_up(chosen)
            commitment = commitment + mean_of_all((flat - total - entries)[real].square())
            if self.training:
                book.update(residual[real], chosen[real])
            total = total + entries
            residual = residual - entries
        straight = flat + (total - flat).detach()
        shape = vectors.shape[:-1]
        return Quantized(
            straight.unflatten(0, shape), torch.stack(codes, -1).unflatten(0, shape), commitment
        )

    def _first_vectors(self, vectors: Tensor) -> Tensor:
        """Return vectors (N, D) for a codebook to start on.

        A shared one gets short ones too: later stages are given ever less, and would
        make it worse with entries as long as the first stage's.
        """
        if not self.config.is_shared:
            return vectors
        halvings = self.config.stages * torch.rand(len(vectors), 1, device=vectors.device)
        return vectors * 2.0**-halvings

    def _last_stage(self) -> int:
        if self.training and torch.rand(()) < self.config.stage_dropout:
            # The square favours few stages: the base codes alone must carry the motion.
            return int(torch.rand(()).square() * self.config.stages)
        return self.config.stages - 1
