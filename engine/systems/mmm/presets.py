"""Named configurations of MMM's trainings.

`small` ones train on CPU cores in an afternoon, `gpu` ones on one large GPU in minutes; `tiny`
ones show on a CPU that those run. Those without a suffix have the paper's sizes, whose
transformers (1024 wide) no shipped folder can hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ...features import WIDTH
from ...presets import (
    BODY_LOSSES,
    GPU_TOKENIZER_LOOP,
    GPU_TRANSFORMER_LOOP,
    PAPER_TOKENIZER_LOOP,
    PAPER_TRANSFORMER_LOOP,
    SENTENCE_WIDTH,
    SMALL_TOKENIZER_LOOP,
    SMOKE_LOOP,
    TEXT_WIDTH,
    BodyTokenizerPreset,
    LoopConfig,
    small_loop,
    tiny_loop,
)
from ...tokenizer.codebook import CodebookConfig
from ...tokenizer.dilated import DilatedConfig
from ...tokenizer.factorized_codebook import FactorizedConfig
from ...tokenizer.halves import LOWER_WIDTH, UPPER_WIDTH, HalvesConfig
from ...tokenizer.rvq_vae import RvqVaeConfig
from ...transformers.masked_words import WordsConfig

MaskSchedule = Literal["uniform", "cosine", "root"]


def _factorized(features: int, width: int, is_small: bool = True) -> RvqVaeConfig:
    # A small batch has a tenth of a vector for each entry: shorter memory lets entries follow.
    book = CodebookConfig(
        size=8192, width=32, decay=0.95 if is_small else 0.99, revive_below=0.01
    )
    network = DilatedConfig(features, width)
    return RvqVaeConfig(FactorizedConfig(book, code_width=width), network, is_small, is_small)


def _smoke(features: int) -> RvqVaeConfig:
    book = CodebookConfig(size=16, width=4)
    network = DilatedConfig(features, width=8, depth=1)
    return RvqVaeConfig(FactorizedConfig(book, code_width=8), network, starts_linear=True)


BODY_TOKENIZER_PRESETS = {
    "mmm-small": BodyTokenizerPreset(_factorized(WIDTH, 192), BODY_LOSSES, SMALL_TOKENIZER_LOOP),
    "mmm-halves-small": BodyTokenizerPreset(
        HalvesConfig(_factorized(LOWER_WIDTH, 144), _factorized(UPPER_WIDTH, 144)),
        BODY_LOSSES, SMALL_TOKENIZER_LOOP,
    ),
    "mmm-gpu": BodyTokenizerPreset(_factorized(WIDTH, 512), BODY_LOSSES, GPU_TOKENIZER_LOOP),
    "mmm-halves-gpu": BodyTokenizerPreset(
        HalvesConfig(_factorized(LOWER_WIDTH, 256), _factorized(UPPER_WIDTH, 256)),
        BODY_LOSSES, GPU_TOKENIZER_LOOP,
    ),
    "mmm-tiny": BodyTokenizerPreset(
        _factorized(WIDTH, 16), BODY_LOSSES, tiny_loop(GPU_TOKENIZER_LOOP)
    ),
    "mmm-halves-tiny": BodyTokenizerPreset(
        HalvesConfig(_factorized(LOWER_WIDTH, 16), _factorized(UPPER_WIDTH, 16)),
        BODY_LOSSES, tiny_loop(GPU_TOKENIZER_LOOP),
    ),
    "mmm": BodyTokenizerPreset(_factorized(WIDTH, 512, False), BODY_LOSSES, PAPER_TOKENIZER_LOOP),
    "mmm-halves": BodyTokenizerPreset(
        HalvesConfig(
            _factorized(LOWER_WIDTH, 512, False), _factorized(UPPER_WIDTH, 512, False)
        ),
        BODY_LOSSES, PAPER_TOKENIZER_LOOP,
    ),
    "smoke": BodyTokenizerPreset(_smoke(WIDTH), loop=SMOKE_LOOP, frames=16),
    "smoke-halves": BodyTokenizerPreset(
        HalvesConfig(_smoke(LOWER_WIDTH), _smoke(UPPER_WIDTH)), loop=SMOKE_LOOP, frames=16
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


def _words(width: int, layers: int, heads: int, has_lower: bool) -> WordsConfig:
    return WordsConfig(
        text_width=TEXT_WIDTH, sentence_width=SENTENCE_WIDTH, width=width, heads=heads,
        word_layers=2, layers=layers - 2, has_lower=has_lower,
    )  # fmt: skip


_SMOKE_WORDS = WordsConfig(
    codebook_size=16, text_width=TEXT_WIDTH, width=16, heads=2, word_layers=1, layers=1
)

WORDS_PRESETS = {
    "mmm-small": WordsPreset(_words(256, 6, 8, False), small_loop(4500)),
    "mmm-upper-small": WordsPreset(_words(192, 6, 6, True), small_loop(2500)),
    "mmm-gpu": WordsPreset(_words(512, 10, 8, False), GPU_TRANSFORMER_LOOP),
    "mmm-upper-gpu": WordsPreset(_words(384, 8, 6, True), GPU_TRANSFORMER_LOOP),
    "mmm-tiny": WordsPreset(_words(16, 3, 2, False), tiny_loop(GPU_TRANSFORMER_LOOP)),
    "mmm-upper-tiny": WordsPreset(_words(16, 3, 2, True), tiny_loop(GPU_TRANSFORMER_LOOP)),
    "mmm": WordsPreset(_words(1024, 18, 16, False), PAPER_TRANSFORMER_LOOP, randomised=0.5),
    "mmm-upper": WordsPreset(_words(1024, 18, 16, True), PAPER_TRANSFORMER_LOOP, randomised=0.5),
    "smoke": WordsPreset(_SMOKE_WORDS, SMOKE_LOOP),
    "smoke-upper": WordsPreset(
        WordsConfig(
            codebook_size=16, text_width=TEXT_WIDTH, width=16, heads=2, word_layers=1, layers=1,
            has_lower=True,
        ),
        SMOKE_LOOP,
    ),
}  # fmt: skip
