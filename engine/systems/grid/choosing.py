"""Which candidate of each take is kept, and which cells a variation makes anew.

It knows no network.
"""

from __future__ import annotations

from collections.abc import Generator as Steps
from typing import Final

import torch
from torch import Tensor

from ...features import Origin
from ...motion.request import MOST_TAKES, Progress
from ...splicing import root_gap
from ..contract import Canvas
from ..token_steps import decoded_clip
from .system import Filled

METRES_A_NAT: Final = 0.3
"""What a better fit to the prompt, in nats a cell, counts beside a path that arrives."""

_POOL: Final = 3
"""So many times the cells that a variation changes are uncertain enough for further takes."""


def choose_arriving(canvas: Canvas, filled: Filled) -> Steps[Progress, None, list[Tensor]]:
    """Return the features (T, WIDTH) of each take's candidate that fits and arrives best.

    Args:
        canvas: its kept frames say where each candidate should arrive.
        filled: all candidates, those of one take one after another.
    """
    takes = len(canvas.seeds)
    chosen = []
    shared = zip(filled.features.chunk(takes), filled.fit.chunk(takes), strict=True)
    for number, (candidates, fit) in enumerate(shared):
        costs = []
        for features, nats in zip(candidates, fit.tolist(), strict=True):
            if len(candidates) == 1:
                break
            yield Progress(number, takes, "Choosing the best fit")
            made = decoded_clip(features, canvas.clip.frames, Origin())
            costs.append(root_gap(canvas.clip, made, canvas.mask) - METRES_A_NAT * nats)
        chosen.append(candidates[costs.index(min(costs)) if costs else 0])
    return chosen


def varied_cells(chances: Tensor, mask: Tensor, share: float, seed: int) -> Tensor:
    """Return (S, P): the share of the masked cells that a variation makes anew.

    The first of MOST_TAKES seeds takes the least likely cells, the others draw among some
    more of these: takes that change the same few cells often draw the same codes.

    Args:
        chances: (S, P) log-probabilities of the present codes.
        mask: (S, P) the cells to choose from.
        share: 0 to 1; at least one cell is chosen.
        seed: of the take.
    """
    cells = int(mask.sum())
    count = max(1, round(share * cells))
    order = chances.masked_fill(~mask, torch.inf).flatten().argsort()
    if seed % MOST_TAKES:
        pool = min(cells, max(_POOL * count, MOST_TAKES))
        drawn = torch.randperm(pool, generator=torch.Generator().manual_seed(seed))
        order = order[drawn]
    chosen = torch.zeros(mask.numel(), dtype=torch.bool)
    chosen[order[:count]] = True
    return chosen.view_as(mask)
