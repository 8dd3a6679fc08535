"""Rotations in torch: `a_to_b` conversions, any leading dimensions, quaternions w-first."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from .motion.skeleton import JOINTS, PARENTS, REST_OFFSETS


def quaternion_to_matrix(rotations: Tensor) -> Tensor:
    """Return matrices (..., 3, 3), acting on column vectors, of unit quaternions (..., 4)."""
    w, x, y, z = rotations.unbind(-1)
    rows = [
        1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    ]
    return torch.stack(rows, -1).view(*rows[0].shape, 3, 3)


def matrix_to_quaternion(matrices: Tensor) -> Tensor:
    """Return unit quaternions (..., 4), w >= 0, of rotation matrices (..., 3, 3).

    Shepperd's method: of four equivalent formulas the best conditioned is taken.
    """
    m = matrices
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    flipped = m.transpose(-1, -2)
    odd, even = m - flipped, m + flipped
    wx, wy, wz = odd[..., 2, 1], odd[..., 0, 2], odd[..., 1, 0]
    xy, xz, yz = even[..., 1, 0], even[..., 2, 0], even[..., 2, 1]
    candidates = torch.stack(
        [
            torch.stack([1 + xx + yy + zz, wx, wy, wz], -1),
            torch.stack([wx, 1 + xx - yy - zz, xy, xz], -1),
            torch.stack([wy, xy, 1 - xx + yy - zz, yz], -1),
            torch.stack([wz, xz, yz, 1 - xx - yy + zz], -1),
        ],
        -2,
    )
    best = candidates.norm(dim=-1).argmax(-1)
    chosen = candidates.gather(-2, best[..., None, None].expand(*best.shape, 1, 4)).squeeze(-2)
    chosen = functional.normalize(chosen, dim=-1)
    return torch.where(chosen[..., :1] < 0, -chosen, chosen)


def matrix_to_six(matrices: Tensor) -> Tensor:
    """Return the first two columns (..., 6) of matrices (..., 3, 3) (Zhou et al. 2019)."""
    return matrices[..., :2].transpose(-1, -2).flatten(-2)


def six_to_matrix(six: Tensor) -> Tensor:
    """Return rotation matrices (..., 3, 3) from (..., 6) by Gram-Schmidt (Zhou et al. 2019)."""
    first = functional.normalize(six[..., :3], dim=-1)
    second = six[..., 3:] - (first * six[..., 3:]).sum(-1, keepdim=True) * first
    second = functional.normalize(second, dim=-1)
    return torch.stack([first, second, torch.linalg.cross(first, second)], -1)


def yaw_to_matrix(yaw: Tensor) -> Tensor:
    """Return matrices (..., 3, 3) that turn by `yaw` (...) radians about +Y."""
    cosine, sine = yaw.cos(), yaw.sin()
    zero, one = torch.zeros_like(yaw), torch.ones_like(yaw)
    rows = [cosine, zero, sine, zero, one, zero, -sine, zero, cosine]
    return torch.stack(rows, -1).view(*rows[0].shape, 3, 3)


def forward_kinematics(root: Tensor, local: Tensor) -> Tensor:
    """Chain local rotations from the pelvis outwards.

    Args:
        root: (..., 3) metres.
        local: (..., 22, 3, 3) local rotations.

    Returns:
        (..., 22, 3) positions in metres.
    """
    offsets = torch.as_tensor(REST_OFFSETS, dtype=local.dtype, device=local.device)
    positions = [root]
    rotations = [local[..., 0, :, :]]
    for joint in range(1, len(JOINTS)):
        parent = rotations[PARENTS[joint]]
        positions.append(positions[PARENTS[joint]] + parent @ offsets[joint])
        rotations.append(parent @ local[..., joint, :, :])
    return torch.stack(positions, -2)
