"""Events as rows of numbers: kind, side, first frame, peak, end, amount.

It knows no joint.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ....motion.clip import Array

KINDS = (
    "jump", "kick", "step", "hop", "clap", "strike", "throw", "hand_swing", "turn", "sit_down",
    "stand_up", "go_down", "get_up", "squat", "bend", "bow", "kneel_down", "cycle",
)  # fmt: skip
"""Names of the kinds of event, in the order of their numbers."""

KIND_INDEX = {name: index for index, name in enumerate(KINDS)}

SIDE_NAMES = ("both", "left", "right")
"""Names of the sides, in the order of their numbers."""

COLUMNS = ("kind", "side", "start", "peak", "end", "amount")
"""What the six numbers of an event say; frames are at 30 fps, the end lies behind the event."""

Rows = NDArray[np.int16]
"""(E, 6) events, ordered by their peaks."""


def event_row(
    kind: str, frames: tuple[int, int, int], amount: float = 0.0, side: str = "both"
) -> list[int]:
    """Return one event: its kind, (first frame, peak, end), amount and side."""
    whole = int(np.clip(round(amount), -32768, 32767))
    return [KIND_INDEX[kind], SIDE_NAMES.index(side), *(int(frame) for frame in frames), whole]


def to_rows(events: list[list[int]]) -> Rows:
    """Return events as one table, ordered by their peaks."""
    rows = np.array(events, dtype=np.int16).reshape(-1, len(COLUMNS))
    return rows[np.argsort(rows[:, 3], kind="stable")]


def peaks_of(values: Array, least: float, apart: int) -> list[int]:
    """Return the frames at which values (T,) are highest within `apart` frames, in order."""
    padded = np.pad(values, apart, constant_values=-np.inf)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * apart + 1).max(axis=1)
    tops = np.flatnonzero((values >= around) & (values >= least))
    kept: list[int] = []
    for top in tops:
        if not kept or top - kept[-1] > apart:
            kept.append(int(top))
    return kept


def spread_from(activity: Array, peak: int, share: float, most: int) -> tuple[int, int]:
    """Return the frames [start, end) around a peak in which activity (T,) does not rest.

    A frame rests where it shows less than a share of the peak's activity; no
    side is longer than `most` frames.
    """
    least = share * activity[max(0, peak - 6) : peak + 7].max()
    rests = activity < least
    before = np.flatnonzero(rests[max(0, peak - most) : max(0, peak - 3)])
    behind = np.flatnonzero(rests[peak + 3 : peak + most])
    start = max(0, peak - most) + (int(before[-1]) if len(before) else 0)
    end = peak + 3 + int(behind[0]) + 1 if len(behind) else peak + most
    return start, min(end, len(activity))
