"""A character that was sized by scaling a bone: its feet stand on the floor, its path fits."""

import bpy
import numpy as np
import pytest
from keyfill_extension.blender_addon.core.edits.edit_requests import GENERATE, Recipe
from keyfill_extension.blender_addon.tasks import generating
from keyfill_extension.engine.motion.request import MotionResult
from keyfill_extension.tests.addon_blender.characters import corpus_clip, world_joints
from keyfill_extension.tests.addon_blender.edited_characters import (
    editing_worker,
    hips_height,
    set_settings,
)

INHERIT_SCALE = ("FULL", "FIX_SHEAR", "ALIGNED", "AVERAGE", "NONE", "NONE_LEGACY")
FRAMES = range(1, 40, 6)


@pytest.fixture(autouse=True)
def clip(registered_addon, empty_scene, shared):
    empty_scene.render.fps = 30
    return corpus_clip(shared, "cmu_12_03").cut(0, 40)


def add_mannequin():
    """A mannequin below a root bone on the floor."""
    bpy.ops.keyfill.add_mannequin()
    ob = bpy.context.object
    bpy.ops.object.mode_set(mode="EDIT")
    root = ob.data.edit_bones.new("root")
    root.head, root.tail = (0.0, 0.0, 0.0), (0.0, 0.3, 0.0)
    ob.data.edit_bones["hips"].parent = root
    bpy.ops.object.mode_set(mode="OBJECT")
    return ob


def scale(ob, name, size=2.0):
    ob.pose.bones[name].scale = (size,) * 3
    bpy.context.view_layer.update()


def joints_of_take(ob, clip):
    """World heads of the mapped joints over a take, (T, M, 3)."""
    bpy.context.scene.frame_set(1)
    target = generating.read_target(bpy.context, "a walk")
    recipe = Recipe(GENERATE, "a walk")
    generating.write_takes(bpy.context, target, MotionResult((clip,)), recipe)
    rows = []
    for frame in FRAMES:
        bpy.context.scene.frame_set(frame)
        rows.append(list(world_joints(ob, target.bone_map).values()))
    return np.array(rows)


@pytest.mark.parametrize("size", [2.0, 0.5])
@pytest.mark.parametrize("name", ["root", "hips"])
def test_a_scaled_body_walks_as_it_does_at_its_own_size(clip, name, size):
    plain = joints_of_take(add_mannequin(), clip)
    ob = add_mannequin()
    scale(ob, name, size)
    np.testing.assert_allclose(joints_of_take(ob, clip), size * plain, atol=2e-3)


@pytest.mark.parametrize("mode", INHERIT_SCALE)
def test_hips_take_up_the_size_of_the_root_as_they_inherit_it(clip, mode):
    plain = joints_of_take(add_mannequin(), clip)
    ob = add_mannequin()
    ob.data.bones["hips"].inherit_scale = mode
    scale(ob, "root")
    size = 1.0 if mode.startswith("NONE") else 2.0
    np.testing.assert_allclose(joints_of_take(ob, clip), size * plain, atol=2e-3)


def test_legs_that_inherit_no_scale_carry_large_hips(clip):
    plain = joints_of_take(add_mannequin(), clip)
    ob = add_mannequin()
    for bone in ob.data.bones["hips"].children:
        bone.inherit_scale = "NONE"
    scale(ob, "hips")
    found = joints_of_take(ob, clip)
    assert abs(found[..., 1].min() - plain[..., 1].min()) < 0.02
    np.testing.assert_allclose(found[-1, 0] - found[0, 0], plain[-1, 0] - plain[0, 0], atol=0.03)


def test_the_floor_of_a_character_on_a_platform_is_the_platform(clip):
    plain = joints_of_take(add_mannequin(), clip)
    ob = add_mannequin()
    ob.pose.bones["root"].location = (0.0, 0.0, 1.0)
    scale(ob, "root")
    np.testing.assert_allclose(
        joints_of_take(ob, clip), 2.0 * plain + np.array([0.0, 1.0, 0.0]), atol=0.05
    )


def test_an_edit_of_a_scaled_body_moves_it_by_its_size(clip):
    lifts = []
    with editing_worker():
        for size in (1.0, 2.0):
            ob = add_mannequin()
            scale(ob, "hips", size)
            joints_of_take(ob, clip)
            before = hips_height(ob, 20)
            set_settings(prompt="someone walks", frame_start=12, frame_end=28, seed=3)
            assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
            lifts.append(hips_height(ob, 20) - before)
    assert lifts[0] > 0.05
    assert abs(lifts[1] - 2.0 * lifts[0]) < 0.02


@pytest.mark.parametrize("name", ["root", "hips"])
def test_a_rest_reference_of_a_scaled_body_has_its_own_size(clip, name):
    plain = joints_of_take(add_mannequin(), clip)
    ob = add_mannequin()
    scale(ob, name)
    assert bpy.ops.keyfill.set_rest_reference() == {"FINISHED"}
    np.testing.assert_allclose(joints_of_take(ob, clip), 2.0 * plain, atol=5e-3)


def test_legs_of_no_size_are_refused_with_the_cure(clip):
    ob = add_mannequin()
    scale(ob, "hips", 0.0)
    set_settings(prompt="someone walks")
    with pytest.raises(RuntimeError, match="scaled to nothing. Clear the scale"):
        bpy.ops.keyfill.generate()
