"""Channels go on from what is before them, and stay the same rotations."""

import numpy as np
import pytest
from keyfill_extension.blender_addon.core.curves.channel_continuity import (
    breaks_off,
    continue_channels,
)
from keyfill_extension.blender_addon.core.curves.rotation_modes import (
    EULER_ORDERS,
    quaternions_to_channels,
)
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.tests.rotation_channels import rotations_of


def turning(seed, frames=30):
    random = np.random.default_rng(seed)
    axis = random.normal(size=3)
    turn = quaternions.axis_angle_to_quaternion(axis / np.linalg.norm(axis), np.array(0.12))
    rotations = [quaternions.normalize(random.normal(size=4))]
    for _ in range(frames - 1):
        rotations.append(quaternions.multiply(turn, rotations[-1]))
    return np.array(rotations)


@pytest.mark.parametrize("mode", ["QUATERNION", "AXIS_ANGLE", *EULER_ORDERS])
@pytest.mark.parametrize("seed", range(6))
def test_the_second_half_goes_on_from_the_first_whatever_its_numbers(mode, seed):
    rotations = turning(seed)
    _, whole = quaternions_to_channels(rotations[:, None], mode)
    whole = whole[:, 0]
    _, part = quaternions_to_channels(-rotations[15:, None], mode)
    part = np.array(part[:, 0])
    if mode == "AXIS_ANGLE":
        part[:, 0] += 4 * np.pi
    elif mode != "QUATERNION":
        part += 2 * np.pi * np.array([1, -2, 3])
    found = continue_channels(part, mode, whole[14])
    assert quaternions.angle_between(rotations_of(found, mode), rotations[15:]).max() < 1e-6
    assert np.abs(found - whole[15:]).max() < 1e-6
    assert not breaks_off(whole[14], mode, found[0])


def test_a_way_that_would_spin_the_bone_is_seen():
    turn = np.array([0.8, 0.6, 0.0, 0.0])
    assert breaks_off(turn, "QUATERNION", -turn)
    assert breaks_off(np.array([0.1, 0.2, 3.3]), "XYZ", np.array([0.1, 0.2, -3.0]))
    assert breaks_off(np.array([6.0, 0, 1, 0]), "AXIS_ANGLE", np.array([-0.2, 0, 1, 0]))
    assert breaks_off(np.array([0.5, 0, 1, 0]), "AXIS_ANGLE", np.array([-0.5, 0, -1, 0]))
    assert not breaks_off(np.array([0.5, 0, 1, 0]), "AXIS_ANGLE", np.array([0.7, 0, 1, 0]))
    assert not breaks_off(turn, "QUATERNION", np.array([0.7, 0.7, 0.1, 0.1]))
