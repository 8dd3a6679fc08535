"""Reading armatures, and real motion on real characters: limbs, size, turn, stance."""

import addon_utils
import bpy
import numpy as np
import pytest
from keyfill_extension.blender_addon.core import axes
from keyfill_extension.blender_addon.scene import mannequin
from keyfill_extension.blender_addon.scene.reading import armature
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.clip import headings
from keyfill_extension.engine.motion.request import RequestError
from keyfill_extension.engine.motion.retargeting.clip_to_rig import (
    heading_of_pose,
    rig_pose_to_clip,
)
from keyfill_extension.engine.motion.rig import RigPose
from keyfill_extension.engine.motion.skeleton import JOINT_INDEX
from keyfill_extension.tests.addon_blender.characters import (
    add_toy_character,
    corpus_clip,
    limb_errors,
    put_clip,
    world_joints,
)
from keyfill_extension.tests.addon_blender.empty_files import open_empty_file
from keyfill_extension.tests.addon_blender.real_characters import import_file
from keyfill_extension.tests.motion.toy_rigs import Shape, wild_clip

WALK, KICK, SIT, STEPS = "cmu_08_02", "cmu_10_01", "cmu_14_27_s01", "sb_Brad_OpenDoor"


def depsgraph():
    return bpy.context.evaluated_depsgraph_get()


def add_metarig():
    addon_utils.enable("rigify", default_set=True)
    bpy.ops.object.armature_human_metarig_add()
    return bpy.context.object


def add_xbot(shared):
    path = shared / "rigs" / "Xbot.glb"
    if not path.is_file():
        pytest.skip(f"needs {path}")
    import_file(path)
    ob = next(ob for ob in bpy.context.scene.objects if ob.type == "ARMATURE")
    for mesh in list(ob.children):
        bpy.data.objects.remove(mesh)  # only bones are measured
    ob.animation_data_clear()
    for bone in ob.pose.bones:
        bone.matrix_basis.identity()
    return ob


def add_character(kind, shared):
    if kind == "mannequin":
        ob = mannequin.add_mannequin(bpy.context)
        ob.children[0].hide_viewport = True
        return ob
    if kind == "metarig":
        return add_metarig()
    if kind == "xbot":
        return add_xbot(shared)
    return add_toy_character()


@pytest.mark.slow
@pytest.mark.parametrize("clip_name", [WALK, KICK, SIT])
@pytest.mark.parametrize("kind", ["mannequin", "metarig", "mixamo names", "xbot"])
def test_limbs_follow_a_recorded_clip(kind, clip_name, shared):
    ob, clip = add_character(kind, shared), corpus_clip(shared, clip_name)
    _, bone_map, _ = put_clip(ob, clip)
    assert bone_map.missing == ()
    errors = limb_errors(ob, bone_map, clip, 1, range(0, clip.frames, 5))
    assert errors.mean() < 1.5 and errors.max() < 6.0


@pytest.mark.parametrize("kind", ["mannequin", "metarig", "mixamo names", "xbot"])
def test_feet_on_the_floor_stay_there(kind, shared):
    """Where a foot of the clip lies flat on the floor, the rig's is as it is at rest."""
    ob, clip = add_character(kind, shared), corpus_clip(shared, STEPS)
    _, bone_map, _ = put_clip(ob, clip)
    rest = {
        joint: (ob.matrix_world @ ob.data.bones[bone].head_local).z
        for joint, bone in bone_map.bones.items()
    }
    heights = clip.joints()[..., 1]
    planted = 0
    for side in ("left", "right"):
        toes, ankle = (JOINT_INDEX[f"{side}_{joint}"] for joint in ("foot", "ankle"))
        flat = (np.abs(heights[:, toes] - 0.02) < 0.01) & (
            np.abs(heights[:, ankle] - 0.075) < 0.015
        )
        for frame in np.flatnonzero(flat)[::9]:
            bpy.context.scene.frame_set(1 + int(frame))
            found = world_joints(ob, bone_map)
            for joint in (f"{side}_foot", f"{side}_ankle"):
                assert abs(found[joint][1] - rest[joint]) < 0.025, (joint, frame)
            planted += 1
    assert planted > 8


@pytest.mark.parametrize("kind", ["mannequin", "metarig", "xbot"])
def test_what_was_written_reads_back_as_the_clip(kind, shared):
    ob, clip = add_character(kind, shared), corpus_clip(shared, KICK).cut(60, 100)
    rig, bone_map, _ = put_clip(ob, clip, start=11)
    poses = []
    for frame in range(clip.frames):
        bpy.context.scene.frame_set(11 + frame)
        poses.append(armature.read_pose(ob, rig, depsgraph()))
    pose = RigPose(
        np.concatenate([pose.rotations for pose in poses]),
        np.concatenate([pose.heads for pose in poses]),
    )
    back = rig_pose_to_clip(pose, rig, bone_map, 30.0)
    assert np.degrees(quaternions.angle_between(back.rot, clip.rot)).max() < 0.1
    assert np.abs(back.root_pos - clip.root_pos).max() < 1e-3


@pytest.mark.parametrize(
    ("turn", "scale"),
    [((0, 0, np.pi / 2), 1.0), ((0, 0, 0.7), 0.01), ((np.pi / 2, 0, 0), 100.0)],
)
def test_object_rotation_and_scale_are_honoured(turn, scale):
    """Starting where the character stands: upright in the world, from its place, its own size."""
    body = axes.orientations_to_engine(np.array([1.0, 0, 0, 0]))
    upright_data = turn[0] == 0
    shape = Shape(arms_down_degrees=40) if upright_data else Shape(arms_down_degrees=40, body=body)
    ob = add_toy_character(shape)
    ob.location, ob.rotation_euler, ob.scale = (3.0, -2.0, 0.0), turn, (scale,) * 3
    bpy.context.view_layer.update()
    clip = wild_clip(20, amount=0.2)
    clip = clip.moved(0.0, -clip.root_pos[0] * np.array([1, 0, 1]))
    rig = armature.read_rig(ob)
    bone_map = armature.read_bone_map(ob, rig)
    rest = world_joints(ob, bone_map)
    stance = armature.read_stance(ob, rig, bone_map, depsgraph())
    put_clip(ob, clip, placement=stance)
    joints = clip.joints()
    bpy.context.scene.frame_set(1)
    start = world_joints(ob, bone_map)
    middle = (start["left_hip"] + start["right_hip"]) / 2
    hips = joints[0, [1, 2]].mean(0)
    turned = quaternions.rotate(_rest_facing(rest), hips)
    floor_point = (rest["left_hip"] + rest["right_hip"]) / 2 * np.array([1, 0, 1])
    assert np.abs(middle - floor_point - turned * scale).max() < 1e-3 * scale
    bpy.context.scene.frame_set(20)
    end = world_joints(ob, bone_map)
    for joint in ("left_ankle", "right_wrist", "head"):
        moved = quaternions.rotate(_rest_facing(rest), joints[-1, JOINT_INDEX[joint]])
        assert np.abs(end[joint] - floor_point - moved * scale).max() < 2e-3 * scale


def _rest_facing(rest):
    left = rest["left_hip"] - rest["right_hip"]
    return quaternions.yaw_to_quaternion(np.arctan2(-left[2], left[0]))


def test_a_take_starts_where_the_last_one_ended(shared):
    ob, clip = mannequin.add_mannequin(bpy.context), corpus_clip(shared, WALK)
    ob.rotation_euler = (0, 0, 1.0)
    clip = clip.moved(0.8, np.array([0.5, 0.0, 0.2]))
    rig, bone_map, _ = put_clip(ob, clip)
    bpy.context.scene.frame_set(clip.frames)
    ended = world_joints(ob, bone_map)
    stance = armature.read_stance(ob, rig, bone_map, depsgraph())
    still = corpus_clip(shared, WALK).cut(0, 30)
    put_clip(ob, still, start=clip.frames, placement=stance)
    bpy.context.scene.frame_set(clip.frames)
    begun = world_joints(ob, bone_map)
    for place in (0, 2):
        hips = [(pose["left_hip"] + pose["right_hip"])[place] / 2 for pose in (ended, begun)]
        assert hips[0] == pytest.approx(hips[1], abs=0.03)
    lefts = [(pose["left_hip"] - pose["right_hip"])[[0, 2]] for pose in (ended, begun)]
    cosine = lefts[0] @ lefts[1] / np.prod(np.linalg.norm(lefts, axis=1))
    assert cosine > np.cos(np.radians(12))
    assert np.linalg.norm(ended["pelvis"][[0, 2]]) > 0.5


def test_the_world_origin_is_the_other_choice(shared):
    ob, clip = mannequin.add_mannequin(bpy.context), corpus_clip(shared, WALK)
    ob.location, ob.rotation_euler, ob.scale = (4, 5, 1), (0, 0, 2.0), (0.5,) * 3
    bpy.context.view_layer.update()
    put_clip(ob, clip, placement=armature.world_origin(ob, depsgraph()))
    bpy.context.scene.frame_set(1)
    rig = armature.read_rig(ob)
    bone_map = armature.read_bone_map(ob, rig)
    found = world_joints(ob, bone_map)
    assert np.abs(found["pelvis"][[0, 2]]).max() < 0.05
    left = found["left_hip"] - found["right_hip"]
    assert abs(np.degrees(np.arctan2(left[2], left[0]))) < 10
    assert min(found["left_foot"][1], found["right_foot"][1]) < 0.06


def test_unit_scale_changes_nothing_but_the_mannequins_size(shared):
    bpy.context.scene.unit_settings.scale_length = 0.01
    ob, clip = mannequin.add_mannequin(bpy.context), corpus_clip(shared, WALK)
    _, bone_map, _ = put_clip(ob, clip)
    assert limb_errors(ob, bone_map, clip, 1, range(0, clip.frames, 15)).max() < 1.5
    bpy.context.scene.frame_set(1)
    start = world_joints(ob, bone_map)["pelvis"]
    bpy.context.scene.frame_set(clip.frames)
    metres = np.linalg.norm(world_joints(ob, bone_map)["pelvis"] - start) * 0.01
    path = np.linalg.norm(clip.root_pos[-1] - clip.root_pos[0])
    assert metres == pytest.approx(path * 0.92 / 0.875, rel=0.02)


def test_a_posed_root_bone_is_where_the_character_stands():
    """A root above the hips that gets no keys: the motion starts there and follows its turn."""
    ob = add_toy_character()
    bpy.context.view_layer.objects.active = ob
    bpy.ops.object.mode_set(mode="EDIT")
    root = ob.data.edit_bones.new("root")
    root.tail = (0, 0.2, 0)
    ob.data.edit_bones["mixamorig:Hips"].parent = root
    bpy.ops.object.mode_set(mode="OBJECT")
    bone = ob.pose.bones["root"]
    bone.rotation_mode = "XYZ"
    bone.location, bone.rotation_euler = (2.0, 0.0, 0.0), (0, 0, 1.2)
    bpy.context.view_layer.update()
    clip = wild_clip(10, amount=0.2)
    clip = clip.moved(0.0, -clip.root_pos[0] * np.array([1, 0, 1]))
    rig = armature.read_rig(ob)
    bone_map = armature.read_bone_map(ob, rig)
    stance = armature.read_stance(ob, rig, bone_map, depsgraph())
    before = heading_of_pose(armature.read_pose(ob, rig, depsgraph()), rig, bone_map)
    put_clip(ob, clip, placement=stance)
    bpy.context.scene.frame_set(1)
    after = heading_of_pose(armature.read_pose(ob, rig, depsgraph()), rig, bone_map)
    assert np.abs((after[0] - before[0])[0, [0, 2]]).max() < 0.05
    turned = headings(after[1]) - headings(before[1]) - headings(clip.rot[:1, 0])
    assert abs(np.degrees(turned[0])) < 1e-3
    assert np.linalg.norm(stance.position[[0, 2]]) == pytest.approx(2.0, abs=0.05)


def test_a_crouch_is_on_the_floor_and_a_platform_is_above_it():
    ob = mannequin.add_mannequin(bpy.context)
    rig = armature.read_rig(ob)
    bone_map = armature.read_bone_map(ob, rig)
    hips = ob.pose.bones["hips"]
    for lift, floor in ((0.05, 0.0), (1.0, 1.0)):
        matrix = hips.bone.matrix_local.copy()
        matrix.translation.z += lift
        hips.matrix = matrix
        bpy.context.view_layer.update()
        stance = armature.read_stance(ob, rig, bone_map, depsgraph())
        assert stance.position[1] == pytest.approx(floor, abs=1e-3)


def test_what_cannot_be_animated_says_what_to_do():
    with pytest.raises(RequestError, match="No armature is selected"):
        armature.check_armature(None)
    mesh = bpy.data.objects.new("Cube", bpy.data.meshes.new("Cube"))
    with pytest.raises(RequestError, match="No armature is selected"):
        armature.check_armature(mesh)
    empty = bpy.data.objects.new("Empty rig", bpy.data.armatures.new("Empty rig"))
    with pytest.raises(RequestError, match='"Empty rig" has no bones'):
        armature.read_rig(empty)
    ob = add_toy_character()
    armature.check_armature(ob)
    for scale in ((1.0, 2.0, 1.0), (-1.0, 1.0, -1.2), (0.0, 0.0, 0.0)):
        ob.scale = scale
        bpy.context.view_layer.update()
        with pytest.raises(RequestError, match="scaled unevenly"):
            armature.check_armature(ob)


def test_a_linked_armature_asks_for_an_override(tmp_path):
    ob = add_toy_character()
    path = tmp_path / "character.blend"
    bpy.data.libraries.write(str(path), {ob})
    open_empty_file()
    with bpy.data.libraries.load(str(path), link=True) as (source, target):
        target.objects = source.objects
    linked = target.objects[0]
    bpy.context.collection.objects.link(linked)
    with pytest.raises(RequestError, match="Library Override"):
        armature.check_armature(linked)
    override = linked.override_create(remap_local_usages=True)
    armature.check_armature(override)


def test_an_unknown_armature_is_named():
    ob = bpy.data.objects.new("Crane", bpy.data.armatures.new("Crane"))
    bpy.context.collection.objects.link(ob)
    bpy.context.view_layer.objects.active = ob
    bpy.ops.object.mode_set(mode="EDIT")
    ob.data.edit_bones.new("Boom").tail = (0, 0, 1)
    bpy.ops.object.mode_set(mode="OBJECT")
    rig = armature.read_rig(ob)
    with pytest.raises(RequestError, match='"Crane"'):
        armature.read_bone_map(ob, rig)
