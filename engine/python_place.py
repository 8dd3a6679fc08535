"""Where the Python that runs the engine lies on this system, and how a user gets one.

Standard library only; Blender's process may import this.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
"""The repository, or the folder of the installed extension."""

OLDEST_TORCH: Final = (2, 5)
"""The oldest torch that is not refused. A cautious choice: the engine was run with 2.13 alone."""

SET_UP, COMPLETE, LIGHT = "set up", "complete", "light"


def package_kind(root: Path = ROOT) -> str:
    """Return whether this is a set-up copy of the repository, or which package is installed."""
    if (root / "pyproject.toml").is_file():
        return SET_UP
    return COMPLETE if (root / "wheels").is_dir() else LIGHT


def is_too_old(version: str) -> bool:
    """Return whether a torch of this version is older than the oldest that is taken."""
    numbers = version.split("+")[0].split(".")[: len(OLDEST_TORCH)]
    try:
        return tuple(int(number) for number in numbers) < OLDEST_TORCH
    except ValueError:  # a version that a developer made
        return False


def venv_python(system: str = sys.platform) -> str:
    """Return the Python of a set-up copy of Keyfill, from that copy's folder.

    Args:
        system: as `sys.platform` names it.
    """
    return r".venv\Scripts\python.exe" if system == "win32" else ".venv/bin/python"


def setup_remedy(package: str = "torch", system: str = sys.platform, root: Path = ROOT) -> str:
    """Return what a user does whose Python cannot run the engine.

    Args:
        package: what the Python has to have.
        system: as `sys.platform` names it; Windows has no make.
        root: the repository, or the folder of the installed extension.
    """
    chosen = f"choose a Python that has {package} in the add-on's preferences"
    kind = package_kind(root)
    if kind == COMPLETE:
        return (
            "Empty the Python in the add-on's preferences, which takes Blender's own; if it is "
            "empty, remove Keyfill and install its zip anew."
        )
    if kind == LIGHT:
        return f"Press Install Engine in the add-on's preferences, or {chosen}."
    if system != "win32":
        return f"Run `make setup` in Keyfill's folder, or {chosen}."
    return (
        f"Set up a copy of Keyfill as its docs/windows.md tells and choose its "
        f"{venv_python(system)}, or {chosen}."
    )
