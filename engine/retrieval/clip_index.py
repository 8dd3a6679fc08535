"""Which remembered clips show an action: by its kind, its words, and measured facts.

Who does it only breaks ties. It knows no network and no grid.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import torch
from torch import Tensor

from ..planning.kinds import Flow, Kind
from ..planning.reading import Action, read_prompt
from .conditions import CONDITIONS, PASSES
from .facts import Facts
from .memory import MotionMemory
from .stretches import SIDES, Stretch, stretches_of

LOOKED_AT: Final = 28
"""Clips, the nearest by kind and words, whose facts are looked at."""

MOST_CHOICES: Final = 8
"""Stretches among which takes choose."""

KIND_WEIGHT: Final = 0.9
"""What a clip whose captions all name the kind is nearer than one of whose none does."""

FACT_WEIGHT: Final = 0.6
WHO_WEIGHT: Final = 0.1
COUNT_WEIGHT: Final = 0.3
STATE_WEIGHT: Final = 0.7
TURN_WEIGHT: Final = 0.4
REST_WEIGHT: Final = 0.3
LIKE_SHARE: Final = 0.5
"""What a clip of a like kind counts beside one of the kind itself."""

_COLUMN: Final = {name: column for column, name in enumerate(CONDITIONS)}

_NAMED_BESIDE: Final = 0.5
"""What a kind counts that a caption names after another one."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A stretch that may be copied for an action."""

    stretch: Stretch
    score: float
    share: float
    """Share of the clip's captions that name the kind."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An action with its words as vectors."""

    action: Action
    sentence: Tensor
    """(D,) of what is done, without who does it."""

    whole: Tensor
    """(D,) of what is done and who does it."""

    @property
    def text(self) -> str:
        """The words that captions are compared with."""
        return caption_of(self.action)


def caption_of(action: Action) -> str:
    """Return an action as captions are written."""
    return f"a person {action.text}"


def kinds_named(caption: str) -> str:
    """Return the kinds of action that a caption names, the first one first, for storing."""
    return " ".join(action.kind.name for action in read_prompt(caption) if action.kind)


class ClipIndex:
    """Kinds and facts of all remembered clips."""

    def __init__(self, memory: MotionMemory, is_factual: bool = True) -> None:
        """Index a memory.

        Args:
            memory: its facts are used if it has any.
            is_factual: False chooses by words alone, of whole clips.
        """
        self.memory = memory
        self.is_factual = is_factual and bool(memory.known.facts)

    @cached_property
    def _shares(self) -> dict[str, dict[int, float]]:
        """Kind -> clip -> share of its captions that name it."""
        counts: dict[int, int] = {}
        shares: dict[str, dict[int, float]] = {}
        for clip, kinds in zip(self.memory.clips.tolist(), self.memory.known.kinds, strict=True):
            counts[clip] = counts.get(clip, 0) + 1
            for number, kind in enumerate(dict.fromkeys(kinds.split())):
                own = shares.setdefault(kind, {})
                own[clip] = own.get(clip, 0.0) + (_NAMED_BESIDE if number else 1.0)
        return {
            kind: {clip: count / counts[clip] for clip, count in own.items()}
            for kind, own in shares.items()
        }

    def share(self, action: Action, clip: int) -> float:
        """Return the share of a clip's captions that name an action's kind."""
        kind = action.kind
        return self._shares.get(kind.name, {}).get(clip, 0.0) if kind else 0.0

    def clips_of(self, action: Action) -> list[int]:
        """Return the clips of which a caption names an action's kind."""
        return list(self._shares.get(action.kind.name, {})) if action.kind else []

    def facts(self, clip: int) -> Facts:
        """Return what was measured on a clip."""
        return self.memory.known.facts[clip]

    def choices(self, wanted: Wanted, state: str = "") -> list[Choice]:
        """Return the stretches that show an action best, the best first; at least one.

        Args:
            wanted: the action.
            state: in which of STATES the body is before it; "" where nothing is before it.
        """
        near = self._near(wanted)
        found = []
        for clip, score in near:
            share = self.share(wanted.action, clip)
            for stretch in self._stretches(wanted.action, clip):
                bonus = self._facts_score(wanted.action, stretch, state)
                found.append(Choice(stretch, score + bonus, share))
        found.sort(key=lambda choice: -choice.score)
        passed = [choice for choice in found if choice.stretch.value >= PASSES]
        return _one_a_clip(passed or found)[:MOST_CHOICES]

    def _named(self, kind: Kind) -> dict[int, float]:
        """Return the clips whose captions name a kind, or a like one, and how much that counts."""
        named = dict(self._shares.get(kind.name, {}))
        for like in kind.like:
            for clip, share in self._shares.get(like, {}).items():
                named[clip] = max(named.get(clip, 0.0), LIKE_SHARE * share)
        return named

    def _met(self, action: Action) -> Tensor:
        """Return how well every clip (C,) meets an action's conditions, 0 to 1."""
        assert action.kind is not None
        ratings = self.memory.known.ratings
        met = np.full(len(ratings), 255, np.uint8)
        for name in action.kind.needs:
            sides = (action.side,) if action.side else SIDES
            columns = [_COLUMN[each] for each in {name.format(side=side) for side in sides}]
            met = np.minimum(met, ratings[:, columns].max(1))
        return torch.from_numpy(met.astype(np.float32) / 255.0)

    def _stretches(self, action: Action, clip: int) -> list[Stretch]:
        if not self.is_factual:
            steps = int(self.memory.starts[clip + 1] - self.memory.starts[clip])
            return [Stretch(clip, 0, steps, steps // 2, 1.0)]
        return stretches_of(action, clip, self.facts(clip))

    def _near(self, wanted: Wanted) -> list[tuple[int, float]]:
        """Return the nearest clips by words and kind, each with its score."""
        scores = self.memory.scores(wanted.text, wanted.sentence)
        scores = scores + WHO_WEIGHT * (self.memory.sentences @ wanted.whole)
        best = torch.full((len(self.memory.starts) - 1,), -1e9)
        best = best.scatter_reduce(0, self.memory.clips, scores, "amax")
        if self.is_factual and wanted.action.kind is not None:
            own = self._named(wanted.action.kind)
            if own:
                best[list(own)] += KIND_WEIGHT * torch.tensor(list(own.values()))
            best += FACT_WEIGHT * self._met(wanted.action)
        top = best.topk(min(LOOKED_AT, len(best)))
        return list(zip(top.indices.tolist(), top.values.tolist(), strict=True))

    def _facts_score(self, action: Action, stretch: Stretch, state: str) -> float:
        """Return what a stretch gains or loses by what was measured on it."""
        if not self.is_factual:
            return 0.0
        own = self.facts(stretch.clip).cut(stretch.first, stretch.last)
        score = FACT_WEIGHT * stretch.value + COUNT_WEIGHT * stretch.is_counted
        before = action.kind.before if action.kind else ""
        before = before or state or "standing"
        if own.start_state != before:
            score -= STATE_WEIGHT
        after = action.kind.after if action.kind else ""
        if after and action.flow is not Flow.CYCLIC and own.end_state != after:
            score -= STATE_WEIGHT
        if own.end_state == "airborne":
            score -= STATE_WEIGHT
        if action.kind is not None and "goes" in action.kind.needs:
            score -= TURN_WEIGHT * min(1.0, abs(own.turn_degrees) / 180.0)
        if not state and action.flow is not Flow.CYCLIC:
            rising = abs(float(own.channel("vertical_speed")[0]))
            score -= REST_WEIGHT * min(1.0, rising / 0.4)
        return score


def _one_a_clip(choices: Iterable[Choice]) -> list[Choice]:
    """Return choices without further stretches of clips that are there already."""
    first: dict[int, Choice] = {}
    for choice in choices:
        first.setdefault(choice.stretch.clip, choice)
    return list(first.values())


def nearest_captions(memory: MotionMemory, wanted: Wanted, count: int = 3) -> tuple[str, ...]:
    """Return the captions nearest to an action."""
    scores = memory.scores(wanted.text, wanted.sentence)
    rows = scores.topk(min(count, len(scores))).indices.tolist()
    return tuple(memory.captions[row] for row in rows)
