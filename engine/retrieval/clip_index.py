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

from ..planning.actions import Action
from ..planning.kinds import Flow, Kind
from ..planning.reading import read_prompt
from ..planning.words import stem, tokens_of
from .facts import Facts
from .facts.conditions import CONDITIONS, PASSES
from .memory import MotionMemory
from .stretches import WAYS, Stretch, rate, stretches_of, whole_of

LOOKED_AT: Final = 28
"""Clips, the nearest by kind and words, whose facts are looked at."""

MOST_CHOICES: Final = 8
"""Stretches among which takes choose."""

KIND_WEIGHT: Final = 0.9
"""What a clip whose captions all name the kind is nearer than one of whose none does."""

FACT_WEIGHT: Final = 0.8
WHO_WEIGHT: Final = 0.1
COUNT_WEIGHT: Final = 0.3
SPARE_WEIGHT: Final = 0.1
STATE_WEIGHT: Final = 0.7
TURN_WEIGHT: Final = 0.4
REST_WEIGHT: Final = 0.6
NAMED_WEIGHT: Final = 0.4
"""What a caption that names the kind is nearer than one that does not, where captions are told."""

NEARLY_AS_GOOD: Final = 0.75
"""Share of the best stretch's value that others need to be chosen beside it."""

LIKE_SHARE: Final = 0.5
"""What a clip of a like kind counts beside one of the kind itself."""

SPECIAL_WEIGHT: Final = 0.08
"""What each special word costs that captions of a clip have and the prompt has not."""

_SPECIAL: Final = tuple(
    stem(word)
    for word in (
        "high", "low", "down", "floor", "sideways", "backward", "left", "right", "twice", "spin",
        "turn", "run", "jump", "crouch", "kneel", "stomach", "knee", "overhead", "diagonally",
        "injured", "drunk", "old", "sad", "angry", "capoeira", "dance", "guard", "fight", "stance",
        "gun", "sword", "rifle", "step", "walk",
    )
)  # fmt: skip

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
        self.is_factual = is_factual and bool(memory.measured.facts)
        self._words: dict[str, frozenset[str]] = {}

    @cached_property
    def _kinds(self) -> tuple[str, ...]:
        """The kinds that each caption names: stored, or read now of a memory without them."""
        stored = self.memory.measured.kinds
        return stored or tuple(kinds_named(caption) for caption in self.memory.captions)

    @cached_property
    def _shares(self) -> dict[str, dict[int, float]]:
        """Kind -> clip -> share of its captions that name it; empty where nothing was read."""
        counts: dict[int, int] = {}
        shares: dict[str, dict[int, float]] = {}
        for clip, kinds in zip(self.memory.clips.tolist(), self._kinds, strict=True):
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

    @cached_property
    def _captions(self) -> dict[str, list[int]]:
        """Kind -> the captions that name it first."""
        named: dict[str, list[int]] = {}
        for row, kinds in enumerate(self._kinds):
            if kinds:
                named.setdefault(kinds.split()[0], []).append(row)
        return named

    def captions_of(self, kind: Kind) -> list[int]:
        """Return the captions that name a kind first, or a like one."""
        return [row for name in (kind.name, *kind.like) for row in self._captions.get(name, [])]

    def words_of(self, kind: Kind) -> frozenset[str]:
        """Return the stems of all words in captions that name a kind."""
        if kind.name not in self._words:
            texts = {self.memory.captions[row] for row in self.captions_of(kind)}
            stems = {stem(word) for text in texts for word in tokens_of(text)}
            self._words[kind.name] = frozenset(stems)
        return self._words[kind.name]

    def facts(self, clip: int) -> Facts:
        """Return what was measured on a clip."""
        return self.memory.measured.facts[clip]

    def nearest_captions(self, wanted: Wanted, count: int = 3) -> tuple[str, ...]:
        """Return the captions nearest to an action, each once; those of its kind come first."""
        scores = self.memory.scores(wanted.text, wanted.sentence)
        if wanted.action.kind is not None:
            scores[self.captions_of(wanted.action.kind)] += NAMED_WEIGHT
        rows = scores.topk(min(8 * count, len(scores))).indices.tolist()
        return tuple(dict.fromkeys(self.memory.captions[row] for row in rows))[:count]

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
        if not found:
            found = [Choice(whole_of(clip, self.facts(clip)), score, 0.0) for clip, score in near]
        found.sort(key=lambda choice: -choice.score)
        best = max((choice.stretch.value for choice in found), default=0.0)
        passed = [
            choice for choice in found if choice.stretch.value >= max(PASSES, NEARLY_AS_GOOD * best)
        ]
        return _one_a_clip(passed or found)[:MOST_CHOICES]

    def _named(self, kind: Kind) -> dict[int, float]:
        """Return the clips whose captions name a kind, or a like one, and how much that counts."""
        named = dict(self._shares.get(kind.name, {}))
        for like in kind.like:
            for clip, share in self._shares.get(like, {}).items():
                named[clip] = max(named.get(clip, 0.0), LIKE_SHARE * share)
        return named

    def _specials(self, action: Action) -> Tensor:
        """Return how many special words that nobody asked for a caption of each clip (C,) has."""
        asked = {stem(word) for word in tokens_of(f"{action.who} {action.text}")}
        columns = [column for column, word in enumerate(_SPECIAL) if word not in asked]
        return self._special_words[:, columns].sum(1)

    @cached_property
    def _special_words(self) -> Tensor:
        """(C, words) the share of each clip's captions that has each of _SPECIAL."""
        columns = {word: column for column, word in enumerate(_SPECIAL)}
        cells = [
            (row, columns[each])
            for row, words in enumerate(self.memory.tokens)
            for each in {stem(word) for word in words} & columns.keys()
        ]
        found = torch.zeros(len(self.memory.captions), len(_SPECIAL))
        found[tuple(torch.tensor(cells).reshape(-1, 2).T.long())] = 1.0
        clips = len(self.memory.starts) - 1
        total = torch.zeros(clips, len(_SPECIAL)).index_add_(0, self.memory.clips, found)
        counts = torch.bincount(self.memory.clips, minlength=clips).clamp_min(1)
        return total / counts[:, None]

    def _met(self, action: Action) -> Tensor:
        """Return how well every clip (C,) meets an action's conditions, 0 to 1."""
        assert action.kind is not None
        measured = self.memory.measured
        met = np.full(len(measured.facts), 255, np.uint8)
        for name in action.kind.needs:
            ways = (action.side,) if action.side else WAYS
            named = {name.format(side=way) for way in ways} & CONDITIONS.keys()
            met = np.minimum(met, np.max([measured.rating(each) for each in named], axis=0))
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
        best -= SPECIAL_WEIGHT * self._specials(wanted.action)
        top = best.topk(min(LOOKED_AT, len(best)))
        return list(zip(top.indices.tolist(), top.values.tolist(), strict=True))

    def _facts_score(self, action: Action, stretch: Stretch, state: str) -> float:
        """Return what a stretch gains or loses by what was measured on it."""
        if not self.is_factual:
            return 0.0
        own = self.facts(stretch.clip).cut(stretch.first, stretch.last)
        score = FACT_WEIGHT * stretch.value + COUNT_WEIGHT * stretch.is_counted
        score -= SPARE_WEIGHT * stretch.is_spare
        before = action.kind.before if action.kind else ""
        before = before or state or "standing"
        if own.start_state != before:
            score -= STATE_WEIGHT
        after = action.kind.after if action.kind else ""
        end = own.end_state
        if action.flow is Flow.POSE:
            begin = self.facts(stretch.clip).cut(stretch.first, stretch.first + 2)
            score -= STATE_WEIGHT * 0.5 * (not state and rate(action, begin) >= PASSES)
            end = self.facts(stretch.clip).cut(stretch.peak, stretch.peak + 1).end_state
            after = after or (before if action.parts == "arms" else "")
        if after and action.flow is not Flow.CYCLIC and end != after:
            score -= STATE_WEIGHT
        if end == "airborne":
            score -= STATE_WEIGHT
        needs = action.kind.needs if action.kind else ()
        if any(need.partition("_")[0] in ("goes", "travels") for need in needs):
            score -= TURN_WEIGHT * min(1.0, abs(own.turn_degrees) / 180.0)
        if not state and action.flow is not Flow.CYCLIC:
            rising = abs(float(own.channel("vertical_speed")[0]))
            score -= REST_WEIGHT * min(1.0, rising / 0.4)
        return score


def _one_a_clip(choices: Iterable[Choice]) -> list[Choice]:
    """Return choices without further stretches of clips that are there already.

    Those that leave out other steps are others.
    """
    first: dict[tuple[int, tuple[int, int] | None], Choice] = {}
    for choice in choices:
        first.setdefault((choice.stretch.clip, choice.stretch.cut), choice)
    return list(first.values())
