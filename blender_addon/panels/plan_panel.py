"""The plan: a row under the prompt that is always there, and a panel that lists the actions.

The list grows and shrinks, so it stands below everything that must not move.
"""

from __future__ import annotations

from bpy.types import Context, Panel, PropertyGroup, UILayout

from ...engine.motion.tracks import Track
from ..core.edits import plans
from .messages import ROW_HEIGHT, SidebarPanel, draw_wrapped, letters_of, wrap

BUTTON_LETTERS = 6
"""Of a row's width that its triangle and its cross take."""

ANOTHER = "For another prompt"

TOLD_SHARE = 0.6
"""Of the row below the prompt: what it tells; the rest is its button's."""


class PlanPanel:
    """Mixin: what the prompt was read as, and what the animator makes of it."""

    bl_label = "Plan"

    def draw(self, context: Context) -> None:
        """Show the actions, what is not known of them, and the buttons."""
        draw_plan(self.layout, context)


class KEYFILL_PT_plan(PlanPanel, SidebarPanel, Panel):
    """Below the main panel."""

    bl_idname = "KEYFILL_PT_plan"
    bl_parent_id = "KEYFILL_PT_main"


class KEYFILL_PT_dope_sheet_plan(PlanPanel, Panel):
    """The same in the Dope Sheet."""

    bl_idname = "KEYFILL_PT_dope_sheet_plan"
    bl_space_type = "DOPESHEET_EDITOR"
    bl_region_type = "UI"
    bl_category = "Keyfill"
    bl_parent_id = "KEYFILL_PT_dope_sheet"


def draw_plan_row(layout: UILayout, context: Context) -> None:
    """Draw how many actions the prompt has, and the button that reads it."""
    plan = context.scene.keyfill.plan
    row = layout.split(factor=TOLD_SHARE, align=True)
    told = row.row(align=True)
    told.active = is_current(context)
    text, icon = told_in_short(context, plan)
    told.label(text=text, icon=icon)
    row.operator("keyfill.plan", icon="LINENUMBERS_ON")


def told_in_short(context: Context, plan: PropertyGroup) -> tuple[str, str]:
    """Return the plan in a few words, and their icon."""
    if not plan.rows:
        return "No plan yet", "BLANK1"
    if not is_current(context):
        return ANOTHER, "BLANK1"
    tracks = plan.tracks()
    icon = "QUESTION" if plans.unknown_tracks(tracks) else "CHECKMARK"
    return plans.tell_in_short(tracks), "GREASEPENCIL" if plan.is_own() else icon


def is_current(context: Context) -> bool:
    """Say whether the plan is for what the panel shows: prompt and length, or beats."""
    settings = context.scene.keyfill
    return settings.plan.source in settings.plan_sources()


def draw_plan(layout: UILayout, context: Context) -> None:
    """Draw the plan's actions and its buttons."""
    settings = context.scene.keyfill
    plan, is_ours = settings.plan, is_current(context)
    tracks = plan.tracks()
    if tracks and not is_ours:
        told = "Plan of another prompt or length: Generate reads the prompt anew"
        draw_wrapped(layout, context, told, "INFO")
    elif plan.is_own():
        draw_wrapped(layout, context, "Changed: Generate makes just this", "GREASEPENCIL")
    column = layout.column()
    column.active = is_ours
    if draw_count(column, plan, tracks):
        for index, row in enumerate(plan.rows):
            draw_track(column, context, row, index)
    if is_ours:
        for track in plans.unknown_tracks(tracks):
            draw_unknown(layout, context, track)
    draw_buttons(layout, settings)


def draw_count(layout: UILayout, plan: PropertyGroup, tracks: tuple[Track, ...]) -> bool:
    """Draw how many actions there are where they are many; say whether to list them."""
    if not tracks:
        layout.label(text="No plan yet")
    if len(tracks) <= plans.MOST_OPEN:
        return True
    icon = "TRIA_DOWN" if plan.is_open else "TRIA_RIGHT"
    layout.prop(plan, "is_open", text=plans.tell_count(tracks), icon=icon, emboss=False)
    return bool(plan.is_open)


def draw_track(layout: UILayout, context: Context, row: PropertyGroup, index: int) -> None:
    """Draw an action as one row, over as many lines as it needs, and its fields where open."""
    column = layout.column(align=True)
    head = column.row(align=True)
    icon = "TRIA_DOWN" if row.is_open else "TRIA_RIGHT"
    head.prop(row, "is_open", text="", icon=icon, emboss=False)
    words = head.column(align=True)
    words.scale_y = ROW_HEIGHT
    told = plans.tell_track(row.to_track(), row.is_told())
    for text, own in wrap(told, letters_of(context) - BUTTON_LETTERS, icon_of(row)):
        words.label(text=text, icon=own)
    head.operator("keyfill.remove_track", text="", icon="X", emboss=False).index = index
    if row.is_open:
        draw_fields(column.box().column(align=True), row)


def icon_of(row: PropertyGroup) -> str:
    """Return what a row says of an action before its words."""
    if not row.is_told():
        return "GREASEPENCIL"
    known = plans.known_in_words(row.known)
    return {"known": "CHECKMARK", "not known": "QUESTION"}.get(known, "DOT")


def draw_fields(layout: UILayout, row: PropertyGroup) -> None:
    """Draw what can be changed of an action."""
    layout.prop(row, "text", text="", placeholder="waves with the right hand")
    times = layout.row(align=True)
    times.prop(row, "start")
    times.prop(row, "end")
    layout.row(align=True).prop(row, "parts", expand=True)
    often = layout.row(align=True)
    often.prop(row, "count")
    often.prop(row, "hold", toggle=True)
    layout.prop(row, "state")


def draw_unknown(layout: UILayout, context: Context, track: Track) -> None:
    """Draw that an action is not known, and what comes near it as buttons."""
    end = "; nearest:" if track.nearest else ""
    draw_wrapped(layout, context, f'I don\'t know "{track.told}"{end}', "QUESTION")
    for caption in track.nearest:
        # Buttons do not wrap: each line of a caption is one, and all do the same. What lies between
        # two columns shows where the next caption begins.
        column = layout.column(align=True)
        for text, _ in wrap(caption, letters_of(context), "NONE"):
            button = column.operator("keyfill.use_nearest", text=text)
            button.caption, button.action = caption, track.text


def draw_buttons(layout: UILayout, settings: PropertyGroup) -> None:
    """Draw what is done with the whole plan."""
    column = layout.column(align=True)
    row = column.row(align=True)
    row.operator("keyfill.add_track", icon="ADD")
    row.operator("keyfill.put_back_plan", icon="LOOP_BACK")
    if settings.beats.strip():
        button = column.operator("keyfill.plan", text="Plan Long Take", icon="LINENUMBERS_ON")
        button.is_long = True
