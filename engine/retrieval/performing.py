"""Lays what was chosen for the tracks of a plan into the grid: codes, joins, holds, ground.

Codes are copied, and one copy fades into the next; what no track covers stays masked for the
transformer. It knows no network: who calls it turns codes into others where motion is retimed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import torch
from torch import Tensor

from ..motion.displacements import runs_of
from ..motion.skeleton import FRAMES_PER_STEP, PARTS
from ..motion.tracks import STATES
from ..planning.kinds import Flow
from ..planning.timing import MOST_RETIMED
from .acts import LEGS, LONGEST_BLEND, Act, Blend, Laid, Played, Still
from .casting import Cast, Caster
from .clip_index import Choice, ClipIndex
from .facts import Facts
from .facts.conditions import rate_condition
from .fillings import Filling, fill_on, fill_once, fill_times
from .stretches import Stretch, is_once, leaves_ground

Retime = Callable[[Tensor, int], Tensor]
"""Codes (n, P, Q) and a number of steps -> codes of so many steps that show the same faster."""

NEAR_JOIN, FAR_JOIN = 3.0, 8.0
"""Decimetres, all joints together, from which on a copy fades into the next in 3 and 4 steps."""

_AS_GOOD: Final = 0.25
"""What a cast may cost more than the best one, an act, to be taken instead."""

PACES: Final = (1.0, 0.9, 1.12, 0.82, 1.22, 0.95, 1.06)
"""How much faster each turn of a cast is played than the clip, where there is time."""
_LATER: Final = 3
"""How later turns of the same choice differ: by pace, or by steps left out at the start."""

_CARRIES: Final = 0.9
"""Share of a step's frames in which a foot carries, from which on one stands on it."""

_STANDING: Final = STATES.index("standing")

_LEVEL: Final = 0.12
"""Metres by which the measured ground of a clip may be off where it is level."""


class Performer:
    """Casts acts and lays them out."""

    def __init__(self, index: ClipIndex, project: Callable[[Tensor], Tensor]) -> None:
        """Take where clips are.

        Args:
            index: of the memory.
            project: codes (n, P, Q) -> points (n, P * D), decimetres, a part after the other.
        """
        self.index = index
        self._caster = Caster(index, project)
        self.idle: Tensor | None = None
        """Features (T, WIDTH) of somebody who stands and breathes, once they were decoded."""

    def casts(self, acts: Sequence[Act]) -> tuple[list[Cast], list[Cast]]:
        """Return the casts that are about as good as the best one, and the others; best first."""
        casts = self._caster.casts(acts)
        near = [cast for cast in casts if cast.cost <= casts[0].cost + _AS_GOOD * len(acts)]
        return near, casts[len(near) :]

    def lay(self, acts: Sequence[Act], cast: Cast, steps: int, retime: Retime) -> Laid:
        """Return a cast's codes in a grid of `steps`."""
        stages = self.index.memory.codes.shape[-1]
        laid = Laid(
            torch.zeros(steps, len(PARTS), stages, dtype=torch.long),
            torch.zeros(steps, len(PARTS), dtype=torch.bool),
            np.zeros(steps),
        )
        ground, taken = 0.0, torch.zeros_like(laid.cells)
        left: list[tuple[Act, Played]] = []
        for act, pick in zip(acts, cast.picks, strict=True):
            played = self._play(act, act.choices[pick], cast.turn, retime)
            if self._put(laid, act, played, taken):
                left.append((act, played))
            if LEGS[0] in act.parts:
                ground = self._raise(laid, played, act, ground)
        for act, played in left:
            self._lead_back(laid, act, played, taken)
        _hold_uncovered(laid)
        return laid

    def _travels(self, act: Act, stretch: Stretch) -> bool:
        """Say whether legs go somewhere while a pose is held: a box is carried on the way."""
        if LEGS[0] not in act.parts or not self.index.is_factual:
            return False
        near = self.index.facts(stretch.clip).cut(stretch.peak - 3, stretch.peak + 4)
        return rate_condition("goes", near) > 0.0

    def _play(self, act: Act, choice: Choice, turn: int, retime: Retime) -> Played:
        steps = act.last - act.first
        filling = self._filling(act, choice, steps, turn)
        clip = choice.stretch.clip
        codes = self._rows(clip, filling.rows)
        is_retimed = filling.played != len(filling.rows)
        if is_retimed:
            codes = retime(codes, filling.played)
        codes = torch.cat([codes, codes[-1:].expand(steps - filling.played, -1, -1)])
        still = codes[-1:].expand(LONGEST_BLEND, -1, -1)
        tail = still if is_retimed or filling.played < steps else self._after(clip, filling, -1)
        seams = {
            seam: codes[seam - 1 : seam].expand(LONGEST_BLEND, -1, -1) if is_retimed
            else self._after(clip, filling, seam - 1)
            for seam in filling.seams if 0 < seam < steps
        }  # fmt: skip
        return Played(clip, filling, codes, tail, seams)

    def _rows(self, clip: int, rows: Sequence[int]) -> Tensor:
        start, end = (int(each) for each in self.index.memory.starts[clip : clip + 2])
        chosen = (torch.tensor(rows) + start).clamp_max(end - 1)
        return self.index.memory.codes[chosen].long()

    def _after(self, clip: int, filling: Filling, number: int) -> Tensor:
        """Return codes (LONGEST_BLEND, P, Q) that follow a row of a filling in its clip."""
        row = filling.rows[number]
        return self._rows(clip, range(row + 1, row + 1 + LONGEST_BLEND))

    def _filling(self, act: Act, choice: Choice, steps: int, turn: int) -> Filling:
        stretch, action = choice.stretch, act.action
        pace = PACES[turn % len(PACES)]
        if act.is_held and not is_once(action) and action.flow is Flow.CYCLIC:
            return fill_once(stretch, steps, pace=pace)
        if is_once(action):
            if action.count > 1 and not stretch.is_counted:
                return fill_times(stretch, steps, action.count, pace)
            return fill_once(stretch, steps, pace=pace)
        if action.flow is Flow.POSE and not self._travels(act, stretch):
            return fill_once(stretch, steps, stretch.peak, pace)
        is_near = steps < stretch.steps <= steps / (1.0 - MOST_RETIMED)
        if is_near and self._caster.unseen(act, choice) > 0.5:
            filling = fill_once(stretch, steps)
        else:
            is_ended = bool(action.kind and action.kind.event) and act.rides_on is None
            keys = self._caster.keys(stretch.clip)
            filling = fill_on(stretch, steps, keys, is_ended, _LATER * turn)
        return self._landed(stretch.clip, filling) if leaves_ground(action) else filling

    def _landed(self, clip: int, filling: Filling) -> Filling:
        """Return a filling that ends with a foot on the ground; what is left of it is held."""
        if not self.index.is_factual:
            return filling
        carries = self.index.facts(clip).hands("foot_carries").max(1) > _CARRIES
        grounded = [number for number, row in enumerate(filling.rows, 1) if carries[row]]
        count = len(filling.rows)
        last = grounded[-1] if grounded else count
        if 2 * last < count:
            return filling
        played = max(1, round(last * filling.played / count))
        return Filling(filling.rows[:last], played, tuple(s for s in filling.seams if s < played))

    def _put(self, laid: Laid, act: Act, played: Played, taken: Tensor) -> bool:
        """Write an act's codes, with what fades into them, and note where it is held.

        Args:
            laid: the take so far.
            act: with its own parts; arms of nobody else go with its legs.
            played: what is written.
            taken: (S, P) cells of arms that have no legs; theirs are noted.

        Returns:
            Whether it ends in the middle of what else its parts do.
        """
        done, last = act.first + played.filling.played, act.last
        has_legs = LEGS[0] in act.parts
        is_done_early = act.rides_on is not None and done < last and is_once(act.action)
        mine = torch.zeros_like(taken)
        mine[act.first : done if is_done_early else last, list(act.parts)] = True
        if has_legs:
            # A later act may take arms of nobody else.
            mine[act.first : last] |= ~taken[act.first : last]
        starting, ending = (_parts_of(mine[step]) for step in (act.first, act.last - 1))
        self._fade(laid, act.first, _going_on(laid, act.first, starting), played.codes)
        if is_done_early:
            # Arms that are done swing with the legs that they ride on.
            going_on = {part: played.tail[:, part] for part in act.parts}
            self._fade(laid, done, going_on, laid.codes[done:last])
        rows = slice(act.first, last)
        laid.codes[rows] = torch.where(mine[rows, :, None], played.codes, laid.codes[rows])
        laid.cells |= mine
        if not has_legs:
            taken |= mine
        for seam, before in played.seams.items():
            at = act.first + seam
            steps = min(2, last - at)
            if steps > 0:
                laid.blends.append(Blend(at, at + steps, act.parts, before[:steps]))
        for part in ending:
            if laid.tails.get(part, (-1,))[0] <= last:
                laid.tails[part] = last, played.tail
        if done < last and not is_done_early:
            laid.stills.append(Still(FRAMES_PER_STEP * done, FRAMES_PER_STEP * last, act.parts))
        return not has_legs and not is_done_early

    def _lead_back(self, laid: Laid, act: Act, played: Played, taken: Tensor) -> None:
        """Note how arms fade back into what they do with the legs behind their act."""
        at = act.last
        if at >= len(laid.codes):
            return
        faded = {part for blend in laid.blends if blend.first == at for part in blend.parts}
        back = [
            part
            for part in act.parts
            if laid.cells[at, part] and not taken[at, part] and part not in faded
        ]
        self._fade(laid, at, {part: played.tail[:, part] for part in back}, laid.codes[at:])

    def _fade(self, laid: Laid, at: int, going_on: dict[int, Tensor], codes: Tensor) -> None:
        """Note how what parts did before a step fades into codes (n, P, Q)."""
        if at == 0 or not going_on or len(codes) == 0:
            return
        before = torch.zeros(LONGEST_BLEND, *codes.shape[1:], dtype=torch.long)
        for part, own in going_on.items():
            before[: len(own), part] = own
        points = self._caster.project(torch.stack([laid.codes[at - 1], codes[0]]))
        parts = tuple(going_on)
        apart = points.view(2, len(PARTS), -1)[:, list(parts)].diff(dim=0).norm()
        steps = 2 + int(apart > NEAR_JOIN) + int(apart > FAR_JOIN)
        steps = min(steps, len(codes), LONGEST_BLEND, *(len(own) for own in going_on.values()))
        laid.blends = [*_without(laid.blends, at, parts), Blend(at, at + steps, parts,
                                                               before[:steps])]  # fmt: skip

    def _raise(self, laid: Laid, played: Played, act: Act, ground: float) -> float:
        """Put the clip's ground where the take's is; return where it is behind the act."""
        if not self.index.is_factual:
            return ground
        facts, rows = self.index.facts(played.clip), played.filling.rows
        first, last = _ground_of(facts, rows), _ground_of(facts, rows[::-1])
        laid.lift[act.first : act.last] = ground - first
        if played.filling.played != len(rows):
            return ground + last - first
        climbed = 0.0
        for number in range(1, len(rows)):
            leave, back = rows[number - 1] + 1, rows[number]
            if back != leave:
                # A flight of stairs is climbed again from where it was left.
                rise = _height_near(facts, leave) - _height_near(facts, back)
                climbed += rise if abs(rise) >= _LEVEL else 0.0
                laid.lift[act.first + number : act.last] = ground - first + climbed
        return ground + last - first + climbed


def _parts_of(cells: Tensor) -> tuple[int, ...]:
    """Return the numbers of the parts (P,) that are True."""
    return tuple(cells.nonzero().flatten().tolist())


def _going_on(laid: Laid, at: int, parts: Sequence[int]) -> dict[int, Tensor]:
    """Return for parts that do something before a step with which codes they would go on."""
    found = {}
    for part in parts:
        end, tail = laid.tails.get(part, (-1, laid.codes))
        if end == at:
            found[part] = tail[:, part]
        elif at and bool(laid.cells[at - 1, part] & laid.cells[at, part]):
            found[part] = laid.codes[at : at + LONGEST_BLEND, part].clone()
    return found


def _without(blends: Sequence[Blend], at: int, parts: Sequence[int]) -> Iterator[Blend]:
    """Yield blends in which some parts have none at a step."""
    for blend in blends:
        others = tuple(part for part in blend.parts if blend.first != at or part not in parts)
        if others:
            yield replace(blend, parts=others)


def _hold_uncovered(laid: Laid) -> None:
    """Hold every part where no track has it any more, until one has it again."""
    for part in range(len(PARTS)):
        for first, last in runs_of(~laid.cells[:, part].numpy()):
            if first == 0:
                continue
            laid.codes[first:last, part] = laid.codes[first - 1, part].clone()
            laid.cells[first:last, part] = True
            frames = FRAMES_PER_STEP * first, FRAMES_PER_STEP * last
            laid.stills.append(Still(*frames, (part,)))
            if part == LEGS[0]:
                laid.lift[first:last] = laid.lift[first - 1]
            if last < len(laid.codes):
                held = laid.codes[last - 1 : last].expand(min(2, len(laid.codes) - last), -1, -1)
                laid.blends.append(Blend(last, last + len(held), (part,), held.clone()))


def _height_near(facts: Facts, row: int) -> float:
    """Return the height of the ground near a step, metres; 0 where nobody is on the feet."""
    on_feet = np.flatnonzero(facts.states == _STANDING)
    near = on_feet[np.argsort(np.abs(on_feet - row), kind="stable")[:3]]
    return float(np.median(facts.channel("support_height")[near])) if len(near) else 0.0


def _ground_of(facts: Facts, rows: Sequence[int]) -> float:
    """Return the height of the ground at the first of some steps that is on the feet, metres.

    0 where none of them is, or the ground is level.
    """
    height = facts.channel("support_height")
    on_feet = [row for row in rows if int(facts.states[row]) == _STANDING][:3]
    found = float(np.median(height[on_feet])) if on_feet else 0.0
    return found if abs(found) >= _LEVEL else 0.0
