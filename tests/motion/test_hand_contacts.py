"""Hands that touch in the clip touch on a broad rig; hands in the air stay as they are."""

import numpy as np
import pytest
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.bones.matching import BoneMap, Guess
from keyfill_extension.engine.motion.clip import Clip, forward_kinematics
from keyfill_extension.engine.motion.feet.two_bone_ik import Limbs, reach
from keyfill_extension.engine.motion.retargeting.clip_to_rig import fit_clip_to_rig
from keyfill_extension.engine.motion.retargeting.rig_target import RigTarget
from keyfill_extension.engine.motion.rig import BonePose, Rig, pose_rig, rest_channels
from keyfill_extension.engine.motion.rig_options import RigOptions
from keyfill_extension.engine.motion.skeleton import JOINT_INDEX
from keyfill_extension.tests.motion.toy_rigs import MIXAMO, Shape, toy_rig

SIDES = ("left", "right")
SHOULDERS, ELBOWS, WRISTS = (
    [JOINT_INDEX[f"{side}_{name}"] for side in SIDES] for name in ("shoulder", "elbow", "wrist")
)
HINGES = np.array([[0.0, -1.0, 0.0], [0.0, 1.0, 0.0]])
PALM = np.array([[0.08, 0.0, 0.0], [-0.08, 0.0, 0.0]])


def clip_with_wrists(*frames) -> Clip:
    """Return a standing clip whose wrists are at the given places, (T, 2, 3) metres."""
    goals = np.array(frames, dtype=float)
    root_pos = np.tile([0, 0.95, 0.0], (len(goals), 1))
    rot = np.tile([1.0, 0, 0, 0], (len(goals), 22, 1))
    positions, _ = forward_kinematics(root_pos, rot)
    starts, elbows = positions[:, SHOULDERS], positions[:, ELBOWS]
    limbs = Limbs(elbows - starts, positions[:, WRISTS] - elbows, HINGES + 0 * starts)
    upper, fore = reach(limbs, goals - starts)
    rot[:, SHOULDERS] = upper
    rot[:, ELBOWS] = quaternions.multiply(quaternions.conjugate(upper), fore)
    return Clip(root_pos, rot)


def broad_rig(broader: float, size: float = 1.0) -> tuple:
    """Return a rig whose shoulders are farther out by some metres on each side, and its map."""
    rig = toy_rig(MIXAMO, Shape(size=size))
    heads = rig.heads.copy()
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        for name in ("Arm", "ForeArm", "Hand"):
            heads[rig.index[side + name], 0] += sign * broader * size
    rig = Rig(rig.names, rig.parents, heads, rig.tails, rig.rotations)
    guesses = tuple(Guess(joint, name, 1.0, "") for joint, name in MIXAMO.items())
    return rig, BoneMap(guesses)


def palms_of(rig, motion, clip):
    """Return where the rig's palms are, (T, 2, 3)."""
    held = rest_channels(rig)
    frames = len(motion.locations)
    rotations = np.tile(held.rotations, (frames, 1, 1))
    locations = np.tile(held.locations, (frames, 1, 1))
    for column, name in enumerate(motion.bones):
        rotations[:, rig.index[name]] = motion.rotations[:, column]
    locations[:, rig.index[motion.location_bone]] = motion.locations
    pose = pose_rig(rig, BonePose(rotations, locations))
    hands = [rig.index["LeftHand"], rig.index["RightHand"]]
    size = np.ptp(rig.heads[:, 1]) / np.ptp(toy_rig(MIXAMO).heads[:, 1])
    world = forward_kinematics(clip.root_pos, clip.rot)[1][:, WRISTS]
    return pose.heads[:, hands] + size * quaternions.rotate(world, PALM)


def fit(clip, rig, bone_map, keep):
    target = RigTarget(options=RigOptions(keep_hand_contacts=keep))
    return palms_of(rig, fit_clip_to_rig(clip, rig, bone_map, target), clip)


CLAP = [[[0.09, 1.3, 0.3], [-0.09, 1.3, 0.3]]]
HIPS = [[[0.22, 1.0, 0.02], [-0.22, 1.0, 0.02]]]
WAVE = [[[0.5, 1.75, 0.1], [-0.45, 1.6, 0.3]]]
HANGING = [[[0.22, 0.87, 0.03], [-0.22, 0.87, -0.02]]]


@pytest.mark.parametrize("size", [1.0, 120.0])
def test_hands_that_touch_each_other_touch_on_broad_shoulders(size):
    rig, bone_map = broad_rig(0.1, size)
    clip = clip_with_wrists(*CLAP)
    wanted = clip_palms(clip)
    apart = [np.linalg.norm(np.subtract(*fit(clip, rig, bone_map, keep)[0])) for keep in (0, 1)]
    in_clip = size * np.linalg.norm(np.subtract(*wanted[0]))
    assert apart[0] > in_clip + 0.15 * size
    assert apart[1] == pytest.approx(in_clip, abs=0.005 * size)


def clip_palms(clip):
    positions, world = forward_kinematics(clip.root_pos, clip.rot)
    return positions[:, WRISTS] + quaternions.rotate(world[:, WRISTS], PALM)


def test_hands_on_the_hips_stay_there():
    rig, bone_map = broad_rig(0.1)
    clip = clip_with_wrists(*HIPS)
    missed = [np.abs(fit(clip, rig, bone_map, keep) - clip_palms(clip)).max() for keep in (0, 1)]
    assert missed[0] > 0.09
    assert missed[1] < 0.5 * missed[0]


@pytest.mark.parametrize("places", [WAVE, HANGING])
def test_hands_that_touch_nothing_are_left_alone(places):
    rig, bone_map = broad_rig(0.1)
    clip = clip_with_wrists(*places)
    kept, plain = (fit(clip, rig, bone_map, keep) for keep in (True, False))
    assert np.abs(kept - plain).max() < 0.005


def test_a_rig_of_the_clips_own_breadth_is_left_alone():
    rig, bone_map = broad_rig(0.0)
    clip = clip_with_wrists(*CLAP, *HIPS, *WAVE)
    kept, plain = (fit(clip, rig, bone_map, keep) for keep in (True, False))
    assert np.abs(kept - plain).max() < 1e-6


def test_hands_come_together_without_a_jump():
    rig, bone_map = broad_rig(0.1)
    steps = np.linspace(0.35, 0.05, 60)
    clip = clip_with_wrists(*[[[x, 1.3, 0.3], [-x, 1.3, 0.3]] for x in steps])
    path = fit(clip, rig, bone_map, True)[:, 0, 0]
    own = np.abs(np.diff(steps)).max()
    assert np.abs(np.diff(path)).max() < 4 * own
