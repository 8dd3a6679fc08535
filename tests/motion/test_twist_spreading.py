"""Twist bones roll with their share, limbs keep their places, and reading undoes it."""

from dataclasses import replace

import numpy as np
import pytest
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.bones.matching import BoneMap, Guess, Twist
from keyfill_extension.engine.motion.clip import Clip, forward_kinematics
from keyfill_extension.engine.motion.retargeting.clip_to_rig import (
    fit_clip_to_rig,
    rig_pose_to_clip,
)
from keyfill_extension.engine.motion.rig import BonePose, Rig, pose_rig, rest_channels
from keyfill_extension.engine.motion.skeleton import JOINT_INDEX, REST_OFFSETS
from keyfill_extension.tests.motion.toy_rigs import MIXAMO, Shape, toy_rig, wild_clip

LIMBS = {"left_shoulder": "left_elbow", "left_elbow": "left_wrist",
         "right_hip": "right_knee", "right_knee": "right_ankle"}  # fmt: skip

A_POSE = Shape(arms_down_degrees=40)


def rig_with_twists(in_chain: bool, shape: Shape = A_POSE) -> tuple:
    """Return a rig with two twist bones on four limbs, beside the limb or between it and its end.

    Returns:
        rig, bone_map
    """
    plain = toy_rig(MIXAMO, shape)
    rng = np.random.default_rng(7)
    names, parents, heads, rotations = [], [], [], []
    twists = []
    for bone, name in enumerate(plain.names):
        joint = next(joint for joint, other in MIXAMO.items() if other == name)
        parent = names.index(plain.names[plain.parents[bone]]) if plain.parents[bone] >= 0 else -1
        limb = next((first for first, end in LIMBS.items() if end == joint), None)
        if limb and in_chain:
            parent = names.index(f"{limb}.b")
        names.append(name)
        parents.append(parent)
        heads.append(plain.heads[bone])
        rotations.append(plain.rotations[bone])
        if joint in LIMBS:
            end = plain.heads[plain.names.index(MIXAMO[LIMBS[joint]])]
            above = len(names) - 1
            for mark, share in (("a", 0.3), ("b", 0.8)):
                names.append(f"{joint}.{mark}")
                parents.append(above)
                above = len(names) - 1
                heads.append(plain.heads[bone] + share * (end - plain.heads[bone]))
                rotations.append(quaternions.normalize(rng.normal(size=4)))
                twists.append(Twist(names[-1], joint, share))
    rig = Rig(
        tuple(names), tuple(parents), np.array(heads), np.array(heads) + 0.1, np.array(rotations)
    )
    guesses = tuple(Guess(joint, name, 1.0, "") for joint, name in MIXAMO.items())
    return rig, BoneMap(guesses, tuple(twists))


def posed(rig, motion):
    channels = rest_channels(rig)
    frames = len(motion.locations)
    rotations = np.tile(channels.rotations, (frames, 1, 1))
    locations = np.tile(channels.locations, (frames, 1, 1))
    for column, name in enumerate(motion.bones):
        rotations[:, rig.index[name]] = motion.rotations[:, column]
    locations[:, rig.index[motion.location_bone]] = motion.locations
    return pose_rig(rig, BonePose(rotations, locations))


def rolls(rig, pose, first, second):
    """Return by how many radians the second bone rolls about +X against the first, from frame 0."""
    turns = [
        quaternions.multiply(
            pose.rotations[:, rig.index[name]],
            quaternions.conjugate(pose.rotations[:1, rig.index[name]]),
        )
        for name in (first, second)
    ]
    relative = quaternions.multiply(quaternions.conjugate(turns[0]), turns[1])
    angle = 2 * np.arctan2(relative[:, 1], relative[:, 0])
    return (angle + np.pi) % (2 * np.pi) - np.pi


def clip_with_roll(joint: str, degrees: float) -> Clip:
    """A T-pose in which one joint is rolled about its limb's length."""
    rot = np.tile([1.0, 0, 0, 0], (2, 22, 1))
    offset = REST_OFFSETS[JOINT_INDEX[LIMBS.get(joint, joint)]]
    axis = offset / np.linalg.norm(offset)
    rot[1, JOINT_INDEX[joint]] = quaternions.axis_angle_to_quaternion(
        axis, np.array(np.radians(degrees))
    )
    return Clip(np.tile([0, 0.95, 0.0], (2, 1)), rot)


@pytest.mark.parametrize("in_chain", [False, True])
@pytest.mark.parametrize("degrees", [70.0, -160.0])
def test_a_forearm_takes_up_the_roll_of_its_hand_by_share(in_chain, degrees):
    rig, bone_map = rig_with_twists(in_chain, Shape())
    pose = posed(rig, fit_clip_to_rig(clip_with_roll("left_wrist", degrees), rig, bone_map))
    for mark, share in (("a", 0.3), ("b", 0.8)):
        roll = rolls(rig, pose, "LeftForeArm", f"left_elbow.{mark}")
        assert np.degrees(roll[1]) == pytest.approx(share * degrees, abs=0.01)
    hand = rolls(rig, pose, "LeftForeArm", "LeftHand")
    assert np.degrees(hand[1]) == pytest.approx(degrees, abs=0.01)


@pytest.mark.parametrize("in_chain", [False, True])
def test_the_roll_of_an_upper_arm_fades_out_towards_the_body(in_chain):
    rig, bone_map = rig_with_twists(in_chain, Shape())
    pose = posed(rig, fit_clip_to_rig(clip_with_roll("left_shoulder", 80.0), rig, bone_map))
    expected = {"left_shoulder.a": 24.0, "left_shoulder.b": 64.0, "LeftForeArm": 80.0}
    expected["LeftArm"] = 0.0 if in_chain else 80.0
    for name, degrees in expected.items():
        roll = rolls(rig, pose, "LeftShoulder", name)
        assert np.degrees(roll[1]) == pytest.approx(degrees, abs=0.01), name


@pytest.mark.parametrize("in_chain", [False, True])
def test_joints_stay_where_they_are_without_twist_bones(in_chain):
    rig, bone_map = rig_with_twists(in_chain)
    clip = wild_clip(50)
    plain = toy_rig(MIXAMO, Shape(arms_down_degrees=40))
    without = posed(plain, fit_clip_to_rig(clip, plain, replace(bone_map, twists=())))
    pose = posed(rig, fit_clip_to_rig(clip, rig, bone_map))
    for name in MIXAMO.values():
        moved = pose.heads[:, rig.index[name]] - without.heads[:, plain.index[name]]
        assert np.abs(moved).max() < 1e-9, name


@pytest.mark.parametrize("in_chain", [False, True])
def test_reading_back_gives_the_clip_and_its_roll_again(in_chain):
    rig, bone_map = rig_with_twists(in_chain)
    clip = wild_clip(50)
    pose = posed(rig, fit_clip_to_rig(clip, rig, bone_map))
    back = rig_pose_to_clip(pose, rig, bone_map, 30.0)
    turned = [forward_kinematics(one.root_pos, one.rot)[1] for one in (back, clip)]
    assert np.degrees(quaternions.angle_between(*turned)).max() < 0.01
    assert np.abs(back.root_pos - clip.root_pos).max() < 1e-6
    again = posed(rig, fit_clip_to_rig(back, rig, bone_map))
    assert np.degrees(quaternions.angle_between(again.rotations, pose.rotations)).max() < 0.01


def test_a_roll_past_half_a_turn_goes_on():
    rig, bone_map = rig_with_twists(False, Shape())
    steps = [clip_with_roll("left_wrist", degrees).rot[1:] for degrees in range(0, 230, 10)]
    clip = Clip(np.tile([0, 0.95, 0.0], (len(steps), 1)), np.concatenate(steps))
    motion = fit_clip_to_rig(clip, rig, bone_map)
    channel = motion.rotations[:, motion.bones.index("left_elbow.b")]
    turned = np.degrees(quaternions.angle_between(channel[1:], channel[:-1]))
    assert turned.max() < 9.0
