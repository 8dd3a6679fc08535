"""Whether memory stays flat over many takes: `make soak`, or `python benchmarks/soak.py`.

One worker, started as Blender starts it, makes 300 takes of changing length, seed, number and
prompt, edits among them; some are cancelled and some refused. Prints the resident memory of the
worker and of this process, which stands for Blender's side, at every tenth of the way.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import types
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parent.parent
PROMPTS = ("a person walks", "someone jumps twice", "a person waves with the left hand", "")
extension = types.ModuleType("keyfill_extension")
extension.__path__ = [str(REPOSITORY)]
sys.modules["keyfill_extension"] = extension


def describe() -> str:
    """Return what this machine is; asked in another process, for this one is to have no torch."""
    code = "from machine import describe; print(describe())"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY / "benchmarks", capture_output=True,
        text=True, encoding="utf-8", check=True,
    ).stdout.strip()  # fmt: skip


def resident_megabytes(pid: int) -> float:
    """Return the memory of a process that lies in RAM."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1e3
    raise RuntimeError(f"process {pid} has no memory")


class Soak:
    """A link with one worker, and requests for it."""

    def __init__(self, longest_seconds: float) -> None:
        from keyfill_extension.blender_addon.core.link.worker_settings import WorkerSettings
        from keyfill_extension.blender_addon.engine_link import EngineLink

        self.link = EngineLink()
        self._settings = WorkerSettings(device="cpu")
        self._longest = longest_seconds
        self._random = np.random.default_rng(0)
        self._clip = None
        self.counts = {"made": 0, "cancelled": 0, "refused": 0}

    def step(self, number: int) -> None:
        """Make a take, edit the last one, or cancel or be refused."""
        from keyfill_extension.blender_addon.core.errors import UserError
        from keyfill_extension.blender_addon.core.link.jobs import Job, JobCancelled

        request = self._request(number)
        job = Job(self.link.motion_task(request, self._settings))
        is_cancelled = number % 10 == 9
        try:
            result = job.run_blocking(
                lambda progress: job.cancel() if is_cancelled and progress.done else None
            )
        except JobCancelled:
            self.counts["cancelled"] += 1
        except UserError:
            if request.prompt:  # only one without words is to be refused
                raise
            self.counts["refused"] += 1
        else:
            self.counts["made"] += 1
            self._clip = result.clips[0]

    def _request(self, number: int):
        from keyfill_extension.engine.motion.request import MotionRequest

        prompt = PROMPTS[number % len(PROMPTS)]
        seconds = float(self._random.uniform(1.0, self._longest))
        if number % 3 == 2 and self._clip is not None:
            mask = np.zeros((self._clip.frames, 4), bool)
            mask[5:20] = True
            return MotionRequest(prompt, clip=self._clip, mask=mask, seed=number)
        takes = int(self._random.choice([1, 1, 2]))
        return MotionRequest(prompt, seconds, seed=number, takes=takes)


def main() -> int:
    """Make the takes and print what memory did; the status is 1 if it grew by over 5 %."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--takes", type=int, default=300)
    parser.add_argument("--longest", type=float, default=3.0, help="seconds of the longest take")
    options = parser.parse_args()
    print(describe())
    soak, rows, pids = Soak(options.longest), [], set()
    print("\n| takes | worker, MB | Blender's side, MB |\n|---|---|---|")
    for number in range(options.takes):
        soak.step(number)
        pids.add(soak.link.worker.pid)
        if (number + 1) % max(1, options.takes // 10) == 0:
            rows.append([resident_megabytes(pid) for pid in (soak.link.worker.pid, os.getpid())])
            print(f"| {number + 1} | {rows[-1][0]:.0f} | {rows[-1][1]:.0f} |", flush=True)
    soak.link.stop()
    first, last = rows[0], rows[-1]
    grown = [100 * (b / a - 1) for a, b in zip(first, last, strict=True)]
    print(f"\n{soak.counts}; {len(pids)} worker; memory {grown[0]:+.1f} %, {grown[1]:+.1f} %")
    return int(max(grown) > 5 or len(pids) > 1)


if __name__ == "__main__":
    raise SystemExit(main())
