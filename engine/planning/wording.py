"""Words of prompts: mirrored sides, clauses, and joining two captions into one.

English only, by small rules that fit short descriptions of motion.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

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
    r"people|individual|actor|body|walker|runner|soldier)\s+(?:(?:is|are)\s+)?",
    re.IGNORECASE,
)
_WHO = (
    r"(?=\s+(?:he|she|they|it|someone|somebody|"
    r"(?:a|the)\s+(?:person|man|woman|figure)|[a-z]+ing)\b)"
)
"""What follows a conjunction that may also be a preposition: "as he walks", not "as a ghost"."""
_CLAUSE = re.compile(
    r"\s*[,;.]?\s*\b(?:and\s+then|(?<!\ba\s)(?<!\bin\s)(?<!\bthe\s)while(?!\s+away\b)|then|"
    rf"before{_WHO}|after\s+that|followed\s+by|and|as\s+soon\s+as|as{_WHO})(?!-)\b\s*"
    r"|\s*(?:[,;]|\.(?!\d))\s*",
    re.IGNORECASE,
)
_IDIOM = re.compile(
    r"\b(?:(\w+)\s+and\s+\1|(?:back|to|up|in|on|by|round)\s+and\s+"
    r"(?:forth|fro|off|by|around|down)|now\s+and\s+then|\w+ly\s+and\s+\w+ly|"
    r"(?:rock|drag|hide|bob|duck|twist)(?:s|ing)?\s+and\s+"
    r"(?:roll|drop|seek|weav|div|turn)(?:e|s|es|ing)?)\b",
    re.IGNORECASE,
)
"""Words joined by "and" that name one thing, and one word said twice: no second action."""
_GLUE = "\u01c0"
"""Stands for the spaces within an idiom while a prompt is split; a letter to `re`."""
_NO_VERB_START = re.compile(
    r"^(?:a|an|the|his|her|their|both|in|on|with|to|from|at|left|right|back|up|down|forth|"
    r"forwards?|backwards?|sideways|for|of|into|onto|over|under|around|as|like|very|again)\b",
    re.IGNORECASE,
)
_HELD = re.compile(
    r"(?:(?<!\bstands)(?<!\bstanding)(?<!\bstand)\s+with|,)\s+"
    r"(?=(?:(?:the|a|his|her|their|both|one|left|right)\s+)*(?:hands?|arms?|fists?)\s+"
    r"(?:on|over|above|behind|at|up|out|held|raised|stretched|folded|crossed|down|high)\b)",
    re.IGNORECASE,
)
"""Before what hands are said to hold while something else is done: "hops with hands on hips"."""
_PARTICIPLE = re.compile(
    "".join(
        rf"(?<!\b{word})"
        for word in ("is", "are", "starts", "begins", "keeps", "stops", "does", "in", "a", "the",
                     "by", "of", "then", "while", "as", "if", "like", "though", "without", "for",
                     "not", "an", "his", "her", "their", "its", "my", "your", "our", "some", "this",
                     "with", "no", "from", "at", "and", "goes", "go", "gets", "comes", "on", "off")
    )  # fmt: skip
    + rf"(?<!{_GLUE}roll)"
    + r",?\s+(?=(?!during\b|standing\b|\w*thing\b)[a-z]{3,}ing\b)",
    re.IGNORECASE,
)
"""Before a second action that is named by its participle alone: "skips along waving a hand"."""
_VERB = re.compile(r"^[a-z]{3,}(?:s|ing)$", re.IGNORECASE)
_ORDER = re.compile(
    r"\b(?:(?<!\bnow\sand\s)then|(?<!\bstands\s)(?<!\bstanding\s)(?<!\bsits\s)(?<!\bkneels\s)"
    r"(?<!\bbows\s)before|(?<!\bruns\s)(?<!\brunning\s)(?<!\blooks\s)after|afterwards|"
    r"followed|finally|as\s+soon\s+as)\b",
    re.IGNORECASE,
)
_LEGS = re.compile(
    r"\b(?:walk|run|jog|sprint|march|stroll|sneak|limp|stagger|hop|skip|jump|leap|bounc|danc|"
    r"step|sidestep|strid|pac|tiptoe|creep|crawl|climb|kick|knee|squat|crouch|duck|bend|bow|sit|"
    r"seat|stand|ris|lie|lying|lay|fall|roll|turn|spin|twirl|pirouett|rotat|cartwheel|somersault|"
    r"flip|lung|stomp|stamp|trip|stumbl|slid|skat|swim|backs|backing|mov|go|com|get|hik|trot|gallop|"
    r"rush|dash|hurr|wander|waltz|shuffl|balanc|hover|land|dive|pick)"
    r"(?:[a-z]?ing|s|es|e|ies|ed)?\b"
    r"(?!\s+(?:(?:the|a|an|his|her|their|both|one|left|right)\s+)*"
    r"(?:arms?|hands?|heads?|shoulders?|wrists?|elbows?|fists?|fingers?|neck)\b)",
    re.IGNORECASE,
)
"""Verbs of the legs and of posture, in any of their endings; not "turns the head"."""
AT_ONCE = 5
"""Wordings of `join_at_once`; the last one names the other action first."""
_DOUBLED = re.compile(r"^[^aeiou]*[aeiou][bdgmnprt]$")


def plain_prompt(text: str) -> str:
    """Return a prompt as captions are written, so that its typography never changes a take.

    Lower case, single spaces, plain hyphens and apostrophes, no quotation marks, nothing at
    its end; a dash between phrases is a comma. Commas and points within stay: they part
    actions. Empty where nothing but marks is left.
    """
    # Before compatibility forms, which take an accent alone for a space and a mark.
    text = re.sub(r"[\u2018\u2019\u201b\u2032\u02bc\u0060\u00b4]", "'", text)
    text = unicodedata.normalize("NFKC", text)
    # Soft hyphens, marks of direction and spaces without width.
    text = "".join(char for char in text if unicodedata.category(char) != "Cf").lower()
    text = re.sub(r"[\"\u201c-\u201f\u2033\u00ab\u00bb\u2039\u203a]|(?<!\w)'|'(?!\w)", " ", text)
    text = re.sub(r"\s*(?:\u2014|\u2015|--+)\s*|\s[-\u2010-\u2015\u2212]\s", ", ", text)
    text = re.sub(r"[\u2010-\u2015\u2212]", "-", text)
    text = re.sub(r"\s+([,;.:!?])", r"\1", " ".join(text.split()))
    return text.strip(" ,;.:!?-")


def mirror_words(caption: str) -> str:
    """Return the caption with left and right (and turning senses) exchanged."""
    return _SWAP_PATTERN.sub(lambda match: _SWAPS[match.group(1)], caption)


class Link(Enum):
    """How an action is joined to the one before it."""

    AT_ONCE = "at once"
    """ "while", "as", or a participle."""

    IN_ORDER = "in order"
    """ "then", "before", "followed by", or a new sentence."""

    OPEN = "open"
    """ "and" or a comma: at once where the actions need different parts, else in order."""


@dataclass(frozen=True, slots=True)
class Actions:
    """What a prompt asks for."""

    clauses: tuple[str, ...]
    """One an action, in the order in which they are named; at least one."""

    links: tuple[Link, ...]
    """How each clause but the first is joined to the one before."""


def split_actions(
    prompt: str, is_action: Callable[[str, Link], bool] = lambda piece, link: False
) -> Actions:
    """Return the actions that a prompt names, and how they are joined.

    A fragment without a verb ("and back", "and the left") stays with what stands before it.

    Args:
        prompt: a text.
        is_action: says whether a fragment is an action after all, by its words and its link.
    """
    text = _IDIOM.sub(lambda idiom: re.sub(r"\s+", _GLUE, idiom.group()), prompt.strip())
    clauses: list[str] = []
    links: list[Link] = []
    for held in _HELD.split(text):
        for number, (link, piece) in enumerate(_split_verbs(held)):
            is_verb = len(piece.split()) > 1 or _VERB.match(piece)
            is_fragment = not is_verb or _NO_VERB_START.match(piece)
            if clauses and number and is_fragment and not is_action(piece, link):
                clauses[-1] = f"{clauses[-1]} {piece}".strip()
            elif piece:
                clauses.append(piece)
                links.append(link)
    whole = [clause.replace(_GLUE, " ") for clause in clauses] or [prompt.strip()]
    return Actions(tuple(whole), tuple(links[1:]))


def split_clauses(prompt: str) -> list[str]:
    """Return the actions that a prompt names, in order; at least one."""
    return list(split_actions(prompt).clauses)


def _split_verbs(text: str) -> list[tuple[Link, str]]:
    """Return the pieces between conjunctions, commas and later participles.

    Each with its link to the piece before; the first one counts as held at once with what
    stands before the text.
    """
    subject = _SUBJECT.match(text)
    head = subject.group() if subject else ""
    pieces: list[tuple[Link, str]] = []
    link, at = Link.AT_ONCE, len(head)
    for joint in [*_CLAUSE.finditer(text, at), None]:
        first, *others = _PARTICIPLE.split(text[at : joint.start() if joint else len(text)])
        pieces += [(_bent_link(link, first, pieces), first)]
        pieces += [(Link.AT_ONCE, other) for other in others]
        if joint:
            link, at = _link_of(joint.group()), joint.end()
    pieces[0] = (pieces[0][0], head + pieces[0][1])
    return pieces


def _link_of(joint: str) -> Link:
    """Return what a conjunction or a mark says about time."""
    words = joint.lower()
    if re.search(r"then|before|after|followed|soon|[;.]", words):
        return Link.IN_ORDER
    return Link.AT_ONCE if re.search(r"while|\bas\b", words) else Link.OPEN


def _bent_link(link: Link, piece: str, before: list[tuple[Link, str]]) -> Link:
    """Return a link, at once where a participle follows a verb: "walks, waving"."""
    is_bent = re.match(r"[a-z]{2,}ing\b", piece, re.IGNORECASE) is not None
    follows_verb = bool(before) and not re.match(r"[a-z]+ing\b", before[-1][1], re.IGNORECASE)
    return Link.AT_ONCE if link is Link.OPEN and is_bent and follows_verb else link


def has_order(prompt: str) -> bool:
    """Say whether a prompt's actions come one after another."""
    return _ORDER.search(prompt) is not None


def names_legs(clause: str) -> bool:
    """Say whether an action is one of the legs, or of the posture of the whole body."""
    return _LEGS.search(clause) is not None


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
