"""Which remembered motion each take copies step by step, before anything is drawn.

A span between kept poses takes one clip into its middle; a take of two actions at once
takes the legs of one clip and the arms of another. Takes whose copies were the same would
be the same take: they are listed beforehand, each different from all before it, and a seed
is a place in that list. It knows no transformer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from collections.abc import Generator as Steps
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from ..motion.request import MOST_TAKES, Progress
from .bridging import Gap, LegMotion
from .memory import LONGEST_STEPS, busiest, busiest_start
from .recalling import Recalled, Together

MARGIN_STEPS: Final = 3
"""Steps between a kept pose and motion that is copied."""

CALM: Final = 0.5
"""Of two actions at once the one whose legs move so much less lends its arms."""

STILL_REACH: Final = 12.0
"""Decimetres up to which legs stay where they are: shifting the weight is less, sitting more."""

_PLACES: Final = (0.5, 0.0, 1.0)
"""Where the first takes of a span put a clip: shares of the room that it leaves."""

_LATER: Final = (0, -6, 9)
"""Steps by which they begin later in a clip that is longer than the room."""

_SHIFTS: Final = (4, -4, 8, -8, 2, -2, 6, -6, 10, -10, 3, -3, 5, -5, 7, -7, 12, -12, 1, -1)
"""Steps by which further takes move a clip against the span, or the arms against the legs."""

_MOST_TRIMMED: Final = 1 / 3
"""Share of a stretch that a shift may push out of the span."""

_LEAST_DIFFERENT: Final = 0.1
"""Share of the cells copied by two takes whose base codes differ where the takes do."""


@dataclass(frozen=True, slots=True)
class Planting:
    """What one take copies."""

    candidates: tuple[int, ...]
    """For each action which of its candidates the take remembers."""

    codes: Tensor
    """(S, P, Q) int64 of the grid; only those of `cells` count."""

    cells: Tensor
    """(S, P) True where a code is copied."""

    def differs_from(self, other: Planting) -> bool:
        """Say whether two takes that copy this are different motions.

        They are where nothing is copied, for then each is drawn; or where enough of what both
        copy is different.
        """
        shared = self.cells & other.cells
        count = int(shared.sum())
        if count == 0:
            return True
        changed = (self.codes[..., 0] != other.codes[..., 0]) & shared
        return int(changed.sum()) >= max(1.0, _LEAST_DIFFERENT * count)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Successive steps of a clip, and where in the grid they go."""

    clip: Tensor
    """(n, P, Q) the whole clip."""

    source: int
    length: int
    target: int

    def shifted(self, steps: int, room: tuple[int, int]) -> _Stretch | None:
        """Return the stretch that is `steps` further on in its clip, seen from the room.

        Later in the clip where that is long enough, else earlier in the room (half-open steps
        of the grid), else with an end cut off; None where too much would be lost.
        """
        if 0 <= self.source + steps <= len(self.clip) - self.length:
            return _Stretch(self.clip, self.source + steps, self.length, self.target)
        if room[0] <= self.target - steps <= room[1] - self.length:
            return _Stretch(self.clip, self.source, self.length, self.target - steps)
        left = self.length - abs(steps)
        if left < max(2.0, (1 - _MOST_TRIMMED) * self.length):
            return None
        if steps > 0:
            return _Stretch(self.clip, self.source + steps, left, self.target)
        return _Stretch(self.clip, self.source, left, self.target - steps)

    def put(self, codes: Tensor, cells: Tensor, parts: tuple[int, ...]) -> None:
        """Write the parts of the stretch into codes (S, P, Q) and mark them in cells (S, P)."""
        steps = slice(self.target, self.target + self.length)
        for part in parts:
            codes[steps, part] = self.clip[self.source : self.source + self.length, part]
            cells[steps, part] = True


def plan_span(
    recalled: Recalled, gap: Gap, steps: int
) -> Steps[Progress, None, list[Planting]]:
    """Return up to MOST_TAKES different copies of one action for a gap of a grid of `steps`.

    The first ones put the nearest clips into the middle of the gap, then elsewhere; later
    ones take further clips, then the nearest ones moved against the gap.
    """
    first = gap.first + MARGIN_STEPS * (gap.first > 0)
    last = max(first, gap.last - MARGIN_STEPS * (gap.last < steps))
    found: list[Planting] = []
    for candidate, stretch in _span_choices(recalled, (first, last), gap.last - gap.first):
        yield Progress(len(found), MOST_TAKES, "Choosing what to copy")
        planting = _empty(recalled, steps, (candidate,))
        stretch.put(planting.codes, planting.cells, gap.parts)
        _add_different(found, planting)
        if len(found) == MOST_TAKES:
            break
    return found


def _span_choices(
    recalled: Recalled, room: tuple[int, int], steps: int
) -> Iterator[tuple[int, _Stretch]]:
    """Yield stretches for a room, with the numbers of their candidates, best first."""
    candidates, alike = recalled.candidates[0], recalled.alike[0]

    def place(number: int, turn: int) -> _Stretch:
        return _placed(candidates[number].codes, steps, room, turn % len(_PLACES))

    for turn in range(math.lcm(alike, len(_PLACES))):
        yield turn % alike, place(turn % alike, turn)
    for number in range(alike, len(candidates)):
        yield number, place(number, number)
    for shift in _SHIFTS:
        for number in range(len(candidates)):
            moved = place(number, 0).shifted(shift, room)
            if moved is not None:
                yield number, moved


def _placed(clip: Tensor, steps: int, room: tuple[int, int], turn: int) -> _Stretch:
    """Return the busiest stretch of a clip (n, P, Q) in the room; turn 0 is in its middle.

    Args:
        clip: the whole clip.
        steps: of a longer clip only so many, the busiest, are remembered.
        room: half-open steps of the grid.
        turn: which of _PLACES and _LATER.
    """
    remembered = min(steps, LONGEST_STEPS)
    source = busiest_start(clip, remembered)
    motion = busiest(clip, remembered)
    free = room[1] - room[0]
    # A clip that fills the room is cut a little, so that takes differ all the same.
    length = max(min(free, 1), free - turn * (len(motion) >= free - 1))
    if len(motion) > length:
        start, last = busiest_start(motion, length), len(motion) - length
        moved = start + _LATER[turn] if 0 <= start + _LATER[turn] <= last else start - _LATER[turn]
        source += max(0, min(moved, last))
    length = min(length, len(motion))
    return _Stretch(clip, source, length, room[0] + int(_PLACES[turn] * (free - length)))


def plan_at_once(
    recalled: Recalled, steps: int, measure_legs: Callable[[Tensor], LegMotion]
) -> Steps[Progress, None, list[Planting]]:
    """Return up to MOST_TAKES different copies of two actions for a new take of `steps`.

    One action's legs and torso with the other's arms. Nothing is copied of pairs of clips
    that both need the legs: these are left to the transformer, and so are all takes where
    the nearest pairs are such.
    """
    together = recalled.together
    assert together is not None
    found: list[Planting] = []
    motions: dict[tuple[int, int], LegMotion] = {}
    nearest = math.lcm(*recalled.alike)
    for number, (pair, shifts) in enumerate(_pair_choices(recalled)):
        yield Progress(len(found), MOST_TAKES, "Choosing what to copy")
        for action in (0, 1):
            if (action, pair[action]) not in motions:
                clip = recalled.candidates[action][pair[action]].codes
                motion = measure_legs(busiest(clip, min(steps, LONGEST_STEPS)))
                motions[action, pair[action]] = motion
        legs = _legs_of(together, [motions[action, pair[action]] for action in (0, 1)])
        if number == nearest and not any(bool(each.cells.any()) for each in found):
            break
        if legs is None and number >= nearest:
            continue
        planting = _empty(recalled, steps, pair)
        if legs is not None and not _put_together(planting, recalled, legs, shifts):
            continue
        _add_different(found, planting)
        if len(found) == MOST_TAKES:
            break
    return found


def _pair_choices(recalled: Recalled) -> Iterator[tuple[tuple[int, ...], tuple[int, int]]]:
    """Yield a candidate of each action, and steps to shift legs and arms by; best first."""
    alike, counts = recalled.alike, [len(each) for each in recalled.candidates]
    near = [
        tuple(turn % count for count in alike) for turn in range(math.lcm(*alike))
    ]
    every = [(first, other) for first in range(counts[0]) for other in range(counts[1])]
    pairs = list(dict.fromkeys([*near, *sorted(every, key=lambda pair: (sum(pair), pair))]))
    for pair in pairs:
        yield pair, (0, 0)
    for shift in _SHIFTS:
        for pair in pairs[: len(near)]:
            yield pair, (0, shift)
            yield pair, (shift, 0)


def _legs_of(together: Together, motions: list[LegMotion]) -> int | None:
    """Return which of two actions has the legs; None where both need them."""
    lively = [motion.liveliness for motion in motions]
    legs = lively.index(max(lively)) if together.legs is None else together.legs
    arms = 1 - legs
    is_calm = lively[arms] <= CALM * lively[legs]
    is_still = motions[arms].reach <= STILL_REACH
    if together.legs is not None:
        return legs if is_calm or is_still else None
    if together.is_sure:
        return legs if is_calm else None
    return legs if is_still and motions[legs].reach > STILL_REACH else None


def _put_together(
    planting: Planting, recalled: Recalled, legs: int, shifts: tuple[int, int]
) -> bool:
    """Write both actions' clips into a planting; say whether the shifts leave enough of them."""
    assert recalled.together is not None
    steps, parts = planting.cells.shape
    arms = recalled.together.arms[1 - legs]
    rest = tuple(part for part in range(parts) if part not in arms)
    for action, own, shift in ((legs, rest, shifts[0]), (1 - legs, arms, shifts[1])):
        clip = recalled.candidates[action][planting.candidates[action]].codes
        remembered = busiest(clip, min(steps, LONGEST_STEPS))
        source = busiest_start(clip, len(remembered))
        # Both begin at once, as the recordings begin: the transformer goes on where one ends.
        stretch: _Stretch | None = _Stretch(clip, source, len(remembered), 0)
        if shift and stretch is not None:
            stretch = stretch.shifted(shift, (0, steps))
        if stretch is None:
            return False
        stretch.put(planting.codes, planting.cells, own)
    return True


def _empty(recalled: Recalled, steps: int, candidates: tuple[int, ...]) -> Planting:
    codes = recalled.codes.new_zeros(steps, *recalled.codes.shape[1:])
    return Planting(candidates, codes, torch.zeros_like(codes[..., 0], dtype=torch.bool))


def _add_different(found: list[Planting], planting: Planting) -> None:
    if all(planting.differs_from(other) for other in found):
        found.append(planting)
