"""Characters for tests in real Blender, and the way to compare them with a clip."""

from __future__ import annotations

import json
from functools import cache

import bpy
import numpy as np
from keyfill_extension.blender_addon.core import axes
from keyfill_extension.blender_addon.scene.controls import rigs as control_rigs
from keyfill_extension.blender_addon.scene.keys import keyframes
from keyfill_extension.blender_addon.scene.reading import armature
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.clip import Clip
from keyfill_extension.engine.motion.retargeting.clip_to_rig import fit_clip_to_rig
from keyfill_extension.engine.motion.retargeting.rig_target import RigTarget
from keyfill_extension.engine.motion.skeleton import JOINT_INDEX
from keyfill_extension.tests.motion.toy_rigs import FAMILIES, Shape, toy_rig

LIMBS = [
    (f"{side}_{start}", f"{side}_{end}")
    for side in ("left", "right")
    for start, end in (
        ("shoulder", "elbow"),
        ("elbow", "wrist"),
        ("hip", "knee"),
        ("knee", "ankle"),
    )
]


def corpus_clip(shared, name: str) -> Clip:
    """Return a recorded clip by its id."""
    rows, root_pos, rot = _corpus(shared)
    row = rows[name]
    part = slice(row["start"], row["start"] + row["frames"])
    return Clip(root_pos[part].astype(float), quaternions.normalize(rot[part] / 32767.0))


@cache
def _corpus(shared) -> tuple[dict, np.ndarray, np.ndarray]:
    """Return all clips' rows by id, positions and rotations: unpacking them takes 0.3 s."""
    rows = map(json.loads, (shared / "corpus" / "clips.jsonl").read_text().splitlines())
    with np.load(shared / "corpus" / "motion.npz") as arrays:
        return {row["id"]: row for row in rows}, arrays["root_pos"], arrays["rot"]


ARMS_LOWERED = Shape(arms_down_degrees=40)


def add_toy_character(shape: Shape = ARMS_LOWERED, family: str = "mixamo"):
    """Return a new armature object with a toy rig's bones; their tails and rolls mean nothing."""
    rig = toy_rig(FAMILIES[family], shape)
    ob = bpy.data.objects.new("Toy", bpy.data.armatures.new("Toy"))
    bpy.context.collection.objects.link(ob)
    bpy.context.view_layer.objects.active = ob
    bpy.ops.object.mode_set(mode="EDIT")
    heads, tails = axes.vectors_to_blender(rig.heads), axes.vectors_to_blender(rig.tails)
    for bone, name in enumerate(rig.names):
        edit = ob.data.edit_bones.new(name)
        edit.head, edit.tail, edit.roll = heads[bone], tails[bone], bone * 0.7
        if rig.parents[bone] >= 0:
            edit.parent = ob.data.edit_bones[rig.names[rig.parents[bone]]]
    bpy.ops.object.mode_set(mode="OBJECT")
    return ob


def put_clip(ob, clip: Clip, start: int = 1, placement=None, fps: float = 30.0):
    """Retarget and write a clip as the operator does; return rig, bone map and action."""
    rig, bone_map = control_rigs.read_body(ob)
    held = armature.read_held_channels(ob, rig)
    motion = fit_clip_to_rig(clip, rig, bone_map, RigTarget(placement, held))
    take = keyframes.TakeKeys("a take", start, fps)
    return rig, bone_map, write_motion(ob, motion, take)


def write_motion(ob, motion, take):
    """Put a motion on an armature object as a new action; return the action."""
    return keyframes.write_take(ob, motion, take).action


def world_joints(ob, bone_map) -> dict[str, np.ndarray]:
    """Return evaluated heads of mapped bones at the present frame, world space, engine's axes."""
    evaluated = ob.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return {
        joint: axes.vectors_to_engine(
            np.array(evaluated.matrix_world @ evaluated.pose.bones[bone].head)
        )
        for joint, bone in bone_map.bones.items()
    }


def limb_errors(ob, bone_map, clip: Clip, start: int, frames=None) -> np.ndarray:
    """Return degrees between evaluated limbs in the world and the clip's, (frames, limbs).

    One turn about the vertical is allowed, the one that fits the first frame's hips.
    """
    joints = clip.joints()
    errors, turn = [], None
    for frame in frames if frames is not None else range(clip.frames):
        bpy.context.scene.frame_set(start + int(frame))
        found = world_joints(ob, bone_map)
        if turn is None:
            turn = _yaw_between(
                joints[frame, JOINT_INDEX["left_hip"]] - joints[frame, JOINT_INDEX["right_hip"]],
                found["left_hip"] - found["right_hip"],
            )
        row = []
        for first, last in LIMBS:
            wanted = joints[frame, JOINT_INDEX[last]] - joints[frame, JOINT_INDEX[first]]
            bend = quaternions.between(quaternions.rotate(turn, wanted), found[last] - found[first])
            row.append(quaternions.angle_between(quaternions.IDENTITY, bend))
        errors.append(row)
    return np.degrees(np.array(errors))


def _yaw_between(first, last) -> np.ndarray:
    angles = [np.arctan2(vector[0], vector[2]) for vector in (first, last)]
    return quaternions.yaw_to_quaternion(np.array(angles[1] - angles[0]))
