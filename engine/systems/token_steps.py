"""Clips into the grid and back: features of kept frames, masks of steps, decoded clips."""

from __future__ import annotations

from collections.abc import Generator as Steps
from dataclasses import replace

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
from ..motion.clip import Clip, headings
from ..motion.contacts import Contacts
from ..motion.displacements import runs_of
from ..motion.edits import Mask
from ..motion.feet.clean_up import CLEANING_UP, clean_up_in_steps
from ..motion.request import Progress
from ..motion.resampling import sample_clip
from ..motion.skeleton import FRAMES_PER_STEP, PARTS
from ..retrieval.bridging import Gap
from ..splicing import splice


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


def gaps_of(clip: Clip, steps: Tensor) -> list[Gap]:
    """Return the masked steps (S, P) of a clip of 4 S frames as gaps between kept poses.

    Empty where nothing is kept, or a gap's steps do not have the same parts masked.
    """
    masked = steps.numpy()
    if masked.all():
        return []
    gaps = []
    for first, last in runs_of(masked.any(1)):
        if (masked[first:last] != masked[first]).any():
            return []
        parts = tuple(int(part) for part in np.flatnonzero(masked[first]))
        is_open = first == 0 or last == len(masked)
        before, behind = FRAMES_PER_STEP * first - 1, FRAMES_PER_STEP * last
        gaps.append(Gap(first, last, None if is_open else _way(clip, before, behind), parts))
    return gaps


def _way(clip: Clip, before: int, behind: int) -> tuple[float, float, float]:
    """Return how a frame lies to an earlier one: metres to its side and ahead, radians."""
    yaw, turned = (float(headings(clip.rot[row : row + 1, 0])[0]) for row in (before, behind))
    x, _, z = clip.root_pos[behind] - clip.root_pos[before]
    turn = (turned - yaw + np.pi) % (2 * np.pi) - np.pi
    cosine, sine = np.cos(yaw), np.sin(yaw)
    return float(cosine * x - sine * z), float(sine * x + cosine * z), float(turn)


def decoded_clip(features: Tensor, frames: int, origin: Origin) -> Clip:
    """Return the first `frames` frames of decoded features (T, WIDTH) as a clip."""
    return features_to_clip(features[:frames], origin)


def decoded_contacts(features: Tensor, frames: int) -> Contacts:
    """Return (frames, 4) bool: which feet the model means to stand."""
    return np.asarray((features[:frames, CONTACTS] > 0.5).cpu().numpy())


def whole_steps(clip: Clip, mask: Mask) -> tuple[Clip, Mask]:
    """Repeat the last frame until whole token steps are full."""
    missing = -clip.frames % FRAMES_PER_STEP
    rows = np.minimum(np.arange(clip.frames + missing), clip.frames - 1)
    return replace(clip, root_pos=clip.root_pos[rows], rot=clip.rot[rows]), mask[rows]


def put_in(
    clip: Clip, made: Clip, mask: Mask, contacts: Contacts
) -> Steps[Progress, None, Clip]:
    """Return the clip with its masked cells taken from `made`, and the filled feet cleaned up.

    Args:
        clip: the animator's; its unmasked cells stay bit for bit.
        made: (T) frames; under kept cells the reconstruction of `clip`.
        mask: (T, P).
        contacts: (T, 4) which feet are meant to stand.
    """
    spliced = splice(clip, made, mask)
    lower = mask[:, PARTS.index("LOWER_BODY")]
    if not lower.any():
        return spliced
    yield CLEANING_UP
    return (yield from clean_up_in_steps(spliced, contacts, lower))


def as_float32(clip: Clip) -> Clip:
    """Return the clip in single precision."""
    return replace(
        clip, root_pos=clip.root_pos.astype(np.float32), rot=clip.rot.astype(np.float32)
    )


def bridge_masked(clip: Clip, masked: NDArray[np.bool_]) -> Clip:
    """Return the clip with its masked frames (T,) led straight from kept frame to kept frame.

    Nothing of what is masked is left. At the ends the nearest kept frame stands still; at
    least one frame must be kept.
    """
    kept = np.flatnonzero(~masked)
    alone = Clip(clip.root_pos[kept], clip.rot[kept], clip.fps)
    places = np.interp(np.arange(clip.frames), kept, np.arange(len(kept)))
    root, rot = sample_clip(alone, places / clip.fps)
    return Clip(root, rot, clip.fps)
