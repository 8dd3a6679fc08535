"""Named configurations of T2M-HiFiGPT's trainings.

Its published sizes could not be read: `hifigpt` is our choice. `small` ones train on
CPU cores in an afternoon, `gpu` ones on one large GPU in minutes; `tiny` ones show on a CPU
that those run.
"""

from __future__ import annotations

from dataclasses import dataclass, field

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
from ...tokenizer.residual_quantizer import QuantizerConfig
from ...tokenizer.rvq_vae import RvqVaeConfig
from ...transformers.double_tier import Corruption, DoubleTierConfig


def _shared(width: int, halvings: int, is_small: bool = True) -> RvqVaeConfig:
    book = CodebookConfig(size=512, width=width)
    quantizer = QuantizerConfig(6, book, is_shared=True, stage_dropout=0.2)
    network = DilatedConfig(WIDTH, width, halvings=halvings)
    return RvqVaeConfig(quantizer, network, is_small, is_small)


BODY_TOKENIZER_PRESETS = {
    "hifigpt-small": BodyTokenizerPreset(
        _shared(192, 2), BODY_LOSSES, SMALL_TOKENIZER_LOOP
    ),
    "hifigpt-x8-small": BodyTokenizerPreset(_shared(192, 3), BODY_LOSSES, SMALL_TOKENIZER_LOOP),
    "hifigpt-gpu": BodyTokenizerPreset(_shared(512, 2), BODY_LOSSES, GPU_TOKENIZER_LOOP),
    "hifigpt-tiny": BodyTokenizerPreset(
        _shared(16, 2), BODY_LOSSES, tiny_loop(GPU_TOKENIZER_LOOP)
    ),
    "hifigpt": BodyTokenizerPreset(_shared(512, 2, False), BODY_LOSSES, PAPER_TOKENIZER_LOOP),
    "hifigpt-x8": BodyTokenizerPreset(_shared(512, 3, False), BODY_LOSSES, PAPER_TOKENIZER_LOOP),
    "smoke-shared": BodyTokenizerPreset(
        RvqVaeConfig(
            QuantizerConfig(2, CodebookConfig(size=16, width=8), is_shared=True),
            DilatedConfig(WIDTH, width=8, depth=1, halvings=3),
        ),
        loop=SMOKE_LOOP, frames=16,
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
        text_width=SENTENCE_WIDTH, width=width, heads=heads, layers=layers,
        residual_layers=residual_layers,
    )  # fmt: skip


GPT_PRESETS = {
    "hifigpt-small": GptPreset(_gpt(192, 6, 4, 2), small_loop(5000)),
    "hifigpt-gpu": GptPreset(_gpt(384, 6, 8, 4), GPU_TRANSFORMER_LOOP),
    "hifigpt-tiny": GptPreset(_gpt(16, 2, 1, 1), tiny_loop(GPU_TRANSFORMER_LOOP)),
    "hifigpt": GptPreset(_gpt(512, 8, 12, 6), PAPER_TRANSFORMER_LOOP),
    "smoke": GptPreset(
        DoubleTierConfig(
            stages=2, codebook_size=16, text_width=TEXT_WIDTH, width=16, heads=2, layers=1,
            residual_layers=1,
        ),
        SMOKE_LOOP,
    ),
}
