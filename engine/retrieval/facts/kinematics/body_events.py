"""Events of the whole body: sitting down, rising, bending, bowing, squatting.

Read from the states of the frames and from heights. It knows no hand's path.
"""

from __future__ import annotations

import numpy as np

from ....motion.displacements import runs_of
from .event_rows import event_row
from .signals import Signals, fill_gaps, joint_pair, keep_long
from .states import STATE_INDEX, States, runs_of_states

_FLOOR = tuple(STATE_INDEX[name] for name in ("lying", "on all fours"))
_SEATED, _KNEELING = STATE_INDEX["seated"], STATE_INDEX["kneeling"]
_CROUCHED, _STANDING = STATE_INDEX["crouched"], STATE_INDEX["standing"]
_AIRBORNE = STATE_INDEX["airborne"]
_BOW_LEAN, _BOW_KNEES = 28.0, 50.0
_LONG_CROUCH = 20
_LOW_HAND = 0.42


def body_events(signals: Signals, states: States) -> list[list[int]]:
    """Return the rows of a clip's changes of state, bends, bows and squats."""
    return [*_changes(signals, states), *_squats(signals, states), *_bends(signals, states)]


def _level(state: int) -> int | None:
    """Return 2 on the feet, 1 seated or kneeling, 0 on the floor; None while it says nothing."""
    if state in (_CROUCHED, _AIRBORNE):
        return None
    if state in _FLOOR:
        return 0
    return 1 if state in (_SEATED, _KNEELING) else 2


def _changes(signals: Signals, states: States) -> list[list[int]]:
    """Return an event where the level of the body changes; crouching is on the way."""
    events: list[list[int]] = []
    before: tuple[int, int, int] | None = None
    for state, start, end in runs_of_states(states):
        level = _level(state)
        if level is None and state == _CROUCHED and end - start >= _LONG_CROUCH:
            level = 2
        if level is None or end - start < 6:
            continue
        kind = _kind_of_change(before[:2], (state, level)) if before is not None else ""
        if before is not None and kind:
            events.append(event_row(kind, _slope(signals, before[2], start)))
        before = (state, level, end)
    return events


def _kind_of_change(before: tuple[int, int], behind: tuple[int, int]) -> str:
    """Return the kind of event that leads from one (state, level) to another; none if empty."""
    (old, was), (state, now) = before, behind
    if now < was:
        if now == 0:
            return "go_down"
        return "sit_down" if state == _SEATED else "kneel_down"
    if now > was and now == 2:
        return "stand_up" if old == _SEATED else "get_up"
    return "get_up" if now > was else ""


def _slope(signals: Signals, before: int, behind: int) -> tuple[int, int, int]:
    """Return (start, peak, end) of a change between two states: where the pelvis moves."""
    first, last = max(0, before - 25), min(signals.frames, behind + 25)
    pace = np.abs(signals.speed[first:last, 1])
    middle = (before + behind) // 2
    rests = pace < max(0.12, 0.2 * float(pace.max(initial=0.0)))
    left = np.flatnonzero(rests[: max(0, min(before, middle) - first)])
    right = np.flatnonzero(rests[max(0, behind - first) :])
    start = first + int(left[-1]) if len(left) else first
    end = behind + int(right[0]) + 1 if len(right) else last
    peak = start + int(np.abs(signals.speed[start:end, 1]).argmax())
    return start, peak, min(end, signals.frames)


def _squats(signals: Signals, states: States) -> list[list[int]]:
    """Return each crouch between two spells of standing that is no take-off."""
    events = []
    height = signals.pelvis_height
    runs = runs_of_states(states)
    for number, (state, start, end) in enumerate(runs):
        if state != _CROUCHED or end - start > 150:
            continue
        around = [runs[i][0] for i in (number - 1, number + 1) if 0 <= i < len(runs)]
        if len(around) == 2 and all(other == _STANDING for other in around):
            peak = start + int(height[start:end].argmin())
            first, _, last = _slope(signals, start, end)
            frames = (first, peak, last)
            events.append(event_row("squat", frames, 100 * (0.95 - height[peak])))
    return events


def _bends(signals: Signals, states: States) -> list[list[int]]:
    """Return reaches down to the ground, and bows with straight knees and high hands."""
    hands = signals.above_support(joint_pair("wrist")).min(1)
    on_feet = np.isin(states, (_STANDING, _CROUCHED)) & signals.carries.any(1)
    lean = signals.lean
    reaches = keep_long(fill_gaps((hands < _LOW_HAND) & on_feet, 8), 3)
    is_bowed = (lean[:, 1] > _BOW_LEAN) & (np.abs(lean[:, 2]) < 25.0) & (hands > _LOW_HAND)
    is_bowed &= (signals.knees.max(1) < _BOW_KNEES) & signals.carries.all(1)
    still = np.hypot(signals.speed[:, 0], signals.speed[:, 2]) < 0.45
    bows = keep_long(fill_gaps(is_bowed & still & on_feet, 6), 8)
    events = []
    for start, end in runs_of(reaches):
        peak = start + int(hands[start:end].argmin())
        frames = _lean_slope(signals, peak)
        events.append(event_row("bend", frames, 100 * hands[peak]))
    for start, end in runs_of(bows):
        peak = start + int(lean[start:end, 1].argmax())
        frames = _lean_slope(signals, peak)
        is_trip = lean[frames[0], 1] < 0.55 * lean[peak, 1] or frames[0] == 0
        if is_trip and not reaches[frames[0] : frames[2]].any():
            events.append(event_row("bow", frames, lean[peak, 1]))
    return events


def _lean_slope(signals: Signals, peak: int) -> tuple[int, int, int]:
    """Return (start, peak, end): from upright to upright again, at most 2.5 s to a side."""
    low = signals.lean[:, 0] / 90.0 + (0.95 - signals.pelvis_height)
    first, last = max(0, peak - 75), min(signals.frames, peak + 75)
    least = 0.35 * low[peak]
    before = np.flatnonzero(low[first:peak] < least)
    behind = np.flatnonzero(low[peak:last] < least)
    start = first + int(before[-1]) if len(before) else first
    end = peak + int(behind[0]) + 1 if len(behind) else last
    return start, peak, end
