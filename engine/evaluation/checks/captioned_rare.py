"""Which captions say that a clip shows a rare gesture: regular expressions.

Data only, for measuring the checks on real clips. Gestures that fewer than four clips are
captioned with have none: their checks are measured on motion made by hand. A test holds the
SHA-256, so that later edits are noticed.
"""

from __future__ import annotations

from typing import Final

from .captioned_asked import WIDER_SHOWN
from .shown import Shown

GESTURES_SHOWN: Final[dict[str, Shown]] = {
    "shrugs": Shown(r"\bshrug"),
    "thinks": Shown(r"\bchin\b", r"\bsit|\bleg|rolls the head|seat|danc|jump"),
    "signals_stop": Shown(
        r"in front to signal stop|stop sign with (their|his|her|both) (right |left )?hands? in "
        "front|halts someone in front",
    ),
    "scratches_the_head": Shown(
        r"scratches the (top of the )?(head|temple)", r"scratches the (face|nose|cheek)"
    ),
    "looks_down": Shown(
        r"looks? at the floor|look up, then down|looks? down\b|looking at one arm .* down",
        r"walk|stroll|waiting|lean|bend",
    ),
    "looks_around": Shown(
        r"look(s|ing)? around|look left, then right|looks behind on both sides",
        r"\bpaws?\b|seat|stool|\bsit|scared|fear|fright|bird|pigeon|scratch|hand|low\b",
    ),
}
"""By name of the check."""

RARE_SHOWN: Final[dict[str, Shown]] = {**WIDER_SHOWN, **GESTURES_SHOWN}
"""By name of the check, those of earlier sets included."""
