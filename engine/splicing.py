"""Puts generated motion into a clip: kept frames bit for bit, borders without a jump.

Works on clips alone: what was generated comes with its reconstruction of the
kept frames, whose error at the border fades into the span. NumPy only.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .motion import quaternions
from .motion.clip import UPRIGHT, Clip, headings
from .motion.displacements import bridge_with_least_change, runs_of
from .motion.skeleton import PART_JOINTS, PARTS

FADE_FRAMES = 10
"""Frames over which a border's difference fades."""

UNSETTLED_FRAMES = 3
"""Decoded motion changes over from kept to new codes within so many frames of a border:
its accelerations there mean nothing. Gaps of up to two of these are interpolated."""

_METRES_A_RADIAN = 0.3
"""What a wrong heading costs against a wrong place, when candidates are compared."""

Array = NDArray[np.floating[Any]]


def splice(clip: Clip, made: Clip, mask: NDArray[np.bool_]) -> Clip:
    """Return `clip` with the masked cells taken from `made`.

    Args:
        clip: the animator's, (T).
        made: decoded from the grid, (T) frames; under kept cells it is the
            reconstruction of `clip`.
        mask: (T, 4) frames x parts.

    Returns:
        A clip whose unmasked rotations and root are those of `clip`, bit for bit,
        in the dtypes of `clip`.
    """
    rot, root = np.array(clip.rot), np.array(clip.root_pos)
    lower = PARTS.index("LOWER_BODY")
    placed = _place_root(clip, made, mask[:, lower])
    for index, part in enumerate(PARTS):
        joints = list(PART_JOINTS[part])
        for start, end in runs_of(mask[:, index]):
            span = _faded_rotations(clip.rot[:, joints], placed.rot[:, joints], (start, end))
            rot[start:end, joints] = span
    for start, end in runs_of(mask[:, lower]):
        root[start:end] = placed.root_pos[start:end]
    return replace(clip, root_pos=root, rot=rot)


def root_gap(clip: Clip, made: Clip, mask: NDArray[np.bool_]) -> float:
    """Return how far, in metres, the made path misses the kept frames behind a masked span.

    The largest over the spans with kept frames on both sides, each span led from the
    kept frame before it; a turn that is missing counts as the metres of a step's arc. 0 without
    such a span.
    """
    true_yaw, made_yaw = _yaws(clip.rot[:, 0]), _yaws(made.rot[:, 0])
    gaps = [0.0]
    for start, end in runs_of(mask[:, PARTS.index("LOWER_BODY")]):
        if start == 0 or end == clip.frames:
            continue
        turn = true_yaw[start - 1] - made_yaw[start - 1]
        q = quaternions.yaw_to_quaternion(np.asarray(turn))
        arrived = quaternions.rotate(q, made.root_pos[end] - made.root_pos[start - 1])
        missing = clip.root_pos[end] - clip.root_pos[start - 1] - arrived
        left = (true_yaw[end] - made_yaw[end] - turn + np.pi) % (2 * np.pi) - np.pi
        gaps.append(float(np.hypot(missing[0], missing[2])) + _METRES_A_RADIAN * abs(float(left)))
    return max(gaps)


def _faded_rotations(kept: Array, made: Array, span: tuple[int, int]) -> Array:
    """Return made rotations (n, J, 4) of a span that go on from the kept ones at its borders.

    The error of the made rotations on the two kept frames beside each border, and how
    fast it changes, fade into the span, in rotation space: pose and speed both meet.
    """
    start, end = span
    around = slice(max(0, start - 2), min(len(kept), end + 2))
    known = np.ones(around.stop - around.start, dtype=bool)
    known[start - around.start : end - around.start] = False
    motion = made[around]
    error = quaternions.multiply(quaternions.conjugate(motion), kept[around])
    turns = quaternions.multiply(quaternions.conjugate(motion[:-1]), motion[1:])
    bridged = _bridged(
        quaternions.quaternions_to_vectors(error), known, quaternions.quaternions_to_vectors(turns)
    )
    inside = bridged[~known]
    result = quaternions.multiply(made[start:end], quaternions.vectors_to_quaternions(inside))
    return quaternions.normalize(result)


def _bridged(error: Array, known: NDArray[np.bool_], speed: Array) -> Array:
    """Return errors (n, ...) bridged from their known frames, value and slope.

    Args:
        error: (n, ...) of the made motion, used where known.
        known: (n,)
        speed: (n - 1, ...) of the made motion, whose changes near a border are ignored.
    """
    beside = np.pad(known, UNSETTLED_FRAMES)
    is_unsettled = np.lib.stride_tricks.sliding_window_view(
        beside, 2 * UNSETTLED_FRAMES + 1
    ).any(-1)
    ignored = np.zeros_like(error)
    ignored[1:-1] = np.diff(speed, axis=0)
    ignored[~is_unsettled] = 0.0
    flat = (len(known), -1)
    bridged = bridge_with_least_change(
        error.reshape(flat), known, ignored.reshape(flat), FADE_FRAMES
    )
    return bridged.reshape(error.shape)


def _yaws(rotations: Array) -> Array:
    """Return (T,) headings, each read from its own frame alone: what is masked must not matter."""
    doubled = (rotations[:, 0].astype(float) + 1j * rotations[:, 2].astype(float)) ** 2
    return np.where(np.abs(doubled) > UPRIGHT, np.angle(doubled), 0.0)


def _place_root(clip: Clip, made: Clip, column: NDArray[np.bool_]) -> Clip:
    """Return `made` with each masked span of the root led from one kept pose to the next.

    The span is turned and moved as a whole; what is missing at its end is spread over it,
    and what is left at the borders, of place and of speed, fades into it.
    """
    rot, root = np.array(made.rot, dtype=float), np.array(made.root_pos, dtype=float)
    true_yaw, made_yaw = _yaws(clip.rot[:, 0]), _yaws(made.rot[:, 0])
    for start, end in runs_of(column):
        anchor = start - 1 if start > 0 else end
        if anchor == clip.frames:  # everything is masked: start where the clip starts
            anchor = 0
        turn = true_yaw[anchor] - made_yaw[anchor]
        # Kept frames beside the span travel along, so that their error can be read.
        beside = slice(max(0, start - 2), min(clip.frames, end + 2))
        first, last = start - beside.start, end - beside.start
        q = quaternions.yaw_to_quaternion(np.asarray(turn))
        moved = quaternions.rotate(q, made.root_pos[beside] - made.root_pos[anchor])
        moved = moved + clip.root_pos[anchor]
        moved[:, 1] = made.root_pos[beside, 1]
        turned = quaternions.multiply(q, made.rot[beside, 0])
        if start > 0 and end < clip.frames:
            way = slice(first - 1, last + 1)
            arrived = _spread(moved[way], turned[way], clip.root_pos[end], clip.rot[end, 0])
            # The kept frames behind the end arrive with it.
            behind = slice(last + 1, len(moved))
            moved[behind] += arrived[0][-1] - moved[last]
            moved[way], turned[way] = arrived
        known = ~column[beside]
        error = _bridged(clip.root_pos[beside] - moved, known, np.diff(moved, axis=0))
        root[start:end] = (moved + error)[first:last]
        rot[start:end, 0] = turned[first:last]
    # The reconstruction beside the spans is compared in place: put it where the clip is.
    kept = ~column
    rot[kept, 0] = _with_heading(made.rot[kept, 0], true_yaw[kept] - made_yaw[kept])
    return replace(made, root_pos=root, rot=rot)


def _with_heading(rotations: Array, turns: Array) -> Array:
    return quaternions.multiply(quaternions.yaw_to_quaternion(turns), rotations)


def _spread(moved: Array, turned: Array, end_root: Array, end_rot: Array) -> tuple[Array, Array]:
    """Bend a path (n, 3) and its headings so that the last frame arrives at the kept one."""
    count = len(moved)
    share = np.linspace(0.0, 1.0, count)
    share = share * share * (3.0 - 2.0 * share)  # no step of speed at the borders
    missing = headings(end_rot[None])[0] - headings(turned[-1:])[0]
    missing = (missing + np.pi) % (2 * np.pi) - np.pi
    turns = quaternions.yaw_to_quaternion(missing * share)
    # Turning each step by its share keeps the path's shape; what is left is spread linearly.
    steps = quaternions.rotate(turns[1:], np.diff(moved, axis=0))
    path = np.concatenate([moved[:1], moved[:1] + np.cumsum(steps, axis=0)])
    path = path + share[:, None] * (end_root - path[-1])
    return path, quaternions.multiply(turns, turned)
