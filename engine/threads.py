"""How a process that computes shares the processor's cores: no waiting thread turns in circles.

Threads of OpenMP wait for each other after every product of matrices, and by default a waiting
thread keeps its core busy. Beside another program the one that is waited for then lacks that
core: a take gets many times slower, and the other program with it. It knows no network.
"""

from __future__ import annotations

import os
import sys
from typing import Final

WAITING: Final = {
    "OMP_WAIT_POLICY": "passive",
    "KMP_BLOCKTIME": "0",
}
"""What makes waiting threads sleep: the OpenMP of GNU, and that of Intel and LLVM (Windows,
macOS). Both are read once, when torch is imported."""


def let_threads_sleep() -> None:
    """Have waiting threads sleep in this process and its children, if torch is not loaded yet.

    What the user set stays.
    """
    for name, value in WAITING.items():
        os.environ.setdefault(name, value)


def fewer_threads(threads: int) -> int:
    """Return how many of a process's threads compute while Blender plays or renders: half."""
    return max(1, threads // 2)


class Threads:
    """How many threads compute: all that torch chose, or fewer while Blender is busy.

    The number counts for the thread that sets it: call it where the networks run.
    """

    def __init__(self) -> None:
        self._all = 0
        self._is_busy = False

    def follow(self, is_busy: bool) -> None:
        """Compute with fewer threads while Blender is busy; without torch nothing happens."""
        torch = sys.modules.get("torch")
        if torch is None or is_busy == self._is_busy:
            return
        self._all = self._all if self._is_busy else torch.get_num_threads()
        self._is_busy = is_busy
        torch.set_num_threads(fewer_threads(self._all) if is_busy else self._all)
