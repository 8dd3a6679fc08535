"""Whether a motion repeats itself, with what period, and for how long.

It looks at the joints' places about the pelvis only; it knows no event.
"""

from __future__ import annotations

import numpy as np

from ....motion.clip import Array
from ....motion.displacements import runs_of
from ....motion.skeleton import JOINT_INDEX
from .event_rows import event_row
from .signals import Signals, fill_gaps, smooth

_JOINTS = [
    JOINT_INDEX[f"{side}_{name}"]
    for side in ("left", "right")
    for name in ("knee", "ankle", "elbow", "wrist")
] + [JOINT_INDEX["head"]]
_EVERY = 2
"""Every other frame is looked at; lags count these."""

_SHORTEST, _LONGEST = 5, 30
_ALIKE = 0.45
_LEAST_MOTION = 0.045
_WINDOW = np.ones(5) / 5.0


def cycle_events(signals: Signals) -> list[list[int]]:
    """Return the longest stretch of at least two cycles as one event; its amount is the period.

    The peak lies one period behind the start.
    """
    pose = signals.local[::_EVERY, _JOINTS].reshape(-(-signals.frames // _EVERY), -1)
    found = [
        stretch
        for lag in range(_SHORTEST, min(_LONGEST, len(pose) // 2) + 1)
        if (stretch := _stretch(pose, lag)) is not None
    ]
    if not found:
        return []
    _, _, start, end, period = max(found)
    whole = start + (end - start) // period * period
    frames = (_EVERY * start, _EVERY * (start + period), _EVERY * whole)
    return [event_row("cycle", frames, _EVERY * period)]


def _stretch(pose: Array, lag: int) -> tuple[int, float, int, int, int] | None:
    """Return (how much is covered, likeness, start, end, lag) of the longest stretch of a lag."""
    apart = np.sqrt(np.mean((pose[lag:] - pose[:-lag]) ** 2, axis=1))
    # How much a pose differs from those of the half of a cycle: still poses repeat for nothing.
    half = max(1, lag // 2)
    moved = np.sqrt(np.mean((pose[half:] - pose[:-half]) ** 2, axis=1))[: len(apart)]
    moved = np.maximum(moved, smooth(moved, _WINDOW))
    alike = fill_gaps((apart < _ALIKE * moved) & (moved > _LEAST_MOTION), 2)
    runs = [(end - start, start, end) for start, end in runs_of(alike) if end - start >= lag]
    if not runs:
        return None
    length, start, end = max(runs)
    likeness = -float(np.mean(apart[start:end] / np.maximum(moved[start:end], 1e-6)))
    return (length + lag) // 6, likeness, start, start + length + lag, lag
