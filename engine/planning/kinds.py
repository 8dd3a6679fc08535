"""Named kinds of action: which words name them, and what each is like.

The list is `lexicon/kinds.toml`. It knows no clip.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

from .words import stem, stems_of, tokens_of

LEXICON: Final = Path(__file__).parent / "lexicon" / "kinds.toml"

_MOST_BETWEEN: Final = 3
"""Words that may stand between two of a phrase."""

LIGHT: Final = frozenset(
    stem(word)
    for word in ("do", "perform", "give", "take", "make", "throw", "have", "execute", "deliver",
                 "land", "try", "practice", "attempt", "start", "show", "attack")
)  # fmt: skip
"""Verbs that say nothing themselves: "does a cartwheel"."""

_BEFORE_NOUNS: Final = frozenset({"a", "an", "the", "his", "her", "their", "its", "one", "this"})


class Flow(StrEnum):
    """How an action goes on."""

    CYCLIC = "cyclic"
    """It goes on for as long as there is time."""

    SINGLE = "single"
    """It happens once, or as often as is said."""

    POSE = "pose"
    """It is taken and held."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A named kind of action."""

    name: str

    parts: str
    """What it needs of the body: "legs" (lower body and torso), "arms", "torso" or "whole"."""

    flow: Flow

    needs: tuple[str, ...]
    """Conditions on the facts of a clip that shows it; `{side}` stands for a named side."""

    event: str
    """What happens in a clip once each time, one of the kinds of event in `retrieval/facts.py`; ""
    where the whole clip shows it."""

    before: str
    """State of the body from which it makes sense, one of `STATES`; "" where any will do."""

    after: str
    """State in which it ends; "" where it does not change."""

    like: tuple[str, ...] = ()
    """Kinds whose clips come near to it."""


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase of a kind, found in a text."""

    kind: Kind
    first: int
    """Number of its first word in the text."""

    last: int
    """Half-open."""

    weight: float
    """Longer phrases weigh more, those with words between less."""

    is_noun: bool
    """Whether it stands behind an article, and no verb like "does" before it."""


@dataclass(frozen=True, slots=True)
class KindList:
    """All kinds, and their phrases by first word."""

    kinds: Mapping[str, Kind]
    phrases: Mapping[str, tuple[tuple[tuple[str, ...], str], ...]]
    """For each first stem, the phrases (stems) that begin with it and their kinds' names."""

    def find(self, text: str) -> list[Match]:
        """Return every phrase in a text, the weightiest of each first word; verbs before nouns."""
        words = tokens_of(text)
        stems = [stem(word) for word in words]
        found = []
        for first, start in enumerate(stems):
            best: Match | None = None
            for phrase, name in self.phrases.get(start, ()):
                match = self._match(phrase, name, words, stems, first)
                if match is not None and (best is None or match.weight > best.weight):
                    best = match
            if best is not None:
                found.append(best)
        return sorted(found, key=lambda match: (match.is_noun, -match.weight, match.first))

    def _match(
        self, phrase: tuple[str, ...], name: str, words: Sequence[str], stems: Sequence[str],
        first: int,
    ) -> Match | None:  # fmt: skip
        at, between = first, 0
        for wanted in phrase[1:]:
            room = stems[at + 1 : at + 2 + _MOST_BETWEEN]
            if wanted not in room:
                return None
            step = room.index(wanted) + 1
            between += step - 1
            at += step
        before = words[first - 1] if first else ""
        # "does a quick kick": the light verb may stand some words before.
        is_light = any(each in LIGHT for each in stems[max(0, first - 4) : first])
        is_noun = len(phrase) == 1 and before in _BEFORE_NOUNS and not is_light
        weight = 2.0 * len(phrase) - 0.3 * between
        return Match(self.kinds[name], first, at + 1, weight, is_noun)


@cache
def load_kinds() -> KindList:
    """Read the list that ships with the engine."""
    return kinds_from(tomllib.loads(LEXICON.read_text(encoding="utf-8")))


def kinds_from(table: Mapping[str, Mapping[str, Any]]) -> KindList:
    """Return the kinds of a table of names.

    Raises:
        ValueError: if an entry lacks a field or names an unknown flow.
    """
    kinds: dict[str, Kind] = {}
    phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for name, entry in table.items():
        try:
            kinds[name] = Kind(
                name, entry["parts"], Flow(entry["flow"]), tuple(entry["needs"].split()),
                entry.get("event", ""), entry.get("before", ""), entry.get("after", ""),
                tuple(entry.get("like", "").split()),
            )  # fmt: skip
            spoken = entry["say"].split(",")
        except (KeyError, ValueError) as error:
            raise ValueError(f"The kind {name} is incomplete: {error}.") from error
        for text in spoken:
            stems = tuple(stems_of(tokens_of(text)))
            if stems:
                phrases.setdefault(stems[0], []).append((stems, name))
    return KindList(kinds, {first: tuple(each) for first, each in phrases.items()})
