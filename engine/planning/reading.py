"""Reads a prompt: who does what, in which order, how often, on which side, and what stays.

Returns actions in the order in which they are named. It knows no clip and no length.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

from .actions import Action
from .clauses import read_clause
from .kinds import LIGHT, Flow, KindList, load_kinds
from .wording import Link, has_order, predicate, split_actions
from .words import side_of, stem, tokens_of

IDIOMS: Final = Path(__file__).parent / "lexicon" / "idioms.toml"

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

_ASKED: Final = re.compile(
    r"^(?:please\s+|(?:i|we)\s+(?:want|need|would\s+like)\s+(?:to\s+see\s+)?|"
    r"(?:show|give)\s+me\s+|(?:make|let|have)\s+(?:him|her|them|it)\s+|"
    r"(?:(?:create|generate|animate|make)\s+)?(?:a|an|the)?\s*(?:animation|motion|clip|take)\s+"
    r"(?:of|where|in\s+which)\s+)+"
)
"""Words of whoever asks, before what is asked for."""

_LATER: Final = re.compile(
    r"(?:^|[,;.]\s*|\band\s+)(?:next(?!\s+to\b)|finally|lastly|at\s+last|in\s+the\s+end|eventually|"
    r"afterwards|after\s+which|to\s+finish)\b,?\s*(?=\w)"
)
"""Words at the beginning of a clause that mean "then"."""

_STEADY: Final = re.compile(
    r"\b(?<!\bthe\s)(?<!\ba\s)(?<!\bhis\s)(?<!\bher\s)(?:first|firstly|finally|at\s+first|"
    r"next(?!\s+to\b)|in\s+the\s+end|at\s+last|lastly|afterwards|"
    r"meanwhile|eventually|to\s+begin\s+with|to\s+finish)\b,?\s*",
    re.IGNORECASE,
)
"""Words that order says already."""

_PLAINER: Final = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"\b(hands?|arms?|fists?)\s+(?:stay(?:ing)?|kept|rest(?:ing|ed)|remain(?:ing)?|always|still)"
         r"\s+(?=on|over|above|behind|at|up|out|raised|stretched|folded|crossed|down|high)", r"\1 "),
        (r"\bonce(?:,\s*|\s+)(?:and\s+then|and|then)\s+(?:once\s+)?"
         r"(?:again|(?:for\s+)?a\s+second\s+time|more|another\s+time)\b", "twice"),
        (r"\bwho(?:'s|\s+is|\s+was|\s+ha[sd]\s+been)\s+\w+ing(?:\s+(?:around|about|there|still))?"
         r"\s+(?=\w+s\b)", ""),
    )
)  # fmt: skip
"""What is said in more words than it needs: "hands staying on", "once and then again"."""


@cache
def load_idioms() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return idioms with what they mean, and who does which kind when named alone."""
    table = tomllib.loads(IDIOMS.read_text(encoding="utf-8"))
    return table["idioms"], table["who"]


@cache
def _idiom_pattern() -> re.Pattern[str]:
    spoken = sorted(load_idioms()[0], key=len, reverse=True)
    return re.compile(r"\b(" + "|".join(re.escape(each) for each in spoken) + r")(?!\w)")


def without_idioms(prompt: str) -> str:
    """Return a prompt in which idioms are said plainly."""
    return _idiom_pattern().sub(lambda found: load_idioms()[0][found.group(1)], prompt)


def plainly_said(prompt: str) -> str:
    """Return a prompt without idioms, words of whoever asks, and words that order says already."""
    plain = without_idioms(_ASKED.sub("", prompt))
    for pattern, words in _PLAINER:
        plain = pattern.sub(words, plain)
    plain = _STEADY.sub("", _LATER.sub(", then ", plain))
    return re.sub(r"^[\s,;.]+(?:then\s+)?|[\s,;.]+$", "", plain) or prompt


def read_prompt(prompt: str, kinds: KindList | None = None) -> list[Action]:
    """Return the actions of a prompt (lower case, as `plain_prompt` gives it); at least one."""
    kinds = kinds or load_kinds()
    plain = plainly_said(prompt)
    split = split_actions(plain, _fragments_of(plain, kinds))
    links = [Link.IN_ORDER, *split.links]
    is_ordered = has_order(prompt)
    actions: list[Action] = []
    for clause, link in _with_subject(split.clauses, links, kinds):
        if actions and _HOLDS.match(clause) and _can_last(actions[-1]):
            low = _lowered(actions[-1], clause, kinds)
            actions[-1] = replace(actions[-1], is_held=not low)
            actions += low
            continue
        if actions and _LANDS.match(clause):
            actions += _lowered(actions[-1], clause, kinds)
            continue
        if actions and _ONLY_SIDE.fullmatch(clause):
            actions[-1:] = _on_side(actions[-1], clause, link)
            continue
        if actions and _is_low_gait(actions[-1], clause):
            text = f"{actions[-1].text}, {clause}"
            actions[-1] = replace(actions[-1], text=text, kind=kinds.kinds["sneak"])
            continue
        is_joined = re.search(rf"\b(?:and|while)\s+{re.escape(clause)}", plain) or link is Link.AT_ONCE
        one = _spanned(actions[-1], clause, link, kinds) if actions and is_joined else None
        if one is not None:
            actions[-1] = one
            continue
        read = read_clause(clause, kinds)
        if actions and _rests(actions[-1], read[0]):
            goes_on = actions[-1].flow is Flow.CYCLIC
            actions[-1] = replace(actions[-1], is_held=actions[-1].is_held or not goes_on)
            continue
        if actions and _is_of_noun(actions[-1], clause, link):
            actions[-1] = replace(actions[-1], text=f"{actions[-1].text} and {clause}")
            continue
        if actions and read[0].kind is None and not _has_verb(clause):
            joined = f"{actions[-1].text} {clause}"
            actions[-1] = replace(actions[-1], text=joined)
            continue
        if not actions and not read[0].who and read[0].kind is None:
            read[0] = replace(read[0], who=_who_alone(clause))
        bent = Link.IN_ORDER if is_ordered and link is Link.OPEN else link
        actions += [gone_on(replace(read[0], link=bent)), *map(gone_on, read[1:])]
    actions = [_from_who(action, kinds) for action in _with_stillness(actions)]
    return _without_repeats([_with_both(action, kinds) for action in _gone_back(actions, kinds)])


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


_ONLY_SIDE: Final = re.compile(r"(?:back\s+)?(?:again\s+)?(?:(?:to|with|on)\s+)?(?:(?:the|his|her)\s+)?(?:left|right)")
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
        if _ONLY_SIDE.fullmatch(piece):
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
            action = replace(action, text=text, link=last.link, who=last.who or action.who,
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


def _is_of_noun(before: Action, clause: str, link: Link) -> bool:
    """Say whether a word goes on with a list of nouns: "with quick steps and turns"."""
    return link is Link.OPEN and " " not in clause and bool(_WITH_PLURAL.search(before.text))


_WITH_PLURAL: Final = re.compile(r"\bwith\s+(?:\w+\s+){0,2}\w+s$")


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
    if is_subject and len(first.split()) <= 3 and not _has_verb(first):
        pairs[:2] = [(f"{first} {clauses[1]}", links[0])]
    yield from pairs


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


def _can_last(action: Action) -> bool:
    """Say whether "and stays" makes sense after an action: it has an end that can last."""
    return action.flow is not Flow.CYCLIC or action.kind is None or bool(action.kind.after)


def _has_verb(clause: str) -> bool:
    return any(re.search(r"(?:s|ing)$", word) for word in tokens_of(clause)[:2])


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
