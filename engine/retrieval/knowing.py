"""How surely the memory knows what a track asks for, 0 to 1."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .clip_index import Choice, ClipIndex, Wanted


def features_of(index: ClipIndex, wanted: Wanted, choices: Sequence[Choice]) -> list[float]:
    """Return what speaks for a motion that is known.

    Returns:
        Nearest caption's cosine, nearness in words and cosine, whether the words name a kind, the
        share of the best choice's captions that name it, how well it meets the conditions, and how
        many clips name the kind (log).
    """
    memory = index.memory
    cosine = float((memory.sentences @ wanted.sentence).max())
    score = float(memory.scores(wanted.text, wanted.sentence).max())
    best = choices[0] if choices else None
    clips = len(index.clips_of(wanted.action))
    return [
        cosine, score, float(wanted.action.kind is not None), best.share if best else 0.0,
        best.stretch.value if best else 0.0, math.log1p(clips),
    ]  # fmt: skip


WEIGHTS = (0.0, 6.0, 0.0, 0.0, 1.0, 1.0, 0.0)
"""Of a constant and of the features."""


def how_known(index: ClipIndex, wanted: Wanted, choices: Sequence[Choice]) -> float:
    """Return how surely a motion is known, 0 to 1."""
    values = [1.0, *features_of(index, wanted, choices)]
    total = sum(weight * value for weight, value in zip(WEIGHTS, values, strict=True))
    return 1.0 / (1.0 + math.exp(-total))
