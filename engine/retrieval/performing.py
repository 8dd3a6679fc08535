"""Lays what was chosen for the tracks of a plan into the grid: codes, joins, holds, ground.

Codes are copied; joins between copies stay masked for the transformer. It knows no network: who
calls it turns codes into others where motion is retimed.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import torch
from torch import Tensor

from ..motion.clip import Array
from ..motion.displacements import runs_of
from ..motion.skeleton import FRAMES_PER_STEP, PARTS
from ..motion.tracks import STATES
from ..planning.kinds import Flow
from ..planning.reading import Action
from .clip_index import Choice, ClipIndex
from .facts import Facts
from .fillings import MOST_RETIMED, Filling, fill_on, fill_once, fill_times, find_loop
from .stretches import is_once

Retime = Callable[[Tensor, int], Tensor]
"""Codes (n, P, Q) and a number of steps -> codes of so many steps that show the same faster."""

LEGS: Final = tuple(PARTS.index(part) for part in ("LOWER_BODY", "TORSO"))

NEAR_JOIN, FAR_JOIN = 3.0, 8.0
"""Decimetres, all joints together, from which on a copy fades into the next in 3 and 4 steps."""

LONGEST_BLEND: Final = 4
"""Steps of the longest fade."""

_APART_WEIGHT: Final = 0.04
"""What a decimetre between the poses at a join counts beside a choice's score."""

_NO_LOOP: Final = 20.0
"""Decimetres that stand for a stretch too short to be repeated."""

_MISFIT_WEIGHT: Final = 0.8
"""What counts an octave of time by which a stretch is too long, beyond a third."""

_AS_GOOD: Final = 0.35
"""What a cast may cost more than the best one, an act, to be taken instead."""

_WIDTH: Final = 48
"""Casts that are followed up while choices are combined."""

_PACES: Final = (1.0, 0.9, 1.12, 0.82, 1.22, 0.95, 1.06)
_LATER: Final = 3
"""How later turns of the same choice differ: by pace, or by steps left out at the start."""

_STANDING: Final = STATES.index("standing")

_LEVEL: Final = 0.12
"""Metres by which the measured ground of a clip may be off where it is level."""


@dataclass(frozen=True, slots=True)
class Act:
    """A track in steps, with what may be copied for it."""

    action: Action
    first: int
    last: int
    """Half-open steps of the grid."""

    parts: tuple[int, ...]
    choices: tuple[Choice, ...]
    is_held: bool = False

    rides_on: int | None = None
    """Number of the act whose legs these arms ride on; None for what has its own legs, or
    legs that are held."""


@dataclass(frozen=True, slots=True)
class Still:
    """Frames in which parts of the body hold their pose."""

    first: int
    last: int
    """Half-open."""

    parts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Blend:
    """Steps in which one copy fades into the next."""

    first: int
    last: int
    """Half-open."""

    parts: tuple[int, ...]

    before: Tensor
    """(last - first, P, Q) codes with which the copy before goes on."""


@dataclass(slots=True)
class Laid:
    """A take before the transformer has seen it."""

    codes: Tensor
    """(S, P, Q) int64; only those of `cells` count."""

    cells: Tensor
    """(S, P) True where a code is copied."""

    lift: Array
    """(S,) metres by which the copied motion is raised."""

    tails: dict[int, tuple[int, Tensor]] = field(default_factory=dict)
    """For each part the step behind the copy that was laid last, and codes (LONGEST_BLEND, P, Q)
    with which it goes on."""

    stills: list[Still] = field(default_factory=list)
    blends: list[Blend] = field(default_factory=list)

    def led(self, codes: Tensor) -> Tensor:
        """Return filled codes (S, P, Q) of the take as they go on from before each blend."""
        codes = codes.clone()
        for blend in self.blends:
            for part in blend.parts:
                codes[blend.first : blend.last, part] = blend.before[:, part].to(codes)
        return codes

    def differs_from(self, other: Laid) -> bool:
        """Say whether two takes are different motions: a tenth of the shared base codes is."""
        shared = self.cells & other.cells
        changed = (self.codes[..., 0] != other.codes[..., 0]) & shared
        return int(changed.sum()) >= max(1.0, 0.1 * int(shared.sum()))


@dataclass(frozen=True, slots=True)
class Played:
    """A choice made as long as its act."""

    clip: int
    filling: Filling

    codes: Tensor
    """(n, P, Q) int64."""

    tail: Tensor
    """(LONGEST_BLEND, P, Q) codes with which it would go on."""

    seams: dict[int, Tensor]
    """Steps at which it jumps, with codes (LONGEST_BLEND, P, Q) with which it would go on."""


@dataclass(frozen=True, slots=True)
class Cast:
    """One choice for each act."""

    picks: tuple[int, ...]
    cost: float

    turn: int = 0
    """Of several that pick the same; later ones pace it otherwise, or begin later in it."""


class Performer:
    """Casts acts and lays them out."""

    def __init__(self, index: ClipIndex, project: Callable[[Tensor], Tensor]) -> None:
        """Take where clips are.

        Args:
            index: of the memory.
            project: codes (n, P, Q) -> points (n, P * D), decimetres, a part after the other.
        """
        self.index, self._project = index, project
        self._keys: dict[int, Array] = {}

    def keys(self, clip: int) -> Array:
        """Return a clip's steps as points (S, P * D)."""
        if clip not in self._keys:
            self._keys[clip] = self._project(self.index.memory.clip_codes(clip)).numpy()
        return self._keys[clip]

    def casts(self, acts: Sequence[Act]) -> list[Cast]:
        """Return combinations of choices, the best first: what fits, and joins well."""
        found = [Cast((), 0.0)]
        for number, act in enumerate(acts):
            longer = [
                Cast((*cast.picks, pick), cast.cost + self._cost(acts, number, cast.picks, pick))
                for cast in found
                for pick in range(len(act.choices))
            ]
            found = heapq.nsmallest(_WIDTH, longer, key=lambda cast: cast.cost)
        return found

    def lay_different(
        self, acts: Sequence[Act], steps: int, retime: Retime, count: int
    ) -> Iterator[Laid]:
        """Yield up to `count` takes that are different motions, the best first."""
        casts = self.casts(acts)
        best = casts[0].cost if casts else 0.0
        near = [cast for cast in casts if cast.cost <= best + _AS_GOOD * len(acts)]
        turns = [replace(cast, turn=turn) for turn in range(len(_PACES)) for cast in near]
        found: list[Laid] = []
        for cast in turns:
            laid = self.lay(acts, cast, steps, retime)
            if all(laid.differs_from(other) for other in found):
                found.append(laid)
                yield laid
            if len(found) == count:
                return

    def _cost(
        self, acts: Sequence[Act], number: int, picks: tuple[int, ...], pick: int
    ) -> float:
        act = acts[number]
        choice = act.choices[pick]
        cost = -choice.score
        steps = act.last - act.first
        if is_once(act.action):
            octaves = float(np.log2(choice.stretch.steps * (1.0 - MOST_RETIMED) / steps))
            cost += _MISFIT_WEIGHT * max(0.0, octaves)
        else:
            cost += self._loop_cost(act, choice)
        before = self._before(acts, number)
        if before is not None:
            end = acts[before].choices[picks[before]].stretch
            here, there = self.keys(end.clip)[end.last - 1], self.keys(choice.stretch.clip)
            apart = np.linalg.norm(there[choice.stretch.first] - here)
            cost += _APART_WEIGHT * float(apart)
        return cost

    def _loop_cost(self, act: Act, choice: Choice) -> float:
        """Return what it counts that a stretch has to be repeated to last as long as its act."""
        stretch = choice.stretch
        if act.action.flow is Flow.POSE or stretch.steps >= act.last - act.first:
            return 0.0
        loop = find_loop(self.keys(stretch.clip), stretch.first, stretch.last)
        return _APART_WEIGHT * (2.0 * loop.apart if loop is not None else _NO_LOOP)

    def _before(self, acts: Sequence[Act], number: int) -> int | None:
        """Return the act of the whole body that ends where one begins."""
        act = acts[number]
        if act.first == 0 or act.rides_on is not None:
            return None
        earlier = [
            other for other in range(number)
            if acts[other].last <= act.first and set(LEGS) <= set(acts[other].parts)
        ]
        return max(earlier, key=lambda other: acts[other].last, default=None)

    def lay(self, acts: Sequence[Act], cast: Cast, steps: int, retime: Retime) -> Laid:
        """Return a cast's codes in a grid of `steps`."""
        stages = self.index.memory.codes.shape[-1]
        laid = Laid(
            torch.zeros(steps, len(PARTS), stages, dtype=torch.long),
            torch.zeros(steps, len(PARTS), dtype=torch.bool),
            np.zeros(steps),
        )
        ground = 0.0
        for act, pick in zip(acts, cast.picks, strict=True):
            played = self._play(act, act.choices[pick], cast.turn, retime)
            self._put(laid, act, played)
            if LEGS[0] in act.parts:
                ground = self._raise(laid, played, act, ground)
        self._hold_uncovered(laid, acts)
        return laid

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
        pace = _PACES[turn % len(_PACES)]
        if is_once(action):
            if action.count > 1 and not stretch.is_counted:
                return fill_times(stretch, steps, action.count)
            return fill_once(stretch, steps, pace=pace)
        if action.flow is Flow.POSE:
            return fill_once(stretch, steps, stretch.peak, pace)
        is_ended = bool(action.kind and action.kind.event) and act.rides_on is None
        return fill_on(stretch, steps, self.keys(stretch.clip), is_ended, _LATER * turn)

    def _codes(self, choice: Choice, filling: Filling, steps: int, retime: Retime) -> Tensor:
        rows = torch.tensor(filling.rows) + int(self.index.memory.starts[choice.stretch.clip])
        codes = self.index.memory.codes[rows].long()
        if filling.played != len(rows):
            codes = retime(codes, filling.played)
        return torch.cat([codes, codes[-1:].expand(steps - filling.played, -1, -1)])

    def _put(self, laid: Laid, act: Act, played: Played) -> None:
        """Write an act's codes, with what fades into them, and note where it is held."""
        done, last = act.first + played.filling.played, act.last
        is_done_early = act.rides_on is not None and done < last and is_once(act.action)
        self._fade_in(laid, act.first, act.parts, played.codes)
        if is_done_early:
            # Arms that are done swing with the legs that they ride on.
            last = done
            for part in act.parts:
                laid.tails[part] = done, played.tail
            self._fade_in(laid, done, act.parts, laid.codes[done : act.last])
        parts = act.parts
        if LEGS[0] in parts:
            # Arms of nobody else go with the legs; a later act may take them.
            parts = tuple(range(len(PARTS)))
        laid.codes[act.first : last, list(parts)] = played.codes[: last - act.first, list(parts)]
        laid.cells[act.first : last, list(parts)] = True
        for seam, before in played.seams.items():
            at = act.first + seam
            steps = min(2, last - at)
            if steps > 0:
                laid.blends.append(Blend(at, at + steps, act.parts, before[:steps]))
        tail = laid.tails[LEGS[0]][1] if is_done_early and LEGS[0] in laid.tails else played.tail
        for part in act.parts:
            laid.tails[part] = act.last, tail
        if done < last:
            laid.stills.append(Still(FRAMES_PER_STEP * done, FRAMES_PER_STEP * last, act.parts))

    def _fade_in(self, laid: Laid, at: int, parts: tuple[int, ...], codes: Tensor) -> None:
        """Note how the copies that end at a step fade into codes (n, P, Q)."""
        before = torch.zeros(LONGEST_BLEND, *codes.shape[1:], dtype=torch.long)
        ended = tuple(part for part in parts if laid.tails.get(part, (-1,))[0] == at)
        if at == 0 or not ended or len(codes) == 0:
            return
        for part in ended:
            before[:, part] = laid.tails[part][1][:, part]
        points = self._project(torch.stack([laid.codes[at - 1], codes[0]]))
        apart = points.view(2, len(PARTS), -1)[:, list(ended)].diff(dim=0).norm()
        steps = 2 + int(apart > NEAR_JOIN) + int(apart > FAR_JOIN)
        steps = min(steps, len(codes), LONGEST_BLEND)
        laid.blends.append(Blend(at, at + steps, ended, before[:steps]))

    def _raise(self, laid: Laid, played: Played, act: Act, ground: float) -> float:
        """Put the clip's ground where the take's is; return where it is behind the act."""
        if not self.index.is_factual:
            return ground
        facts, rows = self.index.facts(played.clip), played.filling.rows
        first, last = _ground_of(facts, rows), _ground_of(facts, rows[::-1])
        laid.lift[act.first : act.last] = ground - first
        return ground + last - first

    def _hold_uncovered(self, laid: Laid, acts: Sequence[Act]) -> None:
        """Hold legs and torso where only arms have something to do, and legs did before."""
        covered = np.zeros((len(laid.codes), len(PARTS)), dtype=bool)
        for act in acts:
            covered[act.first : act.last, list(act.parts)] = True
        for part in range(len(PARTS)):
            for first, last in runs_of(~covered[:, part]):
                if first == 0 or not bool(laid.cells[first - 1, part]):
                    continue
                laid.codes[first:last, part] = laid.codes[first - 1, part].clone()
                laid.cells[first:last, part] = True
                frames = FRAMES_PER_STEP * first, FRAMES_PER_STEP * last
                laid.stills.append(Still(*frames, (part,)))
                laid.lift[first:last] = laid.lift[first - 1]


def _ground_of(facts: Facts, rows: Sequence[int]) -> float:
    """Return the height of the ground at the first of some steps that is on the feet, metres.

    0 where none of them is, or the ground is level.
    """
    height = facts.channel("support_height")
    on_feet = [row for row in rows if int(facts.states[row]) == _STANDING][:3]
    found = float(np.median(height[on_feet])) if on_feet else 0.0
    return found if abs(found) >= _LEVEL else 0.0
