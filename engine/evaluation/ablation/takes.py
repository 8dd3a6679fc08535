"""What a model's takes and reconstructions are worth: nearness to real motion, fit, time."""

from __future__ import annotations

import time
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Final

from ...api import SystemEngine
from ...decoding import DecodingConfig
from ...measuring.evaluator import load_evaluator
from ...motion.clip import Clip
from ...systems.contract import Generator
from ...text_encoder import load_text_encoder
from ...tokenizer.contract import Tokenizer
from ..comparison.figures import Yardstick, motion_figures
from ..comparison.held_out import HeldOut, choose_evenly, read_split
from ..comparison.model_rows import Bench, Counts
from ..comparison.samples import Judge, measure_sample
from ..comparison.sources import Reconstructions, Takes
from ..prompts.tuning import TUNING
from ..scores.takes import make_takes, measure_takes
from .axes import DecodingRow

MEASURED = ("fid", "kid", "r1", "r3", "jerk", "slide")

FIRST_SEED: Final = 100
"""Of the tuning prompts' takes: those of reports begin at 0."""


@dataclass(frozen=True, slots=True)
class TakesBench:
    """The held-out clips that every row's takes are measured on."""

    bench: Bench
    yard: Yardstick
    prompts: int = 0
    """Takes of each single action of the tuning set, whose share that obeys is told; 0: none."""

    def measure(self, generator: Generator) -> dict[str, float]:
        """Return the figures of takes, one a held-out clip and repeat; those there are."""
        engine, held_out = SystemEngine(generator), self.bench.held_out
        source = Takes(generator.name, engine, held_out)
        make_takes(engine, held_out.prompts(0)[0], 2.0, 1)  # what only the first take waits for
        started = time.perf_counter()
        made = [source.make(held_out.prompts(r), r) for r in range(self.bench.counts.repeats)]
        spent = time.perf_counter() - started
        seconds = sum(clip.duration_seconds for clips in made for clip in clips)
        found = self._figures(made) | {"seconds_a_second": spent / seconds}
        return found | ({"obeyed": self._obeyed(engine)} if self.prompts else {})

    def _obeyed(self, engine: SystemEngine) -> float:
        """Return the share of takes of the tuning set's single actions that pass its checks."""
        verdicts = [
            prompt.is_followed_by(body)
            for prompt in TUNING.singles
            for body in measure_takes(
                engine, prompt.text, prompt.seconds, self.prompts, FIRST_SEED
            )
        ]
        return sum(verdicts) / len(verdicts)

    def measure_reconstructions(self, tokenizer: Tokenizer) -> dict[str, float]:
        """Return the figures of the held-out clips as a tokenizer gives them back."""
        held_out = self.bench.held_out
        made = Reconstructions("reconstructions", tokenizer, held_out).make([], 0)
        return self._figures([made] * self.bench.counts.repeats)

    def _figures(self, made: list[list[Clip]]) -> dict[str, float]:
        found = motion_figures(
            [measure_sample(self.bench.judge, clips) for clips in made], self.yard
        )
        return {name: float(found[name]["value"]) for name in MEASURED if "value" in found[name]}


def open_bench(evaluator: Path, corpus: Path, most: int, counts: tuple[int, int]) -> TakesBench:
    """Return the bench over at most so many clips of the validation split.

    Args:
        evaluator: its file.
        corpus: folder of captioned clips.
        most: clips.
        counts: takes of each clip, and of each tuning prompt.

    Raises:
        WeightsError: if there is no evaluator.
        CorpusError: if the corpus cannot be read or has no validation split.
    """
    repeats, prompts = counts
    judge = Judge(load_evaluator(evaluator), load_text_encoder("minilm"))
    held_out = HeldOut(choose_evenly(read_split(corpus, "val"), most), "val", 0)
    texts = [judge.texts(held_out.prompts(repeat)) for repeat in range(repeats)]
    yard = Yardstick(
        judge.motions(held_out.clips), texts, held_out.groups, held_out.captions, 0
    )
    return TakesBench(Bench(judge, held_out, (), Counts(repeats=repeats)), yard, prompts)


def decoded_anew(generator: Generator, row: DecodingRow) -> Generator:
    """Return a system that draws its codes as the row says."""
    return _changed(generator, row)  # type: ignore[no-any-return]


def _changed(thing: Any, row: DecodingRow) -> Any:
    """Return a dataclass with every decoding in it changed; networks stay as they are."""
    if isinstance(thing, DecodingConfig):
        return row.changed(thing)
    if not is_dataclass(thing) or isinstance(thing, type):
        return thing
    within = {
        field.name: _changed(getattr(thing, field.name), row)
        for field in fields(thing)
        if field.name in ("system", "decoding")
        or isinstance(getattr(thing, field.name), DecodingConfig)
    }
    if row.candidates is not None and any(own.name == "candidates" for own in fields(thing)):
        within["candidates"] = row.candidates
    return replace(thing, **within)
