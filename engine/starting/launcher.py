"""Start the worker in Blender's own Python, which knows neither our folder nor our packages.

    python -I -X pycache_prefix=DIR launcher.py [--packages DIR] [--fill FILE KEY] -- ARGUMENTS

Blender's helpers run isolated (-I), so that no environment variable and no working directory
says where `engine` lies: this file takes it from its own place, and the packages' folders from
its arguments. With --fill it loads the engine and ends: Python then leaves bytecode of all that
a take imports, which Blender does not make when it unpacks wheels. Standard library only.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import sys
from pathlib import Path

LOWEST_PRIORITY = 19
"""What nobody waits for gives way to everything else."""


def lay_engine(folder: Path) -> None:
    """Make `engine` importable from its folder, and nothing else that lies beside it."""
    place = importlib.util.spec_from_file_location(
        "engine", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert place is not None and place.loader is not None
    package = importlib.util.module_from_spec(place)
    sys.modules["engine"] = package
    place.loader.exec_module(package)


def lay_packages(folders: list[str]) -> None:
    """Have this process find packages in folders, behind all that Blender's Python has itself.

    So its own NumPy is taken, whatever other extensions bring. Not `site.addsitedir`, which
    would run the `.pth` files of other extensions' packages.
    """
    sys.path += [folder for folder in folders if folder not in sys.path]


def fill_bytecode(file: Path, key: str) -> None:
    """Import and load what a take needs, and note in a file for which versions that was done."""
    if hasattr(os, "nice"):
        os.nice(LOWEST_PRIORITY)
    importlib.import_module("engine.starting.loading").load_keyfill_engine(None, "cpu")
    file.write_text(key, encoding="utf-8")


def main(arguments: list[str]) -> None:
    """Lay the paths, then run the worker, or fill the folder of bytecode."""
    parser = argparse.ArgumentParser(prog="launcher", description="Start Keyfill's child process.")
    parser.add_argument("--packages", action="append", default=[], metavar="DIR")
    parser.add_argument("--fill", nargs=2, metavar=("FILE", "KEY"))
    where = arguments.index("--") if "--" in arguments else len(arguments)
    options = parser.parse_args(arguments[:where])
    lay_packages(options.packages)
    lay_engine(Path(__file__).resolve().parents[1])
    if options.fill:
        fill_bytecode(Path(options.fill[0]), options.fill[1])
        return
    importlib.import_module("engine.worker").main(arguments[where + 1 :])


if __name__ == "__main__":
    main(sys.argv[1:])
