"""A second Blender without windows that plays keys on a rig's double, so that the first stays free.

It is started with a file of the double, plays what it is sent, and ends with its input. All calls
are for a job's thread. It knows no rigs and no `bpy`.
"""

from __future__ import annotations

import contextlib
import queue
import subprocess
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ....engine import protocol
from ....engine.motion.request import Progress
from ....engine.protocol import Message, ProtocolError
from ..link.jobs import Task
from ..rigs.double_bones import DoubleBones, Property
from ..rigs.posed import BoneKeys, Posed

BOOTSTRAP: Final = Path(__file__).with_name("replay_bootstrap.py")
"""What the second Blender runs."""

READY: Final = b"keyfill replay\n"
"""Line after which its output holds frames alone: Blender prints its version before."""

OPEN: Final = "open"
PLAY: Final = "play"

LISTEN_SECONDS: Final = 0.05
SILENCE_SECONDS: Final = 60.0
"""Longer than it may take to start Blender on a busy machine, or to play the longest take."""

_LABEL: Final = "Posing the rig"


class ReplayError(Exception):
    """The second Blender cannot be had, or gave up; the first one has to play the keys itself."""


@dataclass(frozen=True, slots=True)
class DoubleFile:
    """A file with a copy of the armature object, and how its double is made of it."""

    path: str
    twin: str
    """Name of the copy in it."""

    bones: tuple[str, ...]
    """What the double has to pose."""

    fps: int
    fps_base: float

    keeps_action: bool
    """False: keys are played alone."""

    switches: Mapping[Property, float]
    """Custom properties to set."""


class ReplayProcess:
    """One second Blender with its double."""

    def __init__(self, command: Sequence[str], double: DoubleFile) -> None:
        """Start it; that takes a while, in which others may work.

        Raises:
            ReplayError: if it cannot be started.
        """
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except (OSError, ValueError) as error:
            raise ReplayError(str(error)) from error
        self._answers: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        self._bones: DoubleBones | None = None
        fields = {
            "path": double.path,
            "twin": double.twin,
            "bones": list(double.bones),
            "fps": double.fps,
            "fps_base": double.fps_base,
            "keeps_action": double.keeps_action,
            "switches": [[*one, float(value)] for one, value in double.switches.items()],
        }
        self._send(Message(OPEN, 0, fields))

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def bones(self) -> DoubleBones:
        """The double's bones; `open` comes first."""
        if self._bones is None:
            raise ReplayError("it was never opened")
        return self._bones

    def open(self) -> Task[None]:
        """Wait until the double is there.

        Raises:
            ReplayError: if it does not come.
        """
        told = yield from self._receive()
        self._bones = DoubleBones(
            tuple(told.fields["names"]),
            tuple(told.fields["parents"]),
            np.asarray(told.arrays["rests"], dtype=float),
            np.asarray(told.arrays["has_local_location"], dtype=bool),
        )

    def replay(
        self, frames: Sequence[int], keys: BoneKeys | None = None, watched: Iterable[Property] = ()
    ) -> Task[Posed]:
        """Evaluate whole scene frames; see `Player`.

        Raises:
            ReplayError: if the process is gone.
        """
        watched = tuple(watched)
        self._send(_question(frames, keys, watched))
        told = yield from self._receive()
        switches = np.asarray(told.arrays["switches"], dtype=float)
        return Posed(
            self.bones.index,
            np.asarray(told.arrays["matrices"], dtype=float),
            np.asarray(told.arrays["bases"], dtype=float),
            dict(zip(watched, switches, strict=True)),
            np.asarray(told.arrays["worlds"], dtype=float),
        )

    def end(self) -> None:
        """End the process, whatever it does; returns at once."""
        with contextlib.suppress(OSError):
            self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.01)
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def _send(self, message: Message) -> None:
        assert self._process.stdin is not None
        try:
            protocol.write_message(self._process.stdin, message)
        except (OSError, ValueError) as error:
            raise ReplayError(str(error)) from error

    def _receive(self) -> Task[Message]:
        silence = 0.0
        while silence < SILENCE_SECONDS:
            yield Progress(0, 1, _LABEL)
            try:
                answer = self._answers.get(timeout=LISTEN_SECONDS)
            except queue.Empty:
                silence += LISTEN_SECONDS
                continue
            if answer is None or answer.kind == protocol.ERROR:
                raise ReplayError(str(answer.fields) if answer is not None else "it has ended")
            return answer
        raise ReplayError("it says nothing")

    def _read(self) -> None:
        """Hand on what it answers; None at its end."""
        assert self._process.stdout is not None
        try:
            with self._process.stdout as pipe:
                while (line := pipe.readline()) != READY:
                    if not line:
                        return
                while (answer := protocol.read_message(pipe)) is not None:
                    self._answers.put(answer)
        except (OSError, ProtocolError):
            pass
        finally:
            self._answers.put(None)
            # Nobody else waits for a process that was killed.
            self._process.wait()


def _question(
    frames: Sequence[int], keys: BoneKeys | None, watched: tuple[Property, ...]
) -> Message:
    arrays = {"frames": np.asarray(frames, dtype=np.int64)}
    fields: dict[str, object] = {"watched": [list(one) for one in watched], "is_keyed": False}
    if keys is not None:
        fields |= {
            "is_keyed": True,
            "rotations": list(keys.rotations),
            "locations": list(keys.locations),
        }
        for kind, held in (("rotations", keys.rotations), ("locations", keys.locations)):
            if held:
                arrays[kind] = np.stack([np.asarray(one) for one in held.values()])
    return Message(PLAY, 0, fields, arrays)


def message_to_keys(message: Message) -> BoneKeys | None:
    """Return the keys of a PLAY message."""
    if not message.fields["is_keyed"]:
        return None
    found = BoneKeys()
    for kind, held in (("rotations", found.rotations), ("locations", found.locations)):
        names = message.fields[kind]
        held |= dict(zip(names, message.arrays.get(kind, ()), strict=True))
    return found
