"""A stored rest reference is the pose that was taken, on edited and differently built rigs, too."""

from dataclasses import replace

import numpy as np
import pytest
from keyfill_extension.blender_addon.core.rigs.rest_reference import (
    numbers_to_reference,
    reference_for,
    take_reference,
)
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.request import RequestError
from keyfill_extension.engine.motion.rig import BonePose, Rig, pose_rig
from keyfill_extension.tests.motion.toy_rigs import FAMILIES, Shape, toy_rig

NAMES = FAMILIES["mixamo"]


def random_pose(rig, seed=3, moved=0.1):
    rng = np.random.default_rng(seed)
    count = len(rig.names)
    turns = quaternions.normalize(np.array([1.0, 0, 0, 0]) + 0.4 * rng.normal(size=(1, count, 4)))
    return pose_rig(rig, BonePose(turns, moved * rng.normal(size=(1, count, 3))))


def degrees_between(first, second):
    return np.degrees(quaternions.angle_between(first, second)).max()


def through_text(stored):
    return numbers_to_reference(stored.to_numbers())


def renamed(rig, old, new):
    return replace(rig, names=tuple(new if name == old else name for name in rig.names))


def test_the_reference_is_the_pose_that_was_taken():
    rig = toy_rig(NAMES)
    pose = random_pose(rig)
    found = reference_for(rig, through_text(take_reference(rig, pose)))
    assert np.abs(found.heads - pose.heads[0]).max() < 1e-5
    assert degrees_between(found.rotations, pose.rotations[0]) < 1e-3
    turns = quaternions.multiply(pose.rotations[0], quaternions.conjugate(rig.rotations))
    tails = pose.heads[0] + quaternions.rotate(turns, rig.tails - rig.heads)
    assert np.abs(found.tails - tails).max() < 1e-5


def test_the_rest_pose_as_reference_is_the_rest_pose():
    rig = toy_rig(NAMES)
    stored = take_reference(rig, pose_rig(rig, BonePose(*still(rig))))
    found = reference_for(rig, stored)
    assert np.abs(found.heads - rig.heads).max() < 1e-9
    assert np.abs(found.tails - rig.tails).max() < 1e-9


def still(rig):
    count = len(rig.names)
    return np.tile(quaternions.IDENTITY, (1, count, 1)), np.zeros((1, count, 3))


def test_a_pose_applied_as_rest_leaves_the_reference_where_it_was():
    rig = toy_rig(NAMES)
    pose = random_pose(rig, moved=0.0)
    stored = take_reference(rig, pose)
    turns = quaternions.multiply(pose.rotations[0], quaternions.conjugate(rig.rotations))
    tails = pose.heads[0] + quaternions.rotate(turns, rig.tails - rig.heads)
    applied = Rig(rig.names, rig.parents, pose.heads[0], tails, pose.rotations[0])
    found = reference_for(applied, stored)
    assert np.abs(found.heads - pose.heads[0]).max() < 1e-9
    assert np.abs(found.tails - tails).max() < 1e-9


@pytest.mark.parametrize("shape", [Shape(size=0.01), Shape(size=100.0), Shape(legs=0.5)])
def test_the_reference_fits_a_rig_of_other_proportions(shape):
    """The bones point as in the reference; their lengths are the rig's own."""
    rig = toy_rig(NAMES)
    other = toy_rig(NAMES, shape)
    pose = random_pose(rig, moved=0.0)
    found = reference_for(other, take_reference(rig, pose))
    assert degrees_between(found.rotations, pose.rotations[0]) < 1e-3
    lengths = np.linalg.norm(other.local_heads, axis=1)[1:]
    parents = list(other.parents[1:])
    assert np.linalg.norm(found.heads[1:] - found.heads[parents], axis=1) == pytest.approx(lengths)


def test_the_body_may_be_moved_off_its_rest_place_on_a_smaller_rig():
    rig, small = toy_rig(NAMES), toy_rig(NAMES, Shape(size=0.01))
    turns, places = still(rig)
    up = np.array([0.0, 0.5, 0.0])
    places[0, 0] = quaternions.rotate(quaternions.conjugate(rig.rotations[0]), up)
    found = reference_for(small, take_reference(rig, pose_rig(rig, BonePose(turns, places))))
    moved = found.heads - small.heads
    assert moved == pytest.approx(np.tile([0, 0.005, 0], (len(small.names), 1)), abs=1e-9)


def test_bones_added_at_the_ends_follow_their_parents():
    rig = toy_rig(NAMES)
    head = rig.index["mixamorig:Head"]
    fewer = Rig(
        tuple(name for name in rig.names if name != "mixamorig:Head"),
        tuple(parent - (parent > head) for bone, parent in enumerate(rig.parents) if bone != head),
        *(np.delete(one, head, axis=0) for one in (rig.heads, rig.tails, rig.rotations)),
    )
    pose = random_pose(fewer)
    found = reference_for(rig, take_reference(fewer, pose))
    neck = rig.parents[head]
    turn = quaternions.multiply(
        found.rotations[neck], quaternions.conjugate(rig.rotations[neck])
    )
    step = quaternions.rotate(turn, rig.heads[head] - rig.heads[neck])
    assert found.heads[head] == pytest.approx(found.heads[neck] + step)
    assert np.abs(np.delete(found.heads, head, axis=0) - pose.heads[0]).max() < 1e-9


def test_a_renamed_bone_that_carries_others_is_named():
    rig = toy_rig(NAMES)
    stored = take_reference(rig, random_pose(rig))
    with pytest.raises(RequestError, match='does not know the bone "Oberschenkel"'):
        reference_for(renamed(rig, "mixamorig:LeftUpLeg", "Oberschenkel"), stored)


def test_a_reference_of_another_rig_is_refused():
    rig, other = toy_rig(NAMES), toy_rig(FAMILIES["unreal"])
    with pytest.raises(RequestError, match="another rig"):
        reference_for(other, take_reference(rig, random_pose(rig)))


def test_bones_turned_in_edit_mode_since_then_are_refused():
    rig = toy_rig(NAMES)
    stored = take_reference(rig, random_pose(rig))
    rotations = rig.rotations.copy()
    thigh = rig.index["mixamorig:LeftUpLeg"]
    quarter = np.array([np.sqrt(0.5), np.sqrt(0.5), 0.0, 0.0])
    rotations[thigh] = quaternions.multiply(quarter, rotations[thigh])
    with pytest.raises(RequestError, match="turned after"):
        reference_for(replace(rig, rotations=rotations), stored)


@pytest.mark.parametrize(
    "numbers",
    [{}, {"Hips": []}, {"Hips": [0.0] * 10}, {"Hips": [1.0] + [float("inf")] * 9},
     {"Hips": [True] + [0.0] * 9}],
)  # fmt: skip
def test_numbers_that_are_no_reference_are_refused(numbers):
    with pytest.raises(ValueError, match="reference"):
        numbers_to_reference(numbers)
