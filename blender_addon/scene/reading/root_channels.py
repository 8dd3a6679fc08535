"""Converts a root track into location and rotation channels of the armature object.

The object may have a parent of any kind, parent inverse and delta transforms; all
of them stay. It writes nothing.
"""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from ....engine.motion import quaternions
from ....engine.motion.retargeting.clip_to_rig import RootTrack
from ...core import axes
from ...core.curves.rotation_modes import channels_to_quaternions

Array = NDArray[np.floating[Any]]


def object_basis(ob: bpy.types.Object, root: RootTrack) -> tuple[Array, Array]:
    """Return the object's rotation channel (T, 4) and location channel (T, 3).

    Args:
        ob: the armature object as it stands now; its scale stays.
        root: rotations applied after the present one, and places, in the space of the parent.
    """
    carrier = carrier_of(ob)
    present = _rotation(carrier @ ob.matrix_basis)
    turned = quaternions.multiply(axes.turns_to_blender(root.rotations), present)
    places = axes.vectors_to_blender(root.locations)
    back = carrier.inverted_safe()
    turned = quaternions.multiply(_rotation(back), turned)
    places = np.array([back @ Matrix.Translation(place) for place in places.tolist()])[:, :3, 3]
    delta = _delta_rotation(ob)
    turned = quaternions.multiply(quaternions.conjugate(delta), turned)
    return (
        quaternions.keep_quaternion_sign(quaternions.normalize(turned)),
        places - np.array(ob.delta_location),
    )


def object_scale(ob: bpy.types.Object) -> float:
    """Return how many units of the object's location channel a rig unit is long."""
    return float(abs(ob.matrix_basis.determinant()) ** (1.0 / 3.0)) or 1.0


def carrier_of(ob: bpy.types.Object) -> Matrix:
    """Return what lies between the parent's space and the channels, and moves with neither."""
    if ob.parent is None:
        return Matrix.Identity(4)
    if ob.parent_type == "OBJECT":
        return ob.matrix_parent_inverse
    return ob.matrix_local @ ob.matrix_basis.inverted_safe()  # a bone or vertices carry it, too


def _rotation(matrix: Matrix) -> Array:
    return quaternions.normalize(np.array(matrix.to_quaternion()))


def _delta_rotation(ob: bpy.types.Object) -> Array:
    """Return the object's delta rotation (4,), which Blender applies before its channel."""
    mode = ob.rotation_mode
    if mode == "AXIS_ANGLE":
        return quaternions.IDENTITY  # its delta is out of reach in Blender, too
    held = ob.delta_rotation_quaternion if mode == "QUATERNION" else ob.delta_rotation_euler
    return channels_to_quaternions(np.array(held), mode)
