"""A toy system that sways on the spot; a test copies it to `engine/systems/toy` of a copy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..abilities import TAKE, Presets, System, Training

if TYPE_CHECKING:
    from ...text_encoder import TextEncoder
    from .system import Toy


def _load(folder: Path, device: str, text_encoder: TextEncoder) -> Toy:
    from .system import load_toy

    return load_toy(folder, device, text_encoder)


def _presets() -> Presets:
    from .presets import TOY_PRESETS

    return TOY_PRESETS


SYSTEM: Final = System(
    "Toy",
    frozenset({TAKE}),
    "sways on the spot: new takes only",
    ("sway",),
    _load,
    {"toy": Training(".systems.toy.training", _presets)},
    axes=".systems.toy.axes",
)
