"""The toy's generator: the root sways from side to side, as far as its only weight says."""

from __future__ import annotations

from collections.abc import Generator as Steps
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ...checkpoint import load_network
from ...motion.edits import Mask
from ...motion.request import Progress
from ...motion.skeleton import FPS
from ...text_encoder import EncodedText, TextEncoder
from ..contract import Canvas, Made, Stopwatch
from ..registry import reason_against
from .presets import SwayConfig


class Sway(nn.Module):
    """One weight: metres to each side."""

    def __init__(self, config: SwayConfig) -> None:
        super().__init__()
        self.config = config
        self.metres = nn.Parameter(torch.full((1,), config.metres))


@dataclass(frozen=True, slots=True)
class Toy:
    """The `Generator` contract over one weight."""

    network: Sway
    text_encoder: TextEncoder
    name: str = "toy"

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return self.network.metres.device

    def can_fill(self, mask: Mask) -> str | None:
        """Return why the mask (T, P) cannot be filled: only new takes can."""
        return reason_against(self.name, mask)

    def choose_frames(self, text: EncodedText, seed: int) -> Steps[Progress, None, int]:
        """Return a second for each word of the prompt."""
        yield Progress(0, 1, "Choosing the length")
        return FPS * int(text.word_mask.sum())

    def fill(self, canvas: Canvas, watch: Stopwatch) -> Steps[Progress, None, Made]:
        """Sway once a second, from a start that the seed draws."""
        clips = []
        for number, seed in enumerate(canvas.seeds):
            yield Progress(number, len(canvas.seeds), "Swaying")
            turns = np.arange(canvas.clip.frames) / FPS + np.random.default_rng(seed).random()
            root = canvas.clip.root_pos.copy()
            root[:, 0] = float(self.network.metres) * np.sin(2 * np.pi * turns)
            clips.append(replace(canvas.clip, root_pos=root))
        stands = np.ones((canvas.clip.frames, 4), dtype=bool)
        return Made(tuple(clips), (stands,) * len(clips), (0.0,) * len(clips))


def load_toy(folder: Path, device: str, text_encoder: TextEncoder) -> Toy:
    """Load the network from a model's folder."""
    return Toy(load_network(folder / "sway.safetensors", Sway, SwayConfig, device), text_encoder)
