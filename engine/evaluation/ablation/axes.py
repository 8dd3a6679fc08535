"""The axes: each row changes one thing of a base preset, or of how a trained model decodes.

It knows presets, and neither a corpus nor a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, get_args

from ...decoding import DecodingConfig
from ...presets import BodyTokenizerPreset
from ...systems.hifigpt import presets as hifigpt
from ...systems.hifigpt.presets import GptPreset
from ...systems.mmm import presets as mmm
from ...systems.momask.presets import MOMASK_PRESETS, SentencePreset
from ...systems.registry import SYSTEMS
from ...tokenizer.dilated import DilatedConfig
from ...tokenizer.factorized_codebook import FactorizedConfig
from ...tokenizer.residual_quantizer import QuantizerConfig
from ...tokenizer.rvq_vae import RvqVaeConfig
from ...transformers.double_tier import Corruption

TrainingPreset = BodyTokenizerPreset | SentencePreset | GptPreset


@dataclass(frozen=True, slots=True)
class Scale:
    """The base presets that training rows change, and how long each row trains."""

    residual: BodyTokenizerPreset
    """A codebook for each stage (MoMask)."""

    single: BodyTokenizerPreset
    """One large factorized codebook (MMM)."""

    shared: BodyTokenizerPreset
    """One codebook for all stages (T2M-HiFiGPT)."""

    masked: SentencePreset
    """On the codes of the MoMask in the weights' folder."""

    gpt: GptPreset
    """On the codes of the T2M-HiFiGPT in the weights' folder."""

    steps: int
    """Training steps of every tokenizer, unless the command names others."""

    masked_steps: int
    gpt_steps: int

    def steps_of(self, preset: TrainingPreset) -> int:
        """Return how many steps a row with this kind of preset has."""
        if isinstance(preset, SentencePreset):
            return self.masked_steps
        return self.gpt_steps if isinstance(preset, GptPreset) else self.steps


def _whole(base: BodyTokenizerPreset) -> RvqVaeConfig:
    assert isinstance(base.model, RvqVaeConfig)
    return base.model


def _narrower(base: BodyTokenizerPreset) -> BodyTokenizerPreset:
    """Return a preset of half the width and half the batch."""
    model = _whole(base)
    network, quantizer = model.network, model.quantizer
    half = network.width // 2
    if isinstance(quantizer, QuantizerConfig):
        quantizer = replace(quantizer, codebook=replace(quantizer.codebook, width=half))
    else:
        quantizer = replace(quantizer, code_width=half)
    narrow = RvqVaeConfig(quantizer, replace(network, width=half), model.starts_linear)
    return replace(base, model=narrow, loop=replace(base.loop, batch=24))


def _quick() -> Scale:
    return Scale(
        _narrower(MOMASK_PRESETS["small"].tokenizer),
        _narrower(mmm.BODY_TOKENIZER_PRESETS["mmm-small"]),
        _narrower(hifigpt.BODY_TOKENIZER_PRESETS["hifigpt-small"]),
        MOMASK_PRESETS["small"].masked, hifigpt.GPT_PRESETS["hifigpt-small"],
        # A third and a fifth of what the shipped ones had: with much less their axes say nothing.
        steps=300, masked_steps=1400, gpt_steps=700,
    )  # fmt: skip


SCALES: Final = {
    "small": Scale(
        MOMASK_PRESETS["small"].tokenizer, mmm.BODY_TOKENIZER_PRESETS["mmm-small"],
        hifigpt.BODY_TOKENIZER_PRESETS["hifigpt-small"], MOMASK_PRESETS["small"].masked,
        hifigpt.GPT_PRESETS["hifigpt-small"], steps=600, masked_steps=4300, gpt_steps=3300,
    ),
    "quick": _quick(),
    "smoke": Scale(
        MOMASK_PRESETS["smoke"].tokenizer, mmm.BODY_TOKENIZER_PRESETS["smoke"],
        hifigpt.BODY_TOKENIZER_PRESETS["smoke-shared"], MOMASK_PRESETS["smoke"].masked,
        hifigpt.GPT_PRESETS["smoke"], steps=2, masked_steps=2, gpt_steps=2,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """A preset that differs in one thing from the base of its axis."""

    axis: str
    value: str
    preset: TrainingPreset
    data_percent: int = 100
    """Of the training split's recordings."""


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

    def changed(self, config: DecodingConfig) -> DecodingConfig:
        """Return a decoding with the row's change."""
        wanted = {
            "guidance": self.guidance, "iterations": self.iterations,
            "temperature": self.temperature, "top_share": self.top_share,
            "is_outward": self.is_outward,
        }  # fmt: skip
        given: dict[str, Any] = {key: value for key, value in wanted.items() if value is not None}
        return replace(config, **given)

    def serves(self, system: str) -> bool:
        """Return whether the change means something to a system: a GPT has no passes."""
        return SYSTEMS[system].has_passes or (
            self.iterations is None and self.is_outward is None
        )


def training_rows(scale: Scale) -> list[TrainingRow]:
    """Return the rows that train from scratch."""
    return [
        *_stages(scale.residual), *_quantizer_dropout(scale.residual),
        *_codebooks(scale.residual), *_look_up(scale.single), *_sharing(scale.residual),
        *_rate(scale.shared), *_losses(scale.shared), *_data(scale.residual),
        *_ratio(scale.masked), *_corruption(scale.gpt),
    ]  # fmt: skip


def _with_quantizer(base: BodyTokenizerPreset, **changes: Any) -> BodyTokenizerPreset:
    model = _whole(base)
    assert isinstance(model.quantizer, QuantizerConfig)
    return replace(base, model=replace(model, quantizer=replace(model.quantizer, **changes)))


def _stages(base: BodyTokenizerPreset) -> list[TrainingRow]:
    return [
        TrainingRow("RVQ stages", str(count), _with_quantizer(base, stages=count))
        for count in (1, 2, 4, 6, 8)
    ]


def _quantizer_dropout(base: BodyTokenizerPreset) -> list[TrainingRow]:
    return [
        TrainingRow("quantizer dropout", f"{share:g}", _with_quantizer(base, stage_dropout=share))
        for share in (0.0, 0.2, 0.5)
    ]


def _codebooks(base: BodyTokenizerPreset) -> list[TrainingRow]:
    quantizer = _whole(base).quantizer
    rows = []
    for size in (128, 512, 2048):
        for width in sorted({32, quantizer.codebook.width}):
            book = replace(quantizer.codebook, size=size, width=width)
            preset = _with_quantizer(base, codebook=book)
            rows.append(TrainingRow("codebook size x dimension", f"{size} x {width}", preset))
    return rows


def _look_up(base: BodyTokenizerPreset) -> list[TrainingRow]:
    model = _whole(base)
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
        rows.append(TrainingRow("factorized against plain", value, preset))
    return rows


def _sharing(base: BodyTokenizerPreset) -> list[TrainingRow]:
    return [
        TrainingRow("codebooks of the stages", name, _with_quantizer(base, is_shared=is_shared))
        for name, is_shared in (("separate", False), ("shared", True))
    ]


def _rate(base: BodyTokenizerPreset) -> list[TrainingRow]:
    def with_halvings(halvings: int) -> BodyTokenizerPreset:
        network: DilatedConfig = replace(_whole(base).network, halvings=halvings)
        return replace(base, model=replace(_whole(base), network=network))

    return [
        TrainingRow("frames a step", f"x{2**halvings}", with_halvings(halvings))
        for halvings in (2, 3)
    ]


def _losses(base: BodyTokenizerPreset) -> list[TrainingRow]:
    chosen = (("bones and velocity", ()), ("bones only", ("velocity",)),
              ("velocity only", ("bones",)), ("neither", ("bones", "velocity")))  # fmt: skip
    return [
        TrainingRow(
            "bone and velocity loss", value,
            replace(base, losses=replace(base.losses, **dict.fromkeys(gone, 0.0))),
        )
        for value, gone in chosen
    ]  # fmt: skip


def _ratio(base: SentencePreset) -> list[TrainingRow]:
    return [
        TrainingRow("mask ratio", f"{least:g} to 1", replace(base, least_masked=least))
        for least in (0.0, 0.3, 0.6)
    ]


def _corruption(base: GptPreset) -> list[TrainingRow]:
    kinds: Sequence[Corruption] = get_args(Corruption)
    return [TrainingRow("corruption", kind, replace(base, corruption=kind)) for kind in kinds]


def _data(base: BodyTokenizerPreset) -> list[TrainingRow]:
    return [
        TrainingRow("data, tokenizer", f"{percent} %", base, percent) for percent in (25, 50, 100)
    ]


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
)
"""What is changed on trained models."""
