"""How surely the memory knows what a track asks for: nearer is surer."""

from __future__ import annotations

from functools import cache

import pytest
from keyfill_extension.engine.motion.tracks import KNOWN
from keyfill_extension.engine.retrieval.clip_index import ClipIndex
from keyfill_extension.engine.retrieval.knowing import features_of, how_known
from keyfill_extension.tests.engine import facts_motions as motions
from keyfill_extension.tests.engine.retrieval.small_memories import (
    facts_of,
    made_up,
    memory_of,
    wanted_of,
)


@cache
def index(is_measured: bool = True) -> ClipIndex:
    clips = [
        (["a person walks", "a person walks forward"], facts_of(motions.walk())),
        (["a person claps", "a person claps the hands"], facts_of(motions.clap())),
        ("a person kicks with the left foot", facts_of(motions.kick())),
        (["a person throws a ball", "a person throws"], facts_of(motions.throw())),
        ("a person dances", made_up(["standing"] * 20)),
    ]
    return ClipIndex(memory_of(clips, is_measured))


def known(prompt: str) -> float:
    wanted = wanted_of(prompt)
    return how_known(index(), wanted, index().choices(wanted))


def features(prompt: str) -> list[float]:
    wanted = wanted_of(prompt)
    return features_of(index(), wanted, index().choices(wanted))


def test_nearer_is_surer() -> None:
    in_order = [
        "a person walks", "a person walks along the beach", "a person frobnicates the gizmo",
    ]  # fmt: skip
    values = [known(prompt) for prompt in in_order]
    assert values == sorted(values, reverse=True)
    assert values[0] > 0.9
    assert values[0] > KNOWN > values[-1]
    assert len(set(values)) == 3
    assert all(0.0 <= value <= 1.0 for value in values)


def test_a_kind_that_captions_name_is_known_in_other_words() -> None:
    assert known("a person strolls") > known("a person frobnicates")


def test_a_body_part_that_nobody_does_it_with_makes_it_less_known() -> None:
    assert features("a person claps the hands")[5] == 0
    assert features("a person claps the feet")[5] == 1
    assert features("a person claps the elbows and the knees")[5] == 2
    assert known("a person claps the feet") < known("a person claps the hands") - 0.2
    # As near in words, but no part of the body.
    assert known("a person claps the feet") < known("a person claps the loudly")


def test_a_thing_that_nobody_does_it_to_makes_it_less_known() -> None:
    assert features("a person walks forward")[6] == 0.0
    assert features("a person walks the dog")[6] == 1.0
    assert known("a person walks the dog") < known("a person walks quickly")
    # Where a thing is what it is done to, which one matters little.
    assert features("a person throws a spear")[6] == 0.0
    # Nor does what captions name.
    assert features("a person claps hands")[6] == 0.0


def test_measures_of_what_has_no_kind_are_of_words_alone() -> None:
    values = features("a person frobnicates the knee")
    assert values[2:] == [0.0] * 5
    near = features("a person walks")
    assert near[:1] == [pytest.approx(1.0)]
    assert near[2:5] == [1.0, 1.0, pytest.approx(1.0)]


def test_a_memory_without_facts_knows_by_its_captions() -> None:
    wanted = wanted_of("a person walks")
    bare = index(is_measured=False)
    assert KNOWN < how_known(bare, wanted, bare.choices(wanted)) <= 1.0
    assert 0.0 < how_known(bare, wanted, []) < how_known(bare, wanted, bare.choices(wanted))
    strange = wanted_of("a person frobnicates the gizmo")
    assert how_known(bare, strange, bare.choices(strange)) < KNOWN
