"""Where codes of a grid were copied from, and which codes go on with a copy.

Works on codes alone; it knows neither prompts nor transformers.
"""

from __future__ import annotations

import torch
from torch import Tensor

_REACH = 4
"""Steps to either side that tell which of several equal codes the motion came from."""

_CONTINUED = 3
"""Steps to either side of a copied code in which it is expected to go on."""

_OTHER_PARTS = 0.3
"""What an equal code of another part at the same step counts beside one a step away."""


def find_sources(base: Tensor, codes: Tensor, place: Tensor) -> Tensor:
    """Return (B, S, P) which remembered step each base code was taken from; -1 for none.

    Of several steps that hold the same code, the one whose neighbours in time
    and whose other parts agree most with the motion's.

    Args:
        base: (B, S, P) base codes.
        codes: (B, M, P, Q) remembered codes.
        place: (B, M, 2) slot and step of each; slot -1 is not to be used.
    """
    if codes.shape[1] == 0:
        return torch.full_like(base, -1)
    slots = place[..., 0]
    equal = base[:, :, None] == codes[:, None, ..., 0]  # (B, S, M, P)
    equal &= (slots >= 0)[:, None, :, None]
    others = equal.float().sum(-1, keepdim=True)
    support = (_OTHER_PARTS * others).expand(equal.shape).clone()
    steps, remembered = equal.shape[1:3]
    for shift in range(1, _REACH + 1):
        if shift >= min(steps, remembered):
            break
        same_clip = slots[:, shift:] == slots[:, :-shift]
        near = equal[:, shift:, shift:] & same_clip[:, None, :, None]
        before = equal[:, :-shift, :-shift] & same_clip[:, None, :, None]
        support[:, :-shift, :-shift] += near / (1.0 + shift)
        support[:, shift:, shift:] += before / (1.0 + shift)
    support = support.masked_fill(~equal, -1.0)
    best, source = support.max(2)
    return torch.where(best > 0, source, -1)


def continuations(base: Tensor, codes: Tensor, place: Tensor, size: int) -> Tensor:
    """Return (B, S, P, size): 1 at codes with which a copy beside a cell goes on, less further off.

    Args:
        base: (B, S, P) base codes, with a code of none where a cell is not decided.
        codes: (B, M, P, Q) remembered codes.
        place: (B, M, 2) slot and step of each; slot -1 is not to be used.
        size: of the codebook.
    """
    found = torch.zeros(*base.shape, size, device=base.device)
    steps, remembered = base.shape[1], codes.shape[1]
    sources = find_sources(base, codes, place)
    slots = place[..., 0].contiguous()
    for distance in range(1, min(_CONTINUED, steps - 1, remembered - 1) + 1):
        for shift in (distance, -distance):
            # The cell `shift` steps after a copied one goes on `shift` steps after its source.
            beside = torch.roll(sources, shift, 1)
            rows = torch.arange(steps, device=base.device) - shift
            is_there = (beside >= 0) & ((rows >= 0) & (rows < steps))[None, :, None]
            goes_on = (beside + shift).clamp(0, remembered - 1)
            is_there &= (beside + shift >= 0) & (beside + shift < remembered)
            is_there &= _gather(slots, goes_on) == _gather(slots, beside.clamp_min(0))
            code = codes_at(codes, goes_on, 0)
            weight = is_there.float() / distance
            found.scatter_reduce_(-1, code[..., None], weight[..., None], "amax")
    return found


def codes_at(codes: Tensor, steps: Tensor, stage: int) -> Tensor:
    """Return (B, S, P) the codes of a stage at remembered steps (B, S, P).

    Args:
        codes: (B, M, P, Q) remembered codes.
        steps: which of the M each cell takes.
        stage: of Q.
    """
    return codes[..., stage].gather(1, steps)


def _gather(slots: Tensor, index: Tensor) -> Tensor:
    """Return the slots (B, M) at indices (B, S, P)."""
    return slots.gather(1, index.flatten(1)).view_as(index)
