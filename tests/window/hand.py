"""A hand on the mouse and the keyboard: it finds buttons by resting on them, as a person does.

Every method that waits for Blender is a generator: each `yield` lets the window hear and draw.
"""

import time

import bpy
import numpy as np
from pixels import read_screen, write_png

ROW = 20
"""Pixels of a row of buttons at scale 1."""

ACROSS = ((0.3,), (0.15, 0.7), (0.1, 0.64, 0.68, 0.73, 0.78, 0.83, 0.86), (0.4, 0.5, 0.57))
"""Where rows of the sidebar are felt for buttons, as shares of its width: first the wide ones, then
those of an icon alone."""

STEP = 0.9
"""Between two rows that are felt, in rows of buttons."""

NEAR = {
    "step_take(step=-1)": ("takes", 0.06, 5.3), "step_take(step=1)": ("takes", 0.655, 5.3),
    "accept_take": ("takes", 0.73, 5.3), "discard_take": ("takes", 0.8, 5.3),
    "next_seed": ("takes", 0.73, 1.05), "cancel": ("takes", 0.83, 3.8),
    "has_torso": ("regenerate", 0.43, -2.85), "has_lower_body": ("regenerate", 0.46, -1.5),
    "recall(index=1)": ("long_take", 0.73, 6.0), "assign_bone": ("map_bones", 0.83, 5.0),
    "plan.rows[0].is_open": ("add_mannequin", 0.08, 3.1),
    "plan(": ("takes", 0.7, 2.4), "plan.rows[1].is_open": ("add_track", 0.08, -1.6),
    "plan.rows[1].start": ("add_track", 0.3, -4.0), "plan.rows[1].end": ("add_track", 0.65, -4.0),
}  # fmt: skip
"""Where small buttons are felt for first: below which wide one, at which share of the width, how
many rows."""

NEAR_ROWS = (0.0, -0.4, 0.4, -0.8, 0.8, -1.2, 1.2, -1.6, 1.6, -2.0, 2.0)

TURNS = (("WHEELUPMOUSE", 24), *(("WHEELDOWNMOUSE", 8),) * 4)
"""How the wheel looks for what is not in sight: from the top of the sidebar down."""

END_TURNS = 60
"""Turns of the wheel after which the longest sidebar is at its end."""

OPENED_SHARE = 0.01
"""Share of a sidebar's pixels that change at least when a panel opens."""

SETTLE_SECONDS = 0.08


class WindowError(RuntimeError):
    """Something that a person would expect is not there."""


class Hand:
    """Works in one window."""

    def __init__(self, job):
        self.job, self.scale = job, job["scale"]
        self.window = bpy.context.window_manager.windows[0]
        self._places = {}
        self.at = (0, 0)
        self.clicks = 0

    # --- seeing

    def area(self, kind, number=0):
        """Return an area of a kind, the largest first."""
        areas = [area for area in self.window.screen.areas if area.type == kind]
        return sorted(areas, key=lambda area: -area.width * area.height)[number]

    def sidebar(self, kind="VIEW_3D"):
        """Return the sidebar of the largest area of a kind."""
        return next(region for region in self.area(kind).regions if region.type == "UI")

    def place(self, kind="VIEW_3D"):
        """Return where an operator works that is called in an area of a kind."""
        area = self.area(kind)
        region = next(region for region in area.regions if region.type == "WINDOW")
        return {"window": self.window, "screen": self.window.screen, "area": area, "region": region}

    def rest(self, seconds=SETTLE_SECONDS):
        """Let Blender hear and draw for a while."""
        end = time.monotonic() + seconds
        yield
        while time.monotonic() < end:
            yield

    def go_to(self, workspace):
        """Show another workspace.

        Panels that slide to their places must have come to rest: Blender 4.3 forgets those that
        slide while a screen is left, and they stay where they are for good, whatever grows.
        """
        yield from self.rest(1.0)
        self.window.workspace = bpy.data.workspaces[workspace]
        yield from self.rest(1.0)

    def wait(self, is_there, told, seconds=120.0):
        """Wait for something to become true.

        Raises:
            WindowError: if it does not.
        """
        end = time.monotonic() + seconds
        while not is_there():
            if time.monotonic() > end:
                raise WindowError(f"waited {seconds:g} s in vain for {told}")
            yield

    def picture(self, name, *shown):
        """Write what the screen shows of areas or regions, all of it without them."""
        for area in self.window.screen.areas:
            area.tag_redraw()
        yield from self.rest(0.5)
        write_png(self.seen(*shown), f"{self.job['folder']}/pictures/{name}.png")

    # --- the mouse

    def move(self, x, y):
        """Move the mouse to a place of the window."""
        self.at = round(x), round(y)
        self.window.event_simulate(type="MOUSEMOVE", value="NOTHING", x=self.at[0], y=self.at[1])
        yield

    def press(self, kind="LEFTMOUSE", **modifiers):
        """Press and release a button or a key where the mouse is."""
        self.clicks += kind == "LEFTMOUSE"
        for value in ("PRESS", "RELEASE"):
            self.window.event_simulate(
                type=kind, value=value, x=self.at[0], y=self.at[1], **modifiers
            )
            yield

    def click_at(self, x, y):
        """Click a place of the window."""
        yield from self.move(x, y)
        yield from self.rest()
        yield from self.press()
        yield from self.rest()

    def park(self):
        """Take the mouse off every button."""
        area = self.area(max((a for a in self.window.screen.areas), key=lambda a: a.width).type)
        yield from self.move(area.x + area.width * 0.3, area.y + area.height * 0.2)
        yield from self.rest(0.2)

    # --- buttons

    def felt(self, region, area):
        """Return the operator or the property of the button under the mouse, as Python."""
        manager = bpy.context.window_manager
        with bpy.context.temp_override(window=self.window, area=area, region=region):
            manager.clipboard = ""
            if bpy.ops.ui.copy_python_command_button.poll():
                bpy.ops.ui.copy_python_command_button()
            elif bpy.ops.ui.copy_data_path_button.poll():
                bpy.ops.ui.copy_data_path_button(full_path=True)
            return manager.clipboard

    def feel(self, name, kind, passes=4):
        """Return where a button lies in a sidebar, (x, y); None where it is not seen."""
        area, region = self.area(kind), self.sidebar(kind)
        known = [one for one in self._places if one[0] == kind and name in one[1]]
        for one in known:
            yield from self.move(*self._places[one])
            yield from self.rest(0.03)
            if name in self.felt(region, area):
                return self._places[one]
            del self._places[one]
        passes = [self._grid(region, shares) for shares in ACROSS[:passes]]
        near = NEAR.get(name.removeprefix("keyfill."))
        place = None
        if near is not None:
            place = yield from self.feel(f"keyfill.{near[0]}", kind, 2)
        if place is not None:
            x, row = region.x + region.width * near[1], ROW * self.scale
            passes.insert(0, [(x, place[1] - row * (near[2] + off)) for off in NEAR_ROWS])
        for places in passes:
            for place in places:
                yield from self.move(*place)
                yield  # Blender hears of the mouse now, and lights the button up
                found = self.felt(region, area)
                if found:
                    # The first is best: it lies off the arrows at the ends of a number.
                    self._places.setdefault((kind, found), place)
                if name in found:
                    return place
        return None

    def _grid(self, region, shares):
        """Return places of a region, row by row from the top."""
        step = STEP * ROW * self.scale
        rows = range(int((region.height - step) / step))
        return [
            (
                round(region.x + region.width * share),
                round(region.y + region.height - step * (row + 1)),
            )
            for row in rows
            for share in shares
        ]

    def open_panel(self, above, kind="VIEW_3D"):
        """Open the closed panel whose head lies below a button: the sidebar looks another way then.

        Raises:
            WindowError: if nothing opens.
        """
        x, y = yield from self.find(above, kind)
        region = self.sidebar(kind)
        for rows in (1.5, 1.9, 2.3, 2.7, 3.1):
            # Away from the button first: it goes dark, which is no panel that opens.
            yield from self.move(region.x + region.width * 0.4, y - rows * ROW * self.scale)
            yield from self.rest(0.5)
            before = self.seen(region)
            yield from self.press()
            yield from self.rest(0.5)
            if np.any(before != self.seen(region), axis=-1).mean() > OPENED_SHARE:
                self._places.clear()
                return
        raise WindowError(f"below {above} no panel opens")

    def seen(self, *shown):
        """Return what the screen shows of areas or regions, (height, width, 3), or all of it."""
        screen = read_screen(self.job["pixels"])
        if not shown:
            return screen
        height = screen.shape[0]
        left = min(one.x for one in shown)
        right = max(one.x + one.width for one in shown)
        low = min(one.y for one in shown)
        high = max(one.y + one.height for one in shown)
        return screen[max(height - high, 0) : height - low, max(left, 0) : right]

    def find(self, name, kind="VIEW_3D"):
        """Return where a button lies, turning the sidebar's wheel if need be.

        Raises:
            WindowError: if it is not there.
        """
        region = self.sidebar(kind)
        for passes in (2, len(ACROSS)):
            place = yield from self.feel(name, kind, passes)
            for turn, count in TURNS:
                if place is not None:
                    return place
                yield from self.move(region.x + region.width / 2, region.y + region.height / 2)
                for _ in range(count):
                    yield from self.press(turn)
                self._places.clear()
                place = yield from self.feel(name, kind, passes)
            if place is not None:
                return place
        raise WindowError(f"the sidebar shows no {name}")

    def to_end(self, kind="VIEW_3D"):
        """Turn the wheel until the sidebar's end is in sight."""
        region = self.sidebar(kind)
        yield from self.move(region.x + region.width / 2, region.y + region.height / 2)
        for _ in range(END_TURNS):
            yield from self.press("WHEELDOWNMOUSE")
        self._places.clear()
        yield from self.rest(0.5)

    def rest_on(self, name, kind):
        """Rest the mouse on a button until it lights up.

        Raises:
            WindowError: if it does not.
        """
        for _ in range(4):
            yield from self.move(*(yield from self.find(name, kind)))
            yield from self.rest()
            if name in self.felt(self.sidebar(kind), self.area(kind)):
                return
        raise WindowError(f"{name} does not light up")

    def click(self, name, kind="VIEW_3D"):
        """Click a button of the sidebar: an operator's name, or a property's."""
        yield from self.rest_on(name, kind)
        yield from self.press()
        yield from self.rest()

    def type_into(self, name, text, kind="VIEW_3D"):
        """Type into a field of the sidebar and press Enter.

        Raises:
            WindowError: if the field does not hold it then.
        """
        for _ in range(3):
            yield from self.rest_on(name, kind)
            place = self.felt(self.sidebar(kind), self.area(kind))
            yield from self.press("RET")
            yield from self.rest(0.2)
            yield from self.press("A", ctrl=True)
            yield from self.write(text)
            yield from self.press("RET")
            yield from self.rest(0.2)
            held = eval(place, {"bpy": bpy})  # Blender's own words for the property
            if held == (text if isinstance(held, str) else float(text)):
                return
        raise WindowError(f"{name} holds {held!r}, not {text!r}")

    def write(self, text):
        """Type letters; all that is typed is one letter of no key, so that no shortcut hears it."""
        for letter in text:
            for value, own in (("PRESS", {"unicode": letter}), ("RELEASE", {})):
                self.window.event_simulate(
                    type="F19", value=value, x=self.at[0], y=self.at[1], **own
                )
            yield
