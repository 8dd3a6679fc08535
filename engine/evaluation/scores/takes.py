"""Takes from the engine's front door: the model is reached here and nowhere else."""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol

from ...motion.clip import Clip
from ...motion.request import (
    LONGEST_SECONDS,
    SHORTEST_SECONDS,
    MotionRequest,
    MotionResult,
    Progress,
)
from ..checks.measures import Body


class RunsRequests(Protocol):
    """What is needed of `engine.api.Engine`."""

    def run(self, request: MotionRequest) -> Generator[Progress, None, MotionResult]:
        """Serve a request."""


def make_takes(
    engine: RunsRequests, prompt: str, seconds: float, takes: int, seed: int = 0
) -> tuple[Clip, ...]:
    """Return `takes` clips of a prompt; take k uses seed + k."""
    seconds = min(max(seconds, SHORTEST_SECONDS), LONGEST_SECONDS)
    running = engine.run(MotionRequest(prompt, seconds=seconds, seed=seed, takes=takes))
    while True:
        try:
            next(running)
        except StopIteration as finished:
            result: MotionResult = finished.value
            return result.clips


def measure_takes(
    engine: RunsRequests, prompt: str, seconds: float, takes: int, seed: int = 0
) -> list[Body]:
    """Return the bodies of `make_takes`."""
    return [Body.from_clip(clip) for clip in make_takes(engine, prompt, seconds, takes, seed)]
