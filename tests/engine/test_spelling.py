"""Slips of the keyboard in prompts: mended only to one word that captions use."""

from __future__ import annotations

import pytest
from keyfill_extension.engine.planning.words import tokens_of_each
from keyfill_extension.engine.retrieval.spelling import Spelling
from keyfill_extension.engine.text_encoder import FakeTextEncoder

CAPTIONS = [
    "a person walks forward and waves the right hand",
    "a man walks forward with slow steps and waves",
    "someone jumps twice, then crouches on the floor",
    "a woman crouches, jumps and turns right",
    "the man turns with both hands on the hips once",
]


class Encoder(FakeTextEncoder):
    """Knows proper words that no caption uses."""

    def knows(self, word: str) -> bool:
        return word in ("gandalf", "violin", "walls")


def spelling_of(captions: list[str]) -> Spelling:
    return Spelling(tokens_of_each(captions), Encoder())


@pytest.fixture(scope="module")
def spelling() -> Spelling:
    return spelling_of(CAPTIONS)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("a person wlaks", "a person walks"),
        ("a person jumpss", "a person jumps"),
        ("a person jmps", "a person jumps"),
        ("crouhces and trns", "crouches and turns"),
        ("walks forwrad", "walks forward"),
        ("waves the rihgt hand", "waves the right hand"),
    ],
)
def test_one_slip_is_mended(spelling, typed, meant) -> None:
    assert spelling.mend(typed) == meant


@pytest.mark.parametrize(
    "prompt",
    [
        "a person walks forward",
        "gandalf waves",  # proper words that the text encoder knows
        "plays the violin",
        "walls",  # a word of its own, though one letter from "walks"
        "zorblax waves",  # names that nobody knows, and nothing near
        "wlk",  # three letters may mean anything
        "hipz",  # a word that only one caption uses
        "somersaults",  # no caption has it, but a kind is named so
        "moonwalking",
        "cartwheel, backflip",
        "走る, läuft",
        "",
        "wave2",
    ],
)
def test_what_is_known_or_near_to_nothing_stays(spelling, prompt) -> None:
    assert spelling.mend(prompt) == prompt


def test_words_between_two_known_ones_are_not_guessed() -> None:
    spelling = spelling_of(["he walks", "he talks", "he walks", "he talks", "walkt"])
    assert spelling.mend("walxs") == "walks"
    both = spelling_of(["he waves, he waxes", "he waves, he waxes"])
    assert both.mend("waes") == "waes"


@pytest.mark.parametrize(
    ("prompt", "is_english"),
    [
        ("a person walks forward", True),
        ("a hobbit jumps twice", True),
        ("crouches", True),
        ("does a cartwheel", True),
        ("eine frau winkt freundlich", False),
        ("la mujer salta dos veces", False),
        ("человек идёт вперёд", False),
        ("走る", False),
        ("xyzzy", False),
        ("", False),
        ("…", False),
    ],
)
def test_other_languages_and_scripts_are_told_apart(spelling, prompt, is_english) -> None:
    assert spelling.is_english(prompt) is is_english
