"""MMM (Pinyoanuntapong et al. 2024): whole frames or the upper body, one large codebook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..abilities import UPPER_BODY, WHOLE_FRAMES, Presets, System, Training

if TYPE_CHECKING:
    from ...text_encoder import TextEncoder
    from .system import Mmm


def _load(folder: Path, device: str, text_encoder: TextEncoder) -> Mmm:
    from .system import load_mmm

    return load_mmm(folder, device, text_encoder)


def _tokenizers() -> Presets:
    from .presets import BODY_TOKENIZER_PRESETS

    return BODY_TOKENIZER_PRESETS


def _words() -> Presets:
    from .presets import WORDS_PRESETS

    return WORDS_PRESETS


SYSTEM: Final = System(
    "MMM",
    WHOLE_FRAMES | {UPPER_BODY},
    "fills whole frames or the whole upper body, not other body parts",
    ("tokenizer", "masked", "halves", "upper", "length"),
    _load,
    {
        "body_tokenizer": Training(".training.whole_body.tokenizer", _tokenizers),
        "words": Training(".training.whole_body.words", _words),
    },
    has_candidates=True,
    axes=".evaluation.ablation.mmm_axes",
)
