"""Clauses that are no action of their own: they say more of the one before.

"and stays", "and lands in a crouch", "then right", "keeping low", "and turns".
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from .actions import Action
from .clauses import read_clause
from .kinds import Flow, KindList
from .wording import Link
from .words import side_of, stem, tokens_of

_HOLDS: Final = re.compile(
    r"^(?:(?:and|he|she|they|it)\s+)*(?:then\s+)?(?:just\s+)?(?:stays?|staying|remains?|remaining|"
    r"keeps?\s+(?:lying|sitting|kneeling|still|(?:it|them|that)\b)|holds?\s+(?:it|that|this|still|the\s+(?:pose|"
    r"position))|lies\s+there|lies\s+still|lying\s+still|stays\s+like\s+that|"
    r"(?:does\s+not|doesn't|do\s+not|don't|never|won't|will\s+not|cannot|can't|without|not)\s+"
    r"(?:get(?:s|ting)?\s+(?:back\s+)?up|mov(?:e|es|ing)|ris(?:e|es|ing)|stand(?:s|ing)?\s+up|"
    r"com(?:e|es|ing)\s+(?:back\s+)?up|wak(?:e|es|ing)|stir(?:s|ring)?))\b",
    re.IGNORECASE,
)
"""A clause that says that the action before lasts."""

_LANDS: Final = re.compile(r"^(?:(?:and|he|she|they|it)\s+)*lands?(?:ing)?\b(?!\s+(?:a|an|one)\b)")
"""A clause that says what every jump does."""


def more_of(
    before: Action, clause: str, link: Link, is_joined: bool, kinds: KindList
) -> list[Action] | None:
    """Return what an action is with a clause that says more of it; None of one of its own.

    Args:
        before: the action before the clause.
        clause: without its conjunction.
        link: how it follows.
        is_joined: whether "and" or "while" stands before it, no comma.
        kinds: all kinds of action.
    """
    if _HOLDS.match(clause) and _can_last(before):
        low = _lowered(before, clause, kinds)
        return [replace(before, is_held=not low), *low]
    if _LANDS.match(clause):
        return [before, *_lowered(before, clause, kinds)]
    if ONLY_SIDE.fullmatch(clause):
        return _on_side(before, clause, link)
    if _is_low_gait(before, clause):
        sneak = kinds.kinds["sneak"]
        return [replace(before, text=f"{before.text}, {clause}", kind=sneak)]
    one = _spanned(before, clause, link, kinds) if is_joined else None
    if one is not None:
        return [one]
    action = read_clause(clause, kinds)[0]
    if _rests(before, action):
        return [replace(before, is_held=before.is_held or before.flow is not Flow.CYCLIC)]
    if _is_of_noun(before, clause, link):
        return [replace(before, text=f"{before.text} and {clause}")]
    if action.kind is None and not has_verb(clause):
        return [replace(before, text=f"{before.text} {clause}")]
    return None


_GAITS: Final = frozenset({"walk", "sneak", "march", "stride", "shuffle"})
_LOW_GAIT: Final = re.compile(
    r"(?:(?:keep|stay|crouch|bend|hunch)\w*\s+(?:low|down|over)|(?:on\s+|with\s+)?(?:his\s+|her\s+)?"
    r"(?:bent\s+knees|knees\s+bent)|bent\s+(?:low|over)|crouched|hunched)"
)
"""A clause that says how someone goes: "knees bent, keeping low"."""


def _is_low_gait(before: Action, clause: str) -> bool:
    is_gait = before.kind is not None and before.kind.name in _GAITS
    return is_gait and _LOW_GAIT.fullmatch(clause) is not None


_PLAIN: Final = frozenset({"turn", "spin", "twist", "jump", "hop", "run", "kick", "running_leap"})
"""Kinds of a second clause that may be half of one action with the first."""


def _spanned(before: Action, clause: str, link: Link, kinds: KindList) -> Action | None:
    """Return two clauses as the one action that a phrase over both names: "jumps and turns"."""
    if link is Link.IN_ORDER or before.count:
        return None
    own = read_clause(clause, kinds)[0]
    if own.kind is None or own.kind.name not in _PLAIN or own.count:
        return None
    text = f"{before.text} {'and' if link is Link.OPEN else 'while'} {clause}"
    at = len(tokens_of(before.text))
    # "punches and runs away" is no "punch away": the second verb must be in the phrase.
    without = re.sub(r"\w+", "-", clause, count=1)
    other = _over(kinds, f"{before.text} and {without}", at)
    over = [name for name in _over(kinds, text, at) if name not in other]
    if not over:
        return None
    return replace(before, text=text, kind=kinds.kinds[over[0]], side=own.side or before.side)


def _over(kinds: KindList, text: str, at: int) -> list[str]:
    """Return the kinds of phrases that stand on both sides of a word."""
    return [match.kind.name for match in kinds.find(text) if match.first < at < match.last - 1]


_RESTS_IN: Final = frozenset({"seated", "lying", "kneeling", "crouched", "on all fours"})


def _rests(before: Action, action: Action) -> bool:
    """Say whether an action only waits in the state that the one before leads to: "sits, waits"."""
    if action.kind is None or action.kind.name != "stand" or before.kind is None:
        return False
    is_upright = stem("stand") in {stem(word) for word in tokens_of(action.text)}
    return before.kind.after in _RESTS_IN and not is_upright


ONLY_SIDE: Final = re.compile(
    r"(?:back\s+)?(?:again\s+)?(?:(?:to|with|on)\s+)?(?:(?:the|his|her)\s+)?(?:left|right)"
)
"""What repeats the action before on another side: "kicks left, then right"."""
_ENDS_ON_SIDE: Final = re.compile(
    r"\b(?:left|right)(?:\s+(?:hand|arm|fist|foot|leg|knee|side|shoulder))?$"
)


def _on_side(action: Action, clause: str, link: Link) -> list[Action]:
    """Return an action and the same on another side: "kicks left, then right".

    One action where no side ends its words ("reaches back and to the right"), or where it just
    goes on ("sways left and right").
    """
    side = side_of(tokens_of(clause))
    goes_on = link is not Link.IN_ORDER and action.flow is not Flow.SINGLE
    if goes_on or not _ENDS_ON_SIDE.search(action.text):
        only = side if action.side in ("", side) else ""
        return [replace(action, text=f"{action.text} {clause}", side=only)]
    text = re.sub(r"\b(?:left|right)\b", side, action.text)
    return [action, replace(action, text=text, side=side, link=Link.IN_ORDER)]


_LOW: Final = re.compile(r"\b(?:down|low|crouch\w*|squat\w*)\b")
_ON_KNEE: Final = re.compile(r"\bknees?\b")


def _lowered(action: Action, clause: str, kinds: KindList) -> list[Action]:
    """Return the low pose in which an action on the feet is said to end, if there is one."""
    after = action.kind.after if action.kind else "standing"
    if after not in ("", "standing"):
        return []
    if _ON_KNEE.search(clause):
        return [Action("kneels", kinds.kinds["kneel"], is_held=True)]
    if _LOW.search(clause):
        return [Action("crouches", kinds.kinds["crouch"], is_held=True)]
    return []


def _can_last(action: Action) -> bool:
    """Say whether "and stays" makes sense after an action: it has an end that can last."""
    return action.flow is not Flow.CYCLIC or action.kind is None or bool(action.kind.after)


def _is_of_noun(before: Action, clause: str, link: Link) -> bool:
    """Say whether a word goes on with a list of nouns: "with quick steps and turns"."""
    return link is Link.OPEN and " " not in clause and bool(_WITH_PLURAL.search(before.text))


_WITH_PLURAL: Final = re.compile(r"\bwith\s+(?:\w+\s+){0,2}\w+s$")


def has_verb(clause: str) -> bool:
    """Say whether one of the first two words may be a verb."""
    first = [word for word in tokens_of(clause)[:2] if word not in ("lefts", "rights")]
    return any(re.search(r"(?:s|ing)$", word) for word in first)
