"""Jobs: blocking, in a thread, cancelled, failing."""

import threading
import time

import pytest
from keyfill_extension.blender_addon.core.link.jobs import Job, JobCancelled
from keyfill_extension.engine.motion.request import Progress


class Counting:
    """A task that counts and remembers how it ended."""

    def __init__(self, steps, pause=0.0):
        self.steps = steps
        self.pause = pause
        self.thread = None
        self.is_closed = False

    def run(self):
        self.thread = threading.current_thread()
        try:
            for step in range(self.steps):
                yield Progress(step, self.steps, "counting")
                time.sleep(self.pause)
        finally:
            self.is_closed = True
        return self.steps


def failing():
    yield Progress(0, 1, "about to fail")
    raise KeyError("a reason")


@pytest.mark.parametrize("steps", [0, 1, 5])
def test_blocking_job_reports_every_step_and_returns_the_value(steps):
    seen = []
    job = Job(Counting(steps).run())
    assert job.run_blocking(seen.append) == steps
    assert [progress.done for progress in seen] == list(range(steps))
    assert job.is_finished


@pytest.mark.parametrize("steps", [0, 1, 5])
def test_threaded_job_runs_elsewhere_and_hands_over_its_value(steps):
    task = Counting(steps)
    job = Job(task.run())
    job.start()
    assert job.wait(20.0)
    assert job.result() == steps
    assert task.thread is not threading.current_thread()


def test_poll_returns_the_newest_progress_once():
    task = Counting(3)
    job = Job(task.run())
    job.start()
    job.wait(20.0)
    assert job.poll() == Progress(2, 3, "counting")
    assert job.poll() is None


def test_starting_does_not_wait_for_the_task():
    job = Job(Counting(1000, pause=0.05).run())
    job.start()
    assert not job.is_finished
    with pytest.raises(RuntimeError, match="not finished"):
        job.result()
    job.cancel()
    assert job.wait(20.0)


def test_cancelled_job_closes_its_task_at_the_next_yield():
    task = Counting(1000, pause=0.01)
    job = Job(task.run())
    job.start()
    time.sleep(0.05)
    job.cancel()
    assert job.wait(20.0)
    assert task.is_closed
    with pytest.raises(JobCancelled):
        job.result()


def test_blocking_job_can_be_cancelled_from_its_progress():
    task = Counting(1000)
    job = Job(task.run())
    with pytest.raises(JobCancelled):
        job.run_blocking(lambda progress: job.cancel() if progress.done == 3 else None)
    assert task.is_closed


def test_interrupted_blocking_job_closes_its_task():
    task = Counting(10)

    def interrupt(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Job(task.run()).run_blocking(interrupt)
    assert task.is_closed


def test_error_of_a_threaded_task_is_raised_where_the_result_is_asked_for():
    job = Job(failing())
    job.start()
    assert job.wait(20.0)
    with pytest.raises(KeyError, match="a reason"):
        job.result()


def test_error_of_a_blocking_task_is_raised_at_once():
    with pytest.raises(KeyError, match="a reason"):
        Job(failing()).run_blocking(lambda progress: None)


def test_a_job_starts_once():
    job = Job(Counting(0).run())
    job.start()
    with pytest.raises(RuntimeError, match="before"):
        job.start()
