"""What is no single humanoid is refused in one sentence that names what was found."""

import dataclasses

import numpy as np
import pytest
from keyfill_extension.engine.motion.bones.matching import bone_map_from_rows, match_bones
from keyfill_extension.engine.motion.request import RequestError
from keyfill_extension.engine.motion.rig import Rig
from keyfill_extension.tests.motion.rig_families import BUILDS, FAMILIES, make_rig, renamed

ADULT = BUILDS["adult"]


def rig_of(bones: dict[str, tuple[str, tuple[float, float, float]]]) -> Rig:
    """Return a rig from parents' names and places by name."""
    names = list(bones)
    heads = np.array([place for _, place in bones.values()])
    return Rig(
        tuple(names),
        tuple(names.index(parent) if parent else -1 for parent, _ in bones.values()),
        heads,
        heads + [0.0, 0.05, 0.0],
        np.tile([1.0, 0.0, 0.0, 0.0], (len(names), 1)),
    )


def dog(leg_names=("UpLeg", "Leg", "Foot"), arm_names=("Arm", "ForeArm", "Hand")) -> Rig:
    """Return a dog: a level spine, four legs on the floor, a tail and a head in front."""
    bones = {"Hips": ("", (0.0, 0.6, -0.4)), "Tail": ("Hips", (0.0, 0.65, -0.6))}
    bones["Spine"] = ("Hips", (0.0, 0.62, -0.2))
    bones["Chest"] = ("Spine", (0.0, 0.62, 0.2))
    bones["Neck"] = ("Chest", (0.0, 0.7, 0.4))
    bones["Head"] = ("Neck", (0.0, 0.8, 0.5))
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        for names, root, start in ((leg_names, "Hips", -0.4), (arm_names, "Chest", 0.25)):
            parent = root
            for name, height, ahead in zip(names, (0.55, 0.3, 0.05), (0, 0.05, 0), strict=True):
                bones[side + name] = (parent, (0.12 * sign, height, start + ahead))
                parent = side + name
            bones[side + name + "_end"] = (parent, (0.12 * sign, 0.0, start + 0.08))
    return rig_of(bones)


def joined(first: Rig, second: Rig, shift: float, rename) -> Rig:
    """Return both rigs' bones in one, the second aside by `shift`."""
    count = len(first.names)
    aside = np.array([shift, 0.0, 0.0])
    return Rig(
        (*first.names, *(rename(name) for name in second.names)),
        (*first.parents, *(p + count if p >= 0 else -1 for p in second.parents)),
        np.concatenate([first.heads, second.heads + aside]),
        np.concatenate([first.tails, second.tails + aside]),
        np.concatenate([first.rotations, second.rotations]),
    )


def test_a_dog_named_like_a_person_is_no_humanoid():
    with pytest.raises(RequestError, match="No humanoid.*LeftArm.*front legs of an animal"):
        match_bones(dog())


def test_a_dog_with_names_of_its_own_is_no_humanoid():
    with pytest.raises(RequestError, match="No humanoid|no bone that is recognised"):
        match_bones(renamed(dog())[0])


def test_a_chain_is_no_humanoid():
    chain = {f"Link.{n:03}": (f"Link.{n - 1:03}" if n else "", (0, 0.1 * n, 0)) for n in range(40)}
    with pytest.raises(RequestError, match='No humanoid.*"Link.000", "Link.001"') as error:
        match_bones(rig_of(chain))
    assert "mannequin" in error.value.remedy


def test_a_camera_rig_is_no_humanoid():
    camera = {
        "Root": ("", (0, 0, 0)), "Dolly": ("Root", (0, 0, 1)), "Crane": ("Dolly", (0, 1, 1)),
        "Camera": ("Crane", (0, 2, 1)), "Aim": ("Root", (0, 1, 3)), "Lens": ("Camera", (0, 2, 2)),
    }  # fmt: skip
    with pytest.raises(RequestError, match='No humanoid.*"Root", "Dolly", "Crane" and 3 more'):
        match_bones(rig_of(camera))


@pytest.mark.parametrize("shift", [1.5, 0.0])
def test_two_characters_in_one_armature_are_named(shift):
    rig = make_rig(FAMILIES["mixamo without prefix"], ADULT).rig
    both = joined(rig, rig, shift, lambda name: f"{name}.001")
    with pytest.raises(RequestError, match='two characters.*"Hips".*"Hips.001"') as error:
        match_bones(both)
    assert "Separate" in error.value.remedy


def test_two_characters_of_different_families_are_named():
    first = make_rig(FAMILIES["mixamo"], ADULT).rig
    second = make_rig(FAMILIES["unreal mannequin"], ADULT).rig
    with pytest.raises(RequestError, match="two characters.*(mixamorig:Hips|pelvis)"):
        match_bones(joined(first, second, 2.0, lambda name: name))


def test_two_characters_without_names_are_told_apart_by_shape():
    first = make_rig(FAMILIES["mixamo"], ADULT).rig
    second = renamed(make_rig(FAMILIES["mixamo"], BUILDS["chibi"]).rig)[0]
    with pytest.raises(RequestError, match="two characters"):
        match_bones(joined(first, second, 2.0, lambda name: name))


def test_a_weapon_rack_beside_a_character_is_no_second_one():
    made = make_rig(FAMILIES["unreal mannequin"], ADULT)
    rack = {f"rack.{n:02}": ("rack.00" if n else "", (0.1 * n, 0.5, 1.0)) for n in range(20)}
    both = joined(made.rig, rig_of(rack), 1.0, lambda name: name)
    assert dict(match_bones(both).bones) == made.joints


@pytest.mark.parametrize("double", ["left_fore_arm", "LeftForeArm.001"])
def test_names_that_fit_two_bones_are_refused_where_no_shape_decides(double):
    made = make_rig(FAMILIES["lafan bvh"], ADULT)
    rig = made.rig
    extra = rig_of({double: ("", (0.5, 0.5, 0.5))})
    both = joined(rig, extra, 0.0, lambda name: name)
    parents = (*both.parents[:-1], rig.index["LeftArm"])
    with pytest.raises(RequestError, match=f'"LeftForeArm" and "{double}".*left elbow'):
        match_bones(dataclasses.replace(both, parents=parents))


def test_a_doubled_name_is_no_matter_where_the_shape_decides():
    made = make_rig(FAMILIES["mixamo without prefix"], ADULT)
    extra = rig_of({"left_fore_arm": ("", (0.9, 0.2, 0.7))})
    both = joined(made.rig, extra, 0.0, lambda name: name)
    parents = (*both.parents[:-1], made.rig.index["LeftArm"])
    assert dict(match_bones(dataclasses.replace(both, parents=parents)).bones) == made.joints


def test_rows_chosen_by_hand_are_taken_as_they_are():
    made = make_rig(FAMILIES["mixamo"], ADULT)
    unnamed, old = renamed(made.rig)
    new = {name: fresh for fresh, name in old.items()}
    rows = {joint: new[bone] for joint, bone in made.joints.items()} | {"neck": ""}
    bone_map = bone_map_from_rows(unnamed, rows)
    assert dict(bone_map.bones) == {joint: bone for joint, bone in rows.items() if bone}
    assert bone_map.missing == ("neck",)
    assert {(g.confidence, g.reason) for g in bone_map.guesses} == {(1.0, "chosen by hand")}
    assert {old[f.bone] for f in bone_map.fingers} == set(made.fingers)


def test_rows_keep_twists_fingers_and_root():
    made = make_rig(FAMILIES["unreal mannequin"], ADULT)
    bone_map = bone_map_from_rows(made.rig, made.joints)
    assert {twist.bone: twist.joint for twist in bone_map.twists} == made.twists
    assert {finger.bone for finger in bone_map.fingers} == set(made.fingers)
    assert bone_map.root == made.root == "root"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"left_knee": "gone"}, 'left knee is mapped to "gone", which this armature does not'),
        ({"left_knee": "calf_r"}, '"calf_r" is chosen twice, as left knee and as right knee'),
        ({"left_knee": "", "pelvis": ""}, "lacks: pelvis, left knee"),
        ({"left_tail": "calf_l"}, '"left_tail" is no joint'),
        (
            {"left_hip": "calf_l", "left_knee": "thigh_l"},
            '"calf_l", mapped as the left hip, hangs from "thigh_l"',
        ),
        (
            {"left_knee": "calf_r", "right_knee": "calf_l"},
            '"calf_r", mapped as the left knee, hangs from the right hip "thigh_r"',
        ),
        ({"neck": "head", "head": "neck_01"}, '"head", mapped as the neck, hangs from "neck_01"'),
    ],
)
def test_rows_that_make_no_body_are_refused(change, message):
    made = make_rig(FAMILIES["unreal mannequin"], ADULT)
    with pytest.raises(RequestError) as error:
        bone_map_from_rows(made.rig, made.joints | change)
    assert message in error.value.message
    assert error.value.remedy
