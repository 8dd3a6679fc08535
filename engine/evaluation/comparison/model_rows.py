"""Every step of one model: takes, spread of takes, edits, cost, tokenizers, confidence.

Each step is kept as soon as it is done. It knows no table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Protocol

import numpy as np

from ...data.corpus import CorpusClip
from ...measuring.metrics import Array, bootstrap_means
from ...motion.clip import Clip
from ...motion.running import Engine
from ...systems.contract import CodeGuesser, Generator
from ...tokenizer.contract import Tokenizer
from ..scores.takes import make_takes
from .cache import StepCache
from .codes import CodeUse, networks_of, stage_errors, tokenizers_of
from .confidence import calibration, guess_tokens
from .cost import count_numbers, count_operations, time_takes
from .edits import EditRun, measure_edits
from .figures import Figure, Yardstick, measured, motion_figures, multimodality
from .held_out import HeldOut
from .samples import Judge, Sample, Source, measure_sample, watch
from .sources import Reconstructions, Takes

SPREAD_SEED: Final = 1_000_000
"""Seeds of MultiModality's takes begin here: they are none of the repeats'."""


class ModelEngine(Engine, Protocol):
    """What is needed of `engine.api.Engine`."""

    @property
    def generator(self) -> Generator:
        """The system."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is measured; smaller than the published counts, so the report states them."""

    repeats: int = 20
    spread_prompts: int = 20
    """Prompts of MultiModality (published: 100)."""

    spread_takes: int = 10
    """Takes of each of them (published: 30)."""

    edits: int = 20
    """Clips of each kind of edit."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What all rows share."""

    judge: Judge
    held_out: HeldOut
    training: tuple[CorpusClip, ...]
    counts: Counts


def sample_row(source: Source, bench: Bench, cache: StepCache) -> list[Sample]:
    """Return one sample of a row for each repeat."""
    samples = []
    for repeat in range(1 if source.is_fixed else bench.counts.repeats):
        step = f"repeat-{repeat:02d}"
        found = cache.step(step, _Repeat(source, bench, repeat).measure)
        samples.append(Sample.from_json(found))
    return samples * bench.counts.repeats if source.is_fixed else samples


@dataclass(frozen=True, slots=True)
class _Repeat:
    source: Source
    bench: Bench
    repeat: int

    def measure(self) -> dict[str, Any]:
        """Return the sample, and of a model's first repeat the codes of its takes."""
        clips = self.source.make(self.bench.held_out.prompts(self.repeat), self.repeat)
        sample = measure_sample(self.bench.judge, clips)
        if isinstance(self.source, Takes) and self.repeat == 0:
            sample = replace(sample, codes=_use_of_codes(self.source.engine, clips))
        return sample.to_json()


def _use_of_codes(engine: Engine, clips: Sequence[Clip]) -> dict[str, Any]:
    generator = getattr(engine, "generator", None)
    return {
        name: CodeUse(tokenizer).add(clips).to_json()
        for name, tokenizer in tokenizers_of(generator).items()
    }


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model on the bench."""

    name: str
    engine: ModelEngine
    bench: Bench
    cache: StepCache

    def measure(self, yard: Yardstick) -> dict[str, Any]:
        """Return everything of a model as JSON holds it."""
        generator, held_out = self.engine.generator, self.bench.held_out
        samples = sample_row(Takes(self.name, self.engine, held_out), self.bench, self.cache)
        figures = motion_figures(samples, yard)
        figures["multimodality"] = self._spread(yard)
        run = EditRun(
            self.engine, generator.can_fill, self.name, self.bench.counts.edits, held_out.seed
        )
        return {
            "figures": figures,
            "edits": self.cache.step("edits", lambda: measure_edits(run, held_out.entries)),
            "time": self.cache.step("time", lambda: time_takes(self.engine, self.name)),
            "cost": self.cache.step("cost", self._count),
            "confidence": self.cache.step("confidence", lambda: self._confidence(yard)),
            "tokenizers": self._tokenizers(yard, samples[0].codes),
        }

    def _spread(self, yard: Yardstick) -> Figure:
        found = self.cache.step("spread", self._spread_takes)
        return multimodality(np.array(found["vectors"]), found["groups"], yard)

    def _spread_takes(self) -> dict[str, Any]:
        entries = self.bench.held_out.entries
        count = min(self.bench.counts.spread_prompts, len(entries))
        chosen = [entries[index * len(entries) // count] for index in range(count)]
        vectors = [
            self.bench.judge.motions(
                make_takes(
                    self.engine, entry.captions[0], entry.clip.duration_seconds,
                    self.bench.counts.spread_takes, self.bench.held_out.seed + SPREAD_SEED,
                )
            )
            for entry in watch(chosen, f"{self.name}, spread")
        ]  # fmt: skip
        return {
            "vectors": np.round(np.array(vectors), 7).tolist(),
            "groups": [entry.group for entry in chosen],
        }

    def _count(self) -> dict[str, Any]:
        networks = networks_of(self.engine.generator)
        return {
            "numbers": count_numbers(list(networks.values())),
            "numbers_by_network": {
                name: count_numbers([network]) for name, network in networks.items()
            },
            "operations_6_s": count_operations(self.engine),
        }

    def _confidence(self, yard: Yardstick) -> dict[str, Any]:
        generator, held_out = self.engine.generator, self.bench.held_out
        if not isinstance(generator, CodeGuesser):
            return {}  # not measured
        return calibration(guess_tokens(generator, held_out.entries, held_out.seed), yard)

    def _tokenizers(self, yard: Yardstick, takes: dict[str, Any]) -> dict[str, Any]:
        return {
            name: self._tokenizer(name, tokenizer, yard) | {"takes": takes[name]}
            for name, tokenizer in tokenizers_of(self.engine.generator).items()
        }

    def _tokenizer(self, name: str, tokenizer: Tokenizer, yard: Yardstick) -> dict[str, Any]:
        label = f"{self.name} {name}"
        source = Reconstructions(label, tokenizer, self.bench.held_out)
        found = self.cache.step(f"codes-{name}", lambda: self._codes(label, tokenizer))
        own = StepCache(self.cache.folder / name, self.cache.again)
        return found | {
            "figures": motion_figures(sample_row(source, self.bench, own), yard),
            "error_mm": _stage_intervals(np.array(found["error_mm"]), yard),
        }

    def _codes(self, label: str, tokenizer: Tokenizer) -> dict[str, Any]:
        clips = self.bench.held_out.clips
        training = [entry.clip for entry in self.bench.training]
        return {
            "frames_per_step": tokenizer.frames_per_step,
            "codebook_size": tokenizer.codebook_size,
            "parts": list(tokenizer.parts),
            "error_mm": [
                stage_errors(tokenizer, clip) for clip in watch(clips, f"{label}, stages")
            ],
            "real": CodeUse(tokenizer).add(watch(clips, f"{label}, codes")).to_json(),
            "training": CodeUse(tokenizer).add(watch(training, f"{label}, training")).to_json(),
        }


def _stage_intervals(errors: Array, yard: Yardstick) -> list[Figure]:
    """Return the mean of errors (N, Q) of each stage, with its interval."""
    return [
        measured(partial(bootstrap_means, [own], yard.groups, yard.rng(), yard.draws))
        for own in errors.T
    ]
