"""One worker process: starts it, passes messages through its pipes, and ends it.

Three threads write its input, read its answers and keep its log, so that no caller waits for
a pipe; no call here waits without a limit. It knows neither Blender nor what is asked.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import Final

from ....engine import protocol
from ....engine.protocol import Message, ProtocolError
from ....engine.python_place import setup_remedy
from ..errors import UserError
from .worker_settings import WorkerSettings

EXTENSION_ROOT: Final = Path(__file__).resolve().parents[3]
"""The folder that holds `engine`; the worker runs in it."""

END_SECONDS: Final = 1.0
"""The longest that ending a worker waits for the process and its threads to be gone."""

PIECE_BYTES: Final = 1 << 16
"""Bytes written to the worker's input at a time; as much as a pipe commonly holds."""

LOG_LINES: Final = 400
"""How many of the worker's last lines are kept."""

_KILLED: Final = -9
"""Exit status after SIGKILL, which Windows does not know."""


class WorkerProcess:
    """One running worker with its pipes and the threads that serve them."""

    def __init__(self, settings: WorkerSettings) -> None:
        self.settings = settings
        self.device = self.model = ""
        self.log: deque[str] = deque(maxlen=LOG_LINES)
        self._end_reason: UserError | None = None
        self._is_ended = self._has_answered = False
        self._process = _start_process(settings)
        self._frames: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._writes_since: float | None = None
        self._answers: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read_answers, daemon=True)
        self._threads = [self._reader] + [
            threading.Thread(target=work, daemon=True)
            for work in (self._write_frames, self._drain_log)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the process runs and has not been told to end."""
        return not self._is_ended and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def unread_seconds(self) -> float:
        """How long the worker has taken no byte of what waits to be written to its input."""
        since = self._writes_since
        return 0.0 if since is None else time.monotonic() - since

    def send(self, message: Message) -> None:
        """Have a message written to the worker's input; returns at once.

        Raises:
            UserError: if the worker is gone, or the message is too large for it.
        """
        try:
            frame = protocol.encode_message(message)
        except ProtocolError:
            raise UserError(
                "The request is too large for the motion engine.",
                "Shorten the prompt, or edit fewer frames at once.",
            ) from None
        if not self.is_alive:
            raise self._death()
        self._frames.put(frame)

    def receive(self, seconds: float) -> Message | None:
        """Return the next answer; None where none comes in time.

        Raises:
            UserError: if the worker is gone.
        """
        try:
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            if self.is_alive:
                return None
            # A process that the worker started may hold the pipe open: no end of it comes then.
            self._reader.join(END_SECONDS)
            answer = None if self._answers.empty() else self._answers.get()
        if answer is None:
            raise self._death()
        self._has_answered = True
        return answer

    def note_loaded(self, message: Message) -> None:
        """Remember from a LOADED message what is in memory, and on which device."""
        self.device = str(message.fields.get("device", ""))
        self.model = str(message.fields.get("model", ""))

    def end(self, reason: UserError) -> None:
        """End the process now, whatever it does; within `END_SECONDS`, from any thread.

        Args:
            reason: what a job that waits for the worker is told; the first one counts.
        """
        if self._end_reason is None and self.is_alive:
            self._end_reason = reason
        self._is_ended = True
        deadline = time.monotonic() + END_SECONDS
        self._frames.put(None)
        _kill(self._process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))

    def _death(self) -> UserError:
        """Clear away what is left of the process and return the error that tells how it ended."""
        # The pipes close a moment before the status is known and the log is drained.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        self.end(unexpected())  # one that lives on without its pipes
        return self._end_reason or self._error_of_death()

    def _error_of_death(self) -> UserError:
        last_line = self.log[-1] if self.log else ""
        python = self.settings.command()[0]
        missing = re.search(r"No module named '?(\w+)", last_line)
        if missing is not None and missing[1] == "engine":
            return UserError("The motion engine's files are missing.", "Install Keyfill anew.")
        if missing is not None:
            return UserError(
                f"The Python {python} has no {missing[1]}, which the engine needs.", setup_remedy()
            )
        if self._process.returncode == _KILLED:
            return UserError(
                "The motion engine was ended by the system, often for want of memory.",
                "Close other programs or ask for fewer seconds, then press Generate again.",
            )
        detail = f" ({last_line})" if last_line else ""
        if not self._has_answered:
            return UserError(f"The Python {python} cannot run the engine{detail}.", setup_remedy())
        return unexpected(detail)

    def _write_frames(self) -> None:
        """Write what `send` left until the process is ended; close the input then."""
        assert self._process.stdin is not None
        descriptor = self._process.stdin.fileno()
        # OSError: the process is gone; `receive` tells of it.
        with contextlib.suppress(OSError):
            while (frame := self._frames.get()) is not None:
                left = memoryview(frame)
                while len(left):
                    self._writes_since = time.monotonic()
                    # Not the buffered stream: its lock would be held while the pipe is full.
                    left = left[os.write(descriptor, left[:PIECE_BYTES]) :]
                self._writes_since = None
        self._writes_since = None
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def _read_answers(self) -> None:
        assert self._process.stdout is not None
        try:
            with self._process.stdout as pipe:
                while (answer := protocol.read_message(pipe)) is not None:
                    self._answers.put(answer)
        except ProtocolError as error:
            # Bytes cut off by the death of the worker are no damage.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.2)
            self.end(damaged(error))
        finally:
            self._answers.put(None)

    def _drain_log(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as pipe:
            for line in pipe:
                if text := line.decode(errors="replace").rstrip():
                    self.log.append(text)


def _start_process(settings: WorkerSettings) -> subprocess.Popen[bytes]:
    command = settings.command()
    try:
        return subprocess.Popen(
            command,
            cwd=EXTENSION_ROOT,
            env=settings.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Ctrl-C in Blender's terminal is Blender's; the worker ends with its input.
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(
            f"The Python {command[0]} cannot be started ({reason}).", setup_remedy()
        ) from error


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and what it started: the Python of the settings may be a script around one."""
    if sys.platform != "win32" and process.poll() is None:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def stopped() -> UserError:
    """Return what a job is told whose worker was ended on purpose."""
    return UserError("The motion engine was stopped.", "Press Generate to start it again.")


def unexpected(detail: str = "") -> UserError:
    """Return what a job is told whose worker ended, or closed its pipes, by itself."""
    return UserError(
        f"The motion engine stopped unexpectedly{detail}.",
        "Press Generate again, which starts it anew; if it stops once more, "
        "choose the device CPU in the add-on's preferences.",
    )


def damaged(error: ProtocolError) -> UserError:
    """Return what a job is told whose answer cannot be read."""
    return UserError(
        f"The motion engine's answer is damaged ({error}).",
        "Press Generate again, which starts it anew; if it stays, install Keyfill anew "
        "and restart Blender.",
    )
