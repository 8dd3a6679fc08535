"""Trains one row from scratch on its share of the data, and measures it.

A transformer learns the codes of a trained system's tokenizer, and takes its place in that
system for takes. A row that was stopped goes on where its training stands.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import statistics
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import torch

from ...api import load_engine
from ...checkpoint import sha256_of
from ...config import to_json
from ...files import write_text
from ...presets import BodyTokenizerPreset
from ...systems.contract import Generator
from ...systems.hifigpt.presets import GptPreset
from ...systems.hifigpt.system import HifiGpt
from ...systems.momask.presets import SentencePreset
from ...systems.momask.system import MoMask, plain_scoring
from ...tokenizer.rvq_vae import RvqVae
from ...training.body_codes import CodeData, load_codes
from ...training.body_tokenizer import BodyTokenizerTask, codes_in_use, train_body
from ...training.gpt import GptTask, train_gpt
from ...training.momask import MaskedTask, train_sentence
from ...transformers.double_tier import DoubleTierGpt
from ...transformers.sentence import SentenceMasked
from .axes import Scale, TrainingPreset, TrainingRow
from .takes import TakesBench

Figures = dict[str, float]

TIMED_FRAMES: Final = 176
"""Frames of the clip whose coding is timed: about six seconds."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What all training rows share."""

    scale: Scale
    steps: int | None
    """Of every row, instead of the scale's."""

    corpus: Path
    folder: Path
    """Trainings go into folders below it."""

    weights: Path
    """Trained systems lie in folders below it."""

    def preset(self, row: TrainingRow, seed: int) -> TrainingPreset:
        """Return a row's preset with this budget, its seed raised by `seed`."""
        return with_budget(row.preset, self.steps or self.scale.steps_of(row.preset), seed)

    def system(self, preset: TrainingPreset) -> Path | None:
        """Return the trained system that a transformer takes a place in."""
        if isinstance(preset, BodyTokenizerPreset):
            return None
        return self.weights / ("hifigpt" if isinstance(preset, GptPreset) else "momask")


def measure_training(
    row: TrainingRow, seed: int, budget: Budget, bench: TakesBench
) -> Figures:
    """Train a row and return its figures.

    Args:
        row: what to train.
        seed: added to the preset's.
        budget: equal for all rows.
        bench: measures takes of transformers, and reconstructions of tokenizers.
    """
    corpus = subset_corpus(budget.corpus, row.data_percent, budget.folder / "corpora")
    preset = budget.preset(row, seed)
    out = run_folder(budget.folder, preset, corpus)
    system = budget.system(preset)
    if system is None:
        assert isinstance(preset, BodyTokenizerPreset)
        return _measure_tokenizer(train_body(preset, corpus, [], out), bench)
    data = _codes_of(system, corpus, budget.folder / "captions" / corpus.name)
    generator = load_engine(system, "cpu").generator
    task: GptTask | MaskedTask
    if isinstance(preset, GptPreset):
        task = train_gpt(preset, data, out, None, {})
        generator = _with_gpt(generator, task.model)
    else:
        assert isinstance(preset, SentencePreset)
        trained = train_sentence("masked", preset, data, out, None)
        assert isinstance(trained, MaskedTask)
        # All rows answer the same masks: those of the base.
        task = replace(trained, preset=budget.scale.masked)
        generator = _with_masked(generator, task.model)
    with torch.no_grad():
        figures = task.validate(task.model.eval())
    return figures | bench.measure(generator)


def _codes_of(system: Path, corpus: Path, captions: Path) -> CodeData:
    """Return a corpus as codes of a trained system's tokenizer."""
    shared = argparse.Namespace(corpus=corpus, without=[], tokenizer=system, out=captions)
    return load_codes(shared, of_halves=False)


def with_budget(preset: TrainingPreset, steps: int, seed: int) -> TrainingPreset:
    """Return a preset that trains so many steps, its seed raised by `seed`."""
    loop = replace(preset.loop, steps=steps, seed=preset.loop.seed + seed)
    return replace(preset, loop=loop)


def run_folder(folder: Path, preset: TrainingPreset, corpus: Path) -> Path:
    """Return the folder of a training: the same for the same preset and data."""
    described = [type(preset).__name__, to_json(preset), sha256_of(corpus / "clips.jsonl")]
    text = json.dumps(described, sort_keys=True)
    return folder / "runs" / hashlib.sha256(text.encode()).hexdigest()[:16]


def subset_corpus(corpus: Path, percent: int, folder: Path) -> Path:
    """Return a corpus with so much of the training split's recordings, and all of validation.

    A smaller share is part of a larger one.
    """
    if percent == 100:
        return corpus
    out = folder / f"{corpus.name}-{percent}"
    out.mkdir(parents=True, exist_ok=True)
    records = [json.loads(line) for line in (corpus / "clips.jsonl").read_text().splitlines()
               if line.strip()]  # fmt: skip
    groups = {record["group"] for record in records if record["split"] == "train"}
    order = sorted(groups, key=lambda group: hashlib.sha256(group.encode()).digest())
    kept = set(order[: max(1, round(len(order) * percent / 100))])
    lines = [
        json.dumps(record) for record in records
        if record["split"] != "train" or record["group"] in kept
    ]
    partial = out / "motion.npz.part"
    shutil.copy(corpus / "motion.npz", partial)
    partial.replace(out / "motion.npz")
    write_text(out / "clips.jsonl", "\n".join(lines))
    return out


def _measure_tokenizer(task: BodyTokenizerTask, bench: TakesBench) -> Figures:
    assert isinstance(task.model, RvqVae)
    found = task.validate(task.model.eval())
    used = [share for part in codes_in_use(task.model, task.bank) for share in part]
    learnt = sum(p.numel() for p in task.model.parameters())
    return found | bench.measure_reconstructions(task.model) | {
        "codes_used_percent": 100 * sum(used) / len(used),
        "parameters_millions": learnt / 1e6,
        "coding_ms": 1000 * _coding_seconds(task.model, task.bank.features),
    }


def _coding_seconds(model: RvqVae, features: torch.Tensor) -> float:
    """Return the median time of encoding and decoding TIMED_FRAMES frames."""
    clip = features[None, :TIMED_FRAMES]
    clip = clip[:, : clip.shape[1] - clip.shape[1] % model.frames_per_step]
    spent = []
    for _ in range(8):
        started = time.perf_counter()
        model.decode(model.encode(clip))
        spent.append(time.perf_counter() - started)
    return statistics.median(spent[1:])


def _with_gpt(system: Generator, gpt: DoubleTierGpt) -> HifiGpt:
    """Return T2M-HiFiGPT with another GPT."""
    assert isinstance(system, HifiGpt)
    return replace(system, networks=replace(system.networks, gpt=gpt))


def _with_masked(system: Generator, masked: SentenceMasked) -> MoMask:
    """Return MoMask with another masked transformer, in 32 bits."""
    assert isinstance(system, MoMask)
    networks = replace(system.networks, masked=masked)
    return replace(system, networks=networks, scoring=plain_scoring(networks))
