"""Prompts as animators type them: which actions, in which order, how often, on which side."""

from __future__ import annotations

import pytest
from keyfill_extension.engine.planning.actions import Action
from keyfill_extension.engine.planning.kinds import Flow
from keyfill_extension.engine.planning.plain_speech import load_idioms, without_idioms
from keyfill_extension.engine.planning.reading import read_prompt
from keyfill_extension.engine.planning.wording import Link, plain_prompt
from keyfill_extension.tests.engine.planning.reading_notes import note_of
from keyfill_extension.tests.engine.planning.readings import READINGS


def only(prompt: str) -> Action:
    (action,) = read_prompt(plain_prompt(prompt))
    return action


@pytest.mark.parametrize(("prompt", "expected"), READINGS.items(), ids=list(READINGS))
def test_a_prompt_is_read_as_an_animator_means_it(prompt, expected) -> None:
    assert note_of(prompt) == expected


def test_there_are_as_many_readings_as_were_promised() -> None:
    assert len(READINGS) >= 120


@pytest.mark.parametrize("ending", ["", ".", "!", " …", "  "])
@pytest.mark.parametrize("prompt", ["jumps twice", "walks, then waves", "sits down and stays"])
def test_capitals_marks_and_spaces_change_nothing(prompt, ending) -> None:
    assert note_of(prompt.capitalize() + ending) == note_of(prompt)
    assert note_of(prompt.upper().replace(" ", "  ") + ending) == note_of(prompt)


SUBJECTS = ("a person", "a man", "a woman", "she", "he", "they", "someone", "a zombie", "a soldier",
            "an astronaut", "the old wizard", "my hero")  # fmt: skip


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize(
    "what",
    ["waves", "jumps twice", "sits down and stays", "kicks with the left foot", "throws a ball",
     "jogs, then kneels", "claps", "turns around", "crawls", "does a backflip"],
)  # fmt: skip
def test_who_does_it_never_decides_what_is_done(subject, what) -> None:
    assert note_of(f"{subject} {what}") == note_of(what)


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("moves towards the centre", "moves toward the center"),
        ("practises a kata", "practices a kata"),
        ("walks backwards", "walks backward"),
        ("does press-ups", "does push-ups"),
        ("does star jumps", "does jumping jacks"),
        ("does chin-ups", "does pull-ups"),
        ("turns round", "turns around"),
    ],
)
def test_british_and_american_prompts_are_one(british, american) -> None:
    assert note_of(british) == note_of(american) != "?"


def test_an_action_is_told_without_who_does_it() -> None:
    action = only("a tired soldier waves with the left hand")
    assert (action.text, action.who) == ("waves with the left hand", "a tired soldier")


@pytest.mark.parametrize(
    ("prompt", "pace"),
    [
        ("walks slowly", "slow"), ("slowly walks", "slow"), ("quickly turns around", "fast"),
        ("walks", ""), ("runs at a snail's pace", "slow"), ("leaves in a hurry", "fast"),
    ],
)  # fmt: skip
def test_the_pace_is_read(prompt, pace) -> None:
    assert only(prompt).pace == pace


@pytest.mark.parametrize(
    ("prompt", "kind", "still"),
    [
        ("walks without moving the arms", "walk", ("arms",)),
        ("runs without swinging his arms", "run", ("arms",)),
        ("waves without moving the legs", "wave", ("legs",)),
        ("walks without moving her head", "walk", ("torso",)),
        ("jogs, not moving the arms", "jog", ("arms",)),
        ("walks", "walk", ()),
    ],
)
def test_what_is_not_to_move_is_no_action(prompt, kind, still) -> None:
    action = only(prompt)
    assert action.kind is not None
    assert (action.kind.name, action.still) == (kind, still)
    assert action.text == kind + "s"


@pytest.mark.parametrize(
    ("prompt", "is_both"),
    [("raises both arms", True), ("waves with two hands", True), ("waves", False)],
)
def test_both_hands_are_both(prompt, is_both) -> None:
    assert only(prompt).is_both == is_both


def test_only_what_goes_the_other_way_is_backward() -> None:
    assert only("walks backwards").is_backward and not only("walks forwards").is_backward


def test_what_is_said_again_and_again_goes_on() -> None:
    assert only("jumps").flow is Flow.SINGLE
    for words in ("over and over", "again and again", "repeatedly", "several times", "up and down"):
        action = only(f"jumps {words}")
        assert (action.flow, action.count) == (Flow.CYCLIC, 0)


def test_links_are_those_of_the_words_between() -> None:
    walks, waves, claps, bows = read_prompt("walks while waving, claps. bows")
    assert [action.link for action in (walks, waves, claps, bows)] == [
        Link.IN_ORDER, Link.AT_ONCE, Link.OPEN, Link.IN_ORDER,
    ]  # fmt: skip


def test_one_then_puts_all_in_order() -> None:
    actions = read_prompt("walks, waves, then claps")
    assert {action.link for action in actions} == {Link.IN_ORDER}


@pytest.mark.parametrize("prompt", ["", "and", "then, then", "...", "a", "the", "twice", "left"])
def test_what_says_nothing_is_one_action_of_no_kind(prompt) -> None:
    action = only(prompt)
    assert action.kind is None and action.flow is Flow.CYCLIC and action.parts == "whole"


@pytest.mark.parametrize("prompt", ["läuft und springt", "走る", "salta y saluda", "🤸", "ходит"])
def test_other_languages_are_read_as_something(prompt) -> None:
    assert read_prompt(plain_prompt(prompt))


def test_idioms_are_said_plainly_wherever_they_stand() -> None:
    assert without_idioms("a thief legs it, then has a breather") == (
        "a thief runs away, then stands still"
    )
    assert without_idioms("bootstraps") == "bootstraps"  # "boots" is no word of it


@pytest.mark.parametrize("name", sorted(load_idioms()[1]))
def test_who_is_named_alone_acts(name) -> None:
    for prompt in (f"a {name}", name):
        (action,) = read_prompt(prompt)
        assert action.kind is not None, prompt
    assert note_of(f"a {name} claps") == "clap"
