"""The sidebar tab in the 3D view and the Dope Sheet, and the menus: drawing only."""

from __future__ import annotations

import bpy

from . import icons, menus
from .edit_panels import (
    KEYFILL_PT_dope_sheet_edit,
    KEYFILL_PT_dope_sheet_transitions,
    KEYFILL_PT_edit,
    KEYFILL_PT_history,
    KEYFILL_PT_transitions,
)
from .main_panel import (
    KEYFILL_PT_dope_sheet,
    KEYFILL_PT_engine,
    KEYFILL_PT_main,
    KEYFILL_PT_options,
    told_of_takes,
)
from .messages import KEYFILL_PT_message, SidebarPanel, draw_wrapped
from .plan_panel import KEYFILL_PT_dope_sheet_plan, KEYFILL_PT_plan

__all__ = [
    "KEYFILL_PT_dope_sheet",
    "KEYFILL_PT_edit",
    "KEYFILL_PT_engine",
    "KEYFILL_PT_history",
    "KEYFILL_PT_main",
    "KEYFILL_PT_message",
    "KEYFILL_PT_options",
    "KEYFILL_PT_plan",
    "KEYFILL_PT_transitions",
    "SidebarPanel",
    "draw_wrapped",
    "told_of_takes",
]

CLASSES = (
    *menus.CLASSES,
    KEYFILL_PT_message,
    KEYFILL_PT_main,
    KEYFILL_PT_plan,
    KEYFILL_PT_options,
    KEYFILL_PT_engine,
    KEYFILL_PT_edit,
    KEYFILL_PT_transitions,
    KEYFILL_PT_history,
    KEYFILL_PT_dope_sheet,
    KEYFILL_PT_dope_sheet_plan,
    KEYFILL_PT_dope_sheet_edit,
    KEYFILL_PT_dope_sheet_transitions,
)

_register_classes, _unregister_classes = bpy.utils.register_classes_factory(CLASSES)


def register() -> None:
    """Load the icons, then show panels and menus."""
    icons.load()
    _register_classes()
    menus.add_to_blender()


def unregister() -> None:
    """Take all of it away."""
    menus.remove_from_blender()
    _unregister_classes()
    icons.free()
