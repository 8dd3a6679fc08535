"""A prompt for a gesture: judged by the table of checks that knows gestures.

It knows no wording and no model.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..checks.measures import Body
from ..checks.rare_table import RARE_CHECKS
from .asked import AskedPrompt


@dataclass(frozen=True, slots=True)
class GesturePrompt(AskedPrompt):
    """A gesture in an animator's words, alone or while the legs walk or sit."""

    def is_followed_by(self, body: Body) -> bool:
        """Return whether a take does what the prompt says."""
        return all(RARE_CHECKS[name](body) for name in self.checks)


def gesture(text: str, seconds: float, *checks: str, ends: str = "") -> GesturePrompt:
    """Return a prompt for one gesture."""
    return GesturePrompt(text, seconds, checks, "single", ends)


def while_going(
    text: str, seconds: float, legs: str, arms: str, ends: str = ""
) -> GesturePrompt:
    """Return a prompt for a gesture of arms and head, and what the legs do meanwhile."""
    return GesturePrompt(text, seconds, (legs, arms), "pair", ends)
