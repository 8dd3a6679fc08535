"""What every system promises: fill a canvas, and say beforehand which masks it can fill.

A canvas is a clip, a mask on it and a prompt; a new take is a canvas of which
nothing is kept. The engine's front door and the evaluation know only this.
"""

from __future__ import annotations

import time
from collections.abc import Generator as Steps
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from ..motion.clip import Clip
from ..motion.contacts import Contacts
from ..motion.edits import Mask
from ..motion.request import Progress
from ..motion.tracks import Plan, Track
from ..text_encoder import EncodedText, TextEncoder
from ..tokenizer.contract import Tokenizer


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """What is to be filled."""

    clip: Clip
    """(T) at 30 fps; what it holds under the mask must not matter."""

    mask: Mask
    """(T, P) True where to fill."""

    prompt: str

    text: EncodedText
    """The prompt, encoded by the system's own text encoder."""

    seeds: tuple[int, ...]
    """One a take; the same seed gives the same motion, whatever the other seeds."""

    is_new: bool = False
    """A new take: nothing of the clip counts but its length."""

    variation: float = 0.0
    """Share of the masked cells, the least certain, that is made anew; 0 makes all anew."""

    strength: float = 0.0
    """Share of the kept cells that the model is not shown while it fills."""

    tracks: tuple[Track, ...] = ()
    """The plan of a new take, for a system that plans; it stands for the prompt then."""


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A filled canvas, one clip a take."""

    clips: tuple[Clip, ...]
    """(T) each; unmasked cells are the canvas's, bit for bit."""

    contacts: tuple[Contacts, ...]
    """(T, 4) each: left ankle, right ankle, left toe, right toe on the floor."""

    root_gaps: tuple[float, ...]
    """Metres by which each path missed the kept frames after it before it was corrected."""


@dataclass(slots=True)
class Stopwatch:
    """Adds up the wall time of named stages."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Time the block that follows."""
        started = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - started
            self.seconds[stage] = self.seconds.get(stage, 0.0) + spent


class Generator(Protocol):
    """A system: text and kept motion in, motion out."""

    @property
    def name(self) -> str:
        """How the command line and the panel call it: its folder in `engine/systems`."""

    @property
    def device(self) -> torch.device:
        """Where the networks are."""

    @property
    def text_encoder(self) -> TextEncoder:
        """What reads the prompts."""

    def can_fill(self, mask: Mask) -> str | None:
        """Return why a mask (T, P) cannot be filled, as a sentence, or None if it can."""

    def choose_frames(self, text: EncodedText, seed: int) -> Steps[Progress, None, int]:
        """Return how many frames (30 fps) a take of the prompt usually has.

        Yields at least every 0.2 s. The caller sees to the shortest and the longest take.
        """

    def fill(self, canvas: Canvas, watch: Stopwatch) -> Steps[Progress, None, Made]:
        """Fill a canvas that `can_fill` allows, yielding at least every 0.2 s.

        Args:
            canvas: what to fill.
            watch: gets the time of each stage.
        """


@runtime_checkable
class TakePlanner(Protocol):
    """What a system may offer besides: plans of new takes, which its canvas then carries."""

    def plan(self, beats: Sequence[tuple[str, float]]) -> Plan:
        """Return the plan of prompts with their seconds, one after another.

        0 seconds take what the actions of a prompt need.
        """

    def described(self, tracks: Sequence[Track]) -> tuple[Track, ...]:
        """Return somebody's tracks with what is known about them."""


@runtime_checkable
class CodeGuesser(Protocol):
    """What a system may offer besides: guesses of a real clip's base codes, for evaluation.

    The confidence of a system without it is not measured.
    """

    @property
    def main_tokenizer(self) -> Tokenizer:
        """Whose base codes are guessed."""

    def guess_codes(self, codes: Tensor, hidden: Tensor, caption: str) -> tuple[Tensor, Tensor]:
        """Guess base codes as the network was trained to, without guidance.

        Args:
            codes: (S, P, Q) int64, a clip's.
            hidden: (S, P) True at base codes to hide, at least one. A system that writes from
                left to right guesses every step from all before it instead.
            caption: of the clip.

        Returns:
            Log-probabilities (n, K) of the guessed base codes, and these codes (n,).
        """
