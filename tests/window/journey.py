"""Who travels: a hand, what it sees of the panel, and a report of what must be true."""

import bpy

PACKAGE = "bl_ext.user_default.keyfill"


class Journey:
    """A hand, and a report of what was seen."""

    def __init__(self, hand, report):
        self.hand, self.report, self.chapter = hand, report, ""

    def check(self, is_true, told):
        """Note something that must be true."""
        self.report["checks"] += 1
        if not is_true:
            self.report["failed"].append(f"{self.chapter}: {told}")
            print("FAILED", self.chapter, told, flush=True)

    @property
    def settings(self):
        return bpy.context.scene.keyfill

    @property
    def status(self):
        return bpy.context.window_manager.keyfill_status

    @property
    def character(self):
        return bpy.context.view_layer.objects.active

    @property
    def action(self):
        data = self.character.animation_data
        return data.action if data else None

    def tracks(self):
        """Return the names of the character's NLA tracks."""
        data = self.character.animation_data
        return [track.name for track in data.nla_tracks] if data else []

    def made(self):
        """Wait until the motion that was started is there."""
        yield from self.hand.wait(lambda: not self.status.is_running, "a motion")
        yield from self.hand.rest(0.3)

    def press_and_wait(self, name, kind="VIEW_3D"):
        """Press a button that makes a motion, see that it starts, and wait for its end."""
        history = self.settings.history
        yield from self.hand.click(name, kind)
        yield from self.hand.wait(
            lambda: self.status.is_running
            or self.settings.history != history
            or self.status.error,
            name,
            10.0,
        )
        yield from self.made()
        self.check(not self.status.error, f"{name} told: {self.status.error}")

    def look_at(self, frame):
        """Show a frame, with the character in the middle of the view."""
        bpy.context.scene.frame_set(frame)
        with bpy.context.temp_override(**self.hand.place()):
            bpy.ops.view3d.view_selected()
        yield from self.hand.rest(0.3)

    def frame_of_least(self, measure):
        """Return the frame of the shown action at which a measure of the pose is least."""
        first, last = self.action.frame_range
        found = {}
        for frame in range(round(first), round(last) + 1):
            bpy.context.scene.frame_set(frame)
            found[frame] = measure(self.character.pose.bones)
        return min(found, key=found.get)

    def leave_all(self):
        """Close menus and end what runs, so that the next chapter starts from a quiet window."""
        for _ in range(3):
            yield from self.hand.press("ESC")
        if self.status.is_running:
            bpy.ops.keyfill.cancel()
            yield from self.made()
        if len(self.settings.review.takes):
            bpy.ops.keyfill.discard_take()
        self.settings.takes, self.settings.seconds = 1, 0.0

    def values(self, frames):
        """Return what each curve of the shown action holds at some frames."""
        bag = bag_of(self.action)
        return {
            (curve.data_path, curve.array_index): [curve.evaluate(frame) for frame in frames]
            for curve in bag.fcurves
        }


def bag_of(action):
    """Return what holds an action's curves, in any Blender."""
    if not hasattr(action, "slots"):
        return action
    return action.layers[0].strips[0].channelbag(action.slots[0])


def is_near(some, others):
    """Say whether two sets of curves hold the same."""
    return some.keys() == others.keys() and all(
        abs(one - other) < 1e-4
        for name in some
        for one, other in zip(some[name], others[name], strict=True)
    )


def message_of(journey):
    """Return what the panel's message rows tell now."""
    from bl_ext.user_default.keyfill.blender_addon.panels import messages

    with bpy.context.temp_override(**journey.hand.place()):
        return " ".join(text for text, _ in messages.message_lines(bpy.context, 60))
