"""Motion that is there is changed: a range, the arms, from menus, out of the history."""

import bpy
from journey import is_near


def redo_range(journey):
    """Frames 30 to 60 are made anew in the Dope Sheet; the keys outside stay."""
    hand = journey.hand
    yield from hand.go_to("Animation")
    hand.area("VIEW_3D").type = "DOPESHEET_EDITOR"  # large enough for the whole panel
    yield from hand.rest(0.5)
    hand.area("DOPESHEET_EDITOR").spaces.active.show_region_ui = True
    yield from hand.rest(0.5)
    kind = "DOPESHEET_EDITOR"
    hand.sidebar(kind).active_panel_category = "Keyfill"
    yield from hand.rest(0.5)
    last = round(journey.action.frame_range[1])
    outside = [*range(1, 30), *range(61, last + 1)]
    before = journey.values(outside), journey.values(range(36, 55))
    yield from hand.type_into("keyfill.prompt", "a person crouches down", kind)
    yield from hand.type_into("keyfill.frame_start", "30", kind)
    yield from hand.type_into("keyfill.frame_end", "60", kind)
    yield from journey.press_and_wait("keyfill.regenerate", kind)
    journey.check(is_near(journey.values(outside), before[0]), "keys outside the range moved")
    journey.check(not is_near(journey.values(range(36, 55)), before[1]), "nothing changed inside")
    yield from hand.park()
    yield from hand.picture("manual_range", hand.area(kind))
    yield from hand.picture("animation_workspace")


def key_menu(journey):
    """The Dope Sheet's Key menu leads to Regenerate."""
    yield from from_menu(journey, "DOPESHEET_MT_key", "DOPESHEET_EDITOR")


def pose_menu(journey):
    """The 3D view's Pose menu, too."""
    with bpy.context.temp_override(**journey.hand.place()):
        bpy.ops.object.mode_set(mode="POSE")
    yield from from_menu(journey, "VIEW3D_MT_pose", "VIEW_3D")
    with bpy.context.temp_override(**journey.hand.place()):
        bpy.ops.object.mode_set(mode="OBJECT")


def from_menu(journey, menu, kind):
    """Choose Regenerate in Keyfill's part at the end of one of Blender's menus."""
    hand = journey.hand
    history = journey.settings.history
    area = hand.area(kind)
    yield from hand.move(area.x + area.width * 0.3, area.y + area.height * 0.9)
    with bpy.context.temp_override(**hand.place(kind)):
        bpy.ops.wm.call_menu("INVOKE_DEFAULT", name=menu)
    yield from hand.rest(0.4)
    for key in ("END", "RIGHT_ARROW"):
        yield from hand.press(key)
        yield from hand.rest(0.3)
    for _ in range(4):
        yield from hand.press("DOWN_ARROW")
        yield from hand.rest(0.1)
    yield from hand.picture(menu.lower())
    yield from hand.press("RET")
    yield from hand.wait(
        lambda: journey.status.is_running or journey.settings.history != history, menu, 10.0
    )
    yield from journey.made()
    journey.check(journey.settings.history != history, f"{menu} made nothing")
    journey.check(not journey.status.error, f"{menu} told: {journey.status.error}")


def other_arms(journey):
    """Only the arms are made anew: the legs stay."""
    hand = journey.hand
    yield from hand.go_to("Layout")
    yield from hand.type_into("keyfill.frame_start", "0")
    yield from hand.type_into("keyfill.frame_end", "0")
    yield from hand.type_into("keyfill.prompt", "a person claps their hands")
    yield from hand.click("keyfill.has_torso")
    yield from hand.click("keyfill.has_lower_body")
    parts = journey.settings.parts
    journey.check(parts == {"LEFT_ARM", "RIGHT_ARM"}, f"the toggles chose {parts}")
    frames = range(1, 100, 3)
    before = journey.values(frames)
    yield from journey.press_and_wait("keyfill.regenerate")
    after = journey.values(frames)
    moved = {path.split('"')[1] for path, index in after if not is_near(
        {0: after[path, index]}, {0: before.get((path, index), [])} if len(
            before.get((path, index), [])) == len(frames) else {})}  # fmt: skip
    wrong = {bone for bone in moved if not any(part in bone for part in (
        "arm", "hand", "shoulder", "clavicle", "collar"))}  # fmt: skip
    journey.check(moved and not wrong, f"arms alone were chosen; {sorted(moved)} moved")
    yield from journey.look_at(journey.frame_of_least(between_hands))
    yield from hand.park()
    yield from hand.picture("manual_arms", hand.area("VIEW_3D"))
    bpy.context.scene.frame_set(1)


def between_hands(bones):
    """Return how far the hands are from each other, in metres."""
    return (bones["hand.L"].tail - bones["hand.R"].tail).length


def history(journey):
    """An earlier motion's settings come back into the panel."""
    hand = journey.hand
    yield from hand.open_panel("keyfill.long_take")
    yield from hand.click("keyfill.recall(index=1)")
    settings = journey.settings
    journey.check(settings.prompt == "a person crouches down", f"prompt is {settings.prompt!r}")
    journey.check(
        (settings.frame_start, settings.frame_end) == (30, 60),
        f"frames are {settings.frame_start}-{settings.frame_end}",
    )
    yield from hand.to_end()
    yield from hand.press("WHEELUPMOUSE")  # the panel's head, too
    yield from hand.park()
    yield from hand.picture("manual_history", hand.sidebar())
    yield from hand.open_panel("keyfill.long_take")  # closes it again
    yield from hand.type_into("keyfill.frame_start", "0")
    yield from hand.type_into("keyfill.frame_end", "0")
