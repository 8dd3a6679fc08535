"""The worker process: reads requests from stdin, writes progress and results to its stdout.

    python -m engine.worker [--weights DIR] [--models DIR] [--device auto] [--engine FILE:FUNCTION]

One engine at a time is in memory: it is loaded at the first request or by a LOAD message, and
replaced when a message names another model. The process exits when stdin is closed, even
during a computation. torch is imported only when an engine is loaded; Blender never is.
"""

from __future__ import annotations

import argparse
import importlib.util
import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from .memory_use import is_want_of_memory, release_memory
from .models.catalogue import SHIPPED, find_model, list_models
from .motion.request import Progress
from .motion.running import Engine
from .protocol import (
    BUSY,
    CANCEL,
    CANCELLED,
    LOAD,
    LOADED,
    REQUEST,
    Message,
    ProtocolError,
    error_to_message,
    message_to_model,
    message_to_request,
    progress_to_message,
    read_message,
    result_to_message,
    write_message,
)
from .starting.loading import load_keyfill_engine
from .threads import Threads, let_threads_sleep

PROGRESS_PAUSE_SECONDS: Final = 0.05
"""Least time between two PROGRESS messages of a request; a new label is sent at once."""

ENDED_BY_INPUT: Final = 0
"""Exit status after the end of stdin."""

ENDED_BY_DAMAGE: Final = 3
"""Exit status after bytes on stdin that are no valid frame."""

_log = logging.getLogger("keyfill.worker")


LoadEngine = Callable[[Path | None, str], Engine]


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """The parsed command line."""

    weights: Path | None
    """Folder of the default model's weights; None for the shipped ones."""

    device: str
    """auto, cpu, cuda or mps."""

    load_engine: LoadEngine
    """Builds the engine from a folder and the device."""

    models: Path | None = None
    """Folder of the user's own models."""

    def folder_of(self, model: str) -> Path | None:
        """Return the folder of a model; None for the engine's own weights.

        Raises:
            ModelError: if there is no such model, or it cannot be used.
        """
        models = list_models(SHIPPED if self.weights is None else self.weights, self.models)
        is_default = model in ("", models[0].name)
        return self.weights if is_default else find_model(models, model).folder


def engine_from_file(place: str) -> LoadEngine:
    """Return the function named by FILE.py:FUNCTION; it takes (weights, device).

    Raises:
        ValueError: if there is no such file or function.
    """
    path, _, name = place.rpartition(":")
    specification = importlib.util.spec_from_file_location("keyfill_custom_engine", path)
    if not Path(path).is_file() or specification is None or specification.loader is None:
        raise ValueError(f"--engine takes FILE.py:FUNCTION, not {place}")
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module
    specification.loader.exec_module(module)
    function = getattr(module, name, None)
    if not callable(function):
        raise ValueError(f"{path} has no function {name}")
    loader: LoadEngine = function
    return loader


class Worker:
    """Serves one request at a time in the main thread; a second thread reads stdin."""

    def __init__(self, requests: BinaryIO, answers: BinaryIO, options: WorkerOptions) -> None:
        self._requests = requests
        self._answers = answers
        self._options = options
        self._waiting: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        self._is_blender_busy = False
        self._threads = Threads()
        self._engine: Engine | None = None
        self._folder: Path | None = None

    def serve(self) -> None:
        """Serve requests; never returns, for the end of stdin exits the process."""
        threading.Thread(target=self._watch_input, daemon=True).start()
        while True:
            self._answer(self._waiting.get())

    def _watch_input(self) -> None:
        """Note cancels and how busy Blender is, queue the rest; exit at the end of stdin."""
        try:
            while (message := read_message(self._requests)) is not None:
                if message.kind == CANCEL:
                    self._cancelled.add(message.id)
                elif message.kind == BUSY:
                    self._is_blender_busy = bool(message.fields.get("is_busy"))
                else:
                    self._waiting.put(message)
        except (ProtocolError, OSError) as error:
            _log.error("The input is damaged: %s.", error)
            os._exit(ENDED_BY_DAMAGE)
        # Not sys.exit: the main thread may be deep in a computation.
        os._exit(ENDED_BY_INPUT)

    def _answer(self, message: Message) -> None:
        try:
            if message.kind == LOAD:
                self._warm_engine(message)
            elif message.kind == REQUEST:
                self._run(message)
            else:
                raise ProtocolError(f"the worker does not know {message.kind}")
        # Whatever goes wrong in the engine must reach the animator, and the worker must live on.
        except Exception as error:  # noqa: BLE001
            _log.exception("A %s failed.", message.kind)
            text, remedy = describe_error(error)
            self._send(error_to_message(message.id, text, remedy))
        finally:
            self._forget_cancels(message.id)

    def _forget_cancels(self, answered: int) -> None:
        """Drop the cancels of what is answered: numbers grow, and a cancel may come too late."""
        self._cancelled -= {id for id in tuple(self._cancelled) if id <= answered}

    def _run(self, message: Message) -> None:
        request = message_to_request(message)
        if message.id in self._cancelled:  # while it waited: nothing is loaded for it
            self._send(Message(CANCELLED, message.id))
            return
        engine = self._warm_engine(message)
        task, device = engine.run(request), engine.device
        told_at, told_label = -1.0, ""
        try:
            while message.id not in self._cancelled:
                self._threads.follow(self._is_blender_busy)
                progress = next(task)
                now = time.monotonic()
                if now - told_at >= PROGRESS_PAUSE_SECONDS or progress.label != told_label:
                    self._send(progress_to_message(message.id, progress))
                    told_at, told_label = now, progress.label
        except StopIteration as finished:
            if engine.device != device:  # the first one's memory did not suffice
                self._tell_loaded(message, engine)
            self._send(result_to_message(message.id, finished.value))
        else:
            task.close()
            self._send(Message(CANCELLED, message.id))

    def _warm_engine(self, message: Message) -> Engine:
        """Return the engine of the message's model, loaded now unless it is in memory.

        If loading fails, the engine that was in memory stays there.
        """
        model = message_to_model(message)
        folder = self._options.folder_of(model)
        if self._engine is None or folder != self._folder:
            label = f"Loading the model {model.rpartition('/')[2]}".rstrip()
            self._send(progress_to_message(message.id, Progress(0, 1, label)))
            engine = self._options.load_engine(folder, self._options.device)
            self._engine, self._folder = engine, folder
            release_memory()
        self._tell_loaded(message, self._engine)
        return self._engine

    def _tell_loaded(self, message: Message, engine: Engine) -> None:
        told = {"device": str(engine.device), "model": message_to_model(message)}
        self._send(Message(LOADED, message.id, told))

    def _send(self, message: Message) -> None:
        try:
            write_message(self._answers, message)
        except OSError:
            # stdout is closed: Blender is gone, and stdin ends with it.
            os._exit(ENDED_BY_INPUT)


def describe_error(error: Exception) -> tuple[str, str]:
    """Return the message and the remedy of an error, general ones where it carries none."""
    message, remedy = getattr(error, "message", None), getattr(error, "remedy", None)
    if isinstance(message, str) and isinstance(remedy, str):
        return message, remedy
    if is_want_of_memory(error):
        return (
            "The memory does not suffice for this motion.",
            "Ask for fewer seconds or takes, close other programs, or choose the device CPU.",
        )
    return (
        "The motion engine met an error that it does not know.",
        "Try another prompt or seed; if it stays, copy the engine's log and report it.",
    )


def take_over_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Return binary streams over copies of stdin and stdout, for the protocol alone.

    File descriptor 1 is then redirected to stderr and 0 to the null device, so that
    output of Python, C libraries or child processes cannot get between the frames.
    """
    sys.stdout.flush()
    requests, answers = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (requests, answers):
            msvcrt.setmode(descriptor, os.O_BINARY)
    return os.fdopen(requests, "rb"), os.fdopen(answers, "wb")


def parse_options(arguments: list[str] | None) -> WorkerOptions:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="engine.worker", description="Keyfill's child process.")
    parser.add_argument("--weights", type=Path, help="folder of the default model")
    parser.add_argument("--models", type=Path, metavar="DIR", help="folder of your own models")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    parser.add_argument(
        "--engine",
        metavar="FILE.py:FUNCTION",
        help="another engine: FUNCTION(weights, device) returns an object with `device` and `run`",
    )
    options = parser.parse_args(arguments)
    loader = engine_from_file(options.engine) if options.engine else load_keyfill_engine
    return WorkerOptions(options.weights, options.device, loader, options.models)


def main(arguments: list[str] | None = None) -> None:
    """Run the worker until its input ends."""
    let_threads_sleep()
    requests, answers = take_over_pipes()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    Worker(requests, answers, parse_options(arguments)).serve()


if __name__ == "__main__":
    main()
