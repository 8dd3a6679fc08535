"""Where a training begins: at random weights, or at those of a trained model (`--init`).

What is wrong with the weights is told before anything is written.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..checkpoint import load_checkpoint
from ..config import ConfigError, from_json
from ..data.corpus import SPLITS
from ..models.description import read_description
from ..retrieval.memory import MotionMemory
from .distributed import TrainingError


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """Trained weights to begin with."""

    path: Path
    tensors: dict[str, Tensor]


def add_init(parser: argparse.ArgumentParser) -> None:
    """Let a trainer take `--init`."""
    parser.add_argument(
        "--init", type=Path, metavar="DIR",
        help="fine-tune: start from the weights in this folder, with a quarter of the "
        "preset's learning rate",
    )  # fmt: skip


def run_record(splits: Sequence[str], init: Path | None) -> dict[str, Any]:
    """Return what a run's configuration says about its start and its corpus.

    Args:
        splits: those that the corpus has.
        init: what the run begins with; None where it is random.

    Returns:
        "init", empty where it was random; "splits": those that the corpus had, without those
        that the start's corpus lacked, for the start may have learnt from their clips.
    """
    known = SPLITS if init is None else trained_splits(init)
    return {"init": str(init) if init else "", "splits": [s for s in splits if s in known]}


def trained_splits(place: Path) -> tuple[str, ...]:
    """Return which splits there were when a run or a model was trained; none if nobody wrote it.

    Args:
        place: folder of a run or of a model, or a network's file in it.
    """
    folder = place if place.is_dir() else place.parent
    config = folder / "config.json"
    if config.is_file():
        return tuple(json.loads(config.read_text(encoding="utf-8")).get("splits", ()))
    return read_description(folder).splits


def splits_of_all(places: Iterable[Path]) -> tuple[str, ...]:
    """Return the splits that there were in each of several trainings."""
    each = [trained_splits(place) for place in places]
    return tuple(split for split in SPLITS if all(split in known for known in each))


def read_start(
    init: Path | None, name: str, model: Any, presets: Mapping[str, Any]
) -> Start | None:
    """Read the weights that a training is to begin with; None without `--init`.

    Args:
        init: a folder that holds `name`.safetensors, or the file itself.
        name: of the network's file.
        model: the configuration of the network that is going to be trained.
        presets: the configurations to choose from, by the preset's name.

    Raises:
        TrainingError: if the weights are those of another configuration.
        WeightsError: if the file is missing or damaged.
    """
    if init is None:
        return None
    path = init / f"{name}.safetensors" if init.is_dir() or not init.suffix else init
    tensors, stored = load_checkpoint(path)
    if not _describes(stored, model):
        fitting = [f"--preset {key}" for key, own in presets.items() if _describes(stored, own)]
        cure = f"choose {' or '.join(fitting)}" if fitting else "leave out --init"
        raise TrainingError(f"{path} has other sizes than the preset; {cure}.")
    floats = {key: t.float() if t.is_floating_point() else t for key, t in tensors.items()}
    return Start(path, floats)


def _describes(stored: dict[str, Any], model: Any) -> bool:
    try:
        return bool(from_json(type(model), stored) == model)
    except ConfigError:
        return False


def begin(model: nn.Module, start: Start | None) -> None:
    """Put the weights of the start, if there is one, into a model.

    Raises:
        TrainingError: if the file lacks some of them.
    """
    if start is None:
        return
    try:
        model.load_state_dict(start.tensors)
    except RuntimeError as error:
        raise TrainingError(
            f"{start.path} holds other weights than this version trains; train it again, or "
            "leave out --init."
        ) from error


def joined_memory(own: MotionMemory, init: Path | None, tokenizer: Path) -> MotionMemory:
    """Return the clips learnt from, before those that the start remembers.

    Codes mean the same only to the same tokenizer: with another one the old clips are left out.
    """
    folder = init if init is None or init.is_dir() else init.parent
    if folder is None or not _is_same(folder, tokenizer):
        return own
    stored = load_checkpoint(folder / "memory.safetensors")[0]
    return own.joined(MotionMemory.from_tensors(stored))


def _is_same(folder: Path, tokenizer: Path) -> bool:
    paths = [place / "tokenizer.safetensors" for place in (folder, tokenizer)]
    if not all(path.is_file() for path in (*paths, folder / "memory.safetensors")):
        return False
    first, second = (load_checkpoint(path)[0] for path in paths)
    return all(
        name in second and torch.equal(tensor.half(), second[name].half())
        for name, tensor in first.items()
        if name.endswith((".entries", "weight", "bias"))
    )
