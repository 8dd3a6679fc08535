"""Random calls in the real window, where the operators run modally: nothing sticks, no key is lost.

The calls, settings and events are those of tests/addon_blender/random_calls.py; here they come
while a motion is made, too, beside keys that are pressed, files that are loaded, and an extension
that is disabled. A block starts with an empty file and has a seed of its own.
"""

import sys
from pathlib import Path

import addon_utils
import bpy
from journey import PACKAGE

REPOSITORY = Path(__file__).resolve().parents[2]
ENGINE = REPOSITORY / "tests" / "editing_engine.py"
ALIAS = "keyfill_extension"
"""What tests call the extension."""

CALLS_A_BLOCK = 50
WAITED = 0.6
"""Share of the motions that are waited for; the next calls come while the others are made."""


def disorder(journey):
    """Make the calls that were asked for, in blocks."""
    share_modules()
    first, count = journey.hand.job["block"], journey.hand.job["calls"]
    done = 0
    for seed in range(first, first - (-count // CALLS_A_BLOCK)):
        block = Block(journey, seed)
        yield from block.run()
        done += block.done
        print(f"block {seed}: {block.done} of {CALLS_A_BLOCK} calls did their work", flush=True)
    # Calls that are all refused would prove little.
    journey.check(done >= count / 10, f"only {done} of {count} calls did their work")


def share_modules():
    """Make the enabled extension known under the name that the tests import it by."""
    for name, module in list(sys.modules.items()):
        if name == PACKAGE or name.startswith(f"{PACKAGE}."):
            sys.modules[ALIAS + name.removeprefix(PACKAGE)] = module
    sys.modules[ALIAS].__path__.append(str(REPOSITORY))  # where its tests lie


class Block:
    """Calls of one seed."""

    def __init__(self, journey, seed):
        from keyfill_extension.tests.addon_blender import random_calls

        self.journey, self.hand, self.seed = journey, journey.hand, seed
        self.tests, self.calls = random_calls, random_calls.Calls(seed)
        self.random = self.calls.random
        self.done = 0
        self.own_events = {
            self.press_escape: 1, self.press_undo: 2, self.play: 1, self.new_file: 0.2,
            self.enable_anew: 0.3, self.other_workspace: 0.5,
        }  # fmt: skip

    def run(self):
        """Start with an empty file; end with nothing that runs."""
        yield from self.new_file()
        self.take_engine()
        for _ in range(CALLS_A_BLOCK):
            before = len(self.journey.report["failed"])
            yield from self.call()
            if len(self.journey.report["failed"]) > before:
                break
        yield from self.settle()

    def call(self):
        """Let something happen, call an operator as a button does, and check what must hold."""
        for _ in range(self.random.integers(0, 3)):
            yield from self.happen()
        if not self.journey.status.is_running and self.random.random() < 0.4:
            self.within(lambda: self.tests.be_sensible(self.random))
        if self.random.random() < 0.4:
            self.calls.draw_settings(bpy.context.scene.keyfill)
        name = str(self.random.choice(self.tests.NAMES, p=self.tests._weights()))
        was_running = self.journey.status.is_running
        bpy.context.view_layer.update()
        before = self.tests.snapshot()
        words = self.within(lambda: self.press(name))
        self.calls.done.append(f"{name} {words}{' while one is made' if was_running else ''}")
        yield from self.hand.rest(0.1)
        self.check_answer(words, before, was_running)
        if words == "RUNNING_MODAL" and self.random.random() < WAITED:
            yield from self.settle()
            self.check_motion(name, before)
        self.done += words in ("FINISHED", "RUNNING_MODAL")

    def press(self, name):
        """Call an operator as its button does; return what it answered."""
        if name == "add_models":  # its button opens a window with files
            return self.calls.operate(name)
        return self.calls.operate(name, "INVOKE_DEFAULT")

    def settle(self):
        """Wait until nothing is made: a motion that never ends is what is looked for."""
        yield from self.hand.wait(
            lambda: not self.journey.status.is_running, f"an end of\n{self.last_calls()}", 90.0
        )
        yield from self.hand.rest(0.1)

    # --- what must hold

    def check_answer(self, words, before, was_running):
        """Nothing fails unforeseen, and what was refused changed nothing."""
        told = f"{words} {self.journey.status.error}"
        self.check("Traceback" not in told and self.tests.UNFORESEEN not in told, told)
        # While it plays, or while a motion is made, things change by themselves.
        is_still = not (was_running or self.hand.window.screen.is_animation_playing)
        if is_still and words not in ("FINISHED", "RUNNING_MODAL"):
            different = self.tests._differences(before, self.tests.snapshot())
            self.check(not different, f"{different}")

    def check_motion(self, name, before):
        """A motion that was waited for lost no object and no key of another action."""
        after, told = self.tests.snapshot(), self.journey.status.error
        self.check(self.tests.UNFORESEEN not in told, told)
        self.check(set(before["objects"]) <= set(after["objects"]), "objects are lost")
        self.check(len(after["objects"]) == len(before["objects"]), "objects are left behind")
        touched = self.tests._may_change(name, before)
        for action, each in before["actions"].items():
            is_kept = after["actions"].get(action, {}).get("keys") == each["keys"]
            self.check(action in touched or is_kept, f"the keys of {action} changed")

    def check(self, is_true, told):
        """Note what failed with the last calls."""
        self.journey.check(is_true, f"block {self.seed}: {told}\n{self.last_calls()}")

    def last_calls(self):
        return "\n".join(self.calls.done[-12:])

    # --- what happens between two calls

    def happen(self):
        """Let the animator, or something else, do something."""
        theirs = {event: often for event, often in self.tests.EVENTS.items()
                  if event not in (self.tests.undo, self.tests.push_undo)}  # fmt: skip
        events = theirs | self.own_events
        shares = [often / sum(events.values()) for often in events.values()]
        event = list(events)[self.random.choice(len(events), p=shares)]
        self.calls.done.append(event.__name__)
        if event in self.own_events:
            yield from event()
        else:
            self.within(lambda: event(self.random))
            yield

    def within(self, act):
        """Do something as if the mouse were in the 3D view."""
        with bpy.context.temp_override(**self.hand.place()):
            return act()

    def press_escape(self):
        yield from self.hand.park()
        yield from self.hand.press("ESC")

    def press_undo(self):
        """Take a step back, and sometimes forth again; scripts push no steps of their own."""
        self.within(lambda: bpy.ops.ed.undo_push(message="Random"))
        yield from self.hand.park()
        yield from self.hand.press("Z", ctrl=True)
        yield from self.hand.rest(0.1)
        if self.random.random() < 0.5:
            yield from self.hand.press("Z", ctrl=True, shift=True)
            yield from self.hand.rest(0.1)

    def play(self):
        """Start the playback, or end it."""
        self.within(bpy.ops.screen.animation_play)
        yield from self.hand.rest(0.1)

    def other_workspace(self):
        """Have another set of editors around the same scene."""
        names = ("Layout", "Animation")
        yield from self.hand.go_to(names[self.random.integers(2)])

    def new_file(self):
        """Load an empty file, whatever is made meanwhile."""
        bpy.ops.wm.read_homefile(use_empty=True, load_ui=False)
        yield
        self.hand.window = bpy.context.window_manager.windows[0]
        yield from self.hand.rest(0.2)

    def enable_anew(self):
        """Disable the extension, whatever is made meanwhile, and enable it again."""
        addon_utils.disable(PACKAGE)
        yield from self.hand.rest(0.1)
        self.check(addon_utils.enable(PACKAGE) is not None, "it cannot be enabled again")
        self.take_engine()
        self.check(not self.journey.status.is_running, "enabled anew, it is still running")
        yield from self.hand.rest(0.1)

    def take_engine(self):
        """Let an engine without a model answer, in a worker that takes its time."""
        from keyfill_extension.blender_addon import engine_link
        from keyfill_extension.blender_addon.core.link.worker_settings import WorkerSettings

        settings = WorkerSettings(
            python=self.hand.job["python"], engine=f"{ENGINE}:load_unhurried", device="cpu"
        )
        engine_link.connect(lambda: settings)
