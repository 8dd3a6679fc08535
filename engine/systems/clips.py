"""Clips into the grid and back: features of kept frames, masks of steps, decoded clips."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..features import (
    CONTACTS,
    PART_SLICES,
    WIDTH,
    Origin,
    clip_to_features,
    features_to_clip,
)
from ..motion.clip import Clip
from ..motion.displacements import runs_of
from ..motion.skeleton import FRAMES_PER_STEP, PARTS

Mask = NDArray[np.bool_]
"""(T, P) frames x body parts, True where to fill."""


def context_features(clip: Clip, mask: Mask) -> Tensor:
    """Return features (T, WIDTH) of a 30 fps clip made from its kept frames only.

    Each kept span of a part is turned into features by itself, since speeds look
    at the frame before; masked spans are bridged by interpolation. So no code of
    a kept cell can know what the mask hides.
    """
    features = torch.zeros(clip.frames, WIDTH)
    whole = clip_to_features(clip)[0]
    for index, part in enumerate(PARTS):
        column = mask[:, index]
        columns = PART_SLICES[part]
        if part == "LOWER_BODY":
            for start, end in runs_of(~column):
                features[start:end, columns] = clip_to_features(clip.cut(start, end))[0][:, columns]
        else:
            features[:, columns] = whole[:, columns]
        _bridge(features[:, columns], column)
    return features


def _bridge(columns: Tensor, masked: Mask) -> None:
    kept = np.flatnonzero(~masked)
    if len(kept) == 0 or len(kept) == len(masked):
        return
    frames = np.flatnonzero(masked)
    for number in range(columns.shape[1]):
        values = np.interp(frames, kept, columns[kept, number].numpy())
        columns[frames, number] = torch.from_numpy(values).to(columns.dtype)


def step_mask(mask: Mask) -> Tensor:
    """Return (S, P): a step is filled where any of its frames is masked; T a multiple of 4."""
    return torch.from_numpy(mask).view(-1, FRAMES_PER_STEP, mask.shape[1]).any(1)


def decoded_clip(features: Tensor, frames: int, origin: Origin) -> Clip:
    """Return the first `frames` frames of decoded features (T, WIDTH) as a clip."""
    return features_to_clip(features[:frames], origin)


def decoded_contacts(features: Tensor, frames: int) -> Mask:
    """Return (frames, 4) bool: which feet the model means to stand."""
    return np.asarray((features[:frames, CONTACTS] > 0.5).cpu().numpy())


