"""Named configurations of MoMask: all its networks of one name together.

`small` trains on CPU cores in an afternoon, `gpu` on one large GPU in minutes; `tiny` shows on
a CPU that `gpu` runs. `paper` has the published sizes (Guo et al. 2024) and schedules over this
engine's features and text vectors.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ...features import WIDTH
from ...presets import (
    BODY_LOSSES,
    GPU_TOKENIZER_LOOP,
    GPU_TRANSFORMER_LOOP,
    LENGTH_PRESETS,
    SENTENCE_WIDTH,
    SMALL_TOKENIZER_LOOP,
    SMOKE_LOOP,
    TEXT_WIDTH,
    BodyTokenizerPreset,
    LengthPreset,
    LoopConfig,
    small_loop,
    tiny_loop,
)
from ...tokenizer.codebook import CodebookConfig
from ...tokenizer.dilated import DilatedConfig
from ...tokenizer.residual_quantizer import QuantizerConfig
from ...tokenizer.rvq_vae import RvqVaeConfig
from ...transformers.sentence import SentenceConfig


@dataclass(frozen=True, slots=True)
class SentencePreset:
    """A whole training of the masked or of the residual transformer."""

    model: SentenceConfig
    loop: LoopConfig
    without_text: float
    """Share of clips trained without text, for guidance."""

    randomised: float = 0.1
    """Share of the hidden steps that show a random code (masked transformer)."""

    shown: float = 0.12
    """Share of the other hidden steps that show their own code (masked transformer)."""

    least_masked: float = 0.0
    """The share of hidden steps lies between this and 1, drawn by the cosine (MoMask: 0)."""


@dataclass(frozen=True, slots=True)
class MoMaskPreset:
    """The trainings of all networks."""

    tokenizer: BodyTokenizerPreset
    masked: SentencePreset
    residual: SentencePreset
    length: LengthPreset = field(default_factory=lambda: LENGTH_PRESETS["tower"])


def _tokenizer(width: int, loop: LoopConfig, is_small: bool) -> BodyTokenizerPreset:
    quantizer = QuantizerConfig(
        stages=6, codebook=CodebookConfig(size=512, width=width), stage_dropout=0.2
    )
    model = RvqVaeConfig(quantizer, DilatedConfig(WIDTH, width), is_small, is_small)
    return BodyTokenizerPreset(model, BODY_LOSSES, loop)


def _sentence(width: int, layers: int, heads: int, code_width: int) -> SentenceConfig:
    return SentenceConfig(
        code_width=code_width, text_width=SENTENCE_WIDTH, width=width, heads=heads, layers=layers,
        feed_width=4 * width if width < 384 else 1024,
    )  # fmt: skip


_PAPER_LOOP = LoopConfig(
    steps=150_000, batch=64, learning_rate=2e-4, warmup=2000, average_decay=0.999,
    validate_every=5000, save_every=5000,
)  # fmt: skip
_PAPER_TOKENIZER_LOOP = LoopConfig(
    steps=200_000, batch=256, learning_rate=2e-4, warmup=2000, average_decay=0.999,
    validate_every=5000, save_every=5000,
)  # fmt: skip
_SMOKE = SentenceConfig(
    stages=2, codebook_size=16, code_width=8, text_width=TEXT_WIDTH, width=16, heads=2, layers=1,
    feed_width=32,
)  # fmt: skip

MOMASK_PRESETS = {
    "small": MoMaskPreset(
        _tokenizer(192, SMALL_TOKENIZER_LOOP, is_small=True),
        SentencePreset(_sentence(256, 6, 8, 192), small_loop(5000), without_text=0.1),
        SentencePreset(_sentence(192, 4, 6, 192), small_loop(3500), without_text=0.2),
    ),
    "gpu": MoMaskPreset(
        _tokenizer(512, GPU_TOKENIZER_LOOP, is_small=True),
        SentencePreset(_sentence(384, 8, 6, 512), GPU_TRANSFORMER_LOOP, without_text=0.1),
        SentencePreset(_sentence(384, 8, 6, 512), GPU_TRANSFORMER_LOOP, without_text=0.2),
    ),
    "tiny": MoMaskPreset(
        _tokenizer(16, tiny_loop(GPU_TOKENIZER_LOOP), is_small=True),
        SentencePreset(_sentence(16, 1, 2, 16), tiny_loop(GPU_TRANSFORMER_LOOP), without_text=0.1),
        SentencePreset(_sentence(16, 1, 2, 16), tiny_loop(GPU_TRANSFORMER_LOOP), without_text=0.2),
        LENGTH_PRESETS["tiny"],
    ),
    "paper": MoMaskPreset(
        _tokenizer(512, _PAPER_TOKENIZER_LOOP, is_small=False),
        SentencePreset(_sentence(384, 8, 6, 512), _PAPER_LOOP, without_text=0.1),
        SentencePreset(_sentence(384, 8, 6, 512), _PAPER_LOOP, without_text=0.2),
    ),
    "smoke": MoMaskPreset(
        BodyTokenizerPreset(
            RvqVaeConfig(
                QuantizerConfig(2, CodebookConfig(size=16, width=8)),
                DilatedConfig(WIDTH, width=8, depth=1),
            ),
            loop=SMOKE_LOOP, frames=16,
        ),
        SentencePreset(_SMOKE, SMOKE_LOOP, without_text=0.1),
        SentencePreset(_SMOKE, SMOKE_LOOP, without_text=0.2),
        LENGTH_PRESETS["smoke"],
    ),
}  # fmt: skip
