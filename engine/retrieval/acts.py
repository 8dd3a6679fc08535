"""What a take does, act after act, and what it is before the transformer has seen it. Data only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from torch import Tensor

from ..motion.clip import Array
from ..motion.skeleton import PARTS
from ..planning.actions import Action
from .clip_index import Choice
from .fillings import Filling

LEGS: Final = tuple(PARTS.index(part) for part in ("LOWER_BODY", "TORSO"))

LONGEST_BLEND: Final = 4
"""Steps of the longest fade from one copy into the next."""


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
