"""A scene of its own for evaluating objects: the animator's scene, pose and selection stay.

It is gone at the end of each slice, so that saving and undo between two slices never see it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
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
    if any(_is_inverse_pending(ob) for ob in _with_what_moves(obs)):
        # A new constraint takes its inverse when it is first evaluated, and only the animator's
        # own scene keeps it: each scene that is lent would take another one, of its first frame.
        scene.view_layers[0].update()
    stage = bpy.data.scenes.new(_SCENE_NAME)
    try:
        stage.render.fps, stage.render.fps_base = scene.render.fps, scene.render.fps_base
        for ob in obs:
            stage.collection.objects.link(ob)
        yield stage
    finally:
        bpy.data.scenes.remove(stage)


def _with_what_moves(obs: Iterable[bpy.types.Object]) -> Iterator[bpy.types.Object]:
    """Yield objects, their parents and what their constraints look at, each once."""
    found = list(obs)
    for ob in found:
        yield ob
        above = [ob.parent, *(getattr(one, "target", None) for one in _constraints(ob))]
        found += dict.fromkeys(one for one in above if one is not None and one not in found)


def _is_inverse_pending(ob: bpy.types.Object) -> bool:
    return any(getattr(one, "set_inverse_pending", False) for one in _constraints(ob))


def _constraints(ob: bpy.types.Object) -> Iterator[bpy.types.Constraint]:
    yield from ob.constraints
    for bone in ob.pose.bones if ob.pose else ():
        yield from bone.constraints


def show_in_time(stage: bpy.types.Scene, frames: Sequence[int]) -> Iterator[bpy.types.Depsgraph]:
    """Show frames one after another, at least one, until the slice's time is over."""
    end = time.perf_counter() + SLICE_SECONDS
    for frame in frames:
        stage.frame_set(frame)
        yield depsgraph_of(stage)
        if time.perf_counter() > end:
            return
