"""Shows a few frames of keys that are not written yet, so that Blender evaluates them.

What is lent for that is gone at the end of the block.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ....engine.motion.retargeting.clip_to_rig import RigMotion
from ....engine.motion.rig_options import RigOptions
from ..curves import curve_keys
from ..curves.key_targets import KeyTargets
from ..curves.take_channels import plan_keys
from ..reading.bone_inheritance import fit_inheritance
from ..reading.edit_target import bag_of
from . import keyframes

Array = NDArray[np.floating[Any]]
Values = dict[tuple[str, int], Array]

_NAME = "Keyfill trial"


@contextmanager
def show_take_frames(
    ob: bpy.types.Object, motion: RigMotion, frames: Sequence[int]
) -> Iterator[None]:
    """Give the object some frames of a take within the block, as `write_take` would key them.

    Args:
        ob: the armature object.
        motion: one row for each of the frames.
        frames: scene frames.
    """
    with _shown(ob, _values(ob, fit_inheritance(ob, motion)), frames):
        yield


@contextmanager
def show_edit_frames(
    ob: bpy.types.Object, motion: RigMotion, frames: Sequence[int]
) -> Iterator[None]:
    """Give the object some frames of an edit within the block, over what its own action shows.

    Args:
        ob: the armature object.
        motion: one row for each of the frames, of the edited bones alone.
        frames: scene frames.
    """
    data: Any = ob.animation_data
    bag = bag_of(data.action, getattr(data, "action_slot", None))
    times = np.array(frames, dtype=float)
    values: Values = {
        (curve.data_path, curve.array_index): curve_keys.evaluate(curve, times)
        for curve in bag.fcurves
        if not curve.is_empty
    }
    values |= _values(ob, motion)
    with _shown(ob, values, frames):
        yield


def _values(ob: bpy.types.Object, motion: RigMotion) -> Values:
    """Return the values of a motion's channels, as far as they may be keyed."""
    planned = plan_keys(ob, motion, KeyTargets(ob), 1.0, RigOptions())
    return {
        (found.data_path, index): found.values[:, index]
        for keys in planned
        for found in keys.properties
        for index in np.flatnonzero(found.keyed).tolist()
    }


@contextmanager
def _shown(ob: bpy.types.Object, values: Values, frames: Sequence[int]) -> Iterator[None]:
    """Give the object an action with these values (T,) on the frames; then its own again."""
    data = ob.animation_data
    before: Any = data.action if data is not None else None
    slot_before = getattr(data, "action_slot", None)
    action = bpy.data.actions.new(_NAME)
    try:
        slot, bag = keyframes.make_bag(action, ob)
        for (path, index), numbers in values.items():
            fcurve = bag.fcurves.new(path, index=index)
            fcurve.keyframe_points.add(len(frames))
            places = np.column_stack([np.array(frames, float), numbers]).astype(np.float32)
            fcurve.keyframe_points.foreach_set("co", places.ravel())
            fcurve.update()
        keyframes.exchange_action(ob, action, slot)
        yield
    finally:
        if before is not None:
            keyframes.exchange_action(ob, before, slot_before)
        elif data is not None:
            data.action = None
        else:
            ob.animation_data_clear()
        bpy.data.actions.remove(action)
