"""Do two to four actions happen one after another? By the wider table of checks.

The rule is that of `sequence`, with the same cuts and least shares; each check is tried on
each stretch once. It knows no prompt and no action.
"""

from __future__ import annotations

from .measures import Body
from .sequence import CUT_SECONDS, LEAST_SHARE
from .wider_table import WIDER_CHECKS


def passes_in_order(names: tuple[str, ...], body: Body) -> bool:
    """Return whether the named actions happen in this order and not in the reverse one.

    Args:
        names: two or more names in `wider_table.WIDER_CHECKS`, the first action's first.
        body: The motion, whole.
    """
    trial = _Trial(body)
    if not trial.fits(names, 0):
        return False
    reverse = names[::-1]
    return names == reverse or not trial.fits(reverse, 0)


class _Trial:
    """Cuts one body on trial and remembers the verdicts."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._frames = len(body.joints)
        self._shortest = max(1, round(LEAST_SHARE * self._frames))
        self._step = max(1, round(CUT_SECONDS * body.fps))
        self._verdicts: dict[tuple[str, int, int], bool] = {}

    def fits(self, names: tuple[str, ...], start: int) -> bool:
        """Return whether the body from `start` on can be cut so that each stretch passes."""
        if len(names) == 1:
            is_long_enough = self._frames - start >= self._shortest
            return is_long_enough and self._passes(names[0], start, self._frames)
        last_cut = self._frames - self._shortest * (len(names) - 1)
        return any(
            self._passes(names[0], start, cut) and self.fits(names[1:], cut)
            for cut in range(start + self._shortest, last_cut + 1, self._step)
        )

    def _passes(self, name: str, start: int, end: int) -> bool:
        key = (name, start, end)
        if key not in self._verdicts:
            self._verdicts[key] = WIDER_CHECKS[name](self._body.cut(start, end))
        return self._verdicts[key]
