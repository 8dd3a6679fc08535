"""Gathers trained networks into a weights folder: `python -m engine train weights`.

Numbers are stored in 16 bits, which halves the folder and changes no decision that
could be seen. Every file is written whole, and the manifest last.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from ..checkpoint import load_checkpoint, save_checkpoint, write_manifest

FILES: Final = {
    "tokenizer": "tokenizer",
    "masked": "masked",
    "memory": "masked",
    "residual": "residual",
    "length": "length",
    "evaluator": "evaluator",
}
"""Each file of the grid model, and of what measures it, and the run that wrote it."""

TRAINING_ONLY: Final = (".total", ".use")
"""Moving averages behind the codebooks' entries: only training needs them."""


def main(argv: list[str]) -> int:
    """Run `python -m engine train weights`."""
    parser = argparse.ArgumentParser(prog="python -m engine train weights")
    for run in sorted(set(FILES.values())):
        parser.add_argument(f"--{run}", type=Path, help=f"--out of train {run}")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(argv)
    runs = {name: getattr(options, run) for name, run in FILES.items()}
    stored = {
        name: load_checkpoint(run / f"{name}.safetensors") for name, run in runs.items() if run
    }
    if not stored:
        parser.error("name at least one run; files of the others stay as they are")
    for name, (tensors, config) in stored.items():
        save_checkpoint(options.out / f"{name}.safetensors", halved_tensors(name, tensors), config)
        log = runs[name] / "log.jsonl"
        if log.is_file():
            shutil.copy(log, options.out / f"{FILES[name]}.log.jsonl")
    write_manifest(options.out)
    return 0


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
