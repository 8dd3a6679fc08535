"""Two actions at once, played back: the legs of one clip and the arms of another.

What the retrieval baseline does with a prompt of two actions. It knows no transformer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from collections.abc import Generator as Steps
from dataclasses import dataclass
from typing import Final

from torch import Tensor

from ...motion.request import MOST_TAKES, Progress
from ...motion.skeleton import PARTS
from ...planning.wording import Link, has_order, names_legs, split_actions
from ...retrieval.bridging import KEY_WIDTH, BridgeFinder
from ...retrieval.memory import LONGEST_STEPS, busiest, busiest_start
from ...retrieval.planting import SHIFTS, Planting, Stretch, add_different, empty_planting
from ...retrieval.recalling import Recalled

CALM: Final = 0.5
"""Of two actions at once the one whose legs move so much less lends its arms."""

STILL_REACH: Final = 12.0
"""Decimetres up to which legs stay where they are: shifting the weight is less, sitting more."""


@dataclass(frozen=True, slots=True)
class Together:
    """Two actions that may happen at once."""

    arms: tuple[tuple[int, ...], ...]
    """For each action the arms, as indices of PARTS, that it may have."""

    legs: int | None
    """Which of them has the legs, as the words say it; None where they do not."""

    is_sure: bool
    """Whether the words say that it is at once; "and" leaves that to what the clips do."""


@dataclass(frozen=True, slots=True)
class LegMotion:
    """How much a clip moves its lower body."""

    liveliness: float
    """Decimetres a step."""

    reach: float
    """Decimetres, all joints together, by which the pose of the legs leaves its middle."""


def measure_legs(bridges: BridgeFinder, codes: Tensor) -> LegMotion:
    """Return how much codes (S, P, Q) move the lower body."""
    keys = bridges.project(codes)[:, :KEY_WIDTH]
    if len(keys) < 2:
        return LegMotion(0.0, 0.0)
    middle = keys.median(0).values
    reach = (keys - middle).norm(dim=-1).max()
    return LegMotion(float(keys.diff(dim=0).norm(dim=-1).mean()), float(reach))


def plan_at_once(
    recalled: Recalled,
    together: Together,
    steps: int,
    measure: Callable[[Tensor], LegMotion],
) -> Steps[Progress, None, list[Planting]]:
    """Return up to MOST_TAKES different copies of two actions for a new take of `steps`.

    One action's legs and torso with the other's arms. Nothing is copied of pairs of clips
    that both need the legs: these are left to the transformer, and so are all takes where
    the nearest pairs are such.
    """
    found: list[Planting] = []
    motions: dict[tuple[int, int], LegMotion] = {}
    nearest = math.lcm(*recalled.alike)
    for number, (pair, shifts) in enumerate(_pair_choices(recalled)):
        yield Progress(len(found), MOST_TAKES, "Choosing what to copy")
        for action in (0, 1):
            if (action, pair[action]) not in motions:
                clip = recalled.candidates[action][pair[action]].codes
                motion = measure(busiest(clip, min(steps, LONGEST_STEPS)))
                motions[action, pair[action]] = motion
        legs = _legs_of(together, [motions[action, pair[action]] for action in (0, 1)])
        if number == nearest and not any(bool(each.cells.any()) for each in found):
            break
        if legs is None and number >= nearest:
            continue
        planting = empty_planting(recalled, steps, pair)
        if legs is not None and not _put_together(planting, recalled, (together, legs), shifts):
            continue
        add_different(found, planting)
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
    for shift in SHIFTS:
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
    planting: Planting, recalled: Recalled, shared: tuple[Together, int], shifts: tuple[int, int]
) -> bool:
    """Write both actions' clips into a planting; say whether the shifts leave enough of them."""
    together, legs = shared
    steps, parts = planting.cells.shape
    arms = together.arms[1 - legs]
    rest = tuple(part for part in range(parts) if part not in arms)
    for action, own, shift in ((legs, rest, shifts[0]), (1 - legs, arms, shifts[1])):
        clip = recalled.candidates[action][planting.candidates[action]].codes
        remembered = busiest(clip, min(steps, LONGEST_STEPS))
        source = busiest_start(clip, len(remembered))
        # Both begin at once, as the recordings begin: the transformer goes on where one ends.
        stretch: Stretch | None = Stretch(clip, source, len(remembered), 0)
        if shift and stretch is not None:
            stretch = stretch.shifted(shift, (0, steps))
        if stretch is None:
            return False
        stretch.put(planting.codes, planting.cells, own)
    return True


def together_of(prompt: str) -> Together | None:
    """Return how two actions share the body; None where one follows the other.

    "and" means at once only what different parts can do at once.
    """
    actions = split_actions(prompt)
    if len(actions.clauses) != 2:
        return None
    first = actions.links[0]
    if first is Link.IN_ORDER or has_order(prompt):
        return None
    legs = [number for number, clause in enumerate(actions.clauses) if names_legs(clause)]
    if first is Link.OPEN and len(legs) == 2:
        return None
    return Together(
        tuple(_arms_of(clause) for clause in actions.clauses),
        legs[0] if len(legs) == 1 else None,
        first is Link.AT_ONCE,
    )


def _arms_of(clause: str) -> tuple[int, ...]:
    """Return the arms that an action may have: one if it names a single side."""
    sides = [side for side in ("left", "right") if side in clause.lower().split()]
    return tuple(PARTS.index(f"{side.upper()}_ARM") for side in sides or ("left", "right"))
