"""The one door to the worker: starts it, keeps it warm, cancels, restarts, ends it.

Requests go in and motions come out as jobs; whatever happens to the child
process becomes a UserError. It knows neither Blender nor the model.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import queue
import re
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from ..engine import protocol
from ..engine.motion.request import MotionRequest, MotionResult, Progress
from ..engine.protocol import Message, ProtocolError
from .core.errors import UserError
from .core.link.jobs import Job, Task
from .core.link.worker_settings import WorkerSettings

EXTENSION_ROOT: Final = Path(__file__).resolve().parents[1]
"""The folder that holds `engine`; the worker runs in it."""

CANCEL_SECONDS: Final = 0.3
"""A worker that has not answered a cancel after this long is killed."""

SILENCE_SECONDS: Final = 300.0
"""A worker that has said nothing for this long has hung; loading is the longest silence."""

LISTEN_SECONDS: Final = 0.05
"""How often a waiting job looks whether it was cancelled."""

LOG_LINES: Final = 400
"""How many of the worker's last lines are kept."""

_KILLED: Final = -9
"""Exit status after SIGKILL, which Windows does not know."""

_PYTHON_REMEDY: Final = (
    "Run `make setup` in Keyfill's folder, "
    "or choose a Python that has torch in the add-on's preferences."
)


class WorkerProcess:
    """One running worker: its pipes, and two threads that drain them."""

    def __init__(self, settings: WorkerSettings) -> None:
        self.settings = settings
        self.device = self.model = ""
        self.log: deque[str] = deque(maxlen=LOG_LINES)
        self._ending: UserError | None = None
        self._has_answered = False
        self._process = _start_process(settings)
        self._answers: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=work, daemon=True)
            for work in (self._read_answers, self._drain_log)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def send(self, message: Message) -> None:
        """Send one message.

        Raises:
            UserError: if the worker is gone, or the message is too large for it.
        """
        assert self._process.stdin is not None
        try:
            protocol.write_message(self._process.stdin, message)
        except ProtocolError:
            raise UserError(
                "The request is too large for the motion engine.",
                "Shorten the prompt, or edit fewer frames at once.",
            ) from None
        # ValueError: another thread has closed the pipe.
        except (OSError, ValueError):
            raise self._death() from None

    def receive(self, seconds: float) -> Message | None:
        """Return the next answer; None where none comes in time.

        Raises:
            UserError: if the worker is gone.
        """
        try:
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            return None
        if answer is None:
            raise self._death()
        self._has_answered = True
        return answer

    def end(self, reason: UserError) -> None:
        """End the process now, whatever it does; who waits for it is told the first reason."""
        if self._ending is None and self.is_alive:
            self._ending = reason
        self._process.kill()
        self._process.wait()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(1.0)
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def _death(self) -> UserError:
        """Clear away what is left of the process and return the error that tells how it ended."""
        # The pipes close a moment before the status is known and the log is drained.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        self.end(_stopped())
        return self._ending or self._error_of_death()

    def _error_of_death(self) -> UserError:
        last_line = self.log[-1] if self.log else ""
        python = self.settings.command()[0]
        missing = re.search(r"No module named '?(\w+)", last_line)
        if missing is not None and missing[1] == "engine":
            return UserError("The motion engine's files are missing.", "Install Keyfill anew.")
        if missing is not None:
            return UserError(
                f"The Python {python} has no {missing[1]}, which the engine needs.", _PYTHON_REMEDY
            )
        if self._process.returncode == _KILLED:
            return UserError(
                "The motion engine was ended by the system, often for want of memory.",
                "Close other programs or ask for fewer seconds, then press Generate again.",
            )
        detail = f" ({last_line})" if last_line else ""
        if not self._has_answered:
            return UserError(f"The Python {python} cannot run the engine{detail}.", _PYTHON_REMEDY)
        return UserError(
            f"The motion engine stopped unexpectedly{detail}.",
            "Press Generate again, which starts it anew; if it stops once more, "
            "choose the device CPU in the add-on's preferences.",
        )

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
            self.end(_damaged(error))
        finally:
            self._answers.put(None)

    def _drain_log(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as pipe:
            for line in pipe:
                if text := line.decode(errors="replace").rstrip():
                    self.log.append(text)


class EngineLink:
    """Owns at most one worker and lets one job at a time talk to it."""

    def __init__(self) -> None:
        self._worker: WorkerProcess | None = None
        self._in_use = threading.Lock()
        self._numbers = itertools.count(1)

    @property
    def worker(self) -> WorkerProcess | None:
        """The running worker."""
        worker = self._worker
        return worker if worker is not None and worker.is_alive else None

    def log_lines(self) -> list[str]:
        """Return the last lines of the worker's log; a dead worker's stay until the next."""
        return list(self._worker.log) if self._worker is not None else []

    def motion_task(self, request: MotionRequest, settings: WorkerSettings) -> Task[MotionResult]:
        """Yield progress and return the motion."""
        question = protocol.request_to_message(next(self._numbers), request)
        with self._exclusive():
            return protocol.message_to_result((yield from self._converse(question, settings)))

    def load_task(self, settings: WorkerSettings, model: str) -> Task[str]:
        """Yield progress and return the device of the loaded engine."""
        question = protocol.load_message(next(self._numbers), model)
        with self._exclusive():
            answer = yield from self._converse(question, settings)
            return str(answer.fields.get("device", ""))

    def stop(self) -> None:
        """End the worker, which frees its memory; a job that waits for it fails."""
        if self._worker is not None:
            self._worker.end(_stopped())

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        if not self._in_use.acquire(blocking=False):
            raise UserError(
                "The motion engine is busy with another request.",
                "Wait for it, or press Cancel in the Keyfill panel.",
            )
        try:
            yield
        except ProtocolError as error:
            self.stop()
            raise _damaged(error) from error
        finally:
            self._in_use.release()

    def _converse(self, question: Message, settings: WorkerSettings) -> Task[Message]:
        """Ask the worker, yield its progress, and return the answer that ends the request."""
        progress = Progress(0, 1, "Starting the engine")
        yield progress
        worker = self._running_worker(settings)
        answer: Message | None = None
        heard_at = time.monotonic()
        try:
            worker.send(question)
            while answer is None:
                message = worker.receive(LISTEN_SECONDS)
                if message is not None and message.id == question.id:
                    heard_at = time.monotonic()
                    if message.kind == protocol.PROGRESS:
                        progress = protocol.message_to_progress(message)
                    answer = _final(question, message, worker)
                elif time.monotonic() - heard_at > SILENCE_SECONDS:
                    worker.end(_hung())
                yield progress
        finally:
            # A cancelled job closes this generator at the yield above.
            if answer is None:
                _cancel(worker, question.id)
        if answer.kind == protocol.ERROR:
            raise UserError(*protocol.message_to_error(answer))
        return answer

    def _running_worker(self, settings: WorkerSettings) -> WorkerProcess:
        """Return the warm worker, or a new one where it is dead or set up otherwise."""
        worker = self.worker
        if worker is None or worker.settings != settings:
            self.stop()
            worker = self._worker = WorkerProcess(settings)
        return worker


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
            f"The Python {command[0]} cannot be started ({reason}).", _PYTHON_REMEDY
        ) from error


def _final(question: Message, message: Message, worker: WorkerProcess) -> Message | None:
    """Return the message if it ends the request."""
    if message.kind == protocol.LOADED:
        worker.device = str(message.fields.get("device", ""))
        worker.model = str(message.fields.get("model", ""))
        return message if question.kind == protocol.LOAD else None
    return message if message.kind in (protocol.RESULT, protocol.ERROR) else None


def _cancel(worker: WorkerProcess, request_id: int) -> None:
    """Ask the worker to drop a request, and end it if it does not answer in time."""
    if not worker.is_alive:
        return
    deadline = time.monotonic() + CANCEL_SECONDS
    with contextlib.suppress(UserError):
        worker.send(Message(protocol.CANCEL, request_id))
        while (left := deadline - time.monotonic()) > 0:
            message = worker.receive(left)
            is_end = message is not None and message.kind in (
                protocol.CANCELLED, protocol.RESULT, protocol.ERROR
            )
            if message is not None and message.id == request_id and is_end:
                return
    worker.end(_stopped())


def _stopped() -> UserError:
    return UserError("The motion engine was stopped.", "Press Generate to start it again.")


def _hung() -> UserError:
    return UserError(
        f"The motion engine has not answered for {SILENCE_SECONDS:g} s.",
        "Press Generate again, which starts it anew.",
    )


def _damaged(error: ProtocolError) -> UserError:
    return UserError(
        f"The motion engine's answer is damaged ({error}).",
        "Press Generate again, which starts it anew; if it stays, install Keyfill anew.",
    )


_link = EngineLink()
_read_settings: Callable[[], WorkerSettings] = WorkerSettings


def connect(read_settings: Callable[[], WorkerSettings]) -> None:
    """Say where the worker's settings come from; they are read at each request."""
    global _read_settings
    _read_settings = read_settings
    atexit.register(stop)


def disconnect() -> None:
    """Undo `connect` and end the worker."""
    global _read_settings
    atexit.unregister(stop)
    _read_settings = WorkerSettings
    stop()


def generation_job(request: MotionRequest) -> Job[MotionResult]:
    """Return a job that has the worker make a motion; call it in the main thread."""
    return Job(_link.motion_task(request, _read_settings()))


def load_job(model: str = "") -> Job[str]:
    """Return a job that loads a model ahead of the first request; its result is the device."""
    return Job(_link.load_task(_read_settings(), model))


def settings() -> WorkerSettings:
    """Return how the worker is to be started now: its folders of models among it."""
    return _read_settings()


def stop() -> None:
    """End the worker and free its memory; the next request starts it anew."""
    _link.stop()


def device() -> str:
    """Return what the loaded engine computes on; empty where none is loaded."""
    return _link.worker.device if _link.worker is not None else ""


def loaded_model() -> str:
    """Return the name of the model that is loaded; empty for none, or the default one."""
    return _link.worker.model if _link.worker is not None else ""


def worker_pid() -> int:
    """Return the worker's process number; 0 where none runs."""
    return _link.worker.pid if _link.worker is not None else 0


def log_lines() -> list[str]:
    """Return the worker's last lines, for an animator's report."""
    return _link.log_lines()
