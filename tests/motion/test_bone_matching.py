"""Names of bones to canonical joints, for every family of names that is promised."""

import numpy as np
import pytest
from keyfill_extension.engine.motion.bones.matching import match_bones
from keyfill_extension.engine.motion.bones.names import common_prefix, words_of
from keyfill_extension.engine.motion.request import RequestError
from keyfill_extension.engine.motion.rig import Rig
from keyfill_extension.engine.motion.skeleton import JOINTS
from keyfill_extension.tests.motion.toy_rigs import FAMILIES, MIXAMO, toy_rig


def chain_rig(parents: dict[str, str]) -> Rig:
    """Return a rig of names and parents' names, all in one place."""
    names = list(parents)
    return Rig(
        tuple(names),
        tuple(names.index(parent) if parent else -1 for parent in parents.values()),
        np.zeros((len(names), 3)),
        np.ones((len(names), 3)),
        np.tile([1.0, 0.0, 0.0, 0.0], (len(names), 1)),
    )


def tree_of(rig: Rig) -> dict[str, str]:
    """Return the parents' names by name."""
    return {
        name: rig.names[parent] if parent >= 0 else ""
        for name, parent in zip(rig.names, rig.parents, strict=True)
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_every_joint_of_a_known_family_is_found(family):
    names = FAMILIES[family]
    bone_map = match_bones(toy_rig(names))
    assert dict(bone_map.bones) == {joint: names[joint] for joint in JOINTS}
    assert bone_map.missing == ()
    assert all(guess.confidence >= 0.7 and guess.reason for guess in bone_map.guesses)


def test_extra_bones_are_left_alone():
    tree = tree_of(toy_rig(FAMILIES["unreal"]))
    tree = {"root": "", **tree, "pelvis": "root"}
    for side in "lr":
        tree[f"upperarm_twist_01_{side}"] = f"upperarm_{side}"
        tree[f"thigh_twist_01_{side}"] = f"thigh_{side}"
        tree[f"index_01_{side}"] = f"hand_{side}"
        tree[f"ik_foot_{side}"] = "root"
        tree[f"ik_hand_{side}"] = "root"
    assert dict(match_bones(chain_rig(tree)).bones) == FAMILIES["unreal"]


def test_mixamo_end_bones_and_fingers_are_left_alone():
    tree = tree_of(toy_rig(FAMILIES["mixamo"]))
    for side in ("Left", "Right"):
        tree[f"mixamorig:{side}HandThumb1"] = f"mixamorig:{side}Hand"
        tree[f"mixamorig:{side}Toe_End"] = f"mixamorig:{side}ToeBase"
    tree["mixamorig:HeadTop_End"] = "mixamorig:Head"
    assert dict(match_bones(chain_rig(tree)).bones) == FAMILIES["mixamo"]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, {}),
        (1, {"spine3": 0}),
        (2, {"spine1": 0, "spine3": 1}),
        (3, {"spine1": 0, "spine2": 1, "spine3": 2}),
        (4, {"spine1": 0, "spine2": 2, "spine3": 3}),
        (6, {"spine1": 0, "spine2": 3, "spine3": 5}),
    ],
)
def test_any_number_of_spine_bones(count, expected):
    tree = {}
    for name, parent in tree_of(toy_rig(MIXAMO)).items():
        if name.startswith("Spine"):
            continue
        if parent == "Spine2" and count:
            parent = f"Spine{count - 1}"
        elif parent == "Spine2":
            parent = "Hips"
        tree[name] = parent
        if name == "Hips":
            for number in range(count):
                tree[f"Spine{number}"] = f"Spine{number - 1}" if number else "Hips"
    found = match_bones(chain_rig(tree)).bones
    spine = {joint: bone for joint, bone in found.items() if joint.startswith("spine")}
    assert spine == {joint: f"Spine{number}" for joint, number in expected.items()}


@pytest.mark.parametrize("left_out", ["left_foot", "left_collar", "neck", "left_wrist", "head"])
def test_a_missing_joint_is_named_and_shifts_no_other(left_out):
    names = {joint: name for joint, name in FAMILIES["mixamo"].items() if joint != left_out}
    bone_map = match_bones(toy_rig(names))
    assert bone_map.missing == (left_out,)
    assert dict(bone_map.bones) == names


def test_a_foot_without_toes_is_an_ankle():
    names = {j: n for j, n in FAMILIES["mannequin"].items() if not j.endswith("_foot")}
    assert match_bones(toy_rig(names)).bones["left_ankle"] == "foot.L"


def test_no_humanoid_says_what_cures_it():
    rig = chain_rig({"Camera": "", "Lens": "Camera", "Bone.001": "Camera"})
    with pytest.raises(RequestError, match="No humanoid") as error:
        match_bones(rig)
    assert "mannequin" in error.value.remedy


def test_missing_arms_are_named():
    arms = ("collar", "shoulder", "elbow", "wrist")
    names = {joint: name for joint, name in MIXAMO.items() if not joint.endswith(arms)}
    with pytest.raises(RequestError, match="left shoulder, right shoulder, left elbow"):
        match_bones(toy_rig(names))


def test_prefix_and_words():
    assert common_prefix(("hero:Hips", "hero:Spine", "hero:LeftArm", "sword")) == "hero:"
    assert common_prefix(("Left_Arm", "Right_Arm", "Left_Leg", "Right_Leg")) == ""
    left = words_of("upper_arm.L")
    assert (left.side, left.core, left.is_helper) == ("left", "upperarm", False)
    assert words_of("Bip01 R Thigh").side == "right"
    assert words_of("lShldrTwist").is_helper
    assert words_of("spine_03").number == 3
