"""A scene of its own for evaluating objects: the animator's scene, pose and selection stay.

It is gone at the end of each slice, so that saving and undo between two slices never see it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import bpy

_SCENE_NAME = "Keyfill reading"

SLICE_SECONDS: Final = 0.02
"""How long frames are evaluated before Blender has its turn; the stage is built within it."""


def depsgraph_of(stage: bpy.types.Scene) -> bpy.types.Depsgraph:
    """Return what evaluates a lent scene; Blender makes it with the scene's first frame."""
    depsgraph = stage.view_layers[0].depsgraph
    assert depsgraph is not None
    return depsgraph


@contextmanager
def lend_stage(
    scene: bpy.types.Scene, obs: tuple[bpy.types.Object, ...]
) -> Iterator[bpy.types.Scene]:
    """Lend a scene that holds nothing but some objects; what moves them is evaluated along."""
    stage = bpy.data.scenes.new(_SCENE_NAME)
    try:
        stage.render.fps, stage.render.fps_base = scene.render.fps, scene.render.fps_base
        for ob in obs:
            stage.collection.objects.link(ob)
        yield stage
    finally:
        bpy.data.scenes.remove(stage)


def show_in_time(stage: bpy.types.Scene, frames: Sequence[int]) -> Iterator[bpy.types.Depsgraph]:
    """Show frames one after another, at least one, until the slice's time is over."""
    end = time.perf_counter() + SLICE_SECONDS
    for frame in frames:
        stage.frame_set(frame)
        yield depsgraph_of(stage)
        if time.perf_counter() > end:
            return
