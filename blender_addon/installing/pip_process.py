"""pip as a process of its own: Blender's Python brings it along without having it installed."""

from __future__ import annotations

import contextlib
import importlib.util
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ...engine.motion.request import Progress
from ..core.errors import UserError
from ..core.link.jobs import Task

LISTEN_SECONDS = 0.1
"""How often a waiting task looks whether pip has ended, or it was cancelled."""


def find_pip() -> str:
    """Return what Python can run as pip: an installed one, or the wheel inside ensurepip.

    Raises:
        UserError: if there is neither.
    """
    spec = importlib.util.find_spec("pip")
    if spec is not None and spec.origin is not None:
        return str(Path(spec.origin).parent)
    bundle = importlib.util.find_spec("ensurepip")
    if bundle is not None and bundle.origin is not None:
        for wheel in sorted(Path(bundle.origin).parent.glob("_bundled/pip-*.whl")):
            return str(wheel / "pip")
    raise UserError(
        "Blender's Python has no pip, which fetches the engine.",
        "Choose a Python of your own in the add-on's preferences, or take the complete package.",
    )


def run_pip(arguments: list[str], progress: Progress, log: Path) -> Task[None]:
    """Run pip; a task that is closed ends it.

    Args:
        arguments: of pip.
        progress: what is yielded meanwhile.
        log: gets what pip says.

    Raises:
        UserError: with pip's last words, if it fails.
    """
    command = [sys.executable, "-I", find_pip(), "--disable-pip-version-check", "--no-input"]
    log.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [*command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        try:
            while process.poll() is None:
                yield progress
                time.sleep(LISTEN_SECONDS)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            output.seek(0)
            said = output.read().decode("utf-8", "replace")
            with contextlib.suppress(OSError), log.open("a", encoding="utf-8") as file:
                file.write(f"pip {' '.join(arguments)}\n{said}\n")
    if process.returncode != 0:
        errors = [line for line in said.splitlines() if line.startswith("ERROR:")]
        words = (errors or said.splitlines() or ["it said nothing"])[-1].removeprefix("ERROR: ")
        raise UserError(
            f"The engine's packages could not be had: {words}",
            f"Look at the package index in the add-on's preferences; {log} has pip's words.",
        )
