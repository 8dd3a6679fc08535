"""A prompt as animators type it: judged by the wider table of checks, with the end it asks for.

It knows no wording and no model.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..checks.in_order import passes_in_order
from ..checks.measures import Body
from ..checks.wider_table import WIDER_CHECKS
from .prompt import Prompt


@dataclass(frozen=True, slots=True)
class AskedPrompt(Prompt):
    """What is asked for in an animator's words, and how the answer is judged."""

    ends: str = ""
    """The state that a take ends in, one of `checks.states.STATES`; empty where any will do."""

    def is_followed_by(self, body: Body) -> bool:
        """Return whether a take does what the prompt says."""
        if self.kind == "sequence":
            return passes_in_order(self.checks, body)
        return all(WIDER_CHECKS[name](body) for name in self.checks)


def asked(text: str, seconds: float, *checks: str, ends: str = "") -> AskedPrompt:
    """Return a prompt for one action."""
    return AskedPrompt(text, seconds, checks, "single", ends)


def at_once(text: str, seconds: float, legs: str, arms: str) -> AskedPrompt:
    """Return a prompt for two actions at once."""
    return AskedPrompt(text, seconds, (legs, arms), "pair")


def in_turn(text: str, seconds: float, *actions: str, ends: str = "") -> AskedPrompt:
    """Return a prompt for two to four actions, one after another."""
    return AskedPrompt(text, seconds, actions, "sequence", ends)
