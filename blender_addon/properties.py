"""What the panel edits, saved with the scene, and what it shows while the engine works."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

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

from ..engine.models.catalogue import Model
from ..engine.motion.request import LONGEST_SECONDS, MOST_TAKES, MotionRequest
from ..engine.motion.skeleton import PARTS
from . import model_list
from .core.edits import plans, prompts, take_history
from .core.edits.edit_requests import (
    END,
    EXTEND,
    GENERATE,
    LONG_TAKE,
    NEW_TAKES,
    REGENERATE,
    START,
    UPPER_BODY,
    VARY,
    Recipe,
    recipe_for,
)
from .core.edits.generate_request import rounded_seconds, take_request
from .core.edits.model_choice import choose_model
from .core.edits.panel_settings import settings_of
from .core.errors import errors_for_animators
from .plan_properties import CLASSES as PLAN_CLASSES
from .plan_properties import KEYFILL_PG_plan
from .run_properties import KEYFILL_PG_review, KEYFILL_PG_status, KEYFILL_PG_take
from .scene.reading.timeline import scene_fps

CHARACTER = "CHARACTER"
WORLD_ORIGIN = "WORLD_ORIGIN"
LEFT = "LEFT"
RIGHT = "RIGHT"

PART_NAMES = (
    ("Lower Body", "Hips, legs and the path of the character"),
    ("Torso", "Spine, neck and head"),
    ("Left Arm", "The left shoulder, arm and hand"),
    ("Right Arm", "The right shoulder, arm and hand"),
)
"""Names and tooltips of the body parts, in the order of PARTS."""


def _part_toggle(part: str, name: str) -> Any:
    """Return a toggle that shows and changes one of the body parts; `parts` holds them."""

    def change(settings: PropertyGroup, is_on: bool) -> None:
        settings.parts = settings.parts | {part} if is_on else settings.parts - {part}

    return BoolProperty(
        name=name,
        description=f"Make this anew: {dict(zip(PARTS, PART_NAMES, strict=True))[part][1]}",
        get=lambda settings: part in settings.parts,
        set=change,
        options={"SKIP_SAVE"},
    )


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
    frame_start: IntProperty(
        name="Start",
        description="First scene frame to edit; 0 and 0 take the selected keys, "
        "else the preview range, else all keys",
        default=0,
    )
    frame_end: IntProperty(
        name="End",
        description="Last scene frame to edit, itself included; 0 and 0 take the selected keys, "
        "else the preview range, else all keys",
        default=0,
    )
    parts: EnumProperty(
        name="Body Parts",
        description="What is made anew; everything else stays as it is",
        items=tuple((part, *names) for part, names in zip(PARTS, PART_NAMES, strict=True)),
        options={"ENUM_FLAG"},
        default=set(PARTS),
    )
    has_lower_body: _part_toggle("LOWER_BODY", "Legs")
    has_torso: _part_toggle("TORSO", "Torso")
    has_left_arm: _part_toggle("LEFT_ARM", "Left Arm")
    has_right_arm: _part_toggle("RIGHT_ARM", "Right Arm")
    use_selected_bones: BoolProperty(
        name="Selected Bones Only",
        description="Only the selected pose bones get keys; "
        "the model fills the body parts that they belong to",
        default=False,
    )
    strength: FloatProperty(
        name="Strength",
        description="How far the upper body may leave what the legs suggest: "
        "0 keeps close to the motion, 1 follows the prompt alone",
        default=0.0,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    variation: FloatProperty(
        name="Variation",
        description="How much of the chosen frames and body parts is made anew",
        default=0.5,
        min=0.01,
        max=1.0,
        subtype="FACTOR",
    )
    fewer_keys: BoolProperty(
        name="Fewer Keys",
        description="Edits of curves that were keyed by hand get only the keys that the "
        "tolerances need; curves with a key on most frames stay dense",
        default=True,
    )
    fewer_degrees: FloatProperty(
        name="Degrees",
        description="Largest error of a bone's rotation in an edit",
        default=0.5,
        min=0.01,
        soft_max=5.0,
    )
    fewer_millimetres: FloatProperty(
        name="Millimetres",
        description="Largest error of the path in an edit, as on a person of common height",
        default=2.0,
        min=0.01,
        soft_max=50.0,
    )
    extend_seconds: FloatProperty(
        name="Seconds",
        description="How much is added",
        default=2.0,
        soft_min=0.1,
        soft_max=LONGEST_SECONDS,
        step=50,
        precision=2,
        subtype="TIME_ABSOLUTE",
    )
    extend_where: EnumProperty(
        name="Where",
        description="Which end of the motion is extended",
        items=(
            (END, "After the End", "Go on after the last key"),
            (START, "Before the Start", "Lead in before the first key"),
        ),
        default=END,
    )
    loop_in_place: BoolProperty(
        name="In Place",
        description="The character stays where it is instead of moving on with each cycle",
        default=False,
    )
    next_action: PointerProperty(
        name="Next",
        description="Action that In-Between joins on after a gap, which it then fills; "
        "empty fills between two key poses",
        type=bpy.types.Action,
    )
    gap_seconds: FloatProperty(
        name="Gap",
        description="Time between the end of the action and the start of the next one",
        default=1.0,
        soft_min=0.1,
        soft_max=6.0,
        step=10,
        precision=2,
        subtype="TIME_ABSOLUTE",
    )
    pinned_hands: EnumProperty(
        name="Pin Hands",
        description="Hands that stay on their path, or on the held object, "
        "while the rest of the body changes",
        items=(
            (LEFT, "Left Hand", "Keep the left hand where it is"),
            (RIGHT, "Right Hand", "Keep the right hand where it is"),
        ),
        options={"ENUM_FLAG"},
        default=set(),
    )
    held_object: PointerProperty(
        name="Held",
        description="Object that pinned hands keep hold of; empty keeps them on their own path",
        type=bpy.types.Object,
    )
    beats: StringProperty(
        name="Beats",
        description="What happens one after another, each with its seconds, on lines of their own "
        "or between semicolons: 4: a person walks; 2: a person sits down",
    )
    model_name: StringProperty(
        name="Model Name",
        description="Name of the chosen model, which is saved; empty takes the default one",
    )
    # The name is kept, not the place in the list: lists differ between machines.
    model: EnumProperty(
        name="Model",
        description="The model that makes the motion; buttons that it cannot serve are disabled",
        items=model_list.menu_items,
        get=model_list.chosen_number,
        set=model_list.choose_number,
        options=set(),
    )
    keeps_takes: BoolProperty(
        name="Takes on NLA Tracks",
        description="Each accepted take gets a muted NLA track of its own, named by prompt and "
        "seed",
        default=False,
    )
    grows_range: BoolProperty(
        name="Grow Scene Range",
        description="The scene's start and end move so far out that they hold a new take",
        default=False,
    )
    next_seed: IntProperty(description="The first seed that the last motion did not use", min=0)
    history: StringProperty(description="The last motions as JSON, the newest first")
    recent_prompts: StringProperty(description="The last prompts as JSON, the newest first")
    review: PointerProperty(type=KEYFILL_PG_review)
    plan: PointerProperty(type=KEYFILL_PG_plan)

    def to_request(self) -> MotionRequest:
        """Return the engine's request; UserError where it cannot be served."""
        return take_request(self.to_recipe(GENERATE))

    def to_model(self) -> Model:
        """Return the chosen model.

        Raises:
            UserError: if it is not there, or cannot be used.
        """
        return choose_model(model_list.read_models(is_fresh=True), self.model_name)

    def to_recipe(self, operation: str) -> Recipe:
        """Return what an edit shall do; its frames are chosen when the character is read.

        Raises:
            UserError: if no body part is chosen, or the model is not there.
        """
        parts = tuple(part for part in PARTS if part in self.parts)
        whole = Recipe(
            operation=operation,
            prompt=" ".join(self.prompt.split()),
            seed=self.seed,
            takes=self.takes,
            parts=parts,
            strength=rounded_seconds(self.strength),
            variation=rounded_seconds(self.variation),
            where=self.extend_where,
            in_place=self.loop_in_place,
            next_action=self.next_action.name if self.next_action else "",
            beats=self.beats,
            pinned=tuple(side.lower() for side in (LEFT, RIGHT) if side in self.pinned_hands),
            held=self.held_object.name if self.held_object else "",
            model=self.to_model().name,
            seconds=rounded_seconds(self.seconds),
        )
        with errors_for_animators():
            recipe = recipe_for(operation, whole)
        is_ours = operation in NEW_TAKES and self.plan.source == plans.source_of(recipe)
        if is_ours and self.plan.is_own():
            return replace(recipe, plan=self.plan.text(), is_plan_own=True)
        return recipe

    def plan_sources(self) -> tuple[str, str]:
        """Return what plans of a take and of a long take would be for now."""
        prompt, seconds = " ".join(self.prompt.split()), rounded_seconds(self.seconds)
        take = Recipe(GENERATE, prompt, seconds=seconds)
        return plans.source_of(take), plans.source_of(Recipe(LONG_TAKE, "", beats=self.beats))

    def take_recipe(self, recipe: Recipe) -> None:
        """Show the settings with which a motion was made."""
        self.prompt, self.seed, self.takes = recipe.prompt, recipe.seed, recipe.takes
        self.model_name = recipe.model
        self.use_selected_bones = bool(recipe.bones)
        for name, value in settings_of(recipe).items():
            setattr(self, name, value)
        if recipe.plan:
            tracks = plans.text_to_tracks(recipe.plan)
            self.plan.show(tracks, plans.source_of(recipe), recipe.is_plan_own)
        if recipe.operation == EXTEND:
            count = recipe.frames[1] - recipe.frames[0] + 1
            self.extend_seconds = count / scene_fps(self.id_data)
        if recipe.operation in (REGENERATE, VARY, UPPER_BODY):
            self.held_object = self.id_data.objects.get(recipe.held) if recipe.held else None

    def edit_tolerances(self) -> tuple[float, float]:
        """Return degrees and millimetres that keys of an edit may be off."""
        # Blender's numbers are of single precision: 0.1 arrives as 0.100000001.
        return round(self.fewer_degrees, 4), round(self.fewer_millimetres, 4)

    def remember(self, recipe: Recipe, made: int = 1) -> None:
        """Put a motion at the head of the history, and its prompt among the last ones.

        Args:
            recipe: what makes it again.
            made: how many takes there were, with the seeds from the recipe's on.
        """
        history = take_history.text_to_history(self.history)
        self.history = take_history.history_to_text(take_history.remember(history, recipe))
        self.next_seed = (recipe.seed + made) % (2**31 - 1)
        if recipe.prompt and not recipe.beats:
            last = prompts.remember_prompt(self.last_prompts(), recipe.prompt)
            self.recent_prompts = prompts.prompts_to_text(last)

    def last_prompts(self) -> tuple[str, ...]:
        """Return the last prompts, the newest first."""
        return prompts.text_to_prompts(self.recent_prompts)


_register_classes, _unregister_classes = bpy.utils.register_classes_factory(
    (*PLAN_CLASSES, KEYFILL_PG_take, KEYFILL_PG_review, KEYFILL_PG_settings, KEYFILL_PG_status)
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
