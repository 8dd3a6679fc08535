"""What the presets of trainings consist of. The named ones lie in the folders of the systems.

A preset is complete: nothing else decides what is trained.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol, TypeVar

from .tokenizer.halves import HalvesConfig
from .tokenizer.rvq_vae import RvqVaeConfig
from .transformers.length import LengthConfig

TEXT_WIDTH: Final = 384
"""Of MiniLM's vectors."""

TOWER_WIDTH: Final = 128
"""Of the text tower's."""

SENTENCE_WIDTH: Final = TEXT_WIDTH + TOWER_WIDTH
"""Of a sentence with the tower's vector behind it."""


@dataclass(frozen=True, slots=True)
class LoopConfig:
    """How long and how fast to train."""

    steps: int = 2000
    batch: int = 64
    """Clips or windows a step, over all processes together."""

    learning_rate: float = 4e-4
    final_rate: float = 0.05
    """Share of the learning rate that is left at the end of the cosine."""

    warmup: int = 100
    weight_decay: float = 0.01
    clip_gradient: float = 1.0
    average_decay: float = 0.0
    """Moving average of the weights that is saved instead of the last ones; 0 turns it off."""

    patience: float = 0.0
    """Training ends when the held-out likelihood has not improved for this share of the steps, and
    the weights of its best are kept; 0 turns it off."""

    is_halved: bool = False
    """Products are computed in bfloat16: for GPUs."""

    validate_every: int = 500
    save_every: int = 100
    seed: int = 0


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

    acceleration: float = 0.0
    """Change of that displacement a frame."""

    feet: float = 40.0
    """Displacement a frame of standing feet in the world."""

    path: float = 2.0
    """Integrated root position."""

    heading: float = 2.0
    """Integrated heading, radians."""

    commitment: float = 0.02


@dataclass(frozen=True, slots=True)
class BodyTokenizerPreset:
    """A whole training of a tokenizer of whole bodies or halves."""

    model: RvqVaeConfig | HalvesConfig
    losses: TokenizerLosses = field(default_factory=TokenizerLosses)
    loop: LoopConfig = field(default_factory=LoopConfig)
    frames: int = 64
    """Length of a training window."""


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
    "tower": LengthPreset(
        LengthConfig(text_width=SENTENCE_WIDTH),
        LoopConfig(
            steps=1500, batch=256, learning_rate=3e-4, warmup=50, weight_decay=0.1,
            average_decay=0.99,
        ),
    ),
    "smoke": LengthPreset(loop=LoopConfig(steps=3, batch=4, warmup=1)),
    "tiny": LengthPreset(
        LengthConfig(text_width=SENTENCE_WIDTH), LoopConfig(steps=3, batch=4, warmup=1)
    ),
}


SMALL_TOKENIZER_LOOP: Final = LoopConfig(
    steps=5000, batch=32, learning_rate=1e-3, warmup=100, average_decay=0.99,
)  # fmt: skip
"""Of the tokenizers that two CPU cores train."""

GPU_TOKENIZER_LOOP: Final = LoopConfig(
    steps=4000, batch=256, learning_rate=1e-3, warmup=200, average_decay=0.995, is_halved=True,
)  # fmt: skip
"""Of the tokenizers that one large GPU trains in a minute or two."""

GPU_TRANSFORMER_LOOP: Final = LoopConfig(
    steps=4000, batch=128, learning_rate=4e-4, warmup=400, weight_decay=0.05, average_decay=0.998,
    patience=0.2, is_halved=True,
)  # fmt: skip
"""Of the transformers that one large GPU trains in a few minutes."""

PAPER_TRANSFORMER_LOOP: Final = LoopConfig(
    steps=100_000, batch=128, learning_rate=2e-4, warmup=1000, average_decay=0.999,
    validate_every=2000, save_every=2000,
)  # fmt: skip
PAPER_TOKENIZER_LOOP: Final = LoopConfig(
    steps=300_000, batch=256, learning_rate=2e-4, warmup=1000, average_decay=0.999,
    validate_every=5000, save_every=5000,
)  # fmt: skip
SMOKE_LOOP: Final = LoopConfig(steps=3, batch=4, warmup=1, validate_every=2, save_every=2)
"""Of trainings that only show that they run."""

def tiny_loop(loop: LoopConfig) -> LoopConfig:
    """Return three steps of four that are otherwise trained as `loop` says."""
    return replace(loop, steps=3, batch=4, warmup=1, validate_every=2, save_every=2)


BODY_LOSSES: Final = TokenizerLosses(acceleration=40.0, path=6.0, heading=8.0)
"""Of the tokenizers of whole bodies."""


def small_loop(steps: int) -> LoopConfig:
    """Return how the transformers of the `small` presets are trained."""
    return LoopConfig(
        steps=steps, batch=32, learning_rate=6e-4, warmup=200, weight_decay=0.05,
        average_decay=0.998, patience=0.2,
    )  # fmt: skip


class Preset(Protocol):
    """Any dataclass with a loop."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def loop(self) -> LoopConfig:
        """How long and how fast to train."""


class NetworkPreset(Preset, Protocol):
    """The training of one network."""

    @property
    def model(self) -> Any:
        """The network's sizes, as its checkpoint holds them."""


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
