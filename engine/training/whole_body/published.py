"""Trains the three published systems in one go: `python -m engine train published`.

First the text tower that they share, then each system in a process of its own beside the
others, network after network. What is there already is not trained again and a broken run goes
on, so that the same command finishes what was cut off. At the end each system is a model below
--out, and in pieces that are small enough to be carried.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from ...transformers.text_tower import FILE_NAME
from ..distributed import TrainingError

PIECE_BYTES: Final = 15_000_000
"""Most bytes of a piece of a weights file."""

SIZES: Final = ("small", "gpu", "smoke")

SYSTEM_RUNS: Final = {
    "momask": ("tokenizer", "masked", "residual", "length"),
    "mmm": ("tokenizer", "halves", "masked", "upper", "length"),
    "hifigpt": ("tokenizer", "gpt"),
}
"""The networks of each system in the order in which they are trained, each in a run's folder."""

_NAMES: Final = {
    "tokenizer": {"mmm": "mmm-{}", "hifigpt": "hifigpt-{}"},
    "halves": {"mmm": "mmm-halves-{}"},
    "masked": {"mmm": "mmm-{}"},
    "upper": {"mmm": "mmm-upper-{}"},
    "gpt": {"hifigpt": "hifigpt-{}"},
}
"""What the presets of a network are called."""

_SMOKE: Final = {
    ("hifigpt", "tokenizer"): "smoke-shared", ("mmm", "halves"): "smoke-halves",
    ("mmm", "upper"): "smoke-upper",
}  # fmt: skip


def preset_of(system: str, network: str, size: str) -> str:
    """Return the name of the preset that trains a network in a size."""
    if size == "smoke":
        return _SMOKE.get((system, network), "smoke")
    if system == "momask":
        return size
    return "tower" if network == "length" else _NAMES[network][system].format(size)


def command_of(system: str, network: str, options: argparse.Namespace) -> list[str]:
    """Return what `python -m engine train` is told for one network."""
    folder = options.out / system
    told = ["--corpus", str(options.corpus), "--preset", preset_of(system, network, options.size)]
    tower = [] if options.size == "smoke" else ["--tower", str(options.out / "tower")]
    if system == "momask":
        return ["momask", "--network", network, *told, *tower, "--out", str(folder)]
    told += ["--out", str(folder / network)]
    if network in ("tokenizer", "halves"):
        return ["body_tokenizer", *told]
    if network == "length":
        return ["length", *told, *tower]
    kind = "gpt" if network == "gpt" else "words"
    codes = "halves" if network == "upper" else "tokenizer"
    return [kind, *told, *tower, "--tokenizer", str(folder / codes)]


def _run(command: Sequence[str], log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        done = subprocess.run(
            [sys.executable, "-m", "engine", "train", *command],
            stdout=file, stderr=file, check=False,
        )  # fmt: skip
    if done.returncode:
        raise TrainingError(
            f"`train {command[0]}` ended with {done.returncode}: read {log}, cure it, and give the "
            "same command again; what is trained stays."
        )


def _train_system(system: str, options: argparse.Namespace) -> float:
    """Train a system's networks and make a model of them; return the seconds it took."""
    began, folder = time.monotonic(), options.out / system
    for network in SYSTEM_RUNS[system]:
        if not (folder / network / f"{network}.safetensors").is_file():
            _run(command_of(system, network, options), folder / network / "output.txt")
    runs = [folder / network for network in SYSTEM_RUNS[system]]
    if options.size != "smoke":
        runs.append(options.out / "tower")
    gathering = ["weights", "--system", system, "--out", str(options.out / "models" / system)]
    for run in runs:
        gathering += ["--run", str(run)]
    _run(gathering, folder / "gathered.txt")
    return time.monotonic() - began


def write_pieces(folder: Path, out: Path, most: int = PIECE_BYTES) -> list[Path]:
    """Write a model's files into `out` as they are, or as NAME.part1, NAME.part2 ... if larger."""
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        parts = [content[start : start + most] for start in range(0, len(content), most)] or [b""]
        for number, part in enumerate(parts, 1):
            place = out / (path.name if len(parts) == 1 else f"{path.name}.part{number}")
            place.write_bytes(part)
            written.append(place)
    return written


def join_pieces(pieces: Path, out: Path) -> None:
    """Write the files that `write_pieces` made pieces of into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    whole: dict[str, list[tuple[int, Path]]] = {}
    for path in pieces.iterdir():
        name, is_part, number = path.name.rpartition(".part")
        if is_part:
            whole.setdefault(name, []).append((int(number), path))
        else:
            whole[path.name] = [(1, path)]
    for name, parts in whole.items():
        (out / name).write_bytes(b"".join(path.read_bytes() for _, path in sorted(parts)))


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m engine train published")
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--system", choices=sorted(SYSTEM_RUNS), action="append", help="only this; may be repeated"
    )
    parser.add_argument(
        "--together", type=int, default=0, help="systems trained at a time; all, if not told"
    )
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Run `python -m engine train published`."""
    options = _parse(argv)
    systems = options.system or list(SYSTEM_RUNS)
    tower = options.out / "tower"
    if not (tower / FILE_NAME).is_file():
        size = "smoke" if options.size == "smoke" else "small"
        _run(
            ["text_tower", "--preset", size, "--corpus", str(options.corpus), "--out", str(tower)],
            tower / "output.txt",
        )
    with ThreadPoolExecutor(options.together or len(systems)) as pool:
        for system, seconds in zip(
            systems, pool.map(lambda name: _train_system(name, options), systems), strict=True
        ):
            model = options.out / "models" / system
            write_pieces(model, options.out / "pieces" / system)
            print(f"{model}  {seconds / 60:.1f} minutes")
    return 0
