"""A rest pose that lies down: a standing frame of the action is the rest reference by itself."""

import bpy
import numpy as np
import pytest
from keyfill_extension.blender_addon.core.edits.edit_requests import GENERATE, Recipe
from keyfill_extension.blender_addon.operators import edit_motion, generate
from keyfill_extension.blender_addon.scene.reading import armature, rig_settings
from keyfill_extension.tests.addon_blender.characters import corpus_clip, world_joints
from keyfill_extension.tests.addon_blender.edited_characters import editing_worker, set_settings
from keyfill_extension.tests.addon_blender.lying_characters import (
    add_lying_character,
    key_stances,
)
from keyfill_extension.tests.addon_blender.modal_probes import press
from keyfill_extension.tests.addon_blender.real_characters import load_character

NOTE = "The rest pose is no standing body: frame 10 is the rest reference now"


@pytest.fixture(autouse=True)
def worker(registered_addon, empty_scene):
    empty_scene.render.fps = 30
    set_settings(prompt="someone walks", seconds=1.0)
    with editing_worker():
        yield


@pytest.fixture
def suit():
    ob = add_lying_character()
    key_stances(ob, {1: False, 10: True, 20: False})
    bpy.context.scene.frame_set(1)
    return ob


def lean(ob, frame, low, high):
    """Degrees between the vertical and the line between two joints."""
    bpy.context.scene.frame_set(frame)
    joints = world_joints(ob, armature.read_bone_map(ob, armature.read_rig(ob)))
    line = joints[high] - joints[low]
    return float(np.degrees(np.arccos(line[1] / np.linalg.norm(line))))


def test_the_standing_frame_is_the_reference_of_a_take(suit):
    answer, reports = press(generate.KEYFILL_OT_generate)
    assert answer == {"FINISHED"}
    assert NOTE in reports[-1][1]
    assert suit.keyfill_rig.rest_reference
    assert max(lean(suit, frame, "pelvis", "neck") for frame in (1, 10, 20)) < 1.0
    for side in ("left", "right"):
        assert lean(suit, 10, f"{side}_ankle", f"{side}_hip") < 1.0


def test_the_next_take_has_the_same_reference_without_a_word(suit):
    press(generate.KEYFILL_OT_generate)
    stored = rig_settings.read_stored_reference(suit).to_numbers()
    # The take, not the animator's action, is on the character now.
    answer, reports = press(generate.KEYFILL_OT_generate)
    assert answer == {"FINISHED"}
    assert NOTE not in reports[-1][1]
    assert rig_settings.read_stored_reference(suit).to_numbers() == stored
    assert lean(suit, 15, "pelvis", "neck") < 1.0


def test_an_edit_of_the_legs_leaves_the_torso_where_it_was(suit):
    key_stances(suit, {30: True, 60: True})
    set_settings(frame_start=35, frame_end=55, parts={"LOWER_BODY"})
    before = [lean(suit, frame, "pelvis", "neck") for frame in (40, 45, 50)]
    answer, reports = press(edit_motion.KEYFILL_OT_regenerate)
    assert answer == {"FINISHED"}
    assert NOTE in reports[-1][1]
    after = [lean(suit, frame, "pelvis", "neck") for frame in (40, 45, 50)]
    np.testing.assert_allclose(after, before, atol=1.0)


def test_without_an_upright_frame_the_cure_is_named_before_a_take(empty_scene):
    ob = add_lying_character()
    key_stances(ob, {1: False, 20: False})
    count = len(bpy.data.actions)
    with pytest.raises(RuntimeError, match="no frame of its animation stands upright") as refused:
        bpy.ops.keyfill.generate()
    assert "Set Rest Reference" in str(refused.value)
    assert len(bpy.data.actions) == count
    assert not ob.keyfill_rig.rest_reference


def test_a_pose_without_keys_may_stand(empty_scene):
    ob = add_lying_character()
    key_stances(ob, {1: True})
    ob.animation_data.action = None
    answer, reports = press(generate.KEYFILL_OT_generate)
    assert answer == {"FINISHED"}
    assert "frame 1 is the rest reference now" in reports[-1][1]
    assert lean(ob, 10, "pelvis", "neck") < 1.0


def test_a_refused_take_stores_no_reference(suit):
    set_settings(prompt="fail")
    with pytest.raises(RuntimeError):
        bpy.ops.keyfill.generate()
    assert not suit.keyfill_rig.rest_reference


@pytest.mark.slow
def test_a_suit_imported_plainly(shared):
    from keyfill_extension.blender_addon.tasks import generating
    from keyfill_extension.engine.motion.request import MotionResult
    from keyfill_extension.engine.motion.skeleton import JOINT_INDEX

    ob = load_character(shared / "cases" / "rokoko_40.bvh")
    bpy.context.scene.render.fps = 30
    bpy.context.scene.frame_set(1)
    clip = corpus_clip(shared, "cmu_12_03")
    target = generating.read_target(bpy.context, "walk")
    recipe = Recipe(GENERATE, "a recorded clip")
    generating.write_takes(bpy.context, target, MotionResult((clip,)), recipe)
    joints, leans = clip.joints(), []
    for frame in range(0, clip.frames, 6):
        line = joints[frame, JOINT_INDEX["head"]] - joints[frame, JOINT_INDEX["neck"]]
        meant = np.degrees(np.arccos(line[1] / np.linalg.norm(line)))
        leans.append(abs(lean(ob, 1 + frame, "neck", "head") - meant))
    assert np.mean(leans) < 6.0
