"""Which tab a sidebar shows, asked so that no Blender ends by it."""

from __future__ import annotations

import re
from typing import Any

NO_TAB = "\x01"
"""No tab is called so."""


def is_open(region: Any, tab: str) -> bool:
    """Say whether a sidebar is open and shows a tab.

    A sidebar with a single tab, as the Dope Sheet has where no action is shown, keeps no active
    one: Blender 4.3 crashes where `active_panel_category` is read then.
    """
    if region.width <= 1:
        return False
    tabs = _tabs(region)
    if len(tabs) < 2:
        return tabs == [tab]
    return bool(region.active_panel_category == tab)


def _tabs(region: Any) -> list[str]:
    """Return the tabs' names, which Blender tells where it is asked for one that is not there."""
    try:
        region.active_panel_category = NO_TAB
    except (AttributeError, TypeError) as error:
        return re.findall(r"'([^']*)'", str(error).partition("not found in")[2])
    return []
