"""The training clips nearest to a prompt, as base codes: what the masked transformer remembers.

Nearness is the text encoder's cosine, words in common (weighted by rarity), and
agreement on side, direction and height, which sentence vectors hardly see. A
prompt of several actions remembers clips for each. It knows no network.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass

import torch
from torch import Tensor

from .wording import split_clauses

SLOTS = 3
"""Clips remembered for one prompt."""

LONGEST_STEPS = 36
"""Steps of a clip that are remembered."""

_WORD_WEIGHT = 0.5
_AXIS_WEIGHT = 0.15
_AXES = (
    ({"left", "leftward", "leftwards"}, {"right", "rightward", "rightwards"}),
    ({"forward", "forwards", "ahead", "front"}, {"backward", "backwards", "back", "behind"}),
    ({"up", "high", "above", "overhead", "raises"}, {"down", "low", "lowers", "floor", "ground"}),
    ({"run", "runs", "running", "jog", "jogs", "jogging"}, {"walk", "walks", "walking"}),
)
_COMMON = frozenset(
    {
        *("a", "an", "the", "his", "her", "their", "some", "person", "man", "woman", "human"),
        *("figure", "character", "someone", "somebody", "is", "are", "takes", "does", "makes"),
        *("and", "with", "of", "to", "in", "on", "at", "while", "then"),
    }
)


def words_of(text: str) -> list[str]:
    """Return the words of a caption that say something, with plain endings cut."""
    return [_stem(w) for w in re.findall(r"[a-z0-9]+", text.lower()) if w not in _COMMON]


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 3 and (word.endswith("e") or word[-1] == word[-2]) else word


def _axes_of(text: str) -> list[float]:
    words = set(re.findall(r"[a-z]+", text.lower()))
    return [float(bool(words & plus)) - float(bool(words & minus)) for plus, minus in _AXES]


@dataclass(frozen=True, slots=True)
class Remembered:
    """Clips as base codes, one after another."""

    codes: Tensor
    """(M, P) int64."""

    place: Tensor
    """(M, 2) int64: slot of the clip, step in it."""


class MotionMemory:
    """Captions with their clips' base codes."""

    def __init__(
        self, captions: list[str], clips: Tensor, sentences: Tensor, codes: Tensor, starts: Tensor
    ) -> None:
        """Index the captions.

        Args:
            captions: N texts.
            clips: (N,) int64, each caption's clip.
            sentences: (N, D) unit vectors.
            codes: (all steps, P) base codes of the clips, one after another.
            starts: (C + 1,) first step of each clip, and the end.
        """
        self.captions, self.clips, self.sentences = captions, clips, sentences
        self.codes, self.starts = codes, starts
        tokens = [words_of(caption) for caption in captions]
        seen = Counter(word for words in tokens for word in set(words))
        self._ids = {word: index for index, word in enumerate(sorted(seen))}
        self._rarity = torch.tensor(
            [(len(captions) / seen[word]) for word in sorted(seen)] or [1.0]
        ).log1p()
        rows = [[self._ids[word] for word in set(words)] for words in tokens]
        self._rows = torch.tensor([row for row, ids in enumerate(rows) for _ in ids])
        self._columns = torch.tensor([index for ids in rows for index in ids])
        mass = self._rarity[self._columns] ** 2
        self._norms = torch.zeros(len(captions)).index_add_(0, self._rows, mass).sqrt()
        self._axes = torch.tensor([_axes_of(caption) for caption in captions])

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
            + _AXIS_WEIGHT * self._axes @ torch.tensor(_axes_of(text))
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

    def remember(self, clips: list[int]) -> Remembered:
        """Return the base codes of up to SLOTS clips, in their order."""
        codes, place = [self.codes[:0].long()], [torch.zeros(0, 2, dtype=torch.long)]
        for slot, clip in enumerate(clips[:SLOTS]):
            first = int(self.starts[clip])
            last = min(int(self.starts[clip + 1]), first + LONGEST_STEPS)
            steps = torch.arange(last - first)
            codes.append(self.codes[first:last].long())
            place.append(torch.stack([torch.full_like(steps, slot), steps], 1))
        return Remembered(torch.cat(codes), torch.cat(place))

    def to_tensors(self) -> dict[str, Tensor]:
        """Return everything as tensors for a checkpoint: vectors as int8, texts as bytes."""
        text = json.dumps(self.captions).encode()
        return {
            "captions": torch.frombuffer(bytearray(text), dtype=torch.uint8),
            "clips": self.clips.to(torch.int32),
            "sentences": (self.sentences * 127.0 / self._peak()).round().to(torch.int8),
            "peak": torch.tensor(self._peak()),
            "codes": self.codes.to(torch.int16),
            "starts": self.starts.to(torch.int32),
        }

    def _peak(self) -> float:
        return float(self.sentences.abs().max())

    @staticmethod
    def from_tensors(tensors: dict[str, Tensor]) -> MotionMemory:
        """Rebuild what `to_tensors` made (vectors to within half a 127th of their peak)."""
        sentences = tensors["sentences"].float() * (tensors["peak"] / 127.0)
        return MotionMemory(
            json.loads(bytes(tensors["captions"].tolist())),
            tensors["clips"].long(),
            torch.nn.functional.normalize(sentences, dim=-1),
            tensors["codes"],
            tensors["starts"].long(),
        )


def spread_slots(clauses: int, slots: int = SLOTS) -> list[int]:
    """Return how many clips each of a prompt's clauses may remember: all slots, shared fairly."""
    used = min(clauses, slots)
    return [slots // used + (index < slots % used) for index in range(used)]


def clauses_to_remember(prompt: str) -> list[str]:
    """Return the texts to look up for a prompt: its clauses, or the whole if it is one action."""
    clauses = split_clauses(prompt)
    return clauses[:SLOTS] if len(clauses) > 1 else [prompt]
