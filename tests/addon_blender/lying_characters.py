"""A character whose rest pose lays spine and legs along one axis, as suits' BVH files do."""

from __future__ import annotations

import bpy
import numpy as np
from keyfill_extension.blender_addon.core import axes
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.skeleton import JOINTS, PARENTS, REST_OFFSETS
from keyfill_extension.tests.motion.toy_rigs import MIXAMO
from mathutils import Quaternion, Vector

LAID = ("spine2", "spine3", "left_knee", "left_ankle", "right_knee", "right_ankle")
"""Joints that lie ahead of the joint above them at rest."""

FORWARD = np.array([0.0, 0.0, 1.0])


def add_lying_character():
    """Return an armature object, made active, with such a rest pose and no keys."""
    ob = bpy.data.objects.new("Suit", bpy.data.armatures.new("Suit"))
    bpy.context.collection.objects.link(ob)
    bpy.context.view_layer.objects.active = ob
    bpy.ops.object.mode_set(mode="EDIT")
    heads = np.zeros((len(JOINTS), 3))
    for index, joint in enumerate(JOINTS):
        offset = REST_OFFSETS[index]
        if joint in LAID:
            offset = FORWARD * np.linalg.norm(offset)
        heads[index] = offset + (heads[PARENTS[index]] if index else 0.0)
        bone = ob.data.edit_bones.new(MIXAMO[joint])
        bone.head = axes.vectors_to_blender(heads[index])
        bone.tail = axes.vectors_to_blender(heads[index] + 0.05 * FORWARD)
        if index:
            bone.parent = ob.data.edit_bones[MIXAMO[JOINTS[PARENTS[index]]]]
    bpy.ops.object.mode_set(mode="OBJECT")
    return ob


def key_stances(ob, stands):
    """Key a stance on some frames, the hips 0.95 above the ground.

    Args:
        ob: from `add_lying_character`.
        stands: whether it stands there, by frame; otherwise it sits with its back upright.
    """
    for frame, is_standing in stands.items():
        for joint in JOINTS:
            bone = ob.pose.bones[MIXAMO[joint]]
            above = _turn(JOINTS[PARENTS[JOINTS.index(joint)]], is_standing)
            above = above if bone.parent else Quaternion()
            rest = bone.bone.matrix_local.to_quaternion()
            local = above.inverted() @ _turn(joint, is_standing)
            bone.rotation_quaternion = rest.inverted() @ local @ rest
            bone.keyframe_insert("rotation_quaternion", frame=frame)
        hips = ob.pose.bones[MIXAMO["pelvis"]]
        hips.location = hips.bone.matrix_local.to_3x3().inverted() @ _up(0.95)
        hips.keyframe_insert("location", frame=frame)


def _up(height):
    return Vector(axes.vectors_to_blender(np.array([0.0, height, 0.0])).tolist())


def _turn(joint, is_standing):
    """Return the turn from rest, in Blender's axes, that puts the laid joint below in place."""
    below = next((low for low in LAID if JOINTS[PARENTS[JOINTS.index(low)]] == joint), None)
    if below is None or not (is_standing or below.startswith("spine")):
        return Quaternion()
    turn = quaternions.between(FORWARD, REST_OFFSETS[JOINTS.index(below)])
    return Quaternion(axes.turns_to_blender(turn).tolist())
