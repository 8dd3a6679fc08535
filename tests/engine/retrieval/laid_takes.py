"""Acts over a small memory whose codes tell rows, and a performer that lays them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from keyfill_extension.engine.motion.skeleton import PARTS
from keyfill_extension.engine.retrieval.acts import Act
from keyfill_extension.engine.retrieval.casting import Caster
from keyfill_extension.engine.retrieval.clip_index import Choice, ClipIndex
from keyfill_extension.engine.retrieval.facts import Facts
from keyfill_extension.engine.retrieval.performing import Performer
from keyfill_extension.engine.retrieval.stretches import Stretch
from keyfill_extension.tests.engine.retrieval.small_memories import action_of, memory_of

ALL = tuple(range(len(PARTS)))
LOWER = (0, 1)
ARMS = (2, 3)

Clips = Sequence[tuple[str, Facts]]


class Points:
    """Where rows of a memory are, decimetres: all the same place unless they are moved."""

    def __init__(self, clips: Clips) -> None:
        self.starts = np.cumsum([0, *(facts.steps for _, facts in clips)])
        self.rows = torch.zeros(int(self.starts[-1]), len(PARTS))

    def of(self, clip: int) -> torch.Tensor:
        """Return a clip's points (S, P), to be written to."""
        return self.rows[self.starts[clip] : self.starts[clip + 1]]

    def __call__(self, codes: torch.Tensor) -> torch.Tensor:
        return self.rows[codes[..., 0].long()[:, 0]]


class Retiming:
    """Takes the nearest of the codes for each step, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def __call__(self, codes: torch.Tensor, steps: int) -> torch.Tensor:
        self.asked.append((len(codes), steps))
        return codes[torch.linspace(0, len(codes) - 1, steps).round().long()]


def caster(clips: Clips, points: Points | None = None) -> Caster:
    return Caster(ClipIndex(memory_of(clips)), points or Points(clips))


def performer(clips: Clips, points: Points | None = None, **options) -> Performer:
    return Performer(ClipIndex(memory_of(clips), **options), points or Points(clips))


def choice(clip: int, first: int, last: int, score: float = 1.0, **options) -> Choice:
    """Return a stretch of a clip as a choice; its peak is in the middle unless it is named."""
    options.setdefault("peak", (first + last) // 2)
    return Choice(Stretch(clip, first, last, **options), score, 1.0)


def act(prompt: str, first: int, last: int, *choices: Choice, parts=ALL, **options) -> Act:
    return Act(action_of(prompt), first, last, parts, choices, **options)
