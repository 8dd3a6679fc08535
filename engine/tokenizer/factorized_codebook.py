"""One large codebook that is looked up in few dimensions.

MMM (Pinyoanuntapong et al. 2024, section 3.1), after ViT-VQGAN (Yu et al. 2022): a linear
map takes the encoder's vectors down for the look-up, another one takes the entries up to
the decoder. Many entries of few numbers stay in use where as many wide ones die.
It has one stage and knows nothing about motion.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import torch
from torch import Tensor, nn

from ..shares import current_share, mean_of_all
from .codebook import Codebook, CodebookConfig
from .contract import Quantized

_CHUNK: Final = 4096
"""Vectors that are compared with all entries at a time."""


def _published_codebook() -> CodebookConfig:
    # A batch holds fewer vectors than there are entries: most uses a batch are below 1.
    return CodebookConfig(size=8192, width=32, revive_below=0.01)


@dataclass(frozen=True, slots=True)
class FactorizedConfig:
    """What is needed to rebuild a factorized codebook with the same weights."""

    codebook: CodebookConfig = field(default_factory=_published_codebook)
    """Its width is that of the look-up."""

    code_width: int = 512
    """Numbers of the vectors that come in and go out (D)."""

    is_factorized: bool = True
    """False looks up at full width, without the two maps: the plain codebook to compare with."""

    def __post_init__(self) -> None:
        if self.code_width < 1:
            raise ValueError(f"code_width must be at least 1, not {self.code_width}")
        if not self.is_factorized and self.codebook.width != self.code_width:
            raise ValueError("a plain codebook is as wide as its vectors")

    @property
    def stages(self) -> int:
        """RVQ levels: one."""
        return 1

    @property
    def is_shared(self) -> bool:
        """Whether stages share a codebook: the only one has nobody to share it with."""
        return False


class FactorizedQuantizer(nn.Module):
    """Codes vectors (..., D) by one entry each."""

    def __init__(self, config: FactorizedConfig) -> None:
        super().__init__()
        self.config = config
        inner, outer = config.codebook.width, config.code_width
        self.down: nn.Module = nn.Identity()
        self.up: nn.Module = nn.Identity()
        if config.is_factorized:
            self.down, self.up = nn.Linear(outer, inner), nn.Linear(inner, outer)
        self.book = Codebook(config.codebook)

    def start_as_projection(self) -> None:
        """Let the way down keep the first numbers of a vector, and the way up put them back."""
        for map_ in (self.down, self.up):
            if isinstance(map_, nn.Linear):
                nn.init.eye_(map_.weight)
                nn.init.zeros_(map_.bias)

    def encode(self, vectors: Tensor) -> Tensor:
        """Return codes (..., 1) of vectors (..., D)."""
        flat = self.down(vectors).detach().flatten(0, -2)
        return self._nearest(flat).view(*vectors.shape[:-1], 1)

    def decode(self, codes: Tensor) -> Tensor:
        """Return vectors (..., D) of codes (..., 1)."""
        return torch.as_tensor(self.up(self.book.look_up(codes[..., 0])))

    def forward(self, vectors: Tensor, mask: Tensor | None = None) -> Quantized:
        """Quantize (..., D), moving the entries while in training.

        Args:
            vectors: (..., D) encoder outputs.
            mask: (...) True where a vector is real and may teach the codebook.

        Returns:
            Vectors (..., D) after the way down, the entry and the way up; the gradient
            goes straight through the look-up to both maps and to `vectors`.
        """
        low = self.down(vectors)
        flat = low.flatten(0, -2)
        real = slice(None) if mask is None else mask.flatten()
        teaching = flat.detach()[real]
        share = current_share()
        teaches = self.training and int(share.add_up(torch.tensor(len(teaching)).to(flat.device)))
        if teaches and not bool(self.book.is_filled):
            self.book.fill(share.gather(teaching))
        codes = self._nearest(flat.detach())
        entries = self.book.look_up(codes)
        commitment = mean_of_all((flat - entries)[real].square())
        if teaches:
            self.book.update(teaching, codes[real])
        straight = (flat + (entries - flat).detach()).view_as(low)
        return Quantized(self.up(straight), codes.view(*vectors.shape[:-1], 1), commitment)

    def _nearest(self, flat: Tensor) -> Tensor:
        rows = [self.book.nearest(part) for part in flat.split(_CHUNK)]
        return torch.cat(rows) if rows else flat.new_zeros(0, dtype=torch.long)
