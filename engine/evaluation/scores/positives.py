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
from ..checks.captioned_asked import EVENTS, WIDER_SHOWN, shown_once
from ..checks.measures import Array, Body
from ..checks.wider_table import END_CHECKS
from ..prompts.asked import AskedPrompt
from ..prompts.prompt import Prompt
from .hand_made import made_by_hand
from .library import RealClip, find_captioned, is_shown, splice_arms

SPLICED_OF_EACH: Final = 6
"""At most so many clips lend their legs, and so many their arms, to judge one pair."""

JOINED: Final = 36
"""About so many joined bodies judge one sequence of the frozen and the tuning set."""

ASKED_JOINED: Final = 81
"""About so many judge one of the later sets, which holds up to four actions."""

SHORTEST_LEGS_SECONDS: Final = 1.3
"""Shorter clips lend no legs: a wave or a clap takes about so long."""

BLEND_SECONDS: Final = 0.3
"""Over which the difference of two poses fades behind a joint."""

FEWEST_CAPTIONED: Final = 4
"""Of fewer captioned clips none is taken, but motion made by hand."""

HELD_SECONDS: Final = 1.5
"""For so long the last pose of a clip is held where a prompt asks for an end that lasts."""

CAPTIONED_ENDS: Final = {"ends_crouched": "crouches", "ends_standing": "stands_still"}
"""Ends that an action's own clips do not lead to, and the check whose clips show them."""

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
            part, and `joined_for` the prompt.
    """
    if prompt.kind == "pair":
        return _splice(prompt, clips, SPLICED_OF_EACH if most is None else round(most**0.5))
    if prompt.kind == "sequence":
        return join_captioned(prompt.checks, clips, most or joined_for(prompt))
    name = prompt.checks[0]
    event, _, count = name.partition("_exactly_")
    if count:
        found = _repeated(event, int(count), clips) if event in EVENTS else Positives([], 0)
    else:
        captioned = list(find_captioned(clips, name)) if name in WIDER_SHOWN else []
        bodies = [_body(clip, flip) for clip, flip in captioned]
        found = Positives(bodies, sum(flip for _, flip in captioned))
    if len(found.bodies) < FEWEST_CAPTIONED and (made := made_by_hand(name)):
        found = Positives(made, 0)
    ends = [check for check in prompt.checks if check in END_CHECKS]
    if ends:
        return Positives(_ended(found.bodies, ends[0], clips), found.mirrored)
    return found


def _ended(bodies: list[Body], end: str, clips: tuple[RealClip, ...]) -> list[Body]:
    """Return the bodies led on to an end that lasts: a captioned clip's, or their last pose."""
    if end not in CAPTIONED_ENDS:
        return [hold_last(body) for body in bodies]
    found = thin_out(list(find_captioned(clips, CAPTIONED_ENDS[end])), SPLICED_OF_EACH)
    ends = [_body(clip, flip) for clip, flip in found]
    if end == "ends_crouched":  # most of these clips rise again
        ends = [last.cut(0, int(last.height("pelvis").argmin()) + 1) for last in ends]
    return [hold_last(join_bodies([body, last])) for body in bodies for last in ends]


def _repeated(event: str, count: int, clips: tuple[RealClip, ...]) -> Positives:
    """Return clips in which an event is captioned once, each joined to itself `count` times."""
    bodies = [
        join_bodies([clip.body] * count)
        for clip in clips
        if clip.is_whole and is_shown(shown_once(event), clip.entry.captions)
    ]
    return Positives(bodies, 0)


def hold_last(body: Body, seconds: float = HELD_SECONDS) -> Body:
    """Return the body with its last pose held."""
    frames = round(seconds * body.fps)
    return Body(
        np.concatenate([body.joints, np.repeat(body.joints[-1:], frames, axis=0)]),
        np.concatenate([body.local, np.repeat(body.local[-1:], frames, axis=0)]),
        np.concatenate([body.heading, np.repeat(body.heading[-1:], frames)]),
        body.fps,
    )


def joined_for(prompt: Prompt) -> int:
    """Return about how many joined bodies judge a sequence."""
    return ASKED_JOINED if isinstance(prompt, AskedPrompt) else JOINED


def join_captioned(
    actions: tuple[str, ...], clips: tuple[RealClip, ...], most: int
) -> Positives:
    """Return about `most` bodies that do one captioned clip after another."""
    of_each = max(1, round(most ** (1 / len(actions))))
    found = [thin_out(_shown(clips, action), of_each) for action in actions]
    bodies = [join_bodies([body for body, _ in parts]) for parts in product(*found)]
    return Positives(bodies, sum(any(flip for _, flip in parts) for parts in product(*found)))


def _shown(clips: tuple[RealClip, ...], action: str) -> list[tuple[Body, bool]]:
    """Return bodies that show an action, and whether mirrored: captioned, or made by hand."""
    found = _whole(find_captioned(clips, action))
    if len(found) < FEWEST_CAPTIONED and (made := made_by_hand(action)):
        return [(body, False) for body in made]
    return [(_body(clip, flip), flip) for clip, flip in found]


def _splice(pair: Prompt, clips: tuple[RealClip, ...], of_each: int) -> Positives:
    whole = _whole(find_captioned(clips, pair.checks[0]))
    legs = [
        (clip, flip) for clip, flip in whole if clip.body.seconds >= SHORTEST_LEGS_SECONDS
    ]
    if isinstance(pair, AskedPrompt):
        # As long as a take's, where there are enough: an arm needs time for what it does.
        least = pair.seconds / 1.5
        long = [(clip, flip) for clip, flip in legs if clip.body.seconds >= least]
        legs = long if len(long) >= FEWEST_CAPTIONED else legs
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
