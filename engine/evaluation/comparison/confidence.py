"""Is a confident token right more often? Hidden base codes of real clips, guessed by a model.

Every network guesses as it was trained: with the caption, without guidance, some codes
hidden. It knows no system, only what a system may offer (`CodeGuesser`).
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
from ...systems.contract import CodeGuesser
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


def guess_tokens(system: CodeGuesser, entries: Sequence[CorpusClip], seed: int) -> Guesses:
    """Hide base codes of clips and let the system guess them from the rest and a caption."""
    confidence, is_right, clips = [], [], []
    for index, entry in enumerate(watch(entries, "confidence")):
        drawn = torch.Generator().manual_seed(seed + index)
        share = HIDDEN_SHARES[index % len(HIDDEN_SHARES)]
        scores, wanted = _guess(system, entry, share, drawn)
        best = scores.max(-1)
        confidence.append(best.values.exp().double().numpy())
        is_right.append((best.indices == wanted).numpy())
        clips.append(np.full(len(wanted), index))
    return Guesses(np.concatenate(confidence), np.concatenate(is_right), np.concatenate(clips))


@torch.inference_mode()
def _guess(
    system: CodeGuesser, entry: CorpusClip, share: float, drawn: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return log-probabilities (n, K) of base codes, and the codes (n,)."""
    codes = encode_clip(system.main_tokenizer, entry.clip)  # (S, P, Q)
    hidden = torch.rand(codes.shape[:2], generator=drawn) < share
    if not bool(hidden.any()):
        hidden[0] = True
    scores, wanted = system.guess_codes(codes, hidden, entry.captions[0])
    return scores.float(), wanted


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
