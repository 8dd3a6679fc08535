"""Selects pose bones, as a click in Pose Mode does."""

from __future__ import annotations

from collections.abc import Collection

import bpy


def select_bones(ob: bpy.types.Object, names: Collection[str]) -> None:
    """Select the bones of those names, and no others; names that are gone are left out."""
    for bone in ob.pose.bones:
        # From 5.0 on the selection is the pose bone's own.
        owner = bone if hasattr(bone, "select") else bone.bone
        owner.select = bone.name in names
