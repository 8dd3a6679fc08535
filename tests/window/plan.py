"""The plan: what the prompt is read as, a row that is changed, an action that is not known."""

import bpy
from journey import message_of

TWO_ACTIONS = "a person walks forward, then waves with the right hand"
UNKNOWN = "a person walks forward, then plays the violin"


def plan(journey):
    """Two actions are listed, the second one gets longer, and Generate makes exactly this."""
    hand, settings = journey.hand, journey.settings
    yield from hand.type_into("keyfill.prompt", TWO_ACTIONS)
    yield from read(journey)
    tracks = settings.plan.tracks()
    journey.check(len(tracks) == 2, f"the prompt was read as {[one.text for one in tracks]}")
    journey.check("wave" in tracks[-1].text, f"the last action is {tracks[-1].text!r}")
    yield from hand.click("plan.rows[1].is_open")
    end = round(tracks[-1].end + 1.0, 1)
    yield from hand.type_into("plan.rows[1].end", f"{end:.1f}")
    journey.check(settings.plan.is_own(), "the changed plan is not the animator's own")
    yield from hand.park()
    yield from hand.picture("manual_plan", hand.sidebar())
    yield from journey.press_and_wait("keyfill.generate")
    first, last = journey.action.frame_range
    seconds = (last - first + 1) / bpy.context.scene.render.fps
    journey.check(abs(seconds - end) < 0.2, f"planned were {end} s, made were {seconds:.2f} s")
    journey.check(settings.plan.tracks()[-1].end == end, "Generate changed the animator's plan")
    yield from unknown(journey)


def unknown(journey):
    """What no caption shows is said, with what comes near it; a click takes that instead."""
    hand, settings = journey.hand, journey.settings
    yield from hand.type_into("keyfill.prompt", UNKNOWN)
    yield from read(journey)
    strange = [one for one in settings.plan.tracks() if "violin" in one.text]
    journey.check(strange and strange[0].nearest, "the violin is known, or nothing is near it")
    journey.check("not known" in message_of(journey), f"the panel tells {message_of(journey)!r}")
    yield from hand.find("keyfill.use_nearest")
    yield from hand.park()
    yield from hand.picture("manual_unknown", hand.sidebar())
    yield from hand.click("keyfill.use_nearest")
    journey.check("violin" not in settings.prompt, f"the prompt is still {settings.prompt!r}")
    journey.check(settings.prompt.startswith("a person walks"), f"it is {settings.prompt!r}")


def read(journey):
    """Press Plan, and wait for the rows."""
    hand, settings = journey.hand, journey.settings
    yield from hand.click("keyfill.plan(")
    yield from hand.wait(
        lambda: settings.plan.source == settings.plan_sources()[0] and not
        journey.status.is_running, "the plan", 60.0,
    )  # fmt: skip
    yield from hand.rest(0.5)
    journey.check(not journey.status.error, f"Plan told: {journey.status.error}")
