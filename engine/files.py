"""Files that are written whole or not at all, and names that files may have on every system.

Standard library only; Blender's process may import this.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

LONGEST_NAME: Final = 150
"""Bytes of a name in UTF-8; 255 are what file systems take, endings included."""

# Separators, control characters and what Windows forbids in names of files.
# Halves of surrogate pairs cannot be encoded.
_FORBIDDEN: Final = re.compile(r'[/\\<>:"|?*\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]')
# Devices of Windows, whatever follows behind a dot.
_RESERVED: Final = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d¹²³]) *(\..*)?", re.IGNORECASE
)


def is_file_name(name: str) -> bool:
    """Return whether a file may have the name, an ending added, on Windows, macOS and Linux.

    Windows drops spaces and dots at the end, so that another name would be found.
    """
    return not (
        not name
        or name != name.strip()
        or name.endswith(".")
        or _FORBIDDEN.search(name)
        or _RESERVED.fullmatch(name)
        or len(name.encode("utf-8", "replace")) > LONGEST_NAME
    )


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
