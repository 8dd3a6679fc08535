"""Reads what the plan of an edit rests on: the curves of its bones, and which of them get keys.

Read again before writing, it tells whether the animator changed something meanwhile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bpy

from ...core.curves.key_table import Keys
from ..curves import curve_keys
from ..curves.key_targets import KeyTargets, path_of, rotation_path
from ..reading.edit_target import is_all_selected, moving
from .span_planning import ChannelId, SpanKeys

SELECTION = ("select_control_point", "select_left_handle", "select_right_handle")
"""The columns of a key that tell what of it is selected."""

Settings = tuple[Any, ...]
"""What of a curve, beside its keys, decides what it shows and whether it may be written."""


@dataclass(frozen=True, slots=True, eq=False)
class CurveSource:
    """The curves of some bones as they were, and what else decides about their keys."""

    tables: Mapping[ChannelId, Keys]
    """Of channels that have a curve."""

    settings: Mapping[ChannelId, Settings]

    is_selected: bool
    """Every key that moves the character is selected, which says nothing about a wish."""

    bones: tuple[Any, ...]
    """Rotation modes, locks, channels that may be keyed, and what those without a curve hold."""

    def is_same(self, other: CurveSource) -> bool:
        """Say whether a plan that rests on one is right for the other."""
        return (
            self.bones == other.bones
            and self.settings == other.settings
            and self.tables.keys() == other.tables.keys()
            and all(keys.tobytes() == other.tables[one].tobytes()
                    for one, keys in self.tables.items())
        )  # fmt: skip


def read_source(
    ob: bpy.types.Object, curves: Mapping[ChannelId, Any], spans: Sequence[SpanKeys]
) -> CurveSource:
    """Return the curves that spans of frames rest on.

    Args:
        ob: the armature object; it has the bones.
        curves: F-curves by data path and index.
        spans: what gets keys.
    """
    targets = KeyTargets(ob, any(span.is_measured for span in spans))
    found, bones = {}, []
    for name, is_located in _keyed_bones(spans).items():
        bone: Any = ob.pose.bones[name]
        flags = [(rotation_path(bone), targets.rotation_flags(name))]
        if is_located:
            flags.append((path_of(bone, "location"), targets.location_flags(name)))
        locks = *bone.lock_rotation, bone.lock_rotations_4d
        bones.append((name, bone.rotation_mode, *locks, *(tuple(keyed) for _, keyed in flags)))
        for path, keyed in flags:
            found.update(_read_property(ob, curves, path, len(keyed)))
    held = tuple((one, value) for one, value in found.items() if isinstance(value, float))
    used = [one for one in found if one in curves]
    return CurveSource(
        tables={one: curve_keys.read_keys(curves[one]) for one in used},
        settings={one: read_settings(curves[one]) for one in used},
        is_selected=is_all_selected(moving(curves.values())),
        bones=(*bones, held),
    )


def read_settings(fcurve: Any) -> Settings:
    """Return what of a curve, beside its keys, decides what it shows; modifiers with all they hold.

    A curve's group may be muted or locked, too.
    """
    group = fcurve.group
    return (
        fcurve.extrapolation,
        fcurve.auto_smoothing,
        fcurve.mute,
        fcurve.lock,
        len(fcurve.sampled_points),
        (group.mute, group.lock) if group is not None else None,
        tuple(_values_of(modifier) for modifier in fcurve.modifiers),
    )


def digest_tables(tables: Mapping[ChannelId, Keys]) -> str:
    """Return a digest of the keys of curves; which of them are selected does not count."""
    found = hashlib.sha256()
    for one in sorted(tables):
        keys = tables[one].copy()
        select_keys(keys, False)
        found.update(repr(one).encode())
        found.update(keys.tobytes())
    return found.hexdigest()


def select_keys(keys: Keys, are_selected: bool = True) -> None:
    """Select keys (N,) with their handles, or none of them; they are changed in place."""
    for name in SELECTION:
        keys[name] = are_selected


def digest_curves(digest: str, settings: Mapping[ChannelId, Settings]) -> str:
    """Return a digest of what curves show, from that of their keys and from their settings."""
    told = repr(sorted(settings.items(), key=lambda one: one[0]))
    return hashlib.sha256(f"{digest} {told}".encode()).hexdigest()


def _keyed_bones(spans: Iterable[SpanKeys]) -> dict[str, bool]:
    """Return the bones of spans, and whether their locations are keyed, too."""
    bones: dict[str, bool] = {}
    for span in spans:
        bones |= {name: bones.get(name, False) for name in span.bones}
        located = span.moved if span.location_bone is None else (*span.moved, span.location_bone)
        bones |= dict.fromkeys(located, True)
    return bones


def _read_property(
    ob: bpy.types.Object, curves: Mapping[ChannelId, Any], path: str, count: int
) -> dict[ChannelId, float | None]:
    """Return a property's channels, with what those without keys hold and so show."""
    held: Any = ob.path_resolve(path)
    found: dict[ChannelId, float | None] = {}
    for index in range(count):
        curve = curves.get((path, index))
        is_empty = curve is None or curve.is_empty
        found[path, index] = float(held[index]) if is_empty else None
    return found


def _values_of(struct: Any) -> Any:
    """Return all numbers, names and lists that a Blender struct holds."""
    found = []
    for setting in struct.bl_rna.properties:
        if setting.identifier in ("rna_type", "active"):
            continue
        value = getattr(struct, setting.identifier)
        if setting.type == "COLLECTION":
            value = tuple(_values_of(one) for one in value)
        elif getattr(setting, "is_array", False):
            value = tuple(value)
        found.append((setting.identifier, value))
    return tuple(found)
