"""Bad input: one sentence that names the cure; scene and actions as they were."""

import os
import signal
import threading
import time

import bpy
import pytest
from keyfill_extension.blender_addon import engine_link
from keyfill_extension.blender_addon.core.errors import UserError
from keyfill_extension.engine.motion.request import MotionRequest
from keyfill_extension.tests.addon_blender.empty_files import open_empty_file
from keyfill_extension.tests.addon_blender.fake_worker import fake_worker
from keyfill_extension.tests.addon_blender.snapshots import snapshot


@pytest.fixture(autouse=True)
def engine(registered_addon):
    with fake_worker():
        yield


@pytest.fixture
def mannequin(empty_scene):
    """A mannequin with an action of the animator's own."""
    bpy.ops.keyfill.add_mannequin()
    ob = bpy.context.object
    ob.pose.bones["head"].keyframe_insert("rotation_quaternion", frame=1)
    bpy.context.scene.keyfill.prompt = "someone walks"
    bpy.context.scene.keyfill.seconds = 1.0
    bpy.context.view_layer.update()
    return ob


def assert_refused(message, remedy):
    """Generate, expect the sentence and its cure, and everything as it was."""
    before = snapshot()
    with pytest.raises(RuntimeError) as refused:
        bpy.ops.keyfill.generate()
    assert message in str(refused.value)
    assert remedy in str(refused.value)
    assert "Traceback" not in str(refused.value)
    assert snapshot() == before


def assert_shown(message, remedy):
    status = bpy.context.window_manager.keyfill_status
    assert message in status.error
    assert remedy in status.remedy
    assert not status.is_running


@pytest.mark.parametrize(
    ("settings", "message", "remedy"),
    [
        ({"prompt": ""}, "The prompt is empty.", "Type what the character should do."),
        ({"prompt": "  "}, "The prompt is empty.", "Type what the character should do."),
        ({"seconds": -1.0}, "A take of -1 s cannot be made.", "0.5 to 60 seconds, or 0 for auto"),
        ({"seconds": 0.1}, "A take of 0.1 s cannot be made.", "0.5 to 60 seconds, or 0 for auto"),
        ({"seconds": 600.0}, "A take of 600 s cannot be made.", "0.5 to 60 seconds"),
    ],
)
def test_settings_that_cannot_be_served(mannequin, settings, message, remedy):
    for name, value in settings.items():
        setattr(bpy.context.scene.keyfill, name, value)
    assert_refused(message, remedy)
    assert_shown(message, remedy)
    assert engine_link.worker_pid() == 0  # nothing was started for it


def test_nothing_selected(empty_scene):
    bpy.context.scene.keyfill.prompt = "someone walks"
    assert_refused("Select a character's armature first", "add the mannequin")


def test_something_else_selected(empty_scene):
    bpy.ops.object.camera_add()
    bpy.context.scene.keyfill.prompt = "someone walks"
    assert_refused("Select a character's armature first", "add the mannequin")


def add_armature(*names):
    bpy.ops.object.add(type="ARMATURE")
    ob = bpy.context.object
    bpy.ops.object.mode_set(mode="EDIT")
    for number, name in enumerate(names):
        bone = ob.data.edit_bones.new(name)
        bone.head, bone.tail = (0.0, 0.0, number), (0.0, 0.0, number + 1.0)
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.context.scene.keyfill.prompt = "someone walks"
    return ob


def test_an_armature_without_bones(empty_scene):
    add_armature()
    assert_refused("has no bones", "Choose a character's armature")


def test_an_armature_without_recognisable_bones(empty_scene):
    add_armature("lever", "crank", "wheel")
    assert_refused("No humanoid was recognised", "mannequin")
    assert_shown("No humanoid was recognised", "mannequin")


def test_an_armature_in_edit_mode(mannequin):
    bpy.ops.object.mode_set(mode="EDIT")
    assert_refused("is in Edit Mode", "Leave Edit Mode")
    bpy.ops.object.mode_set(mode="OBJECT")


def test_an_armature_that_is_scaled_unevenly(mannequin):
    mannequin.scale.x = -2.0
    bpy.context.view_layer.update()
    assert_refused("scaled unevenly", "apply the scale")


@pytest.fixture
def library(mannequin, tmp_path):
    """A file with a mannequin in a collection."""
    path = str(tmp_path / "character.blend")
    collection = bpy.data.collections.new("Character")
    bpy.context.scene.collection.children.link(collection)
    for ob in list(bpy.data.objects):
        collection.objects.link(ob)
    bpy.ops.wm.save_as_mainfile(filepath=path)
    open_empty_file()
    bpy.context.scene.keyfill.prompt = "someone walks"
    bpy.context.scene.keyfill.seconds = 1.0
    return path


def test_a_linked_armature_without_an_override(library):
    with bpy.data.libraries.load(library, link=True) as (_, wanted):
        wanted.collections = ["Character"]
    bpy.context.scene.collection.children.link(wanted.collections[0])
    armature = next(ob for ob in bpy.data.objects if ob.type == "ARMATURE")
    bpy.context.view_layer.objects.active = armature
    bpy.context.view_layer.update()
    assert_refused("is linked from another file", "Library Override > Make")


def test_an_instance_of_a_linked_character(library):
    with bpy.data.libraries.load(library, link=True) as (_, wanted):
        wanted.collections = ["Character"]
    instance = bpy.data.objects.new("Character", None)
    instance.instance_type = "COLLECTION"
    instance.instance_collection = wanted.collections[0]
    bpy.context.scene.collection.objects.link(instance)
    bpy.context.view_layer.objects.active = instance
    bpy.context.view_layer.update()
    assert_refused("must be overridden first", "Library Override > Make")


def test_missing_weights(mannequin, tmp_path):
    with fake_worker(weights=str(tmp_path / "nowhere")):
        assert_refused("nowhere", "weights folder")
        assert_shown("nowhere", "weights folder")


def test_a_python_that_is_not_there(mannequin):
    with fake_worker(python="/no/such/python"):
        assert_refused("The Python /no/such/python cannot be started", "make setup")


def test_an_engine_that_fails(mannequin):
    bpy.context.scene.keyfill.prompt = "fail"
    with fake_worker("load_failing_engine"):
        assert_refused("met an error that it does not know", "copy the engine's log")


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="SIGKILL")
def test_a_worker_killed_in_mid_motion(mannequin):
    bpy.context.scene.keyfill.prompt = "a long walk"

    def kill_soon():
        while engine_link.worker_pid() == 0:
            time.sleep(0.01)
        time.sleep(0.5)
        os.kill(engine_link.worker_pid(), signal.SIGKILL)

    with fake_worker("load_deaf_engine"):
        killer = threading.Thread(target=kill_soon)
        killer.start()
        assert_refused("The motion engine was ended by the system", "press Generate again")
        killer.join()
        bpy.context.scene.keyfill.prompt = "a short walk"
        assert bpy.ops.keyfill.generate() == {"FINISHED"}


def test_the_mannequin_is_not_added_to_a_linked_collection(library):
    with bpy.data.libraries.load(library, link=True) as (_, wanted):
        wanted.collections = ["Character"]
    bpy.context.scene.collection.children.link(wanted.collections[0])
    layers = bpy.context.view_layer.layer_collection
    bpy.context.view_layer.active_layer_collection = layers.children["Character"]
    before = snapshot()
    with pytest.raises(RuntimeError, match="choose one of this file"):
        bpy.ops.keyfill.add_mannequin()
    assert snapshot() == before
    bpy.context.view_layer.active_layer_collection = layers
    assert bpy.ops.keyfill.add_mannequin() == {"FINISHED"}


def test_cancel_and_log_are_offered_only_when_they_make_sense(registered_addon, empty_scene):
    assert not bpy.ops.keyfill.cancel.poll()
    assert bpy.ops.keyfill.release_memory.poll()


def test_release_memory_ends_a_motion_that_is_being_made(mannequin):
    with fake_worker("load_deaf_engine"):
        job = engine_link.generation_job(MotionRequest("a long walk", 1.0))
        job.start()
        bpy.context.window_manager.keyfill_status.is_running = True
        try:
            end = time.monotonic() + 20.0
            while engine_link.worker_pid() == 0 and time.monotonic() < end:
                time.sleep(0.01)
            assert bpy.ops.keyfill.release_memory.poll()
            assert bpy.ops.keyfill.release_memory() == {"FINISHED"}
        finally:
            bpy.context.window_manager.keyfill_status.is_running = False
        assert engine_link.worker_pid() == 0
        assert job.wait(20.0)
        with pytest.raises(UserError, match="was stopped"):
            job.result()
