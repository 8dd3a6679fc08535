"""Reads and writes the keys of one F-curve in bulk, and looks below its modifiers.

It knows neither bones nor spans.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ...core.curves import handle_freezing, key_table
from ...core.curves.curve_span import NewKeys
from ...core.curves.key_table import KEY, Keys

Array = NDArray[np.floating[Any]]

_ALL: tuple[str, ...] = tuple(KEY.names or ())
_HANDLES = ("handle_left", "handle_right")
_HANDLE_TYPES = ("handle_left_type", "handle_right_type")
_PROBE = 0.1
_LEAST_INFLUENCE = 1e-3
_REACHED = 1e-4


@cache
def generated_type() -> int:
    """Return Blender's number for keys that a tool made; that of plain keys before 4.4."""
    kind_property: Any = bpy.types.Keyframe.bl_rna.properties["type"]
    kinds = kind_property.enum_items
    kind = kinds.get("GENERATED") or kinds["KEYFRAME"]
    return int(kind.value)


def read_keys(fcurve: Any, names: tuple[str, ...] = _ALL) -> Keys:
    """Return an F-curve's keys, sorted by time as Blender keeps them; unnamed columns are zero."""
    points = fcurve.keyframe_points
    keys = np.zeros(len(points), dtype=KEY)
    for name in names:
        column = _buffer(keys[name])
        points.foreach_get(name, column)
        keys[name] = column.reshape(keys[name].shape)
    return keys


def write_keys(fcurve: Any, keys: Keys, names: tuple[str, ...] = _ALL) -> None:
    """Replace all keys of an F-curve; nothing is recalculated.

    Unnamed columns of keys that are new stay as Blender makes them.
    """
    points = fcurve.keyframe_points
    if len(points) != len(keys):
        points.clear()
        points.add(len(keys))
    for name in names:
        points.foreach_set(name, _buffer(keys[name]))


def settle_keys(fcurve: Any, new: NewKeys) -> NewKeys:
    """Write keys and let Blender work out its automatic handles; what is outside stays.

    Blender solves handles along whole runs of keys. Where the curve outside the span moves by
    that, the handles of the key nearest to the span are frozen, until it moves nowhere. Handles
    outside are put back bit for bit then. All keys that are new are marked as generated.

    Returns:
        What was written.
    """
    keys = new.keys.copy()
    keys["type"][~new.kept] = generated_type()
    had = keys.copy()
    write_keys(fcurve, keys)
    fcurve.update()
    while True:
        found = read_keys(fcurve, _HANDLES)
        frozen = handle_freezing.freeze_moved(keys, found, new.outside, fcurve.extrapolation)
        if not frozen:
            break
        write_keys(fcurve, keys, _HANDLES + _HANDLE_TYPES)
        fcurve.update()
    for side in _HANDLES:
        keys[side][~new.outside] = found[side][~new.outside]
    write_keys(fcurve, keys, _HANDLES)
    is_frozen = new.frozen.copy()
    for kind in _HANDLE_TYPES:
        is_frozen |= new.kept & (keys[kind] != had[kind])
    return NewKeys(keys, new.kept, new.added, is_frozen, new.baked)


def evaluate(fcurve: Any, times: Array) -> Array:
    """Return an F-curve's values (N,) at times (N,), its modifiers applied."""
    return np.array([fcurve.evaluate(time) for time in np.asarray(times).tolist()])


def active_modifiers(fcurve: Any) -> list[Any]:
    """Return the modifiers that are not switched off."""
    return [modifier for modifier in fcurve.modifiers if not modifier.mute]


def values_below_modifiers(fcurve: Any, frames: Array, wanted: Array) -> tuple[Array, Array]:
    """Return key values (T,) from which the modifiers make what is wanted, as far as they can.

    Most modifiers add to a value or scale it; two trials tell by how much.

    Args:
        fcurve: a scratch copy: its keys are lost.
        frames: (T,) whole frames, one after another.
        wanted: (T,) evaluated values.

    Returns:
        values: (T,) what is wanted itself where they cannot.
        reached: (T,) whether the modifiers make of them what is wanted.
    """
    first = _through(fcurve, frames, wanted)
    gain = (_through(fcurve, frames, wanted + _PROBE) - first) / _PROBE
    usable = np.abs(gain) > _LEAST_INFLUENCE
    values = wanted + np.where(usable, (wanted - first) / np.where(usable, gain, 1.0), 0.0)
    found = _through(fcurve, frames, values)
    reached = np.abs(found - wanted) <= _REACHED * np.maximum(1.0, np.abs(wanted))
    return np.where(reached, values, wanted), reached


def _through(fcurve: Any, frames: Array, values: Array) -> Array:
    """Return what the modifiers make of keys with these values, at the keys."""
    write_keys(fcurve, key_table.new_keys(frames, values))
    return evaluate(fcurve, frames)


def _buffer(column: Any) -> Any:
    """Return a column, flat, in the numbers that Blender reads and writes in one go."""
    kinds = {"f": np.float32, "i": np.int32, "b": np.bool_}
    return np.ascontiguousarray(column, dtype=kinds[column.dtype.kind]).reshape(-1)
