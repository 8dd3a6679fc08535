"""Gathers trained networks into a model's folder: `python -m engine train weights`.

Numbers are stored in 16 bits, which halves the folder and changes no decision that
could be seen. Every file is written whole, and the manifest last.
"""

from __future__ import annotations

import argparse
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from ..checkpoint import load_checkpoint, save_checkpoint, write_manifest
from ..measuring.evaluator import FILE_NAME
from ..models.description import (
    DEFAULT_SYSTEM,
    SystemDescription,
    read_description,
    write_description,
)
from ..systems.registry import SYSTEMS
from ..transformers import text_tower
from .distributed import TrainingError
from .starting import splits_of_all

OPTIONAL: Final = tuple(
    name.removesuffix(".safetensors") for name in (FILE_NAME, text_tower.FILE_NAME)
)
"""Taken into the folder from a run that holds them: the evaluator, which no system needs, and the
text tower, which systems need that were trained with it."""

TRAINING_ONLY: Final = (".total", ".use")
"""Moving averages that the codebooks' entries are computed from: only training needs them."""


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m engine train weights")
    parser.add_argument("--system", choices=sorted(SYSTEMS), default=DEFAULT_SYSTEM)
    parser.add_argument(
        "--run", type=Path, action="append", default=[], metavar="DIR",
        help="--out of a training of the system; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--init", type=Path, metavar="DIR", help="model that the other networks are taken from"
    )
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Run `python -m engine train weights`."""
    options = _parse(argv)
    sources = find_files(options)
    splits = splits_of_all(_places(options, sources))
    stored = {name: load_checkpoint(folder / f"{name}.safetensors")
              for name, folder in sources.items()}  # fmt: skip
    halved = {name: halved_tensors(name, tensors) for name, (tensors, _) in stored.items()}
    for name, tensors in halved.items():
        save_checkpoint(options.out / f"{name}.safetensors", tensors, stored[name][1])
    for folder in dict.fromkeys(sources.values()):
        held = [name for name, source in sources.items() if source == folder]
        _copy_logs(folder, held, options.out)
    described = read_description(options.init) if options.init else SystemDescription()
    write_description(options.out, replace(described, system=options.system, splits=splits))
    write_manifest(options.out)
    return 0


def find_files(options: argparse.Namespace) -> dict[str, Path]:
    """Return the folder that each of the model's files is taken from.

    Raises:
        TrainingError: if two runs hold the same network, a run none, or one is missing.
    """
    needed = SYSTEMS[options.system].networks
    sources: dict[str, Path] = {}
    for folder in options.run:
        held = [n for n in (*needed, *OPTIONAL) if (folder / f"{n}.safetensors").is_file()]
        if not held:
            raise TrainingError(
                f"{folder} holds no network of {options.system}: name the --out of its training."
            )
        for name in held:
            if name in sources:
                raise TrainingError(f"{sources[name]} and {folder} both hold {name}; name one.")
            sources[name] = folder
    if options.init:
        check_system(options.init, options.system)
        kept = [name for name in OPTIONAL if (options.init / f"{name}.safetensors").is_file()]
        sources = {name: options.init for name in (*needed, *kept)} | sources
    for name in needed:
        if name not in sources and not (options.out / f"{name}.safetensors").is_file():
            raise TrainingError(
                f"The model {options.system} needs {name}.safetensors: name the run that holds "
                "it, or with --init a model that has it."
            )
    return sources


def _places(options: argparse.Namespace, sources: dict[str, Path]) -> set[Path]:
    """Return the folders of all networks; those that are already in place count, too."""
    kept = [path.stem for path in options.out.glob("*.safetensors") if path.stem not in sources]
    return {*sources.values(), *([options.out] if kept else [])}


def check_system(folder: Path, system: str) -> None:
    """Raise TrainingError unless a folder holds a model of the system."""
    found = read_description(folder).system
    if found != system:
        raise TrainingError(
            f"{folder} holds the system {found}, not {system}; choose --system {found}, or "
            f"another folder for --init."
        )


def _copy_logs(source: Path, names: list[str], out: Path) -> None:
    """Copy the logs of what was trained: a run's only one, or a model's of each network."""
    if source.resolve() == out.resolve():
        return
    if (source / "log.jsonl").is_file():
        shutil.copy(source / "log.jsonl", out / f"{names[0]}.log.jsonl")
        return
    for log in (source / f"{name}.log.jsonl" for name in names):
        if log.is_file():
            shutil.copy(log, out / log.name)


def halved_tensors(name: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return what the file `name` needs in use, in 16 bits; single numbers stay."""
    halved = {
        key: tensor.half() if tensor.is_floating_point() and tensor.dim() else tensor
        for key, tensor in tensors.items()
        if not key.endswith(TRAINING_ONLY)
    }
    if any(bool(torch.isinf(tensor).any()) for tensor in halved.values()):
        raise ValueError(f"{name} has numbers that 16 bits cannot hold")
    return halved
