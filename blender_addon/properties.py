"""What the panel edits, saved with the scene, and what it shows while the engine works."""

from __future__ import annotations

import bpy
from bpy.props import (
    BoolProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)
from bpy.types import PropertyGroup

from ..engine.motion.request import LONGEST_SECONDS, MOST_TAKES, MotionRequest
from .core.requests import GenerateSettings

CHARACTER = "CHARACTER"
WORLD_ORIGIN = "WORLD_ORIGIN"


class KEYFILL_PG_settings(PropertyGroup):
    """The animator's wishes, one set a scene."""

    prompt: StringProperty(
        name="Prompt",
        description="What the character shall do, in English: "
        "a person walks forward, turns around and waves",
    )
    # No hard limits: a length that cannot be made is refused with the cure, not changed unasked.
    seconds: FloatProperty(
        name="Length",
        description="Seconds of motion; 0 lets the engine choose what the prompt needs",
        default=0.0,
        soft_min=0.0,
        soft_max=LONGEST_SECONDS,
        step=50,
        precision=2,
        subtype="TIME_ABSOLUTE",
    )
    seed: IntProperty(
        name="Seed",
        description="The same prompt, length and seed give the same motion",
        default=0,
        min=0,
    )
    takes: IntProperty(
        name="Takes",
        description="How many motions to make; each becomes an action of its own",
        default=1,
        min=1,
        max=MOST_TAKES,
    )
    start_at: EnumProperty(
        name="Start At",
        description="Where the motion begins",
        items=(
            (CHARACTER, "Character", "Where the character stands now and the way it faces"),
            (WORLD_ORIGIN, "World Origin", "At the world's origin, facing the front view"),
        ),
        default=CHARACTER,
    )

    def to_request(self) -> MotionRequest:
        """Return the engine's request; UserError where it cannot be served."""
        return GenerateSettings(self.prompt, self.seconds, self.seed, self.takes).to_request()


class KEYFILL_PG_status(PropertyGroup):
    """What the engine does now and what came of the last request; never saved."""

    is_running: BoolProperty(options={"SKIP_SAVE"})
    is_cancel_requested: BoolProperty(options={"SKIP_SAVE"})
    factor: FloatProperty(min=0.0, max=1.0, options={"SKIP_SAVE"})
    label: StringProperty(options={"SKIP_SAVE"})
    error: StringProperty(options={"SKIP_SAVE"})
    remedy: StringProperty(options={"SKIP_SAVE"})
    prompt_cut: StringProperty(options={"SKIP_SAVE"})


_register_classes, _unregister_classes = bpy.utils.register_classes_factory(
    (KEYFILL_PG_settings, KEYFILL_PG_status)
)


def register() -> None:
    """Put the settings on scenes and the status on the window manager."""
    _register_classes()
    bpy.types.Scene.keyfill = PointerProperty(type=KEYFILL_PG_settings)
    bpy.types.WindowManager.keyfill_status = PointerProperty(type=KEYFILL_PG_status)


def unregister() -> None:
    """Take both away again."""
    del bpy.types.WindowManager.keyfill_status
    del bpy.types.Scene.keyfill
    _unregister_classes()
