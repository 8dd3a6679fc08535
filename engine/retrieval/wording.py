"""Words of prompts: mirrored sides, clauses, and joining two captions into one.

English only, by small rules that fit short descriptions of motion.
"""

from __future__ import annotations

import re

_SWAPS = {
    "left": "right",
    "lefts": "rights",
    "leftward": "rightward",
    "leftwards": "rightwards",
    "clockwise": "counterclockwise",
}
_SWAPS |= {b: a for a, b in _SWAPS.items()}
_SWAPS |= {"counter-clockwise": "clockwise", "anticlockwise": "clockwise"}
_SWAP_PATTERN = re.compile(r"\b(" + "|".join(sorted(_SWAPS, key=len, reverse=True)) + r")\b")

_SUBJECT = re.compile(
    r"^(?:(?:a|an|the|some|one)\s+)?"
    r"(?:person|man|woman|human|figure|character|someone|somebody|dancer|fighter|boxer|guy|"
    r"people|individual|actor|body|walker|runner|soldier)\s+(?:(?:is|are)\s+)?"
)
_CLAUSE = re.compile(
    r"\s*[,;.]?\s*\b(?:and then|while|then|before|after that|followed by|and|as)\b\s*"
    r"|\s*[,;.]\s*"
)
_NO_VERB_START = re.compile(
    r"^(?:a|an|the|his|her|their|both|in|on|with|to|from|at|left|right|back|up|down)\b"
)
_HELD = re.compile(
    r"(?:(?<!\bstands)(?<!\bstanding)(?<!\bstand)\s+with|,)\s+"
    r"(?=(?:(?:the|a|his|her|their|both|one|left|right)\s+)*(?:hands?|arms?|fists?)\s+"
    r"(?:on|over|above|behind|at|up|out|held|raised|stretched|folded|crossed|down|high)\b)"
)
"""Before what hands are said to hold while something else is done: "hops with hands on hips"."""
_PARTICIPLE = re.compile(
    "".join(
        rf"(?<!\b{word})"
        for word in ("is", "are", "starts", "begins", "keeps", "stops", "does", "in", "a", "the",
                     "by", "of", "then", "while")
    )  # fmt: skip
    + r",?\s+(?=(?!during\b|standing\b|\w*thing\b)[a-z]{3,}ing\b)"
)
"""Before a second action that is named by its participle alone: "skips along waving a hand"."""
_VERB = re.compile(r"^[a-z]{3,}(?:s|ing)$")
AT_ONCE = 5
"""Wordings of `join_at_once`; the last one names the other action first."""
_DOUBLED = re.compile(r"^[^aeiou]*[aeiou][bdgmnprt]$")


def mirror_words(caption: str) -> str:
    """Return the caption with left and right (and turning senses) exchanged."""
    return _SWAP_PATTERN.sub(lambda match: _SWAPS[match.group(1)], caption)


def split_clauses(prompt: str) -> list[str]:
    """Return the actions that a prompt names, in order; at least one.

    A fragment without a verb ("and back", "and the left") stays with what stands before it.
    """
    clauses: list[str] = []
    for held in _HELD.split(prompt.strip()):
        for number, piece in enumerate(_split_verbs(held)):
            is_verb = len(piece.split()) > 1 or _VERB.match(piece)
            if number and (not is_verb or _NO_VERB_START.match(piece)):
                clauses[-1] = f"{clauses[-1]} {piece}".strip()
            elif piece:
                clauses.append(piece)
    return clauses or [prompt.strip()]


def _split_verbs(text: str) -> list[str]:
    """Return the pieces between conjunctions, commas and later participles."""
    subject = _SUBJECT.match(text)
    head = subject.group() if subject else ""
    pieces = []
    for piece in _CLAUSE.split(text[len(head) :]):
        pieces += _PARTICIPLE.split(piece)
    return [head + pieces[0], *pieces[1:]]


def has_order(prompt: str) -> bool:
    """Say whether a prompt's actions come one after another."""
    return re.search(r"\b(?:then|before|after|afterwards|followed|finally)\b", prompt) is not None


def predicate(caption: str) -> str:
    """Return what is done, without who does it."""
    return _SUBJECT.sub("", caption, count=1)


def gerund(text: str) -> str:
    """Return a predicate with its first verb in -ing: "waves twice" -> "waving twice"."""
    first, _, rest = text.partition(" ")
    if not first.endswith("ing") and _SUBJECT.match("someone " + text) and first.isalpha():
        first = _ing(first)
    return f"{first} {rest}".strip()


def _ing(verb: str) -> str:
    if verb.endswith("ies"):
        verb = verb[:-3] + "y"
    elif re.search(r"(?:ch|sh|ss|x|zz|o)es$", verb):
        verb = verb[:-2]
    elif verb.endswith("s") and not verb.endswith("ss"):
        verb = verb[:-1]
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb.endswith("e") and not verb.endswith("ee"):
        return verb[:-1] + "ing"
    return verb + (verb[-1] if _DOUBLED.match(verb) else "") + "ing"


def _is_finite(caption: str) -> bool:
    """A caption with a subject has a verb that can be bent; others are titles or gerunds."""
    return _SUBJECT.match(caption) is not None


def join_at_once(main: str, other: str, choice: int) -> str:
    """Return one prompt for two actions at the same time; `choice` picks the wording."""
    first, second = predicate(main), predicate(other)
    bent = gerund(second) if _is_finite(other) else second
    return (
        f"{main} while {bent}",
        f"{main} and {second}",
        f"{main}, {bent}",
        f"{main} {bent}",
        f"{other} while {gerund(first) if _is_finite(main) else first}",
    )[choice % AT_ONCE]


def join_in_order(captions: list[str], choice: int) -> str:
    """Return one prompt for actions one after another; `choice` picks the wording."""
    later = [predicate(caption) for caption in captions[1:]]
    joint = (", then ", " and then ", ", and ", " then ")[choice % 4]
    return joint.join([captions[0], *later])
