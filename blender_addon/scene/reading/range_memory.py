"""The frames that an edit may mean, read for panels in no more than a tenth of the time."""

from __future__ import annotations

import time
from typing import Any

import bpy

from ...core.edits.edit_requests import RangeSources
from . import edit_target, timeline

_SHARE = 10.0
"""A reading is remembered for so many times as long as it took."""

_remembered: tuple[float, Any, RangeSources] | None = None


def read_ranges(
    context: bpy.types.Context, ob: bpy.types.Object, explicit: tuple[int, int]
) -> RangeSources:
    """Return every range that an edit of the character may mean; `check_editable` comes first."""
    global _remembered
    scene = timeline.scene_of(context)
    about = (
        scene.name, ob.name, ob.animation_data.action.name, explicit, scene.frame_current,
        scene.use_preview_range, scene.frame_preview_start, scene.frame_preview_end,
    )  # fmt: skip
    started = time.monotonic()
    if _remembered is not None and _remembered[0] > started and _remembered[1] == about:
        return _remembered[2]
    ranges = edit_target.read_ranges(scene, ob, explicit)
    ended = time.monotonic()
    _remembered = ended + _SHARE * (ended - started), about, ranges
    return ranges
