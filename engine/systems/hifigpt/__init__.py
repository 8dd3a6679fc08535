"""T2M-HiFiGPT (Wang 2023): writes whole frames from left to right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..abilities import CONTINUING, Presets, System, Training

if TYPE_CHECKING:
    from ...text_encoder import TextEncoder
    from .system import HifiGpt


def _load(folder: Path, device: str, text_encoder: TextEncoder) -> HifiGpt:
    from .system import load_hifigpt

    return load_hifigpt(folder, device, text_encoder)


def _tokenizers() -> Presets:
    from .presets import BODY_TOKENIZER_PRESETS

    return BODY_TOKENIZER_PRESETS


def _gpt() -> Presets:
    from .presets import GPT_PRESETS

    return GPT_PRESETS


SYSTEM: Final = System(
    "T2M-HiFiGPT",
    CONTINUING,
    "writes from left to right: new takes, and what comes behind the last key",
    ("tokenizer", "gpt"),
    _load,
    {
        "body_tokenizer": Training(".training.whole_body.tokenizer", _tokenizers),
        "gpt": Training(".training.whole_body.gpt", _gpt),
    },
    has_passes=False,
    has_candidates=True,
    axes=".evaluation.ablation.hifigpt_axes",
)
