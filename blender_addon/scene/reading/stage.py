"""A scene of its own for evaluating objects: the animator's scene, pose and selection stay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy

_SCENE_NAME = "Keyfill reading"


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
