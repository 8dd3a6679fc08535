"""Between two slices of planning keys: nothing of Blender's is held, and the file may change."""

import gc
import inspect
from pathlib import Path
from types import FunctionType, ModuleType

import bpy
import pytest
from keyfill_extension.blender_addon.core.link import slices
from keyfill_extension.blender_addon.operators import edit_motion
from keyfill_extension.blender_addon.operators import takes as take_operators
from keyfill_extension.blender_addon.scene.keys import rehearsing
from keyfill_extension.tests.addon_blender.edited_characters import (
    add_walker,
    editing_worker,
    set_settings,
)
from keyfill_extension.tests.addon_blender.modal_probes import press
from keyfill_extension.tests.addon_blender.snapshots import snapshot

REGENERATE = edit_motion.KEYFILL_OT_regenerate
ACCEPT = take_operators.KEYFILL_OT_accept_take


@pytest.fixture(scope="module", autouse=True)
def engine(registered_addon):
    with editing_worker():
        yield


@pytest.fixture
def walker(empty_scene, monkeypatch):
    """A walking character; every slice does as little as it may, so that there are many."""
    monkeypatch.setattr(rehearsing, "SLICE_SECONDS", 0.0)
    monkeypatch.setattr(slices, "ENOUGH_SECONDS", 0.0)
    ob = add_walker()
    set_settings(prompt="someone jumps", frame_start=31, frame_end=60, takes=3, seed=2)
    return ob


def planning_steps(steps):
    """The suspended steps of planning keys, and those that they wait for; often there are none."""
    found = []
    while inspect.isgenerator(steps):
        found.append(steps)
        steps = steps.gi_yieldfrom
    names = [one.gi_code.co_name for one in found]
    return found[names.index("rehearse") :] if "rehearse" in names else []


def blender_objects(held):
    """Everything of Blender's that can be reached from a value."""
    rest, seen, found = [held], {}, []
    while rest:
        one = rest.pop()
        if id(one) in seen or isinstance(one, (type, ModuleType)):
            continue
        seen[id(one)] = one
        if isinstance(one, (bpy.types.bpy_struct, bpy.types.bpy_prop_collection)):
            found.append(one)
        # A function's globals are no value that a slice holds.
        rest += (one.__closure__ or ()) if isinstance(one, FunctionType) else gc.get_referents(one)
    return found


@pytest.mark.parametrize("review", [True, False])
def test_nothing_of_blenders_outlives_a_slice_of_planning(walker, review):
    actions, seen = set(bpy.data.actions.keys()), []

    def look(probe):
        for steps in planning_steps(probe._run.work._steps):
            held = blender_objects(steps.gi_frame.f_locals)
            seen.append((held, set(bpy.data.actions.keys())))

    assert press(REGENERATE, look, review)[0] == {"FINISHED"}
    # Three takes of more than twenty bones, a slice each.
    assert len(seen) > 60
    assert all(one == ([], actions) for one in seen)


def undo(ob):
    bpy.ops.ed.undo()


def save_and_load(ob):
    path = str(Path(bpy.app.tempdir) / "between.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path, copy=True)
    bpy.ops.wm.open_mainfile(filepath=path)


def remove_the_action(ob):
    bpy.data.actions.remove(ob.animation_data.action)


@pytest.mark.parametrize(
    ("act", "answer"),
    [(undo, "FINISHED"), (save_and_load, "FINISHED"), (remove_the_action, "CANCELLED")],
)
@pytest.mark.parametrize("number", [1, 20])
def test_blender_lives_when_the_file_changes_between_two_slices(walker, act, answer, number):
    set_settings(takes=1)
    own = [walker.animation_data.action.name] * (answer == "FINISHED")
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.ed.undo_push(message="last")
    seen = []

    def look(probe):
        seen.extend(planning_steps(probe._run.work._steps)[:1])
        if len(seen) == number:
            act(bpy.context.object)
            seen.append(None)

    assert press(REGENERATE, look, review=False)[0] == {answer}
    assert None in seen
    seen.clear()
    gc.collect()
    assert bpy.data.actions.keys() == own
    # Reading every key would meet memory that is no longer Blender's.
    assert list(snapshot()["actions"]) == own


def keys_of_actions():
    return {name: action["keys"] for name, action in snapshot()["actions"].items()}


def test_a_take_that_is_exchanged_while_it_is_planned_is_not_accepted(walker):
    bpy.ops.keyfill.regenerate(review=True)
    keys = keys_of_actions()
    seen = []

    def look(probe):
        review = bpy.context.scene.keyfill.review
        if not seen:
            seen.append(review.index)
            review.ob.animation_data.action = review.takes[1].action

    answer, _ = press(ACCEPT, look)
    assert answer == {"CANCELLED"}
    assert keys_of_actions() == keys
