"""Which cells of the grid are masked in training: at random, and as animators mask."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .composition import Example

MOST_CORRUPTED = 0.1


def draw_mask(example: Example) -> Tensor:
    """Return (S, P) True at masked cells: a region, thinned by a cosine ratio (MoMask 3.2).

    The region is what the prompt describes if it describes only a part, else the
    whole grid or one that an edit would mask: a span, parts, a span of parts, all
    but the borders. Half of the drawn regions are masked whole, as an edit starts.
    """
    steps, parts = example.codes.shape[:2]
    is_edit = example.region is not None
    region = example.region if example.region is not None else _draw_region(steps, parts)
    ratio = math.cos(float(torch.rand(())) * math.pi / 2)
    if (is_edit or not bool(region.all())) and float(torch.rand(())) < 0.35:
        ratio = 1.0
    order = torch.rand(steps, parts).masked_fill(~region, 2.0).flatten()
    count = max(1, math.ceil(ratio * int(region.sum())))
    mask = torch.zeros(steps * parts, dtype=torch.bool)
    mask[order.argsort()[:count]] = True
    return mask.view(steps, parts)


def _draw_region(steps: int, parts: int) -> Tensor:
    kind = float(torch.rand(()))
    if kind < 0.55:
        return torch.ones(steps, parts, dtype=torch.bool)
    rows = torch.ones(steps, dtype=torch.bool)
    columns = torch.ones(parts, dtype=torch.bool)
    if kind < 0.70 or kind >= 0.85:
        rows = _span(steps)
    if kind >= 0.70:
        columns = torch.rand(parts) < 0.5
        columns[int(torch.randint(parts, ()))] = True
    return rows[:, None] & columns[None]


def _span(steps: int) -> Tensor:
    """Return (S,) a span: anywhere, or all but a few steps at one or both borders."""
    rows = torch.ones(steps, dtype=torch.bool)
    if float(torch.rand(())) < 0.4:
        first, last = (int(k) for k in torch.randint(0, 4, (2,)))
        rows[:first] = False
        rows[max(first + 1, steps - last) :] = False
        return rows
    length = int(torch.randint(1, max(2, steps), ()))
    start = int(torch.randint(0, steps - length + 1, ()))
    rows[:] = False
    rows[start : start + length] = True
    return rows


def corrupt(codes: Tensor, visible: Tensor, size: int) -> Tensor:
    """Replace a few of the visible codes (S, P) by random ones.

    In use, visible codes are the model's own and now and then wrong.
    """
    share = float(torch.rand(())) * MOST_CORRUPTED
    wrong = (torch.rand(codes.shape) < share) & visible
    return torch.where(wrong, torch.randint(size, codes.shape), codes)
