"""Named configurations. A preset is complete: nothing else decides what is trained."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..tokenizer.codebook import CodebookConfig
from ..tokenizer.convolution import ConvolutionConfig
from ..tokenizer.grid import GridTokenizerConfig
from ..tokenizer.residual_quantizer import QuantizerConfig
from .loop import LoopConfig


@dataclass(frozen=True, slots=True)
class TokenizerLosses:
    """Weights of the tokenizer's losses; lengths are in metres."""

    feature: float = 0.5
    joints: float = 10.0
    """Joint positions of the joined body after forward kinematics, heading aligned."""

    bones: float = 10.0
    """Bone vectors (T2M-HiFiGPT's bone loss, on directions since lengths are fixed)."""

    velocity: float = 40.0
    """Joint displacement a frame (T2M-HiFiGPT, MoMask)."""

    feet: float = 40.0
    """Displacement a frame of standing feet in the world."""

    path: float = 4.0
    """Integrated root position."""

    heading: float = 4.0
    """Integrated heading, radians."""

    commitment: float = 0.1


@dataclass(frozen=True, slots=True)
class TokenizerPreset:
    """A whole tokenizer training."""

    model: GridTokenizerConfig = field(default_factory=GridTokenizerConfig)
    losses: TokenizerLosses = field(default_factory=TokenizerLosses)
    loop: LoopConfig = field(default_factory=LoopConfig)
    frames: int = 64
    """Length of a training window."""


TOKENIZER_PRESETS = {
    "grid": TokenizerPreset(
        loop=LoopConfig(steps=2700, batch=64, learning_rate=1e-3, warmup=100, average_decay=0.99)
    ),
    "smoke": TokenizerPreset(
        model=GridTokenizerConfig(
            quantizer=QuantizerConfig(stages=2, codebook=CodebookConfig(size=16, width=8)),
            lower=ConvolutionConfig(width=16, blocks=1, frame_width=8),
            upper=ConvolutionConfig(width=16, blocks=1, frame_width=8),
        ),
        loop=LoopConfig(steps=3, batch=4, warmup=1, validate_every=2, save_every=2),
        frames=16,
    ),
}
