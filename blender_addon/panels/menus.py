"""Menus: the last prompts, examples, and Keyfill's entry in Blender's own Key and Pose menus."""

from __future__ import annotations

import bpy
from bpy.types import Context, Menu

from ..core.edits import prompts

_PLACES = ("VIEW3D_MT_pose", "DOPESHEET_MT_key", "GRAPH_MT_key")
"""Blender's menus that get an entry."""

_NEW = ("keyfill.generate", "keyfill.long_take", "keyfill.remake", "keyfill.next_seed")
_EDITS = ("keyfill.regenerate", "keyfill.edit_upper_body", "keyfill.vary", "keyfill.in_between",
          "keyfill.extend", "keyfill.make_loop")  # fmt: skip


class KEYFILL_MT_recent_prompts(Menu):
    """The last 20 prompts, the newest first."""

    bl_idname = "KEYFILL_MT_recent_prompts"
    bl_label = "Last Prompts"

    def draw(self, context: Context) -> None:
        """Offer each of them."""
        last = context.scene.keyfill.last_prompts()
        if not last:
            self.layout.label(text="No prompts yet")
        for prompt in last:
            self.layout.operator("keyfill.use_prompt", text=prompt).prompt = prompt


class KEYFILL_MT_examples(Menu):
    """Examples by theme."""

    bl_idname = "KEYFILL_MT_examples"
    bl_label = "Examples"

    def draw(self, context: Context) -> None:
        """Offer them in columns, so that all are seen at once."""
        themes = list(prompts.EXAMPLES.items())
        row = self.layout.row()
        for start in range(0, len(themes), 2):
            column = row.column()
            for theme, examples in themes[start : start + 2]:
                column.label(text=theme)
                for prompt in examples:
                    column.operator("keyfill.use_prompt", text=prompt).prompt = prompt


class KEYFILL_MT_motion(Menu):
    """Everything that makes or edits motion."""

    bl_idname = "KEYFILL_MT_motion"
    bl_label = "Keyfill"

    def draw(self, context: Context) -> None:
        """Offer each button; several takes wait, as from the panel."""
        layout = self.layout
        layout.operator_context = "INVOKE_DEFAULT"
        for name in _NEW:
            layout.operator(name)
        layout.separator()
        for name in _EDITS:
            layout.operator(name)
        layout.separator()
        layout.operator("keyfill.cancel")


CLASSES = (KEYFILL_MT_recent_prompts, KEYFILL_MT_examples, KEYFILL_MT_motion)


def draw_entry(self: Menu, context: Context) -> None:
    """Add Keyfill's menu at the end of one of Blender's."""
    self.layout.separator()
    self.layout.menu("KEYFILL_MT_motion")


def add_to_blender() -> None:
    """Put the entry into Blender's menus."""
    for name in _PLACES:
        getattr(bpy.types, name).append(draw_entry)


def remove_from_blender() -> None:
    """Take it out again."""
    for name in _PLACES:
        getattr(bpy.types, name).remove(draw_entry)
