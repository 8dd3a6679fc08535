"""What a prompt brings along: its vectors, and training clips whose codes may be copied.

Clips are looked up for the whole prompt, or for each of its actions where that
finds nearer captions. It knows no transformer's insides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..planning.wording import split_actions
from ..text_encoder import EncodedText, TextEncoder
from ..transformers.masked import Condition
from .memory import SLOTS, Found, MotionMemory, busiest

ALIKE = 0.04
"""Clips whose captions score so little less than the nearest one show the same action."""

NEARLY_ALIKE = 0.08
"""The same of clips that further takes copy."""

MOST_CANDIDATES = 8
"""Clips of an action among which takes choose what they copy whole."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A clip of an action that a take may copy whole."""

    codes: Tensor
    """(S, P, Q) int64, all of them."""

    slot: int | None
    """Where it is in the memory of the condition; None for one that is not there."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """A prompt with what it remembers."""

    condition: Condition
    """Batch of 1; the memory in it has base codes only."""

    codes: Tensor
    """(M, P, Q) int64 all codes of the remembered steps."""

    actions: tuple[int, ...]
    """For each remembered clip the number of the action that it was looked up for."""

    candidates: tuple[tuple[Candidate, ...], ...] = ()
    """For each action the clips that takes may copy whole, the nearest first."""

    alike: tuple[int, ...] = ()
    """For each action how many of these come first: about as near as the nearest one."""

    score_gaps: tuple[float, ...] = ()
    """For each remembered clip how much less its caption scores than its action's nearest one."""

    @property
    def is_combined(self) -> bool:
        """Say whether clips were looked up for several actions."""
        return len(set(self.actions)) > 1

    def for_takes(
        self, generators: list[torch.Generator], chosen: Sequence[tuple[int, ...]] = ()
    ) -> tuple[Condition, Tensor]:
        """Return the condition of a batch (B), one row a generator, and codes (B, M, P, Q).

        Each row remembers a single clip an action: one motion is copied more coherently
        than a mixture, and rows differ. Its generator draws the clip, or `chosen` (B) says
        for each action which candidate it is.
        """
        condition = self.condition.repeated(len(generators))
        codes = self.codes.repeat(len(generators), 1, 1, 1)
        for row, generator in enumerate(generators):
            if not self.actions:
                continue
            place = condition.memory_place[row]
            if chosen:
                self._remember(codes[row], place, chosen[row])
                condition.memory[row] = codes[row, ..., 0]
            else:
                self._keep(place, self._draw(generator))
        return condition, codes

    def _draw(self, generator: torch.Generator) -> list[int]:
        """Return one of the slots of each action."""
        drawn = []
        for action in sorted(set(self.actions)):
            slots = self._slots(action)
            drawn.append(slots[int(torch.randint(len(slots), (), generator=generator))])
        return drawn

    def _slots(self, action: int) -> list[int]:
        return [slot for slot, own in enumerate(self.actions) if own == action]

    def _keep(self, place: Tensor, slots: list[int]) -> None:
        """Leave some slots of a row's memory (M, 2), the others are not to be used."""
        is_kept = torch.isin(place[:, 0], torch.tensor(slots, device=place.device))
        place[~is_kept] = -1

    def _remember(self, codes: Tensor, place: Tensor, chosen: tuple[int, ...]) -> None:
        """Leave one candidate of each action in a row's memory: codes (M, P, Q), place (M, 2).

        A clip that was not in it stands in the room of its action's clips.
        """
        slots, strange = [], []
        for action, number in enumerate(chosen):
            candidate = self.candidates[action][number]
            if candidate.slot is not None:
                slots.append(candidate.slot)
                continue
            room = torch.isin(place[:, 0], torch.tensor(self._slots(action), device=place.device))
            strange.append((candidate.codes, self._slots(action)[0], room.nonzero()[:, 0]))
        self._keep(place, slots)
        for clip, slot, room in strange:
            clip = busiest(clip, len(room))
            rows = room[: len(clip)]
            codes[rows] = clip.to(codes)
            place[rows] = torch.stack(
                [torch.full_like(rows, slot), torch.arange(len(rows), device=rows.device)], 1
            )


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
    texts, sentences = [prompt], text.sentence.cpu()
    found = memory.look_up(texts, sentences)
    actions = split_actions(prompt)
    if len(actions.clauses) > 1:
        clauses = list(actions.clauses[:SLOTS])
        vectors = encoder.encode(clauses).sentence.cpu()
        one_by_one = memory.look_up(clauses, vectors)
        if one_by_one.nearness > found.nearness:
            texts, sentences, found = clauses, vectors, one_by_one
    remembered = memory.remember(found.clips, steps)
    device = text.sentence.device
    condition = Condition(
        text.sentence,
        text.words,
        text.word_mask,
        remembered.codes[None, ..., 0].to(device),
        remembered.place[None].to(device),
    )
    recalled = Recalled(condition, remembered.codes.to(device), tuple(found.actions))
    further = memory.look_up(texts, sentences, [MOST_CANDIDATES] * len(texts))
    lists = [_candidates(action, found, further, memory) for action in range(len(texts))]
    return replace(
        recalled,
        candidates=tuple(candidates for candidates, _ in lists),
        alike=tuple(alike for _, alike in lists),
        score_gaps=tuple(found.score_gaps),
    )


def _candidates(
    action: int, found: Found, further: Found, memory: MotionMemory
) -> tuple[tuple[Candidate, ...], int]:
    """Return the clips of an action that takes may copy, and how many are as near as the nearest.

    Args:
        action: its number.
        found: the remembered clips.
        further: more clips of the same actions.
        memory: where the clips are.
    """
    own = [slot for slot, number in enumerate(found.actions) if number == action]
    alike = [slot for slot in own if found.score_gaps[slot] <= ALIKE] or own[:1]
    candidates = [Candidate(memory.clip_codes(found.clips[slot]), slot) for slot in alike]
    known = {found.clips[slot] for slot in alike}
    more = zip(further.clips, further.actions, further.score_gaps, strict=True)
    for clip, number, gap in more:
        if number == action and clip not in known and gap <= NEARLY_ALIKE:
            slot = found.clips.index(clip) if clip in found.clips else None
            is_own = slot is not None and found.actions[slot] == action
            candidates.append(Candidate(memory.clip_codes(clip), slot if is_own else None))
    return tuple(candidates), len(alike)
