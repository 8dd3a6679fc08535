"""What a blend file holds, as plain numbers, to compare before and after."""

import bpy
import numpy as np
from keyfill_extension.tests.addon_blender import versions


def snapshot():
    """Every object, its transform, pose and animation; every action with its keys; the scene."""
    scene = bpy.context.scene
    return {
        "objects": {ob.name: _object(ob) for ob in bpy.data.objects},
        "actions": {action.name: _action(action) for action in bpy.data.actions},
        "armatures": sorted(armature.name for armature in bpy.data.armatures),
        "meshes": sorted(mesh.name for mesh in bpy.data.meshes),
        "frame": (scene.frame_current, scene.frame_start, scene.frame_end, scene.render.fps),
        "active": bpy.context.object.name if bpy.context.object else None,
    }


def _object(ob):
    data = ob.animation_data
    slot = versions.slot_of(ob)
    return {
        "matrix": [list(row) for row in ob.matrix_world],
        "action": data.action.name if data and data.action else None,
        "slot": slot.identifier if slot else None,
        "pose": {bone.name: [list(row) for row in bone.matrix_basis] for bone in ob.pose.bones}
        if ob.pose
        else {},
        "modes": [bone.rotation_mode for bone in ob.pose.bones] if ob.pose else [],
    }


def _action(action):
    return {
        "users": action.users,
        "fake": action.use_fake_user,
        "keys": {
            (curve.data_path, curve.array_index): _places(curve.keyframe_points)
            for curve in versions.curves_of(action)
        },
    }


def _places(points):
    """Frame and value of each key; read in one go, for there may be thousands."""
    numbers = np.empty(2 * len(points), np.float32)
    points.foreach_get("co", numbers)
    return [tuple(place) for place in numbers.reshape(-1, 2).tolist()]
