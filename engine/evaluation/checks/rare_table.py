"""Every check by name, those of the rare gestures included.

`wider_table` holds the checks that earlier sets are judged by and stays as it is. It knows no
prompt. A test notices later edits.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from . import at_the_head, gazing, handwork, signalling
from .table import Check
from .wider_table import WIDER_CHECKS

GESTURE_CHECKS: Final[dict[str, Check]] = {
    **{
        check.__name__: check
        for check in (
            at_the_head.holds_a_phone,
            at_the_head.thinks,
            at_the_head.covers_the_mouth,
            at_the_head.covers_the_eyes,
            at_the_head.covers_the_ears,
            at_the_head.facepalms,
            at_the_head.yawns,
            at_the_head.sneezes,
            at_the_head.coughs,
            at_the_head.scratches_the_head,
            at_the_head.rubs_the_neck,
            at_the_head.has_hands_behind_the_head,
            at_the_head.blows_a_kiss,
            at_the_head.eats,
            at_the_head.takes_a_photo,
            gazing.nods,
            gazing.shakes_the_head,
            gazing.looks_up,
            gazing.looks_down,
            gazing.looks_around,
            signalling.shrugs,
            signalling.checks_a_watch,
            signalling.prays,
            signalling.beckons,
            signalling.gives_a_thumbs_up,
            signalling.signals_stop,
            signalling.has_hands_behind_the_back,
            signalling.puts_the_hands_up,
            signalling.cheers,
            signalling.hugs,
            signalling.gives_a_high_five,
            signalling.hands_over,
            signalling.aims,
            signalling.draws_a_bow,
            handwork.texts,
            handwork.reads,
            handwork.writes,
            handwork.types,
            handwork.plays_the_piano,
            handwork.knocks,
            handwork.opens_a_door,
            handwork.pushes_along,
            handwork.pulls_along,
            handwork.digs,
            handwork.saws,
            handwork.hammers,
            handwork.wipes_a_surface,
            handwork.stirs,
            handwork.steers,
            handwork.rows,
            handwork.plays_the_violin,
            handwork.plays_the_guitar,
            handwork.conducts,
        )
    },
    **{
        f"looks_over_the_shoulder_{side}": partial(
            lambda side, body: gazing.looks_over_the_shoulder(body, side), side
        )
        for side in ("left", "right")
    },
}
"""They ask for a `figure.Figure`: a body whose head has a direction."""

RARE_CHECKS: Final[dict[str, Check]] = {**WIDER_CHECKS, **GESTURE_CHECKS}
"""Sided ones end in `_left` or `_right` of the character."""
