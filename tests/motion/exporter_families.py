"""Rigs as exporters, packs and suits make them: odd names, feet on the root, joints in front.

Each is named after what it imitates; `rig_families` makes the bodies.
"""

from __future__ import annotations

from dataclasses import replace

from keyfill_extension.tests.motion.rig_families import (
    FAMILIES,
    LEFT_RIGHT,
    LOWER,
    MIXAMO,
    MIXAMO_FINGERS,
    UNREAL,
    UPPER,
    Family,
)

QUATERNIUS = Family(
    "Body Hips Abdomen Torso | Neck | Head",
    "UpperLeg.? LowerLeg.? Foot.? - Shoulder.? UpperArm.? LowerArm.? Palm.?",
    roots=("Bone",),
    arms_down=10.0,
    loose=("ankle",),
    poles="PoleTarget.?",
    limb_tips="_end",
)
VRM_NAMES = Family(
    "Hips Spine Chest | Neck | Head",
    "?UpperLeg ?LowerLeg ?Foot ?Toes ?Shoulder ?UpperArm ?LowerArm ?Hand",
    LEFT_RIGHT,
)
BVH_NAMES = Family(
    "Hips Chest Chest2 Chest3 | Neck | Head",
    "?Hip ?Knee ?Ankle ?Toe ?Collar ?Shoulder ?Elbow ?Wrist",
    LEFT_RIGHT,
)

EXPORTERS: dict[str, Family] = {
    "quaternius with leg ik, fbx": QUATERNIUS,
    "quaternius robot, gltf": replace(
        QUATERNIUS,
        sided="UpperLeg? LowerLeg? Foot? - Shoulder? UpperArm? LowerArm? Palm?",
        poles="PoleTarget?",
        limb_tips="",
    ),
    "low-poly pack with feet and toes on the root": Family(
        "hips spine chest | neck | head",
        "thigh_? shin_? foot_? toe_? clavicle_? upper_arm_? lower_arm_? hand_?",
        LOWER,
        roots=("root",),
        loose=("ankle", "foot"),
    ),
    "low-poly pack with hands and feet on the root": Family(
        "Pelvis Torso | Neck | Head",
        "Thigh.? Calf.? Foot.? - Clavicle.? UpperArm.? Forearm.? Hand.?",
        roots=("Root",),
        arms_down=30.0,
        loose=("ankle", "wrist"),
        poles="Pole.?",
    ),
    "blender ik rig with feet that have no parent": Family(
        "hips spine chest | neck | head",
        "thigh.? shin.? foot.? toe.? shoulder.? upper_arm.? forearm.? hand.?",
        loose=("ankle",),
        poles="knee_pole.?",
    ),
    "low-poly pack with one spine bone and no neck": Family(
        "Hips Chest | | Head",
        "Thigh? Shin? Foot? - - UpperArm? LowerArm? Hand?",
        roots=("Root",),
        arms_down=45.0,
        loose=("ankle",),
    ),
    "puppet whose hands are targets": Family(
        "pelvis spine_01 spine_02 | neck | head",
        "thigh_? calf_? foot_? ball_? clavicle_? upperarm_? lowerarm_? hand_?",
        LOWER,
        roots=("root",),
        loose=("wrist",),
        fingers=tuple(f"{name}_0#_?" for name in ("thumb", "index", "middle", "ring", "pinky")),
    ),
    "extruded in blender": Family(
        "spine spine.001 spine.002 | neck | head",
        "leg.? leg.?.001 leg.?.002 leg.?.003 - arm.? arm.?.001 arm.?.002",
        ("L", "R"),
        is_straight=True,
    ),
    "hip joints in lower case": Family(
        "pelvis spine chest | neck | head",
        "?_hip ?_knee ?_ankle - ?_collar ?_shoulder ?_elbow ?_wrist",
        ("left", "right"),
        before_hip="?_hip_joint",
        is_straight=True,
    ),
    "namespace behind and a straight body": replace(
        VRM_NAMES, sided=VRM_NAMES.sided.replace("?Toes", "-"), is_straight=True,
        written="*:character|1",
    ),
    "vrm exporter with bone behind": replace(
        VRM_NAMES, sided=VRM_NAMES.sided.replace("?Toes", "-"), is_straight=True, written="*Bone"
    ),
    "exporter with _bone behind": replace(
        VRM_NAMES, sided=VRM_NAMES.sided.replace("?Toes", "-"), is_straight=True, written="*_bone"
    ),
    "gltf exporter with node behind": replace(MIXAMO, prefix="", ends=("", ""), finger_end="",
                                              written="*Node"),
    "gltf scene names with a joint and a number": replace(
        VRM_NAMES, sided=VRM_NAMES.sided.replace("?Toes", "-"), is_straight=True,
        written="*Joint_#",
    ),
    "lower case with bone behind": Family(
        "hips spine chest | neck | head",
        "?upperleg ?lowerleg ?foot ?toes ?shoulder ?upperarm ?lowerarm ?hand",
        ("left", "right"),
        is_straight=True,
        written="*bone",
    ),
    "cesium man": Family(
        "Skeleton_torso_joint_1 Skeleton_torso_joint_2 torso_joint_3 "
        "| Skeleton_neck_joint_1 | Skeleton_neck_joint_2",
        "leg_joint_?_1 leg_joint_?_2 leg_joint_?_3 leg_joint_?_5 "
        "- Skeleton_arm_joint_?__4_ Skeleton_arm_joint_?__3_ Skeleton_arm_joint_?__2_",
        arms_down=25.0,
    ),
    "numbered limbs of a modeller": Family(
        "Torso1 Torso2 Torso3 | Neck | Head",
        "Leg1.? Leg2.? Leg3.? Leg4.? - Arm1.? Arm2.? Arm3.?",
        roots=("Root",),
    ),
    "goldsrc": Family(
        "Pelvis Spine Spine1 Spine2 | Neck | Head",
        "?_Leg ?_Leg1 ?_Foot - ?_Arm ?_Arm1 ?_Arm2 ?_Hand",
        prefix="Bip01_",
        arms_down=40.0,
        legs_from_spine=True,
    ),
    "team fortress": Family(
        "bip_pelvis bip_spine_0 bip_spine_1 bip_spine_2 | bip_neck | bip_head",
        "bip_hip_? bip_knee_? bip_foot_? bip_toe_? "
        "bip_collar_? bip_upperArm_? bip_lowerArm_? bip_hand_?",
    ),
    "motion builder with its namespace behind": replace(
        MIXAMO, prefix="", ends=("", ""), finger_end="", written="*:Hero_01"
    ),
    "maya with lf and rt": Family(
        "pelvis spine1 spine2 spine3 | neck | head",
        "?_upLeg ?_loLeg ?_foot ?_ball ?_clav ?_upArm ?_loArm ?_hand",
        ("lf", "rt"),
        written="*_jnt",
    ),
    "advanced skeleton": Family(
        "Root_M Spine1_M Spine2_M Chest_M | Neck_M | Head_M",
        "Hip_? Knee_? Ankle_? Toes_? Scapula_? Shoulder_? Elbow_? Wrist_?",
        ("L", "R"),
        arms_down=35.0,
    ),
    "acclaim": Family(
        "root lowerback upperback thorax | lowerneck upperneck | head",
        "?femur ?tibia ?foot ?toes ?clavicle ?humerus ?radius ?wrist",
        LOWER,
        before_hip="?hipjoint",
    ),
    "bvh with hip joints": replace(BVH_NAMES, before_hip="?HipJoint"),
    "bvh of the animation of 2001": BVH_NAMES,
    "xsens": Family(
        "Pelvis L5 L3 T12 T8 | Neck | Head",
        "?UpperLeg ?LowerLeg ?Foot ?Toe ?Shoulder ?UpperArm ?ForeArm ?Hand",
        LEFT_RIGHT,
    ),
    "roblox": Family(
        "LowerTorso UpperTorso | Neck | Head",
        "?UpperLeg ?LowerLeg ?Foot - ?Shoulder ?UpperArm ?LowerArm ?Hand",
        LEFT_RIGHT,
        roots=("HumanoidRootNode",),
    ),
    "deform bones among many controls": replace(
        UNREAL,
        written="*",
        middle="DEF_pelvis DEF_spine_01 DEF_spine_02 DEF_spine_03 | DEF_neck_01 | DEF_head",
        sided="DEF_thigh_? DEF_calf_? DEF_foot_? DEF_ball_? "
        "DEF_clavicle_? DEF_upperarm_? DEF_lowerarm_? DEF_hand_?",
        leaf_twists=("",) * 4,
        fingers=(),
        extras=tuple((f"CTRL_{number:02}", "root") for number in range(12)),
    ),
    "sketchfab": replace(
        MIXAMO, prefix="mixamorig_", ends=("", ""), finger_end="", fingers=MIXAMO_FINGERS,
        written="*_0#",
    ),
    "side behind in full": Family(
        "Hips Spine Chest | Neck | Head",
        "UpLeg? Leg? Foot? Toe? Shoulder? Arm? ForeArm? Hand?",
        LEFT_RIGHT,
        written="*Jnt",
    ),
    "rokoko": Family(
        "Hips Spine1 Spine2 Spine3 Spine4 | Neck | Head",
        "?Thigh ?Shin ?Foot ?Toe ?Shoulder ?Arm ?ForeArm ?Hand",
        LEFT_RIGHT,
    ),
    "second life": Family(
        "mPelvis mTorso mChest | mNeck | mHead",
        "mHip? mKnee? mAnkle? mToe? mCollar? mShoulder? mElbow? mWrist?",
        LEFT_RIGHT,
    ),
    "rigify names with deform behind": replace(
        FAMILIES["rigify metarig"], fingers=(), metacarpals="", sides=UPPER, written="*_def"
    ),
    "optitrack motive": Family(
        "Hip Ab Chest | Neck | Head",
        "?Thigh ?Shin ?Foot ?Toe ?Shoulder ?UArm ?FArm ?Hand",
        UPPER,
    ),
    "s&box citizen": Family(
        "pelvis spine_0 spine_1 spine_2 | neck_0 | head",
        "leg_upper_? leg_lower_? ankle_? ball_? clavicle_? arm_upper_? arm_lower_? hand_?",
        arms_down=40.0,
        leaf_twists=("leg_upper_?_twist0", "leg_lower_?_twist0", "arm_upper_?_twist0",
                     "arm_lower_?_twist0"),
        fingers=tuple(f"finger_{name}_#_?" for name in ("thumb", "index", "middle", "ring")),
    ),
    "sims 4": Family(
        "b__Pelvis__ b__Spine0__ b__Spine1__ b__Spine2__ | b__Neck__ | b__Head__",
        "b__?_Thigh__ b__?_Calf__ b__?_Foot__ b__?_Toe__ "
        "b__?_Clavicle__ b__?_UpperArm__ b__?_Forearm__ b__?_Hand__",
        roots=("b__ROOT__",),
        leaf_twists=("b__?_ThighTwist__", "", "b__?_UpperArmTwist__", "b__?_ForearmTwist__"),
        arms_down=45.0,
    ),
    "skyrim": Family(
        "NPC~Pelvis~[Pelv] NPC~Spine~[Spn0] NPC~Spine1~[Spn1] NPC~Spine2~[Spn2] "
        "| NPC~Neck~[Neck] | NPC~Head~[Head]",
        "NPC~?~Thigh~[?Thg] NPC~?~Calf~[?Clf] NPC~?~Foot~[?ft~] NPC~?~Toe0~[?Toe] "
        "NPC~?~Clavicle~[?Clv] NPC~?~UpperArm~[?Uar] NPC~?~Forearm~[?Lar] NPC~?~Hand~[?Hnd]",
        roots=("NPC~Root~[Root]", "NPC~COM~[COM~]"),
        is_root_named=False,
        arms_down=35.0,
        doubles=(("NPC~?~ForearmTwist1~[?Lt1]", "elbow", "elbow"),
                 ("NPC~?~UpperarmTwist1~[?Ut1]", "shoulder", "shoulder")),
    ),
    "fallout 4": Family(
        "Pelvis SPINE1 SPINE2 Chest | Neck | HEAD",
        "?Leg_Thigh ?Leg_Calf ?Leg_Foot ?Leg_Toe1 "
        "?Arm_Collarbone ?Arm_UpperArm ?Arm_ForeArm1 ?Arm_Hand",
        roots=("Root", "COM"),
        is_root_named=False,
        inline_twists=("", "", "", "?Arm_ForeArm2"),
        arms_down=35.0,
    ),
    "kaykit with ik controls": Family(
        "hips spine chest | | head",
        "upperleg.? lowerleg.? foot.? toes.? - upperarm.? lowerarm.? wrist.?",
        LOWER,
        roots=("root",),
        doubles=(
            ("hand.?", "wrist", "wrist"), ("handslot.?", "wrist", "hand.?"),
            ("kneeIK.?", "knee", ""), ("elbowIK.?", "elbow", ""), ("handIK.?", "wrist", ""),
            ("control-heel-roll.?", "ankle", ""),
            ("control-toe-roll.?", "foot", "control-heel-roll.?"),
            ("control-foot-roll.?", "foot", "control-toe-roll.?"),
            ("heelIK.?", "ankle", "control-foot-roll.?"), ("IK-foot.?", "ankle", "heelIK.?"),
            ("IK-toe.?", "foot", "control-toe-roll.?"),
        ),
    ),
    "synty": Family(
        "Hips Spine_01 Spine_02 Spine_03 | Neck | Head",
        "UpperLeg_? LowerLeg_? Ankle_? Ball_? Clavicle_? Shoulder_? Elbow_? Hand_?",
        roots=("Root",),
        doubles=(("Toes_?", "foot", "foot"),),
    ),
    "meshy": Family(
        "Hips Spine02 Spine01 Spine | neck | Head",
        "?UpLeg ?Leg ?Foot ?ToeBase ?Shoulder ?Arm ?ForeArm ?Hand",
        LEFT_RIGHT,
        ends=("head_end", ""),
        arms_down=35.0,
    ),
    "rigify through three.js": replace(
        FAMILIES["rigify deform bones"],
        prefix="",
        middle="DEF-spine DEF-spine001 DEF-spine002 DEF-spine003 "
        "| DEF-spine004 DEF-spine005 | DEF-spine006",
        sided="DEF-thigh? DEF-shin? DEF-foot? DEF-toe? "
        "DEF-shoulder? DEF-upper_arm? DEF-forearm? DEF-hand?",
        inline_twists=("DEF-thigh?001", "DEF-shin?001", "DEF-upper_arm?001", "DEF-forearm?001"),
        fingers=(), metacarpals="", extras=(),
    ),
    "mmd in english": Family(
        "Waist UpperBody UpperBody2 | Neck | Head",
        "Leg_? Knee_? Ankle_? ToeTip_? Shoulder_? Arm_? Elbow_? Wrist_?",
        roots=("ParentNode", "Center", "Groove"),
        is_root_named=False,
        before_hip="LowerBody",
        inline_twists=("", "", "ArmTwist_?", "HandTwist_?"),
        arms_down=38.0,
        doubles=(("LegIKParent_?", "ankle", ""), ("LegIK_?", "ankle", "LegIKParent_?"),
                 ("ToeTipIK_?", "foot", "LegIK_?")),
    ),
    "mmd with legs that deform apart": replace(
        FAMILIES["mmd"],
        doubles=(("?足D", "hip", "pelvis"), ("?ひざD", "knee", "?足D"),
                 ("?足首D", "ankle", "?ひざD"), ("?足先EX", "foot", "?足首D")),
    ),
    "soma": Family(
        "Hips Spine1 Spine2 Chest | Neck1 Neck2 | Head",
        "?Leg ?Shin ?Foot ?ToeBase ?Shoulder ?Arm ?ForeArm ?Hand",
        LEFT_RIGHT,
        roots=("Root",),
        ends=("HeadEnd", "?ToeEnd"),
    ),
    "ipi": Family(
        "Hip LowerSpine MiddleSpine Chest | Neck | Head",
        "?Thigh ?Shin ?Foot ?Toe ?Clavicle ?Shoulder ?Forearm ?Hand",
        UPPER,
    ),
    "meta movement": Family(
        "Hips SpineLower SpineMiddle SpineUpper Chest | Neck | Head",
        "?UpperLeg ?LowerLeg ?FootAnkle ?FootBall ?Shoulder ?ArmUpper ?ArmLower ?HandWrist",
        LEFT_RIGHT,
        roots=("Root",),
        doubles=(("?HandWristTwist", "wrist", "elbow"), ("?FootAnkleTwist", "ankle", "knee"),
                 ("?HandPalm", "wrist", "wrist")),
    ),
    "arkit": Family(
        "hips_joint spine_1_joint spine_2_joint spine_3_joint spine_4_joint spine_5_joint "
        "spine_6_joint spine_7_joint | neck_1_joint neck_2_joint neck_3_joint neck_4_joint "
        "| head_joint",
        "?_upLeg_joint ?_leg_joint ?_foot_joint ?_toes_joint "
        "?_shoulder_1_joint ?_arm_joint ?_forearm_joint ?_hand_joint",
        ("left", "right"),
        roots=("root",),
        ends=("", "?_toesEnd_joint"),
    ),
    "deepmotion": Family(
        "hips_JNT spine_JNT spine1_JNT spine2_JNT | neck_JNT | head_JNT",
        "?_upleg_JNT ?_leg_JNT ?_foot_JNT ?_toebase_JNT "
        "?_shoulder_JNT ?_arm_JNT ?_forearm_JNT ?_hand_JNT",
        LOWER,
        roots=("root_JNT",),
    ),
    "twist bones that carry the limbs": replace(
        FAMILIES["quaternius"],
        middle="pelvis spine chest | neck | head",
        sided="Thigh? Calf? Foot? Toe? Clavicle? UpperArm? Forearm? Hand?",
        outer_twists=("ThighTwist?", "CalfTwist?", "UpperArmTwist?", "ForearmTwist?"),
        extras=(),
    ),
    "satyr with hoofs": Family(
        "Pelvis Spine Chest | Neck | Head",
        "Thigh_? Shin_? Hock_? Hoof_? Shoulder_? UpperArm_? Forearm_? Hand_?",
        roots=("Root",),
        extras=(("Tail", "pelvis"), ("Horn_L", "head"), ("Horn_R", "head")),
    ),
    "low-poly pack with mittens": Family(
        "Hips Spine | | Head",
        "UpLeg.? LowLeg.? Foot.? - - UpArm.? LowArm.? Mitten.?",
        roots=("Armature_Root",),
        arms_down=60.0,
        doubles=(("MittenThumb.?", "wrist", "wrist"), ("MittenFingers.?", "wrist", "wrist")),
    ),
}  # fmt: skip
