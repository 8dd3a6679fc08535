"""Trains the three published systems in one go: `python -m engine train published`.

Each network is trained in a process of its own as soon as what it needs is there: the text
tower and the captions, which all share, and its tokenizer. What is there already is not
trained again and a broken run goes on, so that the same command finishes what was cut off. At
the end each system is a model below --out, in 16 bits, and in pieces small enough to be carried.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Semaphore
from typing import Final

from ...data.corpus import TRAINING_SPLITS
from ...transformers.text_tower import FILE_NAME
from ..distributed import TrainingError
from ..pieces import write_pieces
from .captions import captions_file

SIZES: Final = ("small", "gpu", "tiny")
"""`tiny` shows on a CPU, within minutes, that `gpu` runs."""

NEEDED: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "momask": {
        "tokenizer": (), "masked": ("tokenizer",), "residual": ("tokenizer",), "length": (),
    },
    "mmm": {
        "tokenizer": (), "halves": (), "masked": ("tokenizer",), "upper": ("halves",),
        "length": (),
    },
    "hifigpt": {"tokenizer": (), "gpt": ("tokenizer",)},
}  # fmt: skip
"""The networks of each system, and of which others each learns the codes."""

SELDOM_MORE: Final = 4
"""Trainings that want processors at the same time; others wait for what they need, or for a GPU."""

_PRESETS: Final = {
    ("mmm", "halves"): "mmm-halves", ("mmm", "upper"): "mmm-upper",
}  # fmt: skip


def preset_of(system: str, network: str, size: str) -> str:
    """Return the name of the preset that trains a network in a size."""
    if system == "momask":
        return size
    if network == "length":
        return "tiny" if size == "tiny" else "tower"
    return f"{_PRESETS.get((system, network), system)}-{size}"


@dataclass(frozen=True, slots=True)
class Job:
    """One training."""

    command: list[str]
    """What `python -m engine train` is told."""

    makes: Path
    """A file that is there only when it is done."""

    log: Path
    needs: tuple[str, ...] = ()
    """Names of the jobs that must be done before."""

    is_kept: bool = True
    """Wanted for itself, not only for what needs it."""


def jobs_of(options: argparse.Namespace) -> dict[str, Job]:
    """Return all trainings by name, none before one that it needs."""
    out, corpus = options.out, ["--corpus", str(options.corpus)]
    tower, captions = out / "tower", out / "captions"
    size = "tiny" if options.size == "tiny" else "small"
    jobs = {
        "tower": Job(
            ["text_tower", "--preset", size, *corpus, "--out", str(tower)],
            tower / FILE_NAME, tower / "output.txt",
        ),
        "captions": Job(
            ["captions", *corpus, "--out", str(captions)],
            captions_file(captions, TRAINING_SPLITS[-1]), captions / "output.txt", is_kept=False,
        ),
    }  # fmt: skip
    for system in options.system or NEEDED:
        for network, needs in NEEDED[system].items():
            folder = out / system / network
            shared = () if network in ("tokenizer", "halves") else ("tower", "captions")
            jobs[f"{system} {network}"] = Job(
                command_of(system, network, options), folder / f"{network}.safetensors",
                folder / "output.txt", (*shared, *(f"{system} {other}" for other in needs)),
            )  # fmt: skip
    return jobs


def command_of(system: str, network: str, options: argparse.Namespace) -> list[str]:
    """Return what `python -m engine train` is told for one network."""
    folder = options.out / system
    told = ["--corpus", str(options.corpus), "--preset", preset_of(system, network, options.size)]
    tower = ["--tower", str(options.out / "tower")]
    codes = [*tower, "--captions", str(options.out / "captions")]
    if system == "momask":
        more = {"tokenizer": [], "length": tower}.get(network, codes)
        return ["momask", "--network", network, *told, *more, "--out", str(folder)]
    told += ["--out", str(folder / network)]
    if network in ("tokenizer", "halves"):
        return ["body_tokenizer", *told]
    if network == "length":
        return ["length", *told, *tower]
    kind, (learnt,) = "gpt" if network == "gpt" else "words", NEEDED[system][network]
    return [kind, *told, *codes, "--tokenizer", str(folder / learnt)]


def run_all(jobs: Mapping[str, Job], together: int) -> None:
    """Run every job that is not done, at most so many at a time, each after those it needs.

    Raises:
        TrainingError: where one fails, when those that do not need it are done.
    """
    slots, cores = Semaphore(together), os.cpu_count() or 1
    threads = str(max(1, cores // min(together, SELDOM_MORE)))
    running: dict[str, Future[None]] = {}
    left = {name: job for name, job in jobs.items() if not job.makes.is_file()}
    needed = {other for job in left.values() for other in job.needs}
    with ThreadPoolExecutor(len(jobs)) as pool:
        for name, job in left.items():
            if job.is_kept or name in needed:
                before = [running[other] for other in job.needs if other in running]
                running[name] = pool.submit(_run_after, job, before, slots, threads)
    for future in running.values():
        future.result()


def _run_after(job: Job, before: Sequence[Future[None]], slots: Semaphore, threads: str) -> None:
    for other in before:
        other.result()
    with slots:
        _run(job.command, job.log, {"OMP_NUM_THREADS": threads} | os.environ)


def _run(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        done = subprocess.run(
            [sys.executable, "-m", "engine", "train", *command],
            stdout=file, stderr=file, check=False, env=environment,
        )  # fmt: skip
    if done.returncode:
        raise TrainingError(
            f"`train {command[0]}` ended with {done.returncode}: read {log}, cure it, and give the "
            "same command again; what is trained stays."
        )


def gather(system: str, options: argparse.Namespace) -> Path:
    """Make a model of a system's networks and of the tower, in 16 bits, and pieces of it."""
    out: Path = options.out
    model = out / "models" / system
    runs = [*(out / system / network for network in NEEDED[system]), out / "tower"]
    told = [word for run in runs for word in ("--run", str(run))]
    _run(["weights", "--system", system, "--out", str(model), *told], out / system / "gathered.txt")
    write_pieces(model, out / "pieces" / system)
    return model


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m engine train published")
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--system", choices=sorted(NEEDED), action="append", help="only this; may be repeated"
    )
    parser.add_argument(
        "--together", type=int, default=os.cpu_count() or 1,
        help="networks trained at a time; as many as there are cores, if not told",
    )  # fmt: skip
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Run `python -m engine train published`."""
    options = _parse(argv)
    began = time.monotonic()
    run_all(jobs_of(options), max(1, options.together))
    for system in options.system or NEEDED:
        print(gather(system, options))
    print(f"{(time.monotonic() - began) / 60:.1f} minutes")
    return 0
