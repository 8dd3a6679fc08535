"""One prompt with its checks, and a set of them. It knows no wording and no model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ..checks.measures import Body
from ..checks.sequence import passes_in_order
from ..checks.table import passes

Kind = Literal["single", "pair", "sequence"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is asked for, and how the answer is judged."""

    text: str
    """The prompt."""

    seconds: float
    """Length of the take."""

    checks: tuple[str, ...]
    """Names in `checks.table.CHECKS`, all of which have to pass. Of a single action the first
    names the action in `checks.captioned.SHOWN`, others narrow it; of a pair the first is the
    legs' action and the second the arms'; of a sequence they are the actions in order."""

    kind: Kind = "single"
    """A pair is two actions at once, of legs and of arms, as no training clip is captioned."""

    def is_followed_by(self, body: Body) -> bool:
        """Return whether a take does what the prompt says."""
        if self.kind == "sequence":
            return passes_in_order(self.checks, body)
        return passes(self.checks, body)


def pair(text: str, seconds: float, legs: str, arms: str) -> Prompt:
    """Return a prompt for two actions at once."""
    return Prompt(text, seconds, (legs, arms), "pair")


def sequence(text: str, seconds: float, *actions: str) -> Prompt:
    """Return a prompt for two or three actions, one after another."""
    return Prompt(text, seconds, actions, "sequence")


def checks_told(kind: Kind, checks: Sequence[str]) -> str:
    """Return the names of a prompt's checks for a table."""
    return (", then " if kind == "sequence" else " + ").join(checks)


@dataclass(frozen=True, slots=True)
class PromptSet:
    """Prompts that are scored together."""

    name: str
    singles: tuple[Prompt, ...]
    pairs: tuple[Prompt, ...]
    sequences: tuple[Prompt, ...] = ()

    def __iter__(self) -> Iterator[Prompt]:
        """Yield every prompt."""
        yield from (*self.singles, *self.pairs, *self.sequences)

    @property
    def groups(self) -> dict[str, tuple[Prompt, ...]]:
        """Return the prompts by the kind that each total is for, without empty kinds."""
        kinds = {"singles": self.singles, "pairs": self.pairs, "sequences": self.sequences}
        return {name: prompts for name, prompts in kinds.items() if prompts}
