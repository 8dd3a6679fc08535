"""Iterative decoding of masked cells: schedule, sampling, order.

MaskGIT (Chang et al. 2022) as MoMask (section 3.4) uses it, or from the known cells
outwards. The network comes in as a function from codes to log-probabilities, so a
test needs three lines for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass

import torch
from torch import Tensor

from .motion.request import Progress

_A_STEP = 10.0
"""What a step of distance counts beside the noise."""

Predict = Callable[[Tensor, slice], Tensor]
"""Codes (b, S, P) with the mask code where unknown, and which rows of the batch they are
-> log-probabilities (b, S, P, K)."""

_STEPS_AT_A_TIME = 128
"""Steps, of all rows together, that a CPU scores between two yields: 0.2 s on a slow core."""


@dataclass(frozen=True, slots=True)
class DecodingConfig:
    """How masked cells are filled."""

    iterations: int = 12
    """Passes of the network."""

    is_outward: bool = True
    """Cells are decided from the known ones on, in time; otherwise the most confident first.
    The most confident cells are those of poses that are held: they freeze the motion."""

    temperature: float = 0.8
    """Of the drawn codes; below 1 likelier codes win more often."""

    top_share: float = 0.1
    """Only this share of the codebook, the likeliest, may be drawn."""

    confidence_noise: float = 1.0
    """Gumbel noise on the order, fading to 0 over the iterations (Chang et al. 2022)."""

    guidance: float = 2.0
    """Classifier-free guidance scale s: uncond + s * (cond - uncond); 1 turns it off."""


def hidden_share(done: float) -> float:
    """Return the share of masked cells still hidden after `done` (0 to 1) of the iterations."""
    return math.cos(done * math.pi / 2)


def guide(conditional: Tensor, unconditional: Tensor, scale: float) -> Tensor:
    """Return guided log-probabilities, normalised over the last dimension (Ho & Salimans 2022)."""
    return (unconditional + scale * (conditional - unconditional)).log_softmax(-1)


def gumbel(shape: tuple[int, ...], generators: list[torch.Generator]) -> Tensor:
    """Return Gumbel noise; row b comes from generator b alone, whatever else is in the batch."""
    rows = [torch.rand(shape[1:], generator=generator) for generator in generators]
    return -(-torch.stack(rows).clamp(1e-9, 1 - 1e-7).log()).log()


def draw(scores: Tensor, config: DecodingConfig, generators: list[torch.Generator]) -> Tensor:
    """Draw codes (B, S, P) from log-probabilities (B, S, P, K) cut to the likeliest share."""
    kept = max(1, round(scores.shape[-1] * config.top_share))
    values, codes = scores.topk(kept, -1)
    if config.temperature <= 0:
        return codes[..., 0]
    noise = gumbel(tuple(values.shape), generators).to(values.device)
    best = (values / config.temperature + noise).argmax(-1, keepdim=True)
    return codes.gather(-1, best).squeeze(-1)


def rows_in_turn(count: int, steps: int, device: torch.device) -> list[slice]:
    """Return the rows of a batch in groups that are computed between two yields.

    A graphics processor takes them all.
    """
    size = max(1, _STEPS_AT_A_TIME // max(1, steps)) if device.type == "cpu" else max(1, count)
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]


def fill_masked(
    predict: Predict,
    codes: Tensor,
    mask: Tensor,
    config: DecodingConfig,
    generators: list[torch.Generator],
) -> Generator[Progress, None, tuple[Tensor, Tensor]]:
    """Fill the masked cells; the others never change.

    Args:
        predict: the network.
        codes: (B, S, P) int64; cells under the mask hold the mask code.
        mask: (B, S, P) True where to fill.
        config: how.
        generators: one a clip.

    Returns:
        codes: (B, S, P) without a mask code.
        confidence: (B, S, P) probability of each filled code when it was chosen; 1 at kept cells.
    """
    hidden_code = codes[mask][0] if bool(mask.any()) else codes.new_zeros(())
    codes, hidden = codes.clone(), mask.clone()
    confidence = torch.ones(codes.shape, device=codes.device)
    totals = mask.flatten(1).sum(1)
    distance = distance_to_known(mask)
    for step in range(config.iterations if bool(mask.any()) else 0):
        found = []
        for rows in rows_in_turn(len(codes), codes.shape[1], codes.device):
            if rows.start > 0:
                yield Progress(step, config.iterations, "Choosing the motion")
            scores = predict(codes[rows], rows)
            drawn = draw(scores, config, generators[rows])
            found.append((drawn, scores.gather(-1, drawn[..., None]).squeeze(-1)))
        drawn, chance = (torch.cat(each) for each in zip(*found, strict=True))
        codes = torch.where(hidden, drawn, codes)
        confidence = torch.where(hidden, chance.exp(), confidence)
        done = (step + 1) / config.iterations
        share = 1.0 - done if config.is_outward else hidden_share(done)
        left = (totals * share).floor().long()
        if step + 1 == config.iterations:
            break
        noise = gumbel(tuple(codes.shape), generators).to(codes.device)
        rank = config.confidence_noise * (1 - done) * noise
        rank = rank - _A_STEP * distance if config.is_outward else rank + chance
        hidden = _least(rank.masked_fill(~hidden, math.inf), left)
        codes = torch.where(hidden, hidden_code, codes)
        yield Progress(step + 1, config.iterations, "Choosing the motion")
    return codes, confidence


def distance_to_known(mask: Tensor) -> Tensor:
    """Return (B, S, P): steps from each masked cell to the nearest known one of its part.

    A part of which nothing is known is counted from its first step.
    """
    steps = torch.arange(mask.shape[1], device=mask.device)[None, :, None].expand(mask.shape)
    far = 2 * mask.shape[1]
    last = torch.where(mask, -far, steps).cummax(1).values
    following = torch.where(mask, 2 * far, steps).flip(1).cummin(1).values.flip(1)
    nearest = torch.minimum(steps - last, following - steps)
    return torch.where(mask.all(1, keepdim=True), steps + 1, nearest)


def _least(rank: Tensor, counts: Tensor) -> Tensor:
    """Return a mask (B, S, P) of the `counts` (B,) lowest-ranked cells of each clip."""
    flat = rank.flatten(1)
    order = flat.argsort(1).argsort(1)
    return (order < counts[:, None]).view_as(rank)
