"""Names and shape against each other: wrong names, wrong sides, and rest references."""

import dataclasses

import numpy as np
import pytest
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.bones.doubts import note_of_doubt, refuse_doubtful
from keyfill_extension.engine.motion.bones.map import LEAST_CONFIDENCE
from keyfill_extension.engine.motion.bones.matching import HIGH_CONFIDENCE, match_bones
from keyfill_extension.engine.motion.request import RequestError
from keyfill_extension.engine.motion.rig import RigReference
from keyfill_extension.tests.motion.rig_families import BUILDS, FAMILIES, make_rig, renamed

ADULT = BUILDS["adult"]
FAMILY_NAMES = ("mixamo", "rigify metarig", "unreal mannequin", "vroid", "smpl", "biped")


def exchanged(rig, first, second):
    """Return the rig with the names of two bones exchanged."""
    swap = {first: second, second: first}
    return dataclasses.replace(rig, names=tuple(swap.get(name, name) for name in rig.names))


def mirrored(rig):
    """Return the rig's body mirrored, so that every name is on the wrong side."""
    flip = np.array([-1.0, 1.0, 1.0])
    return dataclasses.replace(rig, heads=rig.heads * flip, tails=rig.tails * flip)


@pytest.mark.parametrize("family", FAMILY_NAMES)
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("left_hip", "left_knee"),
        ("left_elbow", "right_knee"),
        ("pelvis", "head"),
        ("left_collar", "left_shoulder"),
        ("left_ankle", "right_wrist"),
        ("neck", "left_foot"),
    ],
)
def test_bones_with_each_others_names_are_never_sure(family, first, second):
    made = make_rig(FAMILIES[family], ADULT)
    names = made.joints[first], made.joints[second]
    bone_map = match_bones(exchanged(made.rig, *names))
    truth = made.joints | {first: names[1], second: names[0]}
    wrong = {guess.joint: guess for guess in bone_map.guesses if truth[guess.joint] != guess.bone}
    assert all(guess.confidence < HIGH_CONFIDENCE for guess in wrong.values()), wrong
    if family == "rigify metarig" and first == "pelvis":
        return  # both names are a spine's, only their numbers are exchanged
    doubted = [g for g in bone_map.guesses if g.joint in (first, second)]
    assert all(guess.confidence < HIGH_CONFIDENCE for guess in doubted)


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_sides_that_names_state_stand_in_great_doubt_where_the_body_shows_the_others(family):
    made = make_rig(FAMILIES[family], ADULT)
    bone_map = match_bones(mirrored(made.rig))
    assert dict(bone_map.bones) == made.joints
    limbs = [guess for guess in bone_map.guesses if guess.joint.startswith(("left", "right"))]
    assert all("is the other side" in guess.reason for guess in limbs)
    assert all(guess.confidence < LEAST_CONFIDENCE for guess in limbs)
    with pytest.raises(RequestError, match="recognised with doubt"):
        refuse_doubtful(bone_map)


def test_knees_that_bend_backwards_leave_the_sides_to_the_names_with_a_note():
    build = dataclasses.replace(BUILDS["without neck and extras"], missing=("foot", "neck"))
    made = make_rig(FAMILIES["vrm"], build)
    bone_map = match_bones(mirrored(made.rig))
    assert dict(bone_map.bones) == made.joints
    refuse_doubtful(bone_map)
    assert "with some doubt" in note_of_doubt(bone_map)


def test_a_sure_map_is_neither_refused_nor_noted():
    bone_map = match_bones(make_rig(FAMILIES["mixamo"], ADULT).rig)
    refuse_doubtful(bone_map)
    assert note_of_doubt(bone_map) == ""


def test_a_body_without_names_and_front_is_refused_before_it_walks_backwards():
    build = dataclasses.replace(ADULT, missing=("foot", "neck"))
    made = make_rig(dataclasses.replace(FAMILIES["vrm"], is_straight=True, fingers=()), build)
    with pytest.raises(RequestError, match="recognised with doubt") as error:
        refuse_doubtful(match_bones(renamed(made.rig)[0]))
    assert "Map Bones" in error.value.remedy


def test_legs_named_for_the_wrong_side_are_found_out_alone():
    made = make_rig(FAMILIES["mixamo"], ADULT)
    legs = ("hip", "knee", "ankle", "foot")
    swap = {}
    for joint in legs:
        left, right = made.joints[f"left_{joint}"], made.joints[f"right_{joint}"]
        swap |= {left: right, right: left}
    rig = dataclasses.replace(made.rig, names=tuple(swap.get(n, n) for n in made.rig.names))
    bones = match_bones(rig).bones
    for joint in legs:
        assert bones[f"left_{joint}"] == made.joints[f"right_{joint}"]
    assert bones["left_elbow"] == made.joints["left_elbow"]


@pytest.mark.parametrize("yaw", [0.0, 90.0, 180.0, 270.0, 37.0])
def test_names_are_believed_whichever_way_the_body_faces(yaw):
    made = make_rig(FAMILIES["unreal mannequin"], dataclasses.replace(ADULT, yaw=yaw))
    bone_map = match_bones(made.rig)
    assert dict(bone_map.bones) == made.joints
    assert min(guess.confidence for guess in bone_map.guesses) >= HIGH_CONFIDENCE


def test_a_body_without_feet_leaves_the_sides_to_the_names():
    build = dataclasses.replace(BUILDS["without neck and extras"], missing=("foot", "ankle"))
    made = make_rig(FAMILIES["mixamo without prefix"], build)
    assert dict(match_bones(made.rig).bones) == made.joints


def test_the_rest_reference_is_the_pose_whose_shape_counts():
    made = make_rig(FAMILIES["mixamo"], ADULT)
    rig = made.rig
    laid = make_rig(dataclasses.replace(FAMILIES["mixamo"], laid_out=True), ADULT).rig
    reference = RigReference(rig.heads, rig.tails, rig.rotations)
    at_rest = match_bones(laid)
    referred = match_bones(dataclasses.replace(laid, reference=reference))
    assert dict(at_rest.bones) == dict(referred.bones) == made.joints
    agree = [guess for guess in referred.guesses if "its place in the body agrees" in guess.reason]
    assert len(agree) == len(made.joints)
    assert not any("its place in the body agrees" in guess.reason for guess in at_rest.guesses)


def test_a_turned_rig_is_mapped_as_the_upright_one():
    made = make_rig(FAMILIES["vroid"], ADULT)
    turn = quaternions.axis_angle_to_quaternion(np.array([1.0, 0.0, 0.0]), np.array(-np.pi / 2))
    lying = dataclasses.replace(made.rig, heads=quaternions.rotate(turn, made.rig.heads))
    assert dict(match_bones(lying).bones) == made.joints
