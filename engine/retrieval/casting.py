"""Which choice each act of a take gets: what fits the time, joins well and shows the action.

It lays nothing out.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from torch import Tensor

from ..motion.clip import Array
from ..planning.kinds import Flow
from ..planning.timing import MOST_RETIMED
from .acts import LEGS, Act
from .clip_index import Choice, ClipIndex
from .fillings import find_loop
from .stretches import is_once, rate

_APART_WEIGHT: Final = 0.04
"""What a decimetre between the poses at a join counts beside a choice's score."""

_NO_LOOP: Final = 20.0
"""Decimetres that stand for a stretch too short to be repeated."""

_MISFIT_WEIGHT: Final = 0.8
"""What counts an octave of time by which a stretch is too long, beyond a third."""

_UNSEEN_COST: Final = 0.8
"""What it costs that the part of a stretch that is played does not meet the conditions."""

_WIDTH: Final = 48
"""Casts that are followed up while choices are combined."""


@dataclass(frozen=True, slots=True)
class Cast:
    """One choice for each act."""

    picks: tuple[int, ...]
    cost: float

    turn: int = 0
    """Of several that pick the same; later ones pace it otherwise, or begin later in it."""


class Caster:
    """Weighs choices against each other."""

    def __init__(self, index: ClipIndex, project: Callable[[Tensor], Tensor]) -> None:
        """Take where clips are.

        Args:
            index: of the memory.
            project: codes (n, P, Q) -> points (n, P * D), decimetres, a part after the other.
        """
        self.index, self.project = index, project
        self._keys: dict[int, Array] = {}

    def keys(self, clip: int) -> Array:
        """Return a clip's steps as points (S, P * D)."""
        if clip not in self._keys:
            self._keys[clip] = self.project(self.index.memory.clip_codes(clip)).numpy()
        return self._keys[clip]

    def casts(self, acts: Sequence[Act]) -> list[Cast]:
        """Return combinations of choices, the best first: what fits, and joins well."""
        found = [Cast((), 0.0)]
        for number, act in enumerate(acts):
            own = [self._own_cost(act, choice) for choice in act.choices]
            before = self._before(acts, number)
            longer = []
            for cast in found:
                end = None if before is None else acts[before].choices[cast.picks[before]]
                longer += [
                    Cast((*cast.picks, pick), cast.cost + own[pick] + self._join_cost(end, choice))
                    for pick, choice in enumerate(act.choices)
                ]
            found = heapq.nsmallest(_WIDTH, longer, key=lambda cast: cast.cost)
        return found

    def _own_cost(self, act: Act, choice: Choice) -> float:
        """Return what a choice costs an act, whatever is before it."""
        cost = -choice.score
        steps = act.last - act.first
        if is_once(act.action):
            times = (
                act.action.count if act.action.count > 1 and not choice.stretch.is_counted else 1
            )
            needed = times * choice.stretch.steps * (1.0 - MOST_RETIMED)
            octaves = float(np.log2(needed / steps))
            cost += _MISFIT_WEIGHT * max(0.0, octaves)
        else:
            cost += self._loop_cost(act, choice)
            cost += _UNSEEN_COST * self.unseen(act, choice)
        return cost

    def _join_cost(self, before: Choice | None, choice: Choice) -> float:
        """Return what it costs that the pose before a choice is another one."""
        if before is None:
            return 0.0
        here = self.keys(before.stretch.clip)[before.stretch.last - 1]
        there = self.keys(choice.stretch.clip)[choice.stretch.first]
        return _APART_WEIGHT * float(np.linalg.norm(there - here))

    def _loop_cost(self, act: Act, choice: Choice) -> float:
        """Return what it counts that a stretch has to be repeated to last as long as its act."""
        stretch = choice.stretch
        if act.action.flow is Flow.POSE or stretch.steps >= act.last - act.first:
            return 0.0
        loop = find_loop(self.keys(stretch.clip), stretch.first, stretch.last)
        return _APART_WEIGHT * (2.0 * loop.apart if loop is not None else _NO_LOOP)

    def unseen(self, act: Act, choice: Choice) -> float:
        """Return how little of an action is seen where its act ends before it, 0 to 1."""
        stretch, steps = choice.stretch, act.last - act.first
        if not self.index.is_factual or stretch.steps <= steps:
            return 0.0
        shown = self.index.facts(stretch.clip).cut(stretch.first, stretch.first + steps)
        return 1.0 - rate(act.action, shown)

    def _before(self, acts: Sequence[Act], number: int) -> int | None:
        """Return the act of the whole body that ends where one begins."""
        act = acts[number]
        if act.first == 0 or act.rides_on is not None:
            return None
        earlier = [
            other
            for other in range(number)
            if acts[other].last <= act.first and set(LEGS) <= set(acts[other].parts)
        ]
        return max(earlier, key=lambda other: acts[other].last, default=None)
