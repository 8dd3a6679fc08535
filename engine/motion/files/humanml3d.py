"""HumanML3D's 263 numbers a frame (Guo et al. 2022) <-> canonical clips.

The features are made from joint positions at 20 fps, exactly as the data set's own
script makes them: T - 1 rows from T frames; a heading that is smoothed over a second
and starts at zero; a yaw velocity that is the arcsine of a quaternion's y, thus half
an angle. One slip is not repeated: where the heading passes straight behind, the
script's quaternion changes sign and the turn of that one frame comes out reversed.
It knows no rig, no tokens and no network; `joint_rotations` brings positions back to
rotations.

Columns: yaw velocity, velocity x and z in the heading frame, height; positions of 21
joints in the heading frame; their rotations (6 numbers each); velocities of 22 joints;
contacts of left ankle, left toe, right ankle, right toe.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from .. import quaternions
from ..clip import Array, Clip, forward_kinematics
from ..joint_rotations import positions_to_rotations
from ..skeleton import FPS, JOINT_INDEX, JOINTS, PARENTS
from ..smooth_sampling import sample_smoothly

HUMANML3D_FPS: Final = 20
"""Frames a second of the features."""

FEATURES: Final = 263
"""Numbers a row."""

CONTACT_SPEED: Final = 0.002
"""Squared metres a frame below which a foot stands."""

_HEADING_SIGMA: Final = 20
"""Frames; spread of the filter over the heading."""

_BONES: Final = {
    "pelvis": (0.0, (0.0, 1.0, 0.0)),
    "left_hip": (0.1031, (0.60, -0.80, -0.05)), "right_hip": (0.1099, (-0.60, -0.80, -0.05)),
    "spine1": (0.1316, (0.0, 0.97, -0.24)),
    "left_knee": (0.3936, (0.09, -0.99, -0.02)), "right_knee": (0.3902, (-0.09, -0.99, -0.02)),
    "spine2": (0.1432, (0.0, 1.0, 0.01)),
    "left_ankle": (0.4324, (-0.03, -0.99, -0.11)), "right_ankle": (0.4256, (0.03, -0.99, -0.11)),
    "spine3": (0.0574, (0.0, 0.90, 0.43)),
    "left_foot": (0.1434, (0.19, -0.39, 0.90)), "right_foot": (0.1494, (-0.19, -0.39, 0.90)),
    "neck": (0.2194, (0.0, 0.98, -0.20)),
    "left_collar": (0.1375, (0.54, 0.81, -0.24)), "right_collar": (0.1434, (-0.54, 0.81, -0.24)),
    "head": (0.1030, (0.0, 0.78, 0.62)),
    "left_shoulder": (0.1316, (0.94, 0.31, -0.09)),
    "right_shoulder": (0.1230, (-0.94, 0.31, -0.09)),
    "left_elbow": (0.2568, (0.99, -0.05, -0.09)), "right_elbow": (0.2631, (-0.99, -0.05, -0.09)),
    "left_wrist": (0.2660, (1.0, 0.03, -0.01)), "right_wrist": (0.2699, (-1.0, 0.03, -0.01)),
}  # fmt: skip
"""Each bone's length on the skeleton that every motion of the data set was put on, and
its direction there in a T-pose (of an average body, rounded)."""

REST_OFFSETS: Final = np.array(
    [length * np.array(way) / np.linalg.norm(way) for length, way in (_BONES[n] for n in JOINTS)]
)
"""(22, 3) metres from the parent to the joint in the T-pose, in the order of JOINTS."""

_CHAIN_STARTS: Final = tuple(
    JOINT_INDEX[name]
    for name in ("left_hip", "right_hip", "spine1", "left_collar", "right_collar")
)
"""Joints whose rotation the data set takes relative to the root."""

_RAW_AXES: Final = {
    "left_hip": (1, 0, 0), "right_hip": (-1, 0, 0), "left_collar": (1, 0, 0),
    "right_collar": (-1, 0, 0), "left_foot": (0, 0, 1), "right_foot": (0, 0, 1),
    "head": (0, 0, 1), "spine1": (0, 1, 0), "spine2": (0, 1, 0), "spine3": (0, 1, 0),
    "neck": (0, 1, 0),
}  # fmt: skip
"""Axes that the data set gives each bone; (0, -1, 0) where none is named."""

_AXES: Final = np.array([_RAW_AXES.get(name, (0, -1, 0)) for name in JOINTS], dtype=float)

_FEET: Final = tuple(
    JOINT_INDEX[name] for name in ("left_ankle", "left_foot", "right_ankle", "right_foot")
)

_CLIP_SCALE: Final = float(
    np.linalg.norm(REST_OFFSETS[[JOINT_INDEX["right_knee"], JOINT_INDEX["right_ankle"]]], axis=-1)
    .sum()
) / 0.80
"""Metres there for a metre of the canonical skeleton: the legs' lengths."""


def clip_to_features(clip: Clip) -> Array:
    """Return features (N, 263) of a 30 fps clip, one row for each 20th of a second it lasts.

    The clip's rotations are put on the data set's skeleton, whose floor is the clip's.
    A row needs the frame behind it: the motion goes on for one frame and then stands still.
    """
    return joints_to_features(facing_forward(clip_to_joints(clip)))


def clip_to_joints(clip: Clip) -> Array:
    """Return positions (N + 1, 22, 3) at 20 fps on the data set's skeleton, where the clip is."""
    count = rows_of(clip.frames, clip.fps)
    positions = np.minimum(np.arange(count + 1) * (clip.fps / HUMANML3D_FPS), clip.frames)
    sampled = sample_smoothly(clip, positions, HUMANML3D_FPS)
    return forward_kinematics(_CLIP_SCALE * sampled.root_pos, sampled.rot, REST_OFFSETS)[0]


def rows_of(frames: int, fps: float = FPS) -> int:
    """Return how many rows (20 a second) cover `frames` frames, the last one included."""
    return int(np.ceil((frames - 1) * HUMANML3D_FPS / fps - 1e-6)) + 1


def features_to_clip(features: Array, frames: int | None = None) -> Clip:
    """Return the 30 fps clip of features (N, 263): from the origin, facing +Z.

    Args:
        features: as the data set defines them, not normalised.
        frames: length of the clip; None takes all that the rows cover.
    """
    joints = features_to_joints(features)
    root = joints[:, 0] / _CLIP_SCALE
    slow = Clip(root, positions_to_rotations(joints, REST_OFFSETS), HUMANML3D_FPS)
    if frames is None:
        frames = int((len(features) - 1) * FPS / HUMANML3D_FPS + 1e-6) + 1
    positions = np.minimum(np.arange(frames) * (HUMANML3D_FPS / FPS), len(features) - 1.0)
    return sample_smoothly(slow, positions, FPS)


def contacts_of(features: Array, frames: int) -> NDArray[np.bool_]:
    """Return (frames, 4) bool at 30 fps: left ankle, right ankle, left toe, right toe stand."""
    rows = np.minimum(
        np.round(np.arange(frames) * (HUMANML3D_FPS / FPS)).astype(int), len(features) - 1
    )
    return np.asarray(features[rows][:, -4:][:, [0, 2, 1, 3]] > 0.5)


def with_published_bones(joints: Array) -> Array:
    """Return positions (T, 22, 3) with the data set's bone lengths and the same directions.

    The path is scaled by the length of the right leg in the first frame.
    """
    lengths = np.linalg.norm(REST_OFFSETS, axis=-1)
    legs = [JOINT_INDEX["right_knee"], JOINT_INDEX["right_ankle"]]
    bones = joints - joints[:, [max(parent, 0) for parent in PARENTS]]
    own = np.linalg.norm(bones[0, legs], axis=-1).sum()
    put = np.zeros_like(joints, dtype=float)
    put[:, 0] = joints[:, 0] * (lengths[legs].sum() / own)
    for joint in range(1, len(JOINTS)):
        way = _unit(bones[:, joint])
        put[:, joint] = put[:, PARENTS[joint]] + lengths[joint] * way
    return put


def on_floor(joints: Array) -> Array:
    """Return positions (T, 22, 3) moved so that the lowest joint of the whole touches y = 0."""
    return np.asarray(joints - [0.0, joints[..., 1].min(), 0.0])


def facing_forward(joints: Array) -> Array:
    """Return positions (T, 22, 3) whose first frame stands at x = z = 0 and faces +Z."""
    moved = joints - joints[0, 0] * [1.0, 0.0, 1.0]
    return quaternions.rotate(quaternions.yaw_to_quaternion(-_facings(joints[:1])), moved)


def joints_to_features(joints: Array) -> Array:
    """Return the features (T - 1, 263) of positions (T, 22, 3) at 20 fps.

    Args:
        joints: metres, on the data set's skeleton and floor, the first frame facing +Z
            at the origin (`with_published_bones`, `on_floor`, `facing_forward`).

    Raises:
        ValueError: if there is no frame.
    """
    if len(joints) == 0:
        raise ValueError("features need at least one frame")
    joints = np.asarray(joints, dtype=float)
    yaw = smoothed_headings(joints)
    back = quaternions.yaw_to_quaternion(-yaw)  # (T, 4) from the world to the heading frame
    step = np.diff(joints, axis=0)
    # sin and arcsin of half the turn: the half itself, up to half a turn a frame.
    half = np.arcsin(np.sin(-np.diff(yaw) / 2.0))
    velocity = quaternions.rotate(back[1:], step[:, 0])[:, [0, 2]]
    local = joints - joints[:, :1] * [1.0, 0.0, 1.0]
    local = quaternions.rotate(back[:, None], local)
    moving = quaternions.rotate(back[:-1, None], step)
    stands = np.square(step[:, _FEET]).sum(-1) < CONTACT_SPEED
    return np.concatenate(
        [
            half[:, None],
            velocity,
            local[:-1, 0, 1:2],
            local[:-1, 1:].reshape(len(step), 63),
            _published_rotations(joints, back)[:-1].reshape(len(step), 126),
            moving.reshape(len(step), 66),
            stands.astype(float),
        ],
        axis=1,
    )


def features_to_joints(features: Array) -> Array:
    """Return positions (N, 22, 3) of features (N, 263), from the origin, facing +Z.

    One position a row, as the data set's script recovers them; the frame that the last
    row leads to is not made.
    """
    features = np.asarray(features, dtype=float)
    half = np.concatenate([[0.0], np.cumsum(features[:-1, 0])])[: len(features)]
    forth = quaternions.yaw_to_quaternion(-2.0 * half)  # from the heading frame to the world
    step = np.zeros((len(features), 3))
    step[1:, [0, 2]] = features[:-1, 1:3]
    root = np.cumsum(quaternions.rotate(forth, step), axis=0)
    local = features[:, 4:67].reshape(len(features), 21, 3)
    joints = quaternions.rotate(forth[:, None], local) + root[:, None]
    root[:, 1] = features[:, 3]
    return np.concatenate([root[:, None], joints], axis=1)


def smoothed_headings(joints: Array) -> Array:
    """Return the heading (T,) of positions (T, 22, 3) as the data set has it, unwrapped.

    The direction across hips and shoulders, filtered; the first is zero whatever it is.
    """
    forward = _forward(joints)
    reach = 4 * _HEADING_SIGMA
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / _HEADING_SIGMA) ** 2)
    padded = np.pad(forward, ((reach, reach), (0, 0)), mode="edge")
    smooth = [np.convolve(column, weights / weights.sum(), "valid") for column in padded.T]
    yaw = np.arctan2(smooth[0], smooth[2])
    yaw[0] = 0.0
    return np.unwrap(yaw)


def _forward(joints: Array) -> Array:
    """Return the horizontal directions (T, 3), not of length 1, across which the body lies."""
    across = joints[:, JOINT_INDEX["right_hip"]] - joints[:, JOINT_INDEX["left_hip"]]
    across = across + joints[:, JOINT_INDEX["right_shoulder"]]
    across = _unit(across - joints[:, JOINT_INDEX["left_shoulder"]])
    return np.cross([0.0, 1.0, 0.0], across)


def _facings(joints: Array) -> Array:
    forward = _forward(joints)
    return np.asarray(np.arctan2(forward[:, 0], forward[:, 2]))


def _published_rotations(joints: Array, back: Array) -> Array:
    """Return the data set's own rotations (T, 21, 6): shortest turns, without any twist."""
    swing = np.zeros((len(joints), len(JOINTS), 4))
    for joint in range(1, len(JOINTS)):
        bone = joints[:, joint] - joints[:, PARENTS[joint]]
        axis = np.broadcast_to(_AXES[joint], bone.shape)
        swing[:, joint] = quaternions.between(axis, bone)
    local = np.empty_like(swing[:, 1:])
    for joint in range(1, len(JOINTS)):
        # The root's rotation is used where its inverse is meant; the data set has it so.
        outer = back if joint in _CHAIN_STARTS else swing[:, PARENTS[joint]]
        local[:, joint - 1] = quaternions.multiply(
            quaternions.conjugate(outer), swing[:, joint]
        )
    matrices = quaternions.quaternion_to_matrix(local)
    return np.concatenate([matrices[..., 0], matrices[..., 1]], axis=-1)


def _unit(vectors: Array) -> Array:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))
