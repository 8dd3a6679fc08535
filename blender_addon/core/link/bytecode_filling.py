"""A process in the background that leaves bytecode for the worker's first start.

Nobody waits for it; it ends by itself in some seconds, or with Blender.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import subprocess
from pathlib import Path

from .worker_settings import WorkerSettings

END_SECONDS = 1.0
"""The longest that ending the process is waited for."""


class BytecodeFilling:
    """At most one process that fills the folder of bytecode."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process's number; 0 where none runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else 0

    def start(self, settings: WorkerSettings) -> None:
        """Start filling, unless it is done or the worker runs in another Python."""
        command = settings.own.fill_command() if settings.own and not settings.python else []
        if not command or self.pid or settings.own is None:
            return
        # Without bytecode the worker starts more slowly, and that is all.
        with contextlib.suppress(OSError):
            Path(settings.own.bytecode).mkdir(parents=True, exist_ok=True)
            self._process = subprocess.Popen(
                command,
                env=settings.environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                start_new_session=os.name == "posix",
            )
            atexit.register(self.stop)

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended, at most so long; say whether it has."""
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        return self.pid == 0

    def stop(self) -> None:
        """End it now: on Windows libraries that it has loaded could not be replaced."""
        atexit.unregister(self.stop)
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(END_SECONDS)
