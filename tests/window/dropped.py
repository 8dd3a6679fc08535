"""From the zip to the first motion: what a new user clicks, counted."""

import time

import bpy
from journey import PACKAGE


def drop(journey):
    """Drop the zip, press OK, open the tab, Add Mannequin, Generate.

    The light package has no engine inside: the Python that has one is named by the script.
    """
    hand = journey.hand
    start = time.monotonic()
    yield from hand.park()
    with bpy.context.temp_override(**hand.place()):
        # What Blender calls when a file is dropped on its window.
        bpy.ops.extensions.package_install_files("INVOKE_DEFAULT", url=hand.job["zip"])
    yield from hand.rest(1.0)
    yield from hand.picture("drop")
    yield from hand.press()  # the dialog opens with OK under the mouse
    yield from hand.wait(lambda: PACKAGE in bpy.context.preferences.addons, "the extension", 120.0)
    bpy.context.preferences.addons[PACKAGE].preferences.python = hand.job["python"]
    view = hand.area("VIEW_3D")  # the timeline below it has a sidebar, too
    yield from hand.move(view.x + 0.3 * view.width, view.y + 0.3 * view.height)
    yield from hand.press("N")
    yield from hand.rest(0.5)
    journey.check(hand.sidebar().width > 1, "N opened no sidebar")
    hand.sidebar().active_panel_category = "Keyfill"
    hand.clicks += 1  # of the tab, which no operator names
    yield from hand.rest(0.5)
    yield from hand.click("keyfill.add_mannequin")
    yield from hand.click("keyfill.generate")
    yield from hand.wait(lambda: journey.status.is_running, "Generate to start", 30.0)
    yield from journey.made()
    journey.check(journey.action is not None, f"no motion: {journey.status.error}")
    journey.report["first take"] = {"clicks": hand.clicks, "seconds": time.monotonic() - start}
    yield from hand.park()
    yield from hand.picture("dropped")
