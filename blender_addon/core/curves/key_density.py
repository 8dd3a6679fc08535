"""Tells keys that an animator set from keys that were baked, one on every frame.

It knows times only: no values and no bones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

_AROUND = 30.0
_FRAME = 1.01
_FEWEST = 3


def is_baked(channels: Sequence[Array], frames: Array) -> bool | None:
    """Say whether most keys around a span follow the one before within a frame.

    The densest channel counts: one that holds still has few keys in a baked motion, too.
    Where fewer than three keys are near, all keys count.

    Args:
        channels: sorted times (N,) of each channel's keys.
        frames: (T,) of the span.

    Returns:
        None where no channel has a key.
    """
    shares = [_dense_share(times, frames) for times in channels if len(times)]
    return max(shares) > 0.5 if shares else None


def _dense_share(times: Array, frames: Array) -> float:
    """Return which part of the gaps between keys is no longer than a frame, 0 to 1."""
    near = times[(times >= frames[0] - _AROUND) & (times <= frames[-1] + _AROUND)]
    gaps = np.diff(near if len(near) >= _FEWEST else times)
    return float(np.mean(gaps <= _FRAME)) if len(gaps) else 0.0
