"""Bodies that do show what a prompt asks for: captioned clips, spliced and joined ones.

They judge the checks. It knows no model.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final, TypeVar

import numpy as np

from ...motion import quaternions
from ..checks.measures import Array, Body
from ..prompts.prompt import Prompt
from .library import RealClip, find_captioned, splice_arms

SPLICED_OF_EACH: Final = 6
"""At most so many clips lend their legs, and so many their arms, to judge one pair."""

JOINED: Final = 36
"""About so many joined bodies judge one sequence."""

SHORTEST_LEGS_SECONDS: Final = 1.3
"""Shorter clips lend no legs: a wave or a clap takes about so long."""

BLEND_SECONDS: Final = 0.3
"""Over which the difference of two poses fades behind a joint."""

Item = TypeVar("Item")

Found = list[tuple[RealClip, bool]]
"""Clips, and whether mirrored they show the action."""


@dataclass(frozen=True, slots=True)
class Positives:
    """Bodies that show an action."""

    bodies: list[Body]

    mirrored: int
    """How many of them, or of their parts, were mirrored for their side."""


def find_positives(prompt: Prompt, clips: tuple[RealClip, ...], most: int | None) -> Positives:
    """Return the bodies that show what a prompt asks for.

    Args:
        prompt: of any kind.
        clips: the clips to search.
        most: thin spliced and joined bodies to about so many; None: SPLICED_OF_EACH of each
            part, and JOINED.
    """
    if prompt.kind == "pair":
        return _splice(prompt, clips, SPLICED_OF_EACH if most is None else round(most**0.5))
    if prompt.kind == "sequence":
        return join_captioned(prompt.checks, clips, most)
    found = list(find_captioned(clips, prompt.checks[0]))
    return Positives([_body(clip, flip) for clip, flip in found], sum(flip for _, flip in found))


def join_captioned(
    actions: tuple[str, ...], clips: tuple[RealClip, ...], most: int | None
) -> Positives:
    """Return about `most` bodies (None: JOINED) that do one captioned clip after another."""
    of_each = max(1, round((most or JOINED) ** (1 / len(actions))))
    found = [thin_out(_whole(find_captioned(clips, action)), of_each) for action in actions]
    bodies = [
        join_bodies([_body(clip, flip) for clip, flip in parts]) for parts in product(*found)
    ]
    return Positives(bodies, sum(any(flip for _, flip in parts) for parts in product(*found)))


def _splice(pair: Prompt, clips: tuple[RealClip, ...], of_each: int) -> Positives:
    legs = [
        (clip, flip)
        for clip, flip in _whole(find_captioned(clips, pair.checks[0]))
        if clip.body.seconds >= SHORTEST_LEGS_SECONDS
    ]
    arms = list(find_captioned(clips, pair.checks[1]))
    bodies, mirrored = [], 0
    pairs = product(thin_out(legs, of_each), thin_out(arms, of_each))
    for (leg, leg_flip), (arm, arm_flip) in pairs:
        lower = leg.entry.clip.mirrored() if leg_flip else leg.entry.clip
        upper = arm.entry.clip.mirrored() if arm_flip else arm.entry.clip
        bodies.append(Body.from_clip(splice_arms(lower, upper)))
        mirrored += leg_flip or arm_flip
    return Positives(bodies, mirrored)


def join_bodies(parts: Sequence[Body]) -> Body:
    """Return a body that does one part after another from where the last one ended.

    Each part starts with the heading and above the place at which the part before ended;
    the difference of the two poses fades over BLEND_SECONDS.
    """
    joined = parts[0]
    for part in parts[1:]:
        joined = _join(joined, part)
    return joined


def _join(first: Body, second: Body) -> Body:
    turn = first.heading[-1] - second.heading[0]
    place = second.joints[0, 0] * np.array([1.0, 0.0, 1.0])
    target = first.joints[-1, 0] * np.array([1.0, 0.0, 1.0])
    moved = quaternions.rotate(quaternions.yaw_to_quaternion(turn), second.joints - place) + target
    frames = min(len(moved), round(BLEND_SECONDS * first.fps))
    fade = np.zeros(len(moved))
    fade[:frames] = np.linspace(1.0, 0.0, frames, endpoint=False)
    return Body(
        np.concatenate([first.joints, _faded(moved, first.joints[-1], fade)]),
        np.concatenate([first.local, _faded(second.local, first.local[-1], fade)]),
        np.concatenate([first.heading, second.heading + turn]),
        first.fps,
    )


def _faded(positions: Array, last: Array, fade: Array) -> Array:
    """Return positions (T, J, 3) that begin at `last` (J, 3): the difference fades."""
    return np.asarray(positions + fade[:, None, None] * (last - positions[0]))


def _body(clip: RealClip, flip: bool) -> Body:
    return clip.body.mirrored() if flip else clip.body


def _whole(found: Iterable[tuple[RealClip, bool]]) -> Found:
    return [(clip, flip) for clip, flip in found if clip.is_whole]


def thin_out(items: Sequence[Item], most: int) -> list[Item]:
    """Return at most `most` of the items, evenly chosen."""
    step = max(1.0, len(items) / most)
    return [items[int(index * step)] for index in range(min(len(items), most))]
