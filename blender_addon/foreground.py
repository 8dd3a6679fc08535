"""Whether Blender plays or renders: the engine then computes with fewer threads.

Blender tells it by handlers; the door to the worker passes it on. Nothing is drawn or written.
"""

from __future__ import annotations

import bpy
from bpy.app.handlers import persistent

from . import engine_link

_doing: set[str] = set()
"""What keeps Blender busy now: "playing", "rendering"."""


def _begin(what: str) -> None:
    _doing.add(what)
    engine_link.tell_busy(True)


def _end(what: str) -> None:
    _doing.discard(what)
    engine_link.tell_busy(bool(_doing))


# Handlers get a scene and a depsgraph, in some Blenders nothing.
@persistent
def _begin_playing(*_: object) -> None:
    _begin("playing")


@persistent
def _end_playing(*_: object) -> None:
    _end("playing")


@persistent
def _begin_rendering(*_: object) -> None:
    _begin("rendering")


@persistent
def _end_rendering(*_: object) -> None:
    _end("rendering")


_HANDLERS = (
    (bpy.app.handlers.animation_playback_pre, _begin_playing),
    (bpy.app.handlers.animation_playback_post, _end_playing),
    # A file that is loaded ends the playback of the last one without a word.
    (bpy.app.handlers.load_pre, _end_playing),
    (bpy.app.handlers.render_init, _begin_rendering),
    (bpy.app.handlers.render_complete, _end_rendering),
    (bpy.app.handlers.render_cancel, _end_rendering),
)


def register() -> None:
    """Listen to Blender."""
    for handlers, handler in _HANDLERS:
        handlers.append(handler)


def unregister() -> None:
    """Listen no more."""
    for handlers, handler in _HANDLERS:
        if handler in handlers:
            handlers.remove(handler)
    _doing.clear()
    engine_link.tell_busy(False)
