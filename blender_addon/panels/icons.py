"""The panel's own icons, which `docs/panel_icons.py` draws."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy.utils.previews

FOLDER = Path(__file__).resolve().parent.parent / "icons"

_icons: Any = None


def load() -> None:
    """Read every icon of the folder."""
    global _icons
    _icons = bpy.utils.previews.new()
    for path in sorted(FOLDER.glob("*.png")):
        _icons.load(path.stem, str(path), "IMAGE")


def free() -> None:
    """Forget them; Blender complains of icons that outlive it."""
    global _icons
    if _icons is not None:
        bpy.utils.previews.remove(_icons)
    _icons = None


def number(name: str) -> int:
    """Return what buttons take as `icon_value`; 0 draws none."""
    return int(_icons[name].icon_id) if _icons is not None and name in _icons else 0
