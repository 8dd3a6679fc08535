"""The modal path, driven by hand: in module mode Blender has neither events nor timers."""

import time
from types import SimpleNamespace

import bpy
import pytest
from keyfill_extension.blender_addon.core.errors import UserError
from keyfill_extension.blender_addon.core.link.jobs import Job
from keyfill_extension.blender_addon.core.link.slices import Work
from keyfill_extension.blender_addon.operators.job_operator import JobOperator
from keyfill_extension.engine.motion.request import Progress

TIMER = SimpleNamespace(type="TIMER", value="NOTHING")
ESCAPE = SimpleNamespace(type="ESC", value="PRESS")
ESCAPE_RELEASED = SimpleNamespace(type="ESC", value="RELEASE")
MOUSE = SimpleNamespace(type="MOUSEMOVE", value="NOTHING")


class Probe(JobOperator):
    """An operator without Blender's class, to call its methods directly."""

    def __init__(self, steps=3, refusal=None, late_refusal=None):
        self.steps, self.refusal, self.late_refusal = steps, refusal, late_refusal
        self.reports, self.applied = [], []
        self.is_closed = False
        self.options = SimpleNamespace(is_repeat=False, is_repeat_last=False)

    def make_work(self, context):
        if self.refusal:
            raise self.refusal
        return Work(self.wait())

    def wait(self):
        return (yield Job(self.count()))

    def count(self):
        try:
            for step in range(self.steps):
                yield Progress(step, self.steps, f"step {step}")
                time.sleep(0.01)
        finally:
            self.is_closed = True
        return "the result"

    def apply_result(self, context, result):
        if self.late_refusal:
            raise self.late_refusal
        self.applied.append(result)

    def report(self, kind, text):
        self.reports.append((kind, text))

    def timers_left(self):
        return self._run is not None and self._run.has_timer


@pytest.fixture(autouse=True)
def status(registered_addon, empty_scene):
    return bpy.context.window_manager.keyfill_status


def drive(probe, event=TIMER):
    """Send events until the operator ends; return its answer."""
    end = time.monotonic() + 20.0
    while time.monotonic() < end:
        answer = probe.modal(bpy.context, event)
        if answer & {"FINISHED", "CANCELLED"}:
            return answer
        event = TIMER
        time.sleep(0.01)
    raise TimeoutError


def assert_tidy(probe, status):
    assert not probe.timers_left()
    assert not status.is_running
    assert not status.is_cancel_requested
    assert (status.factor, status.label) == (0.0, "")


def test_the_result_is_applied_in_the_end(status):
    probe = Probe()
    assert probe.start(bpy.context) == {"RUNNING_MODAL"}
    assert status.is_running
    assert probe.timers_left()
    assert drive(probe) == {"FINISHED"}
    assert probe.applied == ["the result"]
    assert_tidy(probe, status)


def test_progress_is_shown_meanwhile(status):
    probe = Probe(steps=100)
    probe.start(bpy.context)
    time.sleep(0.1)
    assert probe.modal(bpy.context, TIMER) == {"PASS_THROUGH"}
    assert status.label.startswith("step ")
    assert 0.0 < status.factor < 1.0
    assert drive(probe, ESCAPE) == {"CANCELLED"}


def test_other_events_are_left_to_blender(status):
    probe = Probe(steps=100)
    probe.start(bpy.context)
    assert probe.modal(bpy.context, MOUSE) == {"PASS_THROUGH"}
    drive(probe, ESCAPE)


def test_escape_cancels_and_nothing_is_applied(status):
    probe = Probe(steps=1000)
    probe.start(bpy.context)
    assert drive(probe, ESCAPE) == {"CANCELLED"}
    assert probe.is_closed
    assert probe.applied == []
    assert probe.reports[0][0] == {"INFO"}
    assert_tidy(probe, status)


def test_the_release_of_an_escape_that_left_a_text_field_does_not_cancel(status):
    probe = Probe(steps=20)
    probe.start(bpy.context)
    assert probe.modal(bpy.context, ESCAPE_RELEASED) == {"PASS_THROUGH"}
    assert drive(probe) == {"FINISHED"}
    assert probe.applied == ["the result"]


def test_the_panels_cancel_button_cancels(status):
    probe = Probe(steps=1000)
    probe.start(bpy.context)
    assert bpy.ops.keyfill.cancel() == {"FINISHED"}
    assert drive(probe, MOUSE) == {"CANCELLED"}
    assert probe.is_closed
    assert_tidy(probe, status)


def test_a_refusal_before_the_start_leaves_nothing_running(status):
    probe = Probe(refusal=UserError("It cannot be.", "Do this."))
    assert probe.start(bpy.context) == {"CANCELLED"}
    assert (status.error, status.remedy) == ("It cannot be.", "Do this.")
    assert probe.reports == [({"ERROR"}, "It cannot be. Do this.")]
    assert_tidy(probe, status)


def test_a_refusal_at_the_end_is_shown_and_tidied(status):
    probe = Probe(late_refusal=UserError("It is gone.", "Do that."))
    probe.start(bpy.context)
    assert drive(probe) == {"CANCELLED"}
    assert (status.error, status.remedy) == ("It is gone.", "Do that.")
    assert_tidy(probe, status)


def test_an_unforeseen_error_becomes_a_sentence_and_a_line_in_the_console(status, caplog):
    probe = Probe(late_refusal=ZeroDivisionError("for the log"))
    probe.start(bpy.context)
    assert drive(probe) == {"CANCELLED"}
    assert status.error == "Something unforeseen went wrong (ZeroDivisionError: for the log)."
    assert "system console" in status.remedy
    assert caplog.records[-1].exc_info[0] is ZeroDivisionError
    assert_tidy(probe, status)


def test_blender_may_end_the_operator_at_any_time(status):
    probe = Probe(steps=1000)
    probe.start(bpy.context)
    probe.cancel(bpy.context)
    assert_tidy(probe, status)
    end = time.monotonic() + 20.0
    while not probe.is_closed and time.monotonic() < end:
        time.sleep(0.01)
    assert probe.is_closed


def test_an_operator_without_a_hook_is_refused():
    with pytest.raises(TypeError, match="lacks apply_result"):
        type("Half", (JobOperator,), {"make_work": lambda self, context: None})
