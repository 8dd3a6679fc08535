"""Finished steps of a long evaluation as JSON files, so that it goes on where it was stopped.

A folder a row, named by a hash of all that the row's figures depend on. It knows no figure.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ...files import write_text

FORMAT: Final = 1
"""Raised when what steps hold, or how they are measured, changes."""


@dataclass(frozen=True, slots=True)
class StepCache:
    """The finished steps of one row."""

    folder: Path

    again: tuple[str, ...] = ()
    """Steps whose names begin so are done anew."""

    def step(self, name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Return a finished step, or do it and keep it."""
        path = self.folder / f"{name}.json"
        if path.is_file() and not name.startswith(self.again):
            try:
                found = json.loads(path.read_text(encoding="utf-8"))
            except ValueError:  # damaged: done anew
                found = None
            if isinstance(found, dict):
                return found
        made = make()
        text = json.dumps(made, allow_nan=False)
        write_text(path, text)
        # What is used is what a later run would read.
        read: dict[str, Any] = json.loads(text)
        return read


def open_cache(
    folder: Path, row: str, depends_on: dict[str, Any], again: tuple[str, ...] = ()
) -> StepCache:
    """Return the cache of a row.

    Args:
        folder: of all rows.
        row: its name.
        depends_on: what JSON can hold; another value is another cache.
        again: names of steps to do anew.
    """
    text = json.dumps({"format": FORMAT, **depends_on}, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    safe = "".join(letter if letter.isalnum() or letter in "-." else "_" for letter in row)
    return StepCache(folder / f"{safe}-{digest}", again)


def digest_folder(folder: Path) -> str:
    """Return a hash of the model in a folder: its manifest and its description."""
    found = hashlib.sha256()
    for name in ("manifest.json", "system.json"):
        path = folder / name
        found.update(path.read_bytes() if path.is_file() else b"\0")
    return found.hexdigest()
