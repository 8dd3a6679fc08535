"""Fills masked steps of whole-body codes with a network that scores one code a step.

What a system of one code a step needs beside its networks: sliding over long clips,
hiding kept steps, and choosing which steps are least certain. It knows no text.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Generator as Steps
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from ..decoding import DecodingConfig, fill_masked
from ..features import Origin
from ..motion.clip import Clip, headings
from ..motion.feet.clean_up import clean_up
from ..motion.request import Progress
from ..splicing import root_gap
from .contract import Canvas
from .grid.system import CONTEXT_STEPS, WINDOW_STEPS, windows
from .token_steps import Mask, as_float32, decoded_clip, decoded_contacts, put_in

FULL_STEPS: Final = 49
"""Masked steps for which a decoding's whole number of passes is made (MMM: 196 frames)."""


@dataclass(frozen=True, slots=True)
class StepScores:
    """A network with its prompt."""

    score: Callable[[Tensor, slice], Tensor]
    """Codes (B, n), `mask_code` where unknown, of a window of steps -> log-probabilities
    (B, n, K)."""

    mask_code: int

    longest: int = WINDOW_STEPS
    """Most steps that are scored at a time."""

    has_fixed_passes: bool = False
    """Short spans get as many passes as long ones (MoMask)."""


def scaled(config: DecodingConfig, steps: int) -> DecodingConfig:
    """Return the decoding with as many passes as so many masked steps need (MMM section 3.3)."""
    passes = max(1, round(config.iterations * min(1.0, steps / FULL_STEPS)))
    return replace(config, iterations=passes)


def fill_steps(
    scores: StepScores,
    codes: Tensor,
    masks: tuple[Tensor, Tensor],
    config: DecodingConfig,
    generators: list[torch.Generator],
) -> Steps[Progress, None, Tensor]:
    """Return codes (B, S) with the masked steps filled; the others never change.

    Args:
        scores: the network.
        codes: (S,) int64; what stands at masked steps does not matter.
        masks: (S,) True where to fill; (B, S) True where a kept code is not shown.
        config: how; its passes are those of a long span.
        generators: one a take (B).
    """
    mask, unseen = (m.to(codes.device) for m in masks)
    filled = codes.masked_fill(mask, scores.mask_code).repeat(len(generators), 1)
    for start, end in windows(mask[:, None].cpu(), scores.longest, CONTEXT_STEPS):
        part = slice(start, end)
        blind = unseen[:, part]

        def predict(shown: Tensor, blind: Tensor = blind, part: slice = part) -> Tensor:
            shown = shown.squeeze(-1).masked_fill(blind, scores.mask_code)
            return scores.score(shown, part).unsqueeze(2)

        window = filled[:, part, None]
        left = window == scores.mask_code
        passes = config if scores.has_fixed_passes else scaled(config, int(left[0].sum()))
        found, _ = yield from fill_masked(predict, window, left, passes, generators)
        filled[:, part] = found.squeeze(-1)
    return filled


def unseen_steps(mask: Tensor, share: float, generators: list[torch.Generator]) -> Tensor:
    """Return (B, S) True at kept steps that the network is not shown; mask is (S,)."""
    if share == 0.0:
        return torch.zeros(len(generators), len(mask), dtype=torch.bool)
    drawn = torch.stack([torch.rand(len(mask), generator=g) for g in generators])
    return (drawn < share) & ~mask


def least_certain(scores: StepScores, codes: Tensor, mask: Tensor, share: float) -> Tensor:
    """Return (S,): the share of the masked steps whose present codes are least likely.

    Args:
        scores: the network.
        codes: (S,) present codes of all steps.
        mask: (S,) the steps to choose from.
        share: 0 to 1; at least one step is chosen.
    """
    chances = torch.full((len(codes),), torch.inf)
    for start, end in windows(mask[:, None], scores.longest, CONTEXT_STEPS):
        part = codes[None, start:end]
        found = scores.score(part, slice(start, end)).gather(-1, part[..., None])
        chances[start:end] = found[0, :, 0].cpu()
    chosen = torch.zeros_like(mask)
    count = max(1, round(share * int(mask.sum())))
    chosen[chances.masked_fill(~mask, torch.inf).argsort()[:count]] = True
    return chosen & mask


def finish(canvas: Canvas, features: Tensor) -> tuple[Clip, Mask, float]:
    """Decode features (T', WIDTH), T' >= T, put them into the canvas and clean up the feet.

    Returns:
        The clip, which feet stand (T, 4), and the path's gap in metres before it was closed.
    """
    clip = canvas.clip
    contacts = decoded_contacts(features, clip.frames)
    if canvas.is_new:
        made = decoded_clip(features, clip.frames, Origin())
        return as_float32(clean_up(made, contacts)), contacts, 0.0
    yaw = float(headings(clip.rot[:1, 0])[0])
    origin = Origin(float(clip.root_pos[0, 0]), float(clip.root_pos[0, 2]), yaw)
    made = decoded_clip(features, clip.frames, origin)
    gap = root_gap(clip, made, canvas.mask)
    return put_in(clip, made, canvas.mask, contacts), contacts, gap
