"""What differs between the Blenders that the add-on runs in, where only tests need it.

Actions have slots since 4.4; a bone's selection belongs to the pose since 5.0.
"""

from __future__ import annotations

from typing import Any

import bpy
from keyfill_extension.blender_addon.scene.reading import edit_target

HAS_SLOTS = "slots" in bpy.types.Action.bl_rna.properties


def first_slot(action: bpy.types.Action) -> Any:
    """Return the action's first slot; None where it has none, or Blender has no slots."""
    return next(iter(getattr(action, "slots", ())), None)


def slot_of(ob: bpy.types.Object) -> Any:
    """Return the slot that the object shows; None where it has none, or Blender has no slots."""
    return getattr(ob.animation_data, "action_slot", None)


def bag_of(action: bpy.types.Action) -> Any:
    """Return what holds the F-curves of the action's first slot."""
    return edit_target.bag_of(action, first_slot(action))


def curves_of(action: bpy.types.Action) -> list[Any]:
    """Return all F-curves of an action, of every slot."""
    if not HAS_SLOTS:
        return list(action.fcurves)
    return [
        curve
        for layer in action.layers
        for strip in layer.strips
        for bag in strip.channelbags
        for curve in bag.fcurves
    ]


def _selectable(ob: bpy.types.Object, name: str) -> Any:
    bone = ob.pose.bones[name]
    return bone if hasattr(bone, "select") else bone.bone


def select_bone(ob: bpy.types.Object, name: str, is_selected: bool = True) -> None:
    """Select a bone as a click in Pose Mode does, or deselect it."""
    _selectable(ob, name).select = is_selected


def selected_bones(ob: bpy.types.Object) -> list[str]:
    """Return the names of the bones that are selected in Pose Mode."""
    return [bone.name for bone in ob.pose.bones if _selectable(ob, bone.name).select]
