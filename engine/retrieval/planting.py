"""Which remembered motion each take copies step by step, before anything is drawn.

A span between kept poses takes one clip into its middle. Takes whose copies were the same would
be the same take: they are listed beforehand, each different from all before it, and a seed
is a place in that list. It knows no transformer.
"""

from __future__ import annotations

import math
from collections.abc import Generator as Steps
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from ..motion.request import MOST_TAKES, Progress
from .bridging import Gap
from .memory import LONGEST_STEPS, busiest, busiest_start
from .recalling import Recalled

MARGIN_STEPS: Final = 3
"""Steps between a kept pose and motion that is copied."""

_PLACES: Final = (0.5, 0.0, 1.0)
"""Where the first takes of a span put a clip: shares of the room that it leaves."""

_LATER: Final = (0, -6, 9)
"""Steps by which they begin later in a clip that is longer than the room."""

SHIFTS: Final = (4, -4, 8, -8, 2, -2, 6, -6, 10, -10, 3, -3, 5, -5, 7, -7, 12, -12, 1, -1)
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
class Stretch:
    """Successive steps of a clip, and where in the grid they go."""

    clip: Tensor
    """(n, P, Q) the whole clip."""

    source: int
    length: int
    target: int

    def shifted(self, steps: int, room: tuple[int, int]) -> Stretch | None:
        """Return the stretch that is `steps` further on in its clip, seen from the room.

        Later in the clip where that is long enough, else earlier in the room (half-open steps
        of the grid), else with an end cut off; None where too much would be lost.
        """
        if 0 <= self.source + steps <= len(self.clip) - self.length:
            return Stretch(self.clip, self.source + steps, self.length, self.target)
        if room[0] <= self.target - steps <= room[1] - self.length:
            return Stretch(self.clip, self.source, self.length, self.target - steps)
        left = self.length - abs(steps)
        if left < max(2.0, (1 - _MOST_TRIMMED) * self.length):
            return None
        if steps > 0:
            return Stretch(self.clip, self.source + steps, left, self.target)
        return Stretch(self.clip, self.source, left, self.target - steps)

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
        planting = empty_planting(recalled, steps, (candidate,))
        stretch.put(planting.codes, planting.cells, gap.parts)
        add_different(found, planting)
        if len(found) == MOST_TAKES:
            break
    return found


def _span_choices(
    recalled: Recalled, room: tuple[int, int], steps: int
) -> Iterator[tuple[int, Stretch]]:
    """Yield stretches for a room, with the numbers of their candidates, best first."""
    candidates, alike = recalled.candidates[0], recalled.alike[0]

    def place(number: int, turn: int) -> Stretch:
        return _placed(candidates[number].codes, steps, room, turn % len(_PLACES))

    for turn in range(math.lcm(alike, len(_PLACES))):
        yield turn % alike, place(turn % alike, turn)
    for number in range(alike, len(candidates)):
        yield number, place(number, number)
    for shift in SHIFTS:
        for number in range(len(candidates)):
            moved = place(number, 0).shifted(shift, room)
            if moved is not None:
                yield number, moved


def _placed(clip: Tensor, steps: int, room: tuple[int, int], turn: int) -> Stretch:
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
    return Stretch(clip, source, length, room[0] + int(_PLACES[turn] * (free - length)))


def empty_planting(recalled: Recalled, steps: int, candidates: tuple[int, ...]) -> Planting:
    """Return a planting of some candidates that copies nothing yet."""
    codes = recalled.codes.new_zeros(steps, *recalled.codes.shape[1:])
    return Planting(candidates, codes, torch.zeros_like(codes[..., 0], dtype=torch.bool))


def add_different(found: list[Planting], planting: Planting) -> None:
    """Add a planting to others, unless it is the same motion as one of them."""
    if all(planting.differs_from(other) for other in found):
        found.append(planting)
