"""Which feet stand: contact labels from positions and speeds. NumPy only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .skeleton import JOINT_INDEX

CONTACT_JOINTS = tuple(
    JOINT_INDEX[name] for name in ("left_ankle", "right_ankle", "left_foot", "right_foot")
)
"""Order of the four contact columns."""

Contacts = NDArray[np.bool_]
"""(T, 4) True where that joint stands on the floor."""

STANDING_HEIGHTS = np.array([0.075, 0.075, 0.02, 0.02])
"""Heights in metres of the contact joints when the feet stand flat on the floor."""

HEIGHT_TOLERANCE = 0.06
SPEED_TOLERANCE = 0.45


def label_contacts(joints: NDArray[np.floating[Any]], fps: float) -> Contacts:
    """Return (T, 4): the joint is near the floor y = 0 and slow (metres, metres a second).

    Args:
        joints: (T, 22, 3) metres.
        fps: frames a second.
    """
    feet = joints[:, list(CONTACT_JOINTS)]
    if len(feet) < 2:
        return np.asarray(feet[..., 1] < STANDING_HEIGHTS + HEIGHT_TOLERANCE)
    speed = np.linalg.norm(np.gradient(feet, axis=0), axis=-1) * fps
    is_low = feet[..., 1] < STANDING_HEIGHTS + HEIGHT_TOLERANCE
    return np.asarray(is_low & (speed < SPEED_TOLERANCE))
