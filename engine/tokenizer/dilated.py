"""Encoder and decoder of the published tokenizers: strided convolutions with dilated blocks.

T2M-GPT's (Zhang et al. 2023) one-dimensional residual network, which MoMask, MMM and
T2M-HiFiGPT took over. Edges are padded with zeros, as published weights expect.
It knows no codebook.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class DilatedConfig:
    """Sizes of an encoder and its decoder."""

    features: int = 263
    """Numbers a frame."""

    width: int = 512
    """Channels between the first and the last convolution."""

    depth: int = 3
    """Residual blocks at each rate."""

    growth: int = 3
    """Each block of a stack looks so many times further than the next one."""

    halvings: int = 2
    """How often the frame rate is halved; a step covers 2 ** halvings frames."""

    def __post_init__(self) -> None:
        if min(self.features, self.width, self.depth, self.growth, self.halvings) < 1:
            raise ValueError(f"sizes of a tokenizer must be at least 1, not {self}")

    @property
    def frames_per_step(self) -> int:
        """Frames that one step covers."""
        return int(2**self.halvings)


class DilatedBlock(nn.Module):
    """Residual block: a dilated convolution over three steps, then a mixing of channels."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.look = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.mix = nn.Conv1d(width, width, 1)

    def forward(self, values: Tensor) -> Tensor:
        """Map (B, D, S) to the same shape."""
        inner = self.mix(functional.relu(self.look(functional.relu(values))))
        return torch.as_tensor(values + inner)


def dilated_stack(config: DilatedConfig) -> nn.Sequential:
    """Return the blocks of one rate, the farthest-looking first."""
    dilations = [config.growth**power for power in reversed(range(config.depth))]
    return nn.Sequential(*(DilatedBlock(config.width, dilation) for dilation in dilations))


class DilatedEncoder(nn.Module):
    """(B, T, features) -> (B, S, code_width); T is a multiple of the frames a step."""

    def __init__(self, code_width: int, config: DilatedConfig) -> None:
        super().__init__()
        self.inward = nn.Conv1d(config.features, config.width, 3, padding=1)
        self.downward = nn.ModuleList(
            nn.Conv1d(config.width, config.width, 4, stride=2, padding=1)
            for _ in range(config.halvings)
        )
        self.stacks = nn.ModuleList(dilated_stack(config) for _ in range(config.halvings))
        self.outward = nn.Conv1d(config.width, code_width, 3, padding=1)

    def forward(self, frames: Tensor) -> Tensor:
        """Encode whole steps."""
        values = functional.relu(self.inward(frames.transpose(1, 2)))  # (B, T, D) -> (B, D, T)
        for downward, stack in zip(self.downward, self.stacks, strict=True):
            values = stack(downward(values))
        return torch.as_tensor(self.outward(values)).transpose(1, 2)


class DilatedDecoder(nn.Module):
    """(B, S, code_width) -> (B, T, features)."""

    def __init__(self, code_width: int, config: DilatedConfig) -> None:
        super().__init__()
        self.inward = nn.Conv1d(code_width, config.width, 3, padding=1)
        self.stacks = nn.ModuleList(dilated_stack(config) for _ in range(config.halvings))
        self.upward = nn.ModuleList(
            nn.Conv1d(config.width, config.width, 3, padding=1) for _ in range(config.halvings)
        )
        self.smooth = nn.Conv1d(config.width, config.width, 3, padding=1)
        self.outward = nn.Conv1d(config.width, config.features, 3, padding=1)

    def forward(self, vectors: Tensor) -> Tensor:
        """Decode (B, S, code_width)."""
        values = functional.relu(self.inward(vectors.transpose(1, 2)))
        for stack, upward in zip(self.stacks, self.upward, strict=True):
            values = upward(stack(values).repeat_interleave(2, -1))
        frames = self.outward(functional.relu(self.smooth(values)))
        return torch.as_tensor(frames).transpose(1, 2)
