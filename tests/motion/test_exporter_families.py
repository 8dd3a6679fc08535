"""Rigs of odd exporters, packs and suits: mapped rightly, and never wrongly and surely."""

from dataclasses import replace

import pytest
from keyfill_extension.engine.motion.bones.doubts import refuse_doubtful
from keyfill_extension.engine.motion.bones.matching import (
    HIGH_CONFIDENCE,
    bone_map_from_rows,
    match_bones,
)
from keyfill_extension.engine.motion.bones.names import rig_words
from keyfill_extension.tests.motion.exporter_families import EXPORTERS
from keyfill_extension.tests.motion.rig_families import BUILDS, make_rig

ADULT = BUILDS["adult"]
LOOSE = [name for name, family in EXPORTERS.items() if family.loose]


@pytest.mark.parametrize("family", EXPORTERS)
def test_builds_are_mapped_fully_and_rightly_without_a_touch(family):
    right = 0
    for build in BUILDS.values():
        made = make_rig(EXPORTERS[family], build)
        bone_map = match_bones(made.rig)
        wrong = [g for g in bone_map.guesses if made.joints.get(g.joint) != g.bone]
        assert all(guess.confidence < HIGH_CONFIDENCE for guess in wrong), wrong
        right += dict(bone_map.bones) == made.joints
    # Two necks of which one is left out may be a neck or a head.
    assert right >= (7 if family == "cesium man" else 8)


@pytest.mark.parametrize("family", EXPORTERS)
def test_an_ordinary_body_needs_no_second_look(family):
    made = make_rig(EXPORTERS[family], ADULT)
    bone_map = match_bones(made.rig)
    refuse_doubtful(bone_map)
    assert bone_map.root == made.root


@pytest.mark.parametrize("family", LOOSE)
def test_feet_hands_and_poles_on_the_root_are_carried_by_their_limbs(family):
    for build in BUILDS.values():
        made = make_rig(EXPORTERS[family], build)
        carried = {one.bone: one.carrier for one in match_bones(made.rig).carried}
        assert carried == made.carried
    by_hand = bone_map_from_rows(made.rig, made.joints)
    assert {one.bone: one.carrier for one in by_hand.carried} == made.carried


def test_a_bone_called_foot_that_lies_elsewhere_is_no_foot():
    made = make_rig(EXPORTERS["quaternius with leg ik, fbx"], ADULT)
    heads = made.rig.heads.copy()
    heads[[made.rig.index[f"Foot.{side}"] for side in "LR"]] += [0.0, 1.5, 0.8]
    assert "left_ankle" in match_bones(replace(made.rig, heads=heads)).missing


@pytest.mark.parametrize(
    ("names", "side", "core"),
    [
        (("LeftUpperLegBone", "HipsBone", "RightHandBone"), "left", "upperleg"),
        (("left_thigh_bone", "hips_bone", "head_bone"), "left", "thigh"),
        (("leftupperarmbone", "hipsbone", "headbone"), "left", "upperarm"),
        (("LeftArmNode", "HipsNode", "HeadNode"), "left", "arm"),
        (("JointLeftArm", "JointHips", "JointHead"), "left", "arm"),
        (("DEF_thigh_L", "CTRL_a", "MCH_b"), "left", "thigh"),
        (("Skeleton_arm_joint_L__4_", "leg_joint_R_1", "torso"), "left", "arm"),
        (("LeftLeg:Hero_01", "Hips:Hero_01", "Head:Hero_01"), "left", "leg"),
        (("lf_hip_jnt", "rt_knee_jnt", "pelvis_jnt"), "left", "hip"),
        (("03_LeftHand_017", "01_Hips_000", "02_Head_004"), "left", "hand"),
        (("CollarBone.R", "Head", "Hips"), "right", "collar"),
        (("NPC L Thigh [LThg]", "NPC Head [Head]", "NPC COM [COM ]"), "left", "thigh"),
        (("LLeg_Thigh", "RArm_Hand", "Chest"), "left", "thigh"),
        (("RArm_ForeArm1", "LLeg_Calf", "Chest"), "right", "forearm"),
        (("LeftHandWrist", "Hips", "Head"), "left", "wrist"),
        (("LFArm", "Hip", "Head"), "left", "farm"),
        (("LFHand", "Hip", "Head"), "left", "hand"),
    ],
)
def test_affixes_on_either_end_say_nothing(names, side, core):
    word = rig_words(names)[0]
    assert (word.side, word.core) == (side, core)


def test_no_hand_is_found_beyond_the_arm_that_names_tell():
    # A horn is as long as a forearm and hangs from the head.
    made = make_rig(EXPORTERS["satyr with hoofs"], BUILDS["without hands"])
    bone_map = match_bones(made.rig)
    assert "right_wrist" in bone_map.missing
    assert bone_map.carried == ()


def test_the_hand_is_meant_and_not_a_thumb_that_starts_where_it_does():
    made = make_rig(EXPORTERS["low-poly pack with mittens"], ADULT)
    wrist = made.rig.index["Mitten.L"]
    heads = made.rig.heads.copy()
    heads[[made.rig.index["MittenThumb.L"], made.rig.index["MittenFingers.L"]]] = heads[wrist]
    assert match_bones(replace(made.rig, heads=heads)).bones["left_wrist"] == "Mitten.L"


def test_a_name_that_is_all_affix_keeps_its_word():
    assert [word.core for word in rig_words(("Bone", "Armature", "Skeleton"))] == [
        "bone", "armature", "skeleton",
    ]  # fmt: skip


def test_left_hip_is_the_thigh_and_not_the_joint_that_carries_it():
    made = make_rig(EXPORTERS["bvh with hip joints"], ADULT)
    bones = match_bones(made.rig).bones
    assert bones["left_hip"] == "LeftHip"
    acclaim = match_bones(make_rig(EXPORTERS["acclaim"], ADULT).rig).bones
    assert acclaim["left_hip"] == "lfemur"


def test_the_third_bone_of_a_numbered_leg_is_the_ankle():
    made = make_rig(EXPORTERS["cesium man"], ADULT)
    bones = match_bones(made.rig).bones
    assert bones["left_ankle"] == "leg_joint_L_3"
    assert bones["right_foot"] == "leg_joint_R_5"
