"""What the panel tells, in rows that are always there: nothing moves when a message comes."""

from __future__ import annotations

import re
import textwrap

from bpy.types import Context, Panel, UILayout

from ..scene.reading import armature

PIXELS_PER_LETTER = 7.0
"""Mean width of a letter at UI scale 1, for wrapping; labels do not wrap by themselves."""

MESSAGE_ROWS = 4
"""Rows kept for messages; a longer one is shown whole by a button in the last row."""

ROW_HEIGHT = 0.8

LETTERS_ALL = 60
"""Letters a line of the whole message."""

UNBROKEN = "\u00a0"
"""A space at which no row ends."""

Lines = list[tuple[str, str]]
"""Text and icon of each row."""


class SidebarPanel:
    """Mixin: a panel of the sidebar tab."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Keyfill"


class KEYFILL_PT_message(Panel):
    """The whole message, beside the button that asks for it."""

    bl_idname = "KEYFILL_PT_message"
    bl_label = "Message"
    bl_space_type = "VIEW_3D"
    bl_region_type = "HEADER"
    bl_options = {"INSTANCED"}
    bl_ui_units_x = 22

    def draw(self, context: Context) -> None:
        """Show every line."""
        column = self.layout.column(align=True)
        for text, icon in message_lines(context, LETTERS_ALL):
            column.label(text=text, icon=icon)


def draw_messages(layout: UILayout, context: Context) -> None:
    """Show the last error with its cure, what the encoder left out, or what was made."""
    lines = message_lines(context, letters_of(context))
    is_linked = bool(lines) and lines[0][1] == "ERROR" and _is_linked(context)
    rows = MESSAGE_ROWS - is_linked
    column = layout.column(align=True)
    column.scale_y = ROW_HEIGHT
    shown = lines[: rows if len(lines) <= rows else rows - 1]
    for text, icon in shown:
        column.label(text=text, icon=icon)
    if len(lines) > rows:
        column.popover("KEYFILL_PT_message", text="Show All", icon="THREE_DOTS")
    else:
        for _ in range(rows - len(lines)):
            column.label(text="", icon="BLANK1")
    if is_linked:
        column.operator("object.make_override_library")


def message_lines(context: Context, letters: int) -> Lines:
    """Return what there is to tell, the most urgent first, wrapped."""
    status = context.window_manager.keyfill_status
    error, remedy = status.current_error(context)
    if error:
        return [*wrap(error, letters, "ERROR"), *wrap(remedy, letters, "BLANK1")]
    lines = []
    note, prompt_cut = status.current_note(context)
    if prompt_cut:
        lines = wrap(f"Too long to read, left out: {prompt_cut}", letters, "INFO")
    return lines + wrap(note, letters, "CHECKMARK")


def _is_linked(context: Context) -> bool:
    ob = armature.active_character(context)
    return ob is not None and not ob.is_editable


def letters_of(context: Context) -> int:
    """Return how many letters a row of the sidebar holds behind an icon."""
    scale = context.preferences.system.ui_scale
    return max(int(context.region.width / (PIXELS_PER_LETTER * scale)) - 6, 16)


def wrap(text: str, letters: int, icon: str) -> Lines:
    """Return a sentence as rows, the icon before the first; a number keeps its seconds."""
    whole = re.sub(r"(?<=\d) (?=s\b)", UNBROKEN, text)
    return [
        (line.replace(UNBROKEN, " "), icon if number == 0 else "BLANK1")
        for number, line in enumerate(textwrap.wrap(whole, letters))
    ]


def draw_wrapped(layout: UILayout, context: Context, text: str, icon: str) -> None:
    """Draw a sentence over as many lines as the sidebar's width needs."""
    column = layout.column(align=True)
    for line, own in wrap(text, letters_of(context), icon):
        column.label(text=line, icon=own)
