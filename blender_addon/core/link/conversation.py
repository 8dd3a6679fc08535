"""One question to the worker: what it has said so far, and hearing it out after a cancel.

The worker hears a cancel between two passes of a network. Whoever pressed Cancel does not
wait for that; the next question does. It knows neither Blender nor what is asked.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from ....engine import protocol
from ....engine.motion.request import Progress
from ....engine.protocol import Message, ProtocolError
from ..errors import UserError
from .worker_process import WorkerProcess, stopped

CANCEL_SECONDS: Final = 2.0
"""A worker that has not answered a cancel after this long is killed."""

LOADING_SECONDS: Final = 60.0
"""So long it may go on loading after a cancel: the next question needs what it loads."""

TOLD_SECONDS: Final = 2.0
"""A silence that lasts longer is told beside what the worker does: a model may load long."""

_ENDINGS: Final = (protocol.RESULT, protocol.ERROR, protocol.CANCELLED)


class Conversation:
    """A question that was sent to a worker, and what has come back."""

    def __init__(self, worker: WorkerProcess, question: Message) -> None:
        self.worker = worker
        self.question = question
        self.answer: Message | None = None
        self.is_loading = False
        """Whether the worker has said that it loads the model, and not yet that it has it."""
        self._has_model = False
        self._progress = Progress(0, 1, "Starting the engine")
        self._heard_at = time.monotonic()

    @property
    def silence(self) -> float:
        """For how many seconds the worker has said nothing."""
        return time.monotonic() - self._heard_at

    @property
    def progress(self) -> Progress:
        """The newest progress; after a while of silence with its seconds, so it lives."""
        if self.silence < TOLD_SECONDS:
            return self._progress
        return replace(self._progress, label=f"{self._progress.label} ({self.silence:.0f} s)")

    def hear(self, seconds: float) -> None:
        """Take in the worker's next message, if one comes in time.

        Raises:
            UserError: if the worker is gone.
        """
        message = self.worker.receive(seconds)
        if message is None:
            return
        self._heard_at = time.monotonic()
        # Of another question only a model that is loaded ahead is still told: it holds this one up.
        if message.kind == protocol.PROGRESS:
            self._progress = protocol.message_to_progress(message)
        if message.kind == protocol.LOADED:
            self.worker.note_loaded(message)
        if message.id != self.question.id:
            return
        self._has_model |= message.kind == protocol.LOADED
        self.is_loading = not self._has_model
        is_ahead = self.question.kind == protocol.LOAD and self._has_model
        if message.kind in _ENDINGS or is_ahead:
            self.answer = message


class CancelledConversation:
    """Hears a cancelled question out in a thread, and ends a worker that does not answer."""

    def __init__(
        self, conversation: Conversation, replace_worker: Callable[[Conversation], None]
    ) -> None:
        self._conversation = conversation
        self._replace_worker = replace_worker
        self._thread = threading.Thread(target=self._hear_out, daemon=True)
        self._thread.start()

    @property
    def worker(self) -> WorkerProcess:
        """The worker that is heard out."""
        return self._conversation.worker

    def wait(self, seconds: float) -> bool:
        """Wait so long at most; say whether the worker is free for another question, or gone."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _hear_out(self) -> None:
        # A worker that is gone, or was ended by somebody else, has nothing to answer.
        with contextlib.suppress(UserError):
            self.worker.send(Message(protocol.CANCEL, self._conversation.question.id))
            if not self._is_answered():
                self.worker.end(stopped())
                self._replace_worker(self._conversation)

    def _is_answered(self) -> bool:
        """Say whether the worker has ended the question in time; what it loads has more time."""
        conversation = self._conversation
        since, was_loading = time.monotonic(), conversation.is_loading
        while conversation.answer is None:
            if was_loading and not conversation.is_loading:
                since, was_loading = time.monotonic(), False
            limit = LOADING_SECONDS if was_loading else CANCEL_SECONDS
            if (left := since + limit - time.monotonic()) <= 0.0:
                return False
            try:
                conversation.hear(left)
            except ProtocolError:
                return False
        return True
