"""Clips on rigs and back: round trips, limb directions, rest poses, size, placement."""

from dataclasses import replace

import numpy as np
import pytest
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.bones.matching import match_bones
from keyfill_extension.engine.motion.clip import Clip, forward_kinematics
from keyfill_extension.engine.motion.contacts import STANDING_HEIGHTS
from keyfill_extension.engine.motion.retargeting.clip_to_rig import (
    Placement,
    fit_clip_to_rig,
    heading_of_pose,
    rest_placement,
    rig_pose_to_clip,
)
from keyfill_extension.engine.motion.retargeting.rig_target import RigTarget
from keyfill_extension.engine.motion.rig import BonePose, Rig, pose_rig, rest_channels
from keyfill_extension.engine.motion.skeleton import JOINT_INDEX, JOINTS, REST_OFFSETS
from keyfill_extension.tests.motion.toy_rigs import FAMILIES, MIXAMO, Shape, toy_rig, wild_clip

FACING_BACK = np.array([0.0, 0.0, 1.0, 0.0])
LYING_DATA = quaternions.axis_angle_to_quaternion(np.array([1.0, 0, 0]), np.array(-np.pi / 2))
SHAPES = {
    "T-pose": Shape(),
    "A-pose": Shape(arms_down_degrees=45, legs_apart_degrees=6),
    "arms down": Shape(arms_down_degrees=85),
    "giant in centimetres": Shape(size=230.0, legs=1.2, arms_down_degrees=30),
    "short legs": Shape(size=0.5, legs=0.6),
    "looks back": Shape(body=FACING_BACK, arms_down_degrees=40),
    "stands along another axis": Shape(body=LYING_DATA, arms_down_degrees=40),
}
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


def rest_clip(frames=3):
    return Clip(np.tile([0, 0.95, 0.0], (frames, 1)), np.tile([1.0, 0, 0, 0], (frames, 22, 1)))


def channels_of(rig, motion, held=None):
    """Return the channels (T, N) of all bones under a motion."""
    held = held or rest_channels(rig)
    count = len(motion.locations)
    rotations = np.tile(held.rotations, (count, 1, 1))
    locations = np.tile(held.locations, (count, 1, 1))
    for column, name in enumerate(motion.bones):
        rotations[:, rig.index[name]] = motion.rotations[:, column]
    places = {motion.location_bone: motion.locations}
    places |= {one.bone: one.locations for one in motion.moved}
    if motion.root is not None and motion.root.bone:
        rotations[:, rig.index[motion.root.bone]] = motion.root.rotations
        places[motion.root.bone] = motion.root.locations
    for name, values in places.items():
        locations[:, rig.index[name]] = values
    return BonePose(rotations, locations)


def posed(rig: Rig, motion, held: BonePose | None = None):
    """Return the rig's pose under a motion, computed the way Blender does."""
    return pose_rig(rig, channels_of(rig, motion, held))


def direction_errors(clip, rig, bone_map, pose, turn) -> np.ndarray:
    """Return degrees between the limbs of clip and rig, (T, limbs)."""
    joints = clip.joints()
    errors = []
    for start, end in LIMBS:
        wanted = joints[:, JOINT_INDEX[end]] - joints[:, JOINT_INDEX[start]]
        wanted = quaternions.rotate(turn, wanted)
        ends = [rig.index[bone_map.bones[joint]] for joint in (start, end)]
        found = pose.heads[:, ends[1]] - pose.heads[:, ends[0]]
        errors.append(
            quaternions.angle_between(quaternions.IDENTITY, quaternions.between(wanted, found))
        )
    return np.degrees(np.stack(errors, axis=1))


def walker_clip(frames=60):
    """A wild clip whose knees bend forwards only, from straight to far."""
    clip = wild_clip(frames)
    bends = 0.8 - 0.8 * np.cos(np.linspace(0, 6 * np.pi, frames)[:, None] + [0.0, 2.0])
    knees = [JOINT_INDEX["left_knee"], JOINT_INDEX["right_knee"]]
    clip.rot[:, knees] = quaternions.axis_angle_to_quaternion(np.array([1.0, 0, 0]), bends)
    return clip


@pytest.mark.parametrize("name", SHAPES)
def test_what_came_from_a_clip_is_read_and_written_again(name):
    rig, clip = toy_rig(FAMILIES["mixamo"], SHAPES[name]), walker_clip()
    bone_map = match_bones(rig)
    first = fit_clip_to_rig(clip, rig, bone_map)
    back = rig_pose_to_clip(posed(rig, first), rig, bone_map, 30.0)
    again = fit_clip_to_rig(back, rig, bone_map)
    assert np.degrees(quaternions.angle_between(again.rotations, first.rotations)).max() < 0.5
    scale = SHAPES[name].size * SHAPES[name].legs
    assert np.abs(again.locations - first.locations).max() < 1e-3 * scale
    turned = [forward_kinematics(one.root_pos, one.rot)[1] for one in (back, clip)]
    kept = [JOINT_INDEX[joint] for joint in JOINTS if "hip" not in joint and "knee" not in joint]
    assert np.degrees(quaternions.angle_between(*turned)[:, kept]).max() < 0.01
    near = 1e-6 if SHAPES[name].legs == 1.0 else 5e-3  # hips give way to feet of other legs
    assert np.abs(back.root_pos - clip.root_pos).max() < near


@pytest.mark.parametrize("name", SHAPES)
def test_limbs_point_where_the_clip_says(name):
    """Legs of other proportions bend a little, so that the feet stand where the clip's do."""
    rig, clip = toy_rig(FAMILIES["mixamo"], SHAPES[name]), wild_clip()
    bone_map = match_bones(rig)
    pose = posed(rig, fit_clip_to_rig(clip, rig, bone_map))
    turn = rest_placement(rig, bone_map).rotation
    errors = direction_errors(clip, rig, bone_map, pose, turn)
    arms = [column for column, (joint, _) in enumerate(LIMBS) if "hip" not in joint
            and "knee" not in joint]  # fmt: skip
    assert errors[:, arms].max() < 0.01
    assert errors.max() < (0.01 if SHAPES[name].legs == 1.0 else 6.0)
    assert np.allclose(quaternions.rotate(turn, [0, 0, 1.0]),
                       quaternions.rotate(SHAPES[name].body, [0, 0, 1.0]), atol=1e-6)  # fmt: skip


def test_bone_axes_do_not_matter():
    clip = wild_clip()
    poses = []
    for seed in (1, 2):
        plain = toy_rig(MIXAMO, Shape(arms_down_degrees=30), seed)
        poses.append(posed(plain, fit_clip_to_rig(clip, plain, match_bones(plain))))
    assert np.abs(poses[0].heads - poses[1].heads).max() < 1e-9


def test_the_rest_clip_lowers_no_a_pose_twice():
    rig = toy_rig(MIXAMO, Shape(arms_down_degrees=45))
    bone_map = match_bones(rig)
    motion = fit_clip_to_rig(rest_clip(), rig, bone_map)
    turned = dict(zip(motion.bones, quaternions.angle_between(
        motion.rotations[0], quaternions.IDENTITY), strict=True))  # fmt: skip
    bent = {name for name, angle in turned.items() if np.degrees(angle) > 0.01}
    assert bent == {"LeftArm", "RightArm"}
    assert np.degrees(turned["LeftArm"]) == pytest.approx(45, abs=0.01)


def test_path_is_scaled_by_the_legs_and_feet_reach_the_floor():
    clip = rest_clip()
    clip = Clip(clip.root_pos + np.array([[0, 0, 0], [0, 0, 1.0], [0, 0, 2.0]]), clip.rot)
    for size, legs in ((1.0, 1.0), (100.0, 0.7), (0.02, 1.4)):
        rig = toy_rig(MIXAMO, Shape(size=size, legs=legs, legs_apart_degrees=8))
        bone_map = match_bones(rig)
        pose = posed(rig, fit_clip_to_rig(clip, rig, bone_map))
        hips = pose.heads[:, rig.index["Hips"]]
        assert hips[2, 2] - hips[0, 2] == pytest.approx(2.0 * size * legs, rel=1e-3)
        toes = pose.heads[:, rig.index["LeftToeBase"], 1] / size
        assert toes == pytest.approx(0.02, abs=1e-3)


def test_a_foot_that_is_flat_at_rest_stays_flat():
    """A rig with high ankles: its feet keep their rest slope, only the toes turn forward."""
    rig = toy_rig(MIXAMO)
    heads = rig.heads.copy()
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        heads[rig.index[f"{side}ToeBase"]] += [sign * 0.03, -0.01, -0.05]
    rig = Rig(rig.names, rig.parents, heads, rig.tails, rig.rotations)
    bone_map = match_bones(rig)
    pose = posed(rig, fit_clip_to_rig(rest_clip(), rig, bone_map))
    for side in ("Left", "Right"):
        ankle, toes = (rig.index[f"{side}{bone}"] for bone in ("Foot", "ToeBase"))
        rest, now = heads[toes] - heads[ankle], pose.heads[0, toes] - pose.heads[0, ankle]
        assert now[1] == pytest.approx(rest[1], abs=1e-9)
        assert now[0] == pytest.approx(0.0, abs=1e-9)


def extended_rig() -> Rig:
    """A rig with a root, a spare spine bone and a twist bone between the joints."""
    rig = toy_rig(MIXAMO, Shape(arms_down_degrees=40))
    inserted = {"Hips": "Root", "Spine1": "SpareSpine", "LeftForeArm": "LeftSpare"}
    names, parents, heads, rotations = [], [], [], []
    rng = np.random.default_rng(5)
    for bone, name in enumerate(rig.names):
        parent = names.index(rig.names[rig.parents[bone]]) if rig.parents[bone] >= 0 else -1
        if name in inserted:
            names.append(inserted[name])
            parents.append(parent)
            start = np.zeros(3) if parent < 0 else heads[parent]
            heads.append((start + rig.heads[bone]) / 2)
            rotations.append(quaternions.normalize(rng.normal(size=4)))
            parent = len(names) - 1
        names.append(name)
        parents.append(parent)
        heads.append(rig.heads[bone])
        rotations.append(rig.rotations[bone])
    return Rig(
        tuple(names), tuple(parents), np.array(heads), np.array(heads) + 0.1, np.array(rotations)
    )


def test_unmapped_bones_between_mapped_ones_keep_what_they_hold():
    rig, clip = extended_rig(), wild_clip()
    bone_map = replace(match_bones(rig), twists=())
    held = rest_channels(rig)
    for bone in ("Root", "LeftSpare"):
        held.rotations[rig.index[bone]] = quaternions.normalize(np.array([1.0, 0.3, -0.2, 0.1]))
        held.locations[rig.index[bone]] = [0.1, 0.2, 0.3] if bone == "Root" else 0.0
    motion = fit_clip_to_rig(clip, rig, bone_map, RigTarget(held=held))
    assert not {"Root", "SpareSpine", "LeftSpare"} & set(motion.bones)
    back = rig_pose_to_clip(posed(rig, motion, held), rig, bone_map, 30.0)
    assert np.degrees(quaternions.angle_between(back.rot, clip.rot)).max() < 0.01
    assert np.abs(back.root_pos - clip.root_pos).max() < 1e-6


def test_connected_hips_hand_the_path_to_the_bone_above():
    rig, clip = extended_rig(), wild_clip()
    connected = tuple(name == "Hips" for name in rig.names)
    rig = Rig(rig.names, rig.parents, rig.heads, rig.tails, rig.rotations, connected)
    bone_map = match_bones(rig)
    motion = fit_clip_to_rig(clip, rig, bone_map)
    assert motion.location_bone == "Root"
    back = rig_pose_to_clip(posed(rig, motion), rig, bone_map, 30.0)
    assert np.abs(back.root_pos - clip.root_pos).max() < 1e-6


def test_missing_joints_leave_the_others_right():
    lacking = ("spine2", "left_collar", "right_collar", "neck", "left_foot", "right_foot")
    names = {joint: name for joint, name in MIXAMO.items() if joint not in lacking}
    rig, clip = toy_rig(names, Shape(arms_down_degrees=40)), wild_clip()
    bone_map = match_bones(rig)
    assert set(bone_map.missing) == set(lacking)
    back = rig_pose_to_clip(posed(rig, fit_clip_to_rig(clip, rig, bone_map)), rig, bone_map, 30.0)
    ours, theirs = (forward_kinematics(c.root_pos, c.rot)[1] for c in (back, clip))
    kept = [JOINT_INDEX[joint] for joint in names]
    assert np.degrees(quaternions.angle_between(ours[:, kept], theirs[:, kept])).max() < 0.01
    middle = quaternions.slerp(ours[:, JOINT_INDEX["spine1"]], ours[:, JOINT_INDEX["spine3"]], 0.5)
    assert quaternions.angle_between(ours[:, JOINT_INDEX["spine2"]], middle).max() < 1e-6


def test_placement_moves_and_turns_the_whole_motion():
    rig, clip = toy_rig(MIXAMO, Shape(size=2.0)), wild_clip()
    bone_map = match_bones(rig)
    placement = Placement(np.array([5.0, 1.0, -3.0]), quaternions.yaw_to_quaternion(np.array(2.0)))
    pose = posed(rig, fit_clip_to_rig(clip, rig, bone_map, RigTarget(placement)))
    back = rig_pose_to_clip(pose, rig, bone_map, 30.0, placement)
    assert np.abs(back.joints() - clip.joints()).max() < 1e-6
    centre, body = heading_of_pose(pose, rig, bone_map)
    hips = clip.root_pos + quaternions.rotate(clip.rot[:, 0], np.array([0, REST_OFFSETS[1][1], 0]))
    expected = placement.position + quaternions.rotate(placement.rotation, 2.0 * hips)
    assert np.abs(centre - expected).max() < 1e-6
    wanted = quaternions.multiply(placement.rotation, clip.rot[:, 0])
    assert quaternions.angle_between(body, wanted).max() < 1e-6


def test_channels_are_continuous():
    rig = toy_rig(MIXAMO)
    motion = fit_clip_to_rig(wild_clip(200, amount=1.5), rig, match_bones(rig))
    assert (np.sum(motion.rotations[1:] * motion.rotations[:-1], axis=-1) > 0).all()
    assert np.linalg.norm(motion.rotations, axis=-1) == pytest.approx(1.0)


def lunge(frames=30):
    """The left leg stands straight and slanted, the right foot is 4 to 8 cm above the floor."""
    lift = 0.5 - 0.5 * np.cos(np.linspace(0, 4 * np.pi, frames))
    slant, bend = np.full(frames, 0.6), 1.0 + 0.1 * lift
    turns = {"left_hip": slant, "left_ankle": -slant, "right_hip": -bend, "right_knee": bend}
    rotations = np.tile([1.0, 0, 0, 0], (frames, 22, 1))
    for joint, angles in turns.items():
        turned = quaternions.axis_angle_to_quaternion(np.array([1.0, 0, 0]), angles)
        rotations[:, JOINT_INDEX[joint]] = turned
    clip = Clip(np.zeros((frames, 3)), rotations)
    ankle = clip.joints()[0, JOINT_INDEX["left_ankle"], 1]
    return clip.moved(0.0, np.array([0.0, STANDING_HEIGHTS[0] - ankle, 0.0]))


@pytest.mark.parametrize("longer", [-0.1, 0.1])
def test_hips_heed_the_foot_that_carries_the_body(longer):
    """Thighs of other lengths put one foot up and one down; the standing one shall stand."""
    clip = lunge()
    heights = clip.joints()[:, [JOINT_INDEX["left_ankle"], JOINT_INDEX["right_ankle"]], 1]
    assert np.ptp(heights[:, 0]) < 1e-9
    assert (heights[:, 1] > heights[:, 0] + 0.04).all()
    rig = toy_rig(MIXAMO, Shape(random_axes=False))
    heads = rig.heads.copy()
    for side in ("Left", "Right"):
        heads[rig.index[f"{side}Leg"], 1] -= longer
    rig = replace(rig, heads=heads)
    pose = posed(rig, fit_clip_to_rig(clip, rig, match_bones(rig)))
    found = pose.heads[:, [rig.index["LeftFoot"], rig.index["RightFoot"]], 1]
    # A thigh turns by at most six degrees for a foot: 10 cm are more than that makes good.
    assert np.abs(found[:, 0] - heights[:, 0]).max() < 0.0265
    assert (found[:, 1] > found[:, 0]).all()
