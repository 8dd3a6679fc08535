"""Work in slices: order, jobs between, cancels, and the same result in a row."""

import time

import pytest
from keyfill_extension.blender_addon.core.link import slices
from keyfill_extension.blender_addon.core.link.jobs import JobCancelled
from keyfill_extension.blender_addon.core.link.run_status import RunStatus
from keyfill_extension.blender_addon.core.link.slices import Work, computed, finish
from keyfill_extension.engine.motion.request import Progress


class Steps:
    """Three slices, a job that doubles a number, one slice more; remembers what happened."""

    def __init__(self, error=None):
        self.done, self.error = [], error

    def take(self):
        try:
            for number in range(3):
                self.done.append(number)
                yield Progress(number, 4, "counting")
            doubled = yield computed("doubling", self.compute)
            self.done.append(doubled)
            yield Progress(4, 4, "counting")
            return doubled + 1
        finally:
            self.done.append("closed")

    def compute(self):
        if self.error:
            raise self.error
        return 42


def drive(work):
    end = time.monotonic() + 20.0
    slices = 0
    while not work.is_finished and time.monotonic() < end:
        work.advance()
        slices += 1
        time.sleep(0.001)
    return slices


def test_slices_and_jobs_follow_one_another():
    steps = Steps()
    work = Work(steps.take())
    drive(work)
    assert work.result() == 43
    assert steps.done == [0, 1, 2, 42, "closed"]


def test_in_a_row_the_result_is_the_same_and_progress_is_told():
    told = []
    assert Work(Steps().take()).run_blocking(told.append) == 43
    assert [one.label for one in told] == ["counting"] * 3 + ["doubling", "counting"]
    assert finish(Steps().take()) == 43


def test_a_slow_slice_ends_the_step():
    def slow():
        for number in range(3):
            time.sleep(0.02)
            yield Progress(number, 3, "slow")

    assert drive(Work(slow())) == 4


@pytest.mark.parametrize("run", [lambda work: drive(work), None])
def test_a_jobs_error_reaches_the_steps_and_then_the_caller(run):
    steps = Steps(ZeroDivisionError("unforeseen"))
    work = Work(steps.take())
    with pytest.raises(ZeroDivisionError):
        if run is None:
            work.run_blocking(lambda _: None)
        run(work)
        work.result()
    assert steps.done[-1] == "closed"


def test_steps_may_know_a_way_round_an_error():
    def careful():
        try:
            return (yield computed("failing", Steps(KeyError("gone")).compute))
        except KeyError:
            return "another way"

    work = Work(careful())
    drive(work)
    assert work.result() == "another way"


@pytest.fixture
def one_step_a_slice(monkeypatch):
    monkeypatch.setattr(slices, "ENOUGH_SECONDS", 0.0)


def test_a_cancelled_work_is_closed_and_has_no_result(one_step_a_slice):
    steps = Steps()
    work = Work(steps.take())
    work.advance()
    work.cancel()
    drive(work)
    assert steps.done[-1] == "closed"
    with pytest.raises(JobCancelled):
        work.result()


def test_a_work_that_is_dropped_is_closed_at_once(one_step_a_slice):
    steps = Steps()
    work = Work(steps.take())
    work.advance()
    work.close()
    assert steps.done[-1] == "closed"
    assert work.is_finished


def test_a_work_without_an_end_has_no_result_yet():
    with pytest.raises(RuntimeError, match="not finished"):
        Work(Steps().take()).result()


def test_only_what_changes_is_shown():
    status = RunStatus()
    assert status.show(Progress(1, 4, "Choosing movements"))
    assert not status.show(Progress(1, 4, "Choosing movements"))
    assert status.show(Progress(2, 4, "Choosing movements"))
    assert (status.factor, status.label) == (0.5, "Choosing movements")
    status.stop()
    assert (status.factor, status.label) == (0.0, "")


def test_work_that_is_cancelled_between_its_last_step_and_its_result_has_none():
    def steps():
        yield Progress(0, 1, "counting")
        return 3

    work = Work(steps())
    while not work.is_finished:
        work.advance()
    work.cancel()
    with pytest.raises(JobCancelled):
        work.result()
