"""Natural windows: where in a clip one event begins and ends without cutting into another.

It knows facts only, no caption and no code.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...motion.clip import Array
from ...motion.skeleton import FRAMES_PER_STEP, PARTS
from .clip_facts import Event, Facts
from .kinematics.event_rows import KINDS

_MINOR = frozenset({"step", "hop", "hand_swing", "cycle"})
"""Kinds that go on beside others: a window may begin or end within them."""

_FARTHEST_REST = 8
"""Most steps from an event to the rest before or behind it."""

_REST_PER_STEP = 0.02
"""Metres a second by which a step farther away must be calmer."""

_HAND_DOWN, _LONGEST_RAISE = -0.25, 10
"""Metres above the shoulder of a hand that does not wave; steps in which it is raised."""

_WAVE_GAP = 20
"""Frames: hand swings closer than this are one wave."""


@dataclass(frozen=True, slots=True)
class Window:
    """Steps [start, end) of a clip, and the step in which most happens."""

    start: int
    end: int
    peak: int


def unrest(facts: Facts) -> Array:
    """Return how little each step (S,) rests, metres a second: limbs, height, heading."""
    parts = [facts.channel(f"{part.lower()}_liveliness") for part in PARTS]
    rising, turning = facts.channel("vertical_speed"), facts.channel("yaw_rate")
    return np.asarray(np.mean(parts, axis=0) + 0.5 * np.abs(rising) + 0.15 * np.abs(turning))


def natural_windows(facts: Facts, kind_of_event: str, side: str = "") -> list[Window]:
    """Return a window for each event of a kind, from rest or steady motion to rest again.

    A border never lies within another event, except within steps, hops, hand
    swings and cycles, and where an event of the same kind has to be left out
    (two kicks of one jump). Hand swings that follow each other are one window. For
    `cycle` it is the longest steady stretch, in whole cycles.

    Args:
        facts: of a clip.
        kind_of_event: one of KINDS.
        side: `left` or `right` leaves out the other side's events.
    """
    events = facts.events(kind_of_event, side)
    if kind_of_event == "cycle":
        return [_whole_cycles(event) for event in events]
    if kind_of_event == "hand_swing":
        events = [_with_raise(facts, wave) for wave in _waves(events)]
    return [_natural_window(facts, events, index) for index in range(len(events))]


def repeats(facts: Facts, event: str, side: str = "") -> int:
    """Return how often an event of a kind happens; two hand swings (there and back) are one."""
    count = len(facts.events(event, side))
    return (count + 1) // 2 if event == "hand_swing" else count


def window_of(facts: Facts, event: str, count: int, side: str = "") -> Window | None:
    """Return the window that holds exactly `count` events of a kind, or None.

    Of several the one whose borders are calmest.
    """
    if count < 1:
        return None
    if event == "hand_swing":
        windows = natural_windows(facts, event, side)
    else:
        singles = natural_windows(facts, event, side)
        runs = zip(singles, singles[count - 1 :], strict=False)
        windows = [Window(first.start, last.end, last.peak) for first, last in runs]
    fitting = [
        window
        for window in windows
        if repeats(own := facts.cut(window.start, window.end), event, side) == count
        and _is_whole(own, event, side)
    ]
    calm = unrest(facts)
    return min(fitting, key=lambda found: calm[found.start] + calm[found.end - 1], default=None)


def _is_whole(facts: Facts, event: str, side: str) -> bool:
    """Say whether no event happens in the very first frames: what leads to it would be missing."""
    return facts.events(event, side)[0].peak >= FRAMES_PER_STEP


def _whole_cycles(event: Event) -> Window:
    """Return the steps of a cycle's stretch, the length as near to whole cycles as steps allow."""
    start = -(-event.start // FRAMES_PER_STEP)
    cycles = max(1, (event.end - FRAMES_PER_STEP * start) // event.amount)
    end = start + max(1, round(cycles * event.amount / FRAMES_PER_STEP))
    end = min(end, max(start + 1, event.end // FRAMES_PER_STEP))
    return Window(start, end, start + (end - start) // 2)


def _waves(swings: list[Event]) -> list[Event]:
    """Return hand swings that follow each other as one event each."""
    waves: list[Event] = []
    for side in ("left", "right"):
        for swing in [event for event in swings if event.side == side]:
            if waves and waves[-1].side == side and swing.start - waves[-1].end < _WAVE_GAP:
                last = waves.pop()
                peak = (last.start + swing.end) // 2
                waves.append(Event(
                    swing.kind, side, last.start, peak, swing.end, max(last.amount, swing.amount)
                ))  # fmt: skip
            else:
                waves.append(swing)
    return sorted(waves, key=lambda wave: wave.peak)


def _with_raise(facts: Facts, wave: Event) -> Event:
    """Return a wave with the raising and the lowering of its hand, where they are near."""
    is_down = facts.channel(f"{wave.side}_hand_above_shoulder") < _HAND_DOWN
    first, last = wave.start // FRAMES_PER_STEP, -(-wave.end // FRAMES_PER_STEP)
    before = np.flatnonzero(is_down[max(0, first - _LONGEST_RAISE) : first])
    behind = np.flatnonzero(is_down[last : last + _LONGEST_RAISE])
    start, end = wave.start, wave.end
    if len(before):
        start = FRAMES_PER_STEP * (max(0, first - _LONGEST_RAISE) + int(before[-1]))
    if len(behind):
        end = FRAMES_PER_STEP * (last + int(behind[0]) + 1)
    return replace(wave, start=start, end=end)


def _natural_window(facts: Facts, events: list[Event], index: int) -> Window:
    own, calm = events[index], unrest(facts)
    peak = own.peak // FRAMES_PER_STEP
    lowest, highest = 0, facts.steps
    if index > 0:
        lowest = min(peak, _calmest_between(calm, events[index - 1].peak, own.peak))
    if index + 1 < len(events):
        highest = max(peak + 1, _calmest_between(calm, own.peak, events[index + 1].peak))
    others = [
        event
        for kind in KINDS
        if kind not in _MINOR and kind != own.kind
        for event in facts.events(kind)
    ]
    first, last = _around_others(own, others)
    start = max(lowest, min(first // FRAMES_PER_STEP, peak))
    end = min(highest, max(-(-last // FRAMES_PER_STEP), peak + 1))
    ends = [-(-event.end // FRAMES_PER_STEP) for event in others if event.end <= first]
    starts = [event.start // FRAMES_PER_STEP for event in others if event.start >= last]
    floor = max([lowest, start - _FARTHEST_REST, *(min(step, start) for step in ends)])
    ceiling = min([highest, end + _FARTHEST_REST, *(max(step, end) for step in starts)])
    return Window(_rest(calm, start, floor), _rest(calm, end - 1, ceiling - 1) + 1, peak)


def _around_others(own: Event, others: list[Event]) -> tuple[int, int]:
    """Return the frames [first, last) of an event, with those that happen at its peak.

    An event that only touches it at an end is left out, where that cuts off no half.
    """
    first, last = own.start, own.end
    for _ in range(len(others) + 1):
        before = first, last
        for other in others:
            if other.end <= first or other.start >= last:
                continue
            if other.peak < first and other.end <= (own.start + own.peak) // 2:
                first = other.end
            elif other.peak >= last and other.start >= (own.peak + own.end) // 2:
                last = other.start
            else:
                first, last = min(first, other.start), max(last, other.end)
        if (first, last) == before:
            break
    return first, last


def _calmest_between(calm: Array, before: int, behind: int) -> int:
    """Return the step between two peaks' frames that rests most."""
    first, last = before // FRAMES_PER_STEP + 1, max(before // FRAMES_PER_STEP + 2, behind // 4 + 1)
    return first + int(calm[first:last].argmin()) if first < len(calm) else len(calm)


def _rest(calm: Array, step: int, limit: int) -> int:
    """Return the calmest step from one to a limit, nearer ones preferred."""
    way = np.arange(step, limit - 1, -1) if limit <= step else np.arange(step, limit + 1)
    way = way[(way >= 0) & (way < len(calm))]
    if len(way) == 0:
        return step
    return int(way[(calm[way] + _REST_PER_STEP * np.abs(way - step)).argmin()])
