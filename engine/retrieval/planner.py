"""From a prompt to the tracks of a plan, and from tracks to what may be copied for them.

It knows no network but the text encoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ..motion.request_errors import RequestError
from ..motion.skeleton import PARTS
from ..motion.tracks import KNOWN, MOST_TRACKS, Plan, Track
from ..planning.actions import Action
from ..planning.kinds import Flow, load_kinds
from ..planning.reading import gone_on, read_prompt
from ..planning.timing import Timing, groups_of, spread
from ..planning.wording import Link
from ..planning.words import tokens_of
from ..text_encoder import TextEncoder
from .acts import Act
from .clip_index import Choice, ClipIndex, Wanted, caption_of
from .facts import STEP_SECONDS
from .knowing import how_known
from .spelling import Spelling

JOIN_SECONDS: Final = 2 * STEP_SECONDS
"""What goes by between two actions."""

_ARMS: Final = ("LEFT_ARM", "RIGHT_ARM")
_LEGS: Final = ("LOWER_BODY", "TORSO")

_RISES: Final = {
    "seated": ("stands up", "stand_up"), "lying": ("gets up from the floor", "get_up"),
    "on all fours": ("gets up from the floor", "get_up"),
    "kneeling": ("stands up", "get_up"),
}  # fmt: skip
"""What leads from a state back to standing: its words and its kind."""

_FROM_STANDING: Final = frozenset({"standing"})


@dataclass(frozen=True, slots=True)
class _Step:
    """An action of a prompt with what is known about it."""

    wanted: Wanted
    choices: tuple[Choice, ...]
    state: str
    """Of the body before it."""

    after: str
    """State behind it."""

    @property
    def action(self) -> Action:
        return self.wanted.action


class Planner:
    """Plans takes out of a memory of clips."""

    def __init__(self, index: ClipIndex, encoder: TextEncoder) -> None:
        """Take where clips are, and what makes vectors of words."""
        self.index, self._encoder = index, encoder
        self.spelling = Spelling(index.memory.tokens, encoder)

    def plan(self, beats: Sequence[tuple[str, float]]) -> Plan:
        """Return the plan of prompts with their seconds, one after another.

        Args:
            beats: prompts in lower case, as `plain_prompt` gives them; 0 seconds take what the
                actions of a prompt need.

        Raises:
            RequestError: if there are more actions than a plan may have.
        """
        tracks: list[Track] = []
        notes: list[str] = []
        start, state = 0.0, ""
        for prompt, seconds in beats:
            read = self.spelling.mend(prompt)
            actions = read_prompt(read)
            steps = self._look_up(actions, state)
            timing = spread(
                [step.action for step in steps], [_natural(step) for step in steps], seconds
            )
            tracks += self._tracks(steps, timing, start)
            language = self._language_notes(read, steps)
            notes += [*(language or _unknown_notes(tracks[-len(steps) :])), *_time_notes(timing)]
            start, state = start + timing.seconds, steps[-1].after
        if len(tracks) > MOST_TRACKS:
            raise RequestError(
                f"The prompt has {len(tracks)} actions.", f"Name at most {MOST_TRACKS}."
            )
        return Plan(tuple(tracks), start, tuple(dict.fromkeys(notes)))

    def _language_notes(self, prompt: str, steps: Sequence[_Step]) -> list[str]:
        """Return what to say of a prompt that does not look like English."""
        if any(step.action.kind for step in steps) or self.spelling.is_english(prompt):
            return []
        nearest = self.index.nearest_captions(steps[0].wanted, 1)
        return [f'English is read; this was understood as "{nearest[0]}"']

    def acts(self, tracks: Sequence[Track], steps: int) -> list[Act]:
        """Return tracks in steps of a take, each with what may be copied for it."""
        ordered = sorted(tracks, key=lambda track: (track.start, "LOWER_BODY" not in track.parts))
        actions = [_action_of(track) for track in ordered]
        looked_up = self._wanted(actions)
        state, acts = "", list[Act]()
        for track, wanted in zip(ordered, looked_up, strict=True):
            choices = self.index.choices(wanted, state)
            first = min(steps - 1, round(track.start / STEP_SECONDS))
            last = min(steps, max(first + 1, round(track.end / STEP_SECONDS)))
            parts = tuple(PARTS.index(part) for part in track.parts)
            rides = _ridden(acts, first, parts)
            acts.append(Act(wanted.action, first, last, parts, tuple(choices), track.hold, rides))
            if "LOWER_BODY" in track.parts:
                state = track.state or self._state_after(wanted.action, choices, state)
        return acts

    def described(self, tracks: Sequence[Track]) -> tuple[Track, ...]:
        """Return tracks with the captions that they come nearest to, and how known they are."""
        told = []
        wanted = self._wanted([_action_of(track) for track in tracks])
        for track, each in zip(tracks, wanted, strict=True):
            choices = self.index.choices(each)
            nearest = self.index.nearest_captions(each)
            told.append(replace(track, nearest=nearest, known=how_known(self.index, each, choices)))
        return tuple(told)

    def _wanted(self, actions: Sequence[Action]) -> list[Wanted]:
        texts = [caption_of(action) for action in actions]
        texts += [f"{action.who} {action.text}".strip() for action in actions]
        vectors = self._encoder.encode(texts).sentence.cpu()
        own, whole = vectors[: len(actions)], vectors[len(actions) :]
        return [
            Wanted(action, *pair)
            for action, pair in zip(actions, zip(own, whole, strict=True), strict=True)
        ]

    def _look_up(self, actions: Sequence[Action], state: str) -> list[_Step]:
        """Return the actions with their choices; what leads from state to state is put between."""
        steps: list[_Step] = []
        for wanted in self._wanted(actions):
            needed = _needed_state(wanted.action)
            if state in _RISES and needed in _FROM_STANDING:
                text, name = _RISES[state]
                rise = self._wanted([Action(text, load_kinds().kinds[name])])[0]
                steps.append(self._step(rise, state))
                wanted = replace(wanted, action=replace(wanted.action, link=Link.IN_ORDER))
                state = "standing"
            steps.append(self._step(wanted, state))
            state = steps[-1].after
        return steps

    def _step(self, wanted: Wanted, state: str) -> _Step:
        choices = self.index.choices(wanted, state)
        after = self._state_after(wanted.action, choices, state)
        return _Step(wanted, tuple(choices), state, after)

    def _state_after(self, action: Action, choices: Sequence[Choice], state: str) -> str:
        """Return the state in which an action leaves the body."""
        if action.kind is not None and action.kind.after:
            return action.kind.after
        if _is_of_arms(action) and state:
            return state
        if not self.index.is_factual:
            return "standing"
        stretch = choices[0].stretch
        end = self.index.facts(stretch.clip).cut(stretch.first, stretch.last).end_state
        return "standing" if end == "airborne" else end

    def _tracks(self, steps: Sequence[_Step], timing: Timing, start: float) -> list[Track]:
        tracks = []
        for group in groups_of([step.action for step in steps]):
            legs = group[_legs_of([steps[number].action for number in group])]
            arms = [steps[number].action for number in group if number != legs]
            for number in group:
                step, span = steps[number], timing.spans[number]
                tracks.append(
                    Track(
                        _text_of(step.action),
                        _parts_of(step, arms, number == legs),
                        start + span.start,
                        start + span.end,
                        step.action.count,
                        span.is_held,
                        step.after if step.action.kind and step.action.kind.after else "",
                        self.index.nearest_captions(step.wanted),
                        how_known(self.index, step.wanted, step.choices),
                    )
                )
        return tracks


def _needed_state(action: Action) -> str:
    """Return the state that an action has to begin in; "" where any will do."""
    if action.kind is None or _is_of_arms(action):
        return ""
    if action.kind.before:
        return action.kind.before
    return "standing" if "goes" in action.kind.needs or action.kind.parts == "legs" else ""


def _is_of_arms(action: Action) -> bool:
    return action.parts in ("arms", "torso")


def _text_of(action: Action) -> str:
    """Return the words of a track: who does it, too, for clips of the right action."""
    if set(tokens_of(action.text)) <= set(tokens_of(action.who)):
        return action.who
    still = " ".join(f"without moving the {part}" for part in action.still)
    return f"{action.who} {action.text} {still}".strip()


def _legs_of(group: Sequence[Action]) -> int:
    """Return which of two actions at once has the legs: the one of legs, else the first."""
    of_legs = [number for number, action in enumerate(group) if action.parts == "legs"]
    return of_legs[0] if of_legs else int(_is_of_arms(group[0]) and not _is_of_arms(group[-1]))


def _parts_of(step: _Step, arms: Sequence[Action], has_legs: bool) -> tuple[str, ...]:
    """Return the parts of an action's track.

    Args:
        step: the action.
        arms: the action of the arms that happens at once with it, or that is it.
        has_legs: whether it has the legs.
    """
    if arms:
        own = _arms_of(arms[0])
        return tuple(part for part in PARTS if part not in own) if has_legs else own
    if _is_of_arms(step.action) and step.state not in ("", "standing"):
        return _ARMS
    return PARTS


def _arms_of(action: Action) -> tuple[str, ...]:
    """Return the arms of an action: one where a side is named."""
    return (f"{action.side.upper()}_ARM",) if action.side and not action.is_both else _ARMS


def _natural(step: _Step) -> float:
    """Return the seconds that an action naturally takes: the middle one of its best choices."""
    action = step.action
    if not step.choices or action.flow is Flow.CYCLIC and not action.count:
        return 0.0
    lengths = []
    for choice in step.choices[:3]:
        each = choice.stretch.steps
        if action.flow is Flow.POSE:
            each = choice.stretch.peak - choice.stretch.first + 4
        repeats = action.count if action.count > 1 and not choice.stretch.is_counted else 1
        lengths.append(each * repeats)
    return float(np.median(lengths)) * STEP_SECONDS + JOIN_SECONDS


def _unknown_notes(tracks: Sequence[Track]) -> list[str]:
    """Return what to say of actions that the memory hardly knows."""
    return [
        f'"{track.told}" is not known; nearest: "{track.nearest[0]}"'
        for track in tracks if track.known < KNOWN and track.nearest
    ]  # fmt: skip


def _time_notes(timing: Timing) -> list[str]:
    """Return what to say where there is too little time for all actions."""
    if timing.wanted <= timing.seconds + 0.05:
        return []
    return [
        f"{timing.seconds:g} s are too short for all that is asked; "
        f"{np.ceil(2.0 * timing.wanted) / 2.0:g} s would do"
    ]


def _action_of(track: Track) -> Action:
    """Return the action of a track: what its text says, with the track's own count and hold."""
    read = read_prompt(track.text)
    action = replace(read[0], link=Link.IN_ORDER)
    if "LOWER_BODY" not in track.parts:  # "punching", while the legs do something else
        action = replace(gone_on(replace(action, link=Link.AT_ONCE)), link=Link.IN_ORDER)
    if len(read) > 1:
        action = replace(action, text=track.text)
    count = track.count or action.count
    return replace(action, count=count, is_held=track.hold)


def _ridden(acts: Sequence[Act], first: int, parts: Sequence[int]) -> int | None:
    """Return which act's legs arms ride on, if they have none of their own."""
    if 0 in parts:
        return None
    for number, act in enumerate(acts):
        if 0 in act.parts and act.first <= first < act.last:
            return number
    return None
