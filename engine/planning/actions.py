"""What a prompt asks for: one action, with how often, on which side, how long. Data only."""

from __future__ import annotations

from dataclasses import dataclass

from .kinds import Flow, Kind
from .wording import Link


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
