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

from .kinds import LIGHT, Flow, Kind, KindList, Match, load_kinds
from .wording import Link, has_order, predicate, split_actions
from .words import NUMBERS, side_of, stem, tokens_of

IDIOMS: Final = Path(__file__).parent / "lexicon" / "idioms.toml"

_HOLDS: Final = re.compile(
    r"^(?:(?:and|he|she|they|it)\s+)*(?:then\s+)?(?:just\s+)?(?:stays?|staying|remains?|remaining|"
    r"keeps?\s+(?:lying|sitting|kneeling|still)|holds?\s+(?:it|that|this|still|the\s+(?:pose|"
    r"position))|lies\s+there|lies\s+still|lying\s+still|stays\s+like\s+that|does\s+not\s+move|"
    r"doesn't\s+move|never\s+moves)\b",
    re.IGNORECASE,
)
"""A clause that says that the action before lasts."""

_LANDS: Final = re.compile(r"^(?:(?:and|he|she|they|it)\s+)*lands?(?:ing)?\b(?!\s+(?:a|an|one)\b)")
"""A clause that says what every jump does."""

_UNTIL_THE_END: Final = re.compile(
    r"\b(?:until|till|to)\s+the\s+end\b|\bthroughout\b|\bthe\s+whole\s+time\b|\ball\s+the\s+time\b",
    re.IGNORECASE,
)
_AGAIN: Final = re.compile(
    r"\b(?:again\s+and\s+again|over\s+and\s+over|repeatedly|keeps?\s+(?:on\s+)?\w+ing|"
    r"continuously|nonstop|non-stop|several\s+times|many\s+times|all\s+the\s+time|up\s+and\s+down|"
    r"back\s+and\s+forth|in\s+a\s+row|one\s+after\s+another)\b",
    re.IGNORECASE,
)
_STEADY: Final = re.compile(
    r"\b(?:first|firstly|finally|at\s+first|next|in\s+the\s+end|at\s+last|lastly|afterwards|"
    r"meanwhile|eventually|to\s+begin\s+with|to\s+finish)\b,?\s*",
    re.IGNORECASE,
)
"""Words that order says already."""

_TIMES: Final = re.compile(r"\b(\w+)\s+times?\b", re.IGNORECASE)

_STEPS: Final = re.compile(
    r"\b(\w+)\s+(?:(?:small|big|large|quick|slow|short|long|careful)\s+)?(?:steps|paces)\b"
)

_WITHOUT: Final = re.compile(
    r"\b(?:without|not|never|no)\s+(?:\w+ing\s+)?(?:(?:the|his|her|their|any)\s+)*"
    r"(arms?|hands?|legs?|feet|head|body)\b",
    re.IGNORECASE,
)
_PARTS_OF: Final = {"arm": "arms", "hand": "arms", "leg": "legs", "foot": "legs", "head": "torso",
                    "body": "torso"}  # fmt: skip

_BOTH: Final = re.compile(r"\b(?:both|two)\s+(?:hands?|arms?|fists?|palms?)\b", re.IGNORECASE)

_BACKWARD: Final = frozenset({"backward", "revers"})
_FAST: Final = frozenset({"fast", "quickly", "rapidly", "hurriedly", "swiftly", "briskly"})
_SLOW: Final = frozenset({"slow", "slowly", "leisurely", "gently", "sluggishly"})


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a prompt asks for."""

    text: str
    """What is done, without who does it."""

    kind: Kind | None
    """None where no words of a known kind are in it."""

    link: Link = Link.IN_ORDER
    """How it follows the action before."""

    side: str = ""
    """"left" or "right" of the body or the way; "" where none or both are named."""

    count: int = 0
    """How often; 0 where nothing is said."""

    is_held: bool = False
    """Whether its end lasts."""

    is_repeated: bool = False
    """Whether it goes on and on, even if it is a single action."""

    is_both: bool = False
    """Whether both hands are asked for."""

    still: tuple[str, ...] = ()
    """What is not to move: "arms", "legs" or "torso"."""

    who: str = ""
    """Who does it, as it was said."""

    pace: str = ""
    """"fast", "slow" or ""."""

    is_backward: bool = False

    @property
    def flow(self) -> Flow:
        """Return how it goes on; what is not known goes on."""
        if self.is_repeated or self.kind is None:
            return Flow.CYCLIC
        return self.kind.flow

    @property
    def parts(self) -> str:
        """Return what it needs of the body."""
        return self.kind.parts if self.kind else "whole"


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


def read_prompt(prompt: str, kinds: KindList | None = None) -> list[Action]:
    """Return the actions of a prompt (lower case, as `plain_prompt` gives it); at least one."""
    kinds = kinds or load_kinds()
    plain = _STEADY.sub("", without_idioms(prompt)).strip(" ,;.") or prompt
    split = split_actions(plain)
    links = [Link.IN_ORDER, *split.links]
    is_ordered = has_order(prompt)
    actions: list[Action] = []
    for clause, link in _with_subject(split.clauses, links, kinds):
        if actions and _HOLDS.match(clause) and _can_last(actions[-1]):
            actions[-1] = replace(actions[-1], is_held=True)
            actions += _lowered(actions[-1], clause, kinds)
            continue
        if actions and _LANDS.match(clause):
            actions += _lowered(actions[-1], clause, kinds)
            continue
        read = _read_clause(clause, kinds)
        if actions and read[0].kind is None and not _has_verb(clause):
            joined = f"{actions[-1].text} {clause}"
            actions[-1] = replace(actions[-1], text=joined)
            continue
        if not actions and not read[0].who:
            read[0] = replace(read[0], who=_who_alone(clause))
        bent = Link.IN_ORDER if is_ordered and link is Link.OPEN else link
        actions += [replace(read[0], link=bent), *read[1:]]
    actions = [_from_who(action, kinds) for action in _with_stillness(actions)]
    return _without_repeats([_with_both(action, kinds) for action in _gone_back(actions, kinds)])


_OF_BOTH: Final = {"raise_hand": "raise_arms", "wave": "wave_both", "point": "arms_ahead",
                    "hand_on_hip": "hands_on_hips"}  # fmt: skip
"""Kinds of one hand, and what they are with both."""

_TURNS: Final = frozenset({"turn", "turn_around", "spin"})
_WAYS_BACK: Final = {"back_off": "walk", "run_back": "run"}
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
        if name in ("pick_up", "put_down") and before in _BENDS and not read[-1].is_held:
            last = read.pop()
            action = replace(action, link=last.link, who=last.who or action.who)
        read.append(action)
    return read


def _with_subject(
    clauses: Sequence[str], links: Sequence[Link], kinds: KindList
) -> Iterator[tuple[str, Link]]:
    """Yield clauses with their links; a first one that only says who stays with the next."""
    pairs = list(zip(clauses, links, strict=True))
    first = clauses[0]
    is_subject = len(pairs) > 1 and links[1] is Link.AT_ONCE and not kinds.find(first)
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
    return bool(action.still) and action.who.startswith(("without", "not", "never"))


def _without_repeats(actions: list[Action]) -> list[Action]:
    """Return actions of which none names again what the one before did: "slips and falls"."""
    kept: list[Action] = []
    for action in actions:
        before = kept[-1] if kept else None
        is_same = before is not None and before.kind is not None and before.kind == action.kind
        if before and is_same and before.kind and before.kind.after and not action.count:
            kept[-1] = replace(
                before, text=f"{before.text} and {action.text}",
                is_held=before.is_held or action.is_held,
            )  # fmt: skip
        else:
            kept.append(action)
    return kept


def _can_last(action: Action) -> bool:
    """Say whether "and stays" makes sense after an action: it has an end that can last."""
    return action.flow is not Flow.CYCLIC or action.kind is None or bool(action.kind.after)


def _has_verb(clause: str) -> bool:
    return any(re.search(r"(?:s|ing)$", word) for word in tokens_of(clause)[:2])


def _read_clause(clause: str, kinds: KindList) -> list[Action]:
    """Return the action of a clause, and those that go on at once with it: "walks with a box"."""
    found = kinds.find(clause)
    words = tokens_of(clause)
    if not found:
        return [_described(Action(predicate(clause), None), clause)]
    main = _main_match(found, words)
    main = _posed(main, found)
    if main.kind.name == "punch" and _MANY_PUNCHES.search(clause):
        main = replace(main, kind=kinds.kinds["box"])
    action = Action(_text_from(words, main), main.kind, who=_who_of(words, main))
    beside = [
        Action(" ".join(words[match.first : match.last]), match.kind, Link.AT_ONCE)
        for match in found
        if _is_beside(match, main)
    ][:1]
    if not beside:
        return [_described(action, clause)]
    # Each side, count and pace belongs to the words nearest to it.
    cut = min(beside[0].text and found_at(words, beside[0].text), len(words))
    own = " ".join(words[:cut]) if cut > main.first else clause
    rest = " ".join(words[cut:]) if cut > main.first else clause
    return [_described(action, own), _described(beside[0], rest)]


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
    first = min(verbs, key=lambda match: match.first)
    best = max(verbs, key=lambda match: match.weight)
    overlaps = best.first < first.last and first.first < best.last
    is_later_pose = (
        best.first >= first.last and best.kind.parts == "arms" and first.kind.parts != "arms"
    )
    if overlaps or (best.weight - first.weight > 1.0 and not is_later_pose):
        return best
    return first


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


def _who_alone(clause: str) -> str:
    return clause if re.match(r"^(?:a|an|the|some|one|two|his|her)\b", clause) else ""


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


def _described(action: Action, clause: str) -> Action:
    """Return an action with its side, count, pace and what lasts, as its clause says them."""
    words = tokens_of(clause)
    stems = {stem(word) for word in words}
    still = tuple(
        dict.fromkeys(_PARTS_OF[stem(part)] for part in _WITHOUT.findall(clause.lower()))
    )
    return replace(
        action,
        side=side_of(words),
        count=_count_in(clause, words, action.kind),
        is_held=action.is_held or bool(_UNTIL_THE_END.search(clause)),
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
    for number, word in enumerate(words):
        count = _number(word)
        named = [load_kinds().find(later) for later in words[number + 1 : number + 3]]
        if count > 1 and any(each and each[0].kind.parts == kind.parts for each in named):
            return count
    return 0


def _number(word: str) -> int:
    """Return the number that a word or digits name, 0 where it names none."""
    return int(word) if word.isdigit() and int(word) < 100 else NUMBERS.get(word, 0)
