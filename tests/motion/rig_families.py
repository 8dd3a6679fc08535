"""Rigs of every promised family: names, hierarchies and proportions made by code.

Each family is a table of names; bodies vary in size, proportion and rest pose;
extras (twist bones, fingers, skirts, hair, weapons, faces) come along. What is
right is known, as the same table makes both the rig and the answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.rig import Rig
from keyfill_extension.engine.motion.skeleton import JOINT_INDEX, PARENTS, REST_OFFSETS

SIDES = ("left", "right")
SPINES_OF = {0: (), 1: ("spine3",), 2: ("spine1", "spine3")}
"""Which joints a short spine's bones play, by their number."""


@dataclass(frozen=True)
class Family:
    """One naming; `?` in a sided name stands for the side's text, `~` in any for a space."""

    middle: str
    """Pelvis, spine bones from the lowest, then `|` necks, then `|` the head."""

    sided: str
    """hip knee ankle toes collar shoulder elbow wrist; `-` where the family has none."""

    sides: tuple[str, str] = ("L", "R")
    """What `?` becomes on the left and on the right."""

    roots: tuple[str, ...] = ()
    """Bones above the pelvis, the topmost first; they lie on the floor."""

    is_root_named: bool = True
    """Whether the lowest of the roots is meant as the root bone."""

    before_hip: str = ""
    before_shoulder: str = ""
    """A bone between pelvis and hip, and one between collar and upper arm."""

    inline_twists: tuple[str, str, str, str] = ("", "", "", "")
    """In a row with thigh, shin, upper arm and forearm, halfway down."""

    leaf_twists: tuple[str, str, str, str] = ("", "", "", "")
    """Beside the same four, as children without children."""

    fingers: tuple[str, ...] = ()
    """Five patterns (thumb first) with `#` for the segment 1 to 3."""

    finger_segments: tuple[str, str, str] = ("1", "2", "3")
    metacarpals: str = ""
    """Pattern with `#` for the finger 1 to 4."""

    finger_end: str = ""
    """Pattern of what closes each finger, with `*` for the last segment's name."""

    ends: tuple[str, str] = ("", "")
    """End bones of head and toes."""

    arms_down: float = 0.0
    """Degrees below the horizontal at rest."""

    extras: tuple[tuple[str, str], ...] = ()
    """(name, joint it hangs from), each with a chain of two more bones behind it."""

    prefix: str = ""
    legs_from_spine: bool = False
    collars_from_neck: bool = False
    laid_out: bool = False
    """Whether all limbs lie along one axis at rest, as LaFAN's do."""

    loose: tuple[str, ...] = ()
    """Kinds of joints whose bones hang on the topmost root, or on nothing: ankle, foot, wrist."""

    poles: str = ""
    """Pattern of a bone on the topmost one, before each knee."""

    limb_tips: str = ""
    """Ending of a child that shins keep where their feet hang elsewhere."""

    doubles: tuple[tuple[str, str, str], ...] = ()
    """Bones beside the limbs: a sided name, the kind of joint at whose place it lies, and the bone
    that it hangs from: another double, a kind of joint, or nothing for the topmost one."""

    outer_twists: tuple[str, str, str, str] = ("", "", "", "")
    """Twist bones that carry thigh, shin, upper arm and forearm and start where these do."""

    is_straight: bool = False
    """Whether knees and elbows are not bent at all, so that nothing but toes shows the front."""

    written: str = "*"
    """How an exporter writes every name: `*` is the name, `#` a running number."""


MIXAMO_FINGERS = tuple(f"?Hand{name}#" for name in ("Thumb", "Index", "Middle", "Ring", "Pinky"))
UNREAL_FINGERS = tuple(f"{name}_0#_?" for name in ("thumb", "index", "middle", "ring", "pinky"))
DOTTED_FINGERS = tuple(
    f"{name}.0#.?" for name in ("thumb", "f_index", "f_middle", "f_ring", "f_pinky")
)
DAZ_FINGERS = tuple(f"?{name}#" for name in ("Thumb", "Index", "Mid", "Ring", "Pinky"))
LEFT_RIGHT, LOWER, UPPER = ("Left", "Right"), ("l", "r"), ("L", "R")

MIXAMO = Family(
    "Hips Spine Spine1 Spine2 | Neck | Head",
    "?UpLeg ?Leg ?Foot ?ToeBase ?Shoulder ?Arm ?ForeArm ?Hand",
    LEFT_RIGHT,
    fingers=MIXAMO_FINGERS,
    finger_end="*4",
    ends=("HeadTop_End", "?Toe_End"),
    prefix="mixamorig:",
)
UNREAL = Family(
    "pelvis spine_01 spine_02 spine_03 | neck_01 | head",
    "thigh_? calf_? foot_? ball_? clavicle_? upperarm_? lowerarm_? hand_?",
    LOWER,
    roots=("root",),
    leaf_twists=(
        "thigh_twist_01_?", "calf_twist_01_?", "upperarm_twist_01_?", "lowerarm_twist_01_?"
    ),
    fingers=UNREAL_FINGERS,
    arms_down=50.0,
    extras=(("ik_hand_root", "root"), ("ik_foot_root", "root"), ("weapon_r", "right_wrist")),
)  # fmt: skip
RIGIFY = Family(
    "spine spine.001 spine.002 spine.003 | spine.004 spine.005 | spine.006",
    "thigh.? shin.? foot.? toe.? shoulder.? upper_arm.? forearm.? hand.?",
    fingers=DOTTED_FINGERS,
    metacarpals="palm.0#.?",
    arms_down=28.0,
    extras=(("face", "head"), ("breast.L", "spine3"), ("breast.R", "spine3")),
)
VROID = Family(
    "J_Bip_C_Hips J_Bip_C_Spine J_Bip_C_Chest J_Bip_C_UpperChest | J_Bip_C_Neck | J_Bip_C_Head",
    "J_Bip_?_UpperLeg J_Bip_?_LowerLeg J_Bip_?_Foot J_Bip_?_ToeBase "
    "J_Bip_?_Shoulder J_Bip_?_UpperArm J_Bip_?_LowerArm J_Bip_?_Hand",
    roots=("Root",),
    fingers=tuple(
        f"J_Bip_?_{name}#" for name in ("Thumb", "Index", "Middle", "Ring", "Little")
    ),
    extras=(
        ("J_Sec_Hair1_01", "head"), ("J_Sec_Hair2_01", "head"), ("J_Adj_L_FaceEye", "head"),
        ("J_Sec_L_SkirtFront1", "pelvis"), ("J_Sec_R_SkirtBack1", "pelvis"),
        ("J_Sec_L_Bust1", "spine3"),
    ),
)  # fmt: skip
MAKEHUMAN = Family(
    "root spine05 spine04 spine03 spine02 spine01 | neck01 neck02 neck03 | head",
    "upperleg01.? lowerleg01.? foot.? toe1-1.? clavicle.? upperarm01.? lowerarm01.? wrist.?",
    before_hip="pelvis.?",
    before_shoulder="shoulder01.?",
    inline_twists=("upperleg02.?", "lowerleg02.?", "upperarm02.?", "lowerarm02.?"),
    fingers=tuple(f"finger{number}-#.?" for number in range(1, 6)),
    metacarpals="metacarpal#.?",
    arms_down=40.0,
    extras=(("jaw", "head"), ("eye.L", "head"), ("eye.R", "head"), ("breast.L", "spine3")),
)
SMPL = Family(
    "Pelvis Spine1 Spine2 Spine3 | Neck | Head",
    "?_Hip ?_Knee ?_Ankle ?_Foot ?_Collar ?_Shoulder ?_Elbow ?_Wrist",
    extras=(("L_Hand", "left_wrist"), ("R_Hand", "right_wrist")),
)
CC = Family(
    "Hip Waist Spine01 Spine02 | NeckTwist01 NeckTwist02 | Head",
    "?_Thigh ?_Calf ?_Foot ?_ToeBase ?_Clavicle ?_Upperarm ?_Forearm ?_Hand",
    roots=("RL_BoneRoot",),
    before_hip="Pelvis",
    leaf_twists=("?_ThighTwist01", "?_CalfTwist01", "?_UpperarmTwist01", "?_ForearmTwist01"),
    fingers=tuple(f"?_{name}#" for name in ("Thumb", "Index", "Mid", "Ring", "Pinky")),
    extras=(
        ("FacialBone", "head"), ("L_RibsTwist", "spine3"), ("R_RibsTwist", "spine3"),
        ("L_KneeShareBone", "left_knee"), ("L_BigToe1", "left_foot"),
    ),
    prefix="CC_Base_",
    arms_down=45.0,
)  # fmt: skip
DAZ8 = Family(
    "hip abdomenLower abdomenUpper chestLower chestUpper | neckLower neckUpper | head",
    "?ThighBend ?Shin ?Foot ?Toe ?Collar ?ShldrBend ?ForearmBend ?Hand",
    LOWER,
    before_hip="pelvis",
    inline_twists=("?ThighTwist", "", "?ShldrTwist", "?ForearmTwist"),
    fingers=DAZ_FINGERS,
    extras=(("lEye", "head"), ("lPectoral", "spine3"), ("rPectoral", "spine3")),
)
ARP = Family(
    "root.x spine_01.x spine_02.x spine_03.x | neck.x | head.x",
    "thigh_stretch.? leg_stretch.? foot.? toes_01.? shoulder.? arm_stretch.? forearm_stretch.? "
    "hand.?",
    LOWER,
    roots=("c_traj",),
    leaf_twists=("thigh_twist.?", "leg_twist.?", "arm_twist.?", "forearm_twist.?"),
    fingers=tuple(f"{name}#.?" for name in ("c_thumb", "index", "middle", "ring", "pinky")),
    arms_down=30.0,
    extras=(("c_breast_01.l", "spine3"), ("c_jawbone.x", "head")),
)
MMD = Family(
    "腰 上半身 上半身2 | 首 | 頭",
    "?足 ?ひざ ?足首 ?つま先 ?肩 ?腕 ?ひじ ?手首",
    ("左", "右"),
    roots=("全ての親", "センター", "グルーブ"),
    is_root_named=False,
    before_hip="下半身",
    inline_twists=("", "", "?腕捩", "?手捩"),
    fingers=tuple(f"?{name}#" for name in ("親指", "人指", "中指", "薬指", "小指")),
    finger_segments=("１", "２", "３"),
    arms_down=38.0,
    extras=(
        ("左足ＩＫ", "root"), ("右足ＩＫ", "root"), ("左スカート１", "pelvis"),
        ("右スカート１", "pelvis"), ("前髪", "head"), ("両目", "head"),
    ),
)  # fmt: skip
BIPED = Family(
    "Pelvis Spine Spine1 Spine2 | Neck | Head",
    "?_Thigh ?_Calf ?_Foot ?_Toe0 ?_Clavicle ?_UpperArm ?_Forearm ?_Hand",
    fingers=tuple(f"?_Finger{number}#" for number in range(5)),
    finger_segments=("", "1", "2"),
    prefix="Bip01_",
    arms_down=44.0,
    legs_from_spine=True,
    collars_from_neck=True,
    extras=(("L_Eye", "head"), ("Ponytail1", "head"), ("Prop1", "right_wrist")),
)

FAMILIES: dict[str, Family] = {
    "mixamo": MIXAMO,
    "mixamo without prefix": replace(MIXAMO, prefix=""),
    "mixamo with another prefix": replace(MIXAMO, prefix="Zoe_v2:"),
    "ready player me": replace(
        MIXAMO, prefix="", extras=(("LeftEye", "head"), ("RightEye", "head"))
    ),
    "rigify metarig": RIGIFY,
    "rigify deform bones": replace(
        RIGIFY, prefix="DEF-", roots=("root",),
        inline_twists=("thigh.?.001", "shin.?.001", "upper_arm.?.001", "forearm.?.001"),
    ),
    "unreal mannequin": UNREAL,
    "metahuman": replace(
        UNREAL,
        middle="pelvis spine_01 spine_02 spine_03 spine_04 spine_05 | neck_01 neck_02 | head",
        extras=(
            ("upperarm_correctiveRoot_l", "left_shoulder"), ("FACIAL_C_FacialRoot", "head"),
            ("thigh_correctiveRoot_r", "right_hip"), ("calf_knee_l", "left_knee"),
        ),
    ),
    "vroid": VROID,
    "vrm": replace(
        VROID,
        middle="hips spine chest upperChest | neck | head",
        sided="?UpperLeg ?LowerLeg ?Foot ?Toes ?Shoulder ?UpperArm ?LowerArm ?Hand",
        sides=("left", "right"),
        fingers=tuple(f"?{name}#" for name in ("Thumb", "Index", "Middle", "Ring", "Little")),
        finger_segments=("Proximal", "Intermediate", "Distal"),
        roots=("Armature",),
    ),
    "makehuman default": MAKEHUMAN,
    "makehuman game": replace(UNREAL, roots=("Root",), leaf_twists=("",) * 4, extras=()),
    "smpl": SMPL,
    "smpl-x": replace(
        SMPL,
        middle="pelvis spine1 spine2 spine3 | neck | head",
        sided="?_hip ?_knee ?_ankle ?_foot ?_collar ?_shoulder ?_elbow ?_wrist",
        sides=("left", "right"),
        fingers=tuple(f"?_{name}#" for name in ("thumb", "index", "middle", "ring", "pinky")),
        extras=(("jaw", "head"), ("left_eye_smplhf", "head")),
    ),
    "cmu bvh": replace(
        MIXAMO,
        middle="Hips LowerBack Spine Spine1 | Neck Neck1 | Head",
        before_hip="?HipJoint",
        prefix="", fingers=(), finger_end="", ends=("", ""),
    ),
    "cgspeed bvh": Family(
        "hip abdomen chest | neck | head",
        "?Thigh ?Shin ?Foot - ?Collar ?Shldr ?ForeArm ?Hand",
        LOWER,
        before_hip="?Buttock",
        fingers=DAZ_FINGERS,
    ),
    "lafan bvh": replace(
        MIXAMO,
        sided="?UpLeg ?Leg ?Foot ?Toe ?Shoulder ?Arm ?ForeArm ?Hand",
        prefix="", fingers=(), finger_end="", ends=("", ""), laid_out=True,
    ),
    "auto-rig pro": ARP,
    "cloudrig": Family(
        "Hips Spine RibCage Chest | Neck | Head",
        "Thigh.? Knee.? Foot.? Toes.? Shoulder.? UpperArm.? Forearm.? Wrist.?",
        fingers=tuple(f"{name}#.?" for name in ("Thumb", "Index", "Middle", "Ring", "Pinky")),
        arms_down=25.0,
    ),
    "cloudrig deform bones": Family(
        "DEF-Hips DEF-Spine DEF-RibCage DEF-Chest | DEF-Neck | DEF-Head",
        "DEF-Thigh1.? DEF-Knee1.? DEF-Foot.? DEF-Toes.? DEF-Shoulder.? DEF-UpperArm1.? "
        "DEF-Forearm1.? DEF-Wrist.?",
        inline_twists=("DEF-Thigh2.?", "DEF-Knee2.?", "DEF-UpperArm2.?", "DEF-Forearm2.?"),
        roots=("root",),
    ),
    "character creator": CC,
    "daz genesis 8": DAZ8,
    "daz genesis 9": replace(
        DAZ8,
        middle="hip spine1 spine2 spine3 spine4 | neck1 neck2 | head",
        sided="?_thigh ?_shin ?_foot ?_toes ?_shoulder ?_upperarm ?_forearm ?_hand",
        inline_twists=("", "", "", ""),
        leaf_twists=("?_thightwist1", "", "?_upperarmtwist1", "?_forearmtwist1"),
        fingers=tuple(f"?_{name}#" for name in ("thumb", "index", "mid", "ring", "pinky")),
        extras=(("l_eye", "head"), ("l_pectoral", "spine3")),
    ),
    "quaternius": Family(
        "Hips Abdomen Torso | Neck | Head",
        "UpperLeg.? LowerLeg.? Foot.? - Shoulder.? UpperArm.? LowerArm.? Fist.?",
        roots=("Bone",),
        arms_down=60.0,
        fingers=(),
        extras=(("PoleTarget.L", "root"), ("PoleTarget.R", "root")),
    ),
    "mesh2motion": replace(
        UNREAL, arms_down=0.0, leaf_twists=("",) * 4, extras=(),
        ends=("head_leaf", "ball_leaf_?"), finger_end="*_leaf",
    ),
    "mmd": MMD,
    "mmd in blender": replace(
        MMD,
        sided="足.? ひざ.? 足首.? つま先.? 肩.? 腕.? ひじ.? 手首.?",
        sides=UPPER,
        inline_twists=("", "", "腕捩.?", "手捩.?"),
        fingers=tuple(f"{name}#.?" for name in ("親指", "人指", "中指", "薬指", "小指")),
    ),
    "biped": BIPED,
    "biped with spaces": replace(BIPED, prefix="Bip01 "),
    "valve biped": replace(BIPED, prefix="ValveBiped.Bip01_"),
    "vrchat": Family(
        "Hips Spine Chest | Neck | Head",
        "?_leg ?_knee ?_ankle ?_toe ?_shoulder ?_arm ?_elbow ?_wrist",
        LEFT_RIGHT,
        fingers=tuple(
            f"{name}#_?" for name in ("Thumb", "IndexFinger", "MiddleFinger", "RingFinger",
                                      "LittleFinger")
        ),
        arms_down=20.0,
        extras=(("Hair_root", "head"), ("Skirt_1", "pelvis"), ("Skirt_2", "pelvis")),
    ),
    "glued lower case": Family(
        "hips spine chest | neck | head",
        "?thigh ?calf ?foot ?toe ?clavicle ?upperarm ?forearm ?hand",
        LOWER,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Build:
    """How one body of a family differs from the next."""

    size: float = 1.0
    legs: float = 1.0
    arms: float = 1.0
    head: float = 1.0
    shoulders: float = 1.0
    arms_down: float | None = None
    """Degrees; None is the family's own."""

    yaw: float = 0.0
    """Degrees that the body is turned about the vertical."""

    z_up: bool = False
    unevenness: float = 0.0
    """Standard deviation of every bone's place, as a share of the size."""

    missing: tuple[str, ...] = ()
    """Kinds of joints left out: collar, foot, neck, wrist."""

    extras: bool = True
    seed: int = 0


BUILDS: dict[str, Build] = {
    "adult": Build(unevenness=0.002),
    "t-pose in centimetres": Build(size=100.0, arms_down=3.0, unevenness=0.002, seed=1),
    "arms down, facing backwards": Build(arms_down=75.0, yaw=180.0, unevenness=0.002, seed=2),
    "chibi": Build(size=0.4, legs=0.55, arms=0.7, head=2.5, unevenness=0.002, seed=3),
    "long legs, wide shoulders, z up": Build(
        legs=1.3, arms=1.15, shoulders=1.5, z_up=True, unevenness=0.002, seed=4
    ),
    "turned, without collars and toes": Build(
        yaw=90.0, missing=("collar", "foot"), unevenness=0.002, seed=5
    ),
    "without neck and extras": Build(missing=("neck",), extras=False, seed=6),
    "without hands": Build(missing=("wrist",), unevenness=0.002, seed=7),
}


@dataclass
class MadeRig:
    """A rig with the answers."""

    rig: Rig
    joints: dict[str, str]
    """Bone by joint; of the spine only what the number of spine bones gives."""

    twists: dict[str, str]
    """Limb joint by twist bone."""

    fingers: dict[str, tuple[str, int, int]]
    """Side, digit and segment by bone."""

    root: str

    carried: dict[str, str] = field(default_factory=dict)
    """The limb's bone by the bone that belongs to it and hangs elsewhere."""


@dataclass
class _Bones:
    names: list[str] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    heads: list[np.ndarray] = field(default_factory=list)

    def add(self, name: str, parent: str, head: np.ndarray) -> str:
        """Add a bone and return its name."""
        self.names.append(name)
        self.parents.append(self.names.index(parent) if parent else -1)
        self.heads.append(np.asarray(head, dtype=float))
        return name


def make_rig(family: Family, build: Build) -> MadeRig:
    """Return a rig of the family with that build, and what is right."""
    bones, places = _Bones(), _places(family, build)
    made = MadeRig(None, {}, {}, {}, "")
    _add_trunk(bones, made, family, build, places)
    for side, text in zip(SIDES, family.sides, strict=True):
        _add_leg(bones, made, (family, build), (side, text), places)
        _add_arm(bones, made, (family, build), (side, text), places)
        _add_doubles(bones, made, family, (side, text), places)
    if build.extras:
        _add_extras(bones, made, family, places)
    made.rig = _finished(bones, family, build)
    return _as_written(made, family.written)


def _as_written(made: MadeRig, written: str) -> MadeRig:
    """Return the rig with every name as the exporter writes it."""
    new = {
        name: written.replace("*", name).replace("#", f"{number:02}").replace("~", " ")
        for number, name in enumerate(made.rig.names)
    }
    return MadeRig(
        replace(made.rig, names=tuple(new.values())),
        {joint: new[bone] for joint, bone in made.joints.items()},
        {new[bone]: joint for bone, joint in made.twists.items()},
        {new[bone]: finger for bone, finger in made.fingers.items()},
        new.get(made.root, ""),
        {new[bone]: new[carrier] for bone, carrier in made.carried.items()},
    )


def _places(family: Family, build: Build) -> dict[str, np.ndarray]:
    """Return every joint's place at rest, feet on the floor, facing +Z."""
    offsets = REST_OFFSETS.copy()
    down = build.arms_down if build.arms_down is not None else family.arms_down
    for side, sign in (("left", 1.0), ("right", -1.0)):
        for joint in ("knee", "ankle"):
            offsets[JOINT_INDEX[f"{side}_{joint}"]] *= build.legs
        bend = 0.0 if family.is_straight else 1.0
        offsets[JOINT_INDEX[f"{side}_knee"]] += [0.01 * sign, 0.0, 0.015 * bend]
        offsets[JOINT_INDEX[f"{side}_ankle"]] += [0.0, 0.0, -0.03 * bend]
        offsets[JOINT_INDEX[f"{side}_shoulder"], 0] *= build.shoulders
        for joint, ahead in (("elbow", -0.01), ("wrist", 0.02)):
            length = abs(offsets[JOINT_INDEX[f"{side}_{joint}"], 0]) * build.arms
            angle = np.radians(down)
            offsets[JOINT_INDEX[f"{side}_{joint}"]] = [
                sign * length * np.cos(angle), -length * np.sin(angle), ahead * bend
            ]  # fmt: skip
    offsets[JOINT_INDEX["head"], 1] *= build.head
    places = {}
    for joint, index in JOINT_INDEX.items():
        parent = PARENTS[index]
        above = places[next(j for j, i in JOINT_INDEX.items() if i == parent)] if index else 0.0
        places[joint] = offsets[index] + above
    if family.laid_out:
        places = _laid_out(offsets)
    floor = min(place[1] for place in places.values()) - 0.02
    return {joint: place - [0.0, floor, 0.0] for joint, place in places.items()}


def _laid_out(offsets: np.ndarray) -> dict[str, np.ndarray]:
    """Return places with every bone's length along X, as LaFAN's files have them."""
    places: dict[str, np.ndarray] = {}
    joints = list(JOINT_INDEX)
    for joint, index in JOINT_INDEX.items():
        if index == 0:
            places[joint] = np.zeros(3)
            continue
        step = np.array([np.linalg.norm(offsets[index]), 0.0, 0.0])
        if joint.endswith(("hip", "collar")):
            step = np.array([0.1, 0.05, 0.1 if joint.startswith("left") else -0.1])
        places[joint] = places[joints[PARENTS[index]]] + step
    return places


def _add_trunk(bones, made, family, build, places) -> None:
    prefix = family.prefix
    parent = ""
    for name in family.roots:
        parent = bones.add(name, parent, np.array([0.0, 0.0, 0.0]))
    names, necks, head = (part.split() for part in family.middle.split("|"))
    if family.roots and family.is_root_named:
        made.root = family.roots[-1]
    elif family.roots:
        made.root = family.roots[0]
    pelvis = bones.add(prefix + names[0], parent, places["pelvis"])
    made.joints["pelvis"] = pelvis
    spine, parent = names[1:], pelvis
    chain = []
    for number, name in enumerate(spine):
        share = number / max(len(spine) - 1, 1)
        place = places["spine1"] * (1 - share) + places["spine3"] * share
        parent = bones.add(prefix + name, parent, place)
        chain.append(parent)
    picked = SPINES_OF.get(len(chain), ("spine1", "spine2", "spine3"))
    rows = range(len(chain)) if len(chain) < 3 else (0, len(chain) // 2, -1)
    made.joints |= {joint: chain[row] for joint, row in zip(picked, rows, strict=True)}
    for number, name in enumerate([] if "neck" in build.missing else necks):
        place = places["neck"] + (places["head"] - places["neck"]) * number / len(necks)
        if family.collars_from_neck:
            place = place + [0.0, 0.02, 0.0]
        parent = bones.add(prefix + name, parent, place)
        if number == 0:
            made.joints["neck"] = parent
    made.joints["head"] = bones.add(prefix + head[0], parent, places["head"])
    if family.ends[0]:
        top = places["head"] + [0.0, 0.18 * build.head, 0.02]
        bones.add(prefix + family.ends[0], made.joints["head"], top)


def _add_leg(bones, made, kind, sided, places) -> None:
    (family, build), (side, text) = kind, sided
    names = [family.prefix + name.replace("?", text) for name in family.sided.split()[:4]]
    pelvis = made.joints["pelvis"]
    parent = made.joints["spine1"] if family.legs_from_spine else pelvis
    if family.before_hip:
        name = family.prefix + family.before_hip.replace("?", text)
        sign = 1.0 if side == "left" else -1.0
        aside = [0.03 * sign, 0.0, 0.0] if "?" in family.before_hip else [0.0, 0.0, 0.0]
        if name not in bones.names:
            bones.add(name, parent, places["pelvis"] + aside)
        parent = name
    joints = ("hip", "knee", "ankle", "foot")
    for number, (joint, name) in enumerate(zip(joints, names, strict=True)):
        if name.endswith("-") or joint in build.missing:
            continue
        if number < 2:
            twist = (family.outer_twists[number].replace("?", text), f"{side}_{joint}")
            parent = _add_outer_twist(bones, family, twist, parent, places)
        parent = _hang(bones, made, family, (f"{side}_{joint}", name, parent), places)
        if number < 2:
            ends = (f"{side}_{joint}", f"{side}_{joints[number + 1]}")
            parent = _add_twists(bones, made, (family, number, text), ends, places)
    if family.ends[1] and parent.endswith(names[3]):
        name = family.prefix + family.ends[1].replace("?", text)
        bones.add(name, parent, places[f"{side}_foot"] + [0.0, 0.0, 0.07])


def _hang(bones, made, family, hung, places) -> str:
    """Add a limb's bone to the one above it, or to the topmost where it hangs there."""
    joint, name, parent = hung
    top = family.roots[0] if family.roots else ""
    if joint.split("_")[1] in family.loose:
        made.carried[name] = parent
        if family.limb_tips:
            bones.add(parent + family.limb_tips, parent, places[joint])
        if joint.endswith("ankle") and family.poles:
            text = family.sides[SIDES.index(joint.split("_")[0])]
            pole = family.prefix + family.poles.replace("?", text)
            knee = places[joint.replace("ankle", "knee")]
            bones.add(pole, top, knee + [0.0, 0.0, 0.4])
            made.carried[pole] = made.joints[joint.replace("ankle", "hip")]
        parent = top
    made.joints[joint] = bones.add(name, parent, places[joint])
    return name


def _add_outer_twist(bones, family, twist, parent, places) -> str:
    """Add the bone that carries a limb's, if there is one; return what the limb hangs from."""
    name, joint = twist
    return bones.add(family.prefix + name, parent, places[joint]) if name else parent


def _add_doubles(bones, made, family, sided, places) -> None:
    """Add what lies at the joints of a side without being one; left out with its joint."""
    side, text = sided
    top = family.roots[0] if family.roots else ""
    for name, kind, below in family.doubles:
        parent = below.replace("?", text)
        parent = made.joints.get(f"{side}_{parent}", made.joints.get(parent, parent)) or top
        if f"{side}_{kind}" in made.joints and (not parent or parent in bones.names):
            bones.add(name.replace("?", text), parent, places[f"{side}_{kind}"])


def _add_arm(bones, made, kind, sided, places) -> None:
    (family, build), (side, text) = kind, sided
    names = [family.prefix + name.replace("?", text) for name in family.sided.split()[4:]]
    spine = [made.joints[joint] for joint in ("spine3", "pelvis") if joint in made.joints]
    parent = spine[0]
    if family.collars_from_neck and "neck" in made.joints:
        parent = made.joints["neck"]
    joints = ("collar", "shoulder", "elbow", "wrist")
    for number, (joint, name) in enumerate(zip(joints, names, strict=True)):
        if name.endswith("-") or joint in build.missing:
            continue
        if joint == "shoulder" and family.before_shoulder and "collar" not in build.missing:
            place = (places[f"{side}_collar"] + places[f"{side}_shoulder"]) / 2.0
            before = family.prefix + family.before_shoulder.replace("?", text)
            parent = bones.add(before, parent, place)
        if number in (1, 2):
            twist = (family.outer_twists[number + 1].replace("?", text), f"{side}_{joint}")
            parent = _add_outer_twist(bones, family, twist, parent, places)
        parent = _hang(bones, made, family, (f"{side}_{joint}", name, parent), places)
        if number in (1, 2):
            ends = (f"{side}_{joint}", f"{side}_{joints[number + 1]}")
            parent = _add_twists(bones, made, (family, number + 1, text), ends, places)
    if f"{side}_wrist" in made.joints:
        _add_fingers(bones, made, family, (side, text), places)


def _add_twists(bones, made, which, ends, places) -> str:
    """Add the limb's twist bones; return the bone that the next joint hangs from."""
    family, number, text = which
    upper = made.joints[ends[0]]
    middle = (places[ends[0]] + places[ends[1]]) / 2.0
    if family.leaf_twists[number]:
        name = family.prefix + family.leaf_twists[number].replace("?", text)
        bones.add(name, upper, middle)
        made.twists[name] = ends[0]
    if family.inline_twists[number]:
        name = family.prefix + family.inline_twists[number].replace("?", text)
        made.twists[name] = ends[0]
        return bones.add(name, upper, middle)
    return upper


def _add_fingers(bones, made, family, sided, places) -> None:
    side, text = sided
    wrist = places[f"{side}_wrist"]
    along = wrist - places[f"{side}_elbow"]
    along = along / np.linalg.norm(along)
    ahead = np.array([0.0, 0.0, 1.0])
    for digit, pattern in enumerate(family.fingers):
        parent = made.joints[f"{side}_wrist"]
        base = wrist + along * 0.09 + ahead * (0.03 - 0.02 * (digit - 1))
        step = along * (0.032 - 0.003 * abs(digit - 2))
        if digit == 0:
            base, step = wrist + along * 0.03 + ahead * 0.03, (along + ahead) * 0.022
        elif family.metacarpals:
            name = family.metacarpals.replace("#", str(digit)).replace("?", text)
            parent = bones.add(family.prefix + name, parent, wrist + (base - wrist) * 0.2)
        for segment, number in enumerate(family.finger_segments):
            name = family.prefix + pattern.replace("#", number).replace("?", text)
            parent = bones.add(name, parent, base + step * segment)
            made.fingers[name] = (side, digit, segment)
        if family.finger_end:
            stem = parent[:-1] if family.finger_end == "*4" else parent
            bones.add(family.finger_end.replace("*", stem), parent, base + step * 3)


def _add_extras(bones, made, family, places) -> None:
    rng = np.random.default_rng(len(family.extras))
    for name, joint in family.extras:
        parent = made.joints.get(joint, "")
        place = places.get(joint, np.zeros(3))
        if joint == "root":
            parent = family.roots[0] if family.roots else ""
        elif not parent:
            continue
        drift = rng.normal(size=3) * [0.03, 0.0, 0.03] + [0.0, -0.03, 0.0]
        for number in range(3):
            parent = bones.add(
                f"{family.prefix}{name}" + (f"_{number}" if number else ""),
                parent,
                place + drift * (number + 1),
            )


def _finished(bones: _Bones, family: Family, build: Build) -> Rig:
    rng = np.random.default_rng(build.seed)
    heads = np.array(bones.heads)
    heads = heads + rng.normal(size=heads.shape) * build.unevenness
    turn = quaternions.yaw_to_quaternion(np.array(np.radians(build.yaw)))
    if build.z_up:
        lying = quaternions.axis_angle_to_quaternion(np.eye(3)[0], np.array(np.pi / 2))
        turn = quaternions.multiply(lying, turn)
    heads = quaternions.rotate(turn, heads) * build.size
    count = len(heads)
    tails = heads + rng.normal(size=heads.shape) * 0.05 * build.size
    rotations = quaternions.normalize(rng.normal(size=(count, 4)))
    return Rig(tuple(bones.names), tuple(bones.parents), heads, tails, rotations)


def renamed(rig: Rig, seed: int = 0) -> tuple[Rig, dict[str, str]]:
    """Return the rig with names that mean nothing, and its old names by new ones."""
    order = np.random.default_rng(seed).permutation(len(rig.names))
    fresh = tuple(f"Bone.{number:03}" for number in order)
    return replace(rig, names=fresh), dict(zip(fresh, rig.names, strict=True))
