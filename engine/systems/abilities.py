"""What each system can fill, said once: its `can_fill` and Blender's buttons both ask here.

It knows masks and names, no network and no file. Blender's process may import this.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..motion.edits import UPPER_BODY as UPPER_PARTS
from ..motion.skeleton import PARTS

Mask = NDArray[np.bool_]
"""(T, P) frames x body parts, True where to fill."""

TAKE: Final = "take"
LONG: Final = "long"
EXTEND: Final = "extend"
LEAD_IN: Final = "lead in"
IN_BETWEEN: Final = "in-between"
LOOP: Final = "loop"
SPANS: Final = "spans"
VARY: Final = "vary"
UPPER_BODY: Final = "upper body"
PARTS_APART: Final = "body parts"

USES: Final[Mapping[str, str]] = {
    TAKE: "new takes",
    LONG: "long takes",
    EXTEND: "extend",
    LEAD_IN: "lead in",
    IN_BETWEEN: "in-between",
    LOOP: "loop",
    SPANS: "regenerate frames",
    VARY: "vary",
    UPPER_BODY: "upper body",
    PARTS_APART: "any body parts",
}
"""Everything that may be asked of a model, and what a list calls it."""

_CONTINUING: Final = frozenset({TAKE, LONG, EXTEND})
_WHOLE_FRAMES: Final = _CONTINUING | {LEAD_IN, IN_BETWEEN, LOOP, SPANS, VARY}


@dataclass(frozen=True, slots=True)
class Abilities:
    """What one system serves."""

    title: str
    """How people call it, within a sentence."""

    serves: frozenset[str]
    """Keys of USES."""

    limits: str
    """What it fills, as a sentence without its subject and full stop."""


SYSTEMS: Final[Mapping[str, Abilities]] = {
    "grid": Abilities("the grid model", frozenset(USES), "fills any frames of any body parts"),
    "momask": Abilities("MoMask", _WHOLE_FRAMES, "fills whole frames, not single body parts"),
    "mmm": Abilities(
        "MMM",
        _WHOLE_FRAMES | {UPPER_BODY},
        "fills whole frames or the whole upper body, not other body parts",
    ),
    "hifigpt": Abilities(
        "T2M-HiFiGPT",
        _CONTINUING,
        "writes from left to right: new takes, and what comes behind the last key",
    ),
}
"""By the name that a model's `system.json` gives its system."""


def use_of_mask(mask: Mask) -> str:
    """Return the least that a system must serve to fill a mask (T, P)."""
    frames = mask.any(1)
    if (mask.all(1) == frames).all():
        if frames.all():
            return TAKE
        is_end = not (frames[:-1] & ~frames[1:]).any()
        return EXTEND if is_end else SPANS
    upper = mask[:, [PARTS.index(part) for part in UPPER_PARTS]]
    is_upper = (upper.all(1) == frames).all() and not mask[:, PARTS.index("LOWER_BODY")].any()
    return UPPER_BODY if is_upper else PARTS_APART


def use_of_parts(parts: Iterable[str]) -> str:
    """Return the least that a system must serve to fill frames of these body parts."""
    chosen = set(parts)
    if chosen == set(PARTS):
        return SPANS
    return UPPER_BODY if chosen == set(UPPER_PARTS) else PARTS_APART


def reason_against(system: str, mask: Mask) -> str | None:
    """Return why a system cannot fill a mask (T, P), as a sentence, or None if it can."""
    abilities = SYSTEMS[system]
    if use_of_mask(mask) in abilities.serves:
        return None
    return f"The model {system} {abilities.limits}."


def titles_serving(uses: Iterable[str]) -> str:
    """Return the systems that serve all of some uses, as words: the grid model or MMM."""
    wanted = set(uses)
    titles = [one.title for one in SYSTEMS.values() if wanted <= one.serves]
    return " or ".join([", ".join(titles[:-1]), titles[-1]] if len(titles) > 1 else titles)
