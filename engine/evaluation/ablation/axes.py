"""The axes: each row changes one thing of a base preset, or of how a trained model decodes.

Systems declare the module with the rows that train (`System.axes`); it knows none of them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from ...decoding import DecodingConfig
from ...presets import NetworkPreset
from ...systems.contract import Generator
from ...systems.registry import SYSTEMS
from ...training.whole_body.codes import CodeData, CodeTask

SCALES: Final = ("small", "quick", "smoke")
"""Sizes of the base presets, and how long each row trains: `training_rows` of every system
takes one of these names. `quick` has narrower tokenizers and shorter trainings than `small`."""


@dataclass(frozen=True, slots=True)
class TrainedNetwork:
    """A network that is trained on a trained system's codes and takes its place in the system."""

    system: str
    title: str
    """For people: MoMask's masked transformer."""

    train: Callable[[Any, CodeData, Path], CodeTask]
    """Trains a preset on codes into a folder; the task that it returns measures the network."""

    put_in: Callable[[Any, Any], Generator]
    """Returns the loaded system with the trained network instead of its own."""


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """A preset that differs in one thing from the base of its axis."""

    axis: str
    value: str
    preset: NetworkPreset
    steps: int
    """Of its training, unless the command names others."""

    network: TrainedNetwork | None = None
    """None for a tokenizer of whole bodies, which is measured by itself."""

    data_percent: int = 100
    """Of the training split's recordings."""

    @property
    def title(self) -> str:
        """What the row trains, for people."""
        return self.network.title if self.network else "tokenizers"


@dataclass(frozen=True, slots=True)
class DecodingRow:
    """A change of how a trained model draws codes; fields that are None stay as shipped."""

    axis: str
    value: str
    guidance: float | None = None
    iterations: int | None = None
    temperature: float | None = None
    top_share: float | None = None
    is_outward: bool | None = None

    def changed(self, config: DecodingConfig) -> DecodingConfig:
        """Return a decoding with the row's change."""
        wanted = {
            "guidance": self.guidance, "iterations": self.iterations,
            "temperature": self.temperature, "top_share": self.top_share,
            "is_outward": self.is_outward,
        }  # fmt: skip
        given: dict[str, Any] = {key: value for key, value in wanted.items() if value is not None}
        return replace(config, **given)

    def serves(self, system: str) -> bool:
        """Return whether the change means something to a system: a GPT has no passes."""
        return SYSTEMS[system].has_passes or (
            self.iterations is None and self.is_outward is None
        )


def training_rows(scale: str) -> list[TrainingRow]:
    """Return the rows of one of SCALES that train from scratch, system by system."""
    declared = [system.axes for system in SYSTEMS.values() if system.axes]
    modules = [importlib.import_module(f"..{name}", __package__) for name in declared]
    return [row for module in modules for row in module.training_rows(scale)]


DECODING_ROWS: Final = (
    DecodingRow("decoding", "as shipped"),
    *(DecodingRow("guidance", f"{scale:g}", guidance=scale) for scale in (1.0, 2.0, 3.0, 4.0, 6.0)),
    *(DecodingRow("decoding steps", str(n), iterations=n) for n in (1, 4, 8, 12, 18)),
    *(DecodingRow("sampling, temperature", f"{t:g}", temperature=t) for t in (0.0, 0.5, 0.8, 1.0)),
    *(
        DecodingRow("sampling, share of the codes", f"{share:g}", top_share=share)
        for share in (0.02, 0.1, 0.5, 1.0)
    ),
    DecodingRow("order of decoding", "outwards in time", is_outward=True),
    DecodingRow("order of decoding", "by confidence", is_outward=False),
)
"""What is changed on trained models."""
