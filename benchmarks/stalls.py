"""How long the window stands still while a motion is made: `python benchmarks/stalls.py`.

The buttons' own modal operators run with timer steps in a row, as a window would send them. Of
each kind of step the longest one counts, in seconds of the clock and of the main thread's own
work; on a machine that does other things, too, the second one tells more. What Blender does of
itself afterwards is beside it: evaluating the scene, and the undo step.

A fake engine answers at once, for the real one works in a process of its own. Characters: the
mannequin, a full Rigify human, or with `--character FILE.blend` the armature in that file.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
from blender_speed import REPOSITORY, append_character, load_extension
from machine import describe

TIMER = SimpleNamespace(type="TIMER", value="NOTHING")
MOST_SECONDS = 600.0


@dataclass
class Stall:
    """The longest step of a kind."""

    steps: int = 0
    clock: float = 0.0
    own: float = 0.0
    evaluating: float = 0.0

    def add(self, clock: float, own: float, evaluating: float) -> None:
        """Count a step."""
        self.steps += 1
        self.clock, self.own = max(self.clock, clock), max(self.own, own)
        self.evaluating = max(self.evaluating, evaluating)


@dataclass
class Watch:
    """Times steps by kind."""

    stalls: dict[str, Stall] = field(default_factory=dict)

    def step(self, kind: Callable[[], str], act: Callable[[], Any]) -> Any:
        """Do something, and count how long it took under what it turned out to be."""
        clock, own = time.perf_counter(), time.thread_time()
        done = act()
        clock, own = time.perf_counter() - clock, time.thread_time() - own
        began = time.perf_counter()
        bpy.context.view_layer.update()
        evaluating = time.perf_counter() - began
        self.stalls.setdefault(kind(), Stall()).add(clock, own, evaluating)
        return done


def make_probe(button: type) -> Any:
    """Return a button's operator without Blender's class around it."""
    from keyfill_extension.blender_addon.operators import job_operator

    names = ("make_work", "apply_result", "tell", "recipe", "is_settled", "operation")
    own = {name: getattr(button, name) for name in names if hasattr(button, name)}
    kind = type("Probe", (job_operator.JobOperator,), own | {
        "review": True, "report": lambda self, kind, text: told.append((kind, text))})  # fmt: skip
    told: list[Any] = []
    probe = kind()
    probe.told = told
    return probe


def press(button: type, watch: Watch) -> None:
    """Run a button to its end."""
    probe = make_probe(button)
    answer = watch.step(lambda: "pressing the button", lambda: probe.start(bpy.context))
    if "RUNNING_MODAL" not in answer:
        raise RuntimeError(probe.told)
    end = time.monotonic() + MOST_SECONDS
    while "RUNNING_MODAL" in answer or "PASS_THROUGH" in answer:
        if time.monotonic() > end:
            raise TimeoutError(button.__name__)
        is_last = probe._run.work.is_finished
        answer = watch.step(
            lambda is_last=is_last: "writing" if is_last else _now(),
            lambda: probe.modal(bpy.context, TIMER),
        )
        time.sleep(0.002)
    if "FINISHED" not in answer:
        raise RuntimeError(probe.told)
    began = time.perf_counter()
    bpy.ops.ed.undo_push(message="Keyfill")
    spent = time.perf_counter() - began
    watch.stalls.setdefault("Blender's undo step", Stall()).add(spent, spent, 0.0)


def _now() -> str:
    from keyfill_extension.blender_addon.core.link.run_status import STATUS

    return STATUS.label.rpartition(" (")[0] or STATUS.label or "waiting"


def add_rigify() -> bpy.types.Object:
    """Return a rig that Rigify generated from its full human."""
    bpy.ops.preferences.addon_enable(module="rigify")
    bpy.ops.object.armature_human_metarig_add()
    metarig = bpy.context.object
    bpy.ops.pose.rigify_generate()
    bpy.data.objects.remove(metarig)
    ob = next(one for one in bpy.context.scene.objects if one.type == "ARMATURE")
    bpy.context.view_layer.objects.active = ob
    return ob


def measure(add: Callable[[], object], takes: int, frames: tuple[int, int]) -> dict[str, Watch]:
    """Return the stalls of making a 10 s motion with some takes, and of editing frames of it.

    Several takes wait; the next one is shown then, and accepted.
    """
    from keyfill_extension.blender_addon.operators import edit_motion, generate
    from keyfill_extension.blender_addon.operators.takes import KEYFILL_OT_accept_take

    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = 30
    add()
    settings = bpy.context.scene.keyfill
    settings.prompt, settings.seconds, settings.takes = "a person walks", 10.0, takes
    edit, accept = f"Regenerate {frames[0]} to {frames[1]}", "then Accept"
    made = {"Generate": Watch(), edit: Watch(), accept: Watch()}
    bpy.ops.ed.undo_push(message="before")
    press(generate.KEYFILL_OT_generate, made["Generate"])
    if takes > 1:
        bpy.ops.keyfill.accept_take()
    settings.frame_start, settings.frame_end = frames
    press(edit_motion.KEYFILL_OT_regenerate, made[edit])
    if takes > 1:
        made[accept].step(lambda: "showing the next take", bpy.ops.keyfill.step_take)
        press(KEYFILL_OT_accept_take, made[accept])
    return made


def told(name: str, takes: int, made: dict[str, Watch]) -> list[str]:
    """Return the rows of a table."""
    return [
        f"| {name}, {takes} takes, {button} | {kind} | {one.steps} | {1000 * one.clock:.0f} "
        f"| {1000 * one.own:.0f} | {1000 * one.evaluating:.0f} |"
        for button, watch in made.items()
        for kind, one in watch.stalls.items()
    ]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--takes", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--frames", type=int, nargs=2, default=[1, 300], metavar=("FIRST", "LAST"))
    parser.add_argument("--only", choices=["mannequin", "rigify"])
    parser.add_argument("--character", type=Path, metavar="FILE.blend")
    options = parser.parse_args()
    addon = load_extension()
    addon.register()
    from keyfill_extension.blender_addon import engine_link
    from keyfill_extension.blender_addon.core.link.worker_settings import WorkerSettings

    fake = f"{REPOSITORY / 'tests' / 'fake_engine.py'}:load_engine"
    engine_link.connect(lambda: WorkerSettings(engine=fake))
    characters: dict[str, Callable[[], object]] = {
        "mannequin": bpy.ops.keyfill.add_mannequin, "rigify": add_rigify,
    }  # fmt: skip
    if options.only:
        characters = {options.only: characters[options.only]}
    if options.character is not None:
        characters = {options.character.stem: lambda: _append(options.character)}
    rows = [
        row
        for name, add in characters.items()
        for takes in options.takes
        for row in told(name, takes, measure(add, takes, tuple(options.frames)))
    ]
    addon.unregister()
    print(f"{describe()}\n")
    print("| what | step | steps | longest, ms of the clock | ms of the main thread | "
          "then Blender evaluates, ms |\n|---|---|---|---|---|---|")  # fmt: skip
    print("\n".join(rows))
    return 0


def _append(path: Path) -> None:
    bpy.context.view_layer.objects.active = append_character(path)


if __name__ == "__main__":
    raise SystemExit(main())
