"""Reads one clause of a prompt: what is done, by whom, how often, on which side, how fast.

It knows no other clause.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ..motion.tracks import MOST_COUNT
from .actions import Action
from .kinds import LIGHT, Flow, Kind, KindList, Match, load_kinds
from .wording import Link, predicate
from .words import NUMBERS, side_of, stem, tokens_of

_UNTIL_THE_END: Final = re.compile(
    r"\b(?:until|till|to)\s+the\s+end\b|\bthroughout\b|\bthe\s+whole\s+time\b|\ball\s+the\s+time\b|"
    r"\bwithout\s+(?:ever\s+)?(?:getting|standing|coming|rising)\s+(?:back\s+)?up\b",
    re.IGNORECASE,
)
_AGAIN: Final = re.compile(
    r"\b(?:again\s+and\s+again|over\s+and\s+over|repeatedly|keeps?\s+(?:on\s+)?\w+ing|"
    r"continuously|nonstop|non-stop|several\s+times|many\s+times|all\s+the\s+time|up\s+and\s+down|"
    r"back\s+and\s+forth|in\s+a\s+row|one\s+after\s+another|(\w+)\s+(?:after|upon)\s+\1)\b",
    re.IGNORECASE,
)
_TIMES: Final = re.compile(r"\b(\w+)\s+(?:of\s+)?times?\b", re.IGNORECASE)

_STEPS: Final = re.compile(
    r"\b(\w+)\s+(?:(?:small|big|large|quick|slow|short|long|careful)\s+)?(?:steps|paces)\b"
)

_WITHOUT: Final = re.compile(
    r"\b(?:without|not|never|no)\s+(?:\w+ing\s+)?(?:(?:the|his|her|their|any)\s+)*"
    r"(arms?|hands?|legs?|feet|head|body|torso)\b",
    re.IGNORECASE,
)
_WITHOUT_DOING: Final = re.compile(r"\bwithout\s+(?:ever\s+|once\s+)?\w+ing\b")
_PARTS_OF: Final = {"arm": "arms", "hand": "arms", "leg": "legs", "foot": "legs", "head": "torso",
                    "body": "torso", "torso": "torso"}  # fmt: skip

_LIMBS: Final = frozenset({"hand", "arm", "fist", "leg", "foot", "knee"})

_BOTH: Final = re.compile(r"\b(?:both|two)\s+(?:hands?|arms?|fists?|palms?)\b", re.IGNORECASE)

_BACKWARD: Final = frozenset({"backward", "revers"})
_FAST: Final = frozenset({"fast", "quickly", "rapidly", "hurriedly", "swiftly", "briskly"})
_SLOW: Final = frozenset({"slow", "slowly", "leisurely", "gently", "sluggishly"})


def read_clause(clause: str, kinds: KindList) -> list[Action]:
    """Return the action of a clause, and those that go on at once with it: "walks with a box"."""
    words = tokens_of(clause)
    found = [match for match in kinds.find(clause) if not _is_denied(match, clause)]
    if not found:
        return [_described(Action(predicate(clause), None, who=_who_before(clause)), clause)]
    main = _main_match(found, words)
    main = _posed(main, found)
    if main.kind.name in ("punch", "jab") and _MANY_PUNCHES.search(clause):
        main = replace(main, kind=kinds.kinds["box"])
    action = Action(_text_from(words, main), main.kind, who=_who_of(words, main))
    beside = [
        Action(" ".join(words[_first_of(match, words) : match.last]), match.kind, Link.AT_ONCE)
        for match in found
        if _is_beside(match, main)
    ][:1]
    if not beside:
        return [_described(action, clause)]
    # Each side, count and pace belongs to the words nearest to it.
    cut = found_at(words, beside[0].text)
    own = " ".join(words[:cut]) if cut > main.first else clause
    rest = " ".join(words[cut:]) if cut > main.first else clause
    return [_described(action, own), _described(beside[0], rest)]


def _first_of(match: Match, words: Sequence[str]) -> int:
    """Return the number of a phrase's first word, its side before it: "right hand on the hip"."""
    return match.first - (match.first > 0 and words[match.first - 1] in ("left", "right", "both"))


def _is_denied(match: Match, clause: str) -> bool:
    """Say whether a phrase is what is not to be done: "walks without moving the arms"."""
    for denied in (_WITHOUT.search(clause), _WITHOUT_DOING.search(clause)):
        if denied is not None:
            first, last = (len(tokens_of(clause[:end])) for end in denied.span())
            if first <= match.first < last:
                return True
    return False


def found_at(words: Sequence[str], text: str) -> int:
    """Return the number of the word with which a text begins in `words`."""
    wanted = text.split()
    for first in range(len(words)):
        if list(words[first : first + len(wanted)]) == wanted:
            return first
    return len(words)


_MANY_PUNCHES: Final = re.compile(
    r"\b(?:throw|deliver|land|swing)\w*\s+(?:(?:some|quick|hard|a\s+few|his|her|wild)\s+)*"
    r"(?:punches|fists|jabs|hooks)\b"
)
"""Punches without a number."""


def _posed(main: Match, found: Sequence[Match]) -> Match:
    """Return the pose that someone who only stands is said to hold, else the main phrase."""
    if main.kind.name != "stand":
        return main
    poses = [match for match in found if match.kind.flow is Flow.POSE and not match.is_noun]
    return poses[0] if poses else main


def _main_match(found: Sequence[Match], words: Sequence[str]) -> Match:
    """Return the phrase that names what is done.

    The weightiest; of two that weigh about the same the first one in the clause: verbs come
    before places and objects.
    """
    verbs = [match for match in found if not match.is_noun] or list(found)
    # "throws a right hook": the first verb says nothing itself.
    verbs = [
        match for match in verbs if not any(_is_light(match, other, words) for other in verbs)
    ] or verbs
    # "dances with quick steps": how it is done.
    verbs = [match for match in verbs if not _is_manner(match, verbs, words)] or verbs
    first = min(verbs, key=lambda match: match.first)
    best = max(verbs, key=lambda match: match.weight)
    overlaps = best.first < first.last and first.first < best.last
    is_later_pose = (
        best.first >= first.last and best.kind.parts == "arms" and first.kind.parts != "arms"
    )
    if overlaps or (best.weight - first.weight > 1.0 and not is_later_pose):
        return best
    return first


def _is_manner(match: Match, others: Sequence[Match], words: Sequence[str]) -> bool:
    """Say whether steps only tell how something is done that is named before: "with steps"."""
    near = words[max(0, match.first - 2) : match.first]
    with_steps = "with" in near and words[match.last - 1] == "steps"
    return with_steps and any(other.last < match.first for other in others)


def _is_light(verb: Match, other: Match, words: Sequence[str]) -> bool:
    """Say whether a verb only carries a noun behind it that names what is done."""
    return (
        verb.last - verb.first == 1
        and stem(words[verb.first]) in LIGHT
        and 0 < other.first - verb.first <= 3
        and other.kind.parts in ("arms", "legs", "whole")
        and other.kind.name != verb.kind.name
    )


def _is_beside(match: Match, main: Match) -> bool:
    """Say whether a phrase names what the arms do while the legs do something else."""
    apart = match.first >= main.last or match.last <= main.first
    poses = match.kind.flow is not Flow.SINGLE and match.last - match.first > 1
    return (
        apart and poses and match.kind.parts == "arms" and main.kind.parts == "legs"
        and not match.is_noun
    )  # fmt: skip


def _text_from(words: Sequence[str], main: Match) -> str:
    """Return a clause from its verb on, with an adverb that stands before it."""
    first = main.first
    if main.is_noun:
        first = 0
    while first and re.search(r"ly$", words[first - 1]):
        first -= 1
    return " ".join(words[first:])


def _who_of(words: Sequence[str], main: Match) -> str:
    if main.is_noun:
        return ""
    before = []
    for word in words[: main.first]:
        if stem(word) in LIGHT or word in NUMBERS or word.isdigit():
            break
        before += [] if word.endswith("ly") else [word]
    return " ".join(before)


def _described(action: Action, clause: str) -> Action:
    """Return an action with its side, count, pace and what lasts, as its clause says them."""
    words = tokens_of(clause)
    stems = {stem(word) for word in words}
    still = tuple(
        dict.fromkeys(_PARTS_OF[stem(part)] for part in _WITHOUT.findall(clause.lower()))
    )
    moved = re.sub(r"\s+", " ", _WITHOUT.sub("", action.text)).strip(" ,")
    return replace(
        action,
        text=moved or action.text,
        side=side_of(words),
        count=_count_in(clause, words, action.kind),
        is_held=action.is_held or (
            action.flow is not Flow.CYCLIC and bool(_UNTIL_THE_END.search(clause))
        ),
        is_repeated=bool(_AGAIN.search(clause)),
        is_both=bool(_BOTH.search(clause)) or bool({"arms", "hands", "fists"} & set(words)),
        still=still,
        pace="fast" if stems & _FAST else "slow" if stems & _SLOW else "",
        is_backward=bool(stems & _BACKWARD),
    )


def _count_in(clause: str, words: Sequence[str], kind: Kind | None) -> int:
    """Return how often an action is asked for: "twice", "three times", "two jumps"; else 0."""
    if _AGAIN.search(clause):
        return 0
    times = _TIMES.search(clause)
    if times:
        return _number(times.group(1).lower())
    for word in ("once", "twice", "thrice"):
        if word in words:
            return NUMBERS[word]
    steps = _STEPS.search(clause)
    if steps:
        return _number(steps.group(1))
    if kind is None:
        return 0
    return _count_before_noun(words, kind)


def _count_before_noun(words: Sequence[str], kind: Kind) -> int:
    """Return the number before a noun that names an action: "one hop", "two quick jabs"; else 0.

    Plural nouns only count for what the same parts of the body do: not "two knights bow".
    """
    for number, word in enumerate(words):
        count = _number(word)
        if count == 1:
            named = load_kinds().find(" ".join(words[number + 1 :]))
            is_part = stem((*words, "")[number + 1]) in _LIMBS  # "one hand on the hip"
            if not is_part and any(match.kind == kind and match.first == 0 for match in named):
                return 1
        for place, later in enumerate(words[number + 1 : number + 3] if count > 1 else ()):
            named = load_kinds().find(later)[:1]
            is_plural = any(each.endswith("s") for each in words[number + 1 + place : number + 3])
            if is_plural and any(match.kind.parts == kind.parts for match in named):
                return count
    return 0


def _number(word: str) -> int:
    """Return the number that a word or digits name, 0 where it names none."""
    if word.isascii() and word.isdigit():
        return int(word) if int(word) <= MOST_COUNT else 0
    return NUMBERS.get(word, 0)


_NOUNS: Final = re.compile(
    r"^((?:(?:a|an|the|his|her|my|some)\s+)?(?:[a-z]+\s+){1,2})[a-z]{2,}(?:ing|s)\b"
)


def _who_before(clause: str) -> str:
    """Return the words before the first verb of a clause of no known kind."""
    found = _NOUNS.match(clause.lower())
    return found.group(1).strip() if found else ""
