"""Puts decoded takes down where they stand in the air.

Heights are written step by step as everything else: after a jump the network may go on at the
height where it was, or begin there. Nobody rests in the air: what falls passes any height faster
than feet that rest. It knows no code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from ...features import ROOT_WIDTH, features_to_clip
from ...motion.clip import Array, Clip
from ...motion.contacts import CONTACT_JOINTS, STANDING_HEIGHTS
from ...motion.displacements import runs_of
from ...motion.skeleton import JOINT_INDEX

RESTING_SPEED: Final = 0.25
"""Metres a second of the lowest sole; a jump is slower for a twentieth of a second only."""

LEAST_REST: Final = 5
"""Frames."""

ARRIVING: Final = 8
"""Frames of a rest whose median is the height that it begins at, or ends at."""

LEAST_FLIGHT: Final = 0.05
"""Metres above the rests before and behind: less is a step, as on stairs."""

LEAST_FLOATING: Final = 0.04
"""Metres: lower, it is no fault."""

LEAST_LEG: Final = 0.45
"""Metres of the pelvis above the soles of who stands: not of who lies, or stands on the hands."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Frames in which feet bear the body, steps between them included."""

    first: int
    last: int


def land(features: Tensor) -> Tensor:
    """Return features (T, WIDTH) in which feet that rest in the air are put on the floor.

    Each rest is lowered as a whole from its first height on, so that stairs stay stairs;
    flights in between lead from one to the other.
    """
    clip = features_to_clip(features)
    soles = _lowest_soles(clip)
    rests = find_rests(clip, soles)
    heights = [float(np.median(soles[rest.first : rest.last + 1][:ARRIVING])) for rest in rests]
    lowered = [height if height >= LEAST_FLOATING else 0.0 for height in heights]
    if not any(lowered):
        return features
    ends = [frame for rest in rests for frame in (rest.first, rest.last)]
    by = np.interp(np.arange(len(features)), ends, np.repeat(lowered, 2))
    landed = features.clone()
    landed[:, ROOT_WIDTH - 1] -= torch.from_numpy(by).to(features)
    return landed


def find_rests(clip: Clip, soles: Array) -> list[Rest]:
    """Return the rests of a clip, those without a flight between them as one.

    Args:
        clip: T frames.
        soles: (T,) heights of the lowest sole.
    """
    joints = clip.joints()
    feet = joints[:, list(CONTACT_JOINTS), 1].min(1)
    bears = joints[:, 0, 1] - feet > LEAST_LEG
    hands = joints[:, [JOINT_INDEX["left_wrist"], JOINT_INDEX["right_wrist"]], 1].min(1)
    bears &= hands < joints[:, JOINT_INDEX["head"], 1] + 0.1  # else it may hang
    speed = np.gradient(soles) * clip.fps if len(soles) > 1 else np.zeros(len(soles))
    found: list[Rest] = []
    for start, end in runs_of(bears & (np.abs(speed) < RESTING_SPEED)):
        if end - start < min(LEAST_REST, len(soles)):
            continue
        if found and not _flies(soles, found[-1].last, start):
            found[-1] = Rest(found[-1].first, end - 1)
        else:
            found.append(Rest(start, end - 1))
    return found


def _flies(soles: Array, last: int, first: int) -> bool:
    """Return whether soles rise between a rest that ends and one that begins."""
    before = np.median(soles[max(0, last + 1 - ARRIVING) : last + 1])
    behind = np.median(soles[first : first + ARRIVING])
    return bool(soles[last : first + 1].max() > max(before, behind) + LEAST_FLIGHT)


def _lowest_soles(clip: Clip) -> Array:
    """Return (T,) the height of the lowest sole above where it is when standing flat, metres."""
    feet = clip.joints()[:, list(CONTACT_JOINTS), 1]
    lowest: Array = (feet - STANDING_HEIGHTS).min(1)
    return lowest
