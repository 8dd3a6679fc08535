"""The bone map, the rest reference and the options of a character: set, kept, used."""

import json
from pathlib import Path

import addon_utils
import bpy
import numpy as np
import pytest
from keyfill_extension.blender_addon import preferences
from keyfill_extension.blender_addon.core.rigs import rows as rig_rows
from keyfill_extension.blender_addon.operators.rig_presets import preset_folder
from keyfill_extension.blender_addon.scene.controls import rigs as control_rigs
from keyfill_extension.blender_addon.scene.reading import armature, rig_settings
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.request import RequestError
from keyfill_extension.engine.motion.rig_options import IK, OBJECT, RigOptions
from keyfill_extension.engine.motion.skeleton import JOINTS
from keyfill_extension.tests.addon_blender.characters import (
    add_toy_character,
    limb_errors,
    put_clip,
)
from keyfill_extension.tests.addon_blender.empty_files import open_empty_file
from keyfill_extension.tests.addon_blender.snapshots import snapshot
from keyfill_extension.tests.motion.toy_rigs import wild_clip

pytestmark = pytest.mark.usefixtures("registered_addon")


@pytest.fixture
def hero(empty_scene):
    return add_toy_character()


@pytest.fixture
def presets(tmp_path, monkeypatch):
    """A user folder of the test's own."""
    monkeypatch.setattr(
        "keyfill_extension.blender_addon.operators.rig_presets.preset_folder",
        lambda: tmp_path / "own" / "rig_presets",
    )
    return tmp_path / "own" / "rig_presets"


def stored(ob):
    return rig_settings.read_rows(ob)


def row_of(ob, joint):
    return next(row for row in stored(ob) if row.joint == joint)


def everything_stored(ob):
    return stored(ob), ob.keyfill_rig.rest_reference, rig_settings.read_options(ob)


def activate_bone(ob, name):
    bpy.context.view_layer.objects.active = ob
    bpy.ops.object.mode_set(mode="POSE")
    ob.data.bones.active = ob.data.bones[name]


def delete_bone(ob, name):
    bpy.context.view_layer.objects.active = ob
    bpy.ops.object.mode_set(mode="EDIT")
    ob.data.edit_bones.remove(ob.data.edit_bones[name])
    bpy.ops.object.mode_set(mode="OBJECT")


def use_map(ob):
    return armature.read_bone_map(ob, armature.read_rig(ob))


def change_everything(ob):
    """Store something in every place."""
    bpy.ops.keyfill.map_bones()
    bpy.ops.keyfill.clear_bone(joint="left_foot")
    ob.pose.bones["mixamorig:LeftArm"].rotation_quaternion = (0.8, 0.6, 0.0, 0.0)
    bpy.ops.keyfill.set_rest_reference()
    rig_settings.write_options(ob, RigOptions(OBJECT, True, IK, False, True, True, 0.1, 3.3))


def test_without_a_map_bones_are_recognised_at_use(hero):
    assert rig_rows.is_empty(stored(hero))
    assert use_map(hero).missing == ()


def test_map_bones_stores_every_joint_with_confidence_and_reason(hero):
    assert bpy.ops.keyfill.map_bones() == {"FINISHED"}
    assert [row.joint for row in stored(hero)] == list(JOINTS)
    assert all(row.bone and row.confidence > 0 and row.reason for row in stored(hero))
    assert rig_rows.bones_of(stored(hero)) == dict(use_map(hero).bones)


def test_the_active_pose_bone_is_taken_with_one_click(hero):
    bpy.ops.keyfill.map_bones()
    activate_bone(hero, "mixamorig:Spine")
    assert bpy.ops.keyfill.assign_bone(joint="pelvis") == {"FINISHED"}
    row = row_of(hero, "pelvis")
    assert (row.bone, row.by_hand) == ("mixamorig:Spine", True)
    assert row_of(hero, "spine1").bone == ""


def test_a_click_before_any_mapping_fills_the_other_rows(hero):
    activate_bone(hero, "mixamorig:Neck")
    bpy.ops.keyfill.assign_bone(joint="head")
    assert row_of(hero, "head").bone == "mixamorig:Neck"
    assert row_of(hero, "left_knee").bone == "mixamorig:LeftLeg"


def test_the_search_field_counts_as_a_choice_by_hand(hero):
    bpy.ops.keyfill.map_bones()
    hero.keyfill_rig.rows.left_hip.bone = "mixamorig:LeftLeg"
    assert row_of(hero, "left_hip").by_hand
    assert row_of(hero, "left_knee").bone == ""
    assert not row_of(hero, "left_knee").by_hand


def test_choices_by_hand_survive_a_new_mapping_until_asked_for(hero):
    bpy.ops.keyfill.map_bones()
    bpy.ops.keyfill.assign_bone(joint="spine3", bone="mixamorig:Spine1")
    bpy.ops.keyfill.clear_bone(joint="right_foot")
    chosen = row_of(hero, "spine3"), row_of(hero, "right_foot")
    bpy.ops.keyfill.map_bones()
    assert (row_of(hero, "spine3"), row_of(hero, "right_foot")) == chosen
    assert use_map(hero).bones["spine3"] == "mixamorig:Spine1"
    assert "right_foot" in use_map(hero).missing
    bpy.ops.keyfill.map_bones(from_scratch=True)
    assert not any(row.by_hand for row in stored(hero))
    assert use_map(hero).missing == ()


def test_a_bone_that_is_not_there_is_refused(hero):
    bpy.ops.keyfill.map_bones()
    before = everything_stored(hero)
    with pytest.raises(RuntimeError, match='"Toy" has no bone "Tail"'):
        bpy.ops.keyfill.assign_bone(joint="head", bone="Tail")
    hero.data.bones.active = None
    with pytest.raises(RuntimeError, match='No bone of "Toy" is active'):
        bpy.ops.keyfill.assign_bone(joint="head")
    assert everything_stored(hero) == before


def test_no_humanoid_changes_nothing_and_can_be_mapped_by_hand(empty_scene):
    ob = add_toy_character(family="canonical")
    for number, bone in enumerate(ob.data.bones):
        bone.name = f"thing {number}"
    chain = bpy.data.objects.new("Crane", bpy.data.armatures.new("Crane"))
    bpy.context.collection.objects.link(chain)
    bpy.context.view_layer.objects.active = chain
    bpy.ops.object.mode_set(mode="EDIT")
    for name in ("Boom", "Hook"):
        chain.data.edit_bones.new(name).tail = (0, 0, 1)
    bpy.ops.object.mode_set(mode="OBJECT")
    with pytest.raises(RuntimeError, match='"Crane"'):
        bpy.ops.keyfill.map_bones()
    assert stored(chain) == rig_rows.EMPTY_ROWS
    bpy.ops.keyfill.assign_bone(joint="pelvis", bone="Boom")
    assert rig_rows.bones_of(stored(chain)) == {"pelvis": "Boom"}
    with pytest.raises(RequestError, match="left hip"):
        use_map(chain)


@pytest.mark.parametrize("change", ["renamed", "deleted"])
def test_a_bone_that_went_after_mapping_is_named_at_use_and_mapped_anew(hero, change):
    bpy.ops.keyfill.map_bones()
    if change == "renamed":
        hero.data.bones["mixamorig:LeftToeBase"].name = "Zehe"
    else:
        delete_bone(hero, "mixamorig:LeftToeBase")
    with pytest.raises(RequestError, match='"mixamorig:LeftToeBase" that plays the left foot'):
        use_map(hero)
    bpy.ops.keyfill.map_bones()
    assert use_map(hero).bones.get("left_foot") in (None, "Zehe")


def test_a_chosen_bone_that_went_is_forgotten_and_told(hero):
    bpy.ops.keyfill.map_bones()
    bpy.ops.keyfill.assign_bone(joint="left_foot", bone="mixamorig:LeftToeBase")
    delete_bone(hero, "mixamorig:LeftToeBase")
    assert bpy.ops.keyfill.map_bones() == {"FINISHED"}
    assert not row_of(hero, "left_foot").by_hand


def test_a_map_made_for_another_rig_says_so(hero):
    bpy.ops.keyfill.map_bones()
    other = add_toy_character(family="unreal")
    hero.data = other.data
    with pytest.raises(RequestError, match="made for another rig"):
        use_map(hero)


def test_edit_mode_and_linked_characters_are_refused(hero, tmp_path):
    bpy.ops.object.mode_set(mode="EDIT")
    with pytest.raises(RuntimeError, match="Edit Mode"):
        bpy.ops.keyfill.map_bones()
    bpy.ops.object.mode_set(mode="OBJECT")
    linked = link(hero, tmp_path)
    bpy.context.view_layer.objects.active = linked
    with pytest.raises(RuntimeError, match="Library Override"):
        bpy.ops.keyfill.map_bones()


def link(ob, tmp_path):
    """Save a character into a file and link it from there into a new one."""
    path = tmp_path / "library.blend"
    bpy.data.libraries.write(str(path), {ob})
    open_empty_file()
    with bpy.data.libraries.load(str(path), link=True) as (source, target):
        target.objects = source.objects
    bpy.context.collection.objects.link(target.objects[0])
    return target.objects[0]


def test_an_override_carries_its_own_settings_through_save_and_reload(hero, tmp_path):
    bpy.ops.keyfill.map_bones()
    bpy.ops.keyfill.clear_bone(joint="right_foot")
    linked = link(hero, tmp_path)
    own = linked.override_create(remap_local_usages=True)
    bpy.context.view_layer.objects.active = own
    assert row_of(own, "right_foot").by_hand
    change_everything(own)
    bpy.ops.keyfill.assign_bone(joint="right_foot", bone="mixamorig:RightToeBase")
    wanted = everything_stored(own)
    path = str(tmp_path / "shot.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    again = next(ob for ob in bpy.context.scene.objects if ob.override_library)
    assert everything_stored(again) == wanted
    assert wanted[0] != rig_rows.EMPTY_ROWS and wanted[1] and wanted[2] != RigOptions()
    assert armature.read_rig(again).reference is not None


def test_everything_is_saved_and_appended_with_the_object(hero, tmp_path):
    change_everything(hero)
    wanted = everything_stored(hero)
    path = str(tmp_path / "hero.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert everything_stored(bpy.data.objects["Toy"]) == wanted
    open_empty_file()
    with bpy.data.libraries.load(path, link=False) as (source, target):
        target.objects = source.objects
    assert everything_stored(bpy.data.objects["Toy"]) == wanted


def test_a_copy_of_a_character_has_settings_of_its_own(hero):
    change_everything(hero)
    wanted = everything_stored(hero)
    copy = hero.copy()
    assert everything_stored(copy) == wanted
    copy.keyfill_rig.in_place = False
    assert everything_stored(hero) == wanted


def test_each_change_is_one_undo_step(hero):
    bpy.ops.ed.undo_push(message="Before")
    before = everything_stored(hero)
    for press in (
        lambda: bpy.ops.keyfill.map_bones("EXEC_DEFAULT", True),
        lambda: bpy.ops.keyfill.clear_bone("EXEC_DEFAULT", True, joint="head"),
        lambda: bpy.ops.keyfill.set_rest_reference("EXEC_DEFAULT", True),
    ):
        press()
        after = everything_stored(bpy.data.objects["Toy"])
        assert after != before
        bpy.ops.ed.undo()
        assert everything_stored(bpy.data.objects["Toy"]) == before
        bpy.ops.ed.redo()
        assert everything_stored(bpy.data.objects["Toy"]) == after
        before = after


def test_settings_change_nothing_but_themselves(hero):
    before = snapshot()
    bpy.ops.keyfill.map_bones()
    bpy.ops.keyfill.clear_bone(joint="left_foot")
    bpy.ops.keyfill.set_rest_reference()
    assert snapshot() == before


def test_mapping_a_control_rig_changes_nothing_of_what_is_used(empty_scene):
    addon_utils.enable("rigify", default_set=True)
    bpy.ops.object.armature_basic_human_metarig_add()
    bpy.ops.pose.rigify_generate()
    ob = bpy.context.object
    before = control_rigs.read_body(ob)[1].bones
    bpy.ops.keyfill.map_bones()
    assert rig_rows.bones_of(stored(ob)) == before
    assert control_rigs.read_body(ob)[1].bones == before
    bpy.ops.keyfill.clear_bone(joint="left_foot")
    after = control_rigs.read_body(ob)[1].bones
    assert set(before) - set(after) == {"left_foot"}


# Rest reference.


def test_the_rest_reference_is_the_evaluated_pose_at_the_present_frame(hero):
    """A constraint and a key decide the pose; both are seen, at this frame only."""
    bone = hero.pose.bones["mixamorig:LeftArm"]
    for frame, angle in ((1, 0.0), (10, 1.0)):
        bone.rotation_quaternion = (np.cos(angle / 2), np.sin(angle / 2), 0.0, 0.0)
        bone.keyframe_insert("rotation_quaternion", frame=frame)
    limit = hero.pose.bones["mixamorig:RightArm"].constraints.new("COPY_ROTATION")
    limit.target, limit.subtarget = hero, "mixamorig:LeftArm"
    bpy.context.scene.frame_set(10)
    assert armature.read_rig(hero).reference is None
    bpy.ops.keyfill.set_rest_reference()
    rig = armature.read_rig(hero)
    pose = armature.read_pose(hero, rig, bpy.context.evaluated_depsgraph_get())
    assert np.abs(rig.reference.heads - pose.heads[0]).max() < 1e-5
    apart = quaternions.angle_between(rig.reference.rotations, pose.rotations[0])
    assert np.degrees(apart).max() < 0.01
    tails = np.array([bone.tail for bone in hero.pose.bones])[:, [0, 2, 1]] * [1, 1, -1]
    order = [hero.pose.bones.find(name) for name in rig.names]
    assert np.abs(rig.reference.tails - tails[order]).max() < 1e-5
    bpy.context.scene.frame_set(1)
    np.testing.assert_array_equal(armature.read_rig(hero).reference.heads, rig.reference.heads)
    assert np.abs(rig.reference.heads - rig.heads).max() > 0.1


def test_motion_arrives_through_the_reference_on_a_rig_with_a_meaningless_rest_pose(hero):
    """Limbs follow the clip with the reference, and do not without it."""
    upright = {bone.name: bone.matrix_local.copy() for bone in hero.data.bones}
    twist_rest_pose(hero)
    for name in upright:
        hero.pose.bones[name].matrix = upright[name]
        bpy.context.view_layer.update()
    bpy.ops.keyfill.map_bones()
    bpy.ops.keyfill.set_rest_reference()
    clip = wild_clip(12, amount=0.2)
    errors = {}
    for has_reference in (True, False):
        if not has_reference:
            bpy.ops.keyfill.clear_rest_reference()
        for bone in hero.pose.bones:
            bone.matrix_basis.identity()
        _, bone_map, _ = put_clip(hero, clip)
        errors[has_reference] = limb_errors(hero, bone_map, clip, 1).max()
    assert errors[True] < 1.5
    assert errors[False] > 6.0


def twist_rest_pose(ob):
    """Make a bent pose with turned bones the armature's rest pose."""
    rng = np.random.default_rng(8)
    for bone in ob.pose.bones:
        bone.rotation_mode = "XYZ"
        bone.rotation_euler = rng.normal(size=3) * 0.5
    bpy.context.view_layer.objects.active = ob
    bpy.ops.object.mode_set(mode="POSE")
    bpy.ops.pose.armature_apply(selected=False)
    bpy.ops.object.mode_set(mode="OBJECT")


def test_clearing_brings_the_rest_pose_back(hero):
    bpy.ops.keyfill.set_rest_reference()
    assert armature.read_rig(hero).reference is not None
    bpy.ops.keyfill.clear_rest_reference()
    assert armature.read_rig(hero).reference is None


def test_no_reference_is_taken_in_rest_position(hero):
    hero.data.pose_position = "REST"
    with pytest.raises(RuntimeError, match="rest position"):
        bpy.ops.keyfill.set_rest_reference()
    assert not hero.keyfill_rig.rest_reference


def test_a_stale_or_damaged_reference_names_the_character_and_the_cure(hero):
    bpy.ops.keyfill.set_rest_reference()
    hero.data.bones["mixamorig:LeftUpLeg"].name = "Oberschenkel"
    with pytest.raises(RequestError, match='"Toy".*"Oberschenkel".*Set Rest Reference'):
        armature.read_rig(hero)
    for text in ("{", "[]", "7", '{"a": 1}', '{"a": [1]}'):
        hero.keyfill_rig.rest_reference = text
        with pytest.raises(RequestError, match="damaged"):
            armature.read_rig(hero)
    bpy.ops.keyfill.clear_rest_reference()
    assert armature.read_rig(hero).reference is None


# Options.


def test_defaults_are_the_engines(hero):
    assert rig_settings.read_options(hero) == RigOptions()


def test_options_come_back_as_they_were_written(hero):
    wanted = RigOptions(OBJECT, True, IK, False, True, True, 0.1, 3.3)
    rig_settings.write_options(hero, wanted)
    assert rig_settings.read_options(hero) == wanted


# Presets.


def test_a_preset_brings_everything_to_another_character_of_the_rig(hero, presets):
    change_everything(hero)
    assert bpy.ops.keyfill.save_rig_preset(name="Heroes") == {"FINISHED"}
    assert (presets / "Heroes.json").is_file()
    wanted = everything_stored(hero)
    add_toy_character()
    assert bpy.ops.keyfill.load_rig_preset(name="Heroes") == {"FINISHED"}
    other = everything_stored(bpy.context.object)
    assert bpy.context.object != hero
    assert (other[0], other[2]) == (wanted[0], wanted[2])
    references = [armature.read_rig(ob).reference for ob in (hero, bpy.context.object)]
    assert np.abs(references[0].heads - references[1].heads).max() < 1e-5
    bpy.ops.keyfill.remove_rig_preset(name="Heroes")
    assert list(presets.iterdir()) == []


def test_presets_are_shared_as_files(hero, tmp_path):
    change_everything(hero)
    path = tmp_path / "shared.json"
    assert bpy.ops.keyfill.export_rig_preset(filepath=str(path)) == {"FINISHED"}
    assert json.loads(path.read_text(encoding="utf-8"))["format"] == "keyfill rig preset"
    add_toy_character()
    assert bpy.ops.keyfill.import_rig_preset(filepath=str(path)) == {"FINISHED"}
    assert everything_stored(bpy.context.object)[0] == everything_stored(hero)[0]


def test_a_preset_for_another_rig_is_refused_and_changes_nothing(hero, tmp_path):
    change_everything(hero)
    path = str(tmp_path / "mixamo.json")
    bpy.ops.keyfill.export_rig_preset(filepath=path)
    other = add_toy_character(family="unreal")
    before = everything_stored(other)
    with pytest.raises(RuntimeError, match='no bone "mixamorig:Hips".*and 18 more'):
        bpy.ops.keyfill.import_rig_preset(filepath=path)
    assert everything_stored(other) == before


@pytest.mark.parametrize("content", [b"", b'{"format": "keyfill rig pre', b"\xff\xfe", b"[1, 2]"])
def test_a_damaged_or_foreign_file_is_refused_and_changes_nothing(hero, tmp_path, content):
    change_everything(hero)
    before = everything_stored(hero)
    path = tmp_path / "other.json"
    path.write_bytes(content)
    with pytest.raises(RuntimeError, match="other.json"):
        bpy.ops.keyfill.import_rig_preset(filepath=str(path))
    assert everything_stored(hero) == before


def test_a_preset_that_is_not_there_is_refused(hero, presets):
    with pytest.raises(RuntimeError, match="cannot be read"):
        bpy.ops.keyfill.load_rig_preset(name="Nobody")
    with pytest.raises(RuntimeError, match="cannot be removed"):
        bpy.ops.keyfill.remove_rig_preset(name="Nobody")
    with pytest.raises(RuntimeError, match="cannot be called"):
        bpy.ops.keyfill.save_rig_preset(name="a/b")
    assert not presets.exists()


def test_outside_an_extension_presets_lie_in_the_configuration_folder(empty_scene):
    assert not preferences.extension_package().startswith("bl_ext.")
    config = Path(bpy.utils.user_resource("CONFIG"))
    assert preset_folder() == config / "keyfill" / "rig_presets"


def test_operators_need_an_armature(empty_scene):
    for name in ("map_bones", "assign_bone", "set_rest_reference", "export_rig_preset"):
        assert not getattr(bpy.ops.keyfill, name).poll()


@pytest.mark.parametrize(
    ("operator", "name"),
    [("map_bones", "from_scratch"), ("assign_bone", "bone"), ("assign_bone", "joint"),
     ("clear_bone", "joint"), ("save_rig_preset", "name"), ("load_rig_preset", "name"),
     ("remove_rig_preset", "name")],
)  # fmt: skip
def test_a_button_does_not_repeat_what_was_given_the_last_time(operator, name):
    rna = getattr(bpy.ops.keyfill, operator).get_rna_type()
    assert rna.properties[name].is_skip_save
