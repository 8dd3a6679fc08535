"""Words in one form: stems, irregular verbs, numbers, sides, spelling.

It knows no kind of action.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

_IRREGULAR: Final = {
    "lying": "lie", "lies": "lie", "lay": "lie", "lays": "lie", "laid": "lie", "dying": "die",
    "dies": "die", "died": "die", "tying": "tie", "ties": "tie", "ran": "run", "sat": "sit",
    "stood": "stand", "threw": "throw", "thrown": "throw", "fell": "fall", "fallen": "fall",
    "knelt": "kneel", "rose": "rise", "risen": "rise", "held": "hold", "went": "go", "goes": "go",
    "going": "go", "doing": "do", "being": "be",
    "gone": "go", "came": "come", "took": "take", "taken": "take", "caught": "catch",
    "swung": "swing", "swam": "swim", "flew": "fly", "flies": "fly", "crept": "creep",
    "leapt": "leap", "slept": "sleep", "got": "get", "gotten": "get", "does": "do", "did": "do",
    "done": "do", "shot": "shoot", "fought": "fight", "struck": "strike", "bent": "bend",
    "swept": "sweep", "wept": "cry", "cries": "cry", "drank": "drink", "drunk": "drunk",
    "ate": "eat", "eaten": "eat", "drove": "drive", "rode": "ride", "wrote": "write",
    "shook": "shake", "shaken": "shake", "spun": "spin", "hung": "hang", "dug": "dig",
    "has": "have", "had": "have", "been": "be", "is": "be", "are": "be", "was": "be",
    "were": "be", "feet": "foot", "halves": "half", "knives": "knife", "wolves": "wolf",
    "carries": "carry", "hurries": "hurry", "parries": "parry", "tries": "try",
    "knees": "knee", "toes": "toe", "shoes": "shoe", "axes": "axe", "shoeing": "shoe",
}  # fmt: skip
"""Forms that no ending tells, with the word that stands for them."""

_SAME: Final = {
    "backwards": "backward", "forwards": "forward", "sideway": "sideways", "upwards": "upward",
    "downwards": "downward", "towards": "toward", "leftwards": "left", "leftward": "left",
    "rightwards": "right", "rightward": "right", "onto": "on", "grey": "gray",
    "centre": "center", "favour": "favor", "pyjamas": "pajamas", "tip-toe": "tiptoe",
    "tip-toes": "tiptoe", "tiptoes": "tiptoe", "pushups": "pushup", "somebody": "someone",
    "himself": "oneself", "herself": "oneself", "itself": "oneself", "themselves": "oneself",
    "myself": "oneself", "yourself": "oneself",
    "theatre": "theater", "practise": "practice", "practises": "practice", "jewellery": "jewelry",
}  # fmt: skip
"""British and American forms, and those that mean one thing."""

_SKIPPED: Final = frozenset({
    "a", "an", "the", "his", "her", "their", "its", "my", "your", "our", "some", "one's", "very",
    "just", "then", "slowly", "quickly", "quietly", "carefully",
})  # fmt: skip
"""Words that a phrase never holds."""

NUMBERS: Final = {
    "once": 1, "twice": 2, "thrice": 3, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10, "couple": 2, "one": 1,
    "single": 1,
}  # fmt: skip

_DOUBLED: Final = re.compile(r"([bdgmnprt])\1$")


_TOKEN: Final = r"[a-z0-9]+(?:'[a-z]+)?"


def tokens_of(text: str) -> list[str]:
    """Return the words of a text in lower case, as they stand."""
    return re.findall(_TOKEN, text.lower().replace("-", " "))


def tokens_of_each(texts: Sequence[str]) -> list[list[str]]:
    """Return `tokens_of` each of many texts."""
    return found_in_each(_TOKEN, [text.replace("-", " ") for text in texts])


def found_in_each(pattern: str, texts: Sequence[str]) -> list[list[str]]:
    """Return what a pattern finds in each of many texts in lower case, in one search of all.

    Args:
        pattern: without groups; it must not find a line's end.
        texts: thousands of short ones.
    """
    lines = "\n".join(" ".join(text.split("\n")) for text in texts).lower()
    found: list[list[str]] = [[]]
    same: dict[str, str] = {}  # a word is kept once, not each time that it is found
    for word in re.findall(rf"{pattern}|\n", lines):
        if word == "\n":
            found.append([])
        else:
            found[-1].append(same.setdefault(word, word))
    return found if texts else []


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Return the form by which a word's endings are the same: "waving", "waves" -> "wave".

    A silent e is dropped, so that endings cannot differ by it.
    """
    word = _SAME.get(word, word)
    word = _IRREGULAR[word] if word in _IRREGULAR else _without_ending(word)
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


def _without_ending(word: str) -> str:
    if word.endswith(("ss", "us", "is")) and not word.endswith("tis"):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    for ending in ("ing", "ed"):
        cut = word[: -len(ending)]
        if word.endswith(ending) and len(cut) >= 3 and re.search(r"[aeiouy]", cut):
            return _DOUBLED.sub(r"\1", cut) if not cut.endswith("ss") else cut
    if re.search(r"(?:ch|sh|ss|x|zz|o)es$", word):
        return word[:-2]
    return word[:-1] if word.endswith("s") and len(word) > 3 else word


def stems_of(words: Iterable[str]) -> list[str]:
    """Return the stems of words, without articles and the like."""
    return [stem(word) for word in words if word not in _SKIPPED]


def side_of(words: Iterable[str]) -> str:
    """Return "left", "right", or "" where words name none or both."""
    found = {_SAME.get(word, word) for word in words} & {"left", "right"}
    return found.pop() if len(found) == 1 else ""


def mend_spelling(word: str, known: frozenset[str]) -> str:
    """Return a known word that one slip of the keyboard made of this one, else the word itself.

    One letter too many, missing, exchanged or swapped with its neighbour; words of four
    letters and more; only where a single known word comes out.
    """
    if len(word) < 4 or word in known or not word.isalpha():
        return word
    letters = "abcdefghijklmnopqrstuvwxyz"
    halves = [(word[:cut], word[cut:]) for cut in range(len(word) + 1)]
    swapped = {a + b[1] + b[0] + b[2:] for a, b in halves if len(b) > 1}
    near = {a + b[1:] for a, b in halves if b}
    near |= {a + c + b[1:] for a, b in halves if b for c in letters}
    near |= {a + c + b for a, b in halves for c in letters}
    for choices in (swapped, near):
        found = {each for each in choices if each in known}
        # A first letter is seldom wrong.
        found = {each for each in found if each[0] == word[0]}
        if len(found) == 1:
            return found.pop()
    return word
