"""Control rigs are recognised by their names, with the bones that follow the controls."""

import numpy as np
import pytest
from keyfill_extension.blender_addon.core.controls import families as control_families
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.bones.matching import BoneMap, Guess
from keyfill_extension.engine.motion.rig import Rig, RigReference
from keyfill_extension.engine.motion.skeleton import JOINTS, PARENTS

SIDED_RIGIFY = (
    "ORG-thigh", "thigh_fk", "ORG-shin", "shin_fk", "ORG-foot", "foot_fk", "ORG-toe", "toe_fk",
    "ORG-shoulder", "shoulder", "ORG-upper_arm", "upper_arm_fk", "ORG-forearm", "forearm_fk",
    "ORG-hand", "hand_fk", "hand_ik", "foot_ik", "toe_ik", "upper_arm_ik", "upper_arm_ik_target",
    "thigh_ik", "thigh_ik_target", "upper_arm_parent", "thigh_parent",
)  # fmt: skip


def rigify(spines=4, last=6):
    names = {"root", "torso", "hips", "chest", "neck", "head", "spine_fk", "ORG-spine"}
    names |= {f"spine_fk.{number:03}" for number in range(1, spines)}
    spine = [f"spine.{number:03}" for number in range(1, last + 1)]
    names |= {f"{kind}-{name}" for kind in ("ORG", "DEF") for name in spine}
    return names | {f"{name}.{side}" for name in SIDED_RIGIFY for side in "LR"}


def held(bone, name):
    return name in ("IK_FK", "pole_vector")


def find(names, has_property=held):
    return control_families.find_names(names, has_property)


def test_rigifys_spine_is_mapped_above_the_waist():
    found = find(rigify())
    bones = dict(found.deform)
    assert found.family == "Rigify"
    assert (found.path, found.root, bones["pelvis"]) == ("torso", "root", "ORG-spine")
    # The lowest one takes half of its turn from the hips: its control stands in for it.
    assert (bones["spine1"], bones["spine3"]) == ("spine_fk.002", "ORG-spine.003")
    assert (bones["neck"], bones["head"]) == ("ORG-spine.004", "ORG-spine.006")
    assert "spine2" not in bones


def test_a_longer_spine_has_all_three_joints():
    bones = dict(find(rigify(spines=5)).deform)
    spine = [bones[joint] for joint in ("spine1", "spine2", "spine3", "neck")]
    assert spine == ["spine_fk.002", "ORG-spine.003", "ORG-spine.004", "ORG-spine.005"]


def test_every_control_turns_a_bone_of_its_own():
    found = find(rigify(spines=5))
    controls = dict(found.controls)
    assert len(controls) == len(found.controls)
    assert len(set(controls.values())) == len(controls)
    assert controls["upper_arm_fk.R"] == "ORG-upper_arm.R"
    assert set(dict(found.deform).values()) <= set(controls.values())


def test_ik_is_found_with_its_switches():
    found = find(rigify())
    arm = next(limb for limb in found.limbs if limb.end == "hand_ik.L")
    assert arm.joints == ("left_shoulder", "left_elbow", "left_wrist")
    assert (arm.pole, arm.swing, arm.toe) == ("upper_arm_ik_target.L", "upper_arm_ik.L", "")
    assert (arm.switch.bone, arm.switch.name) == ("upper_arm_parent.L", "IK_FK")
    assert (arm.switch.fk, arm.switch.ik) == (1.0, 0.0)
    leg = next(limb for limb in found.limbs if limb.end == "foot_ik.R")
    assert leg.toe == "toe_ik.R"


def test_a_switch_that_the_rig_lacks_is_none():
    found = find(rigify(), lambda bone, name: False)
    assert {limb.switch for limb in found.limbs} == {None}


@pytest.mark.parametrize("gone", ["torso", "thigh_fk.L", "ORG-forearm.R", "upper_arm_fk.R"])
def test_a_rig_without_what_counts_is_none(gone):
    assert find(rigify() - {gone}) is None


def test_a_metarig_and_a_game_rig_are_none():
    assert find({"spine", "spine.001", "upper_arm.L", "thigh.L"}) is None
    assert find({"pelvis", "thigh_l", "calf_l", "upperarm_l"}) is None


def test_deform_bones_of_a_map_give_way_to_those_that_follow_wholly():
    found = find(rigify())
    guesses = tuple(
        Guess(joint, bone, 0.9, "by hand")
        for joint, bone in (
            ("pelvis", "DEF-spine"), ("left_shoulder", "DEF-upper_arm.L"),
            ("spine1", "DEF-spine.002"), ("head", "DEF-eye"),
        )
    )  # fmt: skip
    mapped = control_families.following_map(found, BoneMap(guesses)).bones
    assert dict(mapped) == {
        "pelvis": "ORG-spine", "left_shoulder": "ORG-upper_arm.L", "spine1": "spine_fk.002",
        "head": "DEF-eye",
    }  # fmt: skip


def test_the_following_rig_hangs_as_the_body_does():
    found = find(rigify(spines=5))
    bone_map = control_families.family_map(found)
    names = sorted(rigify(spines=5))
    count = len(names)
    heads = np.random.default_rng(0).normal(size=(count, 3))
    turns = np.tile(quaternions.IDENTITY, (count, 1))
    reference = RigReference(heads + 1.0, heads + 2.0, turns)
    rig = Rig(tuple(names), (-1,) * count, heads, heads + 0.1, turns, reference=reference)
    small = control_families.following_rig(rig, bone_map)
    assert small.names[0] == "root"
    for joint, bone in bone_map.bones.items():
        parent = PARENTS[JOINTS.index(joint)]
        above = bone_map.bones[JOINTS[parent]] if parent >= 0 else "root"
        assert small.names[small.parents[small.index[bone]]] == above
        assert (small.heads[small.index[bone]] == heads[names.index(bone)]).all()
    wrist = small.index["ORG-hand.L"]
    assert (small.reference.heads[wrist] == heads[names.index("ORG-hand.L")] + 1.0).all()


@pytest.mark.parametrize(
    ("names", "bone", "family", "switch"),
    [
        (
            "c_root_master.x root.x c_traj c_thigh_fk.{l} thigh_stretch.{l} c_leg_fk.{l} "
            "leg_stretch.{l} c_arm_fk.{l} arm_stretch.{l} c_forearm_fk.{l} forearm_stretch.{l} "
            "c_hand_ik.{l} c_spine_01.x spine_01.x",
            "c_hand_ik.l", "Auto-Rig Pro", "ik_fk_switch",
        ),
        (
            "MSTR-Torso DEF-Hips root FK-Thigh.{L} DEF-Thigh1.{L} FK-Knee.{L} DEF-Knee1.{L} "
            "FK-UpperArm.{L} DEF-UpperArm1.{L} FK-Forearm.{L} DEF-Forearm1.{L} IK-MSTR-Wrist.{L} "
            "Properties FK-Spine DEF-Spine",
            "Properties", "CloudRig", "ik_right_arm",
        ),
    ],
)  # fmt: skip
def test_other_families_are_found_with_their_switches(names, bone, family, switch):
    letters = "lr" if "{l}" in names else "LR"
    given = "{" + letters[0] + "}"
    full = {name.replace(given, side) for name in names.split() for side in letters}
    found = find(full, lambda owner, name: (owner.lower(), name) == (bone.lower(), switch)
                 or (family == "Auto-Rig Pro" and name == switch))  # fmt: skip
    assert found.family == family
    assert dict(found.deform)["spine3"]
    assert switch in {limb.switch.name for limb in found.limbs if limb.switch is not None}
