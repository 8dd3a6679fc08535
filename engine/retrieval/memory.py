"""The training clips nearest to a prompt, as codes: what the transformers remember.

Nearness is the text encoder's cosine, words in common (weighted by rarity), and
agreement on side, direction and height, which sentence vectors hardly see. A
prompt of several actions remembers clips for each. It knows no network.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import torch
from torch import Tensor

from ..planning.words import found_in_each, tokens_of_each
from .measured import Measured
from .packing import (
    pack_codes,
    pack_texts,
    pack_vectors,
    unpack_codes,
    unpack_texts,
    unpack_vectors,
)

SLOTS = 3
"""Clips remembered for one prompt."""

LONGEST_STEPS = 36
"""Most steps of a clip that are remembered."""

_FARTHEST = 0.3
"""A clip whose nearness is so much below the nearest one's says something else."""

_WORD_WEIGHT = 0.5
_AXIS_WEIGHT = 0.15
_AXES = (
    ({"left", "leftward", "leftwards"}, {"right", "rightward", "rightwards"}),
    ({"forward", "forwards", "ahead", "front"}, {"backward", "backwards", "back", "behind"}),
    ({"up", "high", "above", "overhead", "raises"}, {"down", "low", "lowers", "floor", "ground"}),
    ({"run", "runs", "running", "jog", "jogs", "jogging"}, {"walk", "walks", "walking"}),
)
_NAMES_AXIS = {
    word: (axis, sign)
    for axis, sides in enumerate(_AXES)
    for words, sign in zip(sides, (1, -1), strict=True)
    for word in words
}
_WORD = r"[a-z0-9]+"
_COMMON = frozenset(
    {
        *("a", "an", "the", "his", "her", "their", "some", "person", "man", "woman", "human"),
        *("figure", "character", "someone", "somebody", "is", "are", "takes", "does", "makes"),
        *("and", "with", "of", "to", "in", "on", "at", "while", "then"),
    }
)


def words_of(text: str) -> list[str]:
    """Return the words of a caption that say something, with plain endings cut."""
    return _said(re.findall(_WORD, text.lower()))


def _said(words: Sequence[str]) -> list[str]:
    return [_stem(word) for word in words if word not in _COMMON]


@lru_cache(maxsize=65536)
def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 3 and (word.endswith("e") or word[-1] == word[-2]) else word


def _axes_of(words: Sequence[str]) -> list[float]:
    """Return where a caption with these words stands on each axis: 1, -1, or 0 for neither."""
    named = {_NAMES_AXIS[word] for word in words if word in _NAMES_AXIS}
    return [float((axis, 1) in named) - float((axis, -1) in named) for axis in range(len(_AXES))]


@dataclass(frozen=True, slots=True)
class Remembered:
    """Clips as codes, one after another."""

    codes: Tensor
    """(M, P, Q) int64."""

    place: Tensor
    """(M, 2) int64: slot of the clip, step in it."""


@dataclass(frozen=True, slots=True)
class Found:
    """The clips nearest to some actions."""

    clips: list[int]
    actions: list[int]
    """For each clip the number of the action that it was looked up for."""

    nearness: float
    """Mean over the actions of the nearest clip's score."""

    score_gaps: list[float]
    """For each clip how much less it scores than its action's nearest one."""


class MotionMemory:
    """Captions with their clips' base codes."""

    def __init__(
        self,
        captions: list[str],
        clips: Tensor,
        sentences: Tensor,
        codes: Tensor,
        starts: Tensor,
    ) -> None:
        """Index the captions.

        Args:
            captions: N texts.
            clips: (N,) int64, each caption's clip.
            sentences: (N, D) unit vectors.
            codes: (all steps, P, Q) codes of the clips, one after another.
            starts: (C + 1,) first step of each clip, and the end.
        """
        self.measured = Measured()
        self.captions, self.clips, self.sentences = captions, clips, sentences
        self.codes, self.starts = codes, starts
        found = found_in_each(_WORD, captions)
        tokens = [_said(words) for words in found]
        seen = Counter(word for words in tokens for word in set(words))
        self._ids = {word: index for index, word in enumerate(sorted(seen))}
        self._rarity = torch.tensor(
            [(len(captions) / seen[word]) for word in sorted(seen)] or [1.0]
        ).log1p()
        rows = [[self._ids[word] for word in set(words)] for words in tokens]
        self._rows = torch.tensor([row for row, ids in enumerate(rows) for _ in ids]).long()
        self._columns = torch.tensor([index for ids in rows for index in ids]).long()
        mass = self._rarity[self._columns] ** 2
        self._norms = torch.zeros(len(captions)).index_add_(0, self._rows, mass).sqrt()
        self._axes = torch.tensor([_axes_of(words) for words in found])

    def with_measured(self, measured: Measured) -> MotionMemory:
        """Take what was measured on the clips and read from the captions; return itself."""
        self.measured = measured
        return self

    @cached_property
    def tokens(self) -> list[list[str]]:
        """The words of each caption (N), as they stand."""
        return tokens_of_each(self.captions)

    def scores(self, text: str, sentence: Tensor) -> Tensor:
        """Return the nearness (N,) of every caption to a text with its vector (D,)."""
        ids = torch.tensor([self._ids[w] for w in set(words_of(text)) if w in self._ids]).long()
        query = torch.zeros(len(self._rarity))
        query[ids] = self._rarity[ids] ** 2
        common = torch.zeros(len(self.captions))
        common.index_add_(0, self._rows, query[self._columns])
        norm = query.sum().sqrt() * self._norms
        return (
            self.sentences @ sentence
            + _WORD_WEIGHT * common / norm.clamp_min(1e-6)
            + _AXIS_WEIGHT * self._axes @ torch.tensor(_axes_of(re.findall(_WORD, text.lower())))
        )

    def nearest(
        self, text: str, sentence: Tensor, count: int, banned: Tensor | None = None
    ) -> list[int]:
        """Return up to `count` different clips, nearest first.

        Args:
            text: one action.
            sentence: (D,) its unit vector.
            count: most clips.
            banned: (C,) True for clips that must not be remembered.
        """
        scores = self.scores(text, sentence)
        if banned is not None:
            scores = scores.masked_fill(banned[self.clips], -1e9)
        found: dict[int, None] = {}
        for row in scores.topk(min(len(scores), 12 * count)).indices.tolist():
            if scores[row] > -1e8:
                found[int(self.clips[row])] = None
            if len(found) == count:
                break
        return list(found)

    def look_up(
        self, texts: Sequence[str], sentences: Tensor, shares: Sequence[int] = ()
    ) -> Found:
        """Return the clips nearest to each of some actions; those far behind are left out.

        Args:
            texts: actions, in order.
            sentences: (len(texts), D) their unit vectors.
            shares: most clips of each action; empty shares all slots among them.
        """
        clips: list[int] = []
        actions: list[int] = []
        nearness: list[float] = []
        score_gaps: list[float] = []
        shares = shares or spread_slots(len(texts))
        for action, (text, sentence) in enumerate(zip(texts, sentences, strict=True)):
            scores = self.scores(text, sentence)
            nearness.append(float(scores.max()))
            is_far = torch.ones(len(self.starts) - 1, dtype=torch.bool)
            is_far[self.clips[scores >= nearness[-1] - _FARTHEST]] = False
            near = self.nearest(text, sentence, shares[action], is_far)
            clips += near
            actions += [action] * len(near)
            best = torch.full((len(self.starts) - 1,), -torch.inf)
            best = best.scatter_reduce(0, self.clips, scores, "amax")
            score_gaps += (nearness[-1] - best[near]).tolist()
        return Found(clips, actions, sum(nearness) / len(nearness), score_gaps)

    def clip_codes(self, clip: int) -> Tensor:
        """Return all codes (S, P, Q) of a clip."""
        return self.codes[int(self.starts[clip]) : int(self.starts[clip + 1])].long()

    def remember(self, clips: list[int], steps: int = LONGEST_STEPS) -> Remembered:
        """Return the codes of up to SLOTS clips, in their order.

        Args:
            clips: which.
            steps: of a longer clip only so many are remembered, those in which most happens.
        """
        codes, place = [self.codes[:0].long()], [torch.zeros(0, 2, dtype=torch.long)]
        for slot, clip in enumerate(clips[:SLOTS]):
            rows = busiest(self.clip_codes(clip), min(steps, LONGEST_STEPS))
            codes.append(rows)
            at = torch.arange(len(rows))
            place.append(torch.stack([torch.full_like(at, slot), at], 1))
        return Remembered(torch.cat(codes), torch.cat(place))

    def joined(self, other: MotionMemory) -> MotionMemory:
        """Return a memory of these clips and of another's, without what is in both.

        Both must hold codes of the same tokenizer.
        """
        known: dict[str, list[Tensor]] = {}
        for codes, text in self._captioned():
            known.setdefault(text, []).append(codes)
        kept = [
            index for index, (codes, text) in enumerate(other._captioned())
            if not any(_is_same_motion(codes, own) for own in known.get(text, ()))
        ]
        return MotionMemory(
            self.captions + [other.captions[index] for index in kept],
            torch.cat([self.clips, other.clips[kept] + len(self.starts) - 1]),
            torch.cat([self.sentences, other.sentences[kept]]),
            torch.cat([self.codes, other.codes.to(self.codes)]),
            torch.cat([self.starts, other.starts[1:] + self.starts[-1]]),
        ).with_measured(
            self.measured.with_more(other.measured.of(range(len(other.starts) - 1), kept))
        )

    def _captioned(self) -> Iterator[tuple[Tensor, str]]:
        """Yield each caption behind its clip's codes."""
        for clip, caption in zip(self.clips.tolist(), self.captions, strict=True):
            yield self.codes[self.starts[clip] : self.starts[clip + 1]], caption

    def to_tensors(self) -> dict[str, Tensor]:
        """Return everything that captions point to as tensors for a checkpoint."""
        kept = self.clips.unique()
        number = torch.zeros(len(self.starts), dtype=torch.long)
        number[kept] = torch.arange(len(kept))
        lengths = self.starts.diff()[kept]
        rows = [self.codes[int(self.starts[c]) : int(self.starts[c + 1])] for c in kept]
        low, high = pack_codes(torch.cat(rows))
        sentences, axes, scale = pack_vectors(self.sentences)
        return {
            "captions": pack_texts(self.captions),
            "clips": number[self.clips].to(torch.int16),
            "sentences": sentences,
            "axes": axes,
            "scale": scale,
            "codes": low,
            "code_bits": high,
            "lengths": lengths.to(torch.int16),
            **self.measured.of(kept.tolist(), range(len(self.captions))).to_tensors(),
        }

    @staticmethod
    def from_tensors(tensors: dict[str, Tensor]) -> MotionMemory:
        """Rebuild what `to_tensors` made; clips are numbered anew, vectors are nearly the same."""
        sentences = unpack_vectors(tensors["sentences"], tensors["axes"], tensors["scale"])
        lengths = tensors["lengths"].long()
        return MotionMemory(
            unpack_texts(tensors["captions"]),
            tensors["clips"].long(),
            torch.nn.functional.normalize(sentences, dim=-1),
            unpack_codes(tensors["codes"], tensors["code_bits"]),
            torch.cat([lengths.new_zeros(1), lengths.cumsum(0)]),
        ).with_measured(Measured.from_tensors(tensors, lengths))


def _is_same_motion(codes: Tensor, other: Tensor) -> bool:
    """Return whether codes (S, P, Q) are of one clip; a few may differ by rounding."""
    return codes.shape == other.shape and float((codes == other).float().mean()) > 0.5


def busiest(codes: Tensor, steps: int, later: int = 0) -> Tensor:
    """Return the `steps` successive rows of codes (S, P, Q) among which base codes change most.

    Or those that begin up to `later` steps after them (before them if it is negative), to the
    other side where the clip ends first.
    """
    if len(codes) <= steps:
        return codes
    start, last = busiest_start(codes, steps), len(codes) - steps
    moved = start + later if 0 <= start + later <= last else start - later
    start = max(0, min(moved, last))
    return codes[start : start + steps]


def busiest_start(codes: Tensor, steps: int) -> int:
    """Return where the `steps` successive rows begin among which base codes change most."""
    if len(codes) <= steps:
        return 0
    changes = (codes[1:, :, 0] != codes[:-1, :, 0]).sum(1).float()
    busy = torch.cat([changes.new_zeros(1), changes.cumsum(0)])
    return int((busy[steps - 1 :] - busy[: len(busy) - steps + 1]).argmax())


def spread_slots(clauses: int, slots: int = SLOTS) -> list[int]:
    """Return how many clips each of a prompt's clauses may remember: all slots, shared fairly."""
    used = min(clauses, slots)
    return [slots // used + (index < slots % used) for index in range(used)]
