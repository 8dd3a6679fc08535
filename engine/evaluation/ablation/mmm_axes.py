"""What the ablation changes of MMM: the look-up in its large codebook."""

from __future__ import annotations

from dataclasses import replace

from ...presets import BodyTokenizerPreset
from ...systems.mmm.presets import BODY_TOKENIZER_PRESETS
from ...tokenizer.factorized_codebook import FactorizedConfig
from .axes import TrainingRow
from .tokenizer_rows import base_of, tokenizer_row, whole


def bases(scale: str) -> tuple[BodyTokenizerPreset]:
    """Return the preset that rows change."""
    return (base_of(scale, BODY_TOKENIZER_PRESETS["mmm-small"], BODY_TOKENIZER_PRESETS["smoke"]),)


def training_rows(scale: str) -> list[TrainingRow]:
    """Return the rows of a scale."""
    (base,) = bases(scale)
    model = whole(base)
    quantizer = model.quantizer
    assert isinstance(quantizer, FactorizedConfig)
    rows = []
    narrow = {width for width in (8, quantizer.codebook.width) if width < quantizer.code_width}
    for width in (*sorted(narrow), quantizer.code_width):
        is_plain = width == quantizer.code_width
        config = replace(
            quantizer, codebook=replace(quantizer.codebook, width=width),
            is_factorized=not is_plain,
        )  # fmt: skip
        value = f"{'plain' if is_plain else 'factorized'}, {quantizer.codebook.size} x {width}"
        preset = replace(base, model=replace(model, quantizer=config))
        rows.append(tokenizer_row(scale, "factorized against plain", value, preset))
    return rows
