"""How the worker process is started: which Python, which weights, in what environment."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from .blenders_python import BlendersPython


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """How the worker is started; other settings need another worker."""

    python: str = ""
    """Python that has torch; empty takes the one that runs Blender's scripts."""

    weights: str = ""
    """Folder of the default model; empty takes the engine's own."""

    device: str = "auto"
    """auto, cpu, cuda or mps."""

    engine: str = ""
    """FILE.py:FUNCTION of another engine; empty takes Keyfill's own."""

    models: str = ""
    """Folder of the user's own models; empty for none."""

    own: BlendersPython | None = None
    """How Blender's own Python is started where no other is given; None starts it as others."""

    def command(self) -> list[str]:
        """Return the command line."""
        if self.own is not None and not self.python:
            command = [*self.own.start(), "--"]
        else:
            command = [self.python or sys.executable, "-m", "engine.worker"]
        command += ["--device", self.device]
        if self.weights:
            command += ["--weights", self.weights]
        if self.models:
            command += ["--models", self.models]
        if self.engine:
            command += ["--engine", self.engine]
        return command

    def environment(self) -> dict[str, str]:
        """Return the worker's environment: nothing of Blender's Python, nothing from the net."""
        environment = dict(os.environ)
        if self.python and self.python != sys.executable:
            # Folders meant for Blender's Python hold packages that break in another one.
            environment.pop("PYTHONPATH", None)
        for name in ("PYTHONHOME", "PYTHONSAFEPATH", "PYTHONSTARTUP", "PYTHONINSPECT"):
            environment.pop(name, None)
        environment |= {
            "HF_HUB_OFFLINE": "1",
            "TRANSFORMERS_OFFLINE": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "PYTHONUNBUFFERED": "1",
            "PYTHONIOENCODING": "utf-8",
            # The extension's folder may be read-only and is checked for changes.
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return environment
