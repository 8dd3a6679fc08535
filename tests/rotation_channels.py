"""What rotation channels mean, written apart from the code that fills them."""

import numpy as np
from keyfill_extension.engine.motion import quaternions


def rotations_of(channels, mode):
    """Unit quaternions (T, 4) of channels (T, 3 or 4) in a rotation mode."""
    if mode == "QUATERNION":
        return channels
    if mode == "AXIS_ANGLE":
        return quaternions.axis_angle_to_quaternion(channels[:, 1:], channels[:, 0])
    total = np.tile(quaternions.IDENTITY, (len(channels), 1))
    for letter in mode:
        column = "XYZ".index(letter)
        turn = quaternions.axis_angle_to_quaternion(np.eye(3)[column], channels[:, column])
        total = quaternions.multiply(turn, total)
    return total
