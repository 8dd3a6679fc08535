"""Reads a prompt: who does what, in which order, how often, on which side, and what stays.

Returns actions in the order in which they are named. It knows no clip and no length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from .actions import Action
from .additions import ONLY_SIDE, has_verb, more_of
from .clauses import read_clause
from .kinds import LIGHT, Flow, KindList, load_kinds
from .plain_speech import load_idioms, plainly_said
from .wording import Link, has_order, predicate, split_actions
from .words import stem, tokens_of


def read_prompt(prompt: str, kinds: KindList | None = None) -> list[Action]:
    """Return the actions of a prompt (lower case, as `plain_prompt` gives it); at least one."""
    kinds = kinds or load_kinds()
    plain = plainly_said(prompt)
    split = split_actions(plain, _fragments_of(plain, kinds))
    links = [Link.IN_ORDER, *split.links]
    is_ordered = has_order(prompt)
    actions: list[Action] = []
    for clause, link in _with_subject(split.clauses, links, kinds):
        joint = re.search(rf"\b(?:and|while)\s+{re.escape(clause)}", plain)
        is_joined = joint is not None or link is Link.AT_ONCE
        more = more_of(actions[-1], clause, link, is_joined, kinds) if actions else None
        if more is not None:
            actions[-1:] = more
            continue
        read = read_clause(clause, kinds)
        if not actions and not read[0].who and read[0].kind is None:
            read[0] = replace(read[0], who=_who_alone(clause))
        bent = Link.IN_ORDER if is_ordered and link is Link.OPEN else link
        actions += [gone_on(replace(read[0], link=bent)), *map(gone_on, read[1:])]
    actions = [_from_who(action, kinds) for action in _with_stillness(actions)]
    return _without_repeats([_with_both(action, kinds) for action in _gone_back(actions, kinds)])


_NAMED: Final = re.compile(r"(?:a|an|the|another|one)\s+\w|\w+$")
_LISTED: Final = re.compile(
    r"^(?:\w+\s+)*?(?:(?:do|perform|execut|deliver|throw|practic|land)\w*\s+)?"
    r"(?:a|an|one|two|three|four|five|[0-9]+)\s+(?=\w)",
    re.ASCII,
)
"""What stands before the first noun of a list: "does a kick and a punch"."""


@dataclass(frozen=True, slots=True)
class _Fragments:
    """Says which words without a verb are actions of their own, in one prompt."""

    kinds: KindList
    is_told: bool
    """Whether it tells someone what to do: "walk, turn, run"."""

    is_list: bool
    """Whether it lists nouns: "a kick, a punch and a jump"."""

    def __call__(self, piece: str, link: Link) -> bool:
        if ONLY_SIDE.fullmatch(piece):
            return True
        may_be = link is Link.IN_ORDER or (self.is_told if " " not in piece else self.is_list)
        return may_be and bool(_NAMED.match(piece)) and bool(self.kinds.find(piece))


def _fragments_of(prompt: str, kinds: KindList) -> _Fragments:
    first = re.split(r"[,;.]|\band\b", predicate(prompt))[0].strip()
    verb = first.split(maxsplit=1)[0] if first else ""
    is_told = not verb.endswith(("s", "ing")) and bool(kinds.find(verb))
    listed = _LISTED.match(first)
    if listed is None:
        return _Fragments(kinds, is_told, False)
    before, noun = first[: listed.end()], first[listed.end() :]
    *light, number = tokens_of(before)
    is_verb = noun.endswith("s") and number in ("a", "an", "one")  # "a soldier waves"
    ends = [match.last for match in kinds.find(noun)]
    is_list = not is_verb and len(tokens_of(noun)) in ends
    return _Fragments(kinds, is_told, is_list and all(stem(word) in LIGHT for word in light))


_OF_BOTH: Final = {"raise_hand": "raise_arms", "wave": "wave_both", "point": "arms_ahead",
                    "hand_on_hip": "hands_on_hips"}  # fmt: skip
"""Kinds of one hand, and what they are with both."""

_TURNS: Final = frozenset({"turn", "turn_around", "spin"})
_WAYS_BACK: Final = {"back_off": "walk", "run_back": "run"}
_RUNS: Final = frozenset({"run", "sprint", "jog"})
_BENDS: Final = frozenset({"bend_down", "crouch", "squat", "kneel", "duck"})


def _with_both(action: Action, kinds: KindList) -> Action:
    """Return an action of one hand as one of both, where its words name both."""
    name = action.kind.name if action.kind else ""
    if action.is_both and not action.side and name in _OF_BOTH:
        return replace(action, kind=kinds.kinds[_OF_BOTH[name]])
    return action


def _gone_back(actions: Sequence[Action], kinds: KindList) -> list[Action]:
    """Return actions of which "walks back" after a turn is a walk; "bends and picks up" is one."""
    read: list[Action] = []
    for action in actions:
        name = action.kind.name if action.kind else ""
        before = read[-1].kind.name if read and read[-1].kind else ""
        if name in _WAYS_BACK and before in _TURNS and not action.is_backward:
            text = re.sub(r"\bback\b", "on", action.text)
            action = replace(action, kind=kinds.kinds[_WAYS_BACK[name]], text=text)
        if name == "walk_turn" and before in _RUNS and not read[-1].count:
            last = read.pop()
            text = f"{last.text} and turns {action.side}".strip()
            action = replace(action, text=text, link=last.link, who=last.who,
                             kind=kinds.kinds["run_turn"])  # fmt: skip
        if name in ("pick_up", "put_down") and before in _BENDS and not read[-1].is_held:
            last = read.pop()
            action = replace(action, link=last.link, who=last.who or action.who)
        if read and _is_over_with(read[-1], name):
            read[-1] = replace(read[-1], is_held=read[-1].is_held or action.is_held)
            continue
        read.append(action)
    return read


def _is_over_with(before: Action, name: str) -> bool:
    """Say whether an action ends so by itself: "squats and gets back up", "two steps and stops"."""
    if before.kind is None:
        return False
    if name in ("stand_up", "get_up"):
        return before.kind.name in ("squat", "bow", "bend_down", "pick_up", "put_down")
    return name == "stop" and before.count > 0


def gone_on(action: Action) -> Action:
    """Return an action of the arms as one that goes on, if it is named so: "walks, punching"."""
    is_bent = re.match(r"[a-z]{3,}ing\b", action.text) is not None
    is_short = action.flow is Flow.SINGLE and action.parts == "arms"
    goes_on = is_bent and action.link is Link.AT_ONCE and is_short
    return replace(action, is_repeated=True) if goes_on and not action.count else action


def _with_subject(
    clauses: Sequence[str], links: Sequence[Link], kinds: KindList
) -> Iterator[tuple[str, Link]]:
    """Yield clauses with their links; a first one that only says who stays with the next."""
    pairs = list(zip(clauses, links, strict=True))
    first = clauses[0]
    is_subject = len(pairs) > 1 and links[1] is Link.AT_ONCE and not kinds.find(first)
    if len(pairs) > 1 and links[1] is Link.OPEN and _who_alone(first):
        is_subject = not kinds.find(first) and bool(kinds.find(clauses[1]))
    if is_subject and len(first.split()) <= 3 and not has_verb(first):
        pairs[:2] = [(f"{first} {clauses[1]}", links[0])]
    yield from pairs


def _with_stillness(actions: list[Action]) -> list[Action]:
    """Return actions without clauses that only say what is not to move; others keep that."""
    only = [action for action in actions if _is_only_stillness(action)]
    if not only or len(only) == len(actions):
        return actions
    still = tuple(dict.fromkeys(part for action in only for part in action.still))
    kept = [action for action in actions if not _is_only_stillness(action)]
    return [replace(action, still=action.still or still) for action in kept]


def _is_only_stillness(action: Action) -> bool:
    said = action.who or action.text
    return bool(action.still) and said.startswith(("without", "not", "never", "no "))


def _without_repeats(actions: list[Action]) -> list[Action]:
    """Return actions of which none names again what the one before did: "slips and falls"."""
    kept: list[Action] = []
    for action in actions:
        before = kept[-1] if kept else None
        is_same = before is not None and before.kind is not None and before.kind == action.kind
        if before and is_same and _is_done(before, action) and not action.count:
            kept[-1] = replace(
                before, text=f"{before.text} and {action.text}",
                is_held=before.is_held or action.is_held,
            )  # fmt: skip
        else:
            kept.append(action)
    return kept


def _is_done(before: Action, action: Action) -> bool:
    """Say whether an action of the same kind has nothing left to do."""
    is_one = before.flow is Flow.POSE or action.link is Link.AT_ONCE
    is_one |= before.flow is Flow.CYCLIC and action.link is Link.OPEN and before.pace == action.pace
    return _changes_state(before) or (is_one and before.side == action.side)


def _changes_state(action: Action) -> bool:
    """Say whether an action leaves the body in another state than it needs."""
    return action.kind is not None and action.kind.before != action.kind.after


def _who_alone(clause: str) -> str:
    """Return who is named without a verb: "a boxer", "boxer"."""
    is_named = re.match(r"^(?:a|an|the|some|one|two|his|her)\b|^\w+$", clause)
    return clause if is_named else ""


def _from_who(action: Action, kinds: KindList) -> Action:
    """Return an action whose kind is what someone named so does, where no verb says it."""
    if action.kind is not None:
        return action
    who = load_idioms()[1]
    for word in reversed(tokens_of(action.who)):
        name = who.get(word) or who.get(stem(word))
        if name is not None:
            return replace(action, kind=kinds.kinds[name], text=action.text or word)
    return action
