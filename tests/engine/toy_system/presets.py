"""Named configurations of the toy's only training."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...presets import LoopConfig


@dataclass(frozen=True, slots=True)
class SwayConfig:
    """What is needed to rebuild the network."""

    metres: float = 0.1


@dataclass(frozen=True, slots=True)
class ToyPreset:
    """A whole training."""

    model: SwayConfig = field(default_factory=SwayConfig)
    loop: LoopConfig = field(default_factory=LoopConfig)


TOY_PRESETS = {"calm": ToyPreset(), "wild": ToyPreset(SwayConfig(0.5))}
