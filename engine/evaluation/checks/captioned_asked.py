"""Which captions say that a clip shows an action of the wider table: regular expressions.

Data only, for measuring the checks on real clips; written when the prompts were
frozen. A test holds the SHA-256, so that later edits are noticed.
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
    "jumps": "jumps_up", "kicks": "kicks", "punches": "punches", "bows": "bows", "spins": "spins",
}  # fmt: skip
"""Events that a captioned clip of one check shows once, if its captions tell of no more."""

ASKED: Final[dict[str, Shown]] = {
    "salutes": Shown(r"\bsalutes? (like|as|with|briskly)|military salute"),
    "tiptoes": Shown(r"tip-?\s?toe", "stand|reach|stretch|on the spot|in place"),
    "drags": Shown(r"\bdrags? (a|an|the|some\w+) ", "feet|foot|leg|themsel"),
    "flips": Shown(r"\b(back|front) ?flip"),
    "rolls_on_the_floor": Shown(r"\broll(s|ing)? (over|on the|from|across|sideways|around)"),
    "goes_up_stairs": Shown(r"\bup (the |some |a )?(\w+ )?(stair|steps)", "down"),
    "steps_over": Shown(r"\bsteps? (\w+ )?over\b", "uneven"),
    "jumps_down": Shown(r"\b(jump|hop|leap)s? down\b|\bjumps? off (a|the)", "bar"),
    "runs_to_a_stop": Shown(
        r"\b(runs?|running)\b.*\b(stops?|stopping|halts?)\b",
        "without|continu|again|sprint|pick|scoop|crouch|duck|spot|veer|interrupt|runs? on|reach",
    ),
    "flaps_the_arms": Shown(r"\bflap"),
    "lifts_the_knees": Shown(r"\bmarch|high knees|knees (up )?high"),
    "holds_the_head": Shown(r"hands (on|over) (the|his|her) (head|ears)", "behind"),
    "swings_with_both_hands": Shown(r"swings? a golf|\bbatter\b|(holds?|swings?) a bat\b"),
    "reaches_ahead": Shown(
        SHOWN["holds_arms_ahead"].real,
        "|".join(filter(None, (SHOWN["holds_arms_ahead"].unless, r"\bfl(y|ies|ying)\b|hover"))),
    ),
    "crosses_the_arms": SHOWN["folds_arms"],
    "has_arms_out": SHOWN["spreads_arms"],
    "hops_about": Shown(SHOWN["hops"].real, f"{SHOWN['hops'].unless}|kick"),
    "swings_a_raised_hand": SHOWN["waves"],
    "rises_from_a_seat": SHOWN["stands_up"],
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
