"""Armature objects that are mirrored, or hang from an empty: upright, on the floor, ahead."""

import bpy
import numpy as np
import pytest
from keyfill_extension.blender_addon.scene.reading import armature
from keyfill_extension.blender_addon.tasks import animation
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.clip import Clip
from keyfill_extension.engine.motion.request import RequestError
from keyfill_extension.engine.motion.skeleton import JOINT_INDEX
from keyfill_extension.tests.addon_blender.characters import (
    add_toy_character,
    put_clip,
    world_joints,
)
from keyfill_extension.tests.motion.toy_rigs import wild_clip


def walking_clip(frames=20) -> Clip:
    """A clip of small moves that begins at the origin and goes 1 m ahead."""
    clip = wild_clip(frames, amount=0.15)
    path = np.zeros((frames, 3))
    path[:, 1], path[:, 2] = 0.95, np.linspace(0.0, 1.0, frames)
    rot = clip.rot.copy()
    rot[:, 0] = quaternions.IDENTITY
    return Clip(path, rot)


def depsgraph():
    return bpy.context.evaluated_depsgraph_get()


def put_where_it_stands(ob, clip):
    """Put a clip on an object at its own place; return rig and map."""
    bpy.context.view_layer.update()
    armature.check_armature(ob)
    rig = armature.read_rig(ob)
    bone_map = armature.read_bone_map(ob, rig)
    stance = armature.read_stance(ob, rig, bone_map, depsgraph())
    put_clip(ob, clip, placement=stance)
    return rig, bone_map


@pytest.mark.parametrize(
    ("scale", "turn"),
    [
        ((-1.0, 1.0, 1.0), (0.0, 0.0, 0.0)),
        ((-1.0, -1.0, -1.0), (np.pi, 0.0, 0.4)),
        ((-0.01, -0.01, -0.01), (np.pi, 0.0, -2.0)),
        ((100.0, -100.0, 100.0), (0.0, 0.0, 1.0)),
    ],
)
def test_a_mirrored_character_shows_the_motion_mirrored(scale, turn):
    ob = add_toy_character()
    ob.location, ob.rotation_euler, ob.scale = (2.0, -3.0, 0.0), turn, scale
    size, clip = abs(scale[0]), walking_clip()
    bpy.context.view_layer.update()
    rig = armature.read_rig(ob)
    rest = world_joints(ob, armature.read_bone_map(ob, rig))
    _, bone_map = put_where_it_stands(ob, clip)
    joints = clip.joints()
    toes = rest["left_foot"] - rest["left_ankle"] + rest["right_foot"] - rest["right_ankle"]
    ahead = toes * np.array([1.0, 0.0, 1.0]) / np.linalg.norm(toes[[0, 2]])
    left = np.cross([0.0, 1.0, 0.0], ahead)
    start = (rest["left_hip"] + rest["right_hip"]) / 2 * np.array([1.0, 0.0, 1.0])
    for frame in (0, 19):
        bpy.context.scene.frame_set(1 + frame)
        found = world_joints(ob, bone_map)
        for joint, place in found.items():
            x, y, z = joints[frame, JOINT_INDEX[joint]] * size
            # The bone called left hangs on the side that looks like the right.
            wanted = start - x * left + z * ahead + [0.0, y, 0.0]
            assert np.abs(place - wanted).max() < 0.03 * size, joint


@pytest.mark.parametrize("scale", [(-1.0, 1.0, 1.0), (-1.0, -1.0, -1.0)])
def test_what_a_mirrored_character_does_is_read_as_the_clip(scale):
    ob, clip = add_toy_character(), walking_clip()
    ob.scale = scale
    ob.rotation_euler = (np.pi if scale[1] < 0 else 0.0, 0.0, 0.3)
    rig, bone_map = put_where_it_stands(ob, clip)
    read = animation.read_animation(bpy.context, ob, rig, bone_map, (1, clip.frames))
    joints = read.clip.joints()
    assert np.abs(joints[0] - clip.joints()[0]).max() < 0.03
    end = joints[-1, 0] - joints[0, 0]
    assert end[2] == pytest.approx(1.0, abs=0.1)
    assert np.abs(end[:2]).max() < 0.02


@pytest.mark.parametrize("size", [0.01, 1.0, 100.0])
def test_a_character_below_an_empty_is_upright_in_the_world(size):
    ob, clip = add_toy_character(), walking_clip()
    empty = bpy.data.objects.new("Empty", None)
    bpy.context.collection.objects.link(empty)
    empty.location, empty.rotation_euler, empty.scale = (4, 5, 0), (0.0, 0.0, 2.0), (size,) * 3
    ob.parent = empty
    ob.location, ob.rotation_euler = (1.0, 2.0, 0.0), (0.0, 0.0, -0.5)
    _, bone_map = put_where_it_stands(ob, clip)
    joints = clip.joints() * size
    bpy.context.scene.frame_set(20)
    found = world_joints(ob, bone_map)
    for joint, place in found.items():
        assert place[1] == pytest.approx(joints[19, JOINT_INDEX[joint], 1], abs=0.01 * size)
    hips = (found["left_hip"] + found["right_hip"]) / 2
    start = np.array(ob.matrix_world.translation)
    went = np.linalg.norm(hips[[0, 2]] - [start[0], -start[1]])
    assert went == pytest.approx(size, abs=0.05 * size)


def test_a_parent_that_shears_is_refused():
    ob = add_toy_character()
    empty = bpy.data.objects.new("Empty", None)
    bpy.context.collection.objects.link(empty)
    empty.scale = (1.0, 2.0, 1.0)
    ob.parent = empty
    ob.rotation_euler = (0.0, 0.0, np.pi / 4)
    bpy.context.view_layer.update()
    with pytest.raises(RequestError, match="scaled unevenly"):
        armature.check_armature(ob)
