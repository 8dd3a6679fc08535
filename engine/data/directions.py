"""Words of sides and directions in captions, and captions that say the opposite.

English only, as the captions are.
"""

from __future__ import annotations

import re
from typing import Final

_PAIRS: Final = (
    ("left", "right"), ("leftward", "rightward"), ("leftwards", "rightwards"),
    ("forward", "backward"), ("forwards", "backwards"), ("up", "down"), ("upward", "downward"),
    ("upwards", "downwards"), ("raises", "lowers"), ("raising", "lowering"),
    ("clockwise", "counterclockwise"),
)  # fmt: skip
_OPPOSITE: Final = {a: b for a, b in _PAIRS} | {b: a for a, b in _PAIRS}
_WORD: Final = re.compile(
    r"\b(" + "|".join(sorted(_OPPOSITE, key=len, reverse=True)) + r")\b"
)
_STEM: Final = {
    word: ("left" if word.startswith(("left", "right")) else
           "forward" if word.startswith(("forward", "backward")) else
           "clockwise" if "clockwise" in word else "up")
    for word in _OPPOSITE
}  # fmt: skip
_IS_FIRST: Final = {a: True for a, _ in _PAIRS} | {b: False for _, b in _PAIRS}


def directions(caption: str) -> dict[str, frozenset[bool]]:
    """Return for each kind of direction in a caption which of the two it names.

    True is left, forward, up or clockwise; kinds are called by these.
    """
    found: dict[str, set[bool]] = {}
    for match in _WORD.finditer(caption):
        found.setdefault(_STEM[match.group()], set()).add(_IS_FIRST[match.group()])
    return {kind: frozenset(named) for kind, named in found.items()}


def contradict(one: str, other: str) -> bool:
    """Say whether two captions name opposite directions of one kind."""
    mine, theirs = directions(one), directions(other)
    return any(kind in theirs and theirs[kind] != named for kind, named in mine.items())


def opposite(caption: str, kind: str) -> str:
    """Return the caption with the directions of one kind exchanged; itself if it names none.

    Args:
        caption: in lower case.
        kind: left (sides), forward, up or clockwise.
    """
    return _WORD.sub(
        lambda match: _OPPOSITE[match.group()] if _STEM[match.group()] == kind else match.group(),
        caption,
    )
