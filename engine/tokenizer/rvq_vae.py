"""The published tokenizers: one VQ-VAE for the whole body, of one stage or several.

MoMask's (section 3.1) has a codebook a stage, T2M-HiFiGPT's one for all stages, MMM's
one stage with a factorized codebook. Frames of any fixed number of features become
codes and come back. It knows the features' mean and spread, not what they mean.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from .codebook import CodebookConfig
from .contract import Quantized
from .dilated import DilatedConfig, DilatedDecoder, DilatedEncoder
from .factorized_codebook import FactorizedConfig, FactorizedQuantizer
from .residual_quantizer import QuantizerConfig, ResidualQuantizer
from .smoothing import soften_borders


def _published_quantizer() -> QuantizerConfig:
    return QuantizerConfig(
        stages=6, codebook=CodebookConfig(size=512, width=512), stage_dropout=0.2
    )


@dataclass(frozen=True, slots=True)
class RvqVaeConfig:
    """What is needed to rebuild the tokenizer with the same weights; defaults as published."""

    quantizer: QuantizerConfig | FactorizedConfig = field(default_factory=_published_quantizer)
    network: DilatedConfig = field(default_factory=DilatedConfig)

    starts_linear: bool = False
    """A linear path beside encoder and decoder that starts as the principal components of one
    step. Ours, not the papers': a few thousand steps of training then do, not 300,000."""

    is_smoothed: bool = False
    """Borders of steps are softened after the decoder, in training too. Ours, not the papers'."""

    @property
    def code_width(self) -> int:
        """Numbers of the vectors between encoder, quantizer and decoder."""
        if isinstance(self.quantizer, FactorizedConfig):
            return self.quantizer.code_width
        return self.quantizer.codebook.width


def build_quantizer(
    config: QuantizerConfig | FactorizedConfig,
) -> ResidualQuantizer | FactorizedQuantizer:
    """Return the quantizer that a config describes."""
    if isinstance(config, FactorizedConfig):
        return FactorizedQuantizer(config)
    return ResidualQuantizer(config)


class RvqVae(nn.Module):
    """Tokenizer of one part, the whole body (the `Tokenizer` contract)."""

    mean: Tensor
    spread: Tensor
    parts = ("BODY",)

    def __init__(self, config: RvqVaeConfig) -> None:
        super().__init__()
        self.config = config
        self.frames_per_step = config.network.frames_per_step
        self.stages = config.quantizer.stages
        self.codebook_size = config.quantizer.codebook.size
        self.encoder = DilatedEncoder(config.code_width, config.network)
        self.quantizer = build_quantizer(config.quantizer)
        self.decoder = DilatedDecoder(config.code_width, config.network)
        self.linear_in: nn.Linear | None = None
        self.linear_out: nn.Linear | None = None
        if config.starts_linear:
            step = self.frames_per_step * config.network.features
            self.linear_in = nn.Linear(step, config.code_width, bias=False)
            self.linear_out = nn.Linear(config.code_width, step, bias=False)
        self.register_buffer("mean", torch.zeros(config.network.features))
        self.register_buffer("spread", torch.ones(config.network.features))

    def normalised(self, features: Tensor) -> Tensor:
        """Return features (..., D) about 0 with spread 1, as the networks see them."""
        return (features - self.mean) / self.spread

    @torch.no_grad()
    def encode(self, features: Tensor) -> Tensor:
        """Return codes (B, S, 1, Q) of features (B, T, D), T a multiple of the frames a step."""
        return self.encode_normalised(self.normalised(features))

    @torch.no_grad()
    def encode_normalised(self, frames: Tensor) -> Tensor:
        """Return codes (B, S, 1, Q) of normalised features (B, T, D)."""
        return self.quantizer.encode(self.vectors(frames)).unsqueeze(2)

    @property
    def silent_code(self) -> int:
        """The code that adds nothing at its stage: MoMask's residual transformer may choose it."""
        return self.codebook_size

    @torch.no_grad()
    def decode(self, codes: Tensor) -> Tensor:
        """Return features (B, T, D) of codes (B, S, 1, Q'), 1 <= Q' <= Q, some of them silent."""
        return self.decode_normalised(codes) * self.spread + self.mean

    @torch.no_grad()
    def decode_normalised(self, codes: Tensor) -> Tensor:
        """Return normalised features (B, T, D) of codes (B, S, 1, Q')."""
        return self.frames(self._entries(codes.squeeze(2)))

    def _entries(self, codes: Tensor) -> Tensor:
        """Return what the decoder reads, (B, S, code_width), for codes (B, S, Q')."""
        if isinstance(self.quantizer, FactorizedQuantizer):
            return self.quantizer.decode(codes)
        is_silent = (codes == self.silent_code)[..., None]
        entries = [
            self.quantizer.book(stage).look_up(codes[..., stage].clamp_max(self.silent_code - 1))
            for stage in range(codes.shape[-1])
        ]
        return torch.stack(entries, 2).masked_fill(is_silent, 0.0).sum(2)

    def forward(self, features: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Quantized]:
        """Reconstruct normalised features, training the codebooks.

        Args:
            features: (B, T, D) as they are; normalised inside.
            mask: (B, S) True where a step is real and may teach the codebooks.

        Returns:
            normalised features (B, T, D), and what the quantizer did.
        """
        vectors = self.vectors(self.normalised(features))
        with self._exact(vectors):
            quantized = self.quantizer(vectors, mask)
        return self.frames(quantized.vectors), quantized

    def _exact(self, values: Tensor) -> AbstractContextManager[None]:
        """Return a context that computes in 32 bits where a training does in 16 (bfloat16).

        Entries follow their vectors by small steps, and the linear path carries the motion:
        bfloat16 has steps of millimetres there, as jitter from frame to frame.
        """
        if not self.training:
            return nullcontext()
        return torch.autocast(values.device.type, enabled=False)

    def vectors(self, frames: Tensor) -> Tensor:
        """Return what is quantized, (B, S, code_width), of normalised features (B, T, D)."""
        vectors = torch.as_tensor(self.encoder(frames)).to(frames.dtype)
        if self.linear_in is None:
            return vectors
        steps = frames.unflatten(1, (-1, self.frames_per_step)).flatten(2)
        with self._exact(frames):
            return vectors + torch.as_tensor(self.linear_in(steps))

    def frames(self, vectors: Tensor) -> Tensor:
        """Return normalised features (B, T, D) of quantized vectors (B, S, code_width)."""
        frames = torch.as_tensor(self.decoder(vectors)).to(vectors.dtype)
        with self._exact(vectors):
            if self.linear_out is not None:
                steps = torch.as_tensor(self.linear_out(vectors))
                frames = frames + steps.unflatten(2, (self.frames_per_step, -1)).flatten(1, 2)
            is_smoothed = self.config.is_smoothed
            return soften_borders(frames, self.frames_per_step) if is_smoothed else frames

    @torch.no_grad()
    def start_linear(self, features: Tensor) -> None:
        """Start as the principal components of one step of windows (N, T, D); see the config."""
        assert self.linear_in is not None and self.linear_out is not None
        frames = self.normalised(features).unflatten(1, (-1, self.frames_per_step))
        steps = frames.flatten(2).flatten(0, 1)
        # Double precision and a ridge: constant features make the matrix singular.
        spread = (steps.T @ steps).double() + 1e-6 * torch.eye(steps.shape[1]).double()
        axes = torch.linalg.eigh(spread).eigenvectors.flip(1).T.to(steps.dtype)
        kept = min(len(axes), self.config.code_width)
        self.linear_in.weight.zero_()[:kept] = axes[:kept]
        self.linear_out.weight.zero_()[:, :kept] = axes[:kept].T
        for last in (self.encoder.outward, self.decoder.outward):
            nn.init.zeros_(last.weight)
            if last.bias is not None:
                nn.init.zeros_(last.bias)
        if isinstance(self.quantizer, FactorizedQuantizer):
            self.quantizer.start_as_projection()

    @torch.no_grad()
    def set_statistics(self, features: Tensor, groups: tuple[int, ...] = ()) -> None:
        """Measure mean and spread on frames (N, D).

        Args:
            features: training frames.
            groups: widths, D in all, of the groups that share one spread, so that loud
                columns of a group stay louder than quiet ones (Guo et al. 2022).
        """
        self.mean.copy_(features.mean(0))
        spread = features.std(0)
        if groups:
            parts = spread.split(list(groups))
            spread = torch.cat([part.mean().expand(len(part)) for part in parts])
        self.spread.copy_(spread.clamp_min(1e-4))
