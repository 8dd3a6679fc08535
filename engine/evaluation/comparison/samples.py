"""What is measured of a set of clips, one row a clip: vectors of the evaluator, physics.

It knows where clips come from only through a `Source`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from tqdm import tqdm

from ...measuring.evaluator import MotionTextEvaluator, embed_captions, embed_clips
from ...measuring.metrics import Array
from ...motion.clip import Clip
from ...text_encoder import TextEncoder
from ..checks.measures import Body
from ..scores.physics import measure_physics

PHYSICS = ("slide", "penetration", "jerk")


@dataclass(frozen=True, slots=True)
class Judge:
    """The evaluator and the text encoder that it was trained with."""

    evaluator: MotionTextEvaluator
    encoder: TextEncoder

    def motions(self, clips: Sequence[Clip]) -> Array:
        """Return (N, D) vectors of clips."""
        return embed_clips(self.evaluator, clips)

    def texts(self, captions: Sequence[str]) -> Array:
        """Return (N, D) vectors of captions; equal captions are encoded once."""
        different = sorted(set(captions), key=lambda text: (len(text), text))
        row = {text: index for index, text in enumerate(different)}
        vectors = embed_captions(self.evaluator, self.encoder, different)
        return np.asarray(vectors[[row[text] for text in captions]])


@dataclass(frozen=True, slots=True)
class Sample:
    """Clips, measured."""

    vectors: Array
    """(N, D)."""

    physics: dict[str, Array]
    """slide in m/s, penetration in m, jerk in m/s^3: (N,) each, NaN where a clip has none."""

    codes: dict[str, Any] = field(default_factory=dict)
    """Which codes a model's own takes use, tokenizer by tokenizer; of its first repeat only."""

    def to_json(self) -> dict[str, Any]:
        """Return what JSON can hold; NaN becomes null."""
        physics = {name: _without_nan(values) for name, values in self.physics.items()}
        vectors = np.round(self.vectors, 7).tolist()
        return {"vectors": vectors, "physics": physics, "codes": self.codes}

    @staticmethod
    def from_json(found: dict[str, Any]) -> Sample:
        """Return what `to_json` wrote."""
        physics = {
            name: np.array([np.nan if value is None else value for value in values], dtype=float)
            for name, values in found["physics"].items()
        }
        return Sample(np.array(found["vectors"], dtype=float), physics, found["codes"])


def _without_nan(values: Array) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]


def measure_sample(judge: Judge, clips: Sequence[Clip]) -> Sample:
    """Measure clips."""
    measured = [measure_physics(Body.from_clip(clip)) for clip in clips]
    columns = {
        name: np.array([getattr(row, name) for row in measured], dtype=float) for name in PHYSICS
    }
    return Sample(judge.motions(clips), columns)


class Source(Protocol):
    """Where a row's clips come from."""

    @property
    def name(self) -> str:
        """The row's name."""

    @property
    def is_fixed(self) -> bool:
        """Whether prompts and repeats change nothing: one sample then stands for all repeats."""

    def make(self, prompts: Sequence[str], repeat: int) -> list[Clip]:
        """Return one clip for each of the held-out clips, whose captions the prompts are."""


def watch(things: Sequence[Any], label: str) -> Any:
    """Iterate over things with a progress bar."""
    return tqdm(things, desc=label, mininterval=1.0, leave=False)
