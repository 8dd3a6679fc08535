"""Words: mirrored sides, clauses, joined captions."""

from __future__ import annotations

import pytest
from keyfill_extension.engine.planning.wording import (
    AT_ONCE,
    Link,
    gerund,
    has_order,
    join_at_once,
    join_in_order,
    mirror_words,
    names_legs,
    plain_prompt,
    predicate,
    split_actions,
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
        ("moves the arms up and down", ["moves the arms up and down"]),
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


@pytest.mark.parametrize(
    ("prompt", "clauses"),
    [
        ("Someone walking", ["Someone walking"]),
        ("A Person Walks While Waving", ["A Person Walks", "Waving"]),
        ("walks as if drunk", ["walks as if drunk"]),
        ("walks, as if drunk, and waves", ["walks as if drunk", "waves"]),
        ("dances as though holding a partner", ["dances as though holding a partner"]),
        ("walks like dancing", ["walks like dancing"]),
        ("walks as a ghost", ["walks as a ghost"]),
        ("waves as he walks", ["waves", "he walks"]),
        ("jumps as high as possible", ["jumps as high as possible"]),
        ("waves as soon as he sits down", ["waves", "he sits down"]),
        ("waits for a while and waves", ["waits for a while", "waves"]),
        ("whiling away the time", ["whiling away the time"]),
        ("sits to while away the time", ["sits to while away the time"]),
        ("claps before a mirror", ["claps before a mirror"]),
        ("bows before sitting down", ["bows", "sitting down"]),
        ("dances rock and roll", ["dances rock and roll"]),
        ("steps back and forth in a rhythm", ["steps back and forth in a rhythm"]),
        ("looks left and right and waves", ["looks left right", "waves"]),
        ("drags and drops a box", ["drags and drops a box"]),
        ("jumps again and again", ["jumps again and again"]),
        ("hops now and then", ["hops now and then"]),
        ("makes a 1.5 m jump", ["makes a 1.5 m jump"]),
    ],
)
def test_small_words_start_an_action_only_where_one_follows(
    prompt: str, clauses: list[str]
) -> None:
    assert split_clauses(prompt) == clauses


@pytest.mark.parametrize(
    ("prompt", "links"),
    [
        ("walks forward and sits down", [Link.OPEN]),
        ("walks while waving", [Link.AT_ONCE]),
        ("walks as he waves", [Link.AT_ONCE]),
        ("walks forward, waving both hands", [Link.AT_ONCE]),
        ("skips along waving a hand", [Link.AT_ONCE]),
        ("hops with hands on the hips", [Link.AT_ONCE]),
        ("walking and waving", [Link.OPEN]),
        ("walks, then waves", [Link.IN_ORDER]),
        ("walks and then waves", [Link.IN_ORDER]),
        ("he walks. he waves.", [Link.IN_ORDER]),
        ("waves as soon as he sits", [Link.IN_ORDER]),
        ("walks, turns and waves", [Link.OPEN, Link.OPEN]),
        ("walks up and down", []),
    ],
)
def test_how_actions_are_joined(prompt: str, links: list[Link]) -> None:
    assert list(split_actions(prompt).links) == links


@pytest.mark.parametrize(
    ("clause", "is_of_legs"),
    [
        ("walks forward", True),
        ("sitting down", True),
        ("turns around", True),
        ("turns the head", False),
        ("moves both arms", False),
        ("waves the left hand", False),
        ("clapping", False),
        ("hands on the hips", False),
    ],
)
def test_actions_of_the_legs(clause: str, is_of_legs: bool) -> None:
    assert names_legs(clause) == is_of_legs


@pytest.mark.parametrize(
    "prompt",
    [
        "he's walking, then waves a two-handed sword",
        "He's Walking, Then Waves a Two-Handed Sword.",
        "HE'S WALKING, THEN WAVES A TWO-HANDED SWORD!!",
        "  he's  walking,\tthen waves\na two-handed sword ",
        "he's\u00a0walking, then\u2009waves a two\u2011handed sword\u200b",
        "\u201che\u2019s walking, then waves a two\u2010handed sword\u2026\u201d",
        "he's walking \u2013 then waves a two-handed sword",
        "he's walking\u2014then waves a \u2018two-handed\u2019 sword",
        "he's walking -- then waves a 'two-handed' sword",
        "he's walking , then waves a \"two-handed\" sword?",
    ],
)
def test_typography_does_not_change_a_prompt(prompt: str) -> None:
    assert plain_prompt(prompt) == "he's walking, then waves a two-handed sword"


def test_marks_alone_are_no_prompt() -> None:
    assert plain_prompt(" \u2026 \u2014 !") == ""
