"""MoMask (Guo et al. 2024): whole frames, base codes first, then stage by stage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..abilities import WHOLE_FRAMES, Presets, System, Training

if TYPE_CHECKING:
    from ...text_encoder import TextEncoder
    from .system import MoMask


def _load(folder: Path, device: str, text_encoder: TextEncoder) -> MoMask:
    from .system import load_momask

    return load_momask(folder, device, text_encoder)


def _all() -> Presets:
    from .presets import MOMASK_PRESETS

    return MOMASK_PRESETS


SYSTEM: Final = System(
    "MoMask",
    WHOLE_FRAMES,
    "fills whole frames, not single body parts",
    ("tokenizer", "masked", "residual", "length"),
    _load,
    {"momask": Training(".training.whole_body.momask", _all)},
    has_candidates=True,
    axes=".evaluation.ablation.momask_axes",
)
