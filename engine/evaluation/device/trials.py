"""What a device is put through: the same codes, many takes, no memory, a cancel.

Each trial returns what it found as a sentence, and whether that is good.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import torch

from ... import protocol
from ...api import NO_ROOM, SystemEngine, load_engine
from ...memory_use import release_memory
from ...motion.clip import Clip
from ...motion.request import MotionRequest, Progress
from ...motion.running import run_to_end
from ...systems.contract import Canvas, Generator, Stopwatch
from .agreement import Agreement

MOST_NATS: Final = 0.05
"""Differences of a log-probability that are rounding: products are added up in another order,
and convolutions of a graphics card may round their factors to 10 bits."""

MOST_SPREADS: Final = 0.05
"""The same for outputs, beside their own spread."""

MOST_MEGABYTES_LEFT: Final = 1.0
"""Of the device's memory that may stay taken by torch when the engine is given up."""

REPOSITORY: Final = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the page."""

    what: str
    told: str
    is_good: bool = True


def judge(agreement: Agreement) -> list[Finding]:
    """Return the lines of an agreement."""
    worst = max(agreement.networks, key=agreement.networks.__getitem__)
    spread = agreement.networks[worst]
    return [
        Finding("base codes guessed from the same codes",
                f"log-probabilities differ by {agreement.guesses:.2g} at most",
                agreement.guesses <= MOST_NATS),
        Finding("the same codes decoded",
                f"features differ by {agreement.features:.2g} of their spread at most",
                agreement.features <= MOST_SPREADS),
        Finding(f"every network with the same inputs ({len(agreement.networks)} of them)",
                f"outputs differ by {spread:.2g} of their spread at most ({worst})",
                spread <= MOST_SPREADS),
    ]  # fmt: skip


def compare_clips(expected: Clip, made: Clip, seconds: float) -> Finding:
    """Return how many frames of a take with the same seed are the same; only reported."""
    apart = np.linalg.norm(expected.root_pos - made.root_pos, axis=1)
    same = float((apart < 0.01).mean())
    told = f"{100 * same:.0f} % of the frames within 1 cm; first take after {seconds:.2f} s"
    return Finding("a take with the same seed (codes part ways after a tie)", told)


def time_takes(generator: Generator, prompt: str, seconds: float, count: int) -> Finding:
    """Return the time of so many takes that are made together, text and clean-up included."""
    frames = round(seconds * 30)
    rest = np.zeros((frames, 22, 4), np.float32)
    rest[..., 0] = 1.0
    clip = Clip(np.zeros((frames, 3), np.float32), rest)
    started = time.perf_counter()
    text = generator.text_encoder.encode([prompt])
    mask = np.ones((frames, 4), bool)
    canvas = Canvas(clip, mask, prompt, text, tuple(range(count)), is_new=True)
    made = run_to_end(generator.fill(canvas, Stopwatch()))
    spent = time.perf_counter() - started
    is_whole = len(made.clips) == count and all(np.isfinite(c.root_pos).all() for c in made.clips)
    told = f"{spent:.2f} s, {spent / count:.3f} s each"
    return Finding(f"{count} takes of {seconds:g} s", told, is_whole)


def memory_megabytes(device: str) -> float:
    """Return the device's memory that torch has taken from the driver; 0 for the CPU."""
    if device == "cuda":
        return torch.cuda.memory_reserved() / 1e6
    if device == "mps":
        return torch.mps.driver_allocated_memory() / 1e6
    return 0.0


def judge_memory(device: str, before: float) -> Finding:
    """Return whether the memory of an engine that was given up is the driver's again."""
    left = memory_megabytes(device) - before
    told = "the CPU has none" if device == "cpu" else f"{left:.0f} MB more than before it"
    return Finding("device memory after the engine is given up", told, left <= MOST_MEGABYTES_LEFT)


class _NoRoom:
    """A generator whose fills find no memory."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator

    def __getattr__(self, name: str) -> Any:
        return getattr(self._generator, name)

    def fill(self, canvas: Canvas, watch: Stopwatch) -> Iterator[Progress]:
        """Fail as torch does."""
        yield Progress(0, 1, "Choosing the motion")
        raise torch.OutOfMemoryError(f"{self.device} out of memory")


@contextmanager
def _without_room(device: str) -> Iterator[None]:
    """Let the driver give torch next to nothing more."""
    limit: Callable[[float], None] = getattr(torch, device).set_per_process_memory_fraction
    limit(1e-6 if device == "cuda" else 0.0)
    try:
        yield
    finally:
        limit(1.0)


def run_without_room(
    folder: Path, device: str, request: MotionRequest, on_cpu: Generator
) -> Finding:
    """Return whether a take whose memory does not suffice is made on the CPU, with a word.

    On a graphics card the driver refuses; on the CPU the refusal is played.
    """
    labels: list[str] = []
    if device == "cpu":
        engine = SystemEngine(_NoRoom(on_cpu), lambda: on_cpu)  # type: ignore[arg-type]
        made = run_to_end(engine.run(request), lambda news: labels.append(news.label))
    else:
        engine = load_engine(folder, device)
        torch.cuda.empty_cache() if device == "cuda" else torch.mps.empty_cache()
        with _without_room(device):
            made = run_to_end(engine.run(request), lambda news: labels.append(news.label))
    is_told = NO_ROOM in labels
    told = f"made on {engine.device}, {'told' if is_told else 'not told'}"
    is_good = is_told and engine.device == "cpu" and len(made.clips) == request.takes
    del engine
    release_memory()
    return Finding("a take whose memory does not suffice", told, is_good)


def cancel_in_worker(folder: Path, device: str, prompt: str) -> Finding:
    """Return whether a worker on the device drops a take at a cancel and stays warm."""
    worker = subprocess.Popen(
        [sys.executable, "-m", f"{__package__.split('.')[0]}.worker",
         "--weights", str(folder), "--device", device],
        cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert worker.stdin is not None
    assert worker.stdout is not None
    try:
        _ask(worker.stdin, 1, MotionRequest(prompt, 1.0))
        _hear(worker.stdout, protocol.RESULT)
        _ask(worker.stdin, 2, MotionRequest(prompt, 30.0, takes=4))
        _hear(worker.stdout, protocol.PROGRESS)
        started = time.perf_counter()
        protocol.write_message(worker.stdin, protocol.Message(protocol.CANCEL, 2))
        ending = _hear(worker.stdout, protocol.CANCELLED)
        spent = time.perf_counter() - started
        _ask(worker.stdin, 3, MotionRequest(prompt, 1.0))
        again = _hear(worker.stdout, protocol.RESULT)
    finally:
        worker.stdin.close()
        worker.wait()
        worker.stdout.close()
    is_good = ending.kind == protocol.CANCELLED and again.kind == protocol.RESULT
    told = f"{ending.kind} after {1000 * spent:.0f} ms, then {again.kind}"
    return Finding("a cancel in the worker, and the next take", told, is_good)


def _ask(pipe: IO[bytes], number: int, request: MotionRequest) -> None:
    protocol.write_message(pipe, protocol.request_to_message(number, request))


def _hear(pipe: IO[bytes], kind: str) -> protocol.Message:
    """Return the first message of a kind, or the one that ends the request before it."""
    while True:
        message = protocol.read_message(pipe)
        if message is None:
            raise RuntimeError("The worker has ended.")
        if message.kind in (kind, protocol.RESULT, protocol.ERROR, protocol.CANCELLED):
            return message
