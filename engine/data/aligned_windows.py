"""Short windows of motion laid over each other, so that like motion lies near like motion.

Each window stands where its middle frame's pelvis is above the origin and faces +Z;
heights are kept. It knows no clip's captions and no split.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..motion import quaternions
from ..motion.skeleton import JOINTS

Array = NDArray[np.floating[Any]]

WINDOW_FRAMES: Final = 48
"""Frames of a window: 1.6 s at 30 fps."""


def cut_windows(
    joints: Array, heading: Array, stride: int, frame_step: int
) -> NDArray[np.float32]:
    """Return aligned windows (N, F, 22, 3) metres; N = 0 if the motion is too short.

    Args:
        joints: (T, 22, 3) metres in the world.
        heading: (T,) yaw of the pelvis in radians.
        stride: frames from one window to the next.
        frame_step: of a window only every so many frames are kept: F of them.
    """
    starts = np.arange(0, len(joints) - WINDOW_FRAMES + 1, stride)
    within = np.arange(0, WINDOW_FRAMES, frame_step)
    if not len(starts):
        return np.zeros((0, len(within), len(JOINTS), 3), np.float32)
    middle = starts + WINDOW_FRAMES // 2
    origin = joints[middle, 0] * np.array([1.0, 0.0, 1.0])
    unturn = quaternions.yaw_to_quaternion(-heading[middle])
    moved = joints[starts[:, None] + within] - origin[:, None, None]
    return quaternions.rotate(unturn[:, None, None], moved).astype(np.float32)
