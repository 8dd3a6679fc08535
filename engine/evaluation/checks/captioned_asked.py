"""Which captions say that a clip shows an action of the wider table: regular expressions.

Data only, for measuring the checks on real clips; written from the words of the actions,
without a look at the captions. A test holds the SHA-256, so that later edits are noticed.
"""

from __future__ import annotations

from typing import Final

from .captioned import SHOWN
from .shown import Shown
from .wider_table import EITHER_SIDE

SEVERAL: Final = (
    r"twice|three|two|four|several|repeated|again|series|over and over|keeps|times|both|"
    r"after (another|the other)|\bthen\b|altern|combin|flurry|and (a|the) "
)
"""Captions of clips in which an event may happen more often than once."""

EVENTS: Final[dict[str, str]] = {
    "jumps": "jumps_up", "kicks": "kicks", "squats": "squats", "punches": "punches",
    "bows": "bows", "spins": "spins",
}  # fmt: skip
"""Events that a captioned clip of one check shows once, if its captions tell of no more."""

ASKED: Final[dict[str, Shown]] = {
    "salutes": Shown(r"\bsalut"),
    "tiptoes": Shown(r"tip-?\s?toe", "stand|reach|stretch|on the spot|in place"),
    "drags": Shown(r"\bdrag(s|ging)?\b", "feet|foot|leg"),
    "flips": Shown(r"\b(back|front)?-?flips?\b|somersaults? in the air", "hair|switch"),
    "rolls_on_the_floor": Shown(r"\broll(s|ing)? (over|on the|from|across|sideways|around)"),
    "goes_up_stairs": Shown(r"\bup (the |some |a )?(\w+ )?(stair|steps)", "down"),
    "steps_over": Shown(r"\bsteps? (\w+ )?over\b"),
    "jumps_down": Shown(r"(jump|hop|leap)\w* (down|off)"),
    "runs_to_a_stop": Shown(r"\brun\w*\b.*\b(stop|halt)"),
    "flaps_the_arms": Shown(r"\bflap|like a (bird|chicken)"),
    "lifts_the_knees": Shown(r"\bmarch|high knees|knees (up )?high"),
    "holds_the_head": Shown(
        r"(cover|hold|grab|clutch)\w* (the|his|her|both) (ears|head|face)|"
        r"hands (on|over|behind|to) (the|his|her) (head|ears)"
    ),
    "swings_with_both_hands": Shown(r"\b(golf|baseball|bat\b|axe|sledge)"),
    **{
        name: Shown(
            f"{SHOWN[f'{name}_left'].real}|{SHOWN[f'{name}_right'].real}",
            # What speaks against one side alone speaks of the other side: it is let go.
            "" if "left" in SHOWN[f"{name}_left"].unless else SHOWN[f"{name}_left"].unless,
        )
        for name in EITHER_SIDE
    },
}  # fmt: skip

WIDER_SHOWN: Final[dict[str, Shown]] = {**SHOWN, **ASKED}
"""By name of the check."""


def shown_once(event: str) -> Shown:
    """Return what captions say of a clip in which an event of EVENTS happens once."""
    action = WIDER_SHOWN[EVENTS[event]]
    unless = "|".join(part for part in (action.unless, SEVERAL) if part)
    return Shown(action.real, unless)
