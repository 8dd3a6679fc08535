"""The grid tokenizer: one RVQ-VAE a body part, codes of shape (time, part, stage).

A part's codes are made from that part's features alone, and decoding joins the
parts. Encoder and decoder each see about half a second to either side, so that a
kept code cannot tell an edit what stood in its place.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from ..features import PART_SLICES, PART_WIDTHS, WIDTH, part_positions
from ..motion.skeleton import FRAMES_PER_STEP, PARTS
from .contract import Quantized
from .convolution import ConvolutionConfig, Decoder, Encoder
from .residual_quantizer import QuantizerConfig, ResidualQuantizer


@dataclass(frozen=True, slots=True)
class GridTokenizerConfig:
    """What is needed to rebuild the grid tokenizer with the same weights."""

    quantizer: QuantizerConfig = field(default_factory=QuantizerConfig)
    lower: ConvolutionConfig = field(default_factory=lambda: ConvolutionConfig(width=384))
    upper: ConvolutionConfig = field(default_factory=ConvolutionConfig)


class PartTokenizer(nn.Module):
    """RVQ-VAE of one body part."""

    mean: Tensor
    scale: Tensor
    input_mean: Tensor
    input_scale: Tensor

    def __init__(self, part: str, quantizer: QuantizerConfig, sizes: ConvolutionConfig) -> None:
        super().__init__()
        self.part = part
        outputs = PART_WIDTHS[part]
        inputs = self.inputs(torch.zeros(1, 2, WIDTH)).shape[-1]
        code_width = quantizer.codebook.width
        self.encoder = Encoder(inputs, code_width, FRAMES_PER_STEP, sizes)
        self.quantizer = ResidualQuantizer(quantizer)
        self.decoder = Decoder(code_width, outputs, FRAMES_PER_STEP, sizes)
        self.register_buffer("mean", torch.zeros(outputs))
        self.register_buffer("scale", torch.ones(outputs))
        self.register_buffer("input_mean", torch.zeros(inputs))
        self.register_buffer("input_scale", torch.ones(inputs))

    def inputs(self, features: Tensor) -> Tensor:
        """Return what the encoder sees: features, joint positions and their speeds."""
        own = features[..., PART_SLICES[self.part]]
        positions = part_positions(features, self.part)
        speeds = positions.diff(dim=-2)
        speeds = torch.cat([speeds[..., :1, :], speeds], -2)
        return torch.cat([own, positions, speeds], -1)

    def vectors(self, features: Tensor) -> Tensor:
        """Return encoder outputs (B, S, code_width) of features (B, T, WIDTH)."""
        inputs = (self.inputs(features) - self.input_mean) / self.input_scale
        return torch.as_tensor(self.encoder(inputs))

    def features(self, vectors: Tensor) -> Tensor:
        """Return the part's features (B, T, width) of quantized vectors."""
        return torch.as_tensor(self.decoder(vectors)) * self.scale + self.mean


class GridTokenizer(nn.Module):
    """Tokenizer over the grid time x part x stage (the `Tokenizer` contract)."""

    frames_per_step = FRAMES_PER_STEP
    parts = PARTS

    def __init__(self, config: GridTokenizerConfig) -> None:
        super().__init__()
        self.config = config
        self.stages = config.quantizer.stages
        self.codebook_size = config.quantizer.codebook.size
        sizes = {part: config.lower if part == "LOWER_BODY" else config.upper for part in PARTS}
        self.tokenizers = nn.ModuleDict(
            {part: PartTokenizer(part, config.quantizer, sizes[part]) for part in PARTS}
        )

    def part(self, part: str) -> PartTokenizer:
        """Return the RVQ-VAE of a part."""
        tokenizer = self.tokenizers[part]
        assert isinstance(tokenizer, PartTokenizer)
        return tokenizer

    @torch.no_grad()
    def set_statistics(self, features: Tensor, rows: dict[str, Tensor]) -> None:
        """Measure means and scales on training features (N, T, WIDTH).

        Args:
            features: windows of training motion.
            rows: part -> (N,) True for windows in which the part was captured.
        """
        for part in PARTS:
            own = self.part(part)
            chosen = features[rows[part]]
            inputs = own.inputs(chosen).flatten(0, 1)
            outputs = chosen[..., PART_SLICES[part]].flatten(0, 1)
            own.input_mean.copy_(inputs.mean(0))
            own.input_scale.copy_(inputs.std(0).clamp_min(1e-3))
            own.mean.copy_(outputs.mean(0))
            own.scale.copy_(outputs.std(0).clamp_min(1e-3))

    @torch.no_grad()
    def encode(self, features: Tensor) -> Tensor:
        """Return codes (B, S, P, Q) of features (B, T, WIDTH), T a multiple of 4."""
        codes = [self.part(p).quantizer.encode(self.part(p).vectors(features)) for p in PARTS]
        return torch.stack(codes, 2)

    @torch.no_grad()
    def decode(self, codes: Tensor) -> Tensor:
        """Return features (B, T, WIDTH) of codes (B, S, P, Q'), 1 <= Q' <= Q."""
        parts = []
        for index, part in enumerate(PARTS):
            own = self.part(part)
            parts.append(own.features(own.quantizer.decode(codes[:, :, index])))
        return torch.cat(parts, -1)

    def forward(
        self, features: Tensor, masks: dict[str, Tensor]
    ) -> tuple[Tensor, dict[str, Quantized]]:
        """Reconstruct features (B, T, WIDTH), training the codebooks.

        Args:
            features: (B, T, WIDTH).
            masks: part -> (B, S) True where the step is real motion of that part.
        """
        quantized, parts = {}, []
        for part in PARTS:
            own = self.part(part)
            quantized[part] = own.quantizer(own.vectors(features), masks[part])
            parts.append(own.features(quantized[part].vectors))
        return torch.cat(parts, -1), quantized


