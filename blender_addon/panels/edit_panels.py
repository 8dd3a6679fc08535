"""The panels below the main one: how edits are made, what adds motion, what was made."""

from __future__ import annotations

from bpy.types import Context, Panel, PropertyGroup, UILayout

from ..core.edits import edit_requests, take_history
from ..core.errors import UserError, errors_for_animators
from .buttons import draw_button
from .main_panel import told_range
from .messages import SidebarPanel, draw_wrapped, letters_of


class DopeSheetPanel:
    """Mixin: the same panel in the Dope Sheet's sidebar."""

    bl_space_type = "DOPESHEET_EDITOR"
    bl_region_type = "UI"
    bl_category = "Keyfill"
    bl_options = {"DEFAULT_CLOSED"}


class EditPanel:
    """Mixin: how edits are made."""

    bl_label = "Edit"

    def draw(self, context: Context) -> None:
        """Show bones, hands, keys, and Vary."""
        settings, layout = context.scene.keyfill, self.layout
        column = layout.column(align=True)
        draw_button(column, "keyfill.vary", icon="MOD_NOISE")
        column.prop(settings, "variation")
        layout.prop(settings, "strength", text="Upper Body Strength")
        layout.prop(settings, "use_selected_bones")
        if settings.use_selected_bones:
            told = "The model fills whole body parts; only the selected bones get keys."
            draw_wrapped(layout, context, told, "INFO")
        column = layout.column(align=True)
        column.label(text="Pin Hands")
        column.row(align=True).prop(settings, "pinned_hands", expand=True)
        if settings.pinned_hands:
            column.prop(settings, "held_object")
        draw_fewer_keys(layout, settings)


class KEYFILL_PT_edit(EditPanel, SidebarPanel, Panel):
    """Everything that changes the keys that are there."""

    bl_idname = "KEYFILL_PT_edit"


class KEYFILL_PT_dope_sheet_edit(EditPanel, DopeSheetPanel, Panel):
    """The same in the Dope Sheet."""

    bl_idname = "KEYFILL_PT_dope_sheet_edit"


class TransitionsPanel:
    """Mixin: what adds motion."""

    bl_label = "Join and Extend"

    def draw(self, context: Context) -> None:
        """Show each operation with its settings and its frames."""
        settings, layout = context.scene.keyfill, self.layout
        column = layout.column(align=True)
        draw_button(column, "keyfill.in_between", icon="IPO_EASE_IN_OUT")
        column.prop(settings, "next_action")
        if settings.next_action is not None:
            column.prop(settings, "gap_seconds")
        else:
            draw_range(column, context, edit_requests.IN_BETWEEN)
        column = layout.column(align=True)
        draw_button(column, "keyfill.extend", icon="FORWARD")
        column.prop(settings, "extend_seconds")
        column.prop(settings, "extend_where", text="")
        draw_range(column, context, edit_requests.EXTEND)
        column = layout.column(align=True)
        draw_button(column, "keyfill.make_loop", icon="LOOP_FORWARDS")
        column.prop(settings, "loop_in_place")
        draw_range(column, context, edit_requests.LOOP)
        draw_beats(layout, context)


class KEYFILL_PT_transitions(TransitionsPanel, SidebarPanel, Panel):
    """What adds motion: between, after, before, around, and one prompt after another."""

    bl_idname = "KEYFILL_PT_transitions"


class KEYFILL_PT_dope_sheet_transitions(TransitionsPanel, DopeSheetPanel, Panel):
    """The same in the Dope Sheet."""

    bl_idname = "KEYFILL_PT_dope_sheet_transitions"


class KEYFILL_PT_history(SidebarPanel, Panel):
    """The last motions, each of which can be made again."""

    bl_idname = "KEYFILL_PT_history"
    bl_label = "History"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: Context) -> None:
        """Show two rows a motion at least: what it is with its buttons, and its words."""
        layout = self.layout
        history = take_history.text_to_history(context.scene.keyfill.history)
        if not history:
            layout.label(text="No motions yet")
        for index, recipe in enumerate(history):
            column = layout.column(align=True)
            row = column.row(align=True)
            row.label(text=take_history.describe_place(recipe))
            row.operator("keyfill.recall", text="", icon="LOOP_BACK").index = index
            draw_button(row, "keyfill.remake", index, text="", icon="FILE_REFRESH")
            draw_wrapped(column, context, take_history.describe_words(recipe), "BLANK1")


def draw_range(layout: UILayout, context: Context, operation: str) -> None:
    """Draw the frames that an edit will touch, over two rows that are always there."""
    words = told_range(context, operation)
    letters = letters_of(context)
    cut = words.rfind(" ", 0, letters + 1) if len(words) > letters else len(words)
    layout.label(text=words[:cut], icon="TIME")
    layout.label(text=words[cut:].strip(), icon="BLANK1")


def draw_beats(layout: UILayout, context: Context) -> None:
    """Draw Long Take, its list of prompts, and that list as it is read."""
    settings = context.scene.keyfill
    column = layout.column(align=True)
    column.label(text="Long Take: seconds and prompts")
    column.prop(settings, "beats", text="", placeholder="4: a person walks; 2: sits down")
    if settings.beats.strip():
        try:
            with errors_for_animators():
                beats = edit_requests.parse_beats(settings.beats)
        except UserError as error:
            draw_wrapped(column, context, error.message, "INFO")
        else:
            for prompt, seconds in beats:
                draw_wrapped(column, context, f"{seconds:g} s  {prompt}", "DOT")
    draw_button(column, "keyfill.long_take", icon="SEQUENCE")


def draw_fewer_keys(layout: UILayout, settings: PropertyGroup) -> None:
    """Show whether an edit of hand-keyed curves is thinned, and how far it may be off then."""
    layout.prop(settings, "fewer_keys")
    if settings.fewer_keys:
        # Below each other: side by side their names are cut.
        column = layout.column(align=True)
        column.prop(settings, "fewer_degrees")
        column.prop(settings, "fewer_millimetres")
