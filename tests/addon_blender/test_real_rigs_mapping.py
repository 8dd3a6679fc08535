"""The characters of ../shared/rigs as Blender imports them: which bone is which joint."""

import dataclasses
import functools
from pathlib import Path

import bpy
import numpy as np
import pytest
from keyfill_extension.blender_addon.scene.reading import armature
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.bones.matching import (
    HIGH_CONFIDENCE,
    bone_map_from_rows,
    match_bones,
)
from keyfill_extension.engine.motion.request import RequestError
from keyfill_extension.engine.motion.rig import Rig, RigReference
from keyfill_extension.tests.addon_blender.real_characters import CHARACTERS, load_character

MIDDLE = ("pelvis", "spine1", "spine2", "spine3", "neck", "head")
SIDED = ("hip", "knee", "ankle", "foot", "collar", "shoulder", "elbow", "wrist")


def table(middle: str, sided: str, sides=("L", "R"), prefix: str = "") -> dict[str, str]:
    """Return bones by joint; `?` is the side, `_` stands for a space, `-` for no bone."""
    rows = dict(zip(MIDDLE, middle.split(), strict=True))
    for side, text in zip(("left", "right"), sides, strict=True):
        for joint, name in zip(SIDED, sided.split(), strict=True):
            rows[f"{side}_{joint}"] = name.replace("?", text)
    return {joint: prefix + name for joint, name in rows.items() if name != "-"}


MIXAMO = table(
    "Hips Spine Spine1 Spine2 Neck Head",
    "?UpLeg ?Leg ?Foot ?ToeBase ?Shoulder ?Arm ?ForeArm ?Hand",
    ("Left", "Right"),
    "mixamorig:",
)
UNREAL_SIDED = "thigh_? calf_? foot_? ball_? clavicle_? upperarm_? lowerarm_? hand_?"
UNREAL = table("pelvis spine_01 spine_02 spine_03 neck_01 head", UNREAL_SIDED, ("l", "r"))
BIPED = table(
    "Pelvis Spine Spine1 Spine2 Neck Head",
    "?.Thigh ?.Calf ?.Foot ?.Toe0 ?.Clavicle ?.UpperArm ?.Forearm ?.Hand",
    prefix="Bip01 ",
)
TRUTH = {
    "Xbot.glb": MIXAMO,
    "m2m_mixamo_orig.fbx": MIXAMO,
    "m2m_human_male.glb": UNREAL,
    "m2m_human_sintel.glb": UNREAL,
    "mannequiny.glb": table(
        "pelvis spine_01 - spine_02 neck_01 head", UNREAL_SIDED.replace("_", "."), ("l", "r")
    ),
    "kenney.glb": table(
        "Hips Spine Chest UpperChest Neck Head",
        "?UpLeg ?Leg ?Foot ?Toes ?Shoulder ?Arm ?ForeArm ?Hand",
        ("Left", "Right"),
    ),
    "mpfb_game_engine.blend": UNREAL,
    "mpfb_rigify.blend": table(
        "spine spine.001 spine.003 spine.004 spine.005 spine.006",
        "thigh.? shin.? foot.? toe.? shoulder.? upper_arm.? forearm.? hand.?",
        prefix="ORG-",
    ),
    "rocketbox_mm03.fbx": {joint: bone.replace(".", " ") for joint, bone in BIPED.items()},
    "vrm_example.vrm": table(
        "hips spine - chest neck head",
        "upper_leg.? lower_leg.? foot.? toes.? shoulder.? upper_arm.? lower_arm.? hand.?",
    ),
    "cmu_atelier_02_10.bvh": table(
        "hip abdomen - chest neck head",
        "?Thigh ?Shin ?Foot - ?Collar ?Shldr ?ForeArm ?Hand",
        ("l", "r"),
    ),
    "cmu_dragon_02_01.bvh": table(
        "Hip Waist Spine01 Spine02 NeckTwist01 Head",
        "?_Thigh ?_Calf ?_Foot ?_ToeBase ?_Clavicle ?_Upperarm ?_Forearm ?_Hand",
        prefix="CC_Base_",
    ),
}
ROOTS = {
    "m2m_human_male.glb": "root",
    "m2m_human_sintel.glb": "root",
    "mpfb_game_engine.blend": "Root",
    "mpfb_rigify.blend": "root",
    "vrm_example.vrm": "root",
    "cmu_dragon_02_01.bvh": "RL_BoneRoot",
}
FINGERS = {"mannequiny.glb": 24, "kenney.glb": 10, "cmu_atelier_02_10.bvh": 20}
METARIGS = ("human", "basic_human")
ANIMALS = ("basic_quadruped", "cat", "horse", "wolf")


def read_character(name: str, shared) -> Rig:
    """Return a character's rig; of recordings with the first frame as the reference."""
    path = shared / "rigs" / name
    if not path.is_file():
        pytest.skip(f"needs {path}")
    return imported(path)


@functools.cache
def imported(path: Path) -> Rig:
    ob = load_character(path)
    rig = armature.read_rig(ob)
    if path.suffix != ".bvh":
        return rig
    bpy.context.scene.frame_set(1)
    pose = armature.read_pose(ob, rig, bpy.context.evaluated_depsgraph_get())
    turns = quaternions.multiply(pose.rotations[0], quaternions.conjugate(rig.rotations))
    tails = pose.heads[0] + quaternions.rotate(turns, rig.tails - rig.heads)
    reference = RigReference(pose.heads[0], tails, pose.rotations[0])
    return dataclasses.replace(rig, reference=reference)


def renamed(rig: Rig, seed: int) -> tuple[Rig, dict[str, str]]:
    """Return the rig under names that mean nothing, and the old names by the new ones."""
    order = np.random.default_rng(seed).permutation(len(rig.names))
    names = tuple(f"bone.{number:03}" for number in order)
    return dataclasses.replace(rig, names=names), dict(zip(names, rig.names, strict=True))


def in_its_place(rig: Rig, found: str, right: str) -> bool:
    """Say whether a bone is the right one or, in a control rig, one that lies on it."""
    gap = rig.heads[rig.index[found]] - rig.heads[rig.index[right]]
    return found == right or float(np.linalg.norm(gap)) < 1e-4 * float(np.ptp(rig.heads))


@pytest.mark.parametrize("name", CHARACTERS)
def test_every_character_is_mapped_fully_and_rightly_and_surely(name, shared):
    bone_map = match_bones(read_character(name, shared))
    assert dict(bone_map.bones) == TRUTH[name]
    low = [guess for guess in bone_map.guesses if guess.confidence < HIGH_CONFIDENCE]
    assert low == []
    assert bone_map.root == ROOTS.get(name, "")
    assert len(bone_map.fingers) == FINGERS.get(name, 30)


@pytest.mark.once  # arithmetic on rigs that the first test reads in each Blender
@pytest.mark.parametrize("name", CHARACTERS)
def test_recordings_are_mapped_by_their_names_without_a_reference_too(name, shared):
    rig = dataclasses.replace(read_character(name, shared), reference=None)
    assert dict(match_bones(rig).bones) == TRUTH[name]


def test_twist_bones_of_the_character_creator_rig(shared):
    twists = match_bones(read_character("cmu_dragon_02_01.bvh", shared)).twists
    parts = {"Thigh": "hip", "Calf": "knee", "Upperarm": "shoulder", "Forearm": "elbow"}
    expected = {
        f"CC_Base_{side[0].upper()}_{part}Twist0{number}": f"{side}_{joint}"
        for side in ("left", "right")
        for part, joint in parts.items()
        for number in (1, 2)
    }
    assert {twist.bone: twist.joint for twist in twists} == expected
    assert all(abs(t.share - 0.5 * (t.bone[-1] == "2")) < 0.05 for t in twists)


@pytest.mark.once  # arithmetic on rigs that the first test reads in each Blender
def test_by_shape_alone_at_least_80_of_100_joints_are_right_and_the_rest_is_doubted(shared):
    right = total = 0
    for number, name in enumerate(CHARACTERS):
        rig = read_character(name, shared)
        unnamed, old = renamed(rig, seed=number)
        for guess in match_bones(unnamed).guesses:
            wanted = TRUTH[name].get(guess.joint)
            hit = wanted is not None and in_its_place(rig, old[guess.bone], wanted)
            right += hit
            assert hit or guess.confidence < HIGH_CONFIDENCE, (name, guess, old[guess.bone])
        total += len(TRUTH[name])
    assert right >= 0.8 * total, (right, total)


@pytest.mark.once  # arithmetic on rigs that the first test reads in each Blender
@pytest.mark.parametrize("name", CHARACTERS)
def test_rows_by_hand_repeat_what_was_found(name, shared):
    rig = read_character(name, shared)
    found = match_bones(rig)
    by_hand = bone_map_from_rows(rig, found.bones)
    assert by_hand.bones == found.bones
    assert (by_hand.twists, by_hand.fingers, by_hand.root) == (
        found.twists, found.fingers, found.root,
    )  # fmt: skip


def add_metarig(kind: str):
    import addon_utils

    addon_utils.enable("rigify", default_set=True)
    getattr(bpy.ops.object, f"armature_{kind}_metarig_add")()
    return bpy.context.object


@pytest.mark.parametrize("kind", METARIGS)
def test_metarigs_and_what_rigify_makes_of_them(kind):
    ob = add_metarig(kind)
    rows = table(
        "spine spine.001 spine.002 spine.003 spine.004 spine.006",
        "thigh.? shin.? foot.? toe.? shoulder.? upper_arm.? forearm.? hand.?",
    )
    bone_map = match_bones(armature.read_rig(ob))
    assert dict(bone_map.bones) == rows
    assert min(guess.confidence for guess in bone_map.guesses) >= HIGH_CONFIDENCE
    bpy.ops.pose.rigify_generate()
    made = next(o for o in bpy.data.objects if o.type == "ARMATURE" and o != ob)
    bone_map = match_bones(armature.read_rig(made))
    assert dict(bone_map.bones) == {joint: f"ORG-{bone}" for joint, bone in rows.items()}
    assert min(guess.confidence for guess in bone_map.guesses) >= HIGH_CONFIDENCE
    assert bone_map.root == "root"


@pytest.mark.parametrize("kind", ANIMALS)
def test_animals_are_no_humanoids(kind):
    with pytest.raises(RequestError, match="No humanoid.*front legs of an animal"):
        match_bones(armature.read_rig(add_metarig(kind)))
