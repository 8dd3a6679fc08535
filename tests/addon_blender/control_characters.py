"""Control rigs for tests: generated Rigify, and small rigs named as Auto-Rig Pro's and CloudRig's.

The small ones have what makes control rigs hard: bones that copy FK and IK chains by a driven
switch, poles, helper bones between a control and what carries it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2

import addon_utils
import bpy
import numpy as np
from keyfill_extension.blender_addon.core import axes
from keyfill_extension.blender_addon.scene.controls import rigs as control_rigs
from keyfill_extension.blender_addon.scene.controls import takes as control_takes
from keyfill_extension.blender_addon.scene.keys import keyframes
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.retargeting.clip_to_rig import fit_clip_to_rig
from keyfill_extension.engine.motion.retargeting.rig_target import RigTarget
from keyfill_extension.engine.motion.rig import BonePose, pose_rig, rest_channels
from keyfill_extension.engine.motion.rig_options import RigOptions
from keyfill_extension.engine.motion.skeleton import JOINT_INDEX, JOINTS, PARENTS, REST_OFFSETS
from mathutils import Vector

LIMBS = {
    "arm": ("collar", "shoulder", "elbow", "wrist"),
    "leg": ("pelvis", "hip", "knee", "ankle"),
}


@dataclass(frozen=True)
class Names:
    """How a family calls its bones; `{s}` is the side's letter, `{side}` its word."""

    letters: tuple[str, str]
    deform: dict[str, str]
    controls: dict[str, str]
    ends: dict[str, str]
    poles: dict[str, str]
    switches: dict[str, tuple[str, str]]
    path: str
    root: str
    fk_value: float


AUTO_RIG_PRO = Names(
    letters=("l", "r"),
    deform={
        "pelvis": "root.x", "spine1": "spine_01.x", "spine2": "spine_02.x", "spine3": "spine_03.x",
        "neck": "neck.x", "head": "head.x", "collar": "shoulder.{s}", "shoulder": "arm_stretch.{s}",
        "elbow": "forearm_stretch.{s}", "wrist": "hand.{s}", "hip": "thigh_stretch.{s}",
        "knee": "leg_stretch.{s}", "ankle": "foot.{s}", "foot": "toes_01.{s}",
    },
    controls={
        "pelvis": "c_root.x", "spine1": "c_spine_01.x", "spine2": "c_spine_02.x",
        "spine3": "c_spine_03.x", "neck": "c_neck.x", "head": "c_head.x",
        "collar": "c_shoulder.{s}", "shoulder": "c_arm_fk.{s}", "elbow": "c_forearm_fk.{s}",
        "wrist": "c_hand_fk.{s}", "hip": "c_thigh_fk.{s}", "knee": "c_leg_fk.{s}",
        "ankle": "c_foot_fk.{s}", "foot": "c_toes_fk.{s}",
    },
    ends={"arm": "c_hand_ik.{s}", "leg": "c_foot_ik.{s}"},
    poles={"arm": "c_arms_pole.{s}", "leg": "c_leg_pole.{s}"},
    switches={
        "arm": ("c_hand_ik.{s}", "ik_fk_switch"), "leg": ("c_foot_ik.{s}", "ik_fk_switch"),
    },
    path="c_root_master.x",
    root="c_traj",
    fk_value=1.0,
)  # fmt: skip

CLOUD_RIG = Names(
    letters=("L", "R"),
    deform={
        "pelvis": "DEF-Hips", "spine1": "DEF-Spine", "spine2": "DEF-RibCage",
        "spine3": "DEF-Chest", "neck": "DEF-Neck", "head": "DEF-Head",
        "collar": "DEF-Shoulder.{s}", "shoulder": "DEF-UpperArm1.{s}",
        "elbow": "DEF-Forearm1.{s}", "wrist": "DEF-Wrist.{s}", "hip": "DEF-Thigh1.{s}",
        "knee": "DEF-Knee1.{s}", "ankle": "DEF-Foot.{s}", "foot": "DEF-Toes.{s}",
    },
    controls={
        "pelvis": "MSTR-Hips", "spine1": "FK-Spine", "spine2": "FK-RibCage", "spine3": "FK-Chest",
        "neck": "FK-Neck", "head": "FK-Head", "collar": "FK-Shoulder.{s}",
        "shoulder": "FK-UpperArm.{s}", "elbow": "FK-Forearm.{s}", "wrist": "FK-Wrist.{s}",
        "hip": "FK-Thigh.{s}", "knee": "FK-Knee.{s}", "ankle": "FK-Foot.{s}", "foot": "FK-Toes.{s}",
    },
    ends={"arm": "IK-MSTR-Wrist.{s}", "leg": "IK-MSTR-Foot.{s}"},
    poles={"arm": "IK-POLE-UpperArm.{s}", "leg": "IK-POLE-Thigh.{s}"},
    switches={"arm": ("Properties", "ik_{side}_arm"), "leg": ("Properties", "ik_{side}_leg")},
    path="MSTR-Torso",
    root="root",
    fk_value=0.0,
)  # fmt: skip


def add_rigify():
    """Return a rig that Rigify generated from its basic human; all limbs are in IK."""
    addon_utils.enable("rigify", default_set=True)
    bpy.ops.object.armature_basic_human_metarig_add()
    metarig = bpy.context.object
    bpy.ops.pose.rigify_generate()
    bpy.data.objects.remove(metarig)
    ob = next(one for one in bpy.context.scene.objects if one.type == "ARMATURE")
    bpy.context.view_layer.objects.active = ob
    return ob


def add_auto_rig_pro():
    """Return a small rig with Auto-Rig Pro's names."""
    return _Builder(AUTO_RIG_PRO).build()


def add_cloud_rig():
    """Return a small rig with CloudRig's names."""
    return _Builder(CLOUD_RIG).build()


MAKERS = {"rigify": add_rigify, "auto-rig pro": add_auto_rig_pro, "cloudrig": add_cloud_rig}


def put_on_controls(ob, clip, start=1, **wishes):
    """Put a clip on a control rig as Generate does; return its rig and the plain motion."""
    rig, bone_map = control_rigs.read_body(ob)
    held = rest_channels(rig)
    motion = fit_clip_to_rig(clip, rig, bone_map, RigTarget(None, held, RigOptions(**wishes)))
    take = keyframes.TakeKeys("a take", start, 30.0, options=RigOptions(**wishes))
    character = control_takes.Character(rig, bone_map, held)
    scene = bpy.context.scene
    fitted = control_takes.fit_to_controls(scene, ob, character, [motion], take)[0]
    control_takes.write_take(ob, fitted, take)
    return rig, motion


def meant_heads(rig, motion):
    """Return where bones of the following rig shall start, (T, N, 3), and how they shall lie."""
    count = len(motion.locations)
    rotations = np.tile(quaternions.IDENTITY, (count, len(rig.names), 1))
    locations = np.zeros((count, len(rig.names), 3))
    rotations[:, [rig.index[name] for name in motion.bones]] = motion.rotations
    locations[:, rig.index[motion.location_bone]] = motion.locations
    posed = pose_rig(rig, BonePose(rotations, locations))
    return posed.heads, posed.rotations


def shown(ob, names, frames):
    """Return heads (F, N, 3) and orientations (F, N, 4) that bones have, engine's axes."""
    heads, rotations = [], []
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        bones = ob.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones
        heads.append([tuple(bones[name].head) for name in names])
        turned = [bones[name].matrix.to_3x3().normalized().to_quaternion() for name in names]
        rotations.append(turned)
    return axes.vectors_to_engine(np.array(heads)), axes.orientations_to_engine(np.array(rotations))


class _Builder:
    """Makes a rig of deform bones, FK controls, IK chains and their switches."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.places = _rest_places()
        self.ob = bpy.data.objects.new("Character", bpy.data.armatures.new("Character"))
        bpy.context.collection.objects.link(self.ob)
        bpy.context.view_layer.objects.active = self.ob

    def build(self):
        bpy.ops.object.mode_set(mode="EDIT")
        self._edit()
        bpy.ops.object.mode_set(mode="OBJECT")
        self._constrain()
        bpy.context.view_layer.update()
        return self.ob

    def of(self, table: dict, joint: str) -> str:
        side, _, core = joint.rpartition("_")
        letter = self.names.letters[side == "right"]
        return table[core].format(s=letter, side=side)

    def side(self, text: str, side: str) -> str:
        return text.format(s=self.names.letters[side == "right"], side=side)

    def _edit(self) -> None:
        self._bone(self.names.root, Vector(), "")
        self._bone("Properties", Vector((0, 0, 2)), "")
        self._bone(self.names.path, self.places["pelvis"] + Vector((0, 0.03, 0.05)),
                   self.names.root)  # fmt: skip
        for number, joint in enumerate(JOINTS):
            parent = JOINTS[PARENTS[number]] if number else ""
            above = self.of(self.names.deform, parent) if parent else ""
            self._bone(self.of(self.names.deform, joint), self.places[joint], above, number)
            carrier = self.names.path
            if joint.endswith("shoulder"):
                # As with an isolated rotation: something lies between an arm and its collar.
                carrier = self._bone(f"between {joint}", self.places[joint],
                                     self.of(self.names.controls, parent))  # fmt: skip
            elif joint.endswith("foot"):
                carrier = above  # toes turn with the foot in FK and in IK
            elif parent and joint != "spine1":
                carrier = self.of(self.names.controls, parent)
            control = self.of(self.names.controls, joint)
            self._bone(control, self.places[joint], carrier, 0.3 * number)
            # The bones' axes are not those of the controls.
            self._bone(f"below {control}", self.places[joint], control, number)
        for side in ("left", "right"):
            for limb in LIMBS:
                self._edit_ik(side, limb)
                for joint in LIMBS[limb][1:]:
                    name, roll = f"{side}_{joint}", JOINT_INDEX[f"{side}_{joint}"]
                    self._bone(f"below ik {name}", self.places[name], f"ik {name}", roll)

    def _edit_ik(self, side: str, limb: str) -> None:
        _, upper, lower, end = (f"{side}_{joint}" for joint in LIMBS[limb])
        above = "pelvis" if limb == "leg" else f"{side}_collar"
        start = self._bone(f"ik {upper}", self.places[upper], self.of(self.names.deform, above),
                           tail=self.places[lower])  # fmt: skip
        self._bone(f"ik {lower}", self.places[lower], start, tail=self.places[end])
        control = self.side(self.names.ends[limb], side)
        self._bone(control, self.places[end] + Vector((0, 0.02, -0.03)), self.names.root)
        self._bone(f"ik {end}", self.places[end], control, roll=1.0)
        forward = Vector((0, -0.6 if limb == "leg" else 0.6, 0))
        self._bone(self.side(self.names.poles[limb], side), self.places[lower] + forward,
                   self.names.root)  # fmt: skip

    def _bone(self, name, head, parent, roll=0.0, tail=None):
        bone = self.ob.data.edit_bones.new(name)
        bone.head, bone.tail, bone.roll = head, tail or head + Vector((0, 0, 0.1)), roll
        if parent:
            bone.parent = self.ob.data.edit_bones[parent]
        return name

    def _constrain(self) -> None:
        in_limbs = {}
        for side in ("left", "right"):
            for limb, joints in LIMBS.items():
                switch = tuple(self.side(text, side) for text in self.names.switches[limb])
                self.ob.pose.bones[switch[0]][switch[1]] = 1.0 - self.names.fk_value
                for joint in joints[1:]:
                    in_limbs[f"{side}_{joint}"] = switch
                self._constrain_ik(side, limb)
            between = self.ob.pose.bones[f"between {side}_shoulder"]
            self._copy(between, "COPY_ROTATION", self.names.root, 0.3)
        for joint in JOINTS:
            bone = self.ob.pose.bones[self.of(self.names.deform, joint)]
            control = self.of(self.names.controls, joint)
            self._copy(bone, "COPY_TRANSFORMS", f"below {control}", 1.0)
            if joint in in_limbs:
                follow = self._copy(bone, "COPY_TRANSFORMS", f"below ik {joint}", 0.0)
                self._drive(follow, in_limbs[joint])

    def _constrain_ik(self, side: str, limb: str) -> None:
        _, upper, lower, _ = (f"{side}_{joint}" for joint in LIMBS[limb])
        bones = self.ob.pose.bones
        chain = bones[f"ik {lower}"].constraints.new("IK")
        chain.target = chain.pole_target = self.ob
        chain.subtarget = f"ik {side}_{LIMBS[limb][3]}"
        chain.pole_subtarget = self.side(self.names.poles[limb], side)
        chain.chain_count = 2
        first, last = self.ob.data.bones[f"ik {upper}"], self.ob.data.bones[f"ik {lower}"]
        pole = self.ob.data.bones[chain.pole_subtarget].head_local
        chain.pole_angle = _pole_angle(first, last, pole)

    def _copy(self, bone, kind, target, influence):
        constraint = bone.constraints.new(kind)
        constraint.target, constraint.subtarget = self.ob, target
        constraint.influence = influence
        return constraint

    def _drive(self, constraint, switch) -> None:
        driver = constraint.driver_add("influence").driver
        variable = driver.variables.new()
        variable.name = "value"
        variable.targets[0].id = self.ob
        variable.targets[0].data_path = f'pose.bones["{switch[0]}"]["{switch[1]}"]'
        driver.expression = "1 - value" if self.names.fk_value else "value"


def _rest_places() -> dict[str, Vector]:
    """Return the joints' places in Blender's axes, elbows and knees a little bent."""
    places = np.zeros((len(JOINTS), 3))
    for joint, parent in enumerate(PARENTS):
        places[joint] = REST_OFFSETS[joint] + (places[parent] if parent >= 0 else [0, 0.95, 0])
    for side in ("left", "right"):
        places[JOINT_INDEX[f"{side}_knee"], 2] += 0.03
        places[JOINT_INDEX[f"{side}_elbow"], 2] -= 0.03
    return {joint: Vector(axes.vectors_to_blender(place))
            for joint, place in zip(JOINTS, places, strict=True)}  # fmt: skip


def _pole_angle(first, last, pole) -> float:
    """Return the angle with which a chain at rest points at a pole."""
    normal = (last.tail_local - first.head_local).cross(pole - first.head_local)
    along = normal.cross(first.tail_local - first.head_local).normalized()
    x_axis, y_axis = first.matrix_local.col[0].xyz, first.matrix_local.col[1].xyz
    return atan2(x_axis.cross(along).dot(y_axis), x_axis.dot(along))
