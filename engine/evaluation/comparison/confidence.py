"""Is a confident token right more often? Hidden base codes of real clips, guessed by a model.

Every network is asked as it was trained: with the caption, without guidance, some steps
hidden (T2M-HiFiGPT, which writes: all steps before). It knows each system's networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...data.corpus import CorpusClip
from ...measuring.metrics import Array, Indices, bootstrap
from ...systems.contract import Generator
from ...systems.grid.generator import GridGenerator
from ...systems.hifigpt.system import HifiGpt
from ...systems.mmm.system import Mmm
from ...systems.momask.system import MoMask
from ...tokenizer.contract import Tokenizer
from ...transformers.masked_words import TextCondition
from .codes import encode_clip
from .figures import Yardstick, measured
from .samples import watch

HIDDEN_SHARES: Final = (0.25, 0.5, 0.75, 1.0)
"""Of a clip's steps, one after another over the clips: what decoding meets on its way."""

BINS: Final = 10


@dataclass(frozen=True, slots=True)
class Guesses:
    """Guessed tokens."""

    confidence: Array
    """(n,) probability of the likeliest code."""

    is_right: NDArray[np.bool_]
    """(n,)."""

    clips: Indices
    """(n,) which clip each token is of."""


def can_be_asked(generator: Generator) -> bool:
    """Return whether `guess_tokens` knows the system."""
    return isinstance(generator, GridGenerator | MoMask | Mmm | HifiGpt)


def guess_tokens(generator: Generator, entries: Sequence[CorpusClip], seed: int) -> Guesses:
    """Hide base codes of clips and let the model guess them from the rest and a caption."""
    confidence, is_right, clips = [], [], []
    for index, entry in enumerate(watch(entries, f"{generator.name}, confidence")):
        drawn = torch.Generator().manual_seed(seed + index)
        share = HIDDEN_SHARES[index % len(HIDDEN_SHARES)]
        scores, wanted = _asked(generator, entry, share, drawn)
        best = scores.max(-1)
        confidence.append(best.values.exp().double().numpy())
        is_right.append((best.indices == wanted).numpy())
        clips.append(np.full(len(wanted), index))
    return Guesses(np.concatenate(confidence), np.concatenate(is_right), np.concatenate(clips))


@torch.inference_mode()
def _asked(
    generator: Generator, entry: CorpusClip, share: float, drawn: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return log-probabilities (n, K) of hidden base codes, and the codes (n,)."""
    caption = entry.captions[0]
    codes = encode_clip(_main_tokenizer(generator), entry.clip)[None, ..., 0]  # (1, S, P)
    hidden = torch.rand(codes.shape, generator=drawn) < share
    if isinstance(generator, HifiGpt):
        return _hifigpt(generator, entry, caption)
    if not bool(hidden.any()):
        hidden[:, 0] = True
    if isinstance(generator, GridGenerator):
        scores = _grid(generator, codes, hidden, caption)
    else:
        assert isinstance(generator, MoMask | Mmm)
        scores = _whole_body(generator, codes[..., 0], hidden[..., 0], caption)[:, :, None]
    return scores.float().cpu()[hidden], codes[hidden]


def _main_tokenizer(generator: Generator) -> Tokenizer:
    if isinstance(generator, GridGenerator):
        return generator.system.tokenizer
    assert isinstance(generator, MoMask | Mmm | HifiGpt)
    return generator.networks.tokenizer


def _grid(generator: GridGenerator, codes: Tensor, hidden: Tensor, caption: str) -> Tensor:
    system, place = generator.system, generator.device
    text = system.text_encoder.encode([caption])
    recalled = system.recall(caption, text, codes.shape[1])
    shown = codes.masked_fill(hidden, system.masked.mask_code).to(place)
    is_step = torch.ones(shown.shape[:2], dtype=torch.bool, device=place)
    return torch.as_tensor(system.masked(shown, is_step, recalled.condition))


def _whole_body(generator: MoMask | Mmm, codes: Tensor, hidden: Tensor, caption: str) -> Tensor:
    masked, place = generator.networks.masked, generator.device
    text = generator.text_encoder.encode([caption])
    shown = codes.masked_fill(hidden, masked.mask_code).to(place)
    is_step = torch.ones_like(shown, dtype=torch.bool)
    sentence = text.sentence.to(place)
    if isinstance(generator, MoMask):
        return torch.as_tensor(masked(shown, is_step, sentence).log_softmax(-1))
    condition = TextCondition(sentence, text.words.to(place), text.word_mask.to(place))
    return torch.as_tensor(masked(shown, is_step, condition).log_softmax(-1))


def _hifigpt(generator: HifiGpt, entry: CorpusClip, caption: str) -> tuple[Tensor, Tensor]:
    codes = encode_clip(generator.networks.tokenizer, entry.clip)[:, 0]  # (S, Q)
    sentence = generator.text_encoder.encode([caption]).sentence.to(generator.device)
    has_text = torch.ones(1, dtype=torch.bool, device=generator.device)
    logits = generator.networks.gpt(codes[None].to(generator.device), sentence, has_text)
    scores = logits[0, :-1, 0].float().cpu().log_softmax(-1)
    return scores, codes[:, 0]


def calibration(guesses: Guesses, yard: Yardstick) -> dict[str, Any]:
    """Return how often tokens are right by their confidence.

    Returns:
        bins: for each tenth of confidence that has tokens, their count, mean confidence and
            the share that is right; `expected_error` is the mean gap between the last two;
            `surest_fifth` and `least_sure_fifth` are shares right, with intervals.
    """
    confidence, is_right = guesses.confidence, guesses.is_right
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    bins = [
        {
            "tokens": int(own.sum()),
            "confidence": float(confidence[own].mean()),
            "right": float(is_right[own].mean()),
        }
        for own in (place == number for number in range(BINS))
        if own.any()
    ]
    gaps = [row["tokens"] * abs(row["confidence"] - row["right"]) for row in bins]
    low, high = np.quantile(confidence, (0.2, 0.8))
    return {
        "tokens": len(confidence),
        "bins": bins,
        "expected_error": float(sum(gaps) / len(confidence)),
        "right": _right(guesses, np.ones(len(confidence), dtype=bool), yard),
        "least_sure_fifth": _right(guesses, confidence <= low, yard),
        "surest_fifth": _right(guesses, confidence >= high, yard),
    }


def _right(guesses: Guesses, chosen: NDArray[np.bool_], yard: Yardstick) -> dict[str, Any]:
    """Return the share of the chosen tokens that is right, with its interval over groups."""
    count = len(yard.groups)
    hits = np.bincount(guesses.clips[chosen & guesses.is_right], minlength=count)
    tokens = np.bincount(guesses.clips[chosen], minlength=count)

    def share(clips: Indices) -> float:
        total = tokens[clips].sum()
        return float(hits[clips].sum() / total) if total else float("nan")

    return measured(lambda: bootstrap([share], yard.groups, yard.rng(), yard.draws), most=1.0)
