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
from ...models.catalogue import list_models
from ...models.description import ModelError
from ...presets import BodyTokenizerPreset, NetworkPreset
from ...tokenizer.rvq_vae import RvqVae
from ...training.whole_body.codes import CodeData, load_codes
from ...training.whole_body.tokenizer import BodyTokenizerTask, codes_in_use, train_body
from ...transformers.text_tower import FILE_NAME
from .axes import TrainingRow
from .takes import TakesBench

Figures = dict[str, float]

TIMED_FRAMES: Final = 176
"""Frames of the clip whose coding is timed: about six seconds."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What all training rows share."""

    steps: int | None
    """Of every row, instead of its own."""

    corpus: Path
    folder: Path
    """Trainings go into folders below it."""

    weights: Path
    """The trained models: the default one, and others in folders within."""

    def preset(self, row: TrainingRow, seed: int) -> NetworkPreset:
        """Return a row's preset with this budget, its seed raised by `seed`."""
        steps = self.steps or row.steps
        loop = replace(row.preset.loop, steps=steps, seed=row.preset.loop.seed + seed)
        return replace(row.preset, loop=loop)

    def system(self, row: TrainingRow) -> Path | None:
        """Return the folder of the trained system that a row's network is put into.

        Raises:
            ModelError: if there is none.
        """
        if row.network is None:
            return None
        for model in list_models(self.weights):
            if model.description.system == row.network.system and not model.reason:
                return model.folder
        raise ModelError(
            f"The rows of the axis {row.axis} learn the codes of a trained {row.network.system}, "
            f"and {self.weights} holds none.", "Train it, or name another folder with --weights.",
        )  # fmt: skip


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
    system = budget.system(row)
    if row.network is None or system is None:
        assert isinstance(preset, BodyTokenizerPreset)
        return _measure_tokenizer(train_body(preset, corpus, [], out), bench)
    data = _codes_of(system, corpus, budget.folder / "captions" / corpus.name)
    generator = load_engine(system, "cpu").generator
    task = row.network.train(preset, data, out)
    with torch.no_grad():
        figures = task.validate(task.model.eval())
    return figures | bench.measure(row.network.put_in(generator, task.model))


def _codes_of(system: Path, corpus: Path, captions: Path) -> CodeData:
    """Return a corpus as codes of a trained system's tokenizer."""
    tower = system if (system / FILE_NAME).is_file() else None
    shared = argparse.Namespace(
        corpus=corpus, without=[], tokenizer=system, tower=tower, out=captions, captions=None
    )
    return load_codes(shared, of_halves=False)


def run_folder(folder: Path, preset: NetworkPreset, corpus: Path) -> Path:
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
    text = (corpus / "clips.jsonl").read_text(encoding="utf-8")
    records = [json.loads(line) for line in text.splitlines()
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
