"""The plan that the panel lists, saved with the scene: one row a track."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    StringProperty,
)
from bpy.types import PropertyGroup

from ..engine.motion.skeleton import PARTS
from ..engine.motion.tracks import STATES, Track, plan_text
from .core.edits import plans

NO_STATE = "AS_IT_COMES"

PART_NAMES = (
    ("Legs", "Hips, legs and the path of the character"),
    ("Torso", "Spine, neck and head"),
    ("L Arm", "The left shoulder, arm and hand"),
    ("R Arm", "The right shoulder, arm and hand"),
)
"""Names and tooltips of the body parts, short enough to stand in one row."""


def _state_items() -> tuple[tuple[str, str, str], ...]:
    states = ((_identifier(state), state.capitalize(), f"It ends {state}") for state in STATES)
    return ((NO_STATE, "As It Comes", "However the motion ends"), *states)


def _identifier(state: str) -> str:
    return state.upper().replace(" ", "_")


class KEYFILL_PG_track(PropertyGroup):
    """One action of the plan; numbers have no hard limits, so that bad ones are told."""

    text: StringProperty(name="Text", description="What happens, in English: waves twice")
    start: FloatProperty(
        name="Start",
        description="Seconds from the beginning of the take",
        soft_min=0.0,
        step=10,
        precision=2,
        subtype="TIME_ABSOLUTE",
    )
    end: FloatProperty(
        name="End",
        description="Seconds from the beginning of the take at which it is over",
        soft_min=0.0,
        step=10,
        precision=2,
        subtype="TIME_ABSOLUTE",
    )
    parts: EnumProperty(
        name="Body Parts",
        description="What does it; actions at one time need different parts",
        items=tuple((part, *names) for part, names in zip(PARTS, PART_NAMES, strict=True)),
        options={"ENUM_FLAG"},
        default=set(PARTS),
    )
    count: IntProperty(
        name="Times",
        description="How often it happens; 0 leaves it to the action",
        soft_min=0,
        soft_max=50,
    )
    hold: BoolProperty(
        name="Hold",
        description="What is left of the time is held, rather than filled with more of it",
    )
    state: EnumProperty(
        name="Ends",
        description="How the body holds itself when it is over",
        items=_state_items(),
        default=NO_STATE,
    )
    nearest: StringProperty(description="The captions nearest to it as JSON")
    known: FloatProperty(description="How surely it is known, 0 to 1", default=1.0)
    known_text: StringProperty(description="The text that `known` and `nearest` are about")
    is_open: BoolProperty(
        name="Edit", description="Show what can be changed of this action", default=False
    )

    def is_told(self) -> bool:
        """Say whether `known` is about the text as it is now."""
        return bool(self.text == self.known_text)

    def to_track(self) -> Track:
        """Return the engine's track; nothing is known of a text that was changed."""
        is_told = self.is_told() and bool(self.nearest)
        state = next((one for one in STATES if _identifier(one) == self.state), "")
        return Track(
            text=" ".join(self.text.split()),
            parts=tuple(part for part in PARTS if part in self.parts),
            # Blender's numbers are of single precision: 0.1 arrives as 0.100000001.
            start=round(self.start, 3),
            end=round(self.end, 3),
            count=self.count,
            hold=self.hold,
            state=state,
            nearest=tuple(json.loads(self.nearest)) if is_told else (),
            known=round(self.known, 3) if self.is_told() else 1.0,
        )

    def show(self, track: Track) -> None:
        """Take over a track and what is known of it."""
        self.text = self.known_text = track.text
        self.start, self.end, self.parts = track.start, track.end, set(track.parts)
        self.count, self.hold = track.count, track.hold
        self.state = _identifier(track.state) if track.state else NO_STATE
        self.nearest, self.known = json.dumps(track.nearest), track.known


class KEYFILL_PG_plan(PropertyGroup):
    """What a prompt was read as, and what the animator made of it."""

    rows: CollectionProperty(type=KEYFILL_PG_track)
    source: StringProperty(description="What the plan is for: prompt and length, or beats")
    told: StringProperty(description="What the prompt was read as, as JSON; empty if unknown")
    is_open: BoolProperty(
        name="Actions",
        description="List the actions of a long plan",
        default=False,
    )

    def tracks(self) -> tuple[Track, ...]:
        """Return the rows as the engine's tracks."""
        return tuple(row.to_track() for row in self.rows)

    def text(self) -> str:
        """Return the rows as JSON."""
        return plan_text(self.tracks())

    def is_own(self) -> bool:
        """Say whether Generate sends these rows: the prompt was not read as them."""
        return bool(self.rows) and self.is_changed()

    def is_changed(self) -> bool:
        """Say whether the rows are not what the prompt was read as."""
        return not plans.is_same(self.tracks(), plans.text_to_tracks(self.told))

    def show(self, tracks: Sequence[Track], source: str, is_own: bool = False) -> None:
        """List tracks for a prompt and a length.

        Args:
            tracks: the plan.
            source: what it is for, as `plans.source_of` tells it.
            is_own: whether they were the animator's, not what the prompt was read as.
        """
        if not is_own:
            self.told = plan_text(tracks)
        elif source != self.source:
            self.told = ""
        self.source = source
        were_open = [row.is_open for row in self.rows]
        self.rows.clear()
        for track in tracks:
            self.rows.add().show(track)
        if len(were_open) == len(self.rows):
            for row, was_open in zip(self.rows, were_open, strict=True):
                row.is_open = was_open


CLASSES = (KEYFILL_PG_track, KEYFILL_PG_plan)
