"""What an edit is before Blender is read: one recipe that can be made again, and its frames.

Scene frames are whole and inclusive at both ends; clip frames are counted from
0 at 30 fps and their spans are half-open. It knows no bones of Blender, no
action and no worker.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from ....engine.motion import edits
from ....engine.motion.bones.matching import BoneMap
from ....engine.motion.request import RequestError
from ....engine.motion.skeleton import FPS, JOINTS, PART_JOINTS, PARTS
from .beats import parse_beats as parse_beats

GENERATE = "generate"
REGENERATE = "regenerate"
UPPER_BODY = "edit_upper_body"
IN_BETWEEN = "in_between"
EXTEND = "extend"
LOOP = "make_loop"
VARY = "vary"
LONG_TAKE = "long_take"

NEW_TAKES = (GENERATE, LONG_TAKE)
"""What makes new actions; everything else edits the keys that are there."""

NEED_NO_PROMPT = (IN_BETWEEN, EXTEND, LOOP)
"""What the kept frames describe well enough."""

LABELS = {
    GENERATE: "Generate",
    REGENERATE: "Regenerate",
    UPPER_BODY: "Edit Upper Body",
    IN_BETWEEN: "In-Between",
    EXTEND: "Extend",
    LOOP: "Make Loop",
    VARY: "Vary",
    LONG_TAKE: "Long Take",
}
"""What the panel calls each operation."""

END = "end"
START = "start"

CONTEXT_SECONDS = 4.0
"""How much kept motion the engine sees on each side of the frames that it fills."""

Frames = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Recipe:
    """One edit with everything that is needed to make it again."""

    operation: str
    """A key of LABELS."""

    prompt: str
    """What the filled cells shall show."""

    seed: int = 0
    """Take k uses seed + k."""

    takes: int = 1
    """How many motions to make."""

    frames: Frames = (0, 0)
    """The scene frames that are filled, both inclusive; for a loop the cycle."""

    parts: tuple[str, ...] = PARTS
    """Body parts that the model fills, in the order of PARTS."""

    bones: tuple[str, ...] = ()
    """Only these bones get keys; empty means every mapped bone of the parts."""

    strength: float = 0.0
    """Upper body: share of the kept cells that the model is not shown, 0 to 1; more obeys the
    prompt rather than the legs."""

    variation: float = 0.0
    """Share of the cells that are made again, 0 to 1; 0 makes all of them new."""

    where: str = END
    """Extend: at the END or before the START."""

    in_place: bool = False
    """Loop: the character stays where it is."""

    next_action: str = ""
    """In-between: the action that is joined on after the gap; empty fills within one action."""

    beats: str = ""
    """Long take: its prompts and seconds as text."""

    pinned: tuple[str, ...] = ()
    """Hands that stay where they are, or on what they hold: "left", "right"."""

    held: str = ""
    """The object that pinned hands hold; empty keeps their own path."""

    model: str = ""
    """Which model makes it; empty takes the default one."""

    seconds: float = 0.0
    """Generate: length of the take; 0 lets the engine choose."""

    plan: str = ""
    """New takes: what happens in them, tracks as JSON; empty before the prompt is read."""

    is_plan_own: bool = False
    """Whether the animator changed the plan: it is sent then, else the prompt is read anew."""

    @property
    def label(self) -> str:
        """The operation's name for people."""
        return LABELS[self.operation]


@dataclass(frozen=True, slots=True)
class RangeSources:
    """What the scene says about the frames to edit; each pair is inclusive."""

    animated: Frames
    """First and last key of the character."""

    explicit: Frames = (0, 0)
    """`frame_start` and `frame_end` of the settings; 0 and 0 leave the choice to the others."""

    selected: Frames | None = None
    """First and last selected key."""

    preview: Frames | None = None
    """The preview range, where it is on."""

    around_playhead: Frames | None = None
    """The keys before and after the present frame."""


@dataclass(frozen=True, slots=True)
class ClipTimes:
    """How a clip of 30 fps lies in scene time: frame i at first_frame_scene + i * fps / 30."""

    first_frame_scene: int
    fps: float
    """The scene's frames per second."""

    frames: int
    """T, the clip's frames."""

    def span(self, filled: Frames) -> tuple[int, int]:
        """Return the half-open clip span that lies between the kept scene frames on both sides.

        It holds at least one frame: at 60 fps a single scene frame may fall between two.
        """
        start = math.floor(self._position(filled[0] - 1) + 1e-6) + 1
        end = math.ceil(self._position(filled[1] + 1) - 1e-6)
        start, end = max(start, 0), min(end, self.frames)
        if start < end:
            return start, end
        nearest = min(max(round(self._position(filled[0])), 0), self.frames - 1)
        return nearest, nearest + 1

    def _position(self, frame_scene: int) -> float:
        return (frame_scene - self.first_frame_scene) * FPS / self.fps


def recipe_for(operation: str, settings: Recipe) -> Recipe:
    """Return the recipe with only those settings that its operation looks at.

    Raises:
        RequestError: if it edits chosen parts and none is chosen.
    """
    blank = Recipe(
        operation, settings.prompt, settings.seed, settings.takes, model=settings.model
    )
    if operation in (REGENERATE, VARY):
        if not settings.parts:
            raise RequestError(
                "No body part is chosen.", "Choose at least one body part in the Keyfill panel."
            )
        blank = replace(blank, parts=settings.parts, bones=settings.bones)
    if operation in (REGENERATE, VARY, UPPER_BODY) and settings.pinned:
        blank = replace(blank, pinned=settings.pinned, held=settings.held)
    wanted: dict[str, dict[str, Any]] = {
        UPPER_BODY: {"parts": edits.UPPER_BODY, "strength": settings.strength},
        VARY: {"variation": settings.variation},
        EXTEND: {"where": settings.where},
        LOOP: {"in_place": settings.in_place},
        IN_BETWEEN: {"next_action": settings.next_action},
        LONG_TAKE: {"beats": settings.beats},
        GENERATE: {"seconds": settings.seconds},
    }
    recipe = replace(blank, **wanted.get(operation, {}))
    for side in recipe.pinned:
        _check_pin(side, recipe.parts)
    return recipe


def _check_pin(side: str, parts: tuple[str, ...]) -> None:
    if f"{side.upper()}_ARM" not in parts:
        raise RequestError(
            f"The {side} hand is pinned, but the {side} arm is not to change.",
            f"Choose the {side} arm, too, or switch off the pin.",
        )


def choose_frames(operation: str, sources: RangeSources) -> Frames:
    """Return the scene frames that a range edit fills, cut to where there are keys.

    They come from the settings, else from selected keys, else from the preview
    range, else from all keys. In-between fills what lies between two poses.

    Raises:
        RequestError: if the range is reversed or outside the keys.
    """
    if operation == IN_BETWEEN:
        return _between(sources)
    first, last = wished_frames(sources)
    _check_order(first, last)
    start, end = sources.animated
    if last < start or first > end:
        raise RequestError(
            f"The frames {first} to {last} lie outside the keys, which go from {start} to {end}.",
            "Choose frames among the keys, or press Extend to go on after them.",
        )
    return max(first, start), min(last, end)


def wished_frames(sources: RangeSources) -> Frames:
    """Return the frames that a range edit is asked for, whether it can have them or not."""
    explicit = sources.explicit if sources.explicit != (0, 0) else None
    return explicit or sources.selected or sources.preview or sources.animated


def _between(sources: RangeSources) -> Frames:
    """Return the frames between two key poses, which are kept."""
    explicit = sources.explicit if sources.explicit != (0, 0) else None
    poses = explicit or sources.selected or sources.around_playhead
    if poses is None:
        raise RequestError(
            "The present frame does not lie between two key poses.",
            "Put the playhead between them, or select the two poses' keys.",
        )
    first, last = poses
    _check_order(first, last)
    if last - first < 2:
        raise RequestError(
            f"There are no frames to fill between the poses at {first} and {last}.",
            "Move the poses apart, or put the playhead into a gap between keys.",
        )
    start, end = sources.animated
    if first < start or last > end:
        raise RequestError(
            f"There is no key pose at frame {first if first < start else last}; "
            f"the keys go from {start} to {end}.",
            "Choose two frames among the keys; both poses are kept.",
        )
    return first + 1, last - 1


def _check_order(first: int, last: int) -> None:
    if last < first:
        raise RequestError(
            f"The range ends at frame {last}, before it starts at {first}.",
            "Exchange Start and End, or set both to 0.",
        )


def extension_frames(animated: Frames, where: str, seconds: float, fps: float) -> Frames:
    """Return the scene frames that an extension adds to the animated ones.

    Raises:
        RequestError: if the length cannot be made.
    """
    count = fill_length(seconds, fps)
    if where == START:
        return animated[0] - count, animated[0] - 1
    return animated[1] + 1, animated[1] + count


def fill_length(seconds: float, fps: float) -> int:
    """Return how many scene frames a fill of some seconds has.

    Raises:
        RequestError: if the length cannot be made.
    """
    count = round(seconds * fps) if math.isfinite(seconds) else 0
    if count < 1 or seconds > edits.LONGEST_EXTENSION_SECONDS:
        raise RequestError(
            f"{seconds:g} s cannot be added.",
            f"Choose one frame to {edits.LONGEST_EXTENSION_SECONDS:g} seconds.",
        )
    return count


def after_the_end(recipe: Recipe, animated: Frames) -> Recipe:
    """Return the recipe with its number of frames, starting right after the last animated one."""
    count = recipe.frames[1] - recipe.frames[0]
    return replace(recipe, frames=(animated[1] + 1, animated[1] + 1 + count))


def context_frames(recipe: Recipe, animated: Frames, fps: float) -> Frames:
    """Return the scene frames to read: the filled ones and up to 4 s of keys on each side.

    A loop is read without its surroundings, for its other side is its context.
    """
    first, last = recipe.frames
    if recipe.operation == LOOP:
        return first, last
    reach = math.ceil(CONTEXT_SECONDS * fps)
    before = first if recipe.operation == EXTEND and recipe.where == START else first - reach
    after = last if recipe.operation == EXTEND and recipe.where == END else last + reach
    return min(first, max(before, animated[0])), max(last, min(after, animated[1]))


def part_of_joint(joint: str) -> str:
    """Return the body part that a canonical joint belongs to."""
    number = JOINTS.index(joint)
    return next(part for part, joints in PART_JOINTS.items() if number in joints)


def bones_of_parts(bone_map: BoneMap, parts: Iterable[str]) -> tuple[str, ...]:
    """Return the mapped bones of some body parts, in the order of the joints, and twist bones.

    Raises:
        RequestError: if a part has no bone.
    """
    chosen = tuple(parts)
    for part in chosen:
        if not any(part_of_joint(joint) == part for joint in bone_map.bones):
            raise RequestError(
                f"The armature has no bones for {spoken(part)}.",
                "Choose other body parts, or rename its bones as in Mixamo's skeleton.",
            )
    twists = ((twist.joint, twist.bone) for twist in bone_map.twists)
    return tuple(
        bone
        for joint, bone in (*bone_map.bones.items(), *twists)
        if part_of_joint(joint) in chosen
    )


def parts_of_bones(bone_map: BoneMap, bones: Iterable[str]) -> tuple[str, ...]:
    """Return the body parts that the mapped ones among some bones belong to, as in PARTS."""
    names = set(bones)
    found = {part_of_joint(joint) for joint, bone in bone_map.bones.items() if bone in names}
    return tuple(part for part in PARTS if part in found)


def narrow_to_bones(recipe: Recipe, bone_map: BoneMap, selected: Iterable[str]) -> Recipe:
    """Return the recipe for selected bones: the model fills their parts, only they get keys.

    Raises:
        RequestError: if none of them plays a joint.
    """
    names = set(selected)
    bones = tuple(bone for bone in bone_map.bones.values() if bone in names)
    if not bones:
        raise RequestError(
            "None of the selected bones is part of the recognised body.",
            "Select bones of the body in Pose Mode, or choose body parts instead.",
        )
    for side in recipe.pinned:
        arm = [bone_map.bones.get(f"{side}_{name}") for name in ("shoulder", "elbow", "wrist")]
        if not set(arm) <= names:
            raise RequestError(
                f"The {side} hand is pinned, but its arm is not selected.",
                "Select upper arm, forearm and hand, too, or switch off the pin.",
            )
    return replace(recipe, parts=parts_of_bones(bone_map, bones), bones=bones)


def spoken(part: str) -> str:
    """Return a part's name as it is said: the left arm."""
    return "the " + part.lower().replace("_", " ")
