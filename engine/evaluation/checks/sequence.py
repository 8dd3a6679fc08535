"""Do several actions happen one after another? Named checks on disjoint stretches of a body.

It knows no prompt and no action.
"""

from __future__ import annotations

from typing import Final

from .measures import Body
from .table import CHECKS

CUT_SECONDS: Final = 0.25
"""Distance of the places at which a body is cut on trial."""

LEAST_SHARE: Final = 0.15
"""Least share of the body's frames that each action has to itself."""


def passes_in_order(names: tuple[str, ...], body: Body) -> bool:
    """Return whether the named actions happen in this order and not in the reverse one.

    A body that does everything at once passes in either order and so shows no order. One
    action that is cut in two may look like two: the same action twice in a row cannot be
    asked for here.

    Args:
        names: two or more names in `table.CHECKS`, the first action's first.
        body: The motion, whole.
    """
    if not happen_in_order(names, body):
        return False
    reverse = names[::-1]
    return names == reverse or not happen_in_order(reverse, body)


def happen_in_order(names: tuple[str, ...], body: Body) -> bool:
    """Return whether the body can be cut so that each stretch passes its action's check.

    The stretches follow each other without a gap, and each holds LEAST_SHARE of the
    frames or more.
    """
    shortest = max(1, round(LEAST_SHARE * len(body.joints)))
    return _fit(names, body, 0, shortest)


def _fit(names: tuple[str, ...], body: Body, start: int, shortest: int) -> bool:
    end = len(body.joints)
    if len(names) == 1:
        return end - start >= shortest and CHECKS[names[0]](body.cut(start, end))
    last_cut = end - shortest * (len(names) - 1)
    step = max(1, round(CUT_SECONDS * body.fps))
    return any(
        CHECKS[names[0]](body.cut(start, cut)) and _fit(names[1:], body, cut, shortest)
        for cut in range(start + shortest, last_cut + 1, step)
    )
