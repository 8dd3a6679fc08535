"""What the ablation changes of T2M-HiFiGPT: its frame rate, its losses, what it sees wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, get_args

from ...presets import BodyTokenizerPreset
from ...systems.hifigpt.presets import BODY_TOKENIZER_PRESETS, GPT_PRESETS, GptPreset
from ...systems.hifigpt.system import HifiGpt
from ...tokenizer.dilated import DilatedConfig
from ...training.whole_body.codes import CodeData
from ...training.whole_body.gpt import GptTask, train_gpt
from ...transformers.double_tier import Corruption, DoubleTierGpt
from .axes import TrainedNetwork, TrainingRow
from .tokenizer_rows import base_of, tokenizer_row, whole

_GPT_STEPS: Final = {"small": 3300, "quick": 700, "smoke": 2}
"""`quick`: a fifth of what the shipped transformer had; with much less the axis says nothing."""


def bases(scale: str) -> tuple[BodyTokenizerPreset, GptPreset]:
    """Return the presets of tokenizer and GPT that rows change."""
    small, smoke = (BODY_TOKENIZER_PRESETS[name] for name in ("hifigpt-small", "smoke-shared"))
    gpt = GPT_PRESETS["smoke" if scale == "smoke" else "hifigpt-small"]
    return base_of(scale, small, smoke), gpt


def training_rows(scale: str) -> list[TrainingRow]:
    """Return the rows of a scale."""
    tokenizer, gpt = bases(scale)
    return [*_rate(scale, tokenizer), *_losses(scale, tokenizer), *_corruption(scale, gpt)]


def _rate(scale: str, base: BodyTokenizerPreset) -> list[TrainingRow]:
    def with_halvings(halvings: int) -> BodyTokenizerPreset:
        network: DilatedConfig = replace(whole(base).network, halvings=halvings)
        return replace(base, model=replace(whole(base), network=network))

    return [
        tokenizer_row(scale, "frames a step", f"x{2**halvings}", with_halvings(halvings))
        for halvings in (2, 3)
    ]


def _losses(scale: str, base: BodyTokenizerPreset) -> list[TrainingRow]:
    chosen = (("bones and velocity", ()), ("bones only", ("velocity",)),
              ("velocity only", ("bones",)), ("neither", ("bones", "velocity")))  # fmt: skip
    return [
        tokenizer_row(
            scale, "bone and velocity loss", value,
            replace(base, losses=replace(base.losses, **dict.fromkeys(gone, 0.0))),
        )
        for value, gone in chosen
    ]  # fmt: skip


def _corruption(scale: str, base: GptPreset) -> list[TrainingRow]:
    kinds: Sequence[Corruption] = get_args(Corruption)
    network = TrainedNetwork("hifigpt", "T2M-HiFiGPT's GPT", _train, _with_gpt)
    return [
        TrainingRow("corruption", kind, replace(base, corruption=kind), _GPT_STEPS[scale], network)
        for kind in kinds
    ]


def _train(preset: GptPreset, data: CodeData, out: Path) -> GptTask:
    return train_gpt(preset, data, out, None, {})


def _with_gpt(system: HifiGpt, gpt: DoubleTierGpt) -> HifiGpt:
    return replace(system, networks=replace(system.networks, gpt=gpt))
