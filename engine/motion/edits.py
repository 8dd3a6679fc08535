"""Every edit as a canvas: a clip with a mask of what is to be filled.

In-betweening, extending and looping only arrange the kept frames around the
masked ones. NumPy only; it knows no model and no Blender.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from . import quaternions
from .clip import Clip, headings
from .request import RequestError, span_mask
from .skeleton import FPS

Array = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]
"""(T, P) frames x body parts, True where to fill."""

Span = tuple[int, int]
"""Half-open frames [start, end)."""

UPPER_BODY: Final = ("TORSO", "LEFT_ARM", "RIGHT_ARM")

SHORTEST_GAP, LONGEST_GAP = 5, 180
"""Frames of a gap that can be filled between two motions: 5 frames to 6 s."""

LONGEST_EXTENSION_SECONDS: Final = 30.0
SEAM_FRAMES = 12
"""Frames to each side of a loop's seam that are made anew; fewer in short cycles."""

SHORTEST_LOOP = 16


@dataclass(frozen=True, slots=True, eq=False)
class MaskedClip:
    """What the engine is given to fill."""

    clip: Clip
    """(T) frames; under the mask they do not matter."""

    mask: Mask
    """(T, 4) frames x body parts, True where to fill."""

    first: int = 0
    """Frame of the canvas at which the edited clip's frame 0 lies; negative if it was cut."""


def regenerate(clip: Clip, span: Span | None, parts: tuple[str, ...] | None) -> MaskedClip:
    """Return the canvas that makes some frames of some parts anew; None means all.

    Raises:
        RequestError: if the span is no part of the clip, or a part has no such name.
    """
    return MaskedClip(clip, span_mask(clip.frames, span, parts))


def upper_body(clip: Clip, span: Span | None = None) -> MaskedClip:
    """Return the canvas that keeps root and legs (MMM, section 3.4)."""
    return regenerate(clip, span, UPPER_BODY)


def in_between(before: Clip, after: Clip, seconds: float) -> MaskedClip:
    """Return two motions with a gap to fill between them; both stay where they are in the world.

    Raises:
        RequestError: if the gap is too short or too long, or a motion has no frames.
    """
    gap = check_gap(round(seconds * FPS))
    for clip, place in ((before, "before"), (after, "after")):
        if not clip.frames:
            raise RequestError(
                f"There is no motion {place} the gap.",
                "Choose a gap with keys on both sides, or press Extend to go on at an end.",
            )
    share = np.linspace(0.0, 1.0, gap + 2)[1:-1]
    root = before.root_pos[-1] + share[:, None] * (after.root_pos[0] - before.root_pos[-1])
    rot = quaternions.slerp(
        np.broadcast_to(before.rot[-1], (gap, *before.rot.shape[1:])),
        np.broadcast_to(after.rot[0], (gap, *after.rot.shape[1:])),
        share[:, None],
    )
    clip = replace(
        before,
        root_pos=np.concatenate([before.root_pos, root, after.root_pos]),
        rot=np.concatenate([before.rot, rot, after.rot]),
    )
    return regenerate(clip, (before.frames, before.frames + gap), None)


def check_gap(frames: int) -> int:
    """Return the frames of a gap that can be filled.

    Raises:
        RequestError: if it is too short or too long.
    """
    if not SHORTEST_GAP <= frames <= LONGEST_GAP:
        raise RequestError(
            f"A gap of {frames} frames cannot be filled.",
            f"Choose {SHORTEST_GAP} to {LONGEST_GAP} frames at 30 fps (up to 6 s).",
        )
    return frames


def extend(clip: Clip, seconds: float, where: str = "end") -> MaskedClip:
    """Return the clip with frames to fill after its end, or before its start.

    Args:
        clip: what is to go on; the path goes on from where it is.
        seconds: of the new motion.
        where: "end" or "start".

    Raises:
        RequestError: if the length or the place is none, or the clip has no frames.
    """
    if not clip.frames:
        raise RequestError(
            "There is no motion to extend.", "Choose frames beside keys that are kept."
        )
    if where not in ("end", "start"):
        raise RequestError(f'A clip has no "{where}" to extend.', 'Choose "end" or "start".')
    count = round(seconds * FPS) if np.isfinite(seconds) else 0
    if not 1 <= count <= LONGEST_EXTENSION_SECONDS * FPS:
        raise RequestError(
            f"A clip cannot be extended by {seconds:g} s.",
            f"Choose more than 0 and at most {LONGEST_EXTENSION_SECONDS:g} seconds.",
        )
    rows = np.arange(clip.frames + count) - (count if where == "start" else 0)
    rows = np.clip(rows, 0, clip.frames - 1)
    wide = replace(clip, root_pos=clip.root_pos[rows], rot=clip.rot[rows])
    span = (clip.frames, wide.frames) if where == "end" else (0, count)
    return MaskedClip(wide, span_mask(wide.frames, span, None), 0 if where == "end" else count)


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """A cycle cut open in its middle, so that its seam lies inside a canvas."""

    canvas: MaskedClip
    cycle: Clip
    """The whole cycle, its last frame the pose of the first."""

    turn: float
    """Radians that one cycle turns the character."""

    shift: Array
    """(3,) where a point at the origin is after one cycle."""


def open_loop(clip: Clip, in_place: bool = False) -> Loop:
    """Return the cycle opened at its middle: its second half, the seam, its first half.

    The first half is moved to where the second one ends.

    Args:
        clip: its last frame shall become the pose of its first, one cycle further on.
        in_place: take the path's travel out, so that the cycle ends where it began.

    Raises:
        RequestError: if the clip is too short.
    """
    if clip.frames < SHORTEST_LOOP:
        raise RequestError(
            f"A cycle of {clip.frames} frames is too short to close.",
            f"Choose at least {SHORTEST_LOOP} frames.",
        )
    cycle = _without_travel(clip) if in_place else clip
    yaw = headings(cycle.rot[:, 0])
    turn = 0.0 if in_place else float(yaw[-1] - yaw[0])
    turned = quaternions.rotate(quaternions.yaw_to_quaternion(np.asarray(turn)), cycle.root_pos[0])
    shift = (cycle.root_pos[-1] - turned) * np.array([1.0, 0.0, 1.0])
    middle = clip.frames // 2
    # The last frame is the first of the next cycle: only one of the two is in the canvas.
    second, first = cycle.cut(middle, clip.frames - 1), cycle.cut(0, middle).moved(turn, shift)
    joined = replace(
        clip,
        root_pos=np.concatenate([second.root_pos, first.root_pos]),
        rot=np.concatenate([second.rot, first.rot]),
    )
    reach = min(SEAM_FRAMES, clip.frames // 4)
    canvas = regenerate(joined, (second.frames - reach, second.frames + reach + 1), None)
    return Loop(replace(canvas, first=-middle), cycle, turn, shift)


def close_loop(loop: Loop, made: Clip) -> Clip:
    """Return the cycle with its seam taken from the filled canvas.

    The frame at the seam is put half-way between its neighbours, so that speed does
    not jump either; the first and the last frame are that frame.
    """
    middle = -loop.canvas.first
    seam = made.frames - middle
    root, rot = np.array(made.root_pos, dtype=float), np.array(made.rot, dtype=float)
    root[seam] = 0.5 * (root[seam - 1] + root[seam + 1])
    rot[seam] = quaternions.slerp(rot[seam - 1], rot[seam + 1], np.asarray(0.5))
    made = replace(made, root_pos=root, rot=rot)
    back = quaternions.rotate(quaternions.yaw_to_quaternion(np.asarray(-loop.turn)), -loop.shift)
    first = made.cut(seam, made.frames).moved(-loop.turn, back)
    second = made.cut(0, seam + 1)
    closed_root = np.concatenate([first.root_pos, second.root_pos])
    closed_rot = np.concatenate([first.rot, second.rot])
    filled = loop.canvas.mask.any(1)
    kept = ~np.concatenate([filled[seam:], filled[: seam + 1]])
    # Kept frames went there and back; they are taken as they were.
    closed_root[kept], closed_rot[kept] = loop.cycle.root_pos[kept], loop.cycle.rot[kept]
    return replace(loop.cycle, root_pos=closed_root, rot=closed_rot)


def _without_travel(clip: Clip) -> Clip:
    """Return the clip with its steady travel and turn taken out, height and sway kept."""
    share = np.linspace(0.0, 1.0, clip.frames)
    yaw = headings(clip.rot[:, 0])
    turns = quaternions.yaw_to_quaternion(-(yaw[-1] - yaw[0]) * share)
    rot = np.array(clip.rot, dtype=float)
    rot[:, 0] = quaternions.multiply(turns, rot[:, 0])
    root = np.array(clip.root_pos, dtype=float)
    # Steps are turned with the body, then the mean step is taken out.
    steps = quaternions.rotate(turns[1:], np.diff(root, axis=0)) * np.array([1.0, 0.0, 1.0])
    path = np.concatenate([np.zeros((1, 3)), np.cumsum(steps, axis=0)])
    path = path - share[:, None] * path[-1]
    root[:, [0, 2]] = root[:1, [0, 2]] + path[:, [0, 2]]
    return replace(clip, root_pos=root, rot=rot)
