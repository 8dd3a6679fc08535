"""The Rig panel of the sidebar tab: bone map, rest reference, options. Drawing only.

Everything is drawn from what is stored; nothing is recognised while drawing.
"""

from __future__ import annotations

import bpy
from bpy.types import Context, Menu, Object, Panel, UILayout

from .core.controls import families as control_families
from .core.rigs import presets as rig_presets
from .core.rigs import rows as rig_rows
from .core.rigs.rows import MapRow
from .operators.rig_presets import preset_folder
from .panels import SidebarPanel, draw_wrapped
from .scene.reading import armature

_LABEL_SHARE = 0.27
_SIDELESS_SHARE = 0.23
"""The label's share of a row, with its side and below a heading that tells it: names of bones are
long, and ORG-upper_arm.L is to be read whole."""

_DOUBTED_SHARE = 0.66
"""The field's share of what is left of a doubtful row: a percentage needs room."""


class KEYFILL_MT_rig_presets(Menu):
    """The user's own presets and the ways in and out."""

    bl_idname = "KEYFILL_MT_rig_presets"
    bl_label = "Presets"

    def draw(self, context: Context) -> None:
        """Offer each preset that lies in the user's folder now."""
        layout = self.layout
        names = rig_presets.preset_names(preset_folder())
        for name in names:
            layout.operator("keyfill.load_rig_preset", text=name).name = name
        if names:
            layout.separator()
        layout.operator("keyfill.save_rig_preset", icon="ADD")
        if names:
            layout.menu("KEYFILL_MT_remove_rig_preset", icon="REMOVE")
        layout.separator()
        layout.operator("keyfill.import_rig_preset", icon="IMPORT")
        layout.operator("keyfill.export_rig_preset", icon="EXPORT")


class KEYFILL_MT_remove_rig_preset(Menu):
    """Which preset to delete."""

    bl_idname = "KEYFILL_MT_remove_rig_preset"
    bl_label = "Remove Rig Preset"

    def draw(self, context: Context) -> None:
        """Offer each preset for removal."""
        for name in rig_presets.preset_names(preset_folder()):
            self.layout.operator("keyfill.remove_rig_preset", text=name).name = name


class KEYFILL_PT_rig(SidebarPanel, Panel):
    """How well the character's bones are known, and what deserves a look."""

    bl_idname = "KEYFILL_PT_rig"
    bl_label = "Rig"

    def draw(self, context: Context) -> None:
        """Show buttons, a summary, and the doubtful rows."""
        layout, ob = self.layout, armature.active_character(context)
        if not _is_armature(ob):
            layout.label(text="Select a character's armature", icon="INFO")
            return
        rows = ob.keyfill_rig.rows.to_rows()
        line = layout.row(align=True)
        line.operator("keyfill.map_bones", icon="ARMATURE_DATA")
        if any(row.by_hand for row in rows):
            line.operator("keyfill.map_bones", text="", icon="FILE_REFRESH").from_scratch = True
        line.menu("KEYFILL_MT_rig_presets", text="", icon="PRESET")
        if rig_rows.is_empty(rows):
            draw_wrapped(layout, context, "Bones are recognised with each motion", "INFO")
            return
        draw_wrapped(layout, context, rig_rows.summary(rows), "INFO")
        for row in rows:
            if row.is_low or _is_gone(ob, row):
                draw_row(layout, ob, row)
                reason = "renamed or deleted" if _is_gone(ob, row) else row.reason
                draw_wrapped(layout, context, reason, "ERROR")


class RigSubpanel(SidebarPanel):
    """Mixin: a closed part of the Rig panel, shown where there is an armature."""

    bl_parent_id = "KEYFILL_PT_rig"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Say whether an armature is chosen."""
        return _is_armature(armature.active_character(context))


class KEYFILL_PT_rig_bones(RigSubpanel, Panel):
    """Every joint with its bone."""

    bl_idname = "KEYFILL_PT_rig_bones"
    bl_label = "Bone Map"

    def draw(self, context: Context) -> None:
        """Show one row for each joint, below headings that tell the side."""
        ob = armature.active_character(context)
        rows = {row.joint: row for row in ob.keyfill_rig.rows.to_rows()}
        for heading, joints in rig_rows.SECTIONS.items():
            column = self.layout.column(align=True)
            column.label(text=heading)
            for joint in joints:
                draw_row(column, ob, rows[joint], is_sideless=True)


class KEYFILL_PT_rig_rest(RigSubpanel, Panel):
    """The neutral pose."""

    bl_idname = "KEYFILL_PT_rig_rest"
    bl_label = "Rest Reference"

    def draw(self, context: Context) -> None:
        """Show which pose is the neutral one, and how to choose another."""
        layout, ob = self.layout, armature.active_character(context)
        has_one = bool(ob.keyfill_rig.rest_reference)
        told = "A pose of yours is the neutral pose" if has_one else "The rest pose is the neutral"
        layout.label(text=told, icon="CHECKMARK" if has_one else "BLANK1")
        line = layout.row(align=True)
        line.operator("keyfill.set_rest_reference", icon="POSE_HLT")
        if has_one:
            line.operator("keyfill.clear_rest_reference", text="", icon="X")


class KEYFILL_PT_rig_options(RigSubpanel, Panel):
    """How motion is put on this character."""

    bl_idname = "KEYFILL_PT_rig_options"
    bl_label = "Options"

    def draw(self, context: Context) -> None:
        """Show the wishes; those for controls on control rigs only."""
        rig = armature.active_character(context).keyfill_rig
        column = self.layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(rig, "root_motion")
        column.prop(rig, "in_place")
        if control_families.looks_controlled(armature.active_character(context).data.bones):
            column.prop(rig, "limb_controls")
        column.prop(rig, "relax_fingers")
        column.prop(rig, "keep_hand_contacts")
        column.prop(rig, "thin")
        if rig.thin:
            column.prop(rig, "thin_degrees")
            column.prop(rig, "thin_millimetres")


def draw_row(layout: UILayout, ob: Object, row: MapRow, is_sideless: bool = False) -> None:
    """Draw one joint: its name, the bone as a search field that can be emptied, a pipette.

    The pipette takes the active bone; its tooltip tells how sure the row is and why. Beside it a
    doubtful row tells its percentage.
    """
    split = layout.split(factor=_SIDELESS_SHARE if is_sideless else _LABEL_SHARE, align=True)
    split.alert = row.is_low or _is_gone(ob, row)
    split.label(text=_short_name(row.joint, is_sideless))
    told = f"{row.confidence:.0%}" if row.is_low else ""
    # Without a percentage the pipette is as narrow as its icon.
    line = split.split(factor=_DOUBTED_SHARE, align=True) if told else split.row(align=True)
    stored = getattr(ob.keyfill_rig.rows, row.joint)
    line.prop_search(stored, "bone", ob.data, "bones", text="", icon=_icon(ob, row))
    line.operator("keyfill.assign_bone", text=told, icon="EYEDROPPER").joint = row.joint


def _short_name(joint: str, is_sideless: bool) -> str:
    """Return a joint's name as it fits the sidebar's usual width: L Shoulder, or Shoulder."""
    name = rig_rows.spoken(joint).title()
    left, right = ("", "") if is_sideless else ("L ", "R ")
    return name.replace("Left ", left).replace("Right ", right)


def _icon(ob: Object, row: MapRow) -> str:
    if row.is_low or _is_gone(ob, row):
        return "ERROR"
    if row.by_hand:
        return "PINNED"
    return "CHECKMARK" if row.bone else "RADIOBUT_OFF"


def _is_gone(ob: Object, row: MapRow) -> bool:
    return bool(row.bone) and row.bone not in ob.data.bones


def _is_armature(ob: Object | None) -> bool:
    return ob is not None and ob.type == "ARMATURE"


register, unregister = bpy.utils.register_classes_factory(
    (
        KEYFILL_MT_rig_presets,
        KEYFILL_MT_remove_rig_preset,
        KEYFILL_PT_rig,
        KEYFILL_PT_rig_bones,
        KEYFILL_PT_rig_rest,
        KEYFILL_PT_rig_options,
    )
)
