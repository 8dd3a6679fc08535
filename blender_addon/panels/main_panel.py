"""The main panel: prompt, range, body parts, Generate, Regenerate, takes, progress, messages.

The 3D view and the Dope Sheet show the same; rows are always there, so that nothing moves.
"""

from __future__ import annotations

from typing import Any

from bpy.types import Context, Panel, PropertyGroup, UILayout

from .. import engine_link
from ..core.edits import edit_requests, prompts, told_frames
from ..scene import mannequin
from ..scene.keys import reviews
from ..scene.reading import armature, edit_target, range_memory
from . import icons
from .buttons import draw_button
from .messages import SidebarPanel, draw_messages
from .plan_panel import draw_plan_row

GENERATE_HEIGHT = 1.4
"""Of the button and of the progress that takes its place, so that nothing below them jumps."""

DEVICE_NAMES = {"cpu": "CPU", "cuda": "CUDA", "mps": "Metal"}

PART_HEIGHT = 1.3

PART_TEXTS = {
    "RIGHT_ARM": "R Arm", "TORSO": "Torso", "LEFT_ARM": "L Arm", "LOWER_BODY": "Legs",
}  # fmt: skip
"""What the toggles of body parts say beside their icons."""

PART_GRID = (("RIGHT_ARM", "TORSO", "LEFT_ARM"), ("", "LOWER_BODY", ""))
"""A body that faces the animator: its right arm is on the left."""


class KEYFILL_PT_main(SidebarPanel, Panel):
    """What is done most, in one panel."""

    bl_idname = "KEYFILL_PT_main"
    bl_label = "Keyfill"

    def draw_header_preset(self, context: Context) -> None:
        """Show the way to the manual."""
        self.layout.operator("keyfill.open_manual", text="", icon="HELP", emboss=False)

    def draw(self, context: Context) -> None:
        """Show the panel."""
        draw_main(self.layout, context)


class KEYFILL_PT_dope_sheet(Panel):
    """The same in the Dope Sheet's sidebar, where the keys are."""

    bl_idname = "KEYFILL_PT_dope_sheet"
    bl_label = "Keyfill"
    bl_space_type = "DOPESHEET_EDITOR"
    bl_region_type = "UI"
    bl_category = "Keyfill"

    draw_header_preset = KEYFILL_PT_main.draw_header_preset

    def draw(self, context: Context) -> None:
        """Show the panel."""
        draw_main(self.layout, context)


class KEYFILL_PT_options(SidebarPanel, Panel):
    """What is chosen once."""

    bl_idname = "KEYFILL_PT_options"
    bl_label = "Options"
    bl_parent_id = "KEYFILL_PT_main"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: Context) -> None:
        """Show where takes begin, and what becomes of them and of the scene's range."""
        settings = context.scene.keyfill
        column = self.layout.column()
        column.label(text="Start At")
        column.row().prop(settings, "start_at", expand=True)
        column.prop(settings, "keeps_takes")
        column.prop(settings, "grows_range")


class KEYFILL_PT_engine(SidebarPanel, Panel):
    """Which model makes the motion, what it runs on, and how to be rid of it."""

    bl_idname = "KEYFILL_PT_engine"
    bl_label = "Model and Engine"
    bl_parent_id = "KEYFILL_PT_main"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: Context) -> None:
        """Show the model's name with what it is good for, and the engine."""
        layout = self.layout
        layout.prop(context.scene.keyfill, "model", text="")
        row = layout.row(align=True)
        device = engine_link.device()
        name = DEVICE_NAMES.get(device.partition(":")[0], device)
        model = engine_link.loaded_model().rpartition("/")[2]
        told = f"Engine: {name}, {model}" if model else f"Engine: {name}"
        row.label(text=told if device else "Engine: not loaded")
        row.operator("keyfill.copy_log", text="", icon="COPYDOWN")
        row.operator("keyfill.release_memory", text="", icon="TRASH")


def draw_main(layout: UILayout, context: Context) -> None:
    """Draw everything that an animator needs at each motion."""
    settings = context.scene.keyfill
    if armature.active_character(context) is None:
        # Who has no character yet may press Add Mannequin next.
        mannequin.prepare()
    draw_prompt(layout, settings)
    draw_plan_row(layout, context)
    draw_generate(layout, context)
    draw_review(layout, settings.review)
    column = layout.column(align=True)
    row = column.row(align=True)
    row.prop(settings, "frame_start")
    row.prop(settings, "frame_end")
    column.label(text=told_range(context, edit_requests.REGENERATE), icon="TIME")
    draw_parts(layout, settings)
    row = layout.row(align=True)
    draw_button(row, "keyfill.regenerate", icon="FILE_REFRESH")
    draw_button(row, "keyfill.edit_upper_body", text="Upper Body", icon="OUTLINER_OB_ARMATURE")
    draw_messages(layout, context)
    layout.operator("keyfill.add_mannequin", icon="OUTLINER_OB_ARMATURE")


def draw_prompt(layout: UILayout, settings: PropertyGroup) -> None:
    """Draw the prompt with its menus, and how many motions are made of it."""
    column = layout.column(align=True)
    row = column.row(align=True)
    row.prop(settings, "prompt", text="", placeholder=prompts.PLACEHOLDER)
    row.menu("KEYFILL_MT_recent_prompts", text="", icon="RECOVER_LAST")
    row.menu("KEYFILL_MT_examples", text="", icon="PRESET")
    row = column.row(align=True)
    row.prop(settings, "seconds", text="Length" if settings.seconds else "Auto")
    row.prop(settings, "takes")
    row = column.row(align=True)
    row.prop(settings, "seed")
    draw_button(row, "keyfill.next_seed", text="", icon_value=icons.number("die"))
    draw_button(row, "keyfill.remake", 0, text="", icon="FILE_REFRESH")


def draw_generate(layout: UILayout, context: Context) -> None:
    """Draw Generate, or in its place the progress and Cancel."""
    status = context.window_manager.keyfill_status
    row = layout.row(align=True)
    row.scale_y = GENERATE_HEIGHT
    if status.is_running:
        row.progress(factor=status.factor, text=status.label)
        row.operator("keyfill.cancel", text="", icon="X")
    else:
        row.operator("keyfill.generate", icon="PLAY")


def draw_review(layout: UILayout, review: PropertyGroup) -> None:
    """Show which take is on the character, and the ways on from it; grey where none wait."""
    row = layout.row(align=True)
    row.operator("keyfill.step_take", text="", icon="TRIA_LEFT").step = -1
    row.label(text=told_of_takes(review))
    row.operator("keyfill.step_take", text="", icon="TRIA_RIGHT").step = 1
    row.operator("keyfill.accept_take", text="", icon="CHECKMARK")
    row.operator("keyfill.discard_take", text="", icon="TRASH")


def told_of_takes(review: Any) -> str:
    """Say which take the character shows, or that it shows another action."""
    count = len(review.takes)
    if not count:
        return "No takes wait"
    number = reviews.shown_number(review)
    return f"{count} takes wait" if number is None else f"Take {number + 1} of {count}"


def draw_parts(layout: UILayout, settings: PropertyGroup) -> None:
    """Draw the body parts as toggles that lie as on a body; grey where bones are chosen."""
    column = layout.column(align=True)
    column.scale_y = PART_HEIGHT
    column.active = not settings.use_selected_bones
    for parts in PART_GRID:
        row = column.row(align=True)
        for part in parts:
            if not part:
                row.label(text="")
                continue
            name = part.lower()
            row.prop(settings, f"has_{name}", text=PART_TEXTS[part], toggle=True,
                     icon_value=icons.number(name))  # fmt: skip


def told_range(context: Context, operation: str) -> str:
    """Return the frames that an edit will touch, or why there are none."""
    ob = armature.active_character(context)
    if ob is None or ob.type != "ARMATURE":
        return "Select a character"
    if not edit_target.has_keys(ob):
        return "No keys to edit yet"
    settings = context.scene.keyfill
    explicit = (settings.frame_start, settings.frame_end)
    ranges = range_memory.read_ranges(context, ob, explicit)
    if operation == edit_requests.REGENERATE:
        return told_frames.tell_regenerated(ranges)
    if operation == edit_requests.EXTEND:
        fps = context.scene.render.fps / context.scene.render.fps_base
        return told_frames.tell_extension(
            ranges, settings.extend_where, settings.extend_seconds, fps
        )
    return told_frames.tell_frames(operation, ranges)
