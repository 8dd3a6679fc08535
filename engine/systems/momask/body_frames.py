"""How whole-body codes see a clip: as this engine's features at 30 fps, or HumanML3D's at 20.

A system trained here reads the one kind, published weights the other; what lies
between is the same. It knows no network.
"""

from __future__ import annotations

from collections.abc import Generator as Steps
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ...features import WIDTH, clip_to_features
from ...motion.clip import Clip
from ...motion.contacts import Contacts
from ...motion.edits import Mask
from ...motion.feet.clean_up import CLEANING_UP, clean_up_in_steps
from ...motion.files import humanml3d
from ...motion.request import Progress
from ...motion.skeleton import FPS
from ...splicing import root_gap
from ..contract import Canvas
from ..finishing import finish
from ..token_steps import (
    as_float32,
    bridge_masked,
    context_features,
    put_in,
    step_mask,
    whole_steps,
)


class BodyFrames(Protocol):
    """The way from canvases to features and from features to finished clips."""

    longest_steps: int
    """Most token steps of a motion that a system of this kind has seen."""

    def read(self, canvas: Canvas) -> tuple[Tensor, Tensor]:
        """Return features (4 S, D) of the kept frames and the mask (S,) of steps to fill."""

    def finish(
        self, canvas: Canvas, features: Tensor
    ) -> Steps[Progress, None, tuple[Clip, Contacts, float]]:
        """Return the finished clip of features (4 S, D), which feet stand, and the path's gap."""

    def frames_of(self, steps: int) -> int:
        """Return how many frames (30 fps) so many token steps cover."""


class OwnFrames:
    """This engine's features, 30 a second."""

    longest_steps = 76

    def __init__(self, frames_per_step: int) -> None:
        self.frames_per_step = frames_per_step

    def read(self, canvas: Canvas) -> tuple[Tensor, Tensor]:
        """Return features of the kept frames and the mask of steps to fill."""
        clip, mask = whole_steps(canvas.clip, canvas.mask)
        varies = bool(canvas.variation) and not canvas.is_new
        features = clip_to_features(clip)[0] if varies else context_features(clip, mask)
        return features, step_mask(mask).any(1)

    def finish(
        self, canvas: Canvas, features: Tensor
    ) -> Steps[Progress, None, tuple[Clip, Contacts, float]]:
        """Return the finished clip, which feet stand, and the path's gap."""
        return finish(canvas, features)

    def frames_of(self, steps: int) -> int:
        """Return the frames of so many steps."""
        return steps * self.frames_per_step


class PublishedFrames:
    """HumanML3D's features, 20 a second."""

    longest_steps = 49
    """196 rows, the longest motions of the data set."""

    def __init__(self, frames_per_step: int) -> None:
        self.frames_per_step = frames_per_step

    def read(self, canvas: Canvas) -> tuple[Tensor, Tensor]:
        """Return features of the kept frames, masked ones led straight, and the mask of steps."""
        rows = humanml3d.rows_of(canvas.clip.frames)
        steps = -(-rows // self.frames_per_step)
        masked = canvas.mask.any(1)
        mask = steps_to_fill(masked, steps, self.frames_per_step)
        if canvas.is_new or bool(masked.all()):
            empty = torch.zeros(steps * self.frames_per_step, humanml3d.FEATURES)
            return empty, torch.ones_like(mask)
        clip = canvas.clip if canvas.variation else bridge_masked(canvas.clip, masked)
        made = humanml3d.clip_to_features(clip)
        short = steps * self.frames_per_step - rows
        made = np.concatenate([made, np.repeat(made[-1:], short, axis=0)])
        return torch.from_numpy(made).float(), mask

    def finish(
        self, canvas: Canvas, features: Tensor
    ) -> Steps[Progress, None, tuple[Clip, Contacts, float]]:
        """Return the finished clip, which feet stand, and the path's gap."""
        rows, frames = features.cpu().numpy(), canvas.clip.frames
        made = humanml3d.features_to_clip(rows, frames)
        contacts = humanml3d.contacts_of(rows, frames)
        if canvas.is_new:
            return as_float32((yield from clean_up_in_steps(made, contacts))), contacts, 0.0
        yield CLEANING_UP
        gap = root_gap(canvas.clip, made, canvas.mask)
        yield CLEANING_UP
        return (yield from put_in(canvas.clip, made, canvas.mask, contacts)), contacts, gap

    def frames_of(self, steps: int) -> int:
        """Return the frames of so many steps."""
        rows = steps * self.frames_per_step
        return max(1, round(rows * FPS / humanml3d.HUMANML3D_FPS))


def body_frames(width: int, frames_per_step: int) -> BodyFrames | None:
    """Return the kind whose features have `width` numbers, or None if there is none."""
    if width == humanml3d.FEATURES:
        return PublishedFrames(frames_per_step)
    return OwnFrames(frames_per_step) if width == WIDTH else None


def steps_to_fill(masked: Mask, steps: int, frames_per_step: int) -> Tensor:
    """Return (S,) True at token steps (20 fps) that see a masked frame (T,) (30 fps).

    A row is read from the frames around it, and its velocity from the row behind it.
    """
    rows = steps * frames_per_step
    at = np.arange(rows + 1) * (FPS / humanml3d.HUMANML3D_FPS)
    last = len(masked) - 1
    around = [np.minimum(place(at).astype(int), last) for place in (np.floor, np.ceil)]
    touched = masked[around[0]] | masked[around[1]]
    touched = (touched[:-1] | touched[1:]).reshape(steps, frames_per_step)
    return torch.from_numpy(touched.any(1))
