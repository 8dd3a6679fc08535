"""How many of the takes of a request are different motions."""

from __future__ import annotations

from collections.abc import Generator as Steps
from collections.abc import Sequence
from typing import Final

import numpy as np

from .clip import Array, Clip
from .request import MotionResult, Progress

SAME_METRES: Final = 0.005
"""Two takes are the same where no joint is ever further apart: nobody sees so little."""


def count_different(clips: Sequence[Clip]) -> Steps[Progress, None, int]:
    """Return how many clips differ from all before them, in length or in where a joint is."""
    found: list[Array] = []
    for number, clip in enumerate(clips):
        if number:
            yield Progress(number, len(clips), "Comparing the takes")
        joints = clip.joints()
        if not any(_are_same(joints, other) for other in found):
            found.append(joints)
    return len(found)


def _are_same(joints: Array, other: Array) -> bool:
    """Say whether no joint (T, 22, 3) is ever far from the other take's."""
    if joints.shape != other.shape:
        return False
    return bool(np.linalg.norm(joints - other, axis=-1).max() <= SAME_METRES)


def difference_note(result: MotionResult) -> str:
    """Return a sentence where some takes are the same motion, else an empty text."""
    count = len(result.clips)
    if not 0 < result.different_takes < count:
        return ""
    differ = "one is" if result.different_takes == 1 else f"{result.different_takes} are"
    return f"Of {count} takes only {differ} different: choose more frames or body parts for more"
