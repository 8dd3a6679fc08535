"""The one door to the worker: starts it, keeps it warm, cancels, restarts, ends it.

Requests go in and motions come out as jobs; whatever happens to the child
process becomes a UserError. It knows neither Blender nor the model.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Final

from ..engine import protocol
from ..engine.motion.request import MotionRequest, MotionResult, Progress
from ..engine.protocol import Message, ProtocolError
from .core.errors import UserError
from .core.link.bytecode_filling import BytecodeFilling
from .core.link.conversation import CancelledConversation, Conversation
from .core.link.jobs import Job, Task
from .core.link.worker_process import WorkerProcess, damaged, stopped
from .core.link.worker_settings import WorkerSettings

UNREAD_SECONDS: Final = 60.0
"""A worker that has read nothing of a request for this long has hung; Python starts meanwhile."""

SILENCE_SECONDS: Final = 300.0
"""A worker that has said nothing for this long has hung; loading is the longest silence."""

LISTEN_SECONDS: Final = 0.05
"""How often a waiting job looks whether it was cancelled."""


class EngineLink:
    """Owns at most one worker and lets one job at a time talk to it."""

    def __init__(self) -> None:
        self._worker: WorkerProcess | None = None
        self._in_use = threading.Lock()
        self._placing = threading.Lock()
        self._stops = 0
        self._is_blender_busy = False
        self._cancelled: CancelledConversation | None = None
        self._numbers = itertools.count(1)

    @property
    def worker(self) -> WorkerProcess | None:
        """The running worker."""
        worker = self._worker
        return worker if worker is not None and worker.is_alive else None

    def log_lines(self) -> list[str]:
        """Return the last lines of the worker's log; a dead worker's stay until the next."""
        return list(self._worker.log) if self._worker is not None else []

    def tell_busy(self, is_busy: bool) -> None:
        """Have this worker and later ones compute with fewer threads while Blender is busy."""
        if is_busy == self._is_blender_busy:
            return
        self._is_blender_busy = is_busy
        if (worker := self.worker) is not None:
            self._send_busy(worker)

    def _send_busy(self, worker: WorkerProcess) -> None:
        with contextlib.suppress(UserError):  # its death is told to the job that asks it
            worker.send(Message(protocol.BUSY, 0, {"is_busy": self._is_blender_busy}))

    def motion_task(self, request: MotionRequest, settings: WorkerSettings) -> Task[MotionResult]:
        """Return a task that yields progress and returns the motion."""
        return self._make_motion(request, settings, self._stops)

    def load_task(self, settings: WorkerSettings, model: str) -> Task[str]:
        """Return a task that yields progress and returns the device of the loaded engine."""
        return self._load(settings, model, self._stops)

    def stop(self) -> None:
        """End the worker, which frees its memory; every job made before fails.

        A job that is just starting a worker ends it as soon as it has it.
        """
        with self._placing:
            self._stops += 1
            worker = self._worker
        if worker is not None:
            worker.end(stopped())

    def _make_motion(
        self, request: MotionRequest, settings: WorkerSettings, stops: int
    ) -> Task[MotionResult]:
        question = protocol.request_to_message(next(self._numbers), request)
        with self._exclusive():
            answer = yield from self._converse(question, settings, stops)
            return protocol.message_to_result(answer)

    def _load(self, settings: WorkerSettings, model: str, stops: int) -> Task[str]:
        question = protocol.load_message(next(self._numbers), model)
        with self._exclusive():
            answer = yield from self._converse(question, settings, stops)
            return str(answer.fields.get("device", ""))

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
            if self._worker is not None:
                self._worker.end(damaged(error))
            raise damaged(error) from error
        finally:
            self._in_use.release()

    def _converse(
        self, question: Message, settings: WorkerSettings, stops: int
    ) -> Task[Message]:
        """Ask the worker, yield its progress, and return the answer that ends the request.

        Args:
            question: a request, or a model to load.
            settings: of the worker.
            stops: how often the worker had been stopped when the job was made.
        """
        yield Progress(0, 1, "Starting the engine")
        yield from self._await_cancelled(settings)
        worker = self._running_worker(settings, stops)
        conversation = Conversation(worker, question)
        try:
            worker.send(question)
            while conversation.answer is None:
                conversation.hear(LISTEN_SECONDS)
                if worker.unread_seconds > UNREAD_SECONDS:
                    worker.end(_hung(UNREAD_SECONDS))
                elif conversation.silence > SILENCE_SECONDS:
                    worker.end(_hung(SILENCE_SECONDS))
                yield conversation.progress
        finally:
            # A cancelled job closes this generator at the yield above.
            if conversation.answer is None and worker.is_alive:
                self._cancelled = CancelledConversation(
                    conversation, lambda ended: self._replace(ended, stops)
                )
        answer = conversation.answer
        if answer.kind == protocol.ERROR:
            raise UserError(*protocol.message_to_error(answer))
        return answer

    def _await_cancelled(self, settings: WorkerSettings) -> Task[None]:
        """Wait until the worker is free of the request that was cancelled last."""
        while self._cancelled is not None and not self._cancelled.wait(LISTEN_SECONDS):
            if self._cancelled.worker.settings != settings:
                self._cancelled.worker.end(stopped())
            yield Progress(0, 1, "Ending the cancelled motion")
        self._cancelled = None

    def _replace(self, conversation: Conversation, stops: int) -> None:
        """Start the next worker in the place of one that was ended, and have it load the model."""
        with contextlib.suppress(UserError):  # the next request tells why none can be started
            worker = self._running_worker(conversation.worker.settings, stops)
            model = conversation.question.fields.get("model", "")
            worker.send(protocol.load_message(next(self._numbers), model))

    def _running_worker(self, settings: WorkerSettings, stops: int) -> WorkerProcess:
        """Return the warm worker, or a new one where it is dead or set up otherwise.

        Raises:
            UserError: if the worker was stopped since the job was made, even while it started.
        """
        worker = self.worker
        if worker is not None and worker.settings != settings:
            worker.end(stopped())
            worker = None
        if worker is None and self._stops == stops:
            worker = WorkerProcess(settings)
        with self._placing:
            if worker is not None and self._stops == stops:
                is_new = worker is not self._worker
                self._worker = worker
                if is_new and self._is_blender_busy:
                    self._send_busy(worker)
                return worker
        if worker is not None:
            worker.end(stopped())
        raise stopped()


def _hung(seconds: float) -> UserError:
    return UserError(
        f"The motion engine has not answered for {seconds:g} s.",
        "Press Generate again, which starts it anew.",
    )


_link = EngineLink()
_filling = BytecodeFilling()
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
    _filling.stop()
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


def tell_busy(is_busy: bool) -> None:
    """Say whether Blender plays or renders now; the worker then computes with fewer threads."""
    _link.tell_busy(is_busy)


def fill_bytecode() -> BytecodeFilling:
    """Have Python's bytecode of the engine made in the background, for the first start."""
    _filling.start(_read_settings())
    return _filling


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
