"""Reads the state that retargeting needs: channels without keys, keyed bones, options, placement.

It writes nothing.
"""

from __future__ import annotations

import bpy
import numpy as np

from ....engine.motion import quaternions
from ....engine.motion.retargeting.rest_alignment import Placement
from ....engine.motion.retargeting.rig_target import ObjectStance, RigTarget
from ....engine.motion.rig import Rig
from ...core import axes
from . import armature, edit_target, rig_settings
from .root_channels import carrier_of


def read_rig_target(ob: bpy.types.Object, rig: Rig, placement: Placement | None) -> RigTarget:
    """Return where and how a clip is put on an armature as it stands now."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    return RigTarget(
        placement=placement,
        held=armature.read_held_channels(ob, rig),
        options=rig_settings.read_options(ob),
        keyed_bones=read_keyed_bones(ob),
        shown=armature.read_pose(ob, rig, depsgraph),
        stance=read_object_stance(ob),
    )


def read_keyed_bones(ob: bpy.types.Object) -> frozenset[str]:
    """Return the names of the bones that the object's action moves."""
    names = {bone.path_from_id(): bone.name for bone in ob.pose.bones}
    owners = (curve.data_path.rpartition(".")[0] for curve in edit_target.curves_of(ob))
    return frozenset(names[owner] for owner in owners if owner in names)


def read_object_stance(ob: bpy.types.Object) -> ObjectStance:
    """Return how the object stands in the space in which a root track moves it."""
    matrix = carrier_of(ob) @ ob.matrix_basis
    size = matrix.determinant()
    # Of a mirrored matrix Blender returns the rotation of its negative, as wanted.
    return ObjectStance(
        location=axes.vectors_to_engine(np.array(matrix.translation)),
        rotation=quaternions.normalize(axes.turns_to_engine(np.array(matrix.to_quaternion()))),
        scale=float(np.sign(size) * abs(size) ** (1.0 / 3.0)),
    )
