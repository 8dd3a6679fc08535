"""Settings of bones and armatures that lead keys astray: each works, or is told with its cure."""

from dataclasses import replace

import bpy
import numpy as np
import pytest
from keyfill_extension.blender_addon.core import axes
from keyfill_extension.blender_addon.scene.curves import curve_keys
from keyfill_extension.blender_addon.scene.keys import keyframes
from keyfill_extension.blender_addon.scene.keys.keyframes import TakeKeys
from keyfill_extension.blender_addon.scene.keys.masked_keys import SpanKeys, write_span
from keyfill_extension.blender_addon.scene.reading import armature
from keyfill_extension.blender_addon.scene.reading.edit_target import bag_of
from keyfill_extension.blender_addon.scene.reading.rig_target import read_rig_target
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.request import RequestError
from keyfill_extension.engine.motion.retargeting.clip_to_rig import (
    RigMotion,
    RootTrack,
    fit_clip_to_rig,
)
from keyfill_extension.engine.motion.rig_options import OBJECT, ROOT_BONE, ROOT_MOTIONS, RigOptions
from keyfill_extension.tests.addon_blender.characters import (
    add_toy_character,
    limb_errors,
    put_clip,
    world_joints,
)
from keyfill_extension.tests.addon_blender.empty_files import open_empty_file
from keyfill_extension.tests.motion.toy_rigs import wild_clip

HIPS, SPINE, HEAD = "mixamorig:Hips", "mixamorig:Spine1", "mixamorig:Head"
ARM, FOREARM, HAND = (f"mixamorig:Left{name}" for name in ("Arm", "ForeArm", "Hand"))
THIGH = "mixamorig:RightUpLeg"
INHERIT_SCALE = ("FULL", "FIX_SHEAR", "ALIGNED", "AVERAGE", "NONE", "NONE_LEGACY")
CLIP = wild_clip(24, amount=0.4)
TAKE = TakeKeys("a take", 1, 30.0)


def add_character(change=None, root=False):
    """A toy character whose edit bones were changed; with a bone above the hips if wanted."""
    ob = add_toy_character()
    bpy.ops.object.mode_set(mode="EDIT")
    bones = ob.data.edit_bones
    if root:
        bone = bones.new("root")
        bone.head, bone.tail, bone.roll = (0.1, 0.2, 0.0), (0.2, 0.5, 0.1), 0.4
        bones[HIPS].parent = bone
    if change:
        change(bones)
    bpy.ops.object.mode_set(mode="OBJECT")
    return ob


def joints_over(ob, bone_map, clip=CLIP):
    """World heads of the mapped joints on every frame, (T, M, 3)."""
    rows = []
    for frame in range(clip.frames):
        bpy.context.scene.frame_set(1 + frame)
        rows.append(list(world_joints(ob, bone_map).values()))
    return np.array(rows)


def plain_joints():
    ob = add_character(root=True)
    return joints_over(ob, put_clip(ob, CLIP)[1])


def keyed(action):
    """Data paths with the indices that have keys."""
    found = {}
    for curve in bag_of(action, action.slots[0] if hasattr(action, "slots") else None).fcurves:
        found.setdefault(curve.data_path, set()).add(curve.array_index)
    return found


def curve_of(action, path, index=0):
    bag = bag_of(action, action.slots[0] if hasattr(action, "slots") else None)
    return bag.fcurves.find(path, index=index)


def path(bone, name="rotation_quaternion"):
    return f'pose.bones["{bone}"].{name}'


def still_motion(frames=5, bones=(HIPS, SPINE, ARM), angle=0.5):
    """Every bone turns by up to `angle` about an axis of its own; the hips rise."""
    axis = quaternions.normalize(np.array([0.0, 1.0, 2.0, 2.0]))[1:]
    turns = quaternions.axis_angle_to_quaternion(axis, np.linspace(0, angle, frames))
    rotations = np.repeat(turns[:, None], len(bones), axis=1)
    return RigMotion(bones, rotations, HIPS, np.linspace(0, 1, frames)[:, None] * [1, 2, 3], 30.0)


# ---- how bones take up what is above them


@pytest.mark.parametrize("names", [(HEAD,), (HIPS,), (SPINE, ARM), (THIGH, FOREARM, HAND)])
def test_bones_that_inherit_no_rotation_pose_the_same(names):
    def change(bones):
        for name in names:
            bones[name].use_inherit_rotation = False

    wanted = plain_joints()
    ob = add_character(change, root=True)
    ob.pose.bones["root"].rotation_mode = "XYZ"
    found = joints_over(ob, put_clip(ob, CLIP)[1])
    assert np.abs(found - wanted).max() < 1e-4
    ob.pose.bones["root"].rotation_euler = (0.3, -0.5, 0.8)
    bone_map = put_clip(ob, CLIP)[1]
    assert np.abs(joints_over(ob, bone_map) - wanted).max() < 1e-4


@pytest.mark.parametrize("root", [True, False])
def test_locations_that_are_not_local_arrive(root):
    def change(bones):
        bones[HIPS].use_local_location = False

    wanted = plain_joints()
    ob = add_character(change, root)
    if root:
        ob.pose.bones["root"].rotation_quaternion = quaternions.normalize(
            np.array([0.8, 0.1, 0.5, -0.2])
        )
    found = joints_over(ob, put_clip(ob, CLIP)[1])
    assert np.abs(found - wanted).max() < 1e-4


@pytest.mark.parametrize("mode", INHERIT_SCALE)
@pytest.mark.parametrize("names", [(HIPS,), (SPINE, ARM, THIGH)])
def test_every_way_to_inherit_scale_below_a_scaled_bone(mode, names):
    def change(bones):
        for name in names:
            bones[name].inherit_scale = mode

    wanted = plain_joints()
    ob = add_character(change, root=True)
    ob.pose.bones["root"].scale = (1.5, 1.5, 1.5)
    bone_map = put_clip(ob, CLIP)[1]
    assert limb_errors(ob, bone_map, CLIP, 1, range(0, CLIP.frames, 5)).max() < 0.1
    found = joints_over(ob, bone_map)
    size = 1.5
    if mode.startswith("NONE"):  # One of the two legs has its own size then.
        size = 1.0 if names == (HIPS,) else 1.25
    # The body grows from the floor below the point where it stands.
    hips = [list(bone_map.bones).index(f"{side}_hip") for side in ("left", "right")]
    meant = size * wanted[:, hips].mean(axis=1)
    far = np.abs(found[:, hips].mean(axis=1) - meant).max()
    assert far < (0.03 if size == 1.25 else 1e-3)


@pytest.mark.parametrize("mode", ["FULL", "FIX_SHEAR", "ALIGNED", "AVERAGE", "NONE"])
def test_an_uneven_scale_above_bends_no_limb_much(mode):
    def change(bones):
        for bone in bones:
            bone.inherit_scale = mode

    ob = add_character(change, root=True)
    ob.pose.bones["root"].scale = (1.0, 1.1, 1.0)
    bone_map = put_clip(ob, CLIP)[1]
    errors = limb_errors(ob, bone_map, CLIP, 1, range(0, CLIP.frames, 5))
    # What is sheared cannot be turned straight: a tenth of a scale is up to 2.7 degrees.
    assert errors.mean() < 2.7
    assert errors.max() < 6.0


# ---- armatures


def test_in_rest_position_the_keys_are_written_and_it_is_said():
    wanted = plain_joints()
    ob = add_character(root=True)
    rig, bone_map, action = put_clip(ob, CLIP)
    ob.data.pose_position = "REST"
    bpy.context.view_layer.update()
    written = keyframes.write_take(ob, still_motion(), TAKE)
    assert ["rest position" in note for note in written.notes] == [True]
    assert "Pose Position" in written.notes[0]
    put_clip(ob, CLIP)
    ob.data.pose_position = "POSE"
    bpy.context.view_layer.update()
    assert np.abs(joints_over(ob, bone_map) - wanted).max() < 1e-4


def test_edit_mode_is_refused_with_its_cure():
    ob = add_character()
    bpy.ops.object.mode_set(mode="EDIT")
    with pytest.raises(RequestError, match="Edit Mode. Leave Edit Mode"):
        keyframes.write_take(ob, still_motion(), TAKE)
    assert ob.animation_data is None and not bpy.data.actions
    bpy.ops.object.mode_set(mode="OBJECT")
    keyframes.write_take(ob, still_motion(), TAKE)


@pytest.mark.parametrize("factor", [0.01, 3.0])
def test_a_scaled_parent_scales_the_character(factor):
    wanted = plain_joints()
    ob = add_character(root=True)
    empty = bpy.data.objects.new("Parent", None)
    bpy.context.collection.objects.link(empty)
    empty.scale = (factor,) * 3
    empty.location = (1, 2, 3)
    ob.parent = empty
    bpy.context.view_layer.update()
    found = joints_over(ob, put_clip(ob, CLIP)[1])
    place = axes.vectors_to_engine(np.array([1.0, 2.0, 3.0]))
    assert np.abs((found - place) / factor - wanted).max() < 1e-3


def test_custom_properties_stay_untouched():
    ob = add_character()
    ob["mood"], ob.data["IK"], ob.pose.bones[ARM]["IK_FK"] = 0.3, [1, 2], 1.0
    action = keyframes.write_take(ob, still_motion(), TAKE).action
    bpy.context.scene.frame_set(3)
    assert (ob["mood"], list(ob.data["IK"]), ob.pose.bones[ARM]["IK_FK"]) == (0.3, [1, 2], 1.0)
    assert not any("[" in name.split("]")[-1] for name in keyed(action))
    assert set(keyed(action)) == {path(name) for name in (HIPS, SPINE, ARM)} | {
        path(HIPS, "location")
    }


# ---- channels that are locked, driven or constrained


@pytest.mark.parametrize(
    ("mode", "is_4d", "locks", "left"),
    [
        ("QUATERNION", True, (True, False, True, True), {1}),
        ("QUATERNION", False, (False, True, True, True), set()),
        ("QUATERNION", True, (False, True, True, True), set()),
        ("AXIS_ANGLE", True, (True, False, False, False), {1, 2, 3}),
        ("XYZ", False, (True, True, False, True), {1}),
        ("ZYX", True, (False, False, True, False), {0, 2}),
    ],
)
def test_locked_channels_get_no_keys_and_their_bones_are_named(mode, is_4d, locks, left):
    ob = add_character()
    bone = ob.pose.bones[SPINE]
    bone.rotation_mode, bone.lock_rotations_4d = mode, is_4d
    bone.lock_rotation_w, bone.lock_rotation = locks[0], locks[1:]
    ob.pose.bones[HIPS].lock_location = (False, True, False)
    written = keyframes.write_take(ob, still_motion(), TAKE)
    name = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}.get(
        mode, "rotation_euler"
    )
    found = keyed(written.action)
    assert found.get(path(SPINE, name), set()) == left
    assert found[path(HIPS, "location")] == {0, 2}
    assert found[path(ARM)] == {0, 1, 2, 3}
    assert written.notes == (f'Locked channels of "{SPINE}", "{HIPS}" stay as they are',)


@pytest.mark.parametrize("mode", ["QUATERNION", "AXIS_ANGLE"])
def test_locked_angles_of_quaternion_bones_stay(mode):
    """Blender locks XYZ angles there, as its own rotate tool does."""
    ob = add_character()
    bone = ob.pose.bones[SPINE]
    bone.rotation_mode = "XYZ"
    bone.rotation_euler = (0.2, -0.4, 0.1)
    bone.rotation_mode = mode
    bone.lock_rotations_4d, bone.lock_rotation = False, (False, True, False)
    keyframes.write_take(ob, still_motion(30, angle=1.2), TAKE)
    for frame in range(1, 31, 4):
        bpy.context.scene.frame_set(frame)
        turned = ob.pose.bones[SPINE].matrix_basis.to_euler("XYZ")
        wanted = bpy.data.objects[ob.name].pose.bones[ARM].matrix_basis.to_euler("XYZ")
        assert list(turned) == pytest.approx([wanted[0], -0.4, wanted[2]], abs=1e-4)


def test_an_edit_leaves_locked_angles_and_channels_as_they_move():
    ob = add_character()
    action = keyframes.write_take(ob, still_motion(30, angle=1.0), TAKE).action
    bone = ob.pose.bones[SPINE]
    bone.lock_rotations_4d, bone.lock_rotation = False, (True, False, False)
    ob.pose.bones[ARM].lock_rotation = (True, True, True)
    before = [curve_keys.read_keys(curve_of(action, path(ARM), index)) for index in range(4)]
    angles = []
    for frame in range(10, 21):
        bpy.context.scene.frame_set(frame)
        angles.append(bone.matrix_basis.to_euler("XYZ")[0])
    span = SpanKeys(10, 20, (SPINE, ARM), HIPS)
    report = write_span(ob, (action, None), still_motion(30, angle=-2.0), 1, span)
    assert report.notes == (f'Locked channels of "{SPINE}", "{ARM}" stay as they are',)
    for frame, angle in zip(range(10, 21), angles, strict=True):
        bpy.context.scene.frame_set(frame)
        assert bone.matrix_basis.to_euler("XYZ")[0] == pytest.approx(angle, abs=1e-4)
    after = [curve_keys.read_keys(curve_of(action, path(ARM), index)) for index in range(4)]
    assert [keys.tobytes() for keys in after] == [keys.tobytes() for keys in before]


def test_a_connected_bone_gets_no_path_and_is_named():
    def change(bones):
        bones["root"].tail = bones[HIPS].head
        bones[HIPS].use_connect = True

    ob = add_character(change, root=True)
    written = keyframes.write_take(ob, still_motion(), TAKE)
    assert path(HIPS, "location") not in keyed(written.action)
    assert f'"{HIPS}" is connected' in written.notes[0]


def test_the_path_goes_to_the_first_bone_above_that_can_move():
    def change(bones):
        bones["root"].tail = bones[HIPS].head
        bones[HIPS].use_connect = True

    ob = add_character(change, root=True)
    _, bone_map, action = put_clip(ob, CLIP)
    assert keyed(action)[path("root", "location")] == {0, 1, 2}
    assert limb_errors(ob, bone_map, CLIP, 1, range(0, CLIP.frames, 5)).max() < 0.1


def add_goal():
    goal = bpy.data.objects.new("Goal", None)
    bpy.context.collection.objects.link(goal)
    return goal


@pytest.mark.parametrize(
    ("kind", "moved"),
    [
        ("COPY_ROTATION", {FOREARM}),
        ("COPY_TRANSFORMS", {FOREARM}),
        ("DAMPED_TRACK", {FOREARM}),
        ("IK", {FOREARM, ARM}),
    ],
)
def test_bones_that_a_constraint_moves_are_skipped_and_named(kind, moved):
    ob = add_character()
    constraint = ob.pose.bones[FOREARM].constraints.new(kind)
    constraint.target = add_goal()
    if kind == "IK":
        constraint.chain_count = 2
    bpy.context.view_layer.update()
    bones = (HIPS, ARM, FOREARM, HAND)
    written = keyframes.write_take(ob, still_motion(bones=bones), TAKE)
    assert {name for name in bones if path(name) not in keyed(written.action)} == moved
    assert len(written.notes) == 1
    assert all(f'"{name}"' in written.notes[0] for name in moved)
    assert f'"{HAND}"' not in written.notes[0]
    for stop in ("mute", "influence"):
        setattr(constraint, stop, {"mute": True, "influence": 0.0}[stop])
        written = keyframes.write_take(ob, still_motion(bones=bones), TAKE)
        assert written.notes == () and path(FOREARM) in keyed(written.action)
        constraint.mute = False


@pytest.mark.parametrize("kind", ["LIMIT_ROTATION", "CHILD_OF", "COPY_LOCATION"])
def test_constraints_that_only_limit_or_carry_leave_the_keys(kind):
    ob = add_character()
    constraint = ob.pose.bones[FOREARM].constraints.new(kind)
    if kind != "LIMIT_ROTATION":
        constraint.target = add_goal()
    bpy.context.view_layer.update()
    written = keyframes.write_take(ob, still_motion(bones=(FOREARM,)), TAKE)
    assert written.notes == () and path(FOREARM) in keyed(written.action)


def test_driven_channels_are_skipped_and_named():
    ob = add_character()
    ob.pose.bones[SPINE].rotation_mode = "XYZ"
    ob.pose.bones[SPINE].driver_add("rotation_euler", 1).driver.expression = "0.25"
    ob.pose.bones[HIPS].driver_add("location", 2).driver.expression = "4"
    bpy.context.view_layer.update()
    written = keyframes.write_take(ob, still_motion(), TAKE)
    assert keyed(written.action)[path(SPINE, "rotation_euler")] == {0, 2}
    assert keyed(written.action)[path(HIPS, "location")] == {0, 1}
    assert written.notes == (
        f'Constraints or drivers move "{SPINE}", "{HIPS}", which got no keys there',
    )
    bpy.context.scene.frame_set(4)
    assert ob.pose.bones[SPINE].rotation_euler[1] == pytest.approx(0.25)


def test_edits_skip_what_a_constraint_moves_and_name_it():
    ob = add_character()
    action = keyframes.write_take(ob, still_motion(30), TAKE).action
    constraint = ob.pose.bones[SPINE].constraints.new("COPY_ROTATION")
    constraint.target = add_goal()
    bpy.context.view_layer.update()
    before = curve_keys.read_keys(curve_of(action, path(SPINE))).tobytes()
    span = SpanKeys(10, 20, (SPINE, ARM), None)
    report = write_span(ob, (action, None), still_motion(30, angle=-2.0), 1, span)
    assert curve_keys.read_keys(curve_of(action, path(SPINE))).tobytes() == before
    assert report.curves == 4
    assert f'"{SPINE}"' in report.notes[0]


# ---- the kind of keys


def has_generated_keys():
    kinds = bpy.types.Keyframe.bl_rna.properties["type"].enum_items
    return "GENERATED" in kinds.keys()  # noqa: SIM118


def test_keys_of_takes_and_edits_are_generated_and_kept_ones_stay():
    if not has_generated_keys():
        pytest.skip("this Blender marks no generated keys")
    ob = add_character()
    action = keyframes.write_take(ob, still_motion(30), TAKE).action
    curve = curve_of(action, path(SPINE))
    assert {point.type for point in curve.keyframe_points} == {"GENERATED"}
    for point in curve.keyframe_points:
        point.type = "BREAKDOWN" if point.co[0] % 2 else "KEYFRAME"
    span = SpanKeys(10, 20, (SPINE,), None)
    write_span(ob, (action, None), still_motion(30, angle=-2.0), 1, span)
    kinds = {round(point.co[0], 1): point.type for point in curve.keyframe_points}
    assert {kinds[frame] for frame in range(10, 21)} == {"GENERATED"}
    assert (kinds[9], kinds[8], kinds[21], kinds[22]) == ("BREAKDOWN", "KEYFRAME") * 2


# ---- root motion


def turning_root(bone, frames=20):
    yaw = quaternions.yaw_to_quaternion(np.linspace(0, 2.0, frames))
    steps = np.linspace(0, 1, frames)[:, None] * np.array([3.0, 0.2, 5.0])
    return RootTrack(bone, yaw, steps)


@pytest.mark.parametrize("mode", ["QUATERNION", "AXIS_ANGLE", "ZXY"])
def test_a_root_bone_carries_the_character(mode):
    ob = add_character(root=True)
    ob.pose.bones["root"].rotation_mode = mode
    still, root = still_motion(20), turning_root("root")
    motion = RigMotion(still.bones, still.rotations, HIPS, still.locations, 30.0, root)
    action = keyframes.write_take(ob, motion, TAKE).action
    assert keyed(action)[path("root", "location")] == {0, 1, 2}
    bone = ob.pose.bones["root"]
    for frame in range(20):
        bpy.context.scene.frame_set(1 + frame)
        turned = quaternions.matrix_to_quaternion(np.array(bone.matrix_basis.to_3x3()))
        assert quaternions.angle_between(turned, root.rotations[frame]) < 1e-3
        assert tuple(bone.location) == pytest.approx(root.locations[frame], abs=1e-5)


def place_object(ob, kind):
    """Turn, place and scale the object, in the way that is named."""
    ob.location, ob.scale = (1, -2, 0.5), (2.0,) * 3
    ob.rotation_mode = "XYZ"
    ob.rotation_euler = (0.1, 0.2, 0.3)
    if kind == "delta":
        ob.delta_location, ob.delta_rotation_euler = (0.3, 0.2, 0.1), (0.5, 0, -0.4)
    if kind.startswith("parent"):
        empty = add_goal()
        empty.location, empty.rotation_euler, empty.scale = (4, 5, 6), (1, 0.5, 0.2), (0.5,) * 3
        bpy.context.view_layer.update()
        ob.parent = empty
        if kind == "parent inverse":
            ob.matrix_parent_inverse = empty.matrix_world.inverted()
        if kind == "parent bone":
            carrier = add_toy_character(family="mannequin")
            ob.parent, ob.parent_type, ob.parent_bone = carrier, "BONE", "chest"
    bpy.context.view_layer.update()


@pytest.mark.parametrize("kind", ["plain", "delta", "parent", "parent inverse", "parent bone"])
@pytest.mark.parametrize("mode", ["QUATERNION", "AXIS_ANGLE", "YZX"])
def test_the_object_carries_the_character(kind, mode):
    ob = add_character()
    place_object(ob, kind)
    ob.rotation_mode = mode
    if kind == "delta":
        ob.delta_rotation_quaternion = quaternions.normalize(np.array([0.9, 0.1, 0.3, 0.2]))
    bpy.context.view_layer.update()
    present = ob.matrix_local.copy()
    still, root = still_motion(20), turning_root("")
    motion = RigMotion(still.bones, still.rotations, HIPS, still.locations, 30.0, root)
    action = keyframes.write_take(ob, motion, TAKE).action
    assert keyed(action)["location"] == {0, 1, 2}
    groups = {curve_of(action, "location", index).group.name for index in range(3)}
    assert groups == {"Object Transforms"}
    before = axes.turns_to_engine(np.array(present.to_quaternion()))
    for frame in range(0, 20, 3):
        bpy.context.scene.frame_set(1 + frame)
        place, turn, scale = ob.matrix_local.decompose()
        wanted = quaternions.multiply(root.rotations[frame], before)
        found = axes.turns_to_engine(np.array(turn))
        assert quaternions.angle_between(found, wanted) < 1e-3
        place = axes.vectors_to_engine(np.array(place))
        assert place == pytest.approx(root.locations[frame], abs=1e-4)
        assert tuple(scale) == pytest.approx(tuple(present.to_scale()), abs=1e-4)


def test_locks_of_the_object_are_respected_and_it_is_named():
    ob = add_character()
    ob.lock_location = (False, False, True)
    ob.lock_rotation = (True, True, False)
    still, root = still_motion(20), turning_root("")
    motion = RigMotion(still.bones, still.rotations, HIPS, still.locations, 30.0, root)
    written = keyframes.write_take(ob, motion, TAKE)
    assert keyed(written.action)["location"] == {0, 1}
    assert keyed(written.action)["rotation_euler"] == {2}
    assert written.notes == (f'Locked channels of "{ob.name}" stay as they are',)


def test_an_object_on_a_constraint_is_left_to_it():
    ob = add_character()
    ob.constraints.new("COPY_LOCATION").target = add_goal()
    bpy.context.view_layer.update()
    still, root = still_motion(20), turning_root("")
    motion = RigMotion(still.bones, still.rotations, HIPS, still.locations, 30.0, root)
    written = keyframes.write_take(ob, motion, TAKE)
    assert "location" not in keyed(written.action)
    assert keyed(written.action)["rotation_euler"] == {0, 1, 2}
    assert f'move "{ob.name}"' in written.notes[0]


@pytest.mark.parametrize("kind", ["plain", "delta", "parent", "parent inverse"])
def test_joints_move_the_same_whatever_carries_the_path(kind):
    found = []
    for root_motion in ROOT_MOTIONS:
        open_empty_file()
        ob = add_character(root=True)
        place_object(ob, kind)
        rig = armature.read_rig(ob)
        bone_map = replace(armature.read_bone_map(ob, rig), root="root")
        target = read_rig_target(ob, rig, None)
        target = replace(target, options=RigOptions(root_motion=root_motion))
        action = keyframes.write_take(ob, fit_clip_to_rig(CLIP, rig, bone_map, target), TAKE).action
        assert ("location" in keyed(action)) == (root_motion == OBJECT)
        assert (path("root", "location") in keyed(action)) == (root_motion == ROOT_BONE)
        found.append(joints_over(ob, bone_map))
    assert np.abs(found[0] - found[0][0]).max() > 0.1
    assert np.abs(found[1] - found[0]).max() < 1e-3
    assert np.abs(found[2] - found[0]).max() < 1e-3


def test_a_root_track_is_sampled_at_the_scenes_rate():
    ob = add_character(root=True)
    still, root = still_motion(20), turning_root("root")
    motion = RigMotion(still.bones, still.rotations, HIPS, still.locations, 30.0, root)
    action = keyframes.write_take(ob, motion, TakeKeys("a take", 1, 60.0)).action
    values = [curve_of(action, path("root", "location")).evaluate(1 + frame) for frame in range(39)]
    assert values == pytest.approx(np.linspace(0, 3.0, 39), abs=1e-4)
    assert len(curve_of(action, path("root")).keyframe_points) == 39


def test_a_root_bone_that_is_gone_is_named():
    ob = add_character()
    still = still_motion(20)
    motion = RigMotion(
        still.bones, still.rotations, HIPS, still.locations, 30.0, turning_root("root")
    )
    with pytest.raises(RequestError, match='"root" is no longer'):
        keyframes.write_take(ob, motion, TAKE)
    assert not bpy.data.actions
