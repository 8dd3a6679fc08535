"""Fingers without keys curl into the palm, whatever their bones' axes; keyed ones stay."""

import numpy as np
import pytest
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.bones.matching import BoneMap, Finger, Guess
from keyfill_extension.engine.motion.retargeting.clip_to_rig import fit_clip_to_rig
from keyfill_extension.engine.motion.retargeting.fingers import RELAXED_DEGREES
from keyfill_extension.engine.motion.retargeting.rig_target import RigTarget
from keyfill_extension.engine.motion.rig import BonePose, Rig, pose_rig, rest_channels
from keyfill_extension.engine.motion.rig_options import RigOptions
from keyfill_extension.tests.motion.toy_rigs import MIXAMO, Shape, toy_rig, wild_clip

SEGMENT = 0.03


def rig_with_fingers(digits=(0, 1, 2, 3, 4), shape=None, bend_degrees=0.0) -> tuple:
    """Return a rig in T-pose whose palms look down, and its map.

    Args:
        digits: which fingers it has.
        shape: of the body.
        bend_degrees: how far each segment is bent at rest against the one before.
    """
    shape = shape or Shape()
    plain = toy_rig(MIXAMO, shape)
    rng = np.random.default_rng(11)
    names, parents, heads, fingers = list(plain.names), list(plain.parents), list(plain.heads), []
    for side, sign in (("left", 1.0), ("right", -1.0)):
        hand = names.index(f"{side.title()}Hand")
        for digit in digits:
            above = hand
            start = np.array([sign * (0.03 if digit == 0 else 0.09), 0.0, 0.06 - 0.03 * digit])
            point, angle = plain.heads[hand] + quaternions.rotate(shape.body, start), 0.0
            for segment in range(3):
                names.append(f"{side}.{digit}.{segment}")
                parents.append(above)
                heads.append(point)
                fingers.append(Finger(names[-1], side, digit, segment))
                angle += np.radians(bend_degrees)
                way = np.array([sign * np.cos(angle), -np.sin(angle), 0.6 if digit == 0 else 0.0])
                point = point + SEGMENT * quaternions.rotate(shape.body, way)
                above = len(names) - 1
    rotations = quaternions.normalize(rng.normal(size=(len(names), 4)))
    heads = np.array(heads)
    tails = heads + rng.normal(size=heads.shape) * 0.02
    guesses = tuple(Guess(joint, name, 1.0, "") for joint, name in MIXAMO.items())
    return Rig(tuple(names), tuple(parents), heads, tails, rotations), BoneMap(
        guesses, fingers=tuple(fingers)
    )


def finger_tips(rig, motion, side, digit):
    """Return how far (3,) a digit's last joint has moved, seen from the hand, canonical axes."""
    held = rest_channels(rig)
    rotations = held.rotations.copy()
    for column, name in enumerate(motion.bones):
        if name.startswith(("left.", "right.")):
            rotations[rig.index[name]] = motion.rotations[0, column]
    pose = pose_rig(rig, BonePose(rotations[None], held.locations[None]))
    tip = rig.index[f"{side}.{digit}.2"]
    return pose.heads[0, tip] - rig.heads[tip]


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("digits", [(0, 1, 2, 3, 4), (1, 2), (2,)])
def test_fingers_curl_down_into_the_palm(side, digits):
    rig, bone_map = rig_with_fingers(digits)
    motion = fit_clip_to_rig(wild_clip(3), rig, bone_map)
    for digit in digits:
        moved = finger_tips(rig, motion, side, digit)
        if digit == 0:
            assert moved[1] < -0.001
            assert moved[2] < 0.0  # towards the other fingers
        else:
            assert moved[1] < -0.3 * SEGMENT, digit
            assert abs(moved[2]) < 0.01 * SEGMENT


def test_each_joint_is_bent_by_its_own_angle():
    rig, bone_map = rig_with_fingers()
    motion = fit_clip_to_rig(wild_clip(3), rig, bone_map)
    for digit in range(1, 5):
        for segment in (0, 1):
            column = motion.bones.index(f"left.{digit}.{segment}")
            angle = quaternions.angle_between(motion.rotations[:, column], quaternions.IDENTITY)
            assert np.degrees(angle) == pytest.approx(RELAXED_DEGREES[digit][segment], abs=0.01)


def test_fingers_that_are_bent_enough_at_rest_stay():
    rig, bone_map = rig_with_fingers((1, 2, 3, 4), bend_degrees=45.0)
    motion = fit_clip_to_rig(wild_clip(3), rig, bone_map)
    for digit in (1, 2, 3, 4):
        assert np.linalg.norm(finger_tips(rig, motion, "left", digit)) < 1e-9


def test_a_digit_with_a_key_is_left_alone_and_so_are_all_without_the_wish():
    rig, bone_map = rig_with_fingers()
    target = RigTarget(keyed_bones=frozenset({"left.2.1"}))
    names = set(fit_clip_to_rig(wild_clip(3), rig, bone_map, target).bones)
    assert not {"left.2.0", "left.2.1", "left.2.2"} & names
    assert {"left.1.0", "right.2.0"} <= names
    target = RigTarget(options=RigOptions(relax_fingers=False))
    names = set(fit_clip_to_rig(wild_clip(3), rig, bone_map, target).bones)
    assert names == set(MIXAMO.values())


def test_the_axes_of_the_rig_do_not_matter():
    turned = quaternions.normalize(np.array([0.7, 0.1, 0.7, 0.0]))
    moves = []
    for body in (quaternions.IDENTITY, turned):
        rig, bone_map = rig_with_fingers(shape=Shape(body=body))
        motion = fit_clip_to_rig(wild_clip(3), rig, bone_map)
        move = finger_tips(rig, motion, "right", 3)
        moves.append(quaternions.rotate(quaternions.conjugate(body), move))
    assert np.abs(moves[0] - moves[1]).max() < 1e-9
