"""Encoder and decoder blocks over token steps, channels last.

Convolutions are written as one matrix product over shifted copies, which two CPU
cores run faster than `conv1d`. Edges repeat their last step. Norms act on one
step alone: a norm over time would carry the whole clip into every code.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


def shifted(values: Tensor, reach: int) -> Tensor:
    """Return (B, S, (2 * reach + 1) * D): each step beside its neighbours, edges repeated."""
    steps = values.shape[1]
    first, last = values[:, :1].expand(-1, reach, -1), values[:, -1:].expand(-1, reach, -1)
    padded = torch.cat([first, values, last], 1)
    copies = [padded[:, shift : shift + steps] for shift in range(2 * reach + 1)]
    return torch.cat(copies, -1)


@dataclass(frozen=True, slots=True)
class ConvolutionConfig:
    """Sizes of an encoder or decoder."""

    width: int = 256
    """Channels of the trunk."""

    blocks: int = 3
    """Residual blocks; each sees one step (4 frames) further to both sides."""

    frame_width: int = 64
    """Channels at frame rate at the decoder's end."""


class StepBlock(nn.Module):
    """Residual block that sees one step to each side."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.inward = nn.Linear(3 * width, width)
        self.outward = nn.Linear(width, width)

    def forward(self, values: Tensor) -> Tensor:
        """Map (B, S, D) to the same shape."""
        inner = functional.gelu(self.inward(shifted(self.norm(values), 1)))
        return torch.as_tensor(values + self.outward(inner))


class Encoder(nn.Module):
    """(B, T, inputs) -> (B, S, code_width); a code sees `blocks` steps to each side."""

    def __init__(
        self, inputs: int, code_width: int, stride: int, config: ConvolutionConfig
    ) -> None:
        super().__init__()
        self.stride = stride
        self.inward = nn.Linear(stride * inputs, config.width)
        self.blocks = nn.ModuleList(StepBlock(config.width) for _ in range(config.blocks))
        self.norm = nn.LayerNorm(config.width)
        self.outward = nn.Linear(config.width, code_width)

    def forward(self, frames: Tensor) -> Tensor:
        """Encode whole steps: T is a multiple of the stride."""
        values = self.inward(frames.unflatten(1, (-1, self.stride)).flatten(2))  # -> (B, S, D)
        for block in self.blocks:
            values = block(values)
        return torch.as_tensor(self.outward(self.norm(values)))


class Decoder(nn.Module):
    """(B, S, code_width) -> (B, T, outputs); ends at frame rate so that steps join smoothly."""

    def __init__(
        self, code_width: int, outputs: int, stride: int, config: ConvolutionConfig
    ) -> None:
        super().__init__()
        self.stride = stride
        self.inward = nn.Linear(code_width, config.width)
        self.blocks = nn.ModuleList(StepBlock(config.width) for _ in range(config.blocks))
        self.norm = nn.LayerNorm(config.width)
        self.frames = nn.Linear(config.width, stride * config.frame_width)
        self.smooth = nn.Linear(5 * config.frame_width, config.frame_width)
        self.outward = nn.Linear(config.frame_width, outputs)

    def forward(self, codes: Tensor) -> Tensor:
        """Decode (B, S, code_width)."""
        values = self.inward(codes)
        for block in self.blocks:
            values = block(values)
        frames = self.frames(self.norm(values)).unflatten(2, (self.stride, -1)).flatten(1, 2)
        frames = frames + self.smooth(functional.gelu(shifted(frames, 2)))  # (B, T, frame_width)
        return torch.as_tensor(self.outward(functional.gelu(frames)))
