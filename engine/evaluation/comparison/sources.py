"""The rows of the table: real motion, reconstructions, generated takes, captions' neighbours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ...data.corpus import CorpusClip
from ...motion.clip import Clip
from ...motion.running import Engine
from ...tokenizer.contract import Tokenizer
from ..baselines.played_back import PlayedBack
from ..scores.baseline import CaptionBaseline
from ..scores.takes import make_takes
from .codes import reconstruct
from .held_out import HeldOut
from .samples import watch

NEAREST: Final = "nearest caption's clip"


@dataclass(frozen=True, slots=True)
class RealMotion:
    """The held-out clips themselves."""

    held_out: HeldOut
    name: str = "real motion"
    is_fixed: bool = True

    def make(self, prompts: Sequence[str], repeat: int) -> list[Clip]:
        """Return the held-out clips."""
        return self.held_out.clips


@dataclass(frozen=True, slots=True)
class Reconstructions:
    """The held-out clips as a tokenizer gives them back."""

    name: str
    tokenizer: Tokenizer
    held_out: HeldOut
    is_fixed: bool = True

    def make(self, prompts: Sequence[str], repeat: int) -> list[Clip]:
        """Return the held-out clips, encoded and decoded with all stages."""
        return [reconstruct(self.tokenizer, clip) for clip in watch(self.held_out.clips, self.name)]


@dataclass(frozen=True, slots=True)
class RandomTraining:
    """Other real clips, whatever the prompts: how far chance and few clips alone lead."""

    entries: tuple[CorpusClip, ...]
    seed: int
    name: str = "training clips at random"
    is_fixed: bool = False

    def make(self, prompts: Sequence[str], repeat: int) -> list[Clip]:
        """Return as many different training clips as prompts (with too few, some twice)."""
        rng = np.random.default_rng((self.seed, repeat, 1))
        few = len(self.entries) < len(prompts)
        chosen = rng.choice(len(self.entries), len(prompts), replace=few)
        return [self.entries[int(index)].clip for index in chosen]


@dataclass(frozen=True, slots=True)
class NearestCaption:
    """What an animator would use instead: the training clip with the nearest caption."""

    find_baseline: Callable[[], CaptionBaseline]
    """Called when needed: reading all captions takes a minute."""

    name: str = NEAREST
    is_fixed: bool = False

    def make(self, prompts: Sequence[str], repeat: int) -> list[Clip]:
        """Return the clip of the nearest caption of each prompt, as long as it is."""
        baseline = self.find_baseline()
        return [baseline.nearest(prompt, 1)[0].entry.clip for prompt in watch(prompts, self.name)]


@dataclass(frozen=True, slots=True)
class PlayedBackClips:
    """A model's retrieval by itself: what it remembers, undecoded, at its takes' lengths."""

    name: str
    find_retrieval: Callable[[], PlayedBack]
    """Called when needed: encoding all clips and captions takes minutes."""

    held_out: HeldOut
    is_fixed: bool = False

    def make(self, prompts: Sequence[str], repeat: int) -> list[Clip]:
        """Return what is played back for each prompt."""
        retrieval = self.find_retrieval()
        jobs = list(zip(prompts, self.held_out.clips, strict=True))
        return [
            retrieval.takes(
                prompt, clip.frames / clip.fps, 1, self.held_out.seed_of(repeat, index)
            )[0]
            for index, (prompt, clip) in enumerate(watch(jobs, f"{self.name}, repeat {repeat + 1}"))
        ]


@dataclass(frozen=True, slots=True)
class Takes:
    """A model's takes: the captions as prompts, each as long as the real clip."""

    name: str
    engine: Engine
    held_out: HeldOut
    is_fixed: bool = False

    def make(self, prompts: Sequence[str], repeat: int) -> list[Clip]:
        """Return one take a prompt."""
        jobs = list(zip(prompts, self.held_out.clips, strict=True))
        return [
            make_takes(
                self.engine, prompt, clip.frames / clip.fps, 1, self.held_out.seed_of(repeat, index)
            )[0]
            for index, (prompt, clip) in enumerate(watch(jobs, f"{self.name}, repeat {repeat + 1}"))
        ]
