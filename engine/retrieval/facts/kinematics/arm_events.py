"""Events of the hands: claps, strikes, throws, the swings of a wave.

It knows neither legs nor captions.
"""

from __future__ import annotations

import numpy as np

from ....motion.clip import Array
from ....motion.skeleton import JOINT_INDEX
from .event_rows import event_row, peaks_of, spread_from
from .signals import SIDES, Signals, joint_pair, smooth, speeds

ARM_LENGTH = 0.60
"""Metres from a shoulder to the middle of the hand of a straight arm."""

_CLAP_DISTANCE, _CLAP_CLOSING, _CLAP_PARTING = 0.21, 0.7, 0.08
_THRUST, _STRIKE_SPEED, _STRIKE_EXTENSION = 0.75, 1.4, 0.68
_STRIKE_GAIN, _STRIKE_RETURN = 0.12, 0.05
_THROW_SPEED = 3.0
_SWING_WIDTH, _SWING_RISE, _SWING_FRAMES = 0.07, 0.65, 22


def arm_events(signals: Signals) -> list[list[int]]:
    """Return the rows of claps, strikes, throws and hand swings of a clip."""
    events = _claps(signals)
    for side in (0, 1):
        throws = _throws(signals, side)
        thrown = [row[3] for row in throws]
        strikes = [
            row for row in _strikes(signals, side)
            if all(abs(row[3] - peak) > 15 for peak in thrown)
        ]
        events += [*throws, *strikes, *_swings(signals, side)]
    return events


def extensions(signals: Signals) -> Array:
    """Return (T, 2): distance of shoulder and hand, 1 for a straight arm."""
    shoulders = signals.local[:, joint_pair("shoulder")]
    return np.asarray(np.linalg.norm(signals.hands - shoulders, axis=-1) / ARM_LENGTH)


def _claps(signals: Signals) -> list[list[int]]:
    """Return each quick meeting of the hands that part again."""
    apart = np.linalg.norm(signals.hands[:, 0] - signals.hands[:, 1], axis=-1)
    above = signals.hands[..., 1].min(1) > -0.05
    events = []
    for peak in peaks_of(-apart, -_CLAP_DISTANCE, 4):
        first, last = max(0, peak - 12), min(signals.frames, peak + 13)
        closing = float(-speeds(apart)[first : peak + 1].min())
        parting = float(apart[peak:last].max() - apart[peak])
        closed = float(apart[first : peak + 1].max() - apart[peak])
        if above[peak] and closing > _CLAP_CLOSING and min(parting, closed) > _CLAP_PARTING:
            start = first + int(apart[first : peak + 1].argmax())
            end = peak + int(apart[peak:last].argmax()) + 1
            events.append(event_row("clap", (start, peak, end), 100 * apart[peak]))
    return events


def _strikes(signals: Signals, side: int) -> list[list[int]]:
    """Return each quick stretch of an arm away from the body at trunk or head height."""
    reach = extensions(signals)[:, side]
    shoulder = signals.local[:, joint_pair("shoulder")[side]]
    direction = signals.hands[:, side] - shoulder
    level = direction[:, 1] / np.maximum(np.linalg.norm(direction, axis=-1), 1e-9)
    out = (np.abs(level) < 0.9) & (direction[:, 2] > 0.05)
    thrust = speeds(reach * ARM_LENGTH)
    events = []
    for peak in peaks_of(np.where(out, reach, 0.0), _STRIKE_EXTENSION, 8):
        first = max(0, peak - 9)
        fast = float(thrust[first : peak + 1].max())
        gain = float(reach[peak] - reach[first : peak + 1].min())
        quick = float(signals.hand_speed[first : peak + 1, side].max())
        back = float(reach[peak] - reach[peak : peak + 14].min())
        comes_back = back > _STRIKE_RETURN or peak + 14 > len(reach)
        if fast > _THRUST and quick > _STRIKE_SPEED and gain > _STRIKE_GAIN and comes_back:
            start, end = spread_from(signals.hand_speed[:, side], peak, 0.2, 20)
            events.append(event_row("strike", (start, peak, end), 100 * quick, SIDES[side]))
    return events


def _throws(signals: Signals, side: int) -> list[list[int]]:
    """Return each fast way of a hand from behind, or from low beside the hip, to the front."""
    hand, pace = signals.hands[:, side], signals.hand_speed[:, side]
    shoulder = signals.local[:, joint_pair("shoulder")[side]]
    ahead = hand[:, 2] - shoulder[:, 2]
    high = hand[:, 1] - shoulder[:, 1]
    head = signals.local[:, JOINT_INDEX["head"], 1]
    other = signals.hand_speed[:, 1 - side]
    events = []
    for peak in peaks_of(pace, _THROW_SPEED, 12):
        first, last = max(0, peak - 15), min(signals.frames, peak + 10)
        before, behind = slice(first, peak + 1), slice(peak, last)
        gain = float(ahead[behind].max() - ahead[before].min())
        over = float(high[before].max()) > -0.05 and float(ahead[before].min()) < 0.05
        over &= float(hand[before, 1].max()) > head[peak] - 0.35
        under = float(high[before].min()) < -0.4 and float(ahead[before].min()) < -0.12
        under &= float(high[behind].max()) > -0.2
        if gain > 0.4 and (over or under) and float(other[peak]) < 0.75 * pace[peak]:
            start, end = spread_from(pace, peak, 0.2, 26)
            events.append(event_row("throw", (start, peak, end), 100 * pace[peak], SIDES[side]))
    return events


def _swings(signals: Signals, side: int) -> list[list[int]]:
    """Return each way to one side of a raised hand that waves: half of there and back."""
    shoulder = signals.local[:, joint_pair("shoulder")[side]]
    elbow = signals.local[:, joint_pair("elbow")[side]]
    hand = signals.hands[:, side]
    raised = (hand[:, 1] > shoulder[:, 1] - 0.15) & (hand[:, 1] > elbow[:, 1] + 0.03)
    across = smooth(hand[:, 0] - shoulder[:, 0])
    turns = np.flatnonzero(np.diff(np.sign(np.diff(across)))) + 1
    events = []
    for start, end in _ways(across, [0, *turns.tolist(), len(across) - 1]):
        width = 100 * abs(float(across[end] - across[start]))
        rise = 100 * float(np.ptp(hand[start : end + 1, 1]))
        is_level = raised[start : end + 1].all() and rise < _SWING_RISE * width
        if end - start <= _SWING_FRAMES and is_level:
            frames = (start, (start + end) // 2, end + 1)
            events.append(event_row("hand_swing", frames, width, SIDES[side]))
    return events


def _ways(across: Array, turns: list[int]) -> list[tuple[int, int]]:
    """Return the ways (start, end) between turning points that are wide enough."""
    kept = [turns[0]]
    for turn in turns[1:]:
        while len(kept) > 1 and (across[turn] - across[kept[-1]]) * (
            across[kept[-1]] - across[kept[-2]]
        ) > 0:
            kept.pop()
        if abs(across[turn] - across[kept[-1]]) > _SWING_WIDTH:
            kept.append(turn)
        elif len(kept) == 1:
            kept[0] = turn
    return list(zip(kept[:-1], kept[1:], strict=True))
