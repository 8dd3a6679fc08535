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
    confidence_noise: float | None = None
    candidates: int | None = None
    """Of a prompted take; no part of a `DecodingConfig`."""

    def changed(self, config: DecodingConfig) -> DecodingConfig:
        """Return a decoding with the row's change."""
        wanted = {
            "guidance": self.guidance, "iterations": self.iterations,
            "temperature": self.temperature, "top_share": self.top_share,
            "is_outward": self.is_outward, "confidence_noise": self.confidence_noise,
        }  # fmt: skip
        given: dict[str, Any] = {key: value for key, value in wanted.items() if value is not None}
        return replace(config, **given)

    def serves(self, system: str) -> bool:
        """Return whether the change means something to a system: a GPT has no passes."""
        of_passes = (self.iterations, self.is_outward, self.confidence_noise)
        has_all = SYSTEMS[system].has_passes or of_passes == (None, None, None)
        return has_all and (SYSTEMS[system].has_candidates or self.candidates is None)


_READ: Final[dict[str, Callable[[str], Any]]] = {
    "guidance": float, "iterations": int, "temperature": float, "top_share": float,
    "confidence_noise": float, "candidates": int, "is_outward": {"yes": True, "no": False}.get,
}  # fmt: skip
"""What `--decode` may change, and how a word of it is read."""


def row_told(text: str) -> DecodingRow:
    """Return the row of several changes at once: "guidance=3,temperature=0.3,candidates=4".

    Raises:
        ValueError: if a name is unknown or a value cannot be read.
    """
    given: dict[str, Any] = {}
    for word in text.split(","):
        name, _, value = word.strip().partition("=")
        if name not in _READ:
            raise ValueError(f"there is no {name!r} to change; choose of: {', '.join(_READ)}")
        try:
            given[name] = _READ[name](value)
        except ValueError:
            given[name] = None
        if given[name] is None:
            raise ValueError(f"{name} cannot be {value!r}")
    return DecodingRow("together", text.replace(" ", ""), **given)


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
    *(
        DecodingRow("noise in the confidence", f"{noise:g}", confidence_noise=noise)
        for noise in (0.0, 1.0, 4.0)
    ),
    *(DecodingRow("candidates", str(n), candidates=n) for n in (1, 2, 4)),
)
"""What is changed on trained models."""
