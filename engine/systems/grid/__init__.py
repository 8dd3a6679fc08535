"""The grid model: any frames of any body parts, filled with the help of remembered clips."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..abilities import USES, Presets, System, Training

if TYPE_CHECKING:
    from ...text_encoder import TextEncoder
    from .generator import GridGenerator


def _load(folder: Path, device: str, text_encoder: TextEncoder) -> GridGenerator:
    from .generator import load_grid

    return load_grid(folder, device, text_encoder)


def _tokenizers() -> Presets:
    from .presets import TOKENIZER_PRESETS

    return TOKENIZER_PRESETS


def _masked() -> Presets:
    from .presets import MASKED_PRESETS

    return MASKED_PRESETS


def _residual() -> Presets:
    from .presets import RESIDUAL_PRESETS

    return RESIDUAL_PRESETS


def _lengths() -> Presets:
    from ...presets import LENGTH_PRESETS

    return LENGTH_PRESETS


SYSTEM: Final = System(
    "the grid model",
    frozenset(USES),
    "fills any frames of any body parts",
    ("tokenizer", "masked", "memory", "residual", "length"),
    _load,
    {
        "tokenizer": Training(".training.tokenizer", _tokenizers),
        "masked": Training(".training.masked", _masked),
        "residual": Training(".training.residual", _residual),
        "length": Training(".training.length", _lengths),
    },
)
