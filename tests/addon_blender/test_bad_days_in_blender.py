"""What happens to the scene or to Blender while a take is on the way: no key is lost.

The modal operator is driven by hand, with a real worker that waits until the test lets it go
on. `tests/addon_core/test_bad_days.py` has the faults of the worker alone.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest
from keyfill_extension.blender_addon import engine_link, preferences
from keyfill_extension.blender_addon.core.link.worker_settings import WorkerSettings
from keyfill_extension.blender_addon.operators.edit_motion import EditOperator
from keyfill_extension.blender_addon.operators.generate import TakeOperator
from keyfill_extension.tests.addon_blender.edited_characters import add_walker, set_settings
from keyfill_extension.tests.addon_blender.fake_worker import WORKER_PYTHON
from keyfill_extension.tests.addon_blender.snapshots import snapshot

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 30.0
TIMER = SimpleNamespace(type="TIMER", value="NOTHING")

GATED = """
import os, sys, time
sys.path.insert(0, {tests!r})
from editing_engine import EditingEngine
from engine.motion.request import Progress

class GatedEngine(EditingEngine):
    def run(self, request):
        while os.path.exists({gate!r}):
            yield Progress(0, 1, "Waiting for the test")
            time.sleep(0.01)
        return (yield from super().run(request))

def load(weights, device):
    return GatedEngine()
"""


class Pressed:
    """What both buttons of this file share: an operator without Blender's class."""

    def __init__(self):
        self.reports = []

    def report(self, kind, text):
        self.reports.append((*kind, text))


class Generate(Pressed, TakeOperator):
    operation = "generate"
    review = False


class Regenerate(Pressed, EditOperator):
    operation = "regenerate"
    review = False


@pytest.fixture
def gate(registered_addon, tmp_path):
    """While this file is there, the worker computes."""
    engine, gate = tmp_path / "gated.py", tmp_path / "gate"
    engine.write_text(
        GATED.format(tests=str(REPOSITORY / "tests"), gate=str(gate)), encoding="utf-8"
    )
    settings = WorkerSettings(python=WORKER_PYTHON, engine=f"{engine}:load")
    engine_link.connect(lambda: settings)
    yield gate
    engine_link.stop()
    engine_link.connect(preferences.worker_settings)


@pytest.fixture
def walker(empty_scene, gate):
    """A character with keys, one beside it, and a take on the way for the first."""
    ob = add_walker()
    beside = add_walker()
    beside.name = "Beside"
    bpy.context.view_layer.objects.active = ob
    set_settings(prompt="someone jumps", frame_start=31, frame_end=60)
    gate.touch()
    return ob


def press(button):
    """Press a button and wait until the worker computes."""
    operator = button()
    assert operator.start(bpy.context) == {"RUNNING_MODAL"}
    assert wait_for(lambda: told_now(operator) == "Waiting for the test")
    return operator


def told_now(operator):
    operator.modal(bpy.context, TIMER)
    return bpy.context.window_manager.keyfill_status.label


def finish(operator, gate):
    """Let the worker go on and drive the operator to its end."""
    gate.unlink(missing_ok=True)
    answers = []
    assert wait_for(lambda: answers.append(operator.modal(bpy.context, TIMER)) or ended(answers))
    status = bpy.context.window_manager.keyfill_status
    assert not status.is_running
    return answers[-1]


def ended(answers):
    return answers[-1] & {"FINISHED", "CANCELLED"}


def wait_for(condition):
    end = time.monotonic() + PATIENCE_SECONDS
    while not (holds := condition()) and time.monotonic() < end:
        time.sleep(0.01)
    return holds


def keys():
    """The keys of all actions, by the action's name."""
    return {name: action["keys"] for name, action in snapshot()["actions"].items()}


BUTTONS = pytest.mark.parametrize("button", [Generate, Regenerate])


def assert_refused(operator, answer, words):
    assert answer == {"CANCELLED"}
    assert operator.reports[-1][0] == "ERROR"
    assert words in operator.reports[-1][1]
    assert bpy.context.window_manager.keyfill_status.error


@BUTTONS
def test_the_armature_is_deleted(walker, gate, button):
    operator, before = press(button), keys()
    bpy.data.objects.remove(walker)
    assert_refused(operator, finish(operator, gate), "no longer in the scene")
    assert keys() == before


@BUTTONS
def test_the_armature_is_renamed(walker, gate, button):
    operator, before = press(button), keys()
    walker.name = "Renamed"
    assert_refused(operator, finish(operator, gate), "no longer in the scene")
    assert keys() == before


@BUTTONS
def test_another_scene_is_shown(walker, gate, button):
    operator, before = press(button), keys()
    first = bpy.context.scene
    bpy.context.window.scene = bpy.data.scenes.new("Another")
    assert_refused(operator, finish(operator, gate), "no longer in the scene")
    bpy.context.window.scene = first
    assert keys() == before


@BUTTONS
def test_a_bone_is_deleted(walker, gate, button):
    operator, before = press(button), keys()
    bpy.ops.object.select_all(action="DESELECT")
    bpy.context.view_layer.objects.active = walker
    walker.select_set(True)
    bpy.ops.object.mode_set(mode="EDIT")
    bones = walker.data.edit_bones
    bones.remove(bones["hand.L"])
    bpy.ops.object.mode_set(mode="OBJECT")
    finish(operator, gate)
    own = walker.animation_data.action.name
    assert {name: each for name, each in keys().items() if name in before and name != own} == {
        name: each for name, each in before.items() if name != own
    }


def test_the_action_is_replaced_while_it_is_edited(walker, gate):
    operator, before = press(Regenerate), keys()
    walker.animation_data.action = None
    answer = finish(operator, gate)
    assert answer == {"CANCELLED"}
    assert operator.reports[-1][0] == "ERROR"
    assert keys() == before


def test_a_key_set_meanwhile_outside_the_edited_frames_stays(walker, gate):
    operator = press(Regenerate)
    bone = walker.pose.bones["neck"]
    bone.scale = (1.5, 1.0, 1.0)
    bone.keyframe_insert("scale", frame=12)
    assert finish(operator, gate) == {"FINISHED"}
    own = keys()[walker.animation_data.action.name]
    assert own[bone.path_from_id("scale"), 0] == [(12.0, 1.5)]


def test_an_undo_meanwhile_loses_no_key(walker, gate):
    bpy.ops.ed.undo_push(message="Before")
    walker.location = (1.0, 0.0, 0.0)
    bpy.ops.ed.undo_push(message="Moved")
    before = keys()
    operator = press(Generate)
    bpy.ops.ed.undo()
    assert finish(operator, gate) == {"FINISHED"}
    after = keys()
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + 1


@BUTTONS
def test_a_file_is_loaded(walker, gate, button, tmp_path):
    path = str(tmp_path / "saved.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    operator, before = press(button), keys()
    job = operator._run.work._job
    operator.cancel(bpy.context)  # as Blender calls it before it reads the file
    bpy.ops.wm.open_mainfile(filepath=path)
    gate.unlink()
    assert job.wait(PATIENCE_SECONDS)
    assert keys() == before
    assert not bpy.context.window_manager.keyfill_status.is_running
    assert bpy.ops.keyfill.generate() == {"FINISHED"}


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@BUTTONS
def test_the_worker_is_killed(walker, gate, button):
    operator, before = press(button), snapshot()
    os.kill(engine_link.worker_pid(), signal.SIGKILL)
    assert_refused(operator, finish(operator, gate), "ended by the system")
    assert snapshot() == before
    assert bpy.ops.keyfill.regenerate() == {"FINISHED"}


def test_the_button_is_pressed_in_a_second_window(walker, gate):
    """All windows share one state: the button is off, and a script's call is refused."""
    operator, before = press(Generate), snapshot()
    assert not bpy.ops.keyfill.generate.poll()
    with pytest.raises(RuntimeError):
        bpy.ops.keyfill.regenerate()
    assert snapshot() == before
    assert finish(operator, gate) == {"FINISHED"}


def test_the_addon_is_disabled_meanwhile(walker, gate, registered_addon):
    operator, before = press(Generate), keys()
    pid, job = engine_link.worker_pid(), operator._run.work._job
    read_settings = engine_link._read_settings
    registered_addon.unregister()
    try:
        assert is_gone(pid)
        assert job.wait(PATIENCE_SECONDS)
        assert keys() == before
    finally:
        registered_addon.register()
        engine_link.connect(read_settings)
    operator.cancel(bpy.context)
    gate.unlink()
    bpy.context.scene.keyfill.prompt = "someone walks"
    assert bpy.ops.keyfill.generate() == {"FINISHED"}


def is_gone(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return False
    return True


BLENDER = f"""
import sys, time, types
import bpy
extension = types.ModuleType("keyfill_extension")
extension.__path__ = [{str(REPOSITORY)!r}]
sys.modules["keyfill_extension"] = extension
from keyfill_extension import blender_addon
from keyfill_extension.blender_addon import engine_link
from keyfill_extension.blender_addon.core.link.worker_settings import WorkerSettings
from keyfill_extension.engine.motion.request import MotionRequest
blender_addon.register()
settings = WorkerSettings(
    python={WORKER_PYTHON!r}, engine={str(REPOSITORY / "tests" / "fake_engine.py")!r} + ":load_deaf_engine"
)
engine_link.connect(lambda: settings)
job = engine_link.generation_job(MotionRequest("a long walk", 1.0))
job.start()
while (progress := job.poll()) is None or progress.label != "Choosing movements":
    time.sleep(0.01)
print(engine_link.worker_pid(), flush=True)
if sys.argv[1] == "quit":
    blender_addon.unregister()
    sys.exit()
time.sleep(60)
"""  # noqa: E501


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
@pytest.mark.parametrize("ending", ["quit", "killed"])
def test_blender_ends_in_mid_motion(ending):
    with subprocess.Popen(
        [sys.executable, "-c", BLENDER, ending], stdout=subprocess.PIPE, text=True
    ) as blender:
        pid = int(next(line for line in blender.stdout if line.strip().isdigit()))
        if ending == "killed":
            blender.kill()
        blender.wait(PATIENCE_SECONDS)
    assert wait_for(lambda: is_gone(pid) or is_zombie(pid))


def is_zombie(pid):
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
