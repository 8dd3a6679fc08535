"""How a process is started in Blender's own Python: isolated, with folders as arguments.

It knows neither Blender nor what the process does.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LAUNCHER: Final = Path(__file__).resolve().parents[3] / "engine" / "starting" / "launcher.py"

NEEDED: Final = ("torch", "tokenizers", "safetensors", "typing_extensions")
"""What the engine needs beside NumPy, which Blender has."""

FILLED_NAME: Final = "filled.txt"
"""Notes in the folder of bytecode for which versions it was filled."""


@dataclass(frozen=True, slots=True)
class BlendersPython:
    """Blender's own Python as a program of its own."""

    arguments: tuple[str, ...] = ("-I",)
    """What Blender gives its own helpers (`bpy.app.python_args`)."""

    packages: str = ""
    """Folder that Install Engine fills; packages of extensions are found without it."""

    bytecode: str = ""
    """Folder for bytecode, which may not exist yet; empty for none."""

    def start(self) -> list[str]:
        """Return the command line up to the launcher's arguments."""
        command = [sys.executable, *self.arguments, "-u", "-X", "utf8"]
        # Isolated in any case: else the launcher's folder would be searched for packages.
        command += [] if "-I" in self.arguments else ["-I"]
        command += ["-X", f"pycache_prefix={self.bytecode}"] if self.bytecode else ["-B"]
        command.append(str(LAUNCHER))
        for folder in find_packages(self.packages):
            command += ["--packages", folder]
        return command

    def fill_command(self) -> list[str]:
        """Return the command line that fills the folder of bytecode; empty where it is filled.

        Nothing is to be filled without a folder for it, or without the packages.
        """
        if not self.bytecode or not has_packages(self.packages):
            return []
        file, key = Path(self.bytecode) / FILLED_NAME, self._key()
        if file.is_file() and file.read_text(encoding="utf-8", errors="replace") == key:
            return []
        return [*self.start(), "--fill", str(file), key]

    def _key(self) -> str:
        """Return what the bytecode depends on: Python, the packages and the engine's files."""
        told = [sys.version, str(LAUNCHER.stat().st_mtime_ns), *find_packages(self.packages)]
        for folder in find_packages(self.packages):
            told += sorted(path.name for path in Path(folder).glob("torch-*.dist-info"))
        return hashlib.sha256("\n".join(told).encode("utf-8", "replace")).hexdigest()


def find_packages(installed: str = "") -> list[str]:
    """Return the folders in which Blender's Python finds the engine's packages.

    They are found and not imported. The folder of Install Engine goes first: the user filled
    it for a graphics card.

    Args:
        installed: that folder; empty for none.
    """
    folders = [installed] if installed and Path(installed).is_dir() else []
    for name in NEEDED:
        spec = _find(name)
        if spec is not None and spec not in folders:
            folders.append(spec)
    return folders


def has_packages(installed: str = "") -> bool:
    """Return whether the engine's packages are all there."""
    return not missing_packages(installed)


def missing_packages(installed: str = "") -> list[str]:
    """Return the names of the engine's packages that are nowhere."""
    return [
        name
        for name in NEEDED
        if _find(name) is None and not _lies_in(installed, name)
    ]


def _lies_in(folder: str, name: str) -> bool:
    place = Path(folder)
    return bool(folder) and ((place / name).is_dir() or (place / f"{name}.py").is_file())


def _find(name: str) -> str | None:
    """Return the folder that holds a package of this process's Python."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):  # a module of that name without a place
        return None
    if spec is None or spec.origin is None:
        return None
    depth = 1 if spec.submodule_search_locations else 0
    return str(Path(spec.origin).parents[depth])
