"""Words in one form: stems, numbers, sides, slips of the keyboard."""

from __future__ import annotations

import pytest
from keyfill_extension.engine.planning.words import (
    NUMBERS,
    mend_spelling,
    side_of,
    stem,
    stems_of,
    tokens_of,
    tokens_of_each,
)


@pytest.mark.parametrize(
    "forms",
    [
        ("wave", "waves", "waving", "waved"),
        ("run", "runs", "running", "ran"),
        ("sit", "sits", "sitting", "sat"),
        ("lie", "lies", "lying", "lay"),
        ("kneel", "kneels", "kneeling", "knelt", "kneeled"),
        ("carry", "carries", "carrying"),
        ("kick", "kicks", "kicking", "kicked"),
        ("punch", "punches", "punching", "punched"),
        ("throw", "throws", "throwing", "threw", "thrown"),
        ("crouch", "crouches", "crouching"),
        ("box", "boxes", "boxing"),
        ("pass", "passes", "passing"),
        ("dance", "dances", "dancing"),
        ("foot", "feet"),
        ("clap", "claps", "clapping"),
        ("skip", "skips", "skipped"),
        ("go", "goes", "going", "went"),
        ("do", "does", "did", "done"),
    ],
)
def test_all_forms_of_a_word_have_one_stem(forms) -> None:
    assert len({stem(form) for form in forms}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("sing", "sin"), ("ring", "r"), ("bring", "br"), ("bow", "box"), ("his", "hi"), ("bus", "bu")],
)
def test_words_that_only_look_alike_have_their_own_stem(one, other) -> None:
    assert stem(one) != stem(other)


@pytest.mark.parametrize(
    ("british", "american"),
    [("towards", "toward"), ("grey", "gray"), ("centre", "center"), ("practise", "practice"),
     ("backwards", "backward"), ("theatre", "theater"), ("favour", "favor")],
)  # fmt: skip
def test_british_and_american_spellings_have_one_stem(british, american) -> None:
    assert stem(british) == stem(american)


def test_words_are_lower_case_without_marks() -> None:
    assert tokens_of("He doesn't high-five ANYONE, twice!") == [
        "he", "doesn't", "high", "five", "anyone", "twice",
    ]  # fmt: skip
    assert tokens_of("") == tokens_of("… – 走る") == []


def test_articles_and_the_like_are_no_part_of_a_phrase() -> None:
    assert stems_of(tokens_of("slowly raises his left hand")) == ["rais", "left", "hand"]


@pytest.mark.parametrize(
    ("words", "side"),
    [("kicks left", "left"), ("to the right", "right"), ("leftwards", "left"), ("kicks", ""),
     ("left and right", ""), ("right right", "right"), ("brightly", "")],
)  # fmt: skip
def test_one_side_is_a_side_and_two_are_none(words, side) -> None:
    assert side_of(words.split()) == side


def test_numbers_are_counted_as_they_are_said() -> None:
    assert [NUMBERS[word] for word in ("once", "twice", "thrice", "ten")] == [1, 2, 3, 10]


KNOWN = frozenset(
    {"waves", "walks", "walk", "jumps", "crouches", "right", "kicks", "licks", "left"}
)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("wavs", "waves"),  # a letter is missing
        ("wavess", "waves"),  # one too many
        ("jimps", "jumps"),  # another one
        ("rihgt", "right"),  # two swapped
        ("crouhces", "crouches"),
        ("walks", "walks"),  # known as it is
        ("walx", "walk"),
    ],
)
def test_one_slip_of_the_keyboard_is_mended(typed, meant) -> None:
    assert mend_spelling(typed, KNOWN) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "wxxes",  # two slips
        "lft",  # three letters
        "walkz",  # walks, or walk: nobody knows
        "xicks",  # a first letter is seldom wrong
        "gandalf",
        "jump5",
        "",
    ],
)
def test_what_may_mean_anything_is_left_as_it_is(typed) -> None:
    assert mend_spelling(typed, KNOWN) == typed


def test_many_texts_have_the_words_that_each_has() -> None:
    texts = ["He won't stop!", "", "steps left-right,\nleft", "ÉCLAIR 3 times", "-"]
    assert tokens_of_each(texts) == [tokens_of(text) for text in texts]
    assert tokens_of_each([]) == []
