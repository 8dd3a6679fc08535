"""Events of the legs and of the pelvis: jumps, hops, kicks, steps, turns.

It knows neither arms nor captions.
"""

from __future__ import annotations

import numpy as np

from ....motion.clip import Array
from ....motion.displacements import runs_of
from ....motion.skeleton import FPS
from .event_rows import event_row, peaks_of, spread_from
from .signals import SIDES, Signals, fill_gaps, joint_pair, smooth, speeds

_JUMP_FRAMES = 6
_JUMP_RISE, _JUMP_CLEAR = 0.09, 0.09
_KICK_SPEED, _KICK_HEIGHT, _KICK_DISTANCE, _KICK_REACH = 2.3, 0.24, 0.42, 0.58
_LOW_KICK_SPEED, _LOW_KICK_HEIGHT = 4.2, 0.13
_STEP_LENGTH = 0.1
_HOP_FRAMES, _HOP_CLEAR = 14, 0.02
_TURN_RATE, _TURN_LEAST = 0.45, 30.0
_YAW_SMOOTHING = np.hanning(13)[1:-1] / np.hanning(13)[1:-1].sum()


def leg_events(signals: Signals) -> list[list[int]]:
    """Return the rows of jumps, hops, kicks, steps and turns of a clip."""
    return [*_jumps(signals), *_kicks(signals), *_steps(signals), *_turns(signals)]


def _jumps(signals: Signals) -> list[list[int]]:
    """Return the flights that are higher than a run's."""
    events = []
    height = signals.joints[:, 0, 1]
    clear = signals.soles.min(1) - signals.support
    for start, end in runs_of(signals.airborne):
        peak = start + int(height[start:end].argmax())
        off = max(0, start - 1)
        rise = height[peak] - height[off]
        if end - start >= _JUMP_FRAMES and (
            (rise > _JUMP_RISE and clear[start:end].max() > 0.05)
            or clear[start:end].max() > _JUMP_CLEAR + 0.04 * _pace(signals, peak)
        ):
            frames = (_crouch_before(height, start), peak, _recovery(signals, end))
            events.append(event_row("jump", frames, 100 * rise))
    return events


def _pace(signals: Signals, frame: int) -> float:
    return float(np.hypot(signals.speed[frame, 0], signals.speed[frame, 2]))


def _crouch_before(height: Array, start: int) -> int:
    """Return the frame at which the pelvis begins to sink before a take-off."""
    first = max(0, start - 30)
    lowest = first + int(height[first : start + 1].argmin())
    before = max(0, lowest - 20)
    return before + int(height[before : lowest + 1].argmax())


def _recovery(signals: Signals, end: int) -> int:
    """Return the frame at which the pelvis has come to rest after a landing."""
    calm = np.abs(signals.speed[end : end + 30, 1]) < 0.15
    rising = signals.speed[end : end + 30, 1] > 0.15
    begun = int(rising.argmax()) if rising.any() else 0
    settled = np.flatnonzero(calm[begun:])
    far = begun + int(settled[0]) if len(settled) else 30
    return min(end + max(far, 3), signals.frames)


def _kicks(signals: Signals) -> list[list[int]]:
    toes, hips = signals.local[:, joint_pair("foot")], signals.local[:, joint_pair("hip")]
    away = np.hypot(toes[..., 0], toes[..., 2])
    reach = np.linalg.norm(toes - hips, axis=-1)
    raised = signals.soles - signals.support[:, None]
    upright = (signals.lean[:, 0] < 80.0) & (signals.pelvis_height > 0.55)
    events = []
    for side in (0, 1):
        span = 9
        padded = np.pad(signals.foot_speed[:, side], (span, 0), mode="edge")
        rush = np.lib.stride_tricks.sliding_window_view(padded, span + 1).max(axis=1)
        is_high = (raised[:, side] > _KICK_HEIGHT) & (rush > _KICK_SPEED)
        is_low = (raised[:, side] > _LOW_KICK_HEIGHT) & (rush > _LOW_KICK_SPEED)
        is_low &= (toes[:, side, 2] > 0.5) & (signals.knees[:, side] < 45.0)
        out = (away[:, side] > _KICK_DISTANCE) & (reach[:, side] > _KICK_REACH) & upright
        behind = toes[:, side, 2] < -0.3
        is_run = behind & ((signals.speed[:, 2] > 1.0) | (raised[:, side] < 0.45))
        score = np.where(out & (is_high | is_low) & ~is_run, away[:, side] + raised[:, side], 0.0)
        for peak in peaks_of(score, 0.3, 10):
            start, end = spread_from(signals.foot_speed[:, side], peak, 0.15, 24)
            frames = (start, peak, end)
            events.append(event_row("kick", frames, 100 * raised[peak, side], SIDES[side]))
    return events


def _steps(signals: Signals) -> list[list[int]]:
    """Return each lift of a foot that comes down elsewhere, and hops: the other foot stays up."""
    clear = signals.soles.min(1) - signals.support
    toes = signals.joints[:, joint_pair("foot")]
    events = []
    for side in (0, 1):
        carries = fill_gaps(signals.carries[:, side], 2)
        for start, end in runs_of(~carries):
            if start == 0 or end == len(carries) or end - start > 2 * FPS:
                continue
            length = float(np.linalg.norm(toes[end, side] - toes[start - 1, side]))
            frames = (start, start + int(signals.soles[start:end, side].argmax()), end)
            if length > _STEP_LENGTH:
                events.append(event_row("step", frames, 100 * length, SIDES[side]))
            is_alone = not signals.carries[start - 1 : end + 1, 1 - side].any()
            if is_alone and end - start <= _HOP_FRAMES and clear[start:end].max() > _HOP_CLEAR:
                events.append(event_row("hop", frames, 100 * length, SIDES[side]))
    return events


def _turns(signals: Signals) -> list[list[int]]:
    """Return spells of turning to one side, with their signed degrees (left is positive)."""
    steady = smooth(signals.yaw, _YAW_SMOOTHING)
    rate = speeds(steady)
    events = []
    for sign in (1.0, -1.0):
        for start, end in runs_of(fill_gaps(sign * rate > _TURN_RATE, 8)):
            last = min(end, len(steady) - 1)
            degrees = float(np.degrees(steady[last] - steady[start]))
            if abs(degrees) > _TURN_LEAST:
                peak = start + int(np.abs(rate[start:end]).argmax())
                side = "left" if degrees > 0 else "right"
                events.append(event_row("turn", (start, peak, end), degrees, side))
    return events
