"""Whether a Python that the user chose can run the engine: asked once, in one sentence.

The Python is run, so this takes part of a second; nothing is imported there.
"""

from __future__ import annotations

import json
import subprocess
import threading
from typing import Any, Final

from ....engine.python_place import OLDEST_TORCH, is_too_old
from .blenders_python import NEEDED

OLDEST_PYTHON: Final = (3, 11)
WAIT_SECONDS: Final = 20.0

_NEEDED: Final = (*NEEDED, "numpy")

_SCRIPT: Final = """
import importlib.metadata, importlib.util, json, sys
missing = [name for name in sys.argv[1:] if importlib.util.find_spec(name) is None]
torch = "" if "torch" in missing else importlib.metadata.version("torch")
print(json.dumps({"version": sys.version_info[:3], "missing": missing, "torch": torch}))
"""

_told: dict[str, str] = {}


def told_of(python: str) -> str:
    """Return what is known of a Python: a sentence, or "" while it is looked at."""
    return _told.get(python, "")


def check_in_background(python: str) -> threading.Thread:
    """Look at a Python in a thread; `told_of` has the answer afterwards."""
    _told.pop(python, None)
    thread = threading.Thread(target=_remember, args=(python,), daemon=True)
    thread.start()
    return thread


def _remember(python: str) -> None:
    _told[python] = check_python(python)


def check_python(python: str) -> str:
    """Run a Python and return one sentence: what it lacks, or that it can run the engine."""
    try:
        answer = subprocess.run(
            [python, "-c", _SCRIPT, *_NEEDED],
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=WAIT_SECONDS,
            check=False,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        told = json.loads(answer.stdout.strip().splitlines()[-1])
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired):
        return f"{python} is no Python that can be run."
    return _sentence(told)


def _sentence(told: dict[str, Any]) -> str:
    version = ".".join(str(number) for number in told["version"])
    wants = []
    if tuple(told["version"][:2]) < OLDEST_PYTHON:
        wants.append(f"Python {'.'.join(map(str, OLDEST_PYTHON))} or newer (it is {version})")
    if told["torch"] and is_too_old(told["torch"]):
        oldest = ".".join(map(str, OLDEST_TORCH))
        wants.append(f"torch {oldest} or newer (it has {told['torch']})")
    wants += told["missing"]
    if not wants:
        return f"This Python can run the engine: {version} with torch {told['torch']}."
    listed = ", ".join(wants[:-1]) + (" and " if len(wants) > 1 else "") + wants[-1]
    return f"This Python lacks {listed}."


def can_run(sentence: str) -> bool:
    """Return whether a sentence of `check_python` is the good one."""
    return sentence.startswith("This Python can run")
