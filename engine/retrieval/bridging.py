"""Remembered motion that leads from one kept step to another, for gaps without a prompt.

Without words nothing can be looked up by its caption; the codes beside a gap say
where the motion comes from and where it must arrive. It knows no transformer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ..motion.skeleton import FRAMES_PER_STEP, PARTS
from ..tokenizer.grid import GridTokenizer
from .memory import MotionMemory

KEY_WIDTH = 24
"""Numbers a part by which steps are compared: nearly all that its codes say, in decimetres."""

WAY_WEIGHT = 1.5
"""What a decimetre of missed way counts beside one of a pose."""

BESIDE = (1.0, 0.5)
"""What the first and the second kept step beside a gap count."""

_UNLIKE = 400.0
"""Squared decimetres of a step that a remembered clip lacks beside a stretch."""

RIVALS = 8
"""Bridges that takes may differ by."""

ALIKE = 1.25
"""Bridges up to so many times as far off as the nearest one serve as well."""

FEWEST = 3
"""Bridges that takes differ by even where the nearest one fits best by far."""

_METRES_A_RADIAN = 0.3
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

    def fill(self, codes: Tensor, gaps: list[Gap], seeds: tuple[int, ...]) -> Tensor | None:
        """Return codes (B, S, P, Q) with every gap filled, a take a seed.

        Seed 0 takes the nearest bridge, others those after it, each from another clip: a seed
        gives the same take whatever the others. None where no remembered clip is long enough.

        Args:
            codes: (S, P, Q) int64 of the grid, known beside the gaps.
            gaps: which steps to fill, of whole bodies.
            seeds: (B)
        """
        filled = codes.repeat(len(seeds), 1, 1, 1)
        for gap in gaps:
            bridges = self.find(codes, gap, RIVALS)
            if not bridges:
                return None
            fitting = sum(bridge.misfit <= ALIKE * bridges[0].misfit for bridge in bridges)
            choices = bridges[: max(fitting, FEWEST)]
            for take, seed in enumerate(seeds):
                filled[take, gap.first : gap.last] = choices[seed % len(choices)].codes
        return filled

    def find(self, codes: Tensor, gap: Gap, count: int) -> list[Bridge]:
        """Return up to `count` bridges from different clips, the nearest first.

        Args:
            codes: (S, P, Q) int64 of the grid, known beside the gap.
            gap: which steps to fill.
            count: most bridges.
        """
        length = gap.last - gap.first
        total = len(self._keys)
        if total < length:
            return []
        starts = torch.arange(total - length + 1)
        is_usable = self._clip_of[starts] == self._clip_of[starts + length - 1]
        cost = torch.zeros(len(starts))
        for further, weight in enumerate(BESIDE):
            sides = ((gap.first - 1, starts - 1, -further), (gap.last, starts + length, further))
            for kept, beside, shift in sides:
                if not 0 <= kept + shift < len(codes):
                    continue
                distance, is_there = self._distances(codes[kept + shift], beside + shift, starts)
                cost += weight * distance
                is_usable &= is_there | (further > 0)
        if gap.way is not None:
            cost += self._missed(starts, length, gap.way)
        cost = cost.masked_fill(~is_usable, math.inf)
        return self._best(cost, length, count)

    def liveliness(self, codes: Tensor) -> float:
        """Return how much codes (S, P, Q) move the lower body, decimetres a step."""
        keys = self._project(codes)[:, :KEY_WIDTH]
        return float(keys.diff(dim=0).norm(dim=-1).mean()) if len(keys) > 1 else 0.0

    def _best(self, cost: Tensor, length: int, count: int) -> list[Bridge]:
        """Return the cheapest stretch of each of the cheapest clips."""
        found: dict[int, int] = {}
        nearest = cost.topk(min(len(cost), 40 * count), largest=False).indices
        for start in nearest.tolist():
            if not math.isfinite(float(cost[start])):
                break
            found.setdefault(int(self._clip_of[start]), start)
            if len(found) == count:
                break
        return [
            Bridge(self.memory.codes[start : start + length].long(), float(cost[start].sqrt()))
            for start in found.values()
        ]

    def _distances(self, step: Tensor, rows: Tensor, starts: Tensor) -> tuple[Tensor, Tensor]:
        """Return squared decimetres (N,) from a step (P, Q) to those at rows (N,).

        Also which rows (N,) there are in the clips of the stretches that begin at `starts` (N,).
        """
        inside = rows.clamp(0, len(self._keys) - 1)
        is_there = (inside == rows) & (self._clip_of[inside] == self._clip_of[starts])
        own = self._project(step[None])
        distances = (self._keys - own).square().sum(-1)[inside]
        return distances.masked_fill(~is_there, _UNLIKE), is_there

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
        missed = torch.stack(
            [side - way[0], ahead - way[1], _METRES_A_RADIAN * (moved[:, 2] - way[2])], -1
        )
        return ((10.0 * WAY_WEIGHT * missed).square().sum(-1)).float()

    @cached_property
    def _clip_of(self) -> Tensor:
        """(M,) the clip of each remembered step."""
        lengths = self.memory.starts.diff()
        return torch.repeat_interleave(torch.arange(len(lengths)), lengths)

    @cached_property
    def _keys(self) -> Tensor:
        """(M, P * KEY_WIDTH) each remembered step in decimetres."""
        return self._project(self.memory.codes)

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

    def _project(self, codes: Tensor) -> Tensor:
        """Return (N, P * KEY_WIDTH) of codes (N, P, Q)."""
        codes = codes.long().cpu()
        parts = []
        for part, books in enumerate(self._entries):
            total = torch.zeros(len(codes), books[0].shape[1])
            for stage, book in enumerate(books[: codes.shape[-1]]):
                total += book[codes[:, part, stage]]
            parts.append(total)
        return torch.cat(parts, -1)

    @cached_property
    def _path(self) -> Tensor:
        """(4 M, 3) x, z and heading of every remembered frame, run on over all clips."""
        tokenizer = self.tokenizer.part(PARTS[0])
        outward = tokenizer.linear_out.weight.detach().cpu()
        outward = outward.view(FRAMES_PER_STEP, -1, outward.shape[-1])[:, :3]
        speeds = torch.zeros(len(self.memory.codes), FRAMES_PER_STEP * 3)
        for stage in range(self.memory.codes.shape[-1]):
            entries = tokenizer.quantizer.book(stage).entries.detach().cpu()
            speeds += (entries @ outward.flatten(0, 1).T)[self.memory.codes[:, 0, stage].long()]
        steps = speeds.view(-1, 3) / tokenizer.reach[:3].cpu() + tokenizer.mean[:3].cpu()
        steps = steps.double()
        yaw = steps[:, 0].cumsum(0)
        cosine, sine = yaw.cos(), yaw.sin()
        x = cosine * steps[:, 1] + sine * steps[:, 2]
        z = -sine * steps[:, 1] + cosine * steps[:, 2]
        return torch.stack([x.cumsum(0), z.cumsum(0), yaw], -1)
