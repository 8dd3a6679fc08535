"""Runs buttons' own modal operators by hand: in module mode Blender has no events and timers."""

import time
from types import SimpleNamespace

import bpy
from keyfill_extension.blender_addon.operators.job_operator import JobOperator

TIMER = SimpleNamespace(type="TIMER", value="NOTHING")
_HOOKS = ("make_work", "apply_result", "tell", "recipe", "is_settled", "operation", "is_long",
          "bl_label")


def probe_of(button, review=True):
    """Return a button's operator without Blender's class around it."""
    own = {name: getattr(button, name) for name in _HOOKS if hasattr(button, name)}
    reports = []
    own |= {"report": lambda self, kind, text: reports.append((kind, text)), "review": review}
    probe = type("Probe", (JobOperator,), own)()
    probe.reports = reports
    return probe


def press(button, between=lambda probe: None, review=True):
    """Run a button to its end; `between` is called after each step but the last."""
    probe = probe_of(button, review)
    answer = probe.start(bpy.context)
    end = time.monotonic() + 300.0
    while not answer & {"FINISHED", "CANCELLED"}:
        assert time.monotonic() < end
        between(probe)
        answer = probe.modal(bpy.context, TIMER)
        time.sleep(0.002)
    return answer, probe.reports
