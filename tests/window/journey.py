"""What an animator does in the first hour, step by step, with what must be true after each."""

import addon_utils
import bpy
from hand import WindowError

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
        yield from self.hand.click(name, kind)
        yield from self.hand.wait(
            lambda: self.status.is_running or self.status.note or self.status.error, name, 10.0
        )
        yield from self.made()
        self.check(not self.status.error, f"{name} told: {self.status.error}")

    def leave_all(self):
        """Close menus and end what runs, so that the next chapter starts from a quiet window."""
        for _ in range(3):
            yield from self.hand.press("ESC")
        if self.status.is_running:
            bpy.ops.keyfill.cancel()
            yield from self.made()
        if len(self.settings.review.takes):
            bpy.ops.keyfill.discard_take()

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


def first_take(journey):
    """Mannequin, prompt, Generate."""
    hand = journey.hand
    yield from hand.click("keyfill.add_mannequin")
    ob = journey.character
    journey.check(ob is not None and ob.type == "ARMATURE", "Add Mannequin added none")
    with bpy.context.temp_override(
        window=hand.window, area=hand.area("VIEW_3D"),
        region=next(r for r in hand.area("VIEW_3D").regions if r.type == "WINDOW"),
    ):
        bpy.ops.view3d.view_selected()
    yield from hand.type_into("keyfill.prompt", "a person walks forward and waves")
    journey.check(
        journey.settings.prompt == "a person walks forward and waves",
        f"the prompt field holds {journey.settings.prompt!r}",
    )
    yield from hand.click("keyfill.generate")
    yield from hand.wait(lambda: journey.status.is_running, "Generate to start", 10.0)
    yield from hand.wait(lambda: journey.status.label, "progress", 30.0)
    yield from hand.picture("progress", hand.sidebar())
    yield from journey.made()
    journey.check(journey.action is not None, "Generate left no action")
    journey.check(journey.status.note, "Generate told nothing")
    yield from hand.picture("first_take")


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
    yield from journey.press_and_wait("keyfill.generate")
    journey.check(journey.action.name != shown, "Generate showed the action that was there")
    yield from hand.park()
    yield from hand.press("Z", ctrl=True)
    yield from hand.rest(0.5)
    journey.check(journey.action.name == shown, f"undo shows {journey.action.name}, not {shown}")
    yield from hand.picture("undone", hand.sidebar())
    told = message_of(journey)
    journey.check(not told, f"after undo the panel still tells: {told}")


def message_of(journey):
    """Return what the panel's message rows tell now."""
    from bl_ext.user_default.keyfill.blender_addon.panels import messages

    with bpy.context.temp_override(**journey.hand.place()):
        return " ".join(text for text, _ in messages.message_lines(bpy.context, 60))


def cancel(journey):
    """Cancel in the middle, by the button and by Esc: nothing changes."""
    hand = journey.hand
    shown, tracks = journey.action, journey.tracks()
    yield from hand.type_into("keyfill.takes", "8")
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
    yield from hand.picture("cancelled", hand.sidebar())


def redo_range(journey):
    """Frames 30 to 60 are made anew in the Dope Sheet; the keys outside stay."""
    hand = journey.hand
    hand.window.workspace = bpy.data.workspaces["Animation"]
    yield from hand.rest(1.0)
    hand.area("VIEW_3D", 1).type = "DOPESHEET_EDITOR"
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


def is_near(some, others):
    """Say whether two sets of curves hold the same."""
    return some.keys() == others.keys() and all(
        abs(one - other) < 1e-4
        for name in some
        for one, other in zip(some[name], others[name], strict=True)
    )


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
    hand.window.workspace = bpy.data.workspaces["Layout"]
    yield from hand.rest(1.0)
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
    bpy.context.scene.frame_set(40)
    yield from hand.park()
    yield from hand.picture("manual_arms", hand.area("VIEW_3D"))


def history(journey):
    """An earlier motion's settings come back into the panel."""
    hand = journey.hand
    yield from hand.open_panel("keyfill.long_take", "keyfill.recall(index=1)")
    yield from hand.park()
    yield from hand.picture("manual_history", hand.sidebar())
    yield from hand.click("keyfill.recall(index=1)")
    settings = journey.settings
    journey.check(settings.prompt == "a person crouches down", f"prompt is {settings.prompt!r}")
    journey.check(
        (settings.frame_start, settings.frame_end) == (30, 60),
        f"frames are {settings.frame_start}-{settings.frame_end}",
    )
    yield from hand.picture("recalled", hand.sidebar())


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


def trouble(journey):
    """An error stands in the panel with its cure, and goes when it is cured."""
    hand = journey.hand
    data = journey.character.animation_data
    own = journey.action
    long_name = "a motion with a very long name of the animator's own"
    data.action.name = long_name
    yield from hand.find("keyfill.generate")
    yield from hand.type_into("keyfill.seconds", "600")
    yield from hand.click("keyfill.generate")
    yield from hand.rest(1.0)
    journey.check(journey.status.error, "600 seconds gave no error")
    yield from hand.park()
    yield from hand.picture("manual_trouble", hand.sidebar())
    x, y = yield from hand.find("keyfill.regenerate")
    region = hand.sidebar()
    yield from hand.click_at(region.x + region.width / 2, y - 3.9 * 20 * hand.scale)
    yield from hand.rest(0.5)
    yield from hand.picture("show_all", hand.area("VIEW_3D"))
    yield from hand.park()
    yield from hand.press("ESC")
    yield from hand.type_into("keyfill.seconds", "0")
    journey.check(not message_of(journey), f"cured, the panel still tells {message_of(journey)}")
    journey.check(journey.action == own, "an error changed the action")


def own_rig(journey):
    """A generated Rigify rig gets its map, a take on its controls, and another bone by hand."""
    hand = journey.hand
    addon_utils.enable("rigify", default_set=True)
    with bpy.context.temp_override(**hand.place()):
        bpy.ops.object.armature_basic_human_metarig_add()
        bpy.ops.pose.rigify_generate()
        meta = next(ob for ob in bpy.data.objects if ob.name.startswith("metarig"))
        bpy.data.objects.remove(meta)
        for ob in bpy.data.objects:
            ob.select_set(ob.name.startswith("RIG"))
        rig = next(ob for ob in bpy.data.objects if ob.name.startswith("RIG"))
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
    yield from hand.open_panel("keyfill.recall", "keyfill.map_bones")
    yield from hand.click("keyfill.map_bones")
    yield from hand.open_panel("keyfill.map_bones", "keyfill.assign_bone")
    yield from hand.park()
    yield from hand.picture("manual_rig", hand.area("VIEW_3D"))


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
    yield from hand.picture("manual_install", area)
    preferences.python = python
    yield from hand.rest(3.0)
    yield from hand.picture("python_of_mine", area)
    area.type = "VIEW_3D"
    yield from hand.rest(0.5)


CHAPTERS = (enable, first_take, takes, die, undo, cancel, redo_range, key_menu, pose_menu,
            other_arms, history, long_take, trouble, own_rig, install)  # fmt: skip
ALWAYS = (enable, first_take)

__all__ = ["ALWAYS", "CHAPTERS", "Journey", "WindowError"]
