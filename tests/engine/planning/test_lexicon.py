"""The lists of kinds, idioms and of who does what: complete, consistent, large enough."""

from __future__ import annotations

import tomllib

import pytest
from keyfill_extension.engine.motion.tracks import STATES
from keyfill_extension.engine.planning.kinds import LEXICON, load_kinds
from keyfill_extension.engine.planning.plain_speech import load_idioms, without_idioms
from keyfill_extension.engine.planning.reading import read_prompt
from keyfill_extension.engine.planning.wording import plain_prompt
from keyfill_extension.engine.planning.words import stems_of, tokens_of
from keyfill_extension.engine.retrieval.facts.conditions import CONDITIONS
from keyfill_extension.engine.retrieval.facts.kinematics.event_rows import KINDS as EVENTS

TABLE = tomllib.loads(LEXICON.read_text(encoding="utf-8"))
KINDS = load_kinds().kinds
IDIOMS, WHO = load_idioms()
FIELDS = {"say", "parts", "flow", "needs", "event", "before", "after", "like"}


def spoken() -> list[tuple[str, tuple[str, ...]]]:
    """Every phrase of the list as stems, with its kind."""
    return [
        (name, tuple(stems_of(tokens_of(text))))
        for name, entry in TABLE.items()
        for text in entry["say"].split(",")
    ]


def test_the_lists_are_as_large_as_promised() -> None:
    assert len(TABLE) >= 120
    synonyms = {phrase for _, phrase in spoken()}
    assert len(IDIOMS) >= 300
    assert len(synonyms) >= 1000


@pytest.mark.parametrize("name", sorted(TABLE))
def test_every_kind_is_complete_and_consistent(name) -> None:
    kind = KINDS[name]
    assert set(TABLE[name]) <= FIELDS
    assert kind.parts in ("legs", "arms", "torso", "whole")
    for need in kind.needs:
        ways = ("left", "right", "ahead", "either") if "{side}" in need else ("",)
        assert any(need.format(side=way) in CONDITIONS for way in ways), need
    if any("{side}" in need for need in kind.needs):
        for side in ("left", "right"):
            assert all(need.format(side=side) in CONDITIONS for need in kind.needs)
    assert kind.event in ("", *EVENTS)
    assert kind.before in ("", *STATES) and kind.after in ("", *STATES)
    assert set(kind.like) <= set(KINDS) - {name}
    assert all(phrase for each, phrase in spoken() if each == name)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_a_kind_is_found_by_its_own_words(name) -> None:
    """The first phrase of each kind reads to it."""
    first = TABLE[name]["say"].split(",")[0].strip()
    found = load_kinds().find(first)
    assert max(found, key=lambda match: match.weight).kind.name == name


def test_no_phrase_names_two_kinds() -> None:
    owners: dict[tuple[str, ...], set[str]] = {}
    for name, phrase in spoken():
        owners.setdefault(phrase, set()).add(name)
    shared = {" ".join(phrase): names for phrase, names in owners.items() if len(names) > 1}
    assert shared == {}


@pytest.mark.parametrize("idiom", sorted(IDIOMS))
def test_every_idiom_is_said_plainly_and_plainly_only_once(idiom) -> None:
    assert idiom == " ".join(idiom.split()).lower()
    assert plain_prompt(idiom) == idiom, "a prompt never has these words when idioms are looked up"
    assert without_idioms(idiom) == IDIOMS[idiom]


MANNERS = {"at full speed", "slowly", "quickly", "backward", "in a circle", "in place",
           "over something", "up stairs", "down stairs", "on tiptoes", "on the stomach",
           "wide stance"}  # fmt: skip
"""What idioms mean that only say how or where."""


@pytest.mark.parametrize("idiom", sorted(IDIOMS))
def test_every_idiom_reads_to_something_known(idiom) -> None:
    how = IDIOMS[idiom] in MANNERS
    actions = read_prompt(f"walks {idiom}" if how else idiom)
    assert all(action.kind is not None for action in actions)


def test_who_does_what_names_kinds() -> None:
    assert set(WHO.values()) <= set(KINDS)
