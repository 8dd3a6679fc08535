"""Rigs of many families made by code: names, proportions, bone axes and rest poses at will."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.rig import Rig
from keyfill_extension.engine.motion.skeleton import JOINTS, PARENTS, REST_OFFSETS

SIDED = ("hip", "knee", "ankle", "foot", "collar", "shoulder", "elbow", "wrist")
MIDDLE = ("pelvis", "spine1", "spine2", "spine3", "neck", "head")


def family(middle: str, left: str, right: str) -> dict[str, str]:
    """Return bone names by joint from space-separated names in the order of MIDDLE and SIDED."""
    names = dict(zip(MIDDLE, middle.split(), strict=True))
    names |= {f"left_{joint}": name for joint, name in zip(SIDED, left.split(), strict=True)}
    return names | {
        f"right_{joint}": name for joint, name in zip(SIDED, right.split(), strict=True)
    }


def both(middle: str, sided: str) -> dict[str, str]:
    """Return a family whose sided names hold `?` for l/r, `#` for L/R or `@` for Left/Right."""
    left = sided.replace("?", "l").replace("#", "L").replace("@", "Left")
    right = sided.replace("?", "r").replace("#", "R").replace("@", "Right")
    return family(middle, left, right)


MIXAMO = both(
    "Hips Spine Spine1 Spine2 Neck Head",
    "@UpLeg @Leg @Foot @ToeBase @Shoulder @Arm @ForeArm @Hand",
)
FAMILIES = {
    "mixamo": {joint: "mixamorig:" + name for joint, name in MIXAMO.items()},
    "mixamo with a number": {joint: "mixamorig9:" + name for joint, name in MIXAMO.items()},
    "mixamo in a namespace": {joint: "Hero_A:mixamorig:" + name for joint, name in MIXAMO.items()},
    "mixamo without colon": {joint: "mixamorig" + name for joint, name in MIXAMO.items()},
    "mixamo without prefix": MIXAMO,
    "mixamo with a studio's prefix": {joint: "Zoe_v2_" + name for joint, name in MIXAMO.items()},
    "rigify metarig": both(
        "spine spine.001 spine.002 spine.003 spine.004 spine.006",
        "thigh.# shin.# foot.# toe.# shoulder.# upper_arm.# forearm.# hand.#",
    ),
    "mannequin": both(
        "hips spine chest upper_chest neck head",
        "thigh.# shin.# foot.# toes.# shoulder.# upper_arm.# forearm.# hand.#",
    ),
    "unreal": both(
        "pelvis spine_01 spine_02 spine_03 neck_01 head",
        "thigh_? calf_? foot_? ball_? clavicle_? upperarm_? lowerarm_? hand_?",
    ),
    "vrm": both(
        "J_Bip_C_Hips J_Bip_C_Spine J_Bip_C_Chest J_Bip_C_UpperChest J_Bip_C_Neck J_Bip_C_Head",
        "J_Bip_#_UpperLeg J_Bip_#_LowerLeg J_Bip_#_Foot J_Bip_#_ToeBase "
        "J_Bip_#_Shoulder J_Bip_#_UpperArm J_Bip_#_LowerArm J_Bip_#_Hand",
    ),
    "makehuman": both(
        "root spine05 spine03 spine01 neck01 head",
        "upperleg01.# lowerleg01.# foot.# toe1-1.# clavicle.# upperarm01.# lowerarm01.# wrist.#",
    ),
    "daz": both(
        "hip abdomenLower chestLower chestUpper neckLower head",
        "?ThighBend ?Shin ?Foot ?Toe ?Collar ?ShldrBend ?ForearmBend ?Hand",
    ),
    "cmu": both(
        "Hips LowerBack Spine Spine1 Neck Head",
        "@UpLeg @Leg @Foot @ToeBase @Shoulder @Arm @ForeArm @Hand",
    ),
    "biped": {
        joint: "Bip01 " + name.replace("_", " ")
        for joint, name in both(
            "Pelvis Spine Spine1 Spine2 Neck Head",
            "#_Thigh #_Calf #_Foot #_Toe0 #_Clavicle #_UpperArm #_Forearm #_Hand",
        ).items()
    },
    "canonical": {joint: joint for joint in JOINTS},
}


@dataclass(frozen=True)
class Shape:
    """How a toy rig differs from the canonical skeleton."""

    size: float = 1.0
    legs: float = 1.0
    arms_down_degrees: float = 0.0
    legs_apart_degrees: float = 0.0
    body: np.ndarray = field(default_factory=lambda: np.array([1.0, 0.0, 0.0, 0.0]))
    random_axes: bool = True


def toy_rig(names: dict[str, str], shape: Shape = Shape(), seed: int = 0) -> Rig:
    """Return a rig of the named joints; joints without a name are left out."""
    rng = np.random.default_rng(seed)
    heads = _heads(shape)
    joints = [joint for joint in JOINTS if joint in names]
    parents = [_named_parent(joint, joints) for joint in joints]
    rotations = (
        rng.normal(size=(len(joints), 4)) if shape.random_axes else np.eye(4)[[0] * len(joints)]
    )
    heads = heads[[JOINTS.index(joint) for joint in joints]]
    tails = heads + rng.normal(size=heads.shape) * 0.05 * shape.size
    return Rig(
        tuple(names[joint] for joint in joints),
        tuple(parents),
        quaternions.rotate(shape.body, heads),
        quaternions.rotate(shape.body, tails),
        quaternions.multiply(shape.body, quaternions.normalize(rotations)),
    )


def _heads(shape: Shape) -> np.ndarray:
    """Return the rest positions (22, 3) of the shape's joints, feet on the floor."""
    offsets = REST_OFFSETS * shape.size
    bends = {}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        for joint in ("elbow", "wrist"):
            bends[f"{side}_{joint}"] = -sign * shape.arms_down_degrees
        for joint in ("knee", "ankle"):
            bends[f"{side}_{joint}"] = sign * shape.legs_apart_degrees
    heads = np.zeros((len(JOINTS), 3))
    for index, joint in enumerate(JOINTS):
        offset = offsets[index]
        if joint in bends:
            angle = np.array(np.radians(bends[joint]))
            turn = quaternions.axis_angle_to_quaternion(np.array([0.0, 0.0, 1.0]), angle)
            offset = quaternions.rotate(turn, offset)
            offset = offset * (shape.legs if joint.endswith(("knee", "ankle")) else 1.0)
        heads[index] = offset + (heads[PARENTS[index]] if index else 0.0)
    lowest = heads[:, 1].min() - 0.02 * shape.size
    return heads - np.array([0.0, lowest, 0.0])


def _named_parent(joint: str, joints: list[str]) -> int:
    parent = PARENTS[JOINTS.index(joint)]
    while parent >= 0 and JOINTS[parent] not in joints:
        parent = PARENTS[parent]
    return joints.index(JOINTS[parent]) if parent >= 0 else -1


def wild_clip(frames: int = 40, seed: int = 3, amount: float = 0.5):
    """Return a clip of smooth, strong motion of every joint, with a path."""
    from keyfill_extension.engine.motion.clip import Clip

    rng = np.random.default_rng(seed)
    time = np.linspace(0.0, 2.0 * np.pi, frames)[:, None, None]
    phase, size = rng.uniform(0, 6, (1, 22, 3)), rng.normal(size=(1, 22, 3)) * amount
    vectors = size * np.sin(time + phase)
    angle = np.linalg.norm(vectors, axis=-1)
    axis = vectors / np.maximum(angle, 1e-9)[..., None]
    path = np.stack([np.sin(time[:, 0, 0]), 0.95 + 0.1 * np.cos(time[:, 0, 0]), time[:, 0, 0]], -1)
    return Clip(path, quaternions.axis_angle_to_quaternion(axis, angle))
