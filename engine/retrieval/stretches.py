"""Which stretch of a clip shows an action, and which of its steps fill a length of time.

Clips are cut at the natural windows of what happens in them. It knows facts and what an action
asks for; no caption and no code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ..motion.displacements import runs_of
from ..motion.skeleton import FRAMES_PER_STEP
from ..motion.tracks import STATES
from ..planning.actions import Action
from ..planning.kinds import Flow
from .facts import STEP_SECONDS, Event, Facts
from .facts.conditions import CONDITIONS, PASSES, rate_condition
from .facts.windows import Window, natural_windows, repeats, unrest, window_of

WAYS: Final = ("left", "right", "ahead")
"""What a condition may be of where none is named."""

MOST_STRETCHES: Final = 4
"""Stretches of one clip that are considered."""

LONGEST_ACT: Final = round(5.0 / STEP_SECONDS)
"""Steps of a single action of which no event is known."""

_CALM: Final = 0.35
"""Metres a second of unrest below which a step at an end of a clip is left out."""

_FARTHEST_STATE: Final = 16
"""Steps by which a window may be made longer, so that it reaches a state."""

_FARTHEST_CALM, _A_STEP_AWAY = 8, 0.01
"""Steps in which a state calms down, and metres a second of unrest that a step nearer is worth."""

_SHORTENED: Final = frozenset({"clap", "hand_swing", "strike", "step"})
"""Events whose repeats are alike enough to leave some out."""

_BOUT_GAP: Final = 45
"""Frames between two repeats that belong together."""

_STEPS: Final = re.compile(r"\bsteps?\b")

SIDED: Final = frozenset({"kick", "strike", "throw", "hand_swing"})
"""Events of one side of the body."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Steps of a clip that show an action."""

    clip: int
    first: int
    last: int
    """Half-open."""

    peak: int
    value: float = 1.0
    """How well it meets the action's conditions, 0 to 1."""

    is_counted: bool = True
    """Whether it shows the action as often as it is asked for."""

    is_spare: bool = False
    """Whether it has one repeat more than is asked for, which its seam may swallow."""

    cut: tuple[int, int] | None = None
    """Steps within it, half-open, that are left out: repeats that nobody asked for."""

    @property
    def rows(self) -> list[int]:
        """Its steps."""
        if self.cut is None:
            return list(range(self.first, self.last))
        return [*range(self.first, self.cut[0]), *range(self.cut[1], self.last)]

    @property
    def steps(self) -> int:
        """Its length."""
        return len(self.rows)

    @property
    def seam(self) -> int | None:
        """Number of the step before which others are left out."""
        return self.cut[0] - self.first if self.cut is not None else None


def is_once(action: Action) -> bool:
    """Say whether an action has an end of its own: it happens once, or so many times."""
    if action.is_repeated:
        return False
    return action.count > 0 or action.flow is Flow.SINGLE


def rate(action: Action, facts: Facts) -> float:
    """Return how well facts meet all conditions of an action, 0 to 1; 1 where it has none."""
    if action.kind is None:
        return 1.0
    once = {"claps": "claps_once"} if action.count == 1 else {}
    names = [*(once.get(name, name) for name in action.kind.needs), *_manner(action)]
    return min((rate_sided(name, action.side, facts) for name in names), default=1.0)


def _manner(action: Action) -> Iterator[str]:
    """Yield the conditions that pace, direction and stillness add."""
    assert action.kind is not None
    is_travel = "goes" in action.kind.needs
    if is_travel:
        yield "travels_backward" if action.is_backward else "travels_forward"
    if action.pace and is_travel:
        is_walk = action.pace == "fast" and "walking" in action.kind.needs
        yield "brisk" if is_walk else action.pace
    if "arms" in action.still:
        yield "arms_still"


def rate_sided(name: str, side: str, facts: Facts) -> float:
    """Return how well facts meet a condition of a side; of either where none is named."""
    if "{side}" not in name:
        return rate_condition(name, facts)
    if side:
        return rate_condition(name.format(side=side), facts)
    ways = [way for way in WAYS if name.format(side=way) in CONDITIONS]
    return max(rate_condition(name.format(side=way), facts) for way in ways)


def stretches_of(action: Action, clip: int, facts: Facts) -> list[Stretch]:
    """Return the stretches of a clip that may show an action, the best first."""
    found = []
    for stretch in _stretches(action, clip, facts):
        value = rate(action, facts.cut(stretch.first, stretch.last))
        found.append(replace(stretch, value=value))
    found.sort(key=lambda each: (-round(each.value, 1), not each.is_counted, each.is_spare))
    return found[:MOST_STRETCHES]


def event_of(action: Action) -> str:
    """Return what happens in a clip each time that an action is done; "" where nothing is known."""
    if not is_once(action):
        return ""
    if action.count and _STEPS.search(action.text):
        return "step"
    return action.kind.event if action.kind else ""


def _stretches(action: Action, clip: int, facts: Facts) -> Iterator[Stretch]:
    event = event_of(action)
    if event:
        side = action.side if event in SIDED else ""
        if action.count:
            yield from _counted(clip, facts, event, action.count, side)
        for window in natural_windows(facts, event, side):
            window = _in_states(action, facts, window)
            times = times_in(action, facts.cut(window.start, window.end), event, side)
            # What is repeated to the asked number shows the action once.
            if times == 1 or action.count in (0, times):
                yield _of(clip, window, action.count in (0, times))
        return
    if action.flow is Flow.POSE and not is_once(action):
        yield from (_of(clip, window) for window in _poses(action, facts))
        return
    if action.count and facts.period:
        yield from _of_cycles(clip, facts, action.count)
        return
    active = _active(facts)
    if is_once(action) and active.end - active.start > LONGEST_ACT:
        active = _liveliest(facts, LONGEST_ACT)
    yield _of(clip, _in_states(action, facts, active), action.count <= 1)


def _of(clip: int, window: Window, is_counted: bool = True) -> Stretch:
    return Stretch(clip, window.start, window.end, window.peak, is_counted=is_counted)


def times_in(action: Action, facts: Facts, event: str, side: str) -> int:
    """Return how often an action is done in a window; spins are counted by whole turns."""
    if action.kind is not None and action.kind.name == "spin":
        return max(1, round(abs(facts.turn_degrees) / 360.0))
    return repeats(facts, event, side)


def _of_cycles(clip: int, facts: Facts, count: int) -> Iterator[Stretch]:
    """Yield the first `count` cycles of what repeats itself, with the way into them."""
    for event in facts.events("cycle"):
        end = round((event.start + count * event.amount) / FRAMES_PER_STEP)
        start = max(0, event.start // FRAMES_PER_STEP)
        if end <= facts.steps:
            yield Stretch(clip, start, end, (start + end) // 2)


def _in_states(action: Action, facts: Facts, window: Window) -> Window:
    """Return a window that reaches back and on to the states that an action leads between."""
    if action.kind is None:
        return window
    start, end = window.start, window.end
    if action.kind.before:
        reached = _in_state(facts, range(start, max(-1, start - _FARTHEST_STATE), -1),
                            action.kind.before)  # fmt: skip
        start = start if reached is None else reached
    if action.kind.after and action.flow is Flow.SINGLE:
        far = min(facts.steps, end + _FARTHEST_STATE)
        reached = _in_state(facts, range(end - 1, far), action.kind.after)
        end = end if reached is None else reached + 1
    return Window(start, end, window.peak)


def _in_state(facts: Facts, steps: range, state: str) -> int | None:
    """Return the first of some steps that is in a state, and on calm where one soon is."""
    inside = [step for step in steps if STATES[int(facts.states[step])] == state]
    if not inside:
        return None
    calm = unrest(facts)
    near = [step for step in inside if abs(step - inside[0]) <= _FARTHEST_CALM]
    return min(near, key=lambda step: float(calm[step]) + _A_STEP_AWAY * abs(step - inside[0]))


def _counted(clip: int, facts: Facts, event: str, count: int, side: str) -> Iterator[Stretch]:
    """Yield stretches in which an event happens exactly `count` times.

    Runs of more are shortened: what is between the last repeat that is asked for and the end
    of the last one of all is left out.
    """
    exact = window_of(facts, event, count, side)
    if exact is not None:
        yield _of(clip, exact)
    if event not in _SHORTENED:
        return
    # The hand's way up is a swing of the first wave.
    needed = 2 * count - 1 if event == "hand_swing" else count
    windows = natural_windows(facts, event, side)
    for bout in _bouts(facts.events(event, side)):
        if event == "step" and (len(bout) - needed) % 2:
            # Feet step in turn: an even number of steps is left out.
            bout = bout[:-1]
        if not bout:
            continue
        own = [w for w in windows if bout[0].start // FRAMES_PER_STEP <= w.peak
               <= bout[-1].end // FRAMES_PER_STEP]  # fmt: skip
        if not own:
            continue
        first, last = min(w.start for w in own), max(w.end for w in own)
        # The seam may swallow a repeat: with one more it is right then.
        for more in (0, 2 if event in ("step", "hand_swing") else 1):
            cut = _left_out(bout, event, needed + more)
            if cut is None or not first < cut[0] < cut[1]:
                continue
            if cut[1] < last:
                yield Stretch(clip, first, last, cut[0], is_spare=more > 0, cut=cut)
            else:
                yield Stretch(clip, first, cut[0], cut[0] - 1, is_spare=more > 0)


def _left_out(bout: Sequence[Event], event: str, needed: int) -> tuple[int, int] | None:
    """Return the steps, half-open, without which a bout holds only the repeats that are needed.

    The body is alike in both. None where there is nothing to leave out.
    """
    kept_at_end = 1 if event == "step" else 0
    if event == "hand_swing" and (len(bout) - needed) % 2:
        # The last swing goes the other way: back, too.
        needed += 1
    if len(bout) <= needed or needed <= kept_at_end:
        return None
    kept, following = bout[needed - kept_at_end - 1], bout[needed - kept_at_end]
    leave = min(-(-kept.end // FRAMES_PER_STEP), following.peak // FRAMES_PER_STEP)
    if kept_at_end:
        return leave, bout[-1].start // FRAMES_PER_STEP
    return leave, -(-bout[-1].end // FRAMES_PER_STEP)


def _bouts(events: Sequence[Event]) -> list[list[Event]]:
    """Return events in groups that follow each other closely."""
    bouts: list[list[Event]] = []
    for event in events:
        if bouts and event.start - bouts[-1][-1].end < _BOUT_GAP:
            bouts[-1].append(event)
        else:
            bouts.append([event])
    return bouts


def whole_of(clip: int, facts: Facts) -> Stretch:
    """Return the lively part of a clip in which nothing that was asked for is known to happen."""
    return replace(_of(clip, _active(facts), is_counted=False), value=0.0)


def _active(facts: Facts) -> Window:
    """Return a clip without the rest at its ends."""
    calm = unrest(facts) < _CALM
    lively = np.flatnonzero(~calm)
    if len(lively) < 3:
        return Window(0, facts.steps, facts.steps // 2)
    start, end = max(0, int(lively[0]) - 1), min(facts.steps, int(lively[-1]) + 3)
    return Window(start, end, (start + end) // 2)


def _liveliest(facts: Facts, steps: int) -> Window:
    """Return the `steps` successive steps in which most happens."""
    total = np.concatenate([[0.0], np.cumsum(unrest(facts))])
    start = int((total[steps:] - total[:-steps]).argmax())
    return Window(start, start + steps, start + steps // 2)


def _poses(action: Action, facts: Facts) -> Iterator[Window]:
    """Yield stretches that end in a pose, from where it is taken to where it is left.

    The pose is where the conditions hold around a step; without conditions it is the calmest
    part of the clip's second half.
    """
    flags = np.array([
        rate(action, facts.cut(max(0, step - 1), step + 2)) >= PASSES
        for step in range(facts.steps)
    ])  # fmt: skip
    is_asked = bool(action.kind and action.kind.needs)
    if not is_asked or not flags.any():
        yield Window(0, facts.steps, _calmest(facts, facts.steps // 3, facts.steps))
        return
    for first, last in sorted(runs_of(flags), key=lambda run: run[0] - run[1])[:2]:
        # The pose is taken within about a second before it, and settles in its first steps.
        settled = min(first + 2, last - 1)
        peak = _calmest(facts, settled, last)
        yield Window(max(0, first - 7), min(facts.steps, last + 2), peak)


def _calmest(facts: Facts, first: int, last: int) -> int:
    """Return the step of a stretch that rests most."""
    return first + int(unrest(facts)[first : max(last, first + 1)].argmin())
