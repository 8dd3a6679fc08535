"""Motion <-> feature vectors, part by part, with an exact inverse.

Each part's features are made from that part's own rotations alone, so that a
change of one part can change no other part's codes. The lower body carries the
root: yaw speed, velocity in the heading frame, height, pelvis orientation
without its heading, and foot contacts (root as in Guo et al. 2022, but with the
whole orientation and true joint rotations). It knows nothing about tokens.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .motion.clip import Array, Clip, headings
from .motion.contacts import label_contacts
from .motion.quaternions import multiply, yaw_to_quaternion
from .motion.skeleton import FPS, JOINTS, PARENTS, PART_JOINTS, PARTS, REST_OFFSETS
from .rotations import (
    forward_kinematics,
    matrix_to_quaternion,
    matrix_to_six,
    quaternion_to_matrix,
    six_to_matrix,
    yaw_to_matrix,
)

ROOT_WIDTH = 4
"""Yaw speed (radians a frame), velocity x and z in the heading frame (metres a frame), height."""

CONTACT_WIDTH = 4

PART_WIDTHS = {
    part: 6 * len(joints) + (ROOT_WIDTH + CONTACT_WIDTH if part == "LOWER_BODY" else 0)
    for part, joints in PART_JOINTS.items()
}
"""Numbers a frame of each part's features."""

WIDTH = sum(PART_WIDTHS.values())
"""Numbers a frame of all parts together."""

DESCRIBED_WIDTH = WIDTH + 3 * len(JOINTS)
"""Numbers a frame of `describe`."""

_STARTS = np.cumsum([0, *PART_WIDTHS.values()])
PART_SLICES = {
    part: slice(int(_STARTS[i]), int(_STARTS[i + 1])) for i, part in enumerate(PARTS)
}
"""Where each part stands in the joined feature vector."""

CONTACTS = slice(PART_WIDTHS["LOWER_BODY"] - CONTACT_WIDTH, PART_WIDTHS["LOWER_BODY"])

_JOINT_ORDER = [joint for part in PARTS for joint in PART_JOINTS[part]]
_BACK_TO_JOINTS = [_JOINT_ORDER.index(joint) for joint in range(len(JOINTS))]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a clip starts: what velocities cannot say."""

    x: float = 0.0
    z: float = 0.0
    yaw: float = 0.0


def clip_to_features(clip: Clip) -> tuple[Tensor, Origin]:
    """Return the features (T, WIDTH) float32 of a 30 fps clip, and its origin.

    Velocities of frame t lead from frame t - 1 to t, in the heading frame of t;
    frame 0 repeats those of frame 1 and its own are not used by the inverse.

    Raises:
        ValueError: if the clip is empty or not at 30 fps.
    """
    if clip.frames == 0 or abs(clip.fps - FPS) > 1e-6:
        raise ValueError(f"features need frames at {FPS} fps, not {clip.frames} at {clip.fps}")
    yaw = headings(clip.rot[:, 0])
    back = yaw_to_quaternion(-yaw)
    rot = np.array(clip.rot, dtype=float)
    rot[:, 0] = multiply(back, rot[:, 0])
    six = matrix_to_six(quaternion_to_matrix(torch.from_numpy(rot)))
    root = torch.from_numpy(_root_features(clip.root_pos, yaw))
    contacts = torch.from_numpy(label_contacts(clip.joints(), clip.fps).astype(float))
    parts = [six[:, list(PART_JOINTS[part])].flatten(1) for part in PARTS]
    features = torch.cat([root, parts[0], contacts, *parts[1:]], 1).float()
    return features, Origin(float(clip.root_pos[0, 0]), float(clip.root_pos[0, 2]), float(yaw[0]))


def _root_features(root_pos: Array, yaw: Array) -> Array:
    step = np.diff(root_pos, axis=0)
    cosine, sine = np.cos(yaw[1:]), np.sin(yaw[1:])
    forward = cosine * step[:, 0] - sine * step[:, 2], sine * step[:, 0] + cosine * step[:, 2]
    speeds = np.stack([np.diff(yaw), *forward], 1)
    first = speeds[:1] if len(speeds) else np.zeros((1, 3))
    return np.concatenate([np.concatenate([first, speeds]), root_pos[:, 1:2]], 1)


def integrate_root(features: Tensor, origin: Origin | None = None) -> tuple[Tensor, Tensor]:
    """Add up the root's speeds.

    Args:
        features: (..., T, WIDTH) or only the root's columns first.
        origin: the first frame's place; None is x = z = 0, facing +Z.

    Returns:
        yaw: (..., T) radians.
        root: (..., T, 3) metres.
    """
    origin = origin or Origin()
    still = torch.zeros_like(features[..., :1, 0])
    yaw = torch.cat([still, features[..., 1:, 0].cumsum(-1)], -1) + origin.yaw
    cosine, sine = yaw.cos(), yaw.sin()
    side, front = features[..., 1], features[..., 2]
    step_x = cosine * side + sine * front
    step_z = -sine * side + cosine * front
    x = torch.cat([still, step_x[..., 1:].cumsum(-1)], -1) + origin.x
    z = torch.cat([still, step_z[..., 1:].cumsum(-1)], -1) + origin.z
    return yaw, torch.stack([x, features[..., 3], z], -1)


def local_rotations(features: Tensor) -> Tensor:
    """Return matrices (..., 22, 3, 3); the pelvis is relative to the heading."""
    lower = features[..., ROOT_WIDTH : CONTACTS.start]
    six = torch.cat([lower, features[..., CONTACTS.stop :]], -1).unflatten(-1, (-1, 6))
    return six_to_matrix(six[..., _BACK_TO_JOINTS, :])


def features_to_clip(features: Tensor, origin: Origin | None = None) -> Clip:
    """Return the 30 fps clip (float32) of features (T, WIDTH)."""
    features = features.detach().cpu().double()
    yaw, root = integrate_root(features, origin)
    local = local_rotations(features)
    local[:, 0] = yaw_to_matrix(yaw) @ local[:, 0]
    rotations = matrix_to_quaternion(local)
    return Clip(root.float().numpy(), rotations.float().numpy(), FPS)


def part_positions(features: Tensor, part: str) -> Tensor:
    """Return the part's joints in its own frame, (..., T, n * 3) metres.

    The frame is the heading frame at the pelvis for the lower body, the pelvis for
    the torso, spine3 for the arms: no other part's rotation enters.
    """
    joints = PART_JOINTS[part]
    start = ROOT_WIDTH if part == "LOWER_BODY" else 0
    six = features[..., PART_SLICES[part]][..., start : start + 6 * len(joints)]
    local = six_to_matrix(six.unflatten(-1, (-1, 6)))
    offsets = torch.as_tensor(REST_OFFSETS, dtype=features.dtype, device=features.device)
    identity = torch.eye(3, dtype=features.dtype, device=features.device)
    rotation: dict[int, Tensor] = {}
    position: dict[int, Tensor] = {}
    for index, joint in enumerate(joints):
        parent = PARENTS[joint]
        outer = rotation.get(parent, identity)
        base = position.get(parent, torch.zeros_like(features[..., :3]))
        position[joint] = base + (outer @ offsets[joint])
        rotation[joint] = outer @ local[..., index, :, :]
    # A tip at the end of each chain lets the last joint's rotation be seen.
    leaves = [joint for joint in joints if joint not in {PARENTS[other] for other in joints}]
    tips = [position[leaf] + 0.1 * rotation[leaf].flatten(-2)[..., :3] for leaf in leaves]
    return torch.cat([*position.values(), *tips], -1)


def heading_joints(features: Tensor) -> Tensor:
    """Return joints (..., T, 22, 3) in the heading frame, the pelvis above x = z = 0."""
    zero = torch.zeros_like(features[..., 3])
    root = torch.stack([zero, features[..., 3], zero], -1)
    return forward_kinematics(root, local_rotations(features))


def describe(features: Tensor) -> Tensor:
    """Return features (..., T, WIDTH) with the joints in the heading frame beside them."""
    return torch.cat([features, heading_joints(features).flatten(-2)], -1)
