"""What keeps an object from showing its action as it is written, each with its cure.

It writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import bpy

_WHOLE = 1.0 - 1e-6


@dataclass(frozen=True, slots=True)
class Hindrance:
    """One reason, and what cures it; both are sentences."""

    message: str
    remedy: str

    @property
    def note(self) -> str:
        """Both in one, without a full stop."""
        remedy = self.remedy.rstrip(".")
        return f"{self.message.rstrip('.')}: {remedy[:1].lower()}{remedy[1:]}"


def find_hindrances(ob: bpy.types.Object) -> Iterator[Hindrance]:
    """Yield what the NLA editor does to the action of an object."""
    data = ob.animation_data
    if data is None or not data.use_nla or not data.nla_tracks:
        return
    if any(track.is_solo for track in data.nla_tracks):
        yield Hindrance(
            f'An NLA track of "{ob.name}" is played alone, so that its action is not shown.',
            "Switch off the star of that track in the NLA editor.",
        )
    # A strip that is muted itself is blended all the same.
    is_over_strips = any(track.strips and not track.mute for track in data.nla_tracks)
    if is_over_strips and (data.action_blend_type != "REPLACE" or data.action_influence < _WHOLE):
        yield Hindrance(
            f'The action of "{ob.name}" is blended over its NLA strips.',
            "Set its blending to Replace and its influence to 1, or bake the animation first.",
        )


def find_hidden(ob: bpy.types.Object) -> Iterator[Hindrance]:
    """Yield what keeps an object from being moved by anything."""
    if ob.data.pose_position == "REST":
        yield Hindrance(
            f'"{ob.name}" is shown in its rest position.',
            "Choose Pose Position in the armature's settings to see the motion.",
        )
    if ob.hide_viewport:
        yield Hindrance(
            f'"{ob.name}" is disabled in viewports, so that nothing moves it.',
            "Switch on its screen symbol in the Outliner.",
        )
