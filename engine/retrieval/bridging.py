"""Remembered motion that leads from one kept step to another, for gaps without a prompt.

Without words nothing can be looked up by its caption; the codes beside a gap say
where the motion comes from and where it must arrive. It knows no transformer.
"""

from __future__ import annotations

import math
from collections.abc import Generator as Steps
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import torch
from torch import Tensor

from ..motion.request import MOST_TAKES, Progress
from ..motion.running import run_to_end
from ..motion.skeleton import FRAMES_PER_STEP, PARTS
from ..tokenizer.grid import GridTokenizer
from .memory import MotionMemory

KEY_WIDTH: Final = 24
"""Numbers a part by which steps are compared: nearly all that its codes say, in decimetres."""

WAY_WEIGHT: Final = 1.5
"""What a decimetre of missed way counts beside one of a pose."""

KEPT_STEP_WEIGHTS: Final = (1.0, 0.5)
"""What the nearest and the next kept step on each side of a gap count."""

_MISSING_STEP: Final = 400.0
"""Squared decimetres counted for a kept step where the remembered clip has none."""

LEAST_DIFFERENCE: Final = 1.0
"""Decimetres of a step, all joints together, from which on two stretches are different takes."""

LEAST_SHIFT: Final = 2
"""Steps between the beginnings of two stretches of one clip."""

_RANKED: Final = 2560
"""Stretches, the nearest ones, among which takes choose."""

_STEPS_AT_A_TIME: Final = 8192
"""Remembered steps that are projected between two yields."""

_METRES_A_RADIAN: Final = 0.3
"""What a missed turn counts beside a missed way."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Masked steps between kept ones."""

    first: int
    last: int
    """Half-open."""

    way: tuple[float, float, float] | None
    """Metres to the side and ahead, and the turn in radians, that lead from the kept frame
    before to the one behind, seen from the heading before; None where one side is open."""

    parts: tuple[int, ...] = tuple(range(len(PARTS)))
    """The masked body parts, of PARTS."""

    @property
    def is_whole(self) -> bool:
        """Say whether every part is masked."""
        return len(self.parts) == len(PARTS)


@dataclass(frozen=True, slots=True)
class Bridge:
    """A stretch of remembered motion for a gap."""

    codes: Tensor
    """(n, P, Q) int64."""

    misfit: float
    """Decimetres between its borders and the kept steps, way included."""


class BridgeFinder:
    """Every step of the memory as a point; built on first use."""

    def __init__(self, tokenizer: GridTokenizer, memory: MotionMemory) -> None:
        """Remember what to look in; nothing is computed yet."""
        self.tokenizer, self.memory = tokenizer, memory
        self._points: tuple[Tensor, Tensor] | None = None

    def fill(
        self, codes: Tensor, gaps: list[Gap], seeds: tuple[int, ...]
    ) -> Steps[Progress, None, Tensor | None]:
        """Return codes (B, S, P, Q) with every gap filled, a take a seed.

        Seed 0 takes the nearest bridge, others those after it: a seed gives the same take
        whatever the others. None where no remembered clip is long enough.

        Args:
            codes: (S, P, Q) int64 of the grid, known beside the gaps.
            gaps: which steps to fill, of whole bodies.
            seeds: (B)
        """
        yield from self.prepare()
        filled = codes.repeat(len(seeds), 1, 1, 1)
        for number, gap in enumerate(gaps):
            yield Progress(number, len(gaps), "Choosing the motion")
            bridges = yield from self.different(codes, gap)
            if not bridges:
                return None
            for take, seed in enumerate(seeds):
                filled[take, gap.first : gap.last] = bridges[seed % len(bridges)].codes
        return filled

    def prepare(self) -> Steps[Progress, None, None]:
        """Turn every remembered step into a point, unless that is done."""
        if self._points is not None:
            return
        keys, steps = [], []
        total = len(self.memory.codes)
        for start in range(0, total, _STEPS_AT_A_TIME):
            yield Progress(start, total, "Looking at what is remembered")
            codes = self.memory.codes[start : start + _STEPS_AT_A_TIME]
            keys.append(self.project(codes))
            steps.append(self._root_speeds(codes))
        yield Progress(total, total, "Looking at what is remembered")
        path = _path_of(torch.cat(steps).double())
        yield Progress(total, total, "Looking at what is remembered")
        self._points = torch.cat(keys), path

    def find(self, codes: Tensor, gap: Gap, count: int) -> list[Bridge]:
        """Return up to `count` bridges from different clips, the nearest first.

        Args:
            codes: (S, P, Q) int64 of the grid, known beside the gap.
            gap: which steps to fill.
            count: most bridges.
        """
        length = gap.last - gap.first
        ranked = run_to_end(self._ranked(codes, gap))
        best: dict[int, tuple[int, float]] = {}
        for start, cost in ranked:
            best.setdefault(int(self._clip_of[start]), (start, cost))
        return [self._bridge(start, length, cost) for start, cost in best.values()][:count]

    def different(
        self, codes: Tensor, gap: Gap
    ) -> Steps[Progress, None, list[Bridge]]:
        """Return up to MOST_TAKES bridges that are different motions, the best first.

        Those of different clips come first, then further stretches of the same clips.

        Args:
            codes: (S, P, Q) int64 of the grid, known beside the gap.
            gap: which steps to fill.
        """
        length = gap.last - gap.first
        ranked = yield from self._ranked(codes, gap)
        first_of_clip: dict[int, int] = {}
        for start, _ in ranked:
            first_of_clip.setdefault(int(self._clip_of[start]), start)
        best = set(first_of_clip.values())
        ordered = [each for each in ranked if each[0] in best]
        ordered += [each for each in ranked if each[0] not in best]
        chosen: list[int] = []
        bridges = []
        for start, cost in ordered:
            yield Progress(len(chosen), MOST_TAKES, "Choosing the motion")
            if all(self._is_different(start, other, length) for other in chosen):
                chosen.append(start)
                bridges.append(self._bridge(start, length, cost))
            if len(chosen) == MOST_TAKES:
                break
        return bridges

    def _is_different(self, start: int, other: int, length: int) -> bool:
        """Say whether two stretches of the memory are different motions."""
        is_one_clip = self._clip_of[start] == self._clip_of[other]
        if is_one_clip and abs(start - other) < LEAST_SHIFT:
            return False
        apart = self._keys[start : start + length] - self._keys[other : other + length]
        return bool(apart.norm(dim=-1).max() >= LEAST_DIFFERENCE)

    def _bridge(self, start: int, length: int, cost: float) -> Bridge:
        return Bridge(self.memory.codes[start : start + length].long(), math.sqrt(cost))

    def _ranked(
        self, codes: Tensor, gap: Gap
    ) -> Steps[Progress, None, list[tuple[int, float]]]:
        """Return the nearest stretches as first steps and squared decimetres, nearest first."""
        length = gap.last - gap.first
        total = len(self._keys)
        if total < length:
            return []
        starts = torch.arange(total - length + 1)
        is_usable = self._clip_of[starts] == self._clip_of[starts + length - 1]
        cost = torch.zeros(len(starts))
        for further, weight in enumerate(KEPT_STEP_WEIGHTS):
            sides = ((gap.first - 1, starts - 1, -further), (gap.last, starts + length, further))
            for kept, beside, shift in sides:
                if not 0 <= kept + shift < len(codes):
                    continue
                yield Progress(further, len(KEPT_STEP_WEIGHTS), "Choosing the motion")
                distance, is_there = self._distances(codes[kept + shift], beside + shift, starts)
                cost += weight * distance
                is_usable &= is_there | (further > 0)
        if gap.way is not None:
            cost += self._missed(starts, length, gap.way)
        cost = cost.masked_fill(~is_usable, math.inf)
        nearest = cost.topk(min(len(cost), _RANKED), largest=False)
        found = zip(nearest.indices.tolist(), nearest.values.tolist(), strict=True)
        return [each for each in found if math.isfinite(each[1])]

    def _distances(self, step: Tensor, rows: Tensor, starts: Tensor) -> tuple[Tensor, Tensor]:
        """Return squared decimetres (N,) from a step (P, Q) to those at rows (N,).

        Also which rows (N,) there are in the clips of the stretches that begin at `starts` (N,).
        """
        inside = rows.clamp(0, len(self._keys) - 1)
        is_there = (inside == rows) & (self._clip_of[inside] == self._clip_of[starts])
        wanted = self.project(step[None])
        distances = (self._keys - wanted).square().sum(-1)[inside]
        return distances.masked_fill(~is_there, _MISSING_STEP), is_there

    def _missed(self, starts: Tensor, length: int, way: tuple[float, float, float]) -> Tensor:
        """Return squared decimetres by which each stretch misses the way and the turn."""
        # From the last frame before the stretch to the first one behind it.
        first = FRAMES_PER_STEP * starts - 1
        last = FRAMES_PER_STEP * (starts + length)
        path = self._path
        first, last = first.clamp_min(0), last.clamp_max(len(path) - 1)
        moved = path[last] - path[first]
        cosine, sine = path[first, 2].cos(), path[first, 2].sin()
        side = cosine * moved[:, 0] - sine * moved[:, 1]
        ahead = sine * moved[:, 0] + cosine * moved[:, 1]
        turn = torch.remainder(moved[:, 2] - way[2] + math.pi, 2 * math.pi) - math.pi
        missed = torch.stack([side - way[0], ahead - way[1], _METRES_A_RADIAN * turn], -1)
        return ((10.0 * WAY_WEIGHT * missed).square().sum(-1)).float()

    @cached_property
    def _clip_of(self) -> Tensor:
        """(M,) the clip of each remembered step."""
        lengths = self.memory.starts.diff()
        return torch.repeat_interleave(torch.arange(len(lengths)), lengths)

    @property
    def _keys(self) -> Tensor:
        """(M, P * KEY_WIDTH) each remembered step in decimetres."""
        return self._ready()[0]

    @property
    def _path(self) -> Tensor:
        """(4 M, 3) x, z and heading of every remembered frame, run on over all clips."""
        return self._ready()[1]

    def _ready(self) -> tuple[Tensor, Tensor]:
        run_to_end(self.prepare())
        assert self._points is not None
        return self._points

    @cached_property
    def _axes(self) -> list[Tensor]:
        """A part's (code width, KEY_WIDTH) projection of code vectors that keeps distances."""
        axes = []
        for part in PARTS:
            outward = self.tokenizer.part(part).linear_out.weight.detach().cpu().double()
            values, vectors = torch.linalg.eigh(outward.T @ outward)
            kept = values[-KEY_WIDTH:].clamp_min(0.0).sqrt() * vectors[:, -KEY_WIDTH:]
            axes.append(kept.float())
        return axes

    @cached_property
    def _entries(self) -> list[list[Tensor]]:
        """For each part and stage the projected codebook, (K, KEY_WIDTH)."""
        return [
            [
                tokenizer.quantizer.book(stage).entries.detach().cpu() @ axes
                for stage in range(self.tokenizer.stages)
            ]
            for tokenizer, axes in zip(map(self.tokenizer.part, PARTS), self._axes, strict=True)
        ]

    def project(self, codes: Tensor) -> Tensor:
        """Return steps as points (N, P * KEY_WIDTH), decimetres, of codes (N, P, Q)."""
        codes = codes.long().cpu()
        parts = []
        for part, books in enumerate(self._entries):
            total = torch.zeros(len(codes), books[0].shape[1])
            for stage, book in enumerate(books[: codes.shape[-1]]):
                total += book[codes[:, part, stage]]
            parts.append(total)
        return torch.cat(parts, -1)

    @cached_property
    def _root_entries(self) -> list[Tensor]:
        """For each stage the lower body's codebook as root speeds, (K, 4 * 3)."""
        tokenizer = self.tokenizer.part(PARTS[0])
        outward = tokenizer.linear_out.weight.detach().cpu()
        outward = outward.view(FRAMES_PER_STEP, -1, outward.shape[-1])[:, :3]
        return [
            tokenizer.quantizer.book(stage).entries.detach().cpu() @ outward.flatten(0, 1).T
            for stage in range(self.memory.codes.shape[-1])
        ]

    def _root_speeds(self, codes: Tensor) -> Tensor:
        """Return (4 N, 3) turn, side and ahead, a frame, of codes (N, P, Q)."""
        tokenizer = self.tokenizer.part(PARTS[0])
        speeds = torch.zeros(len(codes), FRAMES_PER_STEP * 3)
        for stage, entries in enumerate(self._root_entries):
            speeds += entries[codes[:, 0, stage].long()]
        return speeds.view(-1, 3) / tokenizer.reach[:3].cpu() + tokenizer.mean[:3].cpu()


def _path_of(steps: Tensor) -> Tensor:
    """Return (T, 3) x, z and heading of successive turns, sides and aheads (T, 3)."""
    yaw = steps[:, 0].cumsum(0)
    cosine, sine = yaw.cos(), yaw.sin()
    x = cosine * steps[:, 1] + sine * steps[:, 2]
    z = -sine * steps[:, 1] + cosine * steps[:, 2]
    return torch.stack([x.cumsum(0), z.cumsum(0), yaw], -1)
