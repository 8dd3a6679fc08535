"""The sidebar tab: drawing only."""

from __future__ import annotations

import textwrap

import bpy
from bpy.types import Context, Panel, UILayout

from . import engine_link

PIXELS_PER_LETTER = 7.0
"""Mean width of a letter at UI scale 1, for wrapping; labels do not wrap by themselves."""

GENERATE_HEIGHT = 1.4
"""Of the button and of the progress that takes its place, so that nothing below them jumps."""

DEVICE_NAMES = {"cpu": "CPU", "cuda": "CUDA", "mps": "Metal"}


class KEYFILL_PT_main(Panel):
    """Prompt, length, seed, takes, and what became of the last request."""

    bl_idname = "KEYFILL_PT_main"
    bl_label = "Keyfill"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Keyfill"

    def draw(self, context: Context) -> None:
        settings = context.scene.keyfill
        status = context.window_manager.keyfill_status
        layout = self.layout
        layout.prop(settings, "prompt", text="", icon="TEXT")
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
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
    if status.error:
        box = layout.box()
        draw_wrapped(box, context, status.error, "ERROR")
        draw_wrapped(box, context, status.remedy, "BLANK1")
        if context.object is not None and not context.object.is_editable:
            box.operator("object.make_override_library")
    if status.prompt_cut:
        box = layout.box()
        draw_wrapped(box, context, f"Too long to read, left out: {status.prompt_cut}", "INFO")


def draw_engine(layout: UILayout) -> None:
    """Show what the engine runs on, and how to be rid of it."""
    row = layout.row(align=True)
    device = engine_link.device()
    name = DEVICE_NAMES.get(device.partition(":")[0], device)
    row.label(text=f"Engine: {name}" if device else "Engine: not loaded")
    row.operator("keyfill.copy_log", text="", icon="COPYDOWN")
    row.operator("keyfill.release_memory", text="", icon="TRASH")


def draw_wrapped(layout: UILayout, context: Context, text: str, icon: str) -> None:
    """Draw a sentence over as many lines as the sidebar's width needs."""
    scale = context.preferences.system.ui_scale
    letters = max(int(context.region.width / (PIXELS_PER_LETTER * scale)) - 6, 16)
    column = layout.column(align=True)
    for number, line in enumerate(textwrap.wrap(text, letters)):
        column.label(text=line, icon=icon if number == 0 else "BLANK1")


register, unregister = bpy.utils.register_classes_factory((KEYFILL_PT_main,))
