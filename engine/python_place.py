"""Where the Python that runs the engine lies on this system, and how a user gets one.

Standard library only; Blender's process may import this.
"""

from __future__ import annotations

import sys


def venv_python(system: str = sys.platform) -> str:
    """Return the Python of a set-up copy of Keyfill, from that copy's folder.

    Args:
        system: as `sys.platform` names it.
    """
    return r".venv\Scripts\python.exe" if system == "win32" else ".venv/bin/python"


def setup_remedy(package: str = "torch", system: str = sys.platform) -> str:
    """Return what a user does whose Python cannot run the engine.

    Args:
        package: what the Python has to have.
        system: as `sys.platform` names it; Windows has no make.
    """
    chosen = f"choose a Python that has {package} in the add-on's preferences"
    if system != "win32":
        return f"Run `make setup` in Keyfill's folder, or {chosen}."
    return (
        f"Set up a copy of Keyfill as its docs/windows.md tells and choose its "
        f"{venv_python(system)}, or {chosen}."
    )
