"""Takes the edges of token steps out of decoded motion.

Codes are chosen one by one, so that decoded steps do not quite meet. The jump at each
border is spread over the frames beside it; then a filter shorter than a step follows.
It knows no body part.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_SPREAD = (1.0, 2 / 3, 1 / 3)
"""Share of half a jump that the first frames to each side of a border take."""

_SIGMA = 0.7
"""Frames; standard deviation of the filter. Wider ones lose kicks and claps."""


def soften_borders(features: Tensor, frames_per_step: int) -> Tensor:
    """Return features (B, T, W) without jumps at borders of steps; T a multiple of the step."""
    frames = features.shape[1]
    if frames <= frames_per_step:
        return features
    border = torch.arange(frames_per_step, frames, frames_per_step, device=features.device)
    jump = features[:, border] - features[:, border - 1]
    # What goes on at the speed of both sides is no jump.
    before = features[:, border - 1] - features[:, border - 2]
    after = features[:, border + 1] - features[:, border]
    jump = jump - 0.5 * (before + after)
    softened = features.clone()
    for distance, share in enumerate(_SPREAD):
        softened[:, border - 1 - distance] += 0.5 * share * jump
        softened[:, border + distance] -= 0.5 * share * jump
    return _filtered(softened)


def _filtered(features: Tensor) -> Tensor:
    reach = round(3 * _SIGMA)
    at = torch.arange(-reach, reach + 1, device=features.device, dtype=features.dtype)
    weights = torch.exp(-0.5 * (at / _SIGMA) ** 2)
    weights = (weights / weights.sum()).repeat(features.shape[2], 1, 1)
    padded = functional.pad(features.transpose(1, 2), (reach, reach), mode="replicate")
    return functional.conv1d(padded, weights, groups=features.shape[2]).transpose(1, 2)
