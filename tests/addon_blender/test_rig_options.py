"""Every option of a character is heard by Generate, end to end with a worker."""

import addon_utils
import bpy
import numpy as np
import pytest
from keyfill_extension.blender_addon.core import axes
from keyfill_extension.blender_addon.scene.reading import rig_settings
from keyfill_extension.blender_addon.scene.reading.rig_target import read_object_stance
from keyfill_extension.blender_addon.tasks.generating import read_target
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.rig_options import IK, OBJECT, RigOptions
from keyfill_extension.tests.addon_blender.characters import add_toy_character
from keyfill_extension.tests.addon_blender.fake_worker import fake_worker
from keyfill_extension.tests.addon_blender.versions import curves_of

LAST = 60


@pytest.fixture(scope="module", autouse=True)
def engine(registered_addon):
    with fake_worker():
        yield


@pytest.fixture
def mannequin(empty_scene):
    bpy.ops.keyfill.add_mannequin()
    empty_scene.render.fps = 30
    return bpy.context.object


def generate(ob, **options):
    for name, value in options.items():
        setattr(ob.keyfill_rig, name, value)
    settings = bpy.context.scene.keyfill
    settings.prompt, settings.seconds = "someone walks", 2.0
    bpy.context.scene.frame_set(1)
    assert bpy.ops.keyfill.generate() == {"FINISHED"}
    return ob.animation_data.action


def keyed_paths(action):
    return {curve.data_path for curve in curves_of(action)}


def key_count(action):
    return sum(len(curve.keyframe_points) for curve in curves_of(action))


def at(frame, ob, bone):
    """Where a bone's head is in the world at a frame, and where the object is."""
    bpy.context.scene.frame_set(frame)
    evaluated = ob.evaluated_get(bpy.context.evaluated_depsgraph_get())
    world = evaluated.matrix_world
    return np.array(world @ evaluated.pose.bones[bone].head), np.array(world.translation)


def joints_over_time(ob, bones, frames=(1, 20, 41, LAST)):
    return np.array([[at(frame, ob, bone)[0] for bone in bones] for frame in frames])


BODY = ("hips", "head", "hand.L", "hand.R", "foot.L", "foot.R")


def test_the_hips_carry_the_path_by_default(mannequin):
    generate(mannequin)
    (first, still), (last, as_still) = (at(frame, mannequin, "hips") for frame in (1, LAST))
    assert np.linalg.norm(last - first) > 1.5
    np.testing.assert_array_equal(still, as_still)


def test_in_place_stays_where_it_began(mannequin):
    generate(mannequin, in_place=True)
    (first, _), (last, _) = (at(frame, mannequin, "hips") for frame in (1, LAST))
    assert np.linalg.norm((last - first)[:2]) < 1e-3


def test_the_object_carries_the_path_and_the_body_does_the_same(mannequin):
    mannequin.location, mannequin.rotation_euler = (1.0, 2.0, 0.0), (0.0, 0.0, 0.7)
    bpy.context.view_layer.update()
    generate(mannequin)
    wanted = joints_over_time(mannequin, BODY)
    bpy.context.scene.frame_set(1)
    action = generate(mannequin, root_motion="OBJECT")
    assert "location" in keyed_paths(action)
    (_, first), (_, last) = (at(frame, mannequin, "hips") for frame in (1, LAST))
    assert np.linalg.norm(last - first) > 1.5
    assert np.abs(joints_over_time(mannequin, BODY) - wanted).max() < 1e-3


def add_root(ob, hips):
    bpy.context.view_layer.objects.active = ob
    bpy.ops.object.mode_set(mode="EDIT")
    root = ob.data.edit_bones.new("root")
    root.tail = (0, 0.3, 0)
    ob.data.edit_bones[hips].parent = root
    bpy.ops.object.mode_set(mode="OBJECT")


def test_the_root_bone_carries_the_path_and_the_body_does_the_same(empty_scene):
    empty_scene.render.fps = 30
    ob = add_toy_character()
    add_root(ob, "mixamorig:Hips")
    body = tuple("mixamorig:" + name for name in ("Hips", "Head", "LeftHand", "RightFoot"))
    generate(ob)
    wanted = joints_over_time(ob, body)
    action = generate(ob, root_motion="ROOT_BONE")
    assert 'pose.bones["root"].location' in keyed_paths(action)
    first, last = (at(frame, ob, "root")[0] for frame in (1, LAST))
    assert np.linalg.norm(last - first) > 1.5
    assert np.abs(joints_over_time(ob, body) - wanted).max() < 1e-3


@pytest.mark.parametrize("root_motion", ["HIPS", "ROOT_BONE", "OBJECT"])
def test_an_edit_that_changes_nothing_leaves_path_and_body_where_they_are(
    empty_scene, root_motion
):
    """The engine gives the clip back as it was: whatever carries the path, it is read and kept."""
    empty_scene.render.fps = 30
    ob = add_toy_character()
    add_root(ob, "mixamorig:Hips")
    paths = keyed_paths(generate(ob, root_motion=root_motion))
    body = tuple("mixamorig:" + name for name in ("Hips", "Head", "LeftHand", "RightFoot"))
    before = joints_over_time(ob, body, range(15, 46))
    settings = bpy.context.scene.keyfill
    settings.frame_start, settings.frame_end = 20, 40
    assert bpy.ops.keyfill.regenerate() == {"FINISHED"}
    assert np.abs(joints_over_time(ob, body, range(15, 46)) - before).max() < 1e-4
    assert keyed_paths(ob.animation_data.action) == paths


def test_a_root_bone_that_is_not_there_is_refused_with_the_cure(mannequin):
    mannequin.keyfill_rig.root_motion = "ROOT_BONE"
    bpy.context.scene.keyfill.prompt = "someone walks"
    with pytest.raises(RuntimeError, match="[Rr]oot"):
        bpy.ops.keyfill.generate()
    assert mannequin.animation_data is None or mannequin.animation_data.action is None


@pytest.mark.parametrize("scale", [(1, 1, 1), (0.01, 0.01, 0.01), (-2, 2, 2), (-3, -3, -3)])
@pytest.mark.parametrize("parented", [False, True])
def test_the_objects_stance_takes_rig_space_to_the_space_of_its_parent(
    mannequin, scale, parented
):
    if parented:
        empty = bpy.data.objects.new("Empty", None)
        bpy.context.collection.objects.link(empty)
        empty.location, empty.rotation_euler = (3.0, 1.0, 0.5), (0.3, 0.2, 0.1)
        bpy.context.view_layer.update()
        mannequin.parent, mannequin.matrix_parent_inverse = empty, empty.matrix_world.inverted()
    mannequin.location, mannequin.rotation_euler = (1.0, 2.0, 3.0), (0.4, -0.5, 0.6)
    mannequin.scale = scale
    bpy.context.view_layer.update()
    stance = read_object_stance(mannequin)
    points = np.random.default_rng(1).normal(size=(5, 3))
    moved = stance.location + quaternions.rotate(
        stance.rotation, stance.scale * axes.vectors_to_engine(points)
    )
    matrix = np.array(mannequin.matrix_local)
    wanted = points @ matrix[:3, :3].T + matrix[:3, 3]
    assert np.abs(moved - axes.vectors_to_engine(wanted)).max() < 1e-5


def test_every_option_reaches_what_the_clip_is_put_on(mannequin):
    wanted = RigOptions(OBJECT, True, IK, False, True, True, 0.1, 3.3)
    rig_settings.write_options(mannequin, wanted)
    target = read_target(bpy.context, "a take")
    assert target.target.options == target.keys.options == wanted


def test_thinned_keys_are_fewer_and_show_the_same_within_the_tolerance(mannequin):
    dense = generate(mannequin)
    wanted = joints_over_time(mannequin, BODY)
    thinned = generate(mannequin, thin=True, thin_degrees=0.5, thin_millimetres=2.0)
    assert key_count(thinned) < 0.4 * key_count(dense)
    assert np.abs(joints_over_time(mannequin, BODY) - wanted).max() < 0.03


def add_fingers(ob, hand):
    """Give the hand fingers of three bones each, so that they are recognised as such."""
    bpy.context.view_layer.objects.active = ob
    bpy.ops.object.mode_set(mode="EDIT")
    palm = ob.data.edit_bones[hand].head.copy()
    for digit, name in enumerate(("Thumb", "Index", "Middle", "Ring", "Pinky")):
        above = ob.data.edit_bones[hand]
        for segment in range(3):
            bone = ob.data.edit_bones.new(f"{hand}{name}{segment + 1}")
            out = 0.05 + 0.03 * segment
            bone.head = palm
            bone.head.x += out
            bone.head.y += 0.02 * (digit - 2)
            bone.tail = bone.head
            bone.tail.x += 0.03
            bone.parent, above = above, bone
    bpy.ops.object.mode_set(mode="OBJECT")


@pytest.mark.parametrize("relax", [True, False])
def test_fingers_relax_where_that_is_wished(empty_scene, relax):
    ob = add_toy_character()
    add_fingers(ob, "mixamorig:LeftHand")
    paths = keyed_paths(generate(ob, relax_fingers=relax))
    fingers = [path for path in paths if "LeftHandIndex" in path]
    assert bool(fingers) == relax


@pytest.mark.parametrize("controls", ["FK", "IK"])
def test_keys_go_to_the_controls_that_were_chosen(empty_scene, controls):
    addon_utils.enable("rigify", default_set=True)
    bpy.ops.object.armature_basic_human_metarig_add()
    bpy.ops.pose.rigify_generate()
    ob = bpy.context.object
    empty_scene.render.fps = 30
    paths = keyed_paths(generate(ob, limb_controls=controls))
    assert any("hand_ik.L" in path for path in paths) == (controls == "IK")
    assert any("forearm_fk.L" in path for path in paths) == (controls == "FK")
    bpy.context.scene.frame_set(LAST)
    assert ob.pose.bones["upper_arm_parent.L"]["IK_FK"] == (0.0 if controls == "IK" else 1.0)
