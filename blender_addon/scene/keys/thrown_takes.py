"""Knows which takes were only throws of the die: the next throw of the same wish replaces them.

A take of Generate remembers what it was made for and what its curves showed. Nothing is lost with
it: its seed stands in the history. One that was touched by hand is the animator's own.
"""

from __future__ import annotations

import hashlib
from typing import Any

import bpy
import numpy as np

from ...core.curves import key_table
from ..reading.edit_target import bag_of

_THROWN = " thrown"

NAME = "keyfill_take"
"""Custom property of an action: the wish, and the digest of its curves when it was written."""


def mark_take(action: bpy.types.Action, wish: str, is_throw: bool) -> None:
    """Remember what a take was made for.

    Args:
        action: the take.
        wish: the same for every seed.
        is_throw: whether the die or Make Again made it, and not Generate: two takes of one
            prompt may both be wanted.
    """
    told = hashlib.sha256(wish.encode()).hexdigest()
    action[NAME] = f"{told} {_digest(action)}{_THROWN if is_throw else ''}"


def is_thrown_again(before: Any, take: bpy.types.Action) -> bool:
    """Say whether a take is another throw of what the action before it was made for.

    Args:
        before: the action that is replaced, or None. One that has users, or whose curves were
            changed since it was written, is none that a throw may drop.
        take: what replaces it.
    """
    if before is None or before == take or before.users > 0:
        return False
    if not str(take.get(NAME, "")).endswith(_THROWN):
        return False
    wish, _, digest = str(before.get(NAME, "")).removesuffix(_THROWN).partition(" ")
    other, _, _ = str(take.get(NAME, "")).partition(" ")
    return bool(wish) and wish == other and digest == _digest(before)


def _digest(action: bpy.types.Action) -> str:
    """Return a digest of an action's keys with their handles, and of what bends its curves."""
    found = hashlib.sha256()
    slots = getattr(action, "slots", None)
    bag: Any = bag_of(action, next(iter(slots), None) if slots is not None else None)
    for curve in bag.fcurves if bag is not None else ():
        found.update(f"{curve.data_path} {curve.array_index} {curve.mute} ".encode())
        found.update(f"{len(curve.modifiers)} {curve.extrapolation}".encode())
        points = curve.keyframe_points
        types = np.empty((2, len(points)), np.int32)
        for row, name in enumerate(("handle_left_type", "handle_right_type")):
            points.foreach_get(name, types[row])
        found.update(types.tobytes())
        # Blender lays automatic handles by the keys: one that was moved by hand is none any more.
        by_hand = ((types == key_table.FREE) | (types == key_table.ALIGNED)).any()
        for name in ("co", "handle_left", "handle_right") if by_hand else ("co",):
            values = np.empty(2 * len(points), np.float32)
            points.foreach_get(name, values)
            # What Blender computes anew is off in the last digits.
            found.update((np.round(values, 3) + 0.0).tobytes())
    return found.hexdigest()
