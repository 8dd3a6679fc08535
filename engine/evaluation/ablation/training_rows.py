"""Trains one row from scratch on its share of the data, and measures it.

What two rows share, such as the tokenizer under a transformer, is trained once.
A row that was stopped goes on where its training stands.
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

from ...checkpoint import sha256_of, write_text
from ...config import to_json
from ...systems.contract import Generator
from ...systems.hifigpt import HifiGpt, HifiGptNetworks
from ...systems.mmm import Mmm, MmmNetworks
from ...tokenizer.halves import HalvesConfig, HalvesTokenizer
from ...tokenizer.rvq_vae import RvqVae
from ...training.body_codes import CodeData, load_codes
from ...training.body_tokenizer import BodyTokenizerTask, codes_in_use, train_body
from ...training.gpt import GptTask, train_gpt
from ...training.presets import LENGTH_PRESETS
from ...training.system_presets import BODY_TOKENIZER_PRESETS, BodyTokenizerPreset, GptPreset
from ...training.words import WordsTask, train_words
from ...transformers.double_tier import DoubleTierGpt
from ...transformers.length import LengthPredictor
from ...transformers.masked_words import WordsMasked
from .axes import Scale, TrainingPreset, TrainingRow
from .takes import TakesBench

Figures = dict[str, float]

TIMED_FRAMES: Final = 176
"""Frames of the clip whose coding is timed: about six seconds."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What all training rows share."""

    scale: Scale
    steps: int
    corpus: Path
    folder: Path
    """Trainings go into folders below it."""

    def bases(self) -> list[TrainingPreset]:
        """Return the presets that rows change, and that stand beneath transformers."""
        scale = self.scale
        presets = (scale.residual, scale.single, scale.shared, scale.words, scale.gpt)
        return [with_budget(preset, self.steps, 0) for preset in presets]


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
    preset = with_budget(row.preset, budget.steps, seed)
    if isinstance(preset, BodyTokenizerPreset):
        out = run_folder(budget.folder, preset, corpus)
        return _measure_tokenizer(train_body(preset, corpus, [], out), bench)
    data = _codes_for(preset, corpus, budget)
    out, record = run_folder(budget.folder, preset, corpus), {"data_percent": row.data_percent}
    generator: Generator
    task: GptTask | WordsTask
    if isinstance(preset, GptPreset):
        task = train_gpt(preset, data, out, None, record)
        generator = _hifigpt(data, task.model, bench)
    else:
        trained = train_words(preset, data, out, None, record)
        # All rows answer the same masks: those of the base.
        task = replace(trained, preset=budget.scale.words)
        generator = _mmm(data, task.model, bench)
    with torch.no_grad():
        figures = task.validate(task.model.eval())
    return figures | bench.measure(generator)


def _codes_for(preset: TrainingPreset, corpus: Path, budget: Budget) -> CodeData:
    """Return a corpus as codes of the base tokenizer, which has the rows' budget and all data."""
    base = budget.scale.shared if isinstance(preset, GptPreset) else budget.scale.single
    tokenizer = with_budget(base, budget.steps, 0)
    assert isinstance(tokenizer, BodyTokenizerPreset)
    folder = run_folder(budget.folder, tokenizer, budget.corpus)
    if not (folder / "tokenizer.safetensors").is_file():
        train_body(tokenizer, budget.corpus, [], folder)
    shared = argparse.Namespace(
        corpus=corpus, without=[], tokenizer=folder,
        out=budget.folder / "captions" / corpus.name,
    )  # fmt: skip
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


def _hifigpt(data: CodeData, gpt: DoubleTierGpt, bench: TakesBench) -> HifiGpt:
    assert isinstance(data.tokenizer, RvqVae)
    return HifiGpt(HifiGptNetworks(data.tokenizer, gpt), bench.bench.judge.encoder)


def _mmm(data: CodeData, masked: WordsMasked, bench: TakesBench) -> Mmm:
    """Return a system for whole-body takes of given lengths: nothing else of it is trained."""
    assert isinstance(data.tokenizer, RvqVae)
    halves = BODY_TOKENIZER_PRESETS["smoke-halves"].model
    assert isinstance(halves, HalvesConfig)
    networks = MmmNetworks(
        data.tokenizer, masked, HalvesTokenizer(halves), masked,
        LengthPredictor(LENGTH_PRESETS["grid"].model),
    )  # fmt: skip
    return Mmm(networks, bench.bench.judge.encoder)
