"""Tasks that yield progress: the contract of an engine, and running a task to its end.

A task is a generator that yields `Progress` and returns its result; between two yields it
can be watched, stopped or left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Protocol, TypeVar

from .request import MotionRequest, MotionResult, Progress

News = TypeVar("News")
Result = TypeVar("Result")


class Engine(Protocol):
    """What serves requests: a loaded model, or a fake one in tests."""

    @property
    def device(self) -> str:
        """What it computes on: cpu, cuda or mps."""

    def run(self, request: MotionRequest) -> Generator[Progress, None, MotionResult]:
        """Yield progress at least every 0.2 s and return the motion.

        Raises:
            RequestError: before anything is computed, if the request cannot be served.
        """


def _nothing(_: object) -> None:
    """Leave the news unread."""


def run_to_end(
    task: Generator[News, None, Result], on_news: Callable[[News], object] = _nothing
) -> Result:
    """Return a task's result; what it yields on the way goes to `on_news`."""
    try:
        while True:
            on_news(next(task))
    except StopIteration as finished:
        result: Result = finished.value
        return result


def retold(
    task: Generator[Progress, None, Result], tell: Callable[[Progress], Progress]
) -> Generator[Progress, None, Result]:
    """Run a task within another one, its progress told in the other one's words."""
    try:
        while True:
            yield tell(next(task))
    except StopIteration as finished:
        result: Result = finished.value
        return result
