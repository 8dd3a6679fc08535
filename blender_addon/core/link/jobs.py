"""Long tasks: in a thread for people, in a loop for scripts, with one way to cancel.

It knows neither Blender nor the engine: a task is any generator of Progress.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from typing import Generic, TypeVar

from ....engine.motion.request import Progress

T = TypeVar("T")

Task = Generator[Progress, None, T]


class JobCancelled(Exception):
    """The task was cancelled before it had a result."""


class Job(Generic[T]):
    """A task in a worker thread. The task is a generator: it yields Progress and returns T.

    Between two yields the task cannot be interrupted, so a task yields at least
    every 0.2 s of work. A cancelled task is closed at its next yield, where it
    may tidy up in `finally`. A job runs once.
    """

    def __init__(self, task: Task[T]) -> None:
        self._task = task
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._finished = threading.Event()
        self._newest: Progress | None = None
        self._values: list[T] = []
        self._error: BaseException | None = None

    def start(self) -> None:
        """Run the task in a thread of its own and return at once."""
        if self._thread is not None:
            raise RuntimeError("the job has been started before")
        # A daemon: a program that quits must not wait for a motion nobody will see.
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Ask the task to end; returns at once, takes effect at the next yield."""
        self._stop.set()

    def poll(self) -> Progress | None:
        """Return the newest progress since the last call; None where there is none."""
        newest, self._newest = self._newest, None
        return newest

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the task has ended, at most so long; say whether it has."""
        return self._finished.wait(seconds)

    @property
    def is_finished(self) -> bool:
        """Whether `result` may be asked for."""
        return self._finished.is_set()

    def result(self) -> T:
        """Return what the task returned.

        Raises:
            JobCancelled: if it was cancelled first.
            RuntimeError: if it still runs.
            Exception: whatever the task raised.
        """
        if not self.is_finished:
            raise RuntimeError("the job has not finished")
        if self._error is not None:
            raise self._error
        return self._values[0]

    def run_blocking(self, on_progress: Callable[[Progress], None]) -> T:
        """Run the task here and now; `on_progress` may call `cancel`."""
        self.start_here(on_progress)
        return self.result()

    def start_here(self, on_progress: Callable[[Progress], None]) -> None:
        """Run the task here and now, and keep its result or its error for `result`."""
        try:
            self._values.append(self._drive(on_progress))
        # Any error of the task belongs to whoever asks for the result, in the main thread.
        except BaseException as error:  # noqa: BLE001
            self._error = error
        finally:
            self._finished.set()

    def _run(self) -> None:
        self.start_here(self._remember)

    def _remember(self, progress: Progress) -> None:
        self._newest = progress

    def _drive(self, on_progress: Callable[[Progress], None]) -> T:
        try:
            while not self._stop.is_set():
                on_progress(next(self._task))
        except StopIteration as finished:
            value: T = finished.value
            return value
        finally:
            self._task.close()
        raise JobCancelled
