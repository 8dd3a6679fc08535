"""How captions tell that a clip shows an action, for the lists in the `captioned` files.

It knows no action.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shown:
    """How captions tell that a clip shows an action."""

    real: str
    """A clip with a caption that matches shows it."""

    unless: str = ""
    """Unless another of its captions matches this, for it is another action or a mixture."""

    def mirrored(self) -> Shown:
        """Return the same action of the other side: left and right exchanged."""
        return Shown(_exchange_sides(self.real), _exchange_sides(self.unless))


def both_sides(name: str, left: Shown) -> dict[str, Shown]:
    """Return the entries `name`_left and `name`_right from what captions say of the left."""
    return {f"{name}_left": left, f"{name}_right": left.mirrored()}


def _exchange_sides(pattern: str) -> str:
    return re.sub("left|right", lambda word: "right" if word[0] == "left" else "left", pattern)
