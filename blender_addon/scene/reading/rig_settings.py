"""Reads and writes what is stored with one character: bone map, rest reference, options.

Where the add-on is not registered, nothing is stored and defaults apply. It
knows nothing of how bones are recognised.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import bpy

from ....engine.motion.request import RequestError
from ....engine.motion.rig import Rig, RigReference
from ....engine.motion.rig_options import RigOptions
from ...core.rigs import rows as rig_rows
from ...core.rigs.presets import RigPreset
from ...core.rigs.rest_reference import StoredReference, numbers_to_reference, reference_for
from ...core.rigs.rows import Rows


def read_options(ob: bpy.types.Object) -> RigOptions:
    """Return the animator's wishes for a character."""
    stored = _stored(ob)
    if stored is None:
        return RigOptions()
    names = [field.name for field in dataclasses.fields(RigOptions)]
    values: dict[str, Any] = {name: getattr(stored, name) for name in names}
    # Blender's numbers are of single precision: 0.1 arrives as 0.100000001.
    values |= {name: round(one, 4) for name, one in values.items() if isinstance(one, float)}
    return RigOptions(**values)


def write_options(ob: bpy.types.Object, options: RigOptions) -> None:
    """Store the animator's wishes."""
    for name, value in dataclasses.asdict(options).items():
        setattr(_stored(ob), name, value)


def read_rows(ob: bpy.types.Object) -> Rows:
    """Return the stored bone map; rows without bones where none was made."""
    stored = _stored(ob)
    return rig_rows.EMPTY_ROWS if stored is None else stored.rows.to_rows()


def write_rows(ob: bpy.types.Object, rows: Rows) -> None:
    """Store a bone map."""
    _stored(ob).rows.take_rows(rows)


def read_reference(ob: bpy.types.Object, rig: Rig) -> RigReference | None:
    """Return the stored rest reference as a pose of the rig; None where there is none.

    Raises:
        RequestError: if the rig's bones were renamed or turned since.
    """
    stored = read_stored_reference(ob)
    if stored is None:
        return None
    try:
        return reference_for(rig, stored)
    except RequestError as error:
        raise RequestError(f'"{ob.name}": {error.message}', error.remedy) from error


def read_stored_reference(ob: bpy.types.Object) -> StoredReference | None:
    """Return the rest reference as it is stored.

    Raises:
        RequestError: if a script wrote something else there.
    """
    stored = _stored(ob)
    if stored is None or not stored.rest_reference:
        return None
    try:
        return numbers_to_reference(json.loads(stored.rest_reference))
    except (AttributeError, TypeError, ValueError) as error:
        raise RequestError(
            f'The rest reference of "{ob.name}" is damaged.', "Clear it in Rig, and set it anew."
        ) from error


def write_reference(ob: bpy.types.Object, reference: StoredReference | None) -> None:
    """Store a rest reference; None takes it away."""
    text = "" if reference is None else json.dumps(reference.to_numbers(), separators=(",", ":"))
    _stored(ob).rest_reference = text


def read_preset(ob: bpy.types.Object) -> RigPreset:
    """Return everything that is stored with a character."""
    return RigPreset(read_rows(ob), read_stored_reference(ob), read_options(ob))


def write_preset(ob: bpy.types.Object, preset: RigPreset) -> None:
    """Store all of a preset with a character."""
    write_rows(ob, preset.rows)
    write_reference(ob, preset.reference)
    write_options(ob, preset.options)


def active_bone(ob: bpy.types.Object) -> str:
    """Return the name of the armature's active bone.

    Raises:
        RequestError: if none is active.
    """
    bone = ob.data.bones.active
    if bone is None:
        raise RequestError(
            f'No bone of "{ob.name}" is active.', "Click the bone in Pose Mode, then this button."
        )
    return bone.name


def _stored(ob: bpy.types.Object) -> Any:
    return getattr(ob, "keyfill_rig", None)
