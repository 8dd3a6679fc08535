"""One codebook: nearest entry, moving-average update, revival of dead entries.

van den Oord et al. 2017 (VQ-VAE, appendix A.1) for the moving averages; MoMask
(section 3.1) resets entries that are not used. It knows nothing about stages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..shares import current_share, pick_rows


@dataclass(frozen=True, slots=True)
class CodebookConfig:
    """What is needed to rebuild a codebook with the same weights."""

    size: int = 512
    """Entries (K)."""

    width: int = 128
    """Numbers an entry (D)."""

    decay: float = 0.99
    """Share of the old moving average that stays at each update."""

    revive_below: float = 0.03
    """An entry whose average use a batch falls below this is put on a random vector."""

    def __post_init__(self) -> None:
        if self.size < 2 or self.width < 1:
            raise ValueError(f"a codebook needs size >= 2 and width >= 1, not {self}")
        if not 0.0 <= self.decay < 1.0:
            raise ValueError(f"decay must be in [0, 1), not {self.decay}")


class Codebook(nn.Module):
    """K entries that follow the vectors assigned to them."""

    entries: Tensor
    use: Tensor
    total: Tensor
    is_filled: Tensor

    def __init__(self, config: CodebookConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("entries", torch.zeros(config.size, config.width))
        self.register_buffer("use", torch.zeros(config.size))
        self.register_buffer("total", torch.zeros(config.size, config.width))
        self.register_buffer("is_filled", torch.zeros((), dtype=torch.bool))

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *others: Any
    ) -> None:
        # Shipped weights hold the entries alone; training goes on as if each had one use.
        entries = state_dict.get(f"{prefix}entries")
        if entries is not None:
            state_dict.setdefault(f"{prefix}total", entries.clone())
            state_dict.setdefault(f"{prefix}use", torch.ones(len(entries)))
        super()._load_from_state_dict(state_dict, prefix, *others)

    def nearest(self, vectors: Tensor) -> Tensor:
        """Return codes (N,) of vectors (N, D): the nearest entry, Euclidean."""
        # |v|^2 is the same for every entry and is left out.
        return (self.entries.square().sum(1) - 2.0 * vectors @ self.entries.T).argmin(1)

    def look_up(self, codes: Tensor) -> Tensor:
        """Return entries (..., D) of codes (...)."""
        return functional.embedding(codes, self.entries)

    @torch.no_grad()
    def update(self, vectors: Tensor, codes: Tensor) -> None:
        """Move the entries towards the vectors (N, D) that chose them, then revive dead ones.

        Where several processes share a batch, N counts own vectors and all are summed.
        """
        share = current_share()
        hits = torch.bincount(codes, minlength=self.config.size).to(vectors.dtype)
        sums = torch.zeros_like(self.total).index_add_(0, codes, vectors)
        hits, sums = share.add_up(hits), share.add_up(sums)
        decay = self.config.decay
        self.use.mul_(decay).add_(hits, alpha=1 - decay)
        self.total.mul_(decay).add_(sums, alpha=1 - decay)
        dead = self.use < self.config.revive_below
        if bool(dead.any()):
            self.use[dead] = 1.0
            self.total[dead] = pick_rows(vectors, int(dead.sum()))
        self.entries.copy_(self.total / self.use[:, None].clamp_min(1e-5))

    @torch.no_grad()
    def fill(self, vectors: Tensor) -> None:
        """Start the entries on random vectors (N, D) of the whole first batch."""
        picked = vectors[torch.randint(len(vectors), (self.config.size,), device=vectors.device)]
        noise = 0.01 * vectors.std() * torch.randn_like(picked)
        self.use.fill_(1.0)
        self.total.copy_(picked + noise)
        self.entries.copy_(self.total)
        self.is_filled.fill_(True)
