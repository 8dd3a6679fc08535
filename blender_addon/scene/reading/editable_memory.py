"""Whether an action can be edited, as buttons ask at each redraw: read in a tenth of the time.

A long animation has hundreds of thousands of numbers. That they are sound is remembered for a
moment; who is about to edit asks `edit_target.check_editable`, which remembers nothing.
"""

from __future__ import annotations

import time
from typing import Any

import bpy

from . import edit_target

_SHARE = 10.0
"""A reading is remembered for so many times as long as it took."""

_remembered: tuple[float, Any] | None = None


def check_editable(ob: bpy.types.Object) -> None:
    """Refuse animation that no edit can be written into, as it is or was a moment ago.

    Raises:
        RequestError: with the cure; it is never remembered.
    """
    global _remembered
    edit_target.check_keyed(ob)
    data: Any = ob.animation_data
    about = ob.name, data.action.name, getattr(data, "action_slot_handle", 0)
    started = time.monotonic()
    if _remembered is not None and _remembered[0] > started and _remembered[1] == about:
        return
    edit_target.check_numbers(ob)
    ended = time.monotonic()
    _remembered = ended + _SHARE * (ended - started), about
