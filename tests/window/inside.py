"""Runs in the Blender that has a window: takes a step of the journey whenever a timer ticks."""

import json
import sys
import time
import traceback
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parent))

from chapters import ALWAYS, CHAPTERS  # noqa: E402
from disorder import disorder  # noqa: E402
from dropped import drop  # noqa: E402
from hand import Hand  # noqa: E402
from journey import Journey  # noqa: E402
from stalls import Stalls  # noqa: E402

TICK_SECONDS = 0.01
JOB = json.loads(sys.argv[sys.argv.index("--") + 1])
STALLS = Stalls()
REPORT = {
    "blender": bpy.app.version_string, "scale": JOB["scale"], "chapters": [], "failed": [],
    "checks": 0, "tracebacks": 0,
}  # fmt: skip


def wanted():
    """Return the chapters that were asked for."""
    if JOB["zip"]:
        return [drop]
    if JOB["calls"]:
        return [CHAPTERS[0], disorder]
    return [
        chapter for chapter in CHAPTERS
        if not JOB["only"] or chapter in ALWAYS or chapter.__name__ in JOB["only"]
    ]  # fmt: skip


def steps():
    """Go through the chapters; what fails in one is noted, and the next one begins."""
    traveller = Journey(Hand(JOB), REPORT)
    for chapter in wanted():
        STALLS.begin()
        start = time.monotonic()
        traveller.chapter = chapter.__name__
        try:
            yield from chapter(traveller)
        except Exception as error:  # noqa: BLE001 - a chapter that fails is told, the rest goes on
            REPORT["failed"].append(f"{chapter.__name__}: {error}")
            traceback.print_exc()
            REPORT["tracebacks"] += 1
            yield from traveller.hand.picture(f"failed_{chapter.__name__}")
            yield from traveller.leave_all()
        told = {"name": chapter.__name__, "seconds": time.monotonic() - start}
        REPORT["chapters"].append(told | STALLS.report())
        print(f"{chapter.__name__}: {told['seconds']:.1f} s", flush=True)


STEPS = steps()


def tick():
    """Take one step; at the end write the report and quit."""
    STALLS.hear()
    try:
        next(STEPS)
    except StopIteration:
        path = Path(JOB["folder"]) / "report.json"
        path.write_text(json.dumps(REPORT, indent=1), encoding="utf-8")
        bpy.ops.wm.quit_blender()
        return None
    finally:
        STALLS.leave()
    return TICK_SECONDS


bpy.context.preferences.view.show_splash = False
bpy.context.preferences.view.ui_scale = JOB["scale"]
# The sidebar would be drawn over the view, so that each button under the mouse draws the view anew:
# by software that takes most of the test's time.
bpy.context.preferences.system.use_region_overlap = False
bpy.context.preferences.system.viewport_aa = "FXAA"
bpy.app.timers.register(tick, first_interval=1.0, persistent=True)
