"""The canonical 22-joint skeleton and its split into body parts.

Joint order is HumanML3D's (Guo et al. 2022). The rest pose is a T-pose facing
+Z with every local rotation the identity. It knows no clip and no rig.
"""

from __future__ import annotations

from typing import Final

import numpy as np

FPS: Final = 30
"""Frames per second of every canonical clip."""

FRAMES_PER_STEP: Final = 4
"""Frames that one token step covers (the tokenizer's stride)."""

STANDING_PELVIS_HEIGHT: Final = 0.95
"""Pelvis height in metres when the rest pose stands on the floor y = 0."""

_JOINT_TABLE: Final[tuple[tuple[str, str | None, tuple[float, float, float]], ...]] = (
    ("pelvis", None, (0.0, 0.0, 0.0)),
    ("left_hip", "pelvis", (0.085, -0.075, 0.0)),
    ("right_hip", "pelvis", (-0.085, -0.075, 0.0)),
    ("spine1", "pelvis", (0.0, 0.11, 0.0)),
    ("left_knee", "left_hip", (0.0, -0.40, 0.0)),
    ("right_knee", "right_hip", (0.0, -0.40, 0.0)),
    ("spine2", "spine1", (0.0, 0.13, 0.0)),
    ("left_ankle", "left_knee", (0.0, -0.40, 0.0)),
    ("right_ankle", "right_knee", (0.0, -0.40, 0.0)),
    ("spine3", "spine2", (0.0, 0.06, 0.0)),
    ("left_foot", "left_ankle", (0.0, -0.055, 0.13)),
    ("right_foot", "right_ankle", (0.0, -0.055, 0.13)),
    ("neck", "spine3", (0.0, 0.21, 0.0)),
    ("left_collar", "spine3", (0.075, 0.12, 0.0)),
    ("right_collar", "spine3", (-0.075, 0.12, 0.0)),
    ("head", "neck", (0.0, 0.09, 0.02)),
    ("left_shoulder", "left_collar", (0.11, 0.03, 0.0)),
    ("right_shoulder", "right_collar", (-0.11, 0.03, 0.0)),
    ("left_elbow", "left_shoulder", (0.26, 0.0, 0.0)),
    ("right_elbow", "right_shoulder", (-0.26, 0.0, 0.0)),
    ("left_wrist", "left_elbow", (0.25, 0.0, 0.0)),
    ("right_wrist", "right_elbow", (-0.25, 0.0, 0.0)),
)

JOINTS: Final = tuple(name for name, _, _ in _JOINT_TABLE)
"""Names of the J = 22 joints, parents before children."""

JOINT_INDEX: Final = {name: index for index, name in enumerate(JOINTS)}

PARENTS: Final = tuple(
    -1 if parent is None else JOINT_INDEX[parent] for _, parent, _ in _JOINT_TABLE
)
"""Index of each joint's parent; -1 for the pelvis."""

REST_OFFSETS: Final = np.array([offset for _, _, offset in _JOINT_TABLE])
"""(J, 3) metres from the parent to the joint in the rest pose."""

MIRRORED_JOINTS: Final = tuple(
    JOINT_INDEX[
        name.replace("left_", "right_") if name.startswith("left_")
        else name.replace("right_", "left_")
    ]
    for name in JOINTS
)
"""Index of the joint on the other side of the body (itself on the midline)."""

PARTS: Final = ("LOWER_BODY", "TORSO", "LEFT_ARM", "RIGHT_ARM")
"""The P = 4 body parts of the token grid. LOWER_BODY carries the root."""

PART_JOINTS: Final[dict[str, tuple[int, ...]]] = {
    "LOWER_BODY": tuple(
        JOINT_INDEX[name]
        for name in (
            "pelvis", "left_hip", "right_hip", "left_knee", "right_knee",
            "left_ankle", "right_ankle", "left_foot", "right_foot",
        )
    ),
    "TORSO": tuple(JOINT_INDEX[name] for name in ("spine1", "spine2", "spine3", "neck", "head")),
    "LEFT_ARM": tuple(
        JOINT_INDEX[name]
        for name in ("left_collar", "left_shoulder", "left_elbow", "left_wrist")
    ),
    "RIGHT_ARM": tuple(
        JOINT_INDEX[name]
        for name in ("right_collar", "right_shoulder", "right_elbow", "right_wrist")
    ),
}
"""Joints whose rotations belong to each part; together all J joints, each once."""
