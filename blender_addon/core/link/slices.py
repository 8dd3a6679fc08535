"""Work of the main thread in slices, between which Blender lives on; threads are waited for.

It knows neither Blender nor what is done. What a slice adds to the file for a moment it removes
again, so that saving and undo between two slices never see it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any, Generic, TypeVar

from ....engine.motion.request import Progress
from .jobs import Job, JobCancelled, Task

T = TypeVar("T")

Steps = Generator["Progress | Job[Any]", Any, T]
"""Steps of some work: each Progress ends a slice; a Job runs in its thread, and its result or
its error comes back where it was yielded."""

ENOUGH_SECONDS = 0.01
"""No further slice is begun after this long: each may take as long as `stage.SLICE_SECONDS`."""


class Work(Generic[T]):
    """Steps that the main thread takes one after another: in slices for people, else in a row.

    A cancelled work is closed between two slices, where it may tidy up in `finally`; a job that
    it waits for is cancelled first.
    """

    def __init__(self, steps: Steps[T]) -> None:
        self._steps = steps
        self._job: Job[Any] | None = None
        self._newest: Progress | None = None
        self._is_cancelled = self._is_finished = False
        self._values: list[T] = []
        self._error: BaseException | None = None

    @property
    def is_finished(self) -> bool:
        """Whether `result` may be asked for."""
        return self._is_finished

    @property
    def is_waiting(self) -> bool:
        """Whether a job in a thread is under way, so that the main thread has nothing to do."""
        return self._job is not None

    def advance(self) -> None:
        """Take a few steps in the main thread, or look after the job that runs."""
        end = time.perf_counter() + ENOUGH_SECONDS
        while not self._is_finished:
            if self._job is not None:
                self._newest = self._job.poll() or self._newest
                if not self._job.is_finished:
                    return
            self._step()
            if self._job is not None:
                self._job.start()
            if time.perf_counter() > end:
                return

    def cancel(self) -> None:
        """Ask the work to end; takes effect between two slices."""
        self._is_cancelled = True
        if self._job is not None:
            self._job.cancel()

    def poll(self) -> Progress | None:
        """Return the newest progress since the last call; None where there is none."""
        newest, self._newest = self._newest, None
        return newest

    def result(self) -> T:
        """Return what the steps returned.

        Raises:
            JobCancelled: if they were cancelled before the result was asked for.
            RuntimeError: if there are steps left.
            Exception: whatever a step or a job raised.
        """
        if not self._is_finished:
            raise RuntimeError("the work has not finished")
        if self._error is not None:
            raise self._error
        if self._is_cancelled:
            raise JobCancelled
        return self._values[0]

    def run_blocking(self, on_progress: Callable[[Progress], None]) -> T:
        """Take all steps here and now, jobs among them; `on_progress` may call `cancel`."""
        while not self._is_finished:
            if self._job is not None:
                self._run_job(on_progress)
            self._step()
            if self._newest is not None and not self._is_finished:
                on_progress(self._newest)
                self._newest = None
        return self.result()

    def close(self) -> None:
        """Drop work that is under way: what it began is tidied up, a job that runs is cancelled."""
        if not self._is_finished:
            self.cancel()
            self._end(JobCancelled())

    def _run_job(self, on_progress: Callable[[Progress], None]) -> None:
        """Run the job here; its error is told to the steps, as that of a thread is."""
        assert self._job is not None
        self._job.start_here(on_progress)

    def _step(self) -> None:
        """Take one step: the job's result goes in where there is one."""
        job, self._job = self._job, None
        try:
            if self._is_cancelled:
                raise JobCancelled
            answer = next(self._steps) if job is None else self._hand_in(job)
        except StopIteration as finished:
            self._values.append(finished.value)
            self._is_finished = True
        # Any error of the steps belongs to whoever asks for the result.
        except BaseException as error:  # noqa: BLE001
            self._end(error)
        else:
            if isinstance(answer, Progress):
                self._newest = answer
            else:
                self._job = answer

    def _hand_in(self, job: Job[Any]) -> Progress | Job[Any]:
        try:
            value = job.result()
        except Exception as error:  # noqa: BLE001 - the steps may know a way round
            return self._steps.throw(error)
        return self._steps.send(value)

    def _end(self, error: BaseException) -> None:
        if self._is_finished:
            return
        self._error, self._is_finished = error, True
        self._steps.close()


def in_a_thread(task: Task[T]) -> Steps[T]:
    """Return a work of one job alone, which touches nothing of Blender's."""
    found: T = yield Job(task)
    return found


def computed(label: str, compute: Callable[[], T]) -> Job[T]:
    """Return a job that computes something on arrays; in a thread it never touches Blender."""

    def task() -> Task[T]:
        yield Progress(0, 1, label)
        return compute()

    return Job(task())


def finish(steps: Steps[T]) -> T:
    """Take all steps in a row, for callers that need their result at once."""
    return Work(steps).run_blocking(_ignore)


def _ignore(progress: Progress) -> None:
    """Show nothing."""
