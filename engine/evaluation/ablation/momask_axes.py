"""What the ablation changes of MoMask: its stages and codebooks, its data, its mask ratio."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from ...presets import BodyTokenizerPreset
from ...systems.momask.presets import MOMASK_PRESETS, SentencePreset
from ...systems.momask.system import MoMask, plain_scoring
from ...tokenizer.residual_quantizer import QuantizerConfig
from ...training.whole_body.codes import CodeData
from ...training.whole_body.momask import MaskedTask, train_sentence
from ...transformers.sentence import SentenceMasked
from .axes import TrainedNetwork, TrainingRow
from .tokenizer_rows import base_of, tokenizer_row, whole

_MASKED_STEPS: Final = {"small": 4300, "quick": 1400, "smoke": 2}
"""`quick`: a third of what the shipped transformer had; with less the axis says nothing."""


def bases(scale: str) -> tuple[BodyTokenizerPreset, SentencePreset]:
    """Return the presets of tokenizer and masked transformer that rows change."""
    small, smoke = MOMASK_PRESETS["small"], MOMASK_PRESETS["smoke"]
    masked = (smoke if scale == "smoke" else small).masked
    return base_of(scale, small.tokenizer, smoke.tokenizer), masked


def training_rows(scale: str) -> list[TrainingRow]:
    """Return the rows of a scale."""
    tokenizer, masked = bases(scale)
    changes = [
        *_stages(tokenizer), *_quantizer_dropout(tokenizer), *_codebooks(tokenizer),
        *_sharing(tokenizer),
    ]  # fmt: skip
    return [
        *(tokenizer_row(scale, axis, value, preset) for axis, value, preset in changes),
        *_data(scale, tokenizer), *_ratio(scale, masked),
    ]  # fmt: skip


_Change = tuple[str, str, BodyTokenizerPreset]
"""Axis, value and changed preset."""


def _with_quantizer(base: BodyTokenizerPreset, **changes: Any) -> BodyTokenizerPreset:
    model = whole(base)
    assert isinstance(model.quantizer, QuantizerConfig)
    return replace(base, model=replace(model, quantizer=replace(model.quantizer, **changes)))


def _stages(base: BodyTokenizerPreset) -> list[_Change]:
    counts = (1, 2, 4, 6, 8)
    return [("RVQ stages", str(count), _with_quantizer(base, stages=count)) for count in counts]


def _quantizer_dropout(base: BodyTokenizerPreset) -> list[_Change]:
    return [
        ("quantizer dropout", f"{share:g}", _with_quantizer(base, stage_dropout=share))
        for share in (0.0, 0.2, 0.5)
    ]


def _codebooks(base: BodyTokenizerPreset) -> list[_Change]:
    quantizer = whole(base).quantizer
    rows = []
    for size in (128, 512, 2048):
        for width in sorted({32, quantizer.codebook.width}):
            book = replace(quantizer.codebook, size=size, width=width)
            preset = _with_quantizer(base, codebook=book)
            rows.append(("codebook size x dimension", f"{size} x {width}", preset))
    return rows


def _sharing(base: BodyTokenizerPreset) -> list[_Change]:
    return [
        ("codebooks of the stages", name, _with_quantizer(base, is_shared=is_shared))
        for name, is_shared in (("separate", False), ("shared", True))
    ]


def _data(scale: str, base: BodyTokenizerPreset) -> list[TrainingRow]:
    return [
        tokenizer_row(scale, "data, tokenizer", f"{percent} %", base, percent)
        for percent in (25, 50, 100)
    ]


def _ratio(scale: str, base: SentencePreset) -> list[TrainingRow]:
    network = TrainedNetwork(
        "momask", "MoMask's masked transformer", partial(_train, base), _with_masked
    )
    return [
        TrainingRow(
            "mask ratio", f"{least:g} to 1", replace(base, least_masked=least),
            _MASKED_STEPS[scale], network,
        )
        for least in (0.0, 0.3, 0.6)
    ]  # fmt: skip


def _train(base: SentencePreset, preset: SentencePreset, data: CodeData, out: Path) -> MaskedTask:
    trained = train_sentence("masked", preset, data, out, None)
    assert isinstance(trained, MaskedTask)
    # All rows answer the same masks: those of the base.
    return replace(trained, preset=base)


def _with_masked(system: MoMask, masked: SentenceMasked) -> MoMask:
    """Return MoMask with another masked transformer, in 32 bits."""
    networks = replace(system.networks, masked=masked)
    return replace(system, networks=networks, scoring=plain_scoring(networks))
