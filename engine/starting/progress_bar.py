"""Progress of a long command on a terminal or in a log."""

from __future__ import annotations

import time
from typing import Final, TextIO

from ..motion.request import Progress


class ProgressBar:
    """A bar on a terminal; elsewhere, as redrawing would fill a log, a plain line now and then."""

    QUIET_SECONDS: Final = 1.0
    PLAIN_PAUSE_SECONDS: Final = 10.0

    def __init__(self, stream: TextIO) -> None:
        from tqdm import tqdm

        self._stream = stream
        self._told = time.monotonic()
        self._bar = tqdm(
            file=stream, disable=not stream.isatty(), delay=self.QUIET_SECONDS, leave=False,
            mininterval=0.0, miniters=0, dynamic_ncols=True,
            bar_format="[{bar:24}] {n_fmt}/{total_fmt} {desc}",
        )  # fmt: skip

    def show(self, progress: Progress) -> None:
        """Draw progress, unless the task has only just begun."""
        total = max(progress.total, 1)
        done = min(progress.done, total)
        if not self._bar.disable:
            self._bar.total = total
            self._bar.set_description_str(progress.label, refresh=False)
            self._bar.update(done - self._bar.n)
        elif time.monotonic() - self._told >= self.PLAIN_PAUSE_SECONDS:
            self._told = time.monotonic()
            print(f"{done}/{total} {progress.label}", file=self._stream, flush=True)

    def announce(self, label: str) -> None:
        """Draw what is being done, where it cannot be measured."""
        if not self._bar.disable:
            self._bar.display(f"{label} …")

    def note(self, sentence: str) -> None:
        """Leave a sentence on a line of its own."""
        self.clear()
        print(sentence, file=self._stream)

    def clear(self) -> None:
        """Leave an empty line for what comes next."""
        self._bar.clear()

    def close(self) -> None:
        """Leave an empty line; nothing is drawn any more."""
        self._bar.clear()
        self._bar.close()
