"""Random calls of all operators among random events of a scene, and what must hold after each.

Settings and the operators' own properties are drawn from what Blender knows of them, so that new
ones take part by themselves. A block of calls starts with an empty file and has a seed of its
own: it can be run again alone.
"""

from __future__ import annotations

import contextlib
import os
import signal
import string
from collections.abc import Callable

import bpy
import numpy as np
from keyfill_extension.blender_addon import engine_link, operators
from keyfill_extension.blender_addon.core.errors import UNFORESEEN
from keyfill_extension.tests.addon_blender.snapshots import snapshot

MOST_CHARACTERS, MOST_ACTIONS = 3, 6
"""More are not made: a block shall stay quick."""

PROMPTS = (
    "someone walks", "someone jumps", "", "   ", "fail", "wave\nand walk", "a" * 300,
    "Ärger – 走る 'quoted' $HOME", "2: someone walks",
)  # fmt: skip
BEATS = ("1: someone walks\n1: someone jumps", "", "walk", "-1: walk", "0.5: walk\n1: fail")

EDITS = ("regenerate", "edit_upper_body", "in_between", "extend", "make_loop", "vary", "remake",
         "next_seed")
NEW_TAKES = ("generate", "long_take")
FILES = ("export_rig_preset", "import_rig_preset", "save_rig_preset", "remove_rig_preset",
         "open_manual")
"""They write into the user's folder, read any file or open one: their own tests call them."""

NAMES = tuple(
    cls.bl_idname.partition(".")[2]
    for cls in operators.CLASSES
    if cls.bl_idname.partition(".")[2] not in FILES
)


class Calls:
    """A block of random calls."""

    def __init__(self, seed: int, longest_seconds: float = 2.0) -> None:
        self.random = np.random.default_rng(seed)
        self.longest_seconds = longest_seconds
        self.done: list[str] = []
        """What was called, in words, to find out what led to a failure."""

    def call(self) -> None:
        """Let something happen in the scene, call an operator, and check what must hold."""
        for _ in range(self.random.integers(0, 3)):
            self.happen()
        if self.random.random() < 0.4:
            be_sensible(self.random)
        if self.random.random() < 0.4:
            self.draw_settings(bpy.context.scene.keyfill)
        name = str(self.random.choice(NAMES, p=_weights()))
        bpy.context.view_layer.update()  # matrices follow what happened
        before = snapshot()
        words = self.operate(name)
        self.done.append(f"{name} {words}")
        self.check(name, before, snapshot(), words)

    def operate(self, name: str, context: str = "EXEC_DEFAULT") -> str:
        """Call an operator with random properties; return its answer, or why it did nothing."""
        operator = getattr(bpy.ops.keyfill, name)
        values = {}
        for known in operator.get_rna_type().properties:
            if _is_free(known) and self.random.random() < 0.5:
                values[known.identifier] = self.draw(known)
        try:
            (answer,) = operator(context, **values)
        except RuntimeError as error:
            return str(error)
        return str(answer)

    def draw_settings(self, settings: bpy.types.PropertyGroup) -> None:
        """Change some of the panel's settings."""
        for known in settings.bl_rna.properties:
            if _is_free(known) and known.identifier != "history" and self.random.random() < 0.2:
                setattr(settings, known.identifier, self.draw(known))

    def draw(self, known: bpy.types.Property) -> object:
        """Return a value that Blender lets one set: often usual, sometimes at an end."""
        if known.type == "BOOLEAN":
            return bool(self.random.random() < 0.5)
        if known.type == "INT":
            low, high = max(known.hard_min, -20), min(known.hard_max, 90)
            return int(self.random.choice([low, high, self.random.integers(low, high + 1), 0, 3])
                       if low <= 0 else self.random.integers(low, min(high, 4) + 1))  # fmt: skip
        if known.type == "FLOAT":
            high = min(known.hard_max, self.longest_seconds)
            return float(self.random.choice([known.hard_min, self.random.uniform(0, high), 0.5])
                         if known.hard_min > -1e6 else self.random.uniform(-1, high))  # fmt: skip
        if known.type == "ENUM":
            return self.draw_enum(known)
        if known.identifier == "beats":
            return str(self.random.choice(BEATS))
        if known.identifier == "prompt":
            return str(self.random.choice(PROMPTS, p=[0.3, 0.3] + [0.4 / 7] * 7))
        if known.identifier == "model_name" and self.random.random() < 0.95:
            return ""
        return "".join(self.random.choice(list(string.ascii_letters + ". "), 5))

    def draw_enum(self, known: bpy.types.EnumProperty) -> object:
        """Return one of an enum's items, or some of them."""
        items = [item.identifier for item in known.enum_items]
        if known.is_enum_flag:
            return {item for item in items if self.random.random() < 0.6}
        return str(self.random.choice(items))

    def happen(self) -> None:
        """Let the animator, or something else, do something between two calls."""
        chances = np.array(list(EVENTS.values()))
        event = self.random.choice(list(EVENTS), p=chances / chances.sum())
        self.done.append(event.__name__)
        event(self.random)

    def check(self, name: str, before: dict, after: dict, words: str) -> None:
        """Raise AssertionError where a call broke what every call promises."""
        told = "\n".join(self.done[-12:])
        assert "Traceback" not in words, told
        assert UNFORESEEN not in words, f"{told}\n{words}"
        assert not bpy.context.window_manager.keyfill_status.is_running, told
        is_done = words == "FINISHED"
        if not is_done:
            assert not _differences(before, after), f"{told}\n{_differences(before, after)}"
        lost = set(before["objects"]) - set(after["objects"])
        assert not lost, f"{told}\nlost {lost}"
        made = len(after["objects"]) - len(before["objects"])
        assert made == 0 or name == "add_mannequin", f"{told}\nleft objects behind"
        touched = _may_change(name, before)
        for action, each in before["actions"].items():
            if action not in touched:
                assert after["actions"].get(action, {}).get("keys") == each["keys"], (
                    f"{told}\nchanged the keys of {action}"
                )


def _differences(before: object, after: object, place: str = "") -> list[str]:
    """Return what a refused call changed, with places, a few at most."""
    if isinstance(before, dict) and isinstance(after, dict) and set(before) == set(after):
        found = [_differences(before[key], after[key], f"{place}/{key}") for key in before]
        return [difference for each in found for difference in each][:5]
    return [] if before == after else [f"refused, and yet changed {place}"]


def _is_free(known: bpy.types.Property) -> bool:
    """Say whether a property can be drawn: a plain one, its choices not made by a function."""
    if known.is_readonly or known.identifier in ("name", "rna_type"):
        return False
    if known.type == "ENUM":
        return len(known.enum_items) > 0
    return known.type in ("BOOLEAN", "INT", "FLOAT", "STRING") and not getattr(
        known, "is_array", False
    )


def _weights() -> list[float]:
    """Return how often each operator is called: those that make motion most."""
    weights = np.array([3.0 if name in EDITS + NEW_TAKES else 1.0 for name in NAMES])
    return list(weights / weights.sum())


def _may_change(name: str, before: dict) -> set[str]:
    """Return the actions whose keys a call may change: an edit's own, or those of a review."""
    if name in ("step_take", "accept_take", "discard_take"):
        return set(before["actions"])
    if name not in EDITS:
        return set()
    active = bpy.context.object
    owner = active.parent if active and active.type == "MESH" and active.parent else active
    data = before["objects"].get(owner.name if owner else "", {})
    return {data.get("action")}


# Events: each takes the block's random numbers.


def be_sensible(random: np.random.Generator) -> None:
    """Have an animated character chosen, and settings with which most buttons can do their work."""
    _leave_modes()
    armatures = [ob for ob in bpy.context.view_layer.objects if ob.type == "ARMATURE"]
    if not armatures:
        bpy.ops.keyfill.add_mannequin()
        armatures = [bpy.context.object]
    ob = armatures[random.integers(len(armatures))]
    bpy.context.view_layer.objects.active = ob
    first = int(random.integers(1, 20))
    values = {
        "prompt": "someone walks", "seconds": float(random.choice([1.0, 1.5])), "takes": 1,
        "model_name": "", "pinned_hands": set(), "use_selected_bones": False,
        "frame_start": first, "frame_end": first + int(random.integers(3, 10)),
        "extend_seconds": 0.5, "gap_seconds": 0.5, "beats": "1: someone walks\n0.5: someone jumps",
    }  # fmt: skip
    values["takes"] = int(random.choice([1, 1, 3]))
    for name, value in values.items():
        setattr(bpy.context.scene.keyfill, name, value)
    bpy.context.scene.keyfill.plan.rows.clear()
    if ob.animation_data is None or ob.animation_data.action is None:
        bpy.context.scene.frame_set(1)
        bpy.context.scene.keyfill.seed = int(random.integers(100))
        if bpy.ops.keyfill.generate.poll():
            _try(bpy.ops.keyfill.generate)


def _try(operator: Callable[[], object]) -> None:
    """Call an operator that may refuse, as a character without bones is refused."""
    with contextlib.suppress(RuntimeError):
        operator()


def add_character(random: np.random.Generator) -> None:
    if sum(ob.type == "ARMATURE" for ob in bpy.data.objects) < MOST_CHARACTERS:
        _leave_modes()
        bpy.ops.keyfill.add_mannequin()


def choose_object(random: np.random.Generator) -> None:
    objects = list(bpy.context.view_layer.objects)
    if objects and bpy.context.mode == "OBJECT":
        bpy.context.view_layer.objects.active = objects[random.integers(len(objects))]


def change_mode(random: np.random.Generator) -> None:
    ob = bpy.context.object
    if ob is not None and ob.type == "ARMATURE" and ob.visible_get():
        bpy.ops.object.mode_set(mode=str(random.choice(["OBJECT", "POSE", "EDIT"])))


def key_a_bone(random: np.random.Generator) -> None:
    ob = bpy.context.object
    if ob is None or ob.type != "ARMATURE" or ob.mode == "EDIT" or not ob.pose.bones:
        return
    bone = ob.pose.bones[random.integers(len(ob.pose.bones))]
    bone.rotation_mode = str(random.choice(["QUATERNION", "XYZ"]))
    path = "rotation_quaternion" if bone.rotation_mode == "QUATERNION" else "rotation_euler"
    for frame in random.integers(-5, 90, 4):
        setattr(bone, path, random.normal(size=len(getattr(bone, path))))
        bone.keyframe_insert(path, frame=int(frame))


def drop_action(random: np.random.Generator) -> None:
    ob = bpy.context.object
    if ob is not None and ob.animation_data is not None:
        ob.animation_data.action = None


def remove_actions(random: np.random.Generator) -> None:
    """Without them a block would grow slow; those that objects show, or that wait, stay."""
    for ob in bpy.data.objects:
        data = ob.animation_data
        for track in list(data.nla_tracks) if data is not None and ob.is_editable else ():
            data.nla_tracks.remove(track)
    for action in list(bpy.data.actions)[MOST_ACTIONS:]:
        if action.users == 0 or (action.use_fake_user and action.users == 1):
            bpy.data.actions.remove(action)


def delete_object(random: np.random.Generator) -> None:
    if random.random() < 0.2 and bpy.context.object is not None:
        _leave_modes()
        bpy.data.objects.remove(bpy.context.object)


def rename(random: np.random.Generator) -> None:
    if bpy.context.object is not None:
        bpy.context.object.name = str(random.choice(["Hero", "Hero", "Ä ö", "x" * 60]))


def move(random: np.random.Generator) -> None:
    if bpy.context.object is not None:
        bpy.context.object.location = random.normal(size=3) * 5
        bpy.context.object.scale = [float(random.choice([0.01, 1.0, 3.0]))] * 3


def change_frame(random: np.random.Generator) -> None:
    bpy.context.scene.frame_set(int(random.integers(-20, 120)))


def change_rate(random: np.random.Generator) -> None:
    render = bpy.context.scene.render
    render.fps = int(random.choice([12, 24, 30, 60]))
    render.fps_base = float(random.choice([1.0, 1.001]))


def push_undo(random: np.random.Generator) -> None:
    bpy.ops.ed.undo_push(message="Random")


def undo(random: np.random.Generator) -> None:
    """Take the last step back, and sometimes forth again.

    Blender pushes a step after each button; a script's changes are pushed here, for an undo
    that does not know of changes leaves dangling pointers.
    """
    bpy.ops.ed.undo_push(message="Random")
    if bpy.ops.ed.undo.poll():
        bpy.ops.ed.undo()
    if random.random() < 0.5 and bpy.ops.ed.redo.poll():
        bpy.ops.ed.redo()


def kill_worker(random: np.random.Generator) -> None:
    if random.random() < 0.1 and engine_link.worker_pid() and os.name == "posix":
        os.kill(engine_link.worker_pid(), signal.SIGKILL)


def stop_worker(random: np.random.Generator) -> None:
    if random.random() < 0.1:
        engine_link.stop()


def _leave_modes() -> None:
    if bpy.context.object is not None and bpy.context.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")


EVENTS = {
    add_character: 1, choose_object: 2, change_mode: 2, key_a_bone: 3, drop_action: 0.3,
    remove_actions: 3, delete_object: 1, rename: 1, move: 2, change_frame: 2, change_rate: 1,
    undo: 1, push_undo: 2, kill_worker: 1, stop_worker: 1,
}  # fmt: skip
"""What may happen, and how often beside the others."""
