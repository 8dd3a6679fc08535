"""Quaternions as Euler angles and axis-angle: the same rotation, without jumps."""

import numpy as np
import pytest
from keyfill_extension.blender_addon.core.curves.rotation_modes import (
    EULER_ORDERS,
    channels_to_quaternions,
    hold_euler,
    quaternions_to_axis_angle,
    quaternions_to_channels,
    quaternions_to_euler,
)
from keyfill_extension.engine.motion import quaternions

RANDOM = np.random.default_rng(1)


def euler_to_quaternions(angles, order):
    total = np.tile(quaternions.IDENTITY, (len(angles), 1))
    for letter in order:
        column = "XYZ".index(letter)
        turn = quaternions.axis_angle_to_quaternion(np.eye(3)[column], angles[:, column])
        total = quaternions.multiply(turn, total)
    return total


def spinning(frames=400):
    """Rotations that turn by several circles about a wandering axis, 5 degrees a frame at most."""
    steps = RANDOM.normal(size=(1, 3)) + np.cumsum(RANDOM.normal(size=(frames, 3)) * 0.2, axis=0)
    axis = steps / np.linalg.norm(steps, axis=1, keepdims=True)
    turns = quaternions.axis_angle_to_quaternion(axis, np.full(frames, np.radians(5.0)))
    rotations = [quaternions.IDENTITY]
    for turn in turns:
        rotations.append(quaternions.multiply(turn, rotations[-1]))
    return np.array(rotations)


@pytest.mark.parametrize("order", EULER_ORDERS)
def test_euler_angles_give_the_rotation_back(order):
    rotations = quaternions.normalize(RANDOM.normal(size=(300, 4)))
    angles = quaternions_to_euler(rotations, order)
    assert quaternions.angle_between(euler_to_quaternions(angles, order), rotations).max() < 1e-6


@pytest.mark.parametrize("order", EULER_ORDERS)
@pytest.mark.parametrize("side", [1.0, -1.0])
def test_euler_angles_hold_in_gimbal_lock(order, side):
    angles = RANDOM.uniform(-3, 3, (50, 3))
    angles[:, "XYZ".index(order[1])] = side * np.pi / 2
    rotations = euler_to_quaternions(angles, order)
    found = quaternions_to_euler(rotations, order)
    assert quaternions.angle_between(euler_to_quaternions(found, order), rotations).max() < 1e-4


@pytest.mark.parametrize("order", EULER_ORDERS)
def test_euler_angles_do_not_jump_when_one_axis_spins(order):
    for column in range(3):
        angle = np.linspace(0.0, 6 * np.pi, 200)
        rotations = quaternions.axis_angle_to_quaternion(np.eye(3)[column], angle)
        found = quaternions_to_euler(rotations, order)
        assert np.abs(np.diff(found, axis=0)).max() < 0.2
        assert quaternions.angle_between(euler_to_quaternions(found, order), rotations).max() < 1e-6


@pytest.mark.parametrize("mode", ["QUATERNION", "AXIS_ANGLE", *EULER_ORDERS])
def test_many_bones_at_once_are_the_same_as_one_by_one(mode):
    angle = np.linspace(0.0, 3.0, 50)
    straight_up = quaternions.axis_angle_to_quaternion(np.array([0.0, 1.0, 0.0]), angle)
    bones = np.stack([spinning(49), straight_up, spinning(49)], axis=1)
    together = quaternions_to_channels(bones, mode)[1]
    for column in range(3):
        alone = quaternions_to_channels(bones[:, column], mode)[1]
        assert np.abs(together[:, column] - alone).max() < 1e-9


def test_axis_angle_is_the_same_rotation_and_does_not_jump():
    rotations = spinning()
    channels = quaternions_to_axis_angle(rotations)
    back = quaternions.axis_angle_to_quaternion(channels[:, 1:], channels[:, 0])
    assert quaternions.angle_between(back, rotations).max() < 1e-6
    assert np.abs(np.diff(channels[:, 0])).max() < 0.2
    assert (np.sum(channels[1:, 1:] * channels[:-1, 1:], axis=1) > 0).all()


def test_no_turn_at_all_has_an_axis():
    channels = quaternions_to_axis_angle(np.tile(quaternions.IDENTITY, (4, 1)))
    assert channels[:, 0].tolist() == [0, 0, 0, 0]
    assert np.linalg.norm(channels[:, 1:], axis=1).tolist() == [1, 1, 1, 1]


def test_channels_name_blenders_properties():
    rotations = spinning(5)
    assert quaternions_to_channels(rotations, "QUATERNION")[0] == "rotation_quaternion"
    assert quaternions_to_channels(rotations, "AXIS_ANGLE")[1].shape == (6, 4)
    assert quaternions_to_channels(rotations, "ZXY")[1].shape == (6, 3)
    with pytest.raises(ValueError, match="no Euler order"):
        quaternions_to_channels(rotations, "XYX")


@pytest.mark.parametrize("mode", ["QUATERNION", "AXIS_ANGLE", *EULER_ORDERS])
def test_channels_give_their_rotations_back(mode):
    rotations = spinning(80)
    _, channels = quaternions_to_channels(rotations[:, None], mode)
    found = channels_to_quaternions(channels, mode)[:, 0]
    assert quaternions.angle_between(found, rotations).max() < 1e-6
    if mode in EULER_ORDERS:
        wanted = euler_to_quaternions(channels[:, 0], mode)
        assert quaternions.angle_between(found, wanted).max() < 1e-6


@pytest.mark.parametrize("mode", ["QUATERNION", "AXIS_ANGLE"])
def test_numbers_of_any_length_are_scaled_as_blender_does(mode):
    rotations = spinning(10)
    _, channels = quaternions_to_channels(rotations[:, None], mode)
    channels = np.array(channels)
    channels[..., 1 if mode == "AXIS_ANGLE" else 0 :] *= 3.0
    found = channels_to_quaternions(channels, mode)[:, 0]
    assert quaternions.angle_between(found, rotations).max() < 1e-6
    assert quaternions.angle_between(channels_to_quaternions(np.zeros(4), mode), [1, 0, 0, 0]) == 0


@pytest.mark.parametrize("locked", [(True, False, False), (False, True, True)])
def test_held_angles_stay_and_the_others_turn(locked):
    angles = np.cumsum(RANDOM.normal(size=(100, 3)) * 0.05, axis=0)
    held = np.array([0.3, -0.7, 2.0])
    found = hold_euler(
        euler_to_quaternions(angles, "XYZ"), euler_to_quaternions(held[None], "XYZ")[0], locked
    )
    wanted = euler_to_quaternions(np.where(locked, held, angles), "XYZ")
    assert quaternions.angle_between(found, wanted).max() < 1e-6
