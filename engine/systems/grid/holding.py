"""What is done to decoded features where a take holds a pose: it stands still, and breathes.

Breathing and sway are the small turns of a standing idle about its mean pose, laid on torso and
arms. It knows no code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor

from ...features import CONTACTS, PART_SLICES, ROOT_WIDTH, features_to_clip
from ...motion.clip import Array
from ...motion.skeleton import FRAMES_PER_STEP, JOINT_INDEX, PARTS
from ...retrieval.acts import Blend, Laid, Still
from ...rotations import matrix_to_six, six_to_matrix

EASE_FRAMES: Final = 8
"""Frames in which motion comes to rest, and leaves it."""

_SOLES: Final = {"ankle": 0.075, "foot": 0.02}
"""Metres above the floor of the joints of a foot that stands flat, in the rest pose."""

_MOST_SETTLED: Final = 0.08
"""Metres by which a standing foot may be off level ground."""

_SETTLING: Final = 15
"""Frames over which heights are averaged."""

_BREATHING_PARTS: Final = ("TORSO", "LEFT_ARM", "RIGHT_ARM")


def finished_features(pair: Sequence[Tensor], laid: Laid, idle: Tensor | None) -> Tensor:
    """Return the features (T, WIDTH) of a take: faded, held, on the ground.

    Args:
        pair: features decoded before and behind each blend, as `fade` takes them.
        laid: how the take was laid out.
        idle: (T', WIDTH) of somebody who stands and breathes; None lays nothing on what is held.
    """
    before, behind = pair
    held = hold(fade(before, behind, laid.blends), laid.stills, idle)
    return settle(lift(held, laid.lift), laid.lift)


def hold(features: Tensor, stills: Sequence[Still], idle: Tensor | None) -> Tensor:
    """Return features (T, WIDTH) in which parts hold their pose where they are told to.

    Args:
        features: of a take.
        stills: where, and which parts.
        idle: (T', WIDTH) of somebody who stands and breathes; None lays nothing on the pose.
    """
    features = features.clone()
    for still in stills:
        last = min(still.last, len(features))
        if last - still.first < 2:
            continue
        share = _share(len(features), still.first, last, is_last=last >= len(features))
        for part in still.parts:
            columns = PART_SLICES[PARTS[part]]
            held = features[min(still.first + 2, last - 1), columns].clone()
            if part == 0:
                held[: ROOT_WIDTH - 1] = 0.0
                held[CONTACTS] = held[CONTACTS].round()
            rows = share[:, None]
            features[:, columns] += rows * (held - features[:, columns])
            if idle is not None and PARTS[part] in _BREATHING_PARTS:
                _breathe(features, columns, share, idle)
    return features


def _share(frames: int, first: int, last: int, is_last: bool) -> Tensor:
    """Return (T,) how much of each frame is held: eased in, and out unless the take ends."""
    rows = torch.arange(frames, dtype=torch.float)
    # The pose is reached a little after the codes stay constant: they still decode to motion there.
    into = ((rows - first + EASE_FRAMES / 2) / EASE_FRAMES).clamp(0.0, 1.0)
    out = torch.ones(frames) if is_last else ((last - rows) / EASE_FRAMES).clamp(0.0, 1.0)
    share = torch.minimum(into, out)
    return share * share * (3.0 - 2.0 * share)


def _breathe(features: Tensor, columns: slice, share: Tensor, idle: Tensor) -> None:
    """Turn joints of a part by how an idle's are turned from their mean, as much as is held."""
    rows = torch.arange(len(features)) % (2 * len(idle) - 2)
    # There and back again: no jump where the idle ends.
    rows = torch.where(rows < len(idle), rows, 2 * len(idle) - 2 - rows)
    sway = idle[rows][:, columns]
    mean = six_to_matrix(idle[:, columns].mean(0).unflatten(-1, (-1, 6)))
    turn = mean.transpose(-1, -2) @ six_to_matrix(sway.unflatten(-1, (-1, 6)))
    own = six_to_matrix(features[:, columns].unflatten(-1, (-1, 6)))
    turned = matrix_to_six(own @ turn).flatten(1)
    features[:, columns] += share[:, None] * (turned - features[:, columns])


def fade(before: Tensor, behind: Tensor, blends: Sequence[Blend]) -> Tensor:
    """Return features (T, WIDTH) that fade from one copy into the next in each blend.

    Args:
        before: decoded as each copy goes on in the blend behind it.
        behind: decoded as each copy is in the blend before it; away from blends both are alike.
        blends: where, and which parts.
    """
    faded = behind.clone()
    for part in range(len(PARTS)):
        own = sorted((each for each in blends if part in each.parts), key=lambda each: each.first)
        share = _faded(len(behind), own)[:, None]
        columns = PART_SLICES[PARTS[part]]
        faded[:, columns] = (1.0 - share) * before[:, columns] + share * behind[:, columns]
    return faded


def _faded(frames: int, blends: Sequence[Blend]) -> Tensor:
    """Return (T,) the share of the later copy: 0 before a blend, 1 behind it."""
    share = torch.ones(frames)
    start = 0
    for number, blend in enumerate(blends):
        first, last = FRAMES_PER_STEP * blend.first, FRAMES_PER_STEP * blend.last
        share[start:first] = 0.0
        ramp = (torch.arange(first, min(last, frames)) - first + 0.5) / (last - first)
        share[first : first + len(ramp)] = ramp * ramp * (3.0 - 2.0 * ramp)
        following = blends[number + 1].first if number + 1 < len(blends) else frames
        # Halfway to the next blend both are alike again.
        start = max(last, (last + FRAMES_PER_STEP * following) // 2)
        share[last:start] = 1.0
    return share


def lift(features: Tensor, heights: Array) -> Tensor:
    """Return features (T, WIDTH) raised by heights (S,) of their steps, in metres."""
    features = features.clone()
    middles = FRAMES_PER_STEP * np.arange(len(heights)) + (FRAMES_PER_STEP - 1) / 2
    raised = np.interp(np.arange(len(features)), middles, heights)
    features[:, ROOT_WIDTH - 1] += torch.from_numpy(raised).to(features.dtype)
    return features


def settle(features: Tensor, lifts: Array) -> Tensor:
    """Return features (T, WIDTH) in which feet that stand on level ground touch y = 0.

    Args:
        features: of a take.
        lifts: (S,) metres by which its steps were raised: what is raised is on stairs.
    """
    joints = features_to_clip(features).joints()
    soles = [joints[:, JOINT_INDEX[f"{side}_{part}"], 1] - height
             for side in ("left", "right") for part, height in _SOLES.items()]  # fmt: skip
    lowest = np.min(soles, axis=0)
    stands = (features[:, CONTACTS] > 0.5).any(1).numpy() & (np.abs(lowest) < _MOST_SETTLED)
    stands &= np.repeat(lifts == 0.0, FRAMES_PER_STEP)[: len(features)]
    frames = np.flatnonzero(stands)
    if len(frames) == 0:
        return features
    heights = np.interp(np.arange(len(features)), frames, lowest[frames])
    padded = np.pad(heights, _SETTLING // 2, mode="edge")
    heights = np.convolve(padded, np.ones(_SETTLING) / _SETTLING, mode="valid")
    settled = features.clone()
    settled[:, ROOT_WIDTH - 1] -= torch.from_numpy(heights).to(features.dtype)
    return settled


def stretch(features: Tensor, frames: int) -> Tensor:
    """Return features (B, T, WIDTH) played in `frames` frames; speeds of the root fit."""
    length = features.shape[1]
    places = torch.linspace(0.0, length - 1.0, frames, device=features.device)
    before = places.floor().long().clamp(0, length - 1)
    share = (places - before)[None, :, None]
    behind = (before + 1).clamp_max(length - 1)
    made = features[:, before] * (1.0 - share) + features[:, behind] * share
    made[..., : ROOT_WIDTH - 1] *= length / frames
    return made
