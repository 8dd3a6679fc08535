"""First lines of the second Blender: gives the extension's folder its package shape, and serves.

Blender runs this file by its path; a Python that has Blender as a module may, too.
"""

import importlib
import os
import sys
import types
from pathlib import Path

PACKAGE = "keyfill_replay"


def main() -> None:
    """Serve until the input ends, then end without Blender's clean-up."""
    # The extension's folder may be read-only and is checked for changes.
    sys.dont_write_bytecode = True
    package = types.ModuleType(PACKAGE)
    package.__path__ = [str(Path(__file__).resolve().parents[3])]
    sys.modules[PACKAGE] = package
    status = 1
    try:
        importlib.import_module(f"{PACKAGE}.blender_addon.scene.controls.replaying").serve()
        status = 0
    finally:
        os._exit(status)


main()
