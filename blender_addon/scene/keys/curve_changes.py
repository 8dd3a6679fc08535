"""Writes the new keys of curves in one go: all of them or none, and only what differs.

Everything was worked out before; Blender lays no handles here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import bpy

from ...core.curves.key_table import KEY, Keys
from ..curves import curve_keys
from ..reading.edit_target import bag_of
from . import keyframes
from .channel_plans import curves_by_path
from .span_planning import ChannelId

_COLUMNS: tuple[str, ...] = tuple(KEY.names or ())
_HANDLES = ("handle_left", "handle_right")


@dataclass(frozen=True, slots=True, eq=False)
class CurveChange:
    """The keys of one curve before and after, in the very numbers that Blender holds."""

    channel: ChannelId

    bone: str
    """Names the group of a curve that is made."""

    before: Keys | None
    """None where there is no curve."""

    after: Keys

    columns: tuple[str, ...]
    """What differs; everything where the number of keys does."""


def change_of(channel: ChannelId, bone: str, before: Keys | None, after: Keys) -> CurveChange:
    """Return the change from one table of keys to another; the first is None without a curve."""
    columns = _COLUMNS
    if before is not None and len(before) == len(after):
        columns = tuple(
            name for name in _COLUMNS if before[name].tobytes() != after[name].tobytes()
        )
    return CurveChange(channel, bone, before, after, columns)


def write_changes(
    ob: bpy.types.Object, action: bpy.types.Action, slot: Any, changes: Sequence[CurveChange]
) -> None:
    """Write all changes, or none: if writing fails, the action gets its old keys back.

    Args:
        ob: the armature object; it names a new slot.
        action: its curves have the keys from before.
        slot: of the object; None where one must be made or Blender has none.
        changes: of its curves.
    """
    made, curves = _Made(action, slot), curves_by_path(action, slot)
    try:
        _, bag = keyframes.make_bag(action, ob, slot)
        for change in changes:
            fcurve = curves.get(change.channel) or keyframes.new_fcurve(
                bag, *change.channel, change.bone
            )
            curve_keys.write_keys(fcurve, change.after, change.columns)
        if changes:
            # Blender hears of new keys from one curve for the whole action. It lays that
            # one's handles anew, so they are put back.
            shortest = min(changes, key=lambda change: len(change.after))
            fcurve = bag.fcurves.find(shortest.channel[0], index=shortest.channel[1])
            fcurve.update()
            curve_keys.write_keys(fcurve, shortest.after, _HANDLES)
    except BaseException:
        for change in changes:
            if change.before is not None and change.channel in curves:
                curve_keys.write_keys(curves[change.channel], change.before)
        made.remove()
        raise


class _Made:
    """Remembers slots, layers, curves and groups of an action, and removes those made since."""

    def __init__(self, action: bpy.types.Action, slot: Any) -> None:
        self._action, self._slot = action, slot
        self._had_bag = bag_of(action, slot) is not None
        self._kept = self._names(), set(curves_by_path(action, slot)), self._groups(slot)

    def remove(self) -> None:
        """Remove curves, groups, slots and layers that were not there before."""
        names, curves, groups = self._kept
        if not self._had_bag:
            self._remove_bag(names)
            return
        bag = bag_of(self._action, self._slot)
        for path, fcurve in curves_by_path(self._action, self._slot).items():
            if path not in curves:
                bag.fcurves.remove(fcurve)
        for group in [group for group in bag.groups if group.name not in groups]:
            bag.groups.remove(group)

    def _remove_bag(self, names: set[str]) -> None:
        layers: list[Any] = list(self._action.layers)
        for strip in [strip for layer in layers for strip in layer.strips]:
            if self._slot is not None and (bag := strip.channelbag(self._slot)) is not None:
                strip.channelbags.remove(bag)
        for slot in [own for own in self._action.slots if own.identifier not in names]:
            self._action.slots.remove(slot)
        for layer in [layer for layer in layers if layer.name not in names]:
            self._action.layers.remove(layer)

    def _names(self) -> set[str]:
        """Return the identifiers of slots and the names of layers; none without slots."""
        slots = {slot.identifier for slot in getattr(self._action, "slots", ())}
        return slots | {layer.name for layer in getattr(self._action, "layers", ())}

    def _groups(self, slot: Any) -> set[str]:
        bag = bag_of(self._action, slot)
        return {group.name for group in bag.groups} if bag is not None else set()
