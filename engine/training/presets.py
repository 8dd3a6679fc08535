"""Named configurations. A preset is complete: nothing else decides what is trained."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol, TypeVar

from ..measuring.evaluator import EvaluatorConfig
from ..tokenizer.codebook import CodebookConfig
from ..tokenizer.convolution import ConvolutionConfig
from ..tokenizer.grid import GridTokenizerConfig
from ..tokenizer.residual_quantizer import QuantizerConfig
from ..transformers.length import LengthConfig
from ..transformers.masked import MaskedConfig
from ..transformers.residual import ResidualConfig
from .loop import LoopConfig


@dataclass(frozen=True, slots=True)
class TokenizerLosses:
    """Weights of the tokenizer's losses; lengths are in metres."""

    feature: float = 2.0
    """Features in decimetres that they move the body."""
    joints: float = 10.0
    """Joint positions of the joined body after forward kinematics, heading aligned."""

    bones: float = 10.0
    """Bone vectors (T2M-HiFiGPT's bone loss, on directions since lengths are fixed)."""

    velocity: float = 40.0
    """Joint displacement a frame (T2M-HiFiGPT, MoMask)."""

    feet: float = 40.0
    """Displacement a frame of standing feet in the world."""

    path: float = 2.0
    """Integrated root position."""

    heading: float = 2.0
    """Integrated heading, radians."""

    commitment: float = 0.02


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


@dataclass(frozen=True, slots=True)
class LengthPreset:
    """A whole training of the length predictor."""

    model: LengthConfig = field(default_factory=LengthConfig)
    loop: LoopConfig = field(default_factory=LoopConfig)


LENGTH_PRESETS = {
    "grid": LengthPreset(
        loop=LoopConfig(
            steps=1500, batch=256, learning_rate=1e-3, warmup=50, weight_decay=0.1,
            average_decay=0.99,
        )
    ),
    "smoke": LengthPreset(loop=LoopConfig(steps=3, batch=4, warmup=1)),
}


@dataclass(frozen=True, slots=True)
class EvaluatorPreset:
    """A whole training of the text-motion evaluator."""

    model: EvaluatorConfig = field(default_factory=EvaluatorConfig)
    loop: LoopConfig = field(default_factory=LoopConfig)
    cropped: float = 0.3
    """Most of a clip that may be cut away."""

    noise: float = 0.05
    """Of each number, in its standard deviations; the same in all frames of a clip."""

    word_dropout: float = 0.15
    same_above: float = 0.85
    """Cosine of two captions from which on they count as the same."""


EVALUATOR_PRESETS = {
    "small": EvaluatorPreset(
        loop=LoopConfig(
            steps=1500, batch=128, learning_rate=1e-3, warmup=100, weight_decay=0.05,
            average_decay=0.998, validate_every=150,
        )
    ),
    "smoke": EvaluatorPreset(
        model=EvaluatorConfig(width=16, outputs=8),
        loop=LoopConfig(steps=3, batch=4, warmup=1, validate_every=2, save_every=2),
    ),
}


class Preset(Protocol):
    """Any dataclass with a loop."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def loop(self) -> LoopConfig:
        """How long and how fast to train."""


AnyPreset = TypeVar("AnyPreset", bound=Preset)


FINE_TUNING: Final = 0.25
"""Share of the learning rate that trained weights are trained further with."""


def with_options(
    preset: AnyPreset, steps: int | None, init: Path | None = None
) -> AnyPreset:
    """Return the preset with what the command line says about it.

    Args:
        preset: the chosen one.
        steps: training steps instead of the preset's; None keeps them.
        init: weights to start from, which are then learnt from more slowly; None for random ones.
    """
    loop = preset.loop
    if steps:
        loop = replace(loop, steps=steps)
    if init:
        loop = replace(loop, learning_rate=FINE_TUNING * loop.learning_rate)
    return replace(preset, loop=loop)
