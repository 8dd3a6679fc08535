"""The sidebar tab: drawing only."""

from __future__ import annotations

import textwrap

import bpy
from bpy.types import Context, Panel, UILayout

from . import engine_link
from .core.edits import take_history
from .scene.keys import reviews
from .scene.reading import armature

PIXELS_PER_LETTER = 7.0
"""Mean width of a letter at UI scale 1, for wrapping; labels do not wrap by themselves."""

GENERATE_HEIGHT = 1.4
"""Of the button and of the progress that takes its place, so that nothing below them jumps."""

DEVICE_NAMES = {"cpu": "CPU", "cuda": "CUDA", "mps": "Metal"}


class SidebarPanel:
    """Mixin: a panel of the sidebar tab."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Keyfill"


class KEYFILL_PT_main(SidebarPanel, Panel):
    """Prompt, length, seed, takes, and what became of the last request."""

    bl_idname = "KEYFILL_PT_main"
    bl_label = "Keyfill"

    def draw(self, context: Context) -> None:
        settings = context.scene.keyfill
        status = context.window_manager.keyfill_status
        layout = self.layout
        layout.prop(settings, "prompt", text="", icon="TEXT")
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(settings, "model")
        column.prop(settings, "seconds", text="Length" if settings.seconds else "Length: auto")
        column.prop(settings, "seed")
        column.prop(settings, "takes")
        column.prop(settings, "start_at")
        row = layout.row(align=True)
        row.scale_y = GENERATE_HEIGHT
        if status.is_running:
            row.progress(factor=status.factor, text=status.label)
            row.operator("keyfill.cancel", text="", icon="X")
        else:
            row.operator("keyfill.generate", icon="PLAY")
        draw_outcome(layout, context)
        layout.operator("keyfill.add_mannequin", icon="OUTLINER_OB_ARMATURE")
        draw_engine(layout)


def draw_outcome(layout: UILayout, context: Context) -> None:
    """Show the last error with its cure, and what the encoder did not read."""
    status = context.window_manager.keyfill_status
    error, remedy = status.current_error(context)
    if error:
        box = layout.box()
        draw_wrapped(box, context, error, "ERROR")
        draw_wrapped(box, context, remedy, "BLANK1")
        ob = armature.active_character(context)
        if ob is not None and not ob.is_editable:
            box.operator("object.make_override_library")
    if status.prompt_cut:
        box = layout.box()
        draw_wrapped(box, context, f"Too long to read, left out: {status.prompt_cut}", "INFO")


def draw_engine(layout: UILayout) -> None:
    """Show what the engine runs on, and how to be rid of it."""
    row = layout.row(align=True)
    device = engine_link.device()
    name = DEVICE_NAMES.get(device.partition(":")[0], device)
    model = engine_link.loaded_model().rpartition("/")[2]
    told = f"Engine: {name}, {model}" if model else f"Engine: {name}"
    row.label(text=told if device else "Engine: not loaded")
    row.operator("keyfill.copy_log", text="", icon="COPYDOWN")
    row.operator("keyfill.release_memory", text="", icon="TRASH")


def draw_wrapped(layout: UILayout, context: Context, text: str, icon: str) -> None:
    """Draw a sentence over as many lines as the sidebar's width needs."""
    scale = context.preferences.system.ui_scale
    letters = max(int(context.region.width / (PIXELS_PER_LETTER * scale)) - 6, 16)
    column = layout.column(align=True)
    for number, line in enumerate(textwrap.wrap(text, letters)):
        column.label(text=line, icon=icon if number == 0 else "BLANK1")


class KEYFILL_PT_edit(SidebarPanel, Panel):
    """The takes that wait, and everything that changes the keys that are there."""

    bl_idname = "KEYFILL_PT_edit"
    bl_label = "Edit"

    def draw(self, context: Context) -> None:
        settings = context.scene.keyfill
        layout = self.layout
        if len(settings.review.takes):
            draw_review(layout, settings.review)
        draw_range(layout, context)
        column = layout.column(align=True)
        column.operator("keyfill.regenerate", icon="FILE_REFRESH")
        column.operator("keyfill.edit_upper_body", icon="OUTLINER_OB_ARMATURE")
        column.prop(settings, "strength")
        column = layout.column(align=True)
        column.operator("keyfill.vary", icon="MOD_NOISE")
        column.prop(settings, "variation")


class KEYFILL_PT_transitions(SidebarPanel, Panel):
    """What adds motion: between, after, before, around, and one prompt after another."""

    bl_idname = "KEYFILL_PT_transitions"
    bl_label = "Join and Extend"

    def draw(self, context: Context) -> None:
        settings = context.scene.keyfill
        layout = self.layout
        column = layout.column(align=True)
        column.operator("keyfill.in_between", icon="IPO_EASE_IN_OUT")
        column.prop(settings, "next_action")
        if settings.next_action is not None:
            column.prop(settings, "gap_seconds")
        column = layout.column(align=True)
        column.operator("keyfill.extend", icon="FORWARD")
        column.prop(settings, "extend_seconds")
        column.prop(settings, "extend_where", text="")
        column = layout.column(align=True)
        column.operator("keyfill.make_loop", icon="LOOP_FORWARDS")
        column.prop(settings, "loop_in_place")
        column = layout.column(align=True)
        column.operator("keyfill.long_take", icon="SEQUENCE")
        column.prop(settings, "beats", text="")


class KEYFILL_PT_history(SidebarPanel, Panel):
    """The last edits, each of which can be made again."""

    bl_idname = "KEYFILL_PT_history"
    bl_label = "History"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: Context) -> None:
        layout = self.layout
        history = take_history.text_to_history(context.scene.keyfill.history)
        if not history:
            layout.label(text="No edits yet")
        column = layout.column(align=True)
        for index, recipe in enumerate(history):
            row = column.row(align=True)
            row.label(text=take_history.describe(recipe))
            row.operator("keyfill.remake", text="", icon="FILE_REFRESH").index = index


def draw_review(layout: UILayout, review: bpy.types.PropertyGroup) -> None:
    """Show which take is on the character, and the ways on from it."""
    box = layout.box()
    row = box.row(align=True)
    row.operator("keyfill.step_take", text="", icon="TRIA_LEFT").step = -1
    row.label(text=told_of_takes(review))
    row.operator("keyfill.step_take", text="", icon="TRIA_RIGHT").step = 1
    row = box.row(align=True)
    row.operator("keyfill.accept_take", icon="CHECKMARK")
    row.operator("keyfill.discard_take", icon="TRASH")


def told_of_takes(review: bpy.types.PropertyGroup) -> str:
    """Say which take the character shows, or that it shows another action."""
    count = len(review.takes)
    number = reviews.shown_number(review)
    return f"{count} takes wait" if number is None else f"Take {number + 1} of {count}"


def draw_range(layout: UILayout, context: Context) -> None:
    """Show which frames and which part of the body an edit is about."""
    settings = context.scene.keyfill
    row = layout.row(align=True)
    row.prop(settings, "frame_start")
    row.prop(settings, "frame_end")
    if settings.frame_start == settings.frame_end == 0:
        layout.label(text="Frames: selected keys, preview or all", icon="INFO")
    column = layout.column(align=True)
    if not settings.use_selected_bones:
        column.prop(settings, "parts")
    column.prop(settings, "use_selected_bones")
    column.row(align=True).prop(settings, "pinned_hands")
    if settings.pinned_hands:
        column.prop(settings, "held_object")
    draw_fewer_keys(layout, settings)
    if settings.use_selected_bones:
        told = "The model fills whole body parts; only the selected bones get keys."
        draw_wrapped(layout, context, told, "INFO")


def draw_fewer_keys(layout: UILayout, settings: bpy.types.PropertyGroup) -> None:
    """Show whether an edit of hand-keyed curves is thinned, and how far it may be off then."""
    layout.prop(settings, "fewer_keys")
    if settings.fewer_keys:
        row = layout.row(align=True)
        row.prop(settings, "fewer_degrees")
        row.prop(settings, "fewer_millimetres")


register, unregister = bpy.utils.register_classes_factory(
    (KEYFILL_PT_main, KEYFILL_PT_edit, KEYFILL_PT_transitions, KEYFILL_PT_history)
)
