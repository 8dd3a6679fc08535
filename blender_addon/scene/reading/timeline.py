"""Reads the scene's time: frame rate, present frame, range. It writes nothing."""

from __future__ import annotations

import bpy


def scene_of(context: bpy.types.Context) -> bpy.types.Scene:
    """Return the context's scene; operators always have one."""
    scene = context.scene
    assert scene is not None
    return scene


def scene_fps(scene: bpy.types.Scene) -> float:
    """Return frames per second; 23.976 is fps 24 over base 1.001."""
    return float(scene.render.fps / scene.render.fps_base)


def current_frame(scene: bpy.types.Scene) -> int:
    """Return the whole frame that the playhead is on."""
    return int(scene.frame_current)


def frame_range(scene: bpy.types.Scene) -> tuple[int, int]:
    """Return the first and the last frame (inclusive) of the preview range, else the scene's."""
    if scene.use_preview_range:
        return int(scene.frame_preview_start), int(scene.frame_preview_end)
    return int(scene.frame_start), int(scene.frame_end)
