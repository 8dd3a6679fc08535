"""When each action of a prompt happens: natural lengths, what is stretched, what is held.

It knows no clip: how long an action naturally takes is told to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .actions import Action
from .kinds import Flow
from .wording import Link

MOST_RETIMED: Final = 1 / 3
"""Share of its natural time by which an action is made longer or shorter."""

_SHORTEST_CYCLIC: Final = 1.2
_NATURAL_CYCLIC: Final = 3.0
_SHORTEST_POSE: Final = 1.0
_NATURAL_POSE: Final = 2.0
_NATURAL_HOLD, _NATURAL_REST = 1.5, 0.4
"""Seconds that an end is held: where it is said to last, and where it is not."""


@dataclass(frozen=True, slots=True)
class Span:
    """When an action happens."""

    start: float
    end: float
    """Seconds."""

    is_held: bool
    """Whether what is left of the time behind its natural length is held."""


@dataclass(frozen=True, slots=True)
class Timing:
    """All spans, and what would do where the time is too short."""

    spans: tuple[Span, ...]
    """One an action."""

    seconds: float
    wanted: float
    """Seconds that all actions need when none is hurried by more than a third; at most
    `seconds` where the time suffices."""


def groups_of(actions: Sequence[Action]) -> list[list[int]]:
    """Return the numbers of the actions that happen at once, group after group."""
    groups: list[list[int]] = []
    for number, action in enumerate(actions):
        is_joined = groups and _is_at_once(actions, groups[-1], action)
        if is_joined:
            groups[-1].append(number)
        else:
            groups.append([number])
    return groups


def _is_at_once(actions: Sequence[Action], group: Sequence[int], action: Action) -> bool:
    """Say whether an action joins those before it: only what different parts can do at once."""
    if action.link is Link.IN_ORDER:
        return False
    taken = {actions[number].parts for number in group}
    is_free = {"legs", "arms"} == taken | {action.parts} and len(group) == 1
    if action.link is Link.AT_ONCE:
        return is_free or len(group) == 1
    # "and" of two single actions is an order: "kicks and punches"; so is what the legs do after
    # the arms: "salutes and marches off".
    flows = {actions[number].flow for number in group} | {action.flow}
    return is_free and Flow.SINGLE not in flows and action.parts == "arms"


def spread(actions: Sequence[Action], natural: Sequence[float], seconds: float = 0.0) -> Timing:
    """Return when each action happens.

    Args:
        actions: of a prompt.
        natural: seconds that each naturally takes, with its count; 0 where nothing is known.
        seconds: of the take; 0 takes what the actions need.
    """
    groups = groups_of(actions)
    wanted = [max(_natural(actions[i], natural[i]) for i in group) for group in groups]
    least = [max(_least(actions[i], natural[i]) for i in group) for group in groups]
    grows = [any(_can_grow(actions[i]) for i in group) for group in groups]
    total = seconds or sum(wanted)
    lengths = _share_out(wanted, least, grows, total)
    spans: list[Span | None] = [None] * len(actions)
    start = 0.0
    for group, length, usual in zip(groups, lengths, wanted, strict=True):
        for number in group:
            action = actions[number]
            is_held = action.flow is not Flow.CYCLIC and (
                action.is_held or length > usual * (1 + MOST_RETIMED)
            )
            spans[number] = Span(start, start + length, is_held or action.is_held)
        start += length
    return Timing(tuple(span for span in spans if span), total, sum(least))


def _natural(action: Action, seconds: float) -> float:
    if action.flow is Flow.CYCLIC:
        return _NATURAL_CYCLIC if not action.count else max(seconds, 0.8)
    if action.flow is Flow.POSE:
        return max(_NATURAL_POSE, min(seconds, 3.0))
    held = _NATURAL_HOLD if action.is_held else _NATURAL_REST
    return (seconds or 2.0) + held


def _least(action: Action, seconds: float) -> float:
    if action.flow is Flow.CYCLIC:
        return _SHORTEST_CYCLIC if not action.count else max(seconds, 0.8) * (1 - MOST_RETIMED)
    if action.flow is Flow.POSE:
        return _SHORTEST_POSE
    return (seconds or 2.0) * (1 - MOST_RETIMED)


def _can_grow(action: Action) -> bool:
    return action.flow is not Flow.SINGLE or action.is_held


def _share_out(
    wanted: Sequence[float], least: Sequence[float], grows: Sequence[bool], total: float
) -> list[float]:
    """Return the length of each group, `total` together.

    What is left over goes to what can go on or is held, else the last one holds its end. What is
    missing is taken from all by how much they can give, and below that from all alike.
    """
    left = total - sum(wanted)
    if left >= 0:
        growing = [number for number, can in enumerate(grows) if can] or [len(wanted) - 1]
        return [
            length + (left / len(growing) if number in growing else 0.0)
            for number, length in enumerate(wanted)
        ]
    room = [max(0.0, usual - low) for usual, low in zip(wanted, least, strict=True)]
    if sum(room) >= -left:
        return [
            usual + left * own / sum(room) for usual, own in zip(wanted, room, strict=True)
        ]
    return [low * total / sum(least) for low in least]
