"""Plans the keys of channels on arrays, and has Blender lay their handles.

What has modifiers is tried on a copy of the action. It knows no motions and no rotation modes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ....engine.motion.request import RequestError
from ...core.curves import key_table
from ...core.curves.curve_span import NewKeys, OldCurve, SpanValues, replace_span
from ...core.curves.key_table import Keys
from ..curves import curve_keys
from ..reading.edit_target import bag_of, slot_named_as
from . import keyframes

Array = NDArray[np.floating[Any]]

_SAME_VALUE = 1e-5
_FARTHEST_CHECK = 600
# Modifiers whose very purpose is to keep a curve from following its keys.
_HOLDING_MODIFIERS = {"STEPPED", "LIMITS"}


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """One channel that gets keys."""

    bone: str
    data_path: str
    index: int
    fcurve: Any
    """None where there is no curve yet."""

    held: float
    """What the property holds, and the channel shows without a curve."""

    edit: SpanValues

    def evaluate(self, times: Array) -> Array:
        """Return its values (N,) at times (N,), modifiers applied."""
        return shown(self.fcurve, self.held, times)


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The keys of one channel before and after."""

    channel: Channel
    before: Keys
    after: NewKeys
    note: str = ""
    is_new: bool = False
    """The channel had no curve; known once the plan is settled."""


def shown(fcurve: Any, held: float, times: Array) -> Array:
    """Return a channel's values (N,) at times (N,); one without keys shows what it holds."""
    if fcurve is None or fcurve.is_empty:
        return np.full(len(times), float(held))
    return curve_keys.evaluate(fcurve, times)


def plan_channels(action: bpy.types.Action, slot: Any, channels: list[Channel]) -> list[Plan]:
    """Work out the keys of every channel; the action is not touched."""
    modified = [
        channel
        for channel in channels
        if channel.fcurve and curve_keys.active_modifiers(channel.fcurve)
    ]
    plans = [_plan(channel) for channel in channels if channel not in modified]
    if modified:
        with _scratch_curves(action, slot) as scratch:
            plans += [
                _plan_below_modifiers(channel, scratch[channel.data_path, channel.index])
                for channel in modified
            ]
    return plans


def _plan(channel: Channel) -> Plan:
    """Work out the keys of a channel without modifiers."""
    fcurve = channel.fcurve
    nothing = np.zeros(0)
    before = curve_keys.read_keys(fcurve) if fcurve else key_table.new_keys(nothing, nothing)
    extrapolation = fcurve.extrapolation if fcurve is not None else "CONSTANT"
    old = OldCurve(before, extrapolation, channel.evaluate)
    return Plan(channel, before, replace_span(old, channel.edit), _muted_note(channel))


def _muted_note(channel: Channel) -> str:
    fcurve = channel.fcurve
    if fcurve is None or not (fcurve.mute or (fcurve.group and fcurve.group.mute)):
        return ""
    return (
        f'Channels of "{channel.bone}" are muted: they got keys, but do not show them; '
        "unmute them in the Graph Editor"
    )


@contextmanager
def _scratch_curves(action: bpy.types.Action, slot: Any) -> Iterator[dict[tuple[str, int], Any]]:
    """Give the curves of a copy of the action, for trials."""
    copy: Any = action.copy()
    try:
        yield curves_by_path(copy, slot_named_as(copy, slot))
    finally:
        bpy.data.actions.remove(copy)


def _plan_below_modifiers(channel: Channel, scratch: Any) -> Plan:
    """Work out the keys of a channel with modifiers, and try them on a scratch curve.

    Raises:
        RequestError: if the modifiers carry the edit out of the span, or do not let it show.
    """
    before = curve_keys.read_keys(scratch)
    modifiers = curve_keys.active_modifiers(scratch)
    kinds = {modifier.type for modifier in modifiers}
    edit = channel.edit
    values, reached = curve_keys.values_below_modifiers(scratch, edit.frames, edit.values)
    if not reached.all() and not kinds & _HOLDING_MODIFIERS:
        raise _modifier_error(channel, modifiers, "does not let the new motion show")
    curve_keys.write_keys(scratch, before)
    for modifier in modifiers:
        modifier.mute = True
    old = OldCurve(before, scratch.extrapolation, partial(shown, scratch, channel.held))
    plan = replace_span(old, SpanValues(edit.frames, values, edit.holds_last))
    curve_keys.settle_keys(scratch, plan)
    for modifier in modifiers:
        modifier.mute = False
    times = _times_outside(before, edit.frames)
    was = channel.evaluate(times)
    moved = np.abs(curve_keys.evaluate(scratch, times) - was)
    if (moved > _SAME_VALUE * np.maximum(1.0, np.abs(was))).any():
        raise _modifier_error(channel, modifiers, "would change frames outside the range, too")
    note = _muted_note(channel)
    if not note and not reached.all():
        note = f'A modifier on "{channel.bone}" holds back some of the new motion'
    return Plan(channel, before, plan, note)


def _modifier_error(channel: Channel, modifiers: list[Any], what: str) -> RequestError:
    names = " and ".join(modifier.type.replace("_", " ").capitalize() for modifier in modifiers)
    return RequestError(
        f'The {names} modifier on the curves of "{channel.bone}" {what}.',
        "Mute it in the Graph Editor, or bake the action first.",
    )


def _times_outside(before: Keys, frames: Array) -> Array:
    """Return frames and half frames that stay, as far as one repeat of the keys away."""
    first, last = float(frames[0]), float(frames[-1])
    times = np.concatenate([before["co"][:, 0], [first, last]])
    low, high = np.floor(times.min()), np.ceil(times.max())
    reach = min(high - low + 1.0, _FARTHEST_CHECK)
    left = np.arange(2.0 * (low - reach), 2.0 * first - 1.0) / 2.0
    right = np.arange(2.0 * last + 2.0, 2.0 * (high + reach)) / 2.0
    return np.concatenate([left, right])


def settle_plans(bag: Any, plans: list[Plan]) -> list[Plan]:
    """Write all plans, and let Blender lay the handles; return them with what they got.

    Args:
        bag: holds the F-curves; what is missing is made.
        plans: of its channels.
    """
    settled = []
    for plan in plans:
        channel = plan.channel
        fcurve = channel.fcurve or keyframes.new_fcurve(
            bag, channel.data_path, channel.index, channel.bone
        )
        after = curve_keys.settle_keys(fcurve, plan.after)
        is_new = channel.fcurve is None
        # The curve belongs to a copy, which goes.
        settled.append(
            Plan(replace(channel, fcurve=None), plan.before, after, plan.note, is_new)
        )
    return settled


def curves_by_path(action: bpy.types.Action, slot: Any) -> dict[tuple[str, int], Any]:
    """Return the F-curves of one slot by data path and index."""
    bag = bag_of(action, slot)
    fcurves = bag.fcurves if bag is not None else ()
    return {(fcurve.data_path, fcurve.array_index): fcurve for fcurve in fcurves}
