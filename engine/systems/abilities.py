"""The words for what a system can fill, and how a system declares itself.

It knows masks and names, no system, network or file. Blender's process may import this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..motion.edits import UPPER_BODY as UPPER_PARTS
from ..motion.edits import Mask
from ..motion.skeleton import PARTS

if TYPE_CHECKING:
    from ..text_encoder import TextEncoder
    from .contract import Generator

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

CONTINUING: Final = frozenset({TAKE, LONG, EXTEND})
WHOLE_FRAMES: Final = CONTINUING | {LEAD_IN, IN_BETWEEN, LOOP, SPANS, VARY}

Presets = Mapping[str, Any]
"""Named configurations of one training."""


@dataclass(frozen=True, slots=True)
class Training:
    """One `python -m engine train NAME` of a system."""

    module: str
    """With the trainer's `main`, relative to the engine: `.training.whole_body.words`."""

    presets: Callable[[], Presets]
    """Imports the named configurations when it is called: they need torch."""


@dataclass(frozen=True, slots=True)
class System:
    """What a system declares in the `__init__` of its folder; `registry` finds it there."""

    title: str
    """How people call it, within a sentence."""

    serves: frozenset[str]
    """Keys of USES."""

    limits: str
    """What it fills, as a sentence without its subject and full stop."""

    networks: tuple[str, ...]
    """The `.safetensors` of a model's folder without which it cannot run."""

    load: Callable[[Path, str, TextEncoder], Generator]
    """Imports the system when it is called, and loads a model's folder onto a device."""

    trainings: Mapping[str, Training] = field(default_factory=dict)
    """By what the command line calls them; systems may share one."""

    axes: str = ""
    """Module with the ablation's `training_rows`, relative to the engine; empty for none."""

    has_passes: bool = True
    """It decodes in passes over a mask, not step by step."""

    has_candidates: bool = False
    """Its decoding has `candidates`: of so many fills of a prompted take it keeps the likeliest."""


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
