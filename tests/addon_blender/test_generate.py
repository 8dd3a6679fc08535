"""The main job through a real worker process: a prompt becomes keys on a character."""

import math
from dataclasses import replace

import bpy
import numpy as np
import pytest
from keyfill_extension.blender_addon import engine_link
from keyfill_extension.blender_addon.tasks.generating import with_note
from keyfill_extension.engine.motion.request import MotionResult
from keyfill_extension.tests.addon_blender.edited_characters import kept_on_tracks
from keyfill_extension.tests.addon_blender.fake_worker import fake_worker
from keyfill_extension.tests.addon_blender.snapshots import snapshot
from keyfill_extension.tests.addon_blender.versions import HAS_SLOTS, curves_of, slot_of


@pytest.fixture(scope="module", autouse=True)
def engine(registered_addon):
    with fake_worker():
        yield


@pytest.fixture
def mannequin(empty_scene):
    bpy.ops.keyfill.add_mannequin()
    empty_scene.render.fps = 30
    empty_scene.frame_set(1)
    return bpy.context.object


def generate(prompt="someone walks", seconds=2.0, **more):
    settings = bpy.context.scene.keyfill
    for name, value in {"prompt": prompt, "seconds": seconds, **more}.items():
        setattr(settings, name, value)
    return bpy.ops.keyfill.generate()


def frames_of(action):
    return [int(point.co[0]) for point in curves_of(action)[0].keyframe_points]


def values_of(action):
    curves = sorted(curves_of(action), key=lambda curve: (curve.data_path, curve.array_index))
    return np.array([[point.co[1] for point in curve.keyframe_points] for curve in curves])


def hips(ob, frame):
    """Where the hips are in the world at a frame."""
    bpy.context.scene.frame_set(frame)
    evaluated = ob.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return np.array(evaluated.matrix_world @ evaluated.pose.bones["hips"].head)


def test_keys_land_from_the_current_frame_on(mannequin):
    bpy.context.scene.frame_set(11)
    assert generate("someone walks", 2.0) == {"FINISHED"}
    action = mannequin.animation_data.action
    assert action.name == "someone walks (seed 0)"
    assert frames_of(action) == list(range(11, 71))
    assert (slot_of(mannequin) is not None) == HAS_SLOTS
    assert bpy.context.scene.frame_current == 11
    assert np.linalg.norm(hips(mannequin, 70) - hips(mannequin, 11)) > 1.5


def test_a_click_on_the_body_means_its_character(mannequin):
    bpy.context.view_layer.objects.active = mannequin.children[0]
    assert mannequin.children[0].type == "MESH"
    assert generate("someone walks", 2.0) == {"FINISHED"}
    assert frames_of(mannequin.animation_data.action) == list(range(1, 61))
    assert bpy.ops.keyfill.regenerate.poll()
    assert bpy.ops.keyfill.map_bones() == {"FINISHED"}
    assert mannequin.keyfill_rig.rows.pelvis.bone == "hips"


def test_only_rotations_and_the_location_of_the_hips_are_keyed(mannequin):
    generate()
    paths = {curve.data_path for curve in curves_of(mannequin.animation_data.action)}
    locations = {path for path in paths if not path.endswith(".rotation_quaternion")}
    assert locations == {'pose.bones["hips"].location'}


def test_keys_are_on_whole_frames_of_the_scene_at_23_976(mannequin):
    bpy.context.scene.render.fps, bpy.context.scene.render.fps_base = 24, 1.001
    generate(seconds=2.0)
    frames = frames_of(mannequin.animation_data.action)
    times = [point.co[0] for point in curves_of(mannequin.animation_data.action)[0].keyframe_points]
    assert times == frames == list(range(1, 1 + len(frames)))
    # The last of 60 frames at 30 fps lies at 1.967 s.
    assert len(frames) == math.floor(59 / 30 * 24 / 1.001) + 1


def test_the_result_is_one_undo_step(mannequin):
    bpy.context.scene.keyfill.prompt = "someone walks"
    bpy.context.scene.keyfill.takes = 2
    bpy.context.view_layer.update()
    bpy.ops.ed.undo_push(message="Before")
    before = snapshot()
    assert bpy.ops.keyfill.generate("EXEC_DEFAULT", True) == {"FINISHED"}
    after = snapshot()
    assert after != before
    bpy.ops.ed.undo()
    assert snapshot() == before
    bpy.ops.ed.redo()
    assert snapshot() == after


def test_each_take_is_an_action_of_its_own(mannequin):
    generate(takes=3, seed=4)
    assert len(bpy.data.actions) == 3
    values = [values_of(action) for action in bpy.data.actions]
    assert all(np.abs(one - values[0]).max() > 0.01 for one in values[1:])
    assigned = mannequin.animation_data.action
    others = [action for action in bpy.data.actions if action != assigned]
    assert kept_on_tracks(mannequin) == others
    assert not any(action.use_fake_user for action in bpy.data.actions)


def test_the_users_own_action_is_kept(mannequin):
    bone = mannequin.pose.bones["head"]
    for frame, angle in ((1, 0.0), (20, 0.5)):
        bone.rotation_quaternion = (math.cos(angle / 2), math.sin(angle / 2), 0.0, 0.0)
        bone.keyframe_insert("rotation_quaternion", frame=frame)
    own = mannequin.animation_data.action
    keys = snapshot()["actions"][own.name]["keys"]
    generate()
    assert mannequin.animation_data.action != own
    assert snapshot()["actions"][own.name]["keys"] == keys
    assert kept_on_tracks(mannequin) == [own]
    assert not own.use_fake_user


def test_the_same_seed_gives_the_same_keys(mannequin):
    made = []
    for seed in (3, 3, 5):
        generate(seed=seed)
        made.append(values_of(mannequin.animation_data.action))
    first, again, other = made
    # Bones are measured in the pose that is shown, to single precision.
    np.testing.assert_allclose(first, again, rtol=0, atol=1e-6)
    assert np.abs(first - other).max() > 0.01


def test_auto_length_is_the_engines_choice(mannequin):
    generate(seconds=0.0)
    assert len(frames_of(mannequin.animation_data.action)) == 60


@pytest.mark.parametrize("turn_degrees", [0.0, 90.0, 215.0])
def test_the_motion_starts_where_the_character_stands_and_goes_where_it_faces(
    mannequin, turn_degrees
):
    turn = math.radians(turn_degrees)
    mannequin.location = (3.0, -2.0, 0.5)
    mannequin.rotation_euler = (0.0, 0.0, turn)
    stood = hips(mannequin, 1)
    generate()
    start, way = hips(mannequin, 1), hips(mannequin, 60) - hips(mannequin, 1)
    assert np.abs(start[:2] - stood[:2]).max() < 0.01
    # A figure faces -Y.
    facing = np.array([math.sin(turn), -math.cos(turn)])
    assert way[:2] @ facing / np.linalg.norm(way[:2]) > 0.999


def test_the_next_motion_goes_on_where_the_last_one_ended(mannequin):
    generate()
    end = hips(mannequin, 60)
    generate("and goes on")
    assert np.abs(hips(mannequin, 60)[:2] - end[:2]).max() < 0.01


def test_world_origin_starts_there_wherever_the_character_stands(mannequin):
    mannequin.location = (3.0, -2.0, 0.0)
    mannequin.rotation_euler = (0.0, 0.0, 1.0)
    generate(start_at="WORLD_ORIGIN")
    start, way = hips(mannequin, 1), hips(mannequin, 60) - hips(mannequin, 1)
    assert np.abs(start[:2]).max() < 0.05
    assert abs(way[0]) < 0.01
    assert way[1] < -1.5


def test_only_the_active_character_is_animated(mannequin):
    bpy.context.scene.cursor.location = (2.0, 0.0, 0.0)
    bpy.ops.keyfill.add_mannequin()
    second = bpy.context.object
    assert second != mannequin
    generate()
    assert second.animation_data.action is not None
    assert mannequin.animation_data is None or mannequin.animation_data.action is None


def test_what_the_encoder_cut_is_shown_and_forgotten(mannequin):
    status = bpy.context.window_manager.keyfill_status
    generate("one two three four five six seven eight nine ten eleven twelve")
    assert status.prompt_cut == "eleven twelve"
    generate("someone walks")
    assert status.prompt_cut == ""


def test_a_success_clears_the_last_error(mannequin):
    with pytest.raises(RuntimeError):
        generate("")
    status = bpy.context.window_manager.keyfill_status
    assert status.error
    generate()
    assert (status.error, status.remedy, status.is_running) == ("", "", False)


def test_the_engine_stays_warm_until_its_memory_is_released(mannequin):
    generate()
    first = engine_link.worker_pid()
    generate()
    assert engine_link.worker_pid() == first != 0
    assert bpy.ops.keyfill.release_memory() == {"FINISHED"}
    assert engine_link.worker_pid() == 0
    generate()
    assert engine_link.worker_pid() not in (0, first)


def test_no_model_library_enters_blenders_process(mannequin):
    import sys

    generate()
    worker_only = ("keyfill_extension.engine.worker", "keyfill_extension.engine.api")
    assert not [name for name in worker_only if name in sys.modules]


def test_the_report_says_how_many_takes_are_different():
    few = MotionResult((None,) * 6, different_takes=3)
    assert "Of 6 takes only 3 are different" in with_note("6 takes made", few)
    assert with_note("6 takes made", replace(few, different_takes=6)) == "6 takes made"
