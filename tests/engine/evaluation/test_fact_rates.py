"""Conditions are rated on all clips and on those whose captions say so."""

from __future__ import annotations

import re

import pytest
from keyfill_extension.engine.data.corpus import Corpus, CorpusClip
from keyfill_extension.engine.evaluation.scores.fact_rates import (
    WORDS,
    facts_table,
    rate_conditions,
    says_so,
)
from keyfill_extension.engine.retrieval.facts import measure_facts
from keyfill_extension.engine.retrieval.facts.conditions import CONDITIONS
from keyfill_extension.tests.engine import facts_motions as motions


def entry(motion, *captions: str) -> CorpusClip:
    return CorpusClip(captions[0], motion().clip(), captions, "train", captions[0], "own", "CC0")


ENTRIES = (
    entry(motions.jump, "a person jumps", "someone leaps up", "up and down"),
    entry(motions.stand, "a person jumps", "a jump"),
    entry(motions.kick, "someone kicks", "jumps"),
    entry(motions.stand, "a person stands", "someone waits", "he jumps"),
)


def test_half_of_the_captions_must_say_so() -> None:
    assert [says_so(one, "jumps") for one in ENTRIES] == [True, True, True, False]


@pytest.mark.parametrize(
    ("condition", "text", "is_said"),
    [
        ("kicks_left", "a person kicks with the left foot", True),
        ("kicks_left", "a person kicks with the right foot", False),
        ("turns_left", "she turns to the left", True),
        ("travels_backward", "a man walks backwards", True),
        ("travels_backward", "a man walks forward", False),
        ("left_hand_up", "someone raises the left hand overhead", True),
        ("left_hand_up", "someone raises the left hand to stomach height", False),
        ("bows", "an archer with a bow", False),
    ],
)
def test_the_rules_read_sides_and_directions(condition, text, is_said) -> None:
    assert bool(re.search(WORDS[condition], text)) == is_said


def test_every_rule_belongs_to_a_condition() -> None:
    assert set(WORDS) <= set(CONDITIONS)


def test_the_rates_count_clips() -> None:
    facts = [measure_facts(one.clip) for one in ENTRIES]
    pairs = [(facts[0], facts[0]), (facts[0], facts[1])]
    rates = {rate.condition: rate for rate in rate_conditions(Corpus(ENTRIES), facts, pairs)}
    jumps = rates["jumps"]
    assert (jumps.passing, jumps.captioned, jumps.kept_by_codes) == (0.25, 3, 0.5)
    assert jumps.obeyed == pytest.approx(1 / 3)
    assert rates["upright_end"].captioned == 0
    assert rates["upright_end"].obeyed is None


def test_the_table_has_a_row_for_each_condition() -> None:
    row = {"condition": "jumps", "passing": 0.25, "captioned": 3, "obeyed": 1 / 3,
           "kept_by_codes": None}  # fmt: skip
    report = {"clips": 4, "minutes": 0.2, "through_codes": 2, "seconds_to_measure": 0.1,
              "bytes_packed": 4000, "rates": [row]}  # fmt: skip
    assert "| jumps | 25.0 % | 3 | 33 % | – |" in facts_table(report)
