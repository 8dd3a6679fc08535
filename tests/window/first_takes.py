"""The first minutes: enable, Add Mannequin, Generate, takes, the die, undo, cancel."""

import addon_utils
import bpy
from journey import PACKAGE, message_of


def enable(journey):
    """Enable the extension from the working tree, and open its tab."""
    hand = journey.hand
    module = addon_utils.enable(PACKAGE, default_set=True)
    journey.check(module is not None, "the extension cannot be enabled")
    bpy.context.preferences.addons[PACKAGE].preferences.python = hand.job["python"]
    for ob in list(bpy.data.objects):
        bpy.data.objects.remove(ob)
    area = hand.area("VIEW_3D")
    area.spaces.active.show_region_ui = True
    area.spaces.active.shading.color_type = "MATERIAL"
    yield from hand.rest(0.5)
    hand.sidebar().active_panel_category = "Keyfill"
    yield from hand.rest(0.5)
    yield from hand.picture("empty_scene")


def one_tab(journey):
    """Where no action is shown the Dope Sheet's sidebar has one tab: an error is told there, too.

    Blender 4.3 crashes where it is asked for the active tab of such a sidebar.
    """
    hand, kind = journey.hand, "DOPESHEET_EDITOR"
    area = hand.area("VIEW_3D")
    area.type = kind
    try:
        area.spaces.active.show_region_ui = True
        yield from hand.rest(1.0)
        yield from hand.click("keyfill.plan(", kind)
        yield from hand.wait(lambda: journey.status.error, "an error without a prompt", 60.0)
        yield from hand.park()
        yield from hand.picture("one_tab", area)
    finally:
        area.type = "VIEW_3D"
    yield from hand.rest(1.0)
    told, tab = message_of(journey), hand.sidebar().active_panel_category
    journey.check("The prompt is empty" in told, f"the panel tells {told!r}")
    journey.check(tab == "Keyfill", f"the 3D view came back with the tab {tab}")


def first_take(journey):
    """Mannequin, prompt, Generate."""
    hand = journey.hand
    yield from hand.click("keyfill.add_mannequin")
    ob = journey.character
    journey.check(ob is not None and ob.type == "ARMATURE", "Add Mannequin added none")
    yield from journey.look_at(1)
    yield from hand.type_into("keyfill.prompt", "a person walks forward and waves")
    journey.check(
        journey.settings.prompt == "a person walks forward and waves",
        f"the prompt field holds {journey.settings.prompt!r}",
    )
    yield from hand.click("keyfill.generate")
    yield from hand.wait(lambda: journey.status.is_running, "Generate to start", 10.0)
    yield from hand.wait(lambda: journey.status.label, "progress", 30.0)
    yield from hand.picture("progress", hand.sidebar())
    yield from hand.park()
    yield from journey.made()
    journey.check(journey.action is not None, "Generate left no action")
    journey.check(journey.status.note, "Generate told nothing")
    yield from journey.look_at(journey.frame_of_least(below_the_head))
    yield from hand.park()
    yield from hand.picture("manual_first_take", hand.area("VIEW_3D"))
    yield from journey.look_at(1)


def below_the_head(bones):
    """Return how far the higher hand is below the head, in metres."""
    return bones["head"].head.z - max(bones[name].tail.z for name in ("hand.L", "hand.R"))


def takes(journey):
    """Several takes wait: step, accept one; make others, discard them."""
    hand, settings = journey.hand, journey.settings
    before, tracks = journey.action, journey.tracks()
    yield from hand.type_into("keyfill.takes", "3")
    yield from journey.press_and_wait("keyfill.generate")
    journey.check(len(settings.review.takes) == 3, f"{len(settings.review.takes)} takes wait")
    yield from hand.click("keyfill.step_take(step=1)")
    journey.check(settings.review.index == 1, "the right arrow did not show take 2")
    yield from hand.park()
    yield from hand.picture("manual_takes", hand.sidebar())
    yield from hand.click("keyfill.step_take(step=-1)")
    journey.check(settings.review.index == 0, "the left arrow did not show take 1")
    yield from hand.click("keyfill.discard_take")
    journey.check(journey.action == before, "after Discard another action is shown")
    journey.check(journey.tracks() == tracks, f"after Discard there are {journey.tracks()}")
    journey.check(len(bpy.data.actions) == 1 + len(tracks), "Discard left actions")
    yield from journey.press_and_wait("keyfill.generate")
    yield from hand.click("keyfill.step_take(step=1)")
    shown = journey.action
    yield from hand.click("keyfill.accept_take")
    journey.check(journey.action == shown, "Accept changed what is shown")
    journey.check(not len(settings.review.takes), "after Accept takes still wait")
    journey.check("accepted" in journey.status.note, f"Accept told {journey.status.note!r}")
    yield from hand.type_into("keyfill.takes", "1")
    yield from hand.park()
    yield from hand.picture("accepted", hand.sidebar())


def die(journey):
    """The die makes the last motion once more with other seeds."""
    hand, settings = journey.hand, journey.settings
    tracks = len(journey.tracks())
    seeds = [settings.seed]
    for _ in range(3):
        yield from journey.press_and_wait("keyfill.next_seed")
        seeds.append(settings.seed)
    journey.check(len(set(seeds[1:])) == 3, f"the die gave seeds {seeds}")
    more = len(journey.tracks()) - tracks
    journey.check(more <= 1, f"three throws of the die left {more} more tracks: {journey.tracks()}")
    yield from hand.park()
    yield from hand.picture("die", hand.sidebar())


def undo(journey):
    """One undo takes a motion back, and no message tells of it any more."""
    hand = journey.hand
    shown = journey.action.name
    yield from hand.type_into("keyfill.seed", "90")
    yield from journey.press_and_wait("keyfill.generate")
    journey.check(journey.action.name != shown, "Generate showed the action that was there")
    yield from hand.park()
    yield from hand.press("Z", ctrl=True)
    yield from hand.rest(0.5)
    journey.check(journey.action.name == shown, f"undo shows {journey.action.name}, not {shown}")
    yield from hand.picture("undone", hand.sidebar())
    told = message_of(journey)
    journey.check(not told, f"after undo the panel still tells: {told}")


def cancel(journey):
    """Cancel in the middle, by the button and by Esc: nothing changes."""
    hand = journey.hand
    shown, tracks = journey.action, journey.tracks()
    yield from hand.type_into("keyfill.takes", "8")
    yield from hand.type_into("keyfill.seconds", "60")
    for way in ("button", "escape"):
        yield from hand.click("keyfill.generate")
        yield from hand.wait(lambda: journey.status.is_running, "Generate to start", 10.0)
        yield from hand.wait(lambda: journey.status.factor > 0.0, "progress", 60.0)
        journey.check(journey.status.is_running, "the motion was made too soon to be cancelled")
        if way == "button":
            yield from hand.click("keyfill.cancel")
        else:
            yield from hand.park()
            yield from hand.press("ESC")
        yield from journey.made()
        journey.check(journey.action == shown, f"cancelled by {way}: another action is shown")
        journey.check(journey.tracks() == tracks, f"cancelled by {way}: other tracks")
        journey.check(not len(journey.settings.review.takes), f"cancelled by {way}: takes wait")
    yield from hand.type_into("keyfill.takes", "1")
    yield from hand.type_into("keyfill.seconds", "0")
    yield from hand.picture("cancelled", hand.sidebar())
