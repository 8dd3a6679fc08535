"""The torch rotations against their NumPy twins and by round trips."""

from __future__ import annotations

import numpy as np
import torch
from keyfill_extension.engine import rotations
from keyfill_extension.engine.motion import quaternions
from keyfill_extension.engine.motion.clip import forward_kinematics

RANDOM = quaternions.normalize(np.random.default_rng(0).normal(size=(50, 22, 4)))


def assert_same_rotation(first: np.ndarray, second: np.ndarray) -> None:
    assert quaternions.angle_between(first, second).max() < 1e-6


def test_quaternion_to_matrix_agrees_with_numpy() -> None:
    ours = rotations.quaternion_to_matrix(torch.from_numpy(RANDOM)).numpy()
    np.testing.assert_allclose(ours, quaternions.quaternion_to_matrix(RANDOM), atol=1e-12)


def test_matrix_to_quaternion_agrees_with_numpy_and_inverts() -> None:
    matrices = quaternions.quaternion_to_matrix(RANDOM)
    ours = rotations.matrix_to_quaternion(torch.from_numpy(matrices)).numpy()
    assert_same_rotation(ours, RANDOM)
    assert_same_rotation(quaternions.matrix_to_quaternion(matrices), RANDOM)


def test_half_turns_about_every_axis_invert() -> None:
    half = quaternions.axis_angle_to_quaternion(np.eye(3), np.full(3, np.pi))
    matrices = quaternions.quaternion_to_matrix(half)
    assert_same_rotation(rotations.matrix_to_quaternion(torch.from_numpy(matrices)).numpy(), half)


def test_six_numbers_invert_and_any_six_give_a_rotation() -> None:
    matrices = rotations.quaternion_to_matrix(torch.from_numpy(RANDOM))
    back = rotations.six_to_matrix(rotations.matrix_to_six(matrices))
    torch.testing.assert_close(back, matrices, atol=1e-9, rtol=0)
    wild = rotations.six_to_matrix(torch.randn(100, 6, generator=torch.Generator().manual_seed(1)))
    torch.testing.assert_close(
        wild @ wild.transpose(-1, -2), torch.eye(3).expand(100, 3, 3), atol=1e-5, rtol=0
    )
    assert (torch.linalg.det(wild) > 0.99).all()


def test_yaw_to_matrix_agrees_with_numpy() -> None:
    yaw = np.linspace(-4, 4, 9)
    ours = rotations.yaw_to_matrix(torch.from_numpy(yaw)).numpy()
    wanted = quaternions.quaternion_to_matrix(quaternions.yaw_to_quaternion(yaw))
    np.testing.assert_allclose(ours, wanted, atol=1e-12)


def test_forward_kinematics_agrees_with_numpy() -> None:
    root = np.random.default_rng(1).normal(size=(50, 3))
    local = rotations.quaternion_to_matrix(torch.from_numpy(RANDOM))
    ours = rotations.forward_kinematics(torch.from_numpy(root), local).numpy()
    np.testing.assert_allclose(ours, forward_kinematics(root, RANDOM)[0], atol=1e-9)
