"""How the steps of a stretch fill a length of time: once and then held, or on and on.

It knows no code and no condition.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..motion.clip import Array
from ..planning.timing import MOST_RETIMED
from .stretches import Stretch

_EXACT: Final = 1e-6
"""By which a quotient of whole numbers may be off."""

_SHORTEST_LOOP: Final = 5

_SHORTEST_TIME: Final = 2
"""Steps of one of several times."""

_LAST_LONGER: Final = 0.5
"""What the last of several times is longer than the others, in times, where all are hurried."""

_CLOSE_SEAM: Final = 2.0
"""Decimetres, all joints together, from which on two steps have to be blended at a seam."""

_LIVELY, _STILL_LOOP = 0.7, 50.0
"""Share of a stretch's motion a step that a loop must have, and decimetres that less costs it."""

_LONGER_LOOP: Final = 0.04
"""Decimetres that a step more is worth to a loop."""


@dataclass(frozen=True, slots=True)
class Filling:
    """Steps of a clip that fill a length of time."""

    rows: tuple[int, ...]
    """Steps of the clip."""

    played: int
    """Steps in which they are played, faster or slower than they were; what is left of the time
    holds the last pose."""

    seams: tuple[int, ...] = ()
    """Steps of the length before which motion has to be made: the clip jumps there."""


def fill_once(stretch: Stretch, steps: int, at: int | None = None, pace: float = 1.0) -> Filling:
    """Return a stretch played once in at most `steps`; hurried by up to a third if need be.

    Args:
        stretch: what is played.
        steps: to fill.
        at: step of the clip that is held; None is its last.
        pace: how much faster than in the clip, where there is time.
    """
    rows = stretch.rows
    if at is not None:
        rows = [row for row in rows if row <= max(at, stretch.first)]
    seams: tuple[int, ...] = ()
    if stretch.seam is not None and stretch.seam < len(rows):
        seams = (stretch.seam,)
    natural = len(rows)
    if natural <= steps:
        played = min(steps, round(natural / pace))
        return Filling(tuple(rows), played, _scaled(seams, played, natural))
    room = int(steps / (1.0 - MOST_RETIMED) + _EXACT)
    if natural > room:
        # What does not fit is cut off on both sides of the peak alike.
        peak = min(range(natural), key=lambda number: abs(rows[number] - stretch.peak))
        first = max(0, min(peak - round(room * peak / natural), natural - room))
        rows = rows[first : first + room]
        seams = tuple(seam - first for seam in seams if first < seam < first + room)
    return Filling(tuple(rows), steps, _scaled(seams, steps, len(rows)))


def _scaled(seams: Sequence[int], played: int, natural: int) -> tuple[int, ...]:
    """Return seams of steps that are played faster or slower."""
    return tuple(round(seam * played / natural) for seam in seams)


def fill_times(stretch: Stretch, steps: int, count: int, pace: float = 1.0) -> Filling:
    """Return a stretch played `count` times in at most `steps`; fewer where that is too often.

    Args:
        stretch: what is played.
        steps: to fill.
        count: how often.
        pace: how much faster than in the clip, where there is time.
    """
    count = max(1, min(count, steps // _SHORTEST_TIME))
    natural = round(stretch.steps / min(pace, 1.0))
    # The last one is hurried least: its end is the take's.
    room = min(natural, steps // count, max(_SHORTEST_TIME, round(steps / (count + _LAST_LONGER))))
    once = fill_once(stretch, room, pace=pace)
    before = once.played * (count - 1)
    last = fill_once(stretch, min(natural, steps - before), pace=pace)
    rows, seams = list[int](), list[int]()
    for each in [*[once] * (count - 1), last]:
        within = _scaled(each.seams, len(each.rows), each.played)
        seams += [len(rows) + seam for seam in (0, *within)]
        rows += each.rows
    played = before + last.played
    return Filling(tuple(rows), played, tuple(s for s in _scaled(seams, played, len(rows)) if s))


def fill_on(
    stretch: Stretch, steps: int, keys: Array, is_ended: bool = False, shift: int = 0
) -> Filling:
    """Return a stretch that goes on for `steps`, from one of its steps back to a like one.

    Args:
        stretch: what goes on.
        steps: to fill.
        keys: (S, D) the clip's steps as points, decimetres.
        is_ended: whether the end of the stretch is the end of the action, and is not cut off.
        shift: steps at its start that are left out, if that many can be.
    """
    if is_ended and stretch.steps >= steps:
        return fill_once(stretch, steps)
    first = stretch.first + max(0, min(shift, stretch.steps - _SHORTEST_LOOP - 2))
    if stretch.last - first >= steps:
        return Filling(tuple(range(first, first + steps)), steps)
    loop = find_loop(keys, first, stretch.last)
    if loop is None:
        return Filling(tuple(range(first, stretch.last)), stretch.last - first)
    rows, seams = list(range(first, loop.leave)), list[int]()
    end = list(range(loop.leave, stretch.last)) if is_ended else []
    again = list(range(loop.back, loop.leave))
    # What has an end may be a little short, and is held then; what has none fills all steps.
    while len(rows) + len(end) + (len(again) if is_ended else 1) <= steps:
        seams += [len(rows)] * (loop.apart > _CLOSE_SEAM)
        rows += again
    rows = (rows + end)[:steps]
    return Filling(tuple(rows), len(rows), tuple(seam for seam in seams if seam < len(rows)))


@dataclass(frozen=True, slots=True)
class Loop:
    """Where a clip may go back to an earlier step, so that it goes on."""

    back: int
    leave: int
    """Step at which to go back: it is not played."""

    apart: float
    """Decimetres, all joints together, between the poses at the seam."""


def find_loop(keys: Array, first: int, last: int) -> Loop | None:
    """Return the best place to go back in steps [first, last) of a clip; None in a short one.

    Longer loops are preferred among those whose seams are about equally good; what goes on in
    one is as lively as the rest.
    """
    best, least = None, np.inf
    moved = np.concatenate([[0.0], np.linalg.norm(np.diff(keys, axis=0), axis=1).cumsum()])
    lively = _LIVELY * (moved[last - 1] - moved[first]) / max(last - 1 - first, 1)
    for leave in range(first + _SHORTEST_LOOP + 1, last):
        back = np.arange(first + 1, leave - _SHORTEST_LOOP + 1)
        apart = np.linalg.norm(keys[back] - keys[leave], axis=1)
        apart = 0.5 * (apart + np.linalg.norm(keys[back - 1] - keys[leave - 1], axis=1))
        cost = apart - _LONGER_LOOP * (leave - back)
        cost[moved[leave] - moved[back] < lively * (leave - back)] += _STILL_LOOP
        at = int(cost.argmin())
        if cost[at] < least:
            least = float(cost[at])
            best = Loop(int(back[at]), leave, float(apart[at]))
    return best
