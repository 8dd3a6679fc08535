"""What rows about tokenizers of whole bodies share: their steps, and the narrower base."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ...presets import BodyTokenizerPreset
from ...tokenizer.residual_quantizer import QuantizerConfig
from ...tokenizer.rvq_vae import RvqVaeConfig
from .axes import TrainingRow

_STEPS: Final = {"small": 600, "quick": 300, "smoke": 2}


def tokenizer_row(
    scale: str, axis: str, value: str, preset: BodyTokenizerPreset, percent: int = 100
) -> TrainingRow:
    """Return a row that trains a tokenizer on so much of the data."""
    return TrainingRow(axis, value, preset, _STEPS[scale], data_percent=percent)


def base_of(scale: str, small: BodyTokenizerPreset, smoke: BodyTokenizerPreset) -> (
    BodyTokenizerPreset
):
    """Return the base preset of a scale: `quick` has half the width and half the batch."""
    if scale == "smoke":
        return smoke
    return _narrower(small) if scale == "quick" else small


def whole(base: BodyTokenizerPreset) -> RvqVaeConfig:
    """Return the tokenizer of whole bodies that a preset trains."""
    assert isinstance(base.model, RvqVaeConfig)
    return base.model


def _narrower(base: BodyTokenizerPreset) -> BodyTokenizerPreset:
    model = whole(base)
    network, quantizer = model.network, model.quantizer
    half = network.width // 2
    if isinstance(quantizer, QuantizerConfig):
        quantizer = replace(quantizer, codebook=replace(quantizer.codebook, width=half))
    else:
        quantizer = replace(quantizer, code_width=half)
    narrow = RvqVaeConfig(quantizer, replace(network, width=half), model.starts_linear)
    return replace(base, model=narrow, loop=replace(base.loop, batch=24))
