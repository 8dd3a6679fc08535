"""Recalled clips of counted codes, for tests of what takes copy."""

from __future__ import annotations

from itertools import combinations

import torch
from keyfill_extension.engine.retrieval.recalling import Candidate, Recalled
from keyfill_extension.engine.transformers.masked import Condition


def clip(first: int, steps: int) -> torch.Tensor:
    """Codes (steps, 4, 3) that count on from `first`."""
    return torch.arange(first, first + steps)[:, None, None].repeat(1, 4, 3)


def recalled(*clips: list[torch.Tensor]) -> Recalled:
    """A prompt of one action a list, whose clips are all as near as the nearest."""
    nothing = torch.zeros(1, 0, 4, dtype=torch.long)
    text = torch.zeros(1, 2)
    condition = Condition(
        text, text[:, None], torch.ones(1, 1, dtype=torch.bool), nothing, nothing[..., :2]
    )
    return Recalled(
        condition,
        torch.zeros(0, 4, 3, dtype=torch.long),
        tuple(range(len(clips))),
        tuple(tuple(Candidate(each, None) for each in own) for own in clips),
        tuple(len(own) for own in clips),
    )


def all_differ(plantings) -> bool:
    return all(first.differs_from(other) for first, other in combinations(plantings, 2))
