"""The grid tokenizer: one RVQ-VAE a body part, codes of shape (time, part, stage).

A part's codes are made from that part's features alone, and decoding joins the
parts. Encoder and decoder each see about half a second to either side, so that a
kept code cannot tell an edit what stood in its place.

Each RVQ-VAE starts as a principal component analysis of one step, in which every
number counts by how far it moves the body's points, and learns the rest on top.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from ..checkpoint import load_network
from ..features import CONTACT_WIDTH, PART_SLICES, PART_WIDTHS, WIDTH, part_positions
from ..motion.skeleton import FRAMES_PER_STEP, JOINTS, PART_JOINTS, PARTS
from .contract import Quantized
from .convolution import ConvolutionConfig, Decoder, Encoder
from .residual_quantizer import QuantizerConfig, ResidualQuantizer
from .smoothing import soften_borders

_REACH = {
    "pelvis": 1.2, "hip": 0.8, "knee": 0.45, "ankle": 0.15, "foot": 0.05,
    "spine1": 0.9, "spine2": 0.8, "spine3": 0.7, "neck": 0.2, "head": 0.15,
    "collar": 0.65, "shoulder": 0.55, "elbow": 0.3, "wrist": 0.12,
}  # fmt: skip
"""Metres of body that a joint swings about."""

_ROOT_REACH = (45.0, 50.0, 50.0, 1.0)
"""Speeds count many times: they are integrated over seconds."""

_DECIMETRES = 10.0


def reach_of(part: str) -> Tensor:
    """Return (part width,): decimetres that the body moves for one unit of each feature."""
    joints = [_REACH[JOINTS[joint].split("_")[-1]] for joint in PART_JOINTS[part]]
    reach = [r for r in joints for _ in range(6)]
    if part == "LOWER_BODY":
        reach = [*_ROOT_REACH, *reach, *([0.05] * CONTACT_WIDTH)]
    return _DECIMETRES * torch.tensor(reach)


@dataclass(frozen=True, slots=True)
class GridTokenizerConfig:
    """What is needed to rebuild the grid tokenizer with the same weights."""

    quantizer: QuantizerConfig = field(default_factory=QuantizerConfig)
    lower: ConvolutionConfig = field(default_factory=lambda: ConvolutionConfig(width=384))
    upper: ConvolutionConfig = field(default_factory=ConvolutionConfig)


class PartTokenizer(nn.Module):
    """RVQ-VAE of one body part."""

    mean: Tensor
    reach: Tensor
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
        self.linear_in = nn.Linear(FRAMES_PER_STEP * outputs, code_width, bias=False)
        self.linear_out = nn.Linear(code_width, FRAMES_PER_STEP * outputs, bias=False)
        nn.init.zeros_(self.encoder.outward.weight)
        nn.init.zeros_(self.decoder.outward.weight)
        self.register_buffer("mean", torch.zeros(outputs))
        self.register_buffer("reach", reach_of(part))
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
        step = self._steps(features[..., PART_SLICES[self.part]])
        return torch.as_tensor(self.linear_in(step) + self.encoder(inputs))

    def features(self, vectors: Tensor) -> Tensor:
        """Return the part's features (B, T, width) of quantized vectors."""
        frames = self.linear_out(vectors).unflatten(2, (FRAMES_PER_STEP, -1)).flatten(1, 2)
        return torch.as_tensor((frames + self.decoder(vectors)) / self.reach + self.mean)

    def _steps(self, own: Tensor) -> Tensor:
        """Return (B, S, 4 * width) in decimetres, about the mean."""
        scaled = (own - self.mean) * self.reach
        return scaled.reshape(len(own), -1, FRAMES_PER_STEP * scaled.shape[-1])

    @torch.no_grad()
    def set_statistics(self, features: Tensor) -> None:
        """Measure means and scales on windows (N, T, WIDTH), and start as their PCA."""
        inputs = self.inputs(features).flatten(0, 1)
        self.input_mean.copy_(inputs.mean(0))
        self.input_scale.copy_(inputs.std(0).clamp_min(1e-3))
        own = features[..., PART_SLICES[self.part]]
        self.mean.copy_(own.flatten(0, 1).mean(0))
        steps = self._steps(own).flatten(0, 1)
        # Double precision and a ridge: constant features make the matrix singular.
        spread = (steps.T @ steps).double() + 1e-6 * torch.eye(steps.shape[1]).double()
        axes = torch.linalg.eigh(spread).eigenvectors.flip(1).T.to(steps.dtype)
        kept = min(len(axes), self.linear_in.out_features)
        self.linear_in.weight.zero_()[:kept] = axes[:kept]
        self.linear_out.weight.zero_()[:, :kept] = axes[:kept].T


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
            self.part(part).set_statistics(features[rows[part]])

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
        return soften_borders(torch.cat(parts, -1), FRAMES_PER_STEP)

    def partial_sums(self, codes: Tensor) -> Tensor:
        """Return (B, S, P, code_width): what codes (B, S, P, Q'), 1 <= Q' <= Q, add up to."""
        sums = [self.part(part).quantizer.decode(codes[:, :, i]) for i, part in enumerate(PARTS)]
        return torch.stack(sums, 2)

    def entries(self, stage: int) -> Tensor:
        """Return (P, K, code_width): each part's codebook of a stage."""
        return torch.stack([self.part(part).quantizer.book(stage).entries for part in PARTS])

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


def load_grid_tokenizer(weights: Path, device: str = "cpu") -> GridTokenizer:
    """Load the tokenizer of a grid model's folder alone.

    Raises:
        WeightsError: if its file is missing or damaged.
    """
    path = weights / "tokenizer.safetensors"
    return load_network(path, GridTokenizer, GridTokenizerConfig, device)
