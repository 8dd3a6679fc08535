"""Buttons that make a motion: while one is made, something else stands in their place."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.types import UILayout

from ..core.link.run_status import STATUS


def draw_button(layout: UILayout, name: str, index: int | None = None, **look: Any) -> None:
    """Draw a button that makes a motion, or one that cannot be pressed while a motion is made.

    Blender keeps a button grey on which the mouse rests, also when it could be pressed again:
    the die could be thrown once only. Another operator is another button to it.

    Args:
        layout: where.
        name: the operator, such as keyfill.regenerate.
        index: of the motion in the history, for operators that take one.
        look: as `UILayout.operator` takes it; without `text` the operator's label is shown.
    """
    if STATUS.is_running:
        module, _, own = name.partition(".")
        label = getattr(getattr(bpy.ops, module), own).get_rna_type().name
        layout.operator("keyfill.busy", **{"text": label} | look)
        return
    button = layout.operator(name, **look)
    if index is not None:
        button.index = index
