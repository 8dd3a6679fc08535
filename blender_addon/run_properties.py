"""The takes that wait, saved with the scene, and what the engine does now, which is never saved."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    FloatProperty,
    IntProperty,
    IntVectorProperty,
    PointerProperty,
    StringProperty,
)
from bpy.types import PropertyGroup

from . import engine_link
from .core.link.run_status import STATUS
from .scene.reading.situation import read_shown, read_situation


class KEYFILL_PG_take(PropertyGroup):
    """One take that waits to be accepted."""

    action: PointerProperty(type=bpy.types.Action)
    # Of an edit; a take of Generate is a whole action and has none.
    keys: StringProperty()


class KEYFILL_PG_review(PropertyGroup):
    """The takes that wait and what the character had before; empty where none wait."""

    takes: CollectionProperty(type=KEYFILL_PG_take)
    index: IntProperty()
    ob: PointerProperty(type=bpy.types.Object)
    before: PointerProperty(type=bpy.types.Action)
    before_slot: StringProperty()
    stood: StringProperty()
    range_before: IntVectorProperty(size=2)
    range_grown: IntVectorProperty(size=2)
    recipe: StringProperty()


def situation_now(context: bpy.types.Context) -> str:
    """Return what errors are about: the character, what the panel edits, how the engine starts."""
    return f"{read_situation(context)} {engine_link.settings()}"


def _held(name: str) -> dict[str, Any]:
    """Return get and set of a property that lives in STATUS, so that no file keeps it."""
    return {
        "get": lambda _: getattr(STATUS, name),
        "set": lambda _, value: setattr(STATUS, name, value),
        "options": {"SKIP_SAVE"},
    }


class KEYFILL_PG_status(PropertyGroup):
    """What the engine does now and what came of the last request; never saved."""

    is_running: BoolProperty(**_held("is_running"))
    is_cancel_requested: BoolProperty(**_held("is_cancel_requested"))
    factor: FloatProperty(min=0.0, max=1.0, **_held("factor"))
    label: StringProperty(**_held("label"))
    error: StringProperty(**_held("error"))
    remedy: StringProperty(**_held("remedy"))
    prompt_cut: StringProperty(**_held("prompt_cut"))
    note: StringProperty(**_held("note"))

    def current_error(self, context: bpy.types.Context) -> tuple[str, str]:
        """Return the last error and its cure; both empty once what it was about has changed."""
        if STATUS.situation and STATUS.situation != situation_now(context):
            return "", ""
        return STATUS.error, STATUS.remedy

    def current_note(self, context: bpy.types.Context) -> tuple[str, str]:
        """Return what became of the last request, and what of its prompt was too long to read.

        Both are empty once what they tell of is no longer what is seen.
        """
        if STATUS.shown and STATUS.shown != read_shown(context):
            return "", ""
        if STATUS.planned and STATUS.planned != context.scene.keyfill.plan.text():
            return "", ""
        return STATUS.note, STATUS.prompt_cut
