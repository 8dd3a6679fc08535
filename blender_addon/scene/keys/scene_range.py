"""Lets the scene's range reach over new keys, where the animator wants it to."""

from __future__ import annotations

import bpy

Frames = tuple[int, int]


def fit_range(scene: bpy.types.Scene, frames: Frames, is_wanted: bool) -> str:
    """Have the scene's range reach over frames, or tell that it does not; preview ranges stay.

    Args:
        scene: whose range it is.
        frames: first and last, both inclusive.
        is_wanted: whether the range may grow.

    Returns:
        A sentence without a full stop; empty where the frames lie within the range.
    """
    first, last = frames
    # Scenes begin at frame 0 at the earliest.
    start = min(int(scene.frame_start), max(first, 0))
    end = max(int(scene.frame_end), last)
    if (start, end) == (scene.frame_start, scene.frame_end):
        return ""
    if not is_wanted:
        return (
            f"The keys go from {first} to {last}, the scene from {scene.frame_start} "
            f"to {scene.frame_end}"
        )
    scene.frame_start, scene.frame_end = start, end
    return f"The scene now goes from {start} to {end}"


def give_back(scene: bpy.types.Scene, before: Frames, grown: Frames) -> None:
    """Set the range back to what it was before it grew, unless it was changed since."""
    if before != grown and (scene.frame_start, scene.frame_end) == grown:
        scene.frame_start, scene.frame_end = before
