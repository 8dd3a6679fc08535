"""Rows chosen by hand survive, each bone plays one joint, and stale rows are named."""

import pytest
from keyfill_extension.blender_addon.core.rigs import rows as rig_rows
from keyfill_extension.blender_addon.core.rigs.rows import EMPTY_ROWS
from keyfill_extension.engine.motion.request import RequestError
from keyfill_extension.engine.motion.skeleton import JOINTS
from keyfill_extension.tests.motion.toy_rigs import FAMILIES, toy_rig

NAMES = FAMILIES["mixamo"]


def row_of(rows, joint):
    return next(row for row in rows if row.joint == joint)


def rig_without(*joints):
    return toy_rig({joint: name for joint, name in NAMES.items() if joint not in joints})


def test_every_joint_has_its_row_in_order():
    rows = rig_rows.find_rows(toy_rig(NAMES), EMPTY_ROWS)
    assert tuple(row.joint for row in rows) == JOINTS
    assert rig_rows.bones_of(rows) == NAMES
    assert all(row.confidence > 0.5 and row.reason and not row.by_hand for row in rows)
    assert rig_rows.summary(rows).startswith("22 of 22 joints")


def test_choices_survive_a_new_automatic_mapping():
    rig = toy_rig(NAMES)
    rows = rig_rows.find_rows(rig, EMPTY_ROWS)
    rows = rig_rows.choose_bone(rows, "spine3", "mixamorig:Spine1")
    rows = rig_rows.choose_bone(rows, "left_foot", "")
    again = rig_rows.find_rows(rig, rows)
    assert row_of(again, "spine3") == row_of(rows, "spine3")
    assert row_of(again, "left_foot") == row_of(rows, "left_foot")
    bones = [row.bone for row in again if row.bone]
    assert len(set(bones)) == len(bones)


def test_forgotten_choices_are_recognised_anew():
    rig = toy_rig(NAMES)
    rows = rig_rows.choose_bone(rig_rows.find_rows(rig, EMPTY_ROWS), "left_foot", "")
    rows = rig_rows.find_rows(rig, rig_rows.forget_choices(rows))
    assert rig_rows.bones_of(rows) == NAMES


def test_a_bone_that_is_chosen_leaves_the_joint_that_had_it():
    rows = rig_rows.find_rows(toy_rig(NAMES), EMPTY_ROWS)
    rows = rig_rows.choose_bone(rows, "left_hip", "mixamorig:LeftLeg")
    assert row_of(rows, "left_hip").by_hand
    assert row_of(rows, "left_knee").bone == ""
    assert row_of(rows, "left_knee").reason == "its bone was given to the left hip"


def test_an_incomplete_body_is_refused_until_the_animator_leads():
    rig = rig_without("left_elbow", "left_wrist")
    with pytest.raises(RequestError, match="left elbow"):
        rig_rows.find_rows(rig, EMPTY_ROWS)
    rows = rig_rows.find_rows(rig, rig_rows.choose_bone(EMPTY_ROWS, "head", NAMES["head"]))
    assert row_of(rows, "head").by_hand
    assert row_of(rows, "left_elbow") == rig_rows.MapRow("left_elbow")
    assert row_of(rows, "right_elbow").bone == "mixamorig:RightForeArm"


def test_nothing_recognised_is_refused():
    chain = toy_rig({"pelvis": "link a", "spine1": "link b"})
    with pytest.raises(RequestError, match="[Hh]umanoid"):
        rig_rows.find_rows(chain, EMPTY_ROWS)


def test_rows_become_the_bone_map_as_they_stand():
    rig = toy_rig(NAMES)
    rows = rig_rows.choose_bone(rig_rows.find_rows(rig, EMPTY_ROWS), "left_foot", "")
    bone_map = rig_rows.rows_to_bone_map(rig, rows)
    assert bone_map.missing == ("left_foot",)
    assert bone_map.bones == {joint: bone for joint, bone in NAMES.items() if joint != "left_foot"}


def test_a_joint_that_must_be_there_is_named():
    rig = toy_rig(NAMES)
    rows = rig_rows.choose_bone(rig_rows.find_rows(rig, EMPTY_ROWS), "left_knee", "")
    with pytest.raises(RequestError, match="left knee"):
        rig_rows.rows_to_bone_map(rig, rows)


def test_a_bone_that_is_gone_is_named_with_its_joint():
    rows = rig_rows.find_rows(toy_rig(NAMES), EMPTY_ROWS)
    with pytest.raises(RequestError, match='"mixamorig:LeftHand" that plays the left wrist'):
        rig_rows.rows_to_bone_map(rig_without("left_wrist"), rows)


def test_a_map_of_another_rig_says_so():
    rows = rig_rows.find_rows(toy_rig(NAMES), EMPTY_ROWS)
    with pytest.raises(RequestError, match="another rig"):
        rig_rows.rows_to_bone_map(toy_rig(FAMILIES["unreal"]), rows)


def test_choices_of_bones_that_are_gone_are_told():
    rows = rig_rows.find_rows(toy_rig(NAMES), EMPTY_ROWS)
    rows = rig_rows.choose_bone(rows, "head", "mixamorig:Neck")
    kept, gone = rig_rows.keep_existing(rows, rig_without("neck").index)
    assert gone == ("mixamorig:Neck",)
    assert not row_of(kept, "head").by_hand
    assert rig_rows.keep_existing(rows, toy_rig(NAMES).index) == (rows, ())
