"""Words: mirrored sides, clauses, joined captions."""

from __future__ import annotations

import pytest
from keyfill_extension.engine.retrieval.wording import (
    AT_ONCE,
    gerund,
    has_order,
    join_at_once,
    join_in_order,
    mirror_words,
    predicate,
    split_clauses,
)


@pytest.mark.parametrize(
    ("caption", "mirrored"),
    [
        ("turns left and lifts the right arm", "turns right and lifts the left arm"),
        ("spins clockwise", "spins counterclockwise"),
        ("steps leftwards", "steps rightwards"),
        ("an upright leftover", "an upright leftover"),
        ("", ""),
    ],
)
def test_mirrored_words(caption: str, mirrored: str) -> None:
    assert mirror_words(caption) == mirrored
    assert mirror_words(mirrored) == caption


@pytest.mark.parametrize(
    ("prompt", "clauses"),
    [
        ("a person walks forward, then waves", ["a person walks forward", "waves"]),
        ("a person hops while saluting", ["a person hops", "saluting"]),
        ("a man hits with the left and right fists", ["a man hits with the left right fists"]),
        ("he bends down, grabs a box and lifts it", ["he bends down", "grabs a box", "lifts it"]),
        ("jumping jacks", ["jumping jacks"]),
        ("a man hops with his hands on the hips", ["a man hops", "his hands on the hips"]),
        ("a man stands with his hands on the hips", ["a man stands with his hands on the hips"]),
        ("she skips along waving a hand", ["she skips along", "waving a hand"]),
        ("someone keeps walking to something", ["someone keeps walking to something"]),
        ("moves the arms up and down", ["moves the arms up down"]),
    ],
)
def test_clauses(prompt: str, clauses: list[str]) -> None:
    assert split_clauses(prompt) == clauses


@pytest.mark.parametrize(
    ("verb", "bent"),
    [
        ("waves twice", "waving twice"),
        ("hops", "hopping"),
        ("carries a box", "carrying a box"),
        ("punches", "punching"),
        ("sees", "seeing"),
        ("walking on", "walking on"),
        ("lies down", "lying down"),
        ("throws", "throwing"),
    ],
)
def test_gerunds(verb: str, bent: str) -> None:
    assert gerund(verb) == bent


def test_who_acts_is_cut_and_what_is_done_stays() -> None:
    assert predicate("the person is walking") == "walking"
    assert predicate("somebody waves") == "waves"
    assert predicate("a deep squat") == "a deep squat"


def test_two_captions_become_one_prompt() -> None:
    pair = ("a person walks", "someone waves the left hand")
    assert join_at_once(*pair, 0) == "a person walks while waving the left hand"
    assert join_at_once(*pair, 1) == "a person walks and waves the left hand"
    assert len({join_at_once(*pair, choice) for choice in range(AT_ONCE)}) == AT_ONCE
    assert join_in_order(["a person sits", "she stands", "a man waves"], 0).endswith(", then waves")


@pytest.mark.parametrize(
    ("prompt", "is_in_order"),
    [
        ("a person walks, then waves", True),
        ("someone sits down after running", True),
        ("a person walks while waving", False),
        ("someone strengthens an arm", False),
    ],
)
def test_prompts_that_tell_an_order(prompt, is_in_order):
    assert has_order(prompt) == is_in_order
