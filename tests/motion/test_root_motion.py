"""The path on a root bone or the object: the same pose in the world, the hips without the path."""

from dataclasses import replace

import numpy as np
import pytest
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.bones.matching import BoneMap, Guess
from keyfill_extension.engine.motion.request import RequestError
from keyfill_extension.engine.motion.retargeting.clip_to_rig import Placement, fit_clip_to_rig
from keyfill_extension.engine.motion.retargeting.rig_target import ObjectStance, RigTarget
from keyfill_extension.engine.motion.rig import BonePose, Rig, pose_rig, rest_channels
from keyfill_extension.engine.motion.rig_options import HIPS, OBJECT, ROOT_BONE, RigOptions
from keyfill_extension.tests.motion.toy_rigs import MIXAMO, Shape, toy_rig, wild_clip

LYING = quaternions.axis_angle_to_quaternion(np.array([1.0, 0, 0]), np.array(-np.pi / 2))
PLACEMENT = Placement(np.array([3.0, 0.4, -2.0]), quaternions.yaw_to_quaternion(np.array(1.1)))


def rooted_rig(shape=None, connected=False) -> tuple:
    """Return a rig with a root bone, a bone between it and the hips, and its map."""
    plain = toy_rig(MIXAMO, shape or Shape(arms_down_degrees=30))
    rng = np.random.default_rng(2)
    names = ("Root", "Between", *plain.names)
    parents = (-1, 0, *(parent + 2 if parent >= 0 else 1 for parent in plain.parents))
    heads = np.concatenate([[[0.1, 0.0, 0.2], [0.0, 0.5, 0.0]], plain.heads])
    extra = quaternions.normalize(rng.normal(size=(2, 4)))
    rotations = np.concatenate([extra, plain.rotations])
    guesses = tuple(Guess(joint, name, 1.0, "") for joint, name in MIXAMO.items())
    glued = tuple(connected and name in ("Between", "Hips") for name in names)
    return Rig(names, parents, heads, heads + 0.1, rotations, glued), BoneMap(guesses, root="Root")


def posed(rig, motion, held):
    frames = len(motion.locations)
    rotations = np.tile(held.rotations, (frames, 1, 1))
    locations = np.tile(held.locations, (frames, 1, 1))
    for column, name in enumerate(motion.bones):
        rotations[:, rig.index[name]] = motion.rotations[:, column]
    locations[:, rig.index[motion.location_bone]] = motion.locations
    if motion.root is not None and motion.root.bone:
        rotations[:, rig.index[motion.root.bone]] = motion.root.rotations
        locations[:, rig.index[motion.root.bone]] = motion.root.locations
    return pose_rig(rig, BonePose(rotations, locations))


def held_between(rig):
    """Channels in which the bone between root and hips is turned and moved."""
    held = rest_channels(rig)
    held.rotations[1] = quaternions.normalize(np.array([1.0, 0.2, -0.1, 0.3]))
    held.locations[1] = [0.1, -0.2, 0.05]
    return held


def same(first, second, rig):
    """Say whether two poses are one, but for the root and the bone that it carries."""
    angles = quaternions.angle_between(first.rotations, second.rotations)[:, 2:]
    return np.degrees(angles).max() < 1e-4 and np.allclose(
        first.heads[:, 2:], second.heads[:, 2:], atol=1e-9
    )


def test_a_root_bone_carries_the_same_pose():
    rig, bone_map = rooted_rig()
    held, clip = held_between(rig), wild_clip(40)
    on_hips = fit_clip_to_rig(clip, rig, bone_map, RigTarget(PLACEMENT, held))
    options = RigOptions(root_motion=ROOT_BONE)
    on_root = fit_clip_to_rig(clip, rig, bone_map, RigTarget(PLACEMENT, held, options))
    assert on_root.root.bone == "Root"
    assert "Root" not in on_root.bones
    assert same(posed(rig, on_root, held), posed(rig, on_hips, held), rig)


def test_the_root_stands_below_the_hips_and_faces_as_they_do():
    rig, bone_map = rooted_rig()
    clip = wild_clip(40)
    target = RigTarget(PLACEMENT, options=RigOptions(root_motion=ROOT_BONE))
    pose = posed(rig, fit_clip_to_rig(clip, rig, bone_map, target), rest_channels(rig))
    hips = pose.heads[:, [rig.index["LeftUpLeg"], rig.index["RightUpLeg"]]].mean(axis=1)
    turns = quaternions.multiply(pose.rotations[:, 0], quaternions.conjugate(rig.rotations[0]))
    below = pose.heads[:, 0] - quaternions.rotate(turns, rig.heads[0])
    # The hips' middle hangs 8 cm below the pelvis of a clip, which may lean.
    assert np.abs(hips - below)[:, [0, 2]].max() < 0.08
    assert np.abs(pose.heads[:, 0, 1] - rig.heads[0, 1]).max() < 1e-9
    side = pose.heads[:, rig.index["LeftUpLeg"]] - pose.heads[:, rig.index["RightUpLeg"]]
    ahead = quaternions.rotate(turns, np.array([0.0, 0.0, 1.0]))
    assert np.abs(np.sum(side * ahead, axis=-1)).max() < 0.5 * np.linalg.norm(side[0])


@pytest.mark.parametrize("scale", [1.0, 0.01, -1.0])
@pytest.mark.parametrize("body", [np.array([1.0, 0, 0, 0]), LYING])
def test_an_object_carries_the_same_pose(scale, body):
    rig, bone_map = rooted_rig(Shape(body=body, arms_down_degrees=30))
    rotation = quaternions.normalize(np.array([0.9, 0.2, -0.4, 0.1]))
    stance = ObjectStance(np.array([5.0, 6.0, 7.0]), rotation, scale)
    placement = Placement(PLACEMENT.position, quaternions.multiply(body, PLACEMENT.rotation))
    clip = wild_clip(40)
    held = rest_channels(rig)
    on_hips = fit_clip_to_rig(clip, rig, bone_map, RigTarget(placement))
    target = RigTarget(placement, options=RigOptions(root_motion=OBJECT), stance=stance)
    moved = fit_clip_to_rig(clip, rig, bone_map, target)
    assert moved.root.bone == ""
    before, after = posed(rig, on_hips, held), posed(rig, moved, held)
    still = quaternions.rotate(rotation, scale * before.heads) + stance.location
    turned = quaternions.multiply(moved.root.rotations, rotation)[:, None]
    carried = quaternions.rotate(turned, scale * after.heads) + moved.root.locations[:, None]
    assert np.allclose(still[:, 2:], carried[:, 2:], atol=1e-9)
    assert np.ptp(moved.root.locations, axis=0).max() > 0.5 * abs(scale)
    span = [np.ptp(motion.locations, axis=0).max() for motion in (moved, on_hips)]
    assert span[0] < 0.5 * span[1]


@pytest.mark.parametrize("root_motion", [HIPS, ROOT_BONE])
def test_in_place_leaves_out_the_path_but_neither_height_nor_heading(root_motion):
    rig, bone_map = rooted_rig()
    clip, held = wild_clip(40), rest_channels(rig)
    whole = posed(rig, fit_clip_to_rig(clip, rig, bone_map, RigTarget(PLACEMENT)), held)
    options = RigOptions(root_motion=root_motion, in_place=True)
    motion = fit_clip_to_rig(clip, rig, bone_map, RigTarget(PLACEMENT, options=options))
    pose = posed(rig, motion, held)
    assert np.degrees(quaternions.angle_between(pose.rotations, whole.rotations))[:, 2:].max() < 0.1
    went = (whole.heads - pose.heads)[:, 2:]
    path = quaternions.rotate(PLACEMENT.rotation, clip.root_pos - clip.root_pos[0])
    assert np.allclose(went[..., [0, 2]], path[:, None, [0, 2]], atol=1e-9)
    assert np.abs(went[..., 1]).max() < 1e-9


def test_a_clip_that_begins_where_the_rig_stands_leaves_the_object_there():
    rig, bone_map = rooted_rig()
    stance = ObjectStance(np.array([1.0, 2.0, 3.0]), quaternions.IDENTITY, 1.0)
    clip = wild_clip(10)
    clip = replace(clip, root_pos=clip.root_pos - clip.root_pos[0] * [1.0, 0.0, 1.0])
    clip.rot[:, 0] = quaternions.IDENTITY
    target = RigTarget(options=RigOptions(root_motion=OBJECT), stance=stance)
    root = fit_clip_to_rig(clip, rig, bone_map, target).root
    assert np.allclose(root.locations[0], stance.location)
    assert np.allclose(root.rotations, quaternions.IDENTITY)
    assert np.allclose(root.locations - stance.location, clip.root_pos * [1.0, 0.0, 1.0])


def test_a_root_that_is_missing_or_cannot_be_moved_apart_is_refused():
    target = RigTarget(options=RigOptions(root_motion=ROOT_BONE))
    rig, bone_map = rooted_rig()
    with pytest.raises(RequestError, match="No bone above the hips"):
        fit_clip_to_rig(wild_clip(3), rig, replace(bone_map, root=""), target)
    rig, bone_map = rooted_rig(connected=True)
    with pytest.raises(RequestError, match="cannot carry the hips"):
        fit_clip_to_rig(wild_clip(3), rig, bone_map, target)
