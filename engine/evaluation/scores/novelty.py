"""Is it new motion? How far takes are from the training clips, and from each other.

Windows of 1.6 s are laid on one another: the middle frame's pelvis over the
origin and facing +Z, heights kept. It knows no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ...data.aligned_windows import WINDOW_FRAMES, cut_windows
from ...measuring.metrics import DRAWS, Indices, bootstrap
from ...motion import quaternions
from ..checks.measures import Array, Body

FRAME_STEP: Final = 4
"""Every fourth frame of a window is compared."""

LIBRARY_STRIDE: Final = 6
"""Frames from one training window to the next."""

QUERY_STRIDE: Final = 15
"""Frames from one window of a take to the next."""

DEFINITION: Final = (
    "Distance to the nearest training window: a clip's windows of 1.6 s, one every half second, "
    "are laid over the training clips' windows, one every 0.2 s, and their mirror images (the "
    "middle frame's pelvis over the origin, facing ahead). The mean distance of all joints to the "
    "nearest window, averaged over the clip's windows, is the clip's; the figure is the median "
    "over clips, in brackets the 95 % interval over recordings. Real clips are all those of the "
    "split with whole bodies and at least 1.6 s; takes are made for some of them."
)
"""What the figure is, for reports."""

_CANDIDATES: Final = 16
_QUERIES_AT_ONCE: Final = 256


def windows_of(body: Body, stride: int) -> NDArray[np.float32]:
    """Return aligned windows (N, 12, 22, 3) metres of a body; N = 0 if it is too short."""
    return cut_windows(body.joints, body.heading, stride, FRAME_STEP)


class TrainingWindows:
    """All windows of the training clips, to be searched."""

    def __init__(self, bodies: Sequence[Body]) -> None:
        """Cut the windows (about 130 MB for two hours of motion)."""
        cut = [windows_of(body, LIBRARY_STRIDE) for body in bodies]
        self._windows = np.concatenate(cut)
        self._flat = _flattened(self._windows)
        self._squares = np.einsum("nd,nd->n", self._flat, self._flat)

    def __len__(self) -> int:
        """Return the number of windows."""
        return len(self._windows)

    def distances(self, body: Body) -> Array:
        """Return metres from each of the body's windows to its nearest training window.

        The distance of two windows is the mean distance of their joints. The
        training clips count mirrored too, as the model learns from both.
        """
        if not len(self):
            raise ValueError(f"no training clip is as long as a window of {WINDOW_FRAMES} frames")
        plain = self._nearest(windows_of(body, QUERY_STRIDE))
        return np.minimum(plain, self._nearest(windows_of(body.mirrored(), QUERY_STRIDE)))

    def _nearest(self, queries: NDArray[np.float32]) -> Array:
        nearest = np.zeros(len(queries))
        for first in range(0, len(queries), _QUERIES_AT_ONCE):
            block = queries[first : first + _QUERIES_AT_ONCE]
            flat = _flattened(block)
            # Squared distance less the query's own square, which does not change the order.
            order = self._squares - 2.0 * (flat @ self._flat.T)
            count = min(_CANDIDATES, len(self))
            best = np.argpartition(order, count - 1, axis=1)[:, :count]
            apart = np.linalg.norm(self._windows[best] - block[:, None], axis=-1)
            nearest[first : first + len(block)] = apart.mean(axis=(2, 3)).min(axis=1)
        return nearest


def _flattened(windows: NDArray[np.float32]) -> NDArray[np.float32]:
    return windows.reshape(len(windows), int(np.prod(windows.shape[1:])))


def summarize_novelty(
    training: TrainingWindows, bodies: Sequence[Body], groups: Sequence[str]
) -> dict[str, Any]:
    """Return the clips' distances to the training clips: median, and the tenth nearest percent.

    A clip's distance is the mean over its windows; clips shorter than a window are left out.

    Args:
        training: what the clips are compared with.
        bodies: the clips.
        groups: the recording that each belongs to: the interval is over recordings.
    """
    measured = [
        (float(distances.mean()), group)
        for body, group in zip(bodies, groups, strict=True)
        if len(distances := training.distances(body))
    ]
    if not measured:
        return {"clips": 0, "median_m": None, "low_m": None, "high_m": None,
                "percentile_10_m": None, "nearest_m": None}  # fmt: skip
    per_clip = np.array([distance for distance, _ in measured])

    def middle(clips: Indices) -> float:
        return float(np.median(per_clip[clips]))

    own = [group for _, group in measured]
    interval = bootstrap([middle], own, np.random.default_rng(0), DRAWS)
    return {
        "clips": len(measured),
        "median_m": interval.value,
        "low_m": interval.low,
        "high_m": interval.high,
        "percentile_10_m": float(np.percentile(per_clip, 10)),
        "nearest_m": float(np.min(per_clip)),
    }


def spread(bodies: Sequence[Body]) -> float | None:
    """Return the mean distance in metres between takes of one prompt, pair by pair.

    Joints are compared frame by frame over the frames that both takes have, each
    take from its own start place and heading. None for fewer than two takes.
    """
    placed = [_from_its_start(body) for body in bodies]
    apart = []
    for first, second in combinations(placed, 2):
        frames = min(len(first), len(second))
        apart.append(np.linalg.norm(first[:frames] - second[:frames], axis=-1).mean())
    return float(np.mean(apart)) if apart else None


def _from_its_start(body: Body) -> Array:
    origin = body.joints[0, 0] * np.array([1.0, 0.0, 1.0])
    unturn = quaternions.yaw_to_quaternion(-body.heading[:1])[:, None]
    return np.asarray(quaternions.rotate(unturn, body.joints - origin))
