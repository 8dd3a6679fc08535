"""Keeps actions on muted NLA tracks of their character: files save them, exporters find them.

It is what Blender's own button for a new action does with the old one.
"""

from __future__ import annotations

import math
from typing import Any

import bpy

from ..reading.edit_target import bag_of


def keep_on_track(ob: bpy.types.Object, action: bpy.types.Action, slot: Any, name: str) -> None:
    """Put an action on a muted track of its own, unless one of the object's tracks has it.

    Args:
        ob: the armature; what it shows does not change.
        action: with keys for this object.
        slot: the action's slot for this object; None where Blender has none.
        name: of the track and its strip.
    """
    data = ob.animation_data or ob.animation_data_create()
    if is_on_track(ob, action):
        return
    start = action.frame_range[0]
    track = data.nla_tracks.new()
    try:
        # Muted before it has a strip: it never plays.
        track.mute = True
        track.name = name
        strip = track.strips.new(name, math.floor(start), action)
    except BaseException:
        data.nla_tracks.remove(track)
        raise
    strip.name = name
    if slot is not None and strip.action_slot != slot:
        strip.action_slot = slot
    if strip.frame_start != start:
        strip.frame_start_ui = start


def keep_if_unused(ob: bpy.types.Object, action: Any, slot: Any) -> str:
    """Keep an action on a muted track where nothing uses it, so that saving does not drop it.

    An action without keys for the object, or of another file, is not kept.

    Returns:
        The track's name; empty where none was made.
    """
    if action is None or action.library is not None or action.users > 0:
        return ""
    bag = bag_of(action, slot)
    if bag is None or not len(bag.fcurves):
        return ""
    name = str(action.name)
    keep_on_track(ob, action, slot, name)
    return name


def is_on_track(ob: bpy.types.Object, action: bpy.types.Action) -> bool:
    """Say whether a track of the object has the action."""
    data = ob.animation_data
    return data is not None and any(
        strip.action == action for track in data.nla_tracks for strip in track.strips
    )
