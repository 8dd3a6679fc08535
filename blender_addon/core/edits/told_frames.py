"""Names the frames that an edit will touch, and why these. It knows no Blender."""

from __future__ import annotations

from ....engine.motion.request import RequestError
from .edit_requests import (
    IN_BETWEEN,
    REGENERATE,
    START,
    RangeSources,
    choose_frames,
    extension_frames,
    wished_frames,
)


def tell_frames(operation: str, sources: RangeSources) -> str:
    """Return the frames of an edit as a row of the panel: `Frames 40–70 (selected keys)`.

    Where there are none, the row says why.
    """
    try:
        first, last = choose_frames(operation, sources)
    except RequestError as error:
        return error.message
    return f"{_spoken(first, last)} ({_source(operation, sources)})"


def tell_regenerated(sources: RangeSources) -> str:
    """Return the same for Regenerate, whose one row has no room for a sentence."""
    try:
        choose_frames(REGENERATE, sources)
    except RequestError:
        first, last = wished_frames(sources)
        start, end = sources.animated
        return "End lies before Start" if last < first else f"Outside the keys, {start}–{end}"
    return tell_frames(REGENERATE, sources)


def tell_extension(sources: RangeSources, where: str, seconds: float, fps: float) -> str:
    """Return the frames that Extend adds, as a row of the panel."""
    try:
        first, last = extension_frames(sources.animated, where, seconds, fps)
    except RequestError as error:
        return error.message
    return f"{_spoken(first, last)} ({'before the start' if where == START else 'after the end'})"


def _spoken(first: int, last: int) -> str:
    return f"Frame {first}" if first == last else f"Frames {first}–{last}"


def _source(operation: str, sources: RangeSources) -> str:
    if sources.explicit != (0, 0):
        return "Start and End"
    if sources.selected:
        return "selected keys"
    if operation == IN_BETWEEN:
        return "around the playhead"
    return "preview range" if sources.preview else "all keys"
