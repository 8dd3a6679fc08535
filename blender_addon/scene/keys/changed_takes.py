"""Finds out whether a take that waits was changed by hand, and reads it off its curves then."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from mathutils import Euler, Quaternion
from numpy.typing import NDArray

from ....engine.motion import quaternions
from ....engine.motion.retargeting.clip_to_rig import BonePath, RigMotion
from ...core.curves.rotation_modes import DATA_PATHS
from .channel_plans import curves_by_path
from .curve_sources import digest_curves, digest_tables, read_settings, read_source
from .edit_keys import EditKeys
from .rehearsing import RehearsedTake

Array = NDArray[np.floating[Any]]


def digest_written(action: bpy.types.Action, slot: Any, take: RehearsedTake) -> str:
    """Return the digest of a take that was written, without reading its keys again."""
    curves = curves_by_path(action, slot)
    return digest_curves(take.digest, {one: read_settings(curves[one]) for one in take.tables})


def digest_take(
    ob: bpy.types.Object, action: bpy.types.Action, slot: Any, keys: EditKeys
) -> str:
    """Return the digest of what a take's curves are now; see `read_take`."""
    source = read_source(ob, curves_by_path(action, slot), keys.spans)
    return digest_curves(digest_tables(source.tables), source.settings)


def read_take(
    ob: bpy.types.Object, action: bpy.types.Action, slot: Any, keys: EditKeys
) -> EditKeys:
    """Return the keys of a take as its curves show them now.

    Args:
        ob: the armature.
        action: the take's.
        slot: of the object; None where Blender has none.
        keys: those that were solved; bones and spans are theirs.
    """
    curves, frames, spans = curves_by_path(action, slot), _frames(keys), keys.spans
    bones = spans[0].bones
    rotations = [_rotations(ob.pose.bones[name], curves, frames) for name in bones]
    mover = spans[0].location_bone or bones[0]
    motion = RigMotion(
        bones,
        quaternions.keep_quaternion_sign(np.stack(rotations, axis=1)),
        mover,
        _values(ob.pose.bones[mover], "location", curves, frames),
        keys.motion.fps,
        moved=tuple(
            BonePath(name, _values(ob.pose.bones[name], "location", curves, frames))
            for name in spans[0].moved
        ),
        is_measured=spans[0].is_measured,
    )
    return EditKeys(motion, frames[0], spans, keys.open_side)


def _frames(keys: EditKeys) -> range:
    """Return the scene frames from the first span's begin to the last one's end."""
    first = min(span.first_frame_scene for span in keys.spans)
    return range(first, max(span.last_frame_scene for span in keys.spans) + 1)


def _rotations(bone: bpy.types.PoseBone, curves: dict[Any, Any], frames: range) -> Array:
    """Return a bone's evaluated rotation channel as unit quaternions (T, 4)."""
    mode = bone.rotation_mode
    values = _values(bone, DATA_PATHS.get(mode, "rotation_euler"), curves, frames)
    if mode == "QUATERNION":
        found = values
    elif mode == "AXIS_ANGLE":
        found = np.array([Quaternion(row[1:], row[0]) for row in values.tolist()])
    else:
        found = np.array([Euler(row, mode).to_quaternion() for row in values.tolist()])
    return quaternions.normalize(found)


def _values(bone: bpy.types.PoseBone, name: str, curves: dict[Any, Any], frames: range) -> Array:
    """Return a bone's channels (T, 3 or 4); one without a curve holds what the bone has now."""
    path = bone.path_from_id(name)
    columns = [
        [curves[path, index].evaluate(frame) for frame in frames]
        if (path, index) in curves
        else [held] * len(frames)
        for index, held in enumerate(getattr(bone, name))
    ]
    return np.array(columns, dtype=float).T
