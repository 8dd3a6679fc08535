"""Which recordings show nearly the same motion, so that they must not lie in different splits.

The distance of a clip from another is measured in windows of 1.6 s, every half second of
it: each is laid over all windows of the other (the middle frame's pelvis above the origin,
facing +Z), and over their mirror images. The root mean square distance of the joints to the
nearest of them, averaged over the clip's windows, is the distance. So a clip that was cut out of
another one is at 0 from it, wherever it was cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..motion.clip import Clip, headings
from ..motion.skeleton import JOINTS, MIRRORED_JOINTS
from .aligned_windows import WINDOW_FRAMES, cut_windows
from .corpus import CorpusClip

NEAR_METRES: Final = 0.025
"""Recordings that are nearer are nearly the same motion. Of 1,532 recordings of 160 minutes this
links repeats of one performer (14 at most hang together); from 0.03 on (87) and 0.04 (210) people
who stand, walk and gesture alike hang together, whoever they are."""

FRAME_STEP: Final = 8
QUERY_STRIDE: Final = 15

_AXES: Final = 24
"""Numbers of a window that are compared first: what they miss can only add to a distance."""

Windows = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two recordings and how far they are apart."""

    first: str
    second: str
    """Names of groups, in alphabetical order."""

    metres: float


@dataclass(frozen=True, slots=True)
class _Library:
    """The windows of all clips, one clip after another."""

    windows: Windows
    """(M, W) metres, divided so that the distance of two rows is the root mean square one."""
    starts: NDArray[np.int64]
    """(C + 1,) first window of each clip, and the end."""
    axes: Windows
    """(W, A) orthonormal: along them windows differ most."""
    short: Windows
    """(M, A) the windows along the axes."""


def find_near_duplicates(
    clips: Sequence[CorpusClip], watch: Callable[[Sequence[Any]], Iterable[Any]] = iter
) -> tuple[Likeness, ...]:
    """Return the pairs of groups that show nearly the same motion, each once.

    Args:
        clips: of all groups; the time grows with the square of their length.
        watch: gets the clips and gives them back one by one, to show how far it is.
    """
    if len({entry.group for entry in clips}) < 2:
        return ()
    library = _build_library([entry.clip for entry in clips])
    groups = np.array([entry.group for entry in clips])
    nearest: dict[tuple[str, str], float] = {}
    for entry in watch(clips):
        others = groups != entry.group
        for other, metres in _near_clips(entry.clip, library, others):
            low, high = sorted((entry.group, clips[other].group))
            nearest[low, high] = min(metres, nearest.get((low, high), metres))
    return tuple(Likeness(*pair, metres) for pair, metres in sorted(nearest.items()))


def _build_library(clips: Sequence[Clip]) -> _Library:
    cut = [_windows_of(clip, 1)[0] for clip in clips]
    windows = np.concatenate(cut)
    starts = np.cumsum([0, *(len(each) for each in cut)])
    centred = windows[:: max(1, len(windows) // 20_000)]
    centred = centred - centred.mean(0)
    axes = np.linalg.eigh(centred.T @ centred)[1][:, -_AXES:].astype(np.float32)
    return _Library(windows, starts, axes, windows @ axes)


def _windows_of(clip: Clip, stride: int) -> tuple[Windows, Windows]:
    """Return a clip's windows (N, W) and their mirror images; N is at least 1.

    A clip that is shorter than a window stands still at its end until it fills one.
    """
    rows = np.minimum(np.arange(max(clip.frames, WINDOW_FRAMES)), clip.frames - 1)
    windows = cut_windows(clip.joints()[rows], headings(clip.rot[:, 0])[rows], stride, FRAME_STEP)
    windows = windows / np.float32(np.sqrt(windows.shape[1] * len(JOINTS)))
    mirrored = windows[:, :, list(MIRRORED_JOINTS)] * np.array([-1, 1, 1], np.float32)
    flat = len(windows), int(np.prod(windows.shape[1:]))
    return windows.reshape(flat), mirrored.reshape(flat)


def _near_clips(
    clip: Clip, library: _Library, others: NDArray[np.bool_]
) -> Iterator[tuple[int, float]]:
    """Yield the clips among `others` (C,) that are nearly the same, with their distances."""
    both = _windows_of(clip, QUERY_STRIDE)
    firsts = library.starts[:-1]
    least = np.minimum(*(
        np.minimum.reduceat(_apart(own @ library.axes, library.short), firsts, axis=1)
        for own in both
    ))  # fmt: skip
    for other in np.flatnonzero((least.mean(0) < NEAR_METRES) & others):
        windows = library.windows[library.starts[other] : library.starts[other + 1]]
        metres = float(np.minimum(*(_apart(own, windows).min(1) for own in both)).mean())
        if metres < NEAR_METRES:
            yield int(other), metres


def _apart(windows: Windows, others: Windows) -> Windows:
    """Return the distances (N, M) of rows (N, W) to rows (M, W)."""
    squares = np.einsum("mw,mw->m", others, others) - 2.0 * (windows @ others.T)
    squares += np.einsum("nw,nw->n", windows, windows)[:, None]
    distances: Windows = np.sqrt(np.maximum(squares, 0.0))
    return distances
