"""How the body is held on each frame: standing, seated, lying, in the air.

Read from heights above the support, directions of trunk and shins, and where the
weight is over the feet. It knows no event.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....motion.clip import Array
from ....motion.displacements import Flags
from ....motion.skeleton import JOINT_INDEX
from ....motion.tracks import STATES
from .signals import Signals, fill_gaps, joint_pair, keep_long, smooth, speeds

STATE_INDEX = {name: index for index, name in enumerate(STATES)}

States = NDArray[np.integer[Any]]
"""(...) numbers of STATES."""

_STANDING_PELVIS, _HIGHEST_SEAT = 0.74, 0.9
_SETTLING = np.ones(11) / 11.0
_SHORTEST_STATE = 6


def frame_states(signals: Signals) -> States:
    """Return the state (T,) of every frame; states shorter than a fifth of a second are dropped.

    Only the flight of a jump may be shorter.
    """
    height = signals.pelvis_height
    lean = signals.lean[:, 0]
    chosen = np.full(signals.frames, STATE_INDEX["standing"])
    chosen[height < _STANDING_PELVIS] = STATE_INDEX["crouched"]
    is_low = height < _STANDING_PELVIS
    lies = _lies(signals)
    fours = _on_all_fours(signals) & ~lies
    kneels = _kneels(signals) & (lean < 65.0) & ~fours & ~lies
    chosen[_sits(signals)] = STATE_INDEX["seated"]
    chosen[is_low & kneels] = STATE_INDEX["kneeling"]
    chosen[fours] = STATE_INDEX["on all fours"]
    chosen[lies] = STATE_INDEX["lying"]
    chosen[_hangs(signals)] = STATE_INDEX["hanging"]
    chosen = _settle(chosen)
    chosen[signals.airborne] = STATE_INDEX["airborne"]
    return chosen


def _lies(signals: Signals) -> Flags:
    chest = signals.above_support([JOINT_INDEX["spine3"]])[:, 0]
    height = signals.pelvis_height
    is_flat = (signals.lean[:, 0] > 55.0) & (signals.lean[:, 0] < 125.0)
    head = signals.above_support([JOINT_INDEX["head"]])[:, 0]
    on_ground = (height < 0.33) & (chest < 0.42)
    # On a bed, or of a clip without a floor: flat, and neither hands nor feet below the trunk.
    reach = np.min(signals.local[:, joint_pair("ankle") + joint_pair("wrist"), 1], axis=1)
    on_bed = (reach > -0.28) & (np.abs(signals.local[:, JOINT_INDEX["head"], 1]) < 0.25)
    return np.asarray(is_flat & ((on_ground & (head < 0.55)) | on_bed))


def _on_all_fours(signals: Signals) -> Flags:
    hands = signals.above_support(joint_pair("wrist"))
    lowest, chest = hands.min(1), signals.above_support([JOINT_INDEX["spine3"]])[:, 0]
    both = hands.max(1)
    lean = signals.lean[:, 0]
    return np.asarray(
        (lean > 48.0) & (lean < 130.0) & (lowest < 0.22) & (both < 0.42) & (chest > 0.2)
        & (signals.pelvis_height < 0.85)
    )  # fmt: skip


def _kneels(signals: Signals) -> Flags:
    knees = signals.above_support(joint_pair("knee"))
    ankles = signals.local[:, joint_pair("ankle")]
    behind = signals.local[:, joint_pair("knee"), 2] - ankles[..., 2]
    shin_flat = (knees < 0.2) & (behind > 0.12)
    shin_flat &= signals.joints[:, joint_pair("ankle"), 1] > (
        signals.joints[:, joint_pair("knee"), 1] - 0.12
    )
    return np.asarray(
        shin_flat.any(1) & (signals.pelvis_height > 0.18) & (signals.pelvis_height < 0.72)
    )


def _sits(signals: Signals) -> Flags:
    """Return where the weight is behind the feet, or on the ground."""
    chest = signals.local[:, JOINT_INDEX["spine3"]]
    ankles = signals.local[:, joint_pair("ankle")]
    behind = ankles[..., 2].mean(1) - chest[:, 2] / 2.0
    thighs = signals.local[:, joint_pair("knee"), 1] - signals.local[:, joint_pair("hip"), 1]
    is_folded = np.abs(thighs).min(1) < 0.27
    is_high = signals.pelvis_height >= _STANDING_PELVIS
    on_seat = is_folded & (behind > np.where(is_high, 0.2, 0.09))
    on_seat &= signals.pelvis_height < _HIGHEST_SEAT
    on_ground = (signals.pelvis_height < 0.27) & (np.abs(thighs).max(1) < 0.38)
    is_upright = signals.lean[:, 0] < 60.0
    is_calm = np.abs(smooth(signals.speed[:, 1], _SETTLING)) < 0.25
    return np.asarray(is_upright & is_calm & (on_seat | on_ground))


def _hangs(signals: Signals) -> Flags:
    """Return where both hands above the head hold still in the world, high above the floor.

    Feet that dangle calmly look as if they stood: only their height tells.
    """
    wrists = signals.joints[:, joint_pair("wrist")]
    head = signals.joints[:, JOINT_INDEX["head"], 1]
    pace = np.linalg.norm(speeds(wrists), axis=-1)
    soles = signals.soles.min(1)
    least = head + np.where(soles > 0.3, -0.1, 0.02)
    held = (wrists[..., 1] > least[:, None]) & (pace < 0.7)
    dangles = soles > 0.12
    return keep_long(fill_gaps(np.asarray(held.all(1) & dangles & ~signals.airborne), 15), 10)


def _settle(chosen: States) -> States:
    """Return states (T,) by the majority of a third of a second, without short runs."""
    votes: Array = np.eye(len(STATES))[chosen]
    settled: States = smooth(votes, _SETTLING).argmax(1)
    for _ in range(2):
        borders = np.flatnonzero(np.diff(settled)) + 1
        if len(borders) == 0:
            break
        starts, ends = np.r_[0, borders], np.r_[borders, len(settled)]
        for start, end in zip(starts, ends, strict=True):
            if end - start < _SHORTEST_STATE and end < len(settled) and start > 0:
                settled[start:end] = settled[start - 1]
    return settled


def runs_of_states(states: States) -> list[tuple[int, int, int]]:
    """Return (state, start, end) of each run of equal states (T,)."""
    if len(states) == 0:
        return []
    borders = np.r_[0, np.flatnonzero(np.diff(states)) + 1, len(states)]
    return [
        (int(states[start]), int(start), int(end))
        for start, end in zip(borders[:-1], borders[1:], strict=True)
    ]
