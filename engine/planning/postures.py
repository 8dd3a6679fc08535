"""What a clause says beside its verb of how the body is: "waves from a chair", "on one leg".

It knows no clip.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from .actions import Action
from .kinds import Flow, KindList
from .wording import Link
from .words import stem, tokens_of

_SEAT: Final = (
    r"(?:(?:a|an|the|his|her|their|its|my)\s+)?(?:\w+\s+)?"
    r"(?:chair|armchair|seat|sofa|couch|bench|stool|throne|wheelchair|rocker)\b"
)

_POSTURES: Final = (
    ("sit", "sits still", re.compile(
        rf"\b(?:in|on)\s+{_SEAT}|\bat\s+(?:a|the|his|her)\s+(?:\w+\s+)?(?:desk|computer|piano)\b|"
        r"\bbehind\s+(?:a|the)\s+(?:\w+\s+)?wheel\b|"
        r"\bwithout\s+(?:getting\s+up|standing\s+up|rising|leaving\s+(?:the|his|her)\s+\w+)|"
        r"\b(?:seated|sitting)\b"
    )),
    ("kneel", "kneels", re.compile(r"\bon\s+(?:(?:his|her|their|both)\s+)?knees\b|\bkneeling\b")),
    ("lie", "lies", re.compile(
        r"\bin\s+(?:(?:his|her|the|a)\s+)?bed\b|\bon\s+(?:his|her|their)\s+(?:back|belly|stomach)\b"
    )),
    ("one_leg", "stands on one leg", re.compile(r"\bon\s+one\s+(?:leg|foot)\b")),
)  # fmt: skip
"""Kinds of posture, how they are said, and what says them beside a verb."""

_FROM_SEAT: Final = re.compile(rf"\bfrom\s+{_SEAT}")
"""Only of what is not taken from there: "claps from the bench", not "takes it from the bench"."""

_IDLE: Final = frozenset(
    stem(word) for word in (
        "sulk", "wait", "rest", "relax", "lounge", "chill", "mope", "slouch", "slump", "brood",
        "daydream", "idle", "laze", "recline", "hang",
    )
)  # fmt: skip
"""Verbs that say no more than that somebody is there."""


def in_posture(actions: Sequence[Action], clause: str, kinds: KindList) -> list[Action]:
    """Return what a clause asks for, with the posture that it names beside its verb.

    Args:
        actions: of the clause.
        clause: lower case.
        kinds: all kinds of action.
    """
    first = actions[0]
    is_idle = first.kind is None and bool({stem(w) for w in tokens_of(first.text)} & _IDLE)
    if not is_idle and (first.kind is None or first.kind.parts != "arms"):
        return list(actions)
    found = _posture_of(first, clause)
    if found is None:
        return list(actions)
    name, said, how = found
    if is_idle:
        return [replace(first, kind=kinds.kinds[name]), *actions[1:]]
    posture = Action(said, kinds.kinds[name], first.link, who=_without(how, first.who))
    # What is left of each is read as that alone, when the tracks are read again.
    rest = replace(
        first, text=_without(how, first.text), who=_without(how, first.who), link=Link.AT_ONCE
    )
    return [posture, rest, *actions[1:]]


def _posture_of(action: Action, clause: str) -> tuple[str, str, re.Pattern[str]] | None:
    if action.flow is not Flow.SINGLE and _FROM_SEAT.search(clause):
        return "sit", "sits still", _FROM_SEAT
    return next((found for found in _POSTURES if found[2].search(clause)), None)


def _without(how: re.Pattern[str], text: str) -> str:
    return re.sub(r"\s+", " ", how.sub("", text)).strip(" ,")
