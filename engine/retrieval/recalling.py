"""What a prompt brings along: its vectors, and training clips whose codes may be copied.

Clips are looked up for the whole prompt, or for each of its actions where that
finds nearer captions. It knows no transformer's insides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..motion.skeleton import PARTS
from ..text_encoder import EncodedText, TextEncoder
from ..transformers.masked import Condition
from .bridging import Gap
from .memory import MotionMemory, busiest, clauses_to_remember
from .wording import has_order

ALIKE = 0.04
"""Clips whose captions are so little behind the nearest one show the same action."""

_PLACES = (0.5, 0.0, 1.0)
"""Where takes that remember the same clip put it: shares of the room that it leaves."""

_LATER = (0, -6, 9)
"""Steps by which they begin later in a clip that is longer than the room."""

CALM = 0.5
"""Of two actions at once the one whose legs move so much less lends its arms."""

MARGIN_STEPS = 3
"""Steps between a kept pose and motion that is remembered whole."""

_REACH = 4
"""Steps to either side that tell which of several equal codes the motion came from."""

_CONTINUED = 3
"""Steps to either side of a copied code in which it is expected to go on."""

_OTHER_PARTS = 0.3
"""What an equal code of another part at the same step counts beside one a step away."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """A prompt with what it remembers."""

    condition: Condition
    """Batch of 1; the memory in it has base codes only."""

    codes: Tensor
    """(M, P, Q) int64 all codes of the remembered steps."""

    actions: tuple[int, ...]
    """For each remembered clip the number of the action that it was looked up for."""

    behind: tuple[float, ...] = ()
    """For each remembered clip how far its caption is behind the nearest one."""

    arms: tuple[tuple[int, ...], ...] = ()
    """For each of two actions that happen at once the arms, as indices of PARTS, that it may
    have; empty otherwise."""

    @property
    def is_combined(self) -> bool:
        """Say whether clips were looked up for several actions."""
        return len(set(self.actions)) > 1

    def for_takes(
        self, generators: list[torch.Generator], turns: tuple[int, ...] = ()
    ) -> Condition:
        """Return the condition of a batch (B), one row a generator.

        Each row remembers a single clip an action: one motion is copied more coherently
        than a mixture, and rows differ. Its generator draws the clip, or `turns` (B) take
        those that are about as near as the nearest, one after another.
        """
        condition = self.condition.repeated(len(generators))
        for row, generator in enumerate(generators):
            if self.actions:
                turn = turns[row] if turns else None
                kept = torch.tensor(self._one_each(generator, turn))
                place = condition.memory_place[row]
                is_kept = torch.isin(place[:, 0], kept.to(place.device))
                condition.memory_place[row] = torch.where(is_kept[:, None], place, -1)
        return condition

    def _one_each(self, generator: torch.Generator, turn: int | None) -> list[int]:
        """Return one of the slots of each action."""
        chosen = []
        for action in sorted(set(self.actions)):
            slots = [slot for slot, own in enumerate(self.actions) if own == action]
            if turn is None:
                chosen.append(slots[int(torch.randint(len(slots), (), generator=generator))])
            else:
                alike = [slot for slot in slots if self.behind[slot] <= ALIKE] or slots[:1]
                chosen.append(alike[turn % len(alike)])
        return chosen


def recall(
    prompt: str, text: EncodedText, steps: int, memory: MotionMemory, encoder: TextEncoder
) -> Recalled:
    """Look a prompt up.

    Args:
        prompt: what shall happen; it is not empty.
        text: the prompt as vectors (batch of 1).
        steps: of the motion that is to be made.
        memory: where to look.
        encoder: what made the vectors.
    """
    found = memory.look_up([prompt], text.sentence.cpu())
    clauses = clauses_to_remember(prompt)
    if len(clauses) > 1:
        one_by_one = memory.look_up(clauses, encoder.encode(clauses).sentence.cpu())
        found = max(found, one_by_one, key=lambda each: each.nearness)
    remembered = memory.remember(found.clips, steps)
    device = text.sentence.device
    condition = Condition(
        text.sentence,
        text.words,
        text.word_mask,
        remembered.codes[None, ..., 0].to(device),
        remembered.place[None].to(device),
    )
    is_at_once = len(set(found.actions)) == 2 and not has_order(prompt)
    return Recalled(
        condition,
        remembered.codes.to(device),
        tuple(found.actions),
        tuple(found.behind),
        tuple(_arms_of(clause) for clause in clauses) if is_at_once else (),
    )


def _arms_of(clause: str) -> tuple[int, ...]:
    """Return the arms that an action may have: one if it names a single side."""
    sides = [side for side in ("left", "right") if side in clause.lower().split()]
    return tuple(PARTS.index(f"{side.upper()}_ARM") for side in sides or ("left", "right"))


def plant_at_once(
    codes: Tensor, recalled: Recalled, place: Tensor, liveliness: Callable[[Tensor], float]
) -> Tensor:
    """Put two remembered actions together: one's legs and torso, the other's arms.

    Return (B, S, P) True at the cells that got a code: none in rows where both actions
    need the legs.

    Args:
        codes: (B, S, P, Q) of a new take, is written into.
        recalled: what is remembered, of two actions at once.
        place: (B, M, 2) slot and step of each; slot -1 is not to be used.
        liveliness: how much a clip's codes (S, P, Q) move its lower body.
    """
    planted = torch.zeros(codes.shape[:3], dtype=torch.bool, device=codes.device)
    actions = torch.tensor(recalled.actions, device=codes.device)
    for row in range(len(codes)):
        slot = place[row, :, 0]
        own = [recalled.codes[(slot >= 0) & (actions[slot] == action)] for action in (0, 1)]
        lively = [liveliness(clip) for clip in own]
        if min(lively) > CALM * max(lively):
            continue
        legs = lively.index(max(lively))
        arms = recalled.arms[1 - legs]
        rest = [part for part in range(codes.shape[2]) if part not in arms]
        for clip, parts in ((own[legs], rest), (own[1 - legs], list(arms))):
            # Both begin at once, as the recordings begin: the transformer goes on where one ends.
            motion = busiest(clip, codes.shape[1])
            for part in parts:
                codes[row, : len(motion), part] = motion[:, part]
                planted[row, : len(motion), part] = True
    return planted


def plant(
    codes: Tensor, gap: Gap, remembered: Tensor, place: Tensor, turns: tuple[int, ...]
) -> Tensor:
    """Put what each row remembers into a gap's parts; return (B, S) True at its steps.

    In the middle of the gap, where most happens in the clip; further turns begin earlier
    and later.

    Args:
        codes: (B, S, P, Q) is written into.
        gap: leaves MARGIN_STEPS to each side that is kept.
        remembered: (M, P, Q) codes.
        place: (B, M, 2) slot and step of each; slot -1 is not to be used.
        turns: (B) 0 for a first take.
    """
    planted = torch.zeros(codes.shape[:2], dtype=torch.bool, device=codes.device)
    first = gap.first + MARGIN_STEPS * (gap.first > 0)
    room = max(0, gap.last - MARGIN_STEPS * (gap.last < codes.shape[1]) - first)
    parts = torch.tensor(gap.parts, device=codes.device)
    for row, turn in enumerate(turns):
        turn %= len(_PLACES)
        motion = remembered[place[row, :, 0] >= 0]
        # A clip that fills the room is cut a little, so that takes differ all the same.
        fills = len(motion) >= room - 1
        motion = busiest(motion, max(min(room, 1), room - turn * fills), _LATER[turn])
        start = first + int(_PLACES[turn] * (room - len(motion)))
        steps = slice(start, start + len(motion))
        codes[row, steps, parts] = motion[:, parts]
        planted[row, steps] = True
    return planted


def find_sources(base: Tensor, codes: Tensor, place: Tensor) -> Tensor:
    """Return (B, S, P) which remembered step each base code was taken from; -1 for none.

    Of several steps that hold the same code, the one whose neighbours in time
    and whose other parts agree most with the motion's.

    Args:
        base: (B, S, P) base codes.
        codes: (M, P, Q) remembered codes.
        place: (B, M, 2) slot and step of each; slot -1 is not to be used.
    """
    if len(codes) == 0:
        return torch.full_like(base, -1)
    slots = place[..., 0]
    equal = base[:, :, None] == codes[None, None, ..., 0]  # (B, S, M, P)
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
        codes: (M, P, Q) remembered codes.
        place: (B, M, 2) slot and step of each; slot -1 is not to be used.
        size: of the codebook.
    """
    found = torch.zeros(*base.shape, size, device=base.device)
    steps, remembered = base.shape[1], len(codes)
    sources = find_sources(base, codes, place)
    slots = place[..., 0].contiguous()
    parts = torch.arange(base.shape[2], device=base.device)
    for distance in range(1, min(_CONTINUED, steps - 1, remembered - 1) + 1):
        for shift in (distance, -distance):
            # The cell `shift` steps after a copied one goes on `shift` steps after its source.
            beside = torch.roll(sources, shift, 1)
            rows = torch.arange(steps, device=base.device) - shift
            is_there = (beside >= 0) & ((rows >= 0) & (rows < steps))[None, :, None]
            goes_on = (beside + shift).clamp(0, remembered - 1)
            is_there &= (beside + shift >= 0) & (beside + shift < remembered)
            is_there &= _gather(slots, goes_on) == _gather(slots, beside.clamp_min(0))
            code = codes[goes_on, parts, 0]
            weight = is_there.float() / distance
            found.scatter_reduce_(-1, code[..., None], weight[..., None], "amax")
    return found


def _gather(slots: Tensor, index: Tensor) -> Tensor:
    """Return the slots (B, M) at indices (B, S, P)."""
    return slots.gather(1, index.flatten(1)).view_as(index)
