"""Named configurations of the published systems. A preset is complete.

`small` ones train on two CPU cores in under 90 minutes a system, all its networks
together; those without a suffix have the paper's sizes. T2M-HiFiGPT's could not be read:
`hifigpt` is our choice.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from ..features import WIDTH
from ..tokenizer.codebook import CodebookConfig
from ..tokenizer.dilated import DilatedConfig
from ..tokenizer.factorized_codebook import FactorizedConfig
from ..tokenizer.halves import LOWER_WIDTH, UPPER_WIDTH, HalvesConfig
from ..tokenizer.residual_quantizer import QuantizerConfig
from ..tokenizer.rvq_vae import RvqVaeConfig
from ..transformers.double_tier import Corruption, DoubleTierConfig
from ..transformers.masked_words import WordsConfig
from .loop import LoopConfig
from .presets import TokenizerLosses

MaskSchedule = Literal["uniform", "cosine", "root"]

TEXT_WIDTH = 384
"""Of MiniLM's vectors."""


@dataclass(frozen=True, slots=True)
class BodyTokenizerPreset:
    """A whole training of a tokenizer of whole bodies or halves."""

    model: RvqVaeConfig | HalvesConfig
    losses: TokenizerLosses = field(default_factory=TokenizerLosses)
    loop: LoopConfig = field(default_factory=LoopConfig)
    frames: int = 64
    """Length of a training window."""


def _factorized(features: int, width: int, is_small: bool = True) -> RvqVaeConfig:
    # A small batch has a tenth of a vector for each entry: shorter memory lets entries follow.
    book = CodebookConfig(
        size=8192, width=32, decay=0.95 if is_small else 0.99, revive_below=0.01
    )
    network = DilatedConfig(features, width)
    return RvqVaeConfig(FactorizedConfig(book, code_width=width), network, is_small)


def _shared(width: int, halvings: int, is_small: bool = True) -> RvqVaeConfig:
    book = CodebookConfig(size=512, width=width)
    quantizer = QuantizerConfig(6, book, is_shared=True, stage_dropout=0.2)
    return RvqVaeConfig(quantizer, DilatedConfig(WIDTH, width, halvings=halvings), is_small)


def _smoke(features: int) -> RvqVaeConfig:
    book = CodebookConfig(size=16, width=4)
    network = DilatedConfig(features, width=8, depth=1)
    return RvqVaeConfig(FactorizedConfig(book, code_width=8), network, starts_linear=True)


_PAPER_LOOP = LoopConfig(
    steps=300_000, batch=256, learning_rate=2e-4, warmup=1000, average_decay=0.999,
    validate_every=5000, save_every=5000,
)  # fmt: skip
_SMALL_LOOP = LoopConfig(
    steps=1800, batch=48, learning_rate=1e-3, warmup=100, average_decay=0.99,
)  # fmt: skip
_SMOKE_LOOP = LoopConfig(steps=3, batch=4, warmup=1, validate_every=2, save_every=2)
_BODY_LOSSES = TokenizerLosses(path=6.0, heading=8.0)

BODY_TOKENIZER_PRESETS = {
    "mmm-small": BodyTokenizerPreset(_factorized(WIDTH, 192), _BODY_LOSSES, _SMALL_LOOP),
    "mmm-halves-small": BodyTokenizerPreset(
        HalvesConfig(_factorized(LOWER_WIDTH, 144), _factorized(UPPER_WIDTH, 144)),
        _BODY_LOSSES, _SMALL_LOOP,
    ),
    "hifigpt-small": BodyTokenizerPreset(
        _shared(192, 2), _BODY_LOSSES, replace(_SMALL_LOOP, steps=3200)
    ),
    "hifigpt-x8-small": BodyTokenizerPreset(_shared(192, 3), _BODY_LOSSES, _SMALL_LOOP),
    "mmm": BodyTokenizerPreset(_factorized(WIDTH, 512, False), _BODY_LOSSES, _PAPER_LOOP),
    "mmm-halves": BodyTokenizerPreset(
        HalvesConfig(
            _factorized(LOWER_WIDTH, 512, False), _factorized(UPPER_WIDTH, 512, False)
        ),
        _BODY_LOSSES, _PAPER_LOOP,
    ),
    "hifigpt": BodyTokenizerPreset(_shared(512, 2, False), _BODY_LOSSES, _PAPER_LOOP),
    "hifigpt-x8": BodyTokenizerPreset(_shared(512, 3, False), _BODY_LOSSES, _PAPER_LOOP),
    "smoke": BodyTokenizerPreset(_smoke(WIDTH), loop=_SMOKE_LOOP, frames=16),
    "smoke-halves": BodyTokenizerPreset(
        HalvesConfig(_smoke(LOWER_WIDTH), _smoke(UPPER_WIDTH)), loop=_SMOKE_LOOP, frames=16
    ),
    "smoke-shared": BodyTokenizerPreset(
        RvqVaeConfig(
            QuantizerConfig(2, CodebookConfig(size=16, width=8), is_shared=True),
            DilatedConfig(WIDTH, width=8, depth=1, halvings=3),
        ),
        loop=_SMOKE_LOOP, frames=16,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class WordsPreset:
    """A whole training of MMM's masked transformer, or of its upper-body transformer."""

    model: WordsConfig
    loop: LoopConfig = field(default_factory=LoopConfig)
    least_masked: float = 0.5
    """The share of masked steps lies between this and 1 (the paper)."""

    schedule: MaskSchedule = "uniform"
    """How the share is drawn between its bounds: evenly (the paper), or more often near 1 by
    a cosine (MoMask) or a square root."""

    randomised: float = 0.1
    """Share of the shown codes that are replaced by random ones; the published code has 0.5."""

    lower_hidden: float = 0.3
    """Most of the lower body's codes that are hidden from the upper-body transformer."""

    without_text: float = 0.1
    """Share of clips trained without text."""


def small_loop(steps: int) -> LoopConfig:
    """Return how the transformers of the `small` presets are trained."""
    return LoopConfig(
        steps=steps, batch=48, learning_rate=8e-4, warmup=100, weight_decay=0.03,
        average_decay=0.995, validate_every=400,
    )  # fmt: skip


def _words(width: int, layers: int, heads: int, has_lower: bool) -> WordsConfig:
    return WordsConfig(
        text_width=TEXT_WIDTH, width=width, heads=heads, word_layers=2, layers=layers - 2,
        has_lower=has_lower,
    )  # fmt: skip


_PAPER_WORDS_LOOP = LoopConfig(
    steps=100_000, batch=128, learning_rate=2e-4, warmup=1000, average_decay=0.999,
    validate_every=2000, save_every=2000,
)  # fmt: skip
_SMOKE_WORDS = WordsConfig(
    codebook_size=16, text_width=TEXT_WIDTH, width=16, heads=2, word_layers=1, layers=1
)

WORDS_PRESETS = {
    "mmm-small": WordsPreset(_words(256, 6, 8, False), small_loop(2400)),
    "mmm-upper-small": WordsPreset(_words(192, 6, 6, True), small_loop(800)),
    "mmm": WordsPreset(_words(1024, 18, 16, False), _PAPER_WORDS_LOOP, randomised=0.5),
    "mmm-upper": WordsPreset(_words(1024, 18, 16, True), _PAPER_WORDS_LOOP, randomised=0.5),
    "smoke": WordsPreset(_SMOKE_WORDS, _SMOKE_LOOP),
    "smoke-upper": WordsPreset(
        WordsConfig(
            codebook_size=16, text_width=TEXT_WIDTH, width=16, heads=2, word_layers=1, layers=1,
            has_lower=True,
        ),
        _SMOKE_LOOP,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class GptPreset:
    """A whole training of the double-tier GPT."""

    model: DoubleTierConfig
    loop: LoopConfig = field(default_factory=LoopConfig)
    corrupted: float = 0.5
    """Most of the steps, or codes, that the temporal tier sees wrong."""

    corruption: Corruption = "step"
    without_text: float = 0.1
    """Share of clips trained without text, for guidance."""


def _gpt(width: int, heads: int, layers: int, residual_layers: int) -> DoubleTierConfig:
    return DoubleTierConfig(
        text_width=TEXT_WIDTH, width=width, heads=heads, layers=layers,
        residual_layers=residual_layers,
    )  # fmt: skip


GPT_PRESETS = {
    "hifigpt-small": GptPreset(_gpt(192, 6, 4, 2), replace(small_loop(3300), batch=32)),
    "hifigpt": GptPreset(_gpt(512, 8, 12, 6), _PAPER_WORDS_LOOP),
    "smoke": GptPreset(
        DoubleTierConfig(
            stages=2, codebook_size=16, text_width=TEXT_WIDTH, width=16, heads=2, layers=1,
            residual_layers=1,
        ),
        _SMOKE_LOOP,
    ),
}
