"""What is known of remembered clips besides their codes: facts, ratings, kinds of action.

Packed small for a memory file. It knows no code.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .facts import CHANNELS, Facts, pack_facts, unpack_facts
from .facts.kinematics.event_rows import COLUMNS
from .packing import pack_texts, unpack_texts


@dataclass(frozen=True, slots=True)
class Measured:
    """Facts of clips and kinds in captions; empty where nothing was measured."""

    facts: tuple[Facts, ...] = ()
    """(C) of each clip, as its codes are decoded."""

    ratings: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, 0), np.uint8))
    """(C, conditions) how well each whole clip meets each condition, in 1/255."""

    conditions: tuple[str, ...] = ()
    """Names of the columns of `ratings`."""

    kinds: tuple[str, ...] = ()
    """(N) names of the kinds of action that each caption names, the first one first."""

    def of(self, clips: Sequence[int], captions: Sequence[int]) -> Measured:
        """Return what is known of some clips and captions."""
        if not self.facts:
            return self
        facts = tuple(self.facts[clip] for clip in clips)
        kinds = tuple(self.kinds[row] for row in captions)
        return Measured(facts, self.ratings[list(clips)], self.conditions, kinds)

    def rating(self, condition: str) -> NDArray[np.uint8]:
        """Return how well each whole clip (C,) meets a condition, in 1/255.

        All do where that was not measured: the facts themselves tell then.
        """
        if condition not in self.conditions:
            return np.full(len(self.facts), 255, np.uint8)
        return self.ratings[:, self.conditions.index(condition)]

    def with_more(self, other: Measured) -> Measured:
        """Return both together; nothing where one of them was not measured."""
        if not self.facts or not other.facts:
            return Measured()
        shared = tuple(name for name in self.conditions if name in other.conditions)
        ratings = np.concatenate([
            each.ratings[:, [each.conditions.index(name) for name in shared]]
            for each in (self, other)
        ])  # fmt: skip
        return Measured(self.facts + other.facts, ratings, shared, self.kinds + other.kinds)

    def to_tensors(self) -> dict[str, Tensor]:
        """Return it as bytes for a checkpoint."""
        if not self.facts:
            return {}
        arrays = pack_facts(self.facts)
        packed = {name: _deflate(np.ascontiguousarray(arrays[name])) for name in _FACT_ARRAYS}
        ratings = _deflate(np.ascontiguousarray(self.ratings))
        texts = {"conditions": self.conditions, "kinds": self.kinds}
        named = {name: pack_texts(list(each)) for name, each in texts.items()}
        return {**packed, "ratings": ratings, **named}

    @staticmethod
    def from_tensors(tensors: dict[str, Tensor], lengths: Tensor) -> Measured:
        """Rebuild what `to_tensors` made; lengths (C,) are the clips' steps."""
        if "facts" not in tensors:
            return Measured()
        arrays: dict[str, NDArray[Any]] = {
            name: np.frombuffer(_inflate(tensors[name]), dtype).reshape(shape)
            for name, (dtype, shape) in _FACT_ARRAYS.items()
        }
        facts = unpack_facts(arrays, lengths.tolist())
        ratings = np.frombuffer(_inflate(tensors["ratings"]), np.uint8).reshape(len(facts), -1)
        names, kinds = (tuple(unpack_texts(tensors[key])) for key in ("conditions", "kinds"))
        return Measured(tuple(facts), ratings, names, kinds)


_FACT_ARRAYS: dict[str, tuple[type, tuple[int, ...]]] = {
    "facts": (np.int8, (-1, len(CHANNELS))),
    "events": (np.int16, (-1, len(COLUMNS))),
    "event_counts": (np.int16, (-1,)),
}
"""Arrays of `pack_facts` with their types and shapes."""


def _deflate(array: NDArray[Any]) -> Tensor:
    return torch.frombuffer(bytearray(zlib.compress(array.tobytes(), 9)), dtype=torch.uint8)


def _inflate(packed: Tensor) -> bytes:
    return zlib.decompress(packed.numpy().tobytes())
