"""Named configurations of the grid model's trainings."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...presets import LoopConfig, TokenizerLosses
from ...tokenizer.codebook import CodebookConfig
from ...tokenizer.convolution import ConvolutionConfig
from ...tokenizer.grid import GridTokenizerConfig
from ...tokenizer.residual_quantizer import QuantizerConfig
from ...transformers.masked import MaskedConfig
from ...transformers.residual import ResidualConfig


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
        model=GridTokenizerConfig(quantizer=QuantizerConfig(stages=8, stage_dropout=0.45)),
        losses=TokenizerLosses(path=6.0, heading=8.0),
        loop=LoopConfig(steps=2400, batch=64, learning_rate=1e-3, warmup=100, average_decay=0.99),
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


@dataclass(frozen=True, slots=True)
class MaskedPreset:
    """A whole training of the masked transformer."""

    model: MaskedConfig = field(default_factory=MaskedConfig)
    loop: LoopConfig = field(default_factory=LoopConfig)
    stitched: int = 2500
    """Stitched clips that are made before training."""


MASKED_PRESETS = {
    "grid": MaskedPreset(
        loop=LoopConfig(
            steps=2300, batch=48, learning_rate=8e-4, warmup=100, weight_decay=0.03,
            average_decay=0.995, validate_every=400,
        )
    ),
    "smoke": MaskedPreset(
        model=MaskedConfig(codebook_size=16, width=32, heads=2, layers=2, memory_layers=(1,)),
        loop=LoopConfig(steps=3, batch=4, warmup=1, validate_every=2, save_every=2),
        stitched=4,
    ),
}


@dataclass(frozen=True, slots=True)
class ResidualPreset:
    """A whole training of the residual transformer."""

    model: ResidualConfig = field(default_factory=ResidualConfig)
    loop: LoopConfig = field(default_factory=LoopConfig)
    stitched: int = 2500


RESIDUAL_PRESETS = {
    "grid": ResidualPreset(
        loop=LoopConfig(
            steps=700, batch=48, learning_rate=1e-3, warmup=100, weight_decay=0.03,
            average_decay=0.99, validate_every=300,
        )
    ),
    "smoke": ResidualPreset(
        model=ResidualConfig(
            stages=2, codebook_size=16, code_width=8, width=32, heads=2, layers=1
        ),
        loop=LoopConfig(steps=3, batch=4, warmup=1, validate_every=2, save_every=2),
        stitched=4,
    ),
}
