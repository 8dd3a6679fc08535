"""Long takes, errors, a rig of one's own, and the preferences."""

from types import SimpleNamespace

import addon_utils
import bpy
import numpy as np
from hand import ROW
from journey import PACKAGE, message_of

SHOW_ALL_ROWS = 3.65
"""How far Show All lies below Regenerate, in rows."""


def long_take(journey):
    """Three prompts become one motion."""
    hand = journey.hand
    beats = "3: a person walks forward; 2: a person jumps; 3: a person sits down"
    yield from hand.type_into("keyfill.beats", beats)
    journey.check(journey.settings.beats == beats, f"the list holds {journey.settings.beats!r}")
    yield from journey.press_and_wait("keyfill.long_take")
    first, last = journey.action.frame_range
    journey.check(abs(last - first + 1 - 8 * 24) < 3, f"the long take has frames {first}-{last}")
    yield from hand.find("keyfill.long_take")
    yield from hand.park()
    yield from hand.picture("manual_long_take", hand.sidebar())
    yield from see_plan_below_its_heading(journey, "plan.rows[0].is_open", "plan_of_long_take")


def see_plan_below_its_heading(journey, row, name):
    """The first row of the plan stands below the heading Plan, which stands below Add Mannequin."""
    hand = journey.hand
    _, top = yield from hand.find("keyfill.add_mannequin")
    _, first = yield from hand.find(row)
    rows = (top - first) / (ROW * hand.scale)
    journey.check(rows > 2.0, f"{row} lies {rows:.1f} rows below Add Mannequin: beside the heading")
    yield from hand.park()
    yield from hand.picture(name, hand.sidebar())


def trouble(journey):
    """An error stands in the panel with its cure, and goes when it is cured."""
    hand, own = journey.hand, journey.action
    yield from hand.type_into("keyfill.seconds", "600")
    yield from hand.click("keyfill.generate")
    yield from hand.rest(1.0)
    journey.check(journey.status.error, "600 seconds gave no error")
    yield from hand.park()
    yield from hand.picture("manual_trouble", hand.sidebar())
    yield from hand.type_into("keyfill.seconds", "2")
    journey.check(not message_of(journey), f"cured, the panel still tells {message_of(journey)}")
    journey.check(journey.action == own, "an error changed the action")


def show_all(journey):
    """A message that is longer than its rows is shown whole beside its button."""
    hand = journey.hand
    journey.settings.prompt = "a person walks forward and waves " * 25
    yield from journey.press_and_wait("keyfill.generate")
    journey.check("left out" in message_of(journey), f"told: {message_of(journey)}")
    x, y = yield from hand.find("keyfill.regenerate")
    region = hand.sidebar()
    yield from hand.picture("long_message", region)
    before = hand.seen(hand.area("VIEW_3D"))
    yield from hand.click_at(region.x + region.width / 2, y - SHOW_ALL_ROWS * ROW * hand.scale)
    yield from hand.rest(0.5)
    yield from hand.picture("show_all", hand.area("VIEW_3D"))
    opened = np.any(before != hand.seen(hand.area("VIEW_3D")), axis=-1).mean()
    journey.check(opened > 0.02, "Show All shows nothing")
    yield from hand.park()
    yield from hand.press("ESC")
    yield from hand.type_into("keyfill.seconds", "0")


def own_rig(journey):
    """A generated Rigify rig gets a take on its controls, and its map is shown, a row a joint."""
    hand = journey.hand
    addon_utils.enable("rigify", default_set=True)
    with bpy.context.temp_override(**hand.place()):
        bpy.ops.object.armature_basic_human_metarig_add()
        bpy.ops.pose.rigify_generate()
        meta = next(ob for ob in bpy.data.objects if ob.name.startswith("metarig"))
        rig = meta.data.rigify_target_rig
        bpy.data.objects.remove(meta)
        for ob in bpy.data.objects:
            ob.select_set(ob == rig)
        bpy.context.view_layer.objects.active = rig
        for ob in bpy.data.objects:
            if "Mannequin" in ob.name:
                ob.hide_set(True)
        bpy.context.scene.frame_set(1)
        bpy.ops.view3d.view_selected()
    journey.check(journey.character == rig, "the rig is not active")
    yield from hand.type_into("keyfill.prompt", "a person waves with the right hand")
    yield from journey.press_and_wait("keyfill.generate")
    journey.check(journey.action is not None, "the rig got no keys")
    yield from hand.click("keyfill.map_bones")
    journey.check(journey.character.keyfill_rig.rows.pelvis.bone, "Map Bones found no pelvis")
    yield from hand.open_panel("keyfill.map_bones")
    yield from hand.to_end()
    yield from hand.find("keyfill.assign_bone")
    yield from hand.park()
    yield from hand.picture("manual_rig", hand.area("VIEW_3D"))


def own_part(area, scale):
    """Return the place of Keyfill's own settings in the preferences: above stands a path."""
    left, top, bottom = (round(one * scale) for one in (175, 278, 692))
    return SimpleNamespace(
        x=area.x + left, y=area.y + area.height - bottom, width=area.width - left,
        height=bottom - top,
    )  # fmt: skip


def install(journey):
    """The preferences, as they are before an engine is chosen."""
    hand = journey.hand
    preferences = bpy.context.preferences.addons[PACKAGE].preferences
    python, preferences.python = preferences.python, ""
    area = hand.area("VIEW_3D")
    area.type = "PREFERENCES"
    bpy.context.preferences.active_section = "ADDONS"
    bpy.context.window_manager.addon_search = "Keyfill"
    yield from hand.rest(0.5)
    with bpy.context.temp_override(window=hand.window, area=area):
        bpy.ops.preferences.addon_expand(module=PACKAGE)
    yield from hand.rest(0.5)
    yield from hand.picture("manual_install", own_part(area, hand.scale))
    preferences.python = python
    yield from hand.rest(3.0)
    yield from hand.picture("python_of_mine", area)
    area.type = "VIEW_3D"
    yield from hand.rest(0.5)
