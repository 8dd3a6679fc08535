"""How long work takes beside other programs: `python benchmarks/busy_machine.py`.

Makes warm takes of 6 s in the worker, as Blender starts it, while 0, 1, 2 and 4 processes turn
in circles; `--of` does the same with the command line or with steps of a training. With
`--compare` a second one whose threads spin while they wait takes turns with it, so that both
meet the same machine. `--cancels N` cancels so many takes of 10 s at each number of processes,
tells when the job was over, and whether the engine was still warm. Medians; the fair share is
that of threads / (threads + busy processes), at most all cores.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from machine import describe

REPOSITORY = Path(__file__).resolve().parent.parent
PROMPT = "a person walks forward and waves"
SPINNING = {"OMP_WAIT_POLICY": "active", "KMP_BLOCKTIME": "200"}
PATIENCE_SECONDS = 120.0

CHILD = """
import contextlib, functools, json, pathlib, sys, tempfile, time
from engine.__main__ import main
from engine.threads import let_threads_sleep
let_threads_sleep()
import torch
from engine.api import load_engine

def make_take(engine, folder):
    words = ["generate", "--prompt", PROMPT, "--seconds", "6", "--out", folder + "/take.bvh"]
    with contextlib.redirect_stdout(sys.stderr):
        assert main(words, lambda weights, device: engine) == 0

def train(network, steps=3):
    codes = torch.randint(network.config.codebook_size, (32, 49))
    is_step = torch.ones_like(codes, dtype=torch.bool)
    for _ in range(steps):
        sentences = torch.randn(32, network.config.text_width)
        network(codes, is_step, sentences).square().mean().backward()

if sys.argv[1] == "training":
    network = load_engine(pathlib.Path(sys.argv[2]), "cpu").generator.networks.masked
    work = functools.partial(train, network.train().requires_grad_(True))
else:
    folder = tempfile.mkdtemp()
    work = functools.partial(make_take, load_engine(device="cpu"), folder)
print(torch.get_num_threads(), flush=True)
for _ in sys.stdin:
    started = time.perf_counter()
    work()
    print(json.dumps(time.perf_counter() - started), flush=True)
""".replace("PROMPT", repr(PROMPT))

extension = types.ModuleType("keyfill_extension")
extension.__path__ = [str(REPOSITORY)]
sys.modules["keyfill_extension"] = extension


@contextmanager
def busy_processes(count: int) -> Iterator[None]:
    """Have so many processes take all the time that they get."""
    turning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    time.sleep(0.3)
    try:
        yield
    finally:
        for process in turning:
            process.kill()
            process.wait()


class Child:
    """The command line, or a training, in a process of its own that works when it is told."""

    def __init__(self, what: str, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", CHILD, what, str(REPOSITORY / "weights" / "momask")],
            cwd=REPOSITORY,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True, encoding="utf-8",
        )
        self._process.stdout.readline()
        self.measure(0)

    def measure(self, run: int) -> float:
        """Return the seconds of a take, or of three steps of training."""
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()


class Worker:
    """A door to a worker of its own."""

    def __init__(self, model: str, environment: dict[str, str]) -> None:
        from keyfill_extension.blender_addon.core.link.worker_settings import WorkerSettings
        from keyfill_extension.blender_addon.engine_link import EngineLink

        self._settings = WorkerSettings(device="cpu")
        self._link = EngineLink()
        self._model = model
        before = dict(os.environ)
        os.environ.update(environment)
        self._take(0, 2.0)
        os.environ.clear()
        os.environ.update(before)

    def measure(self, run: int) -> float:
        """Return the seconds of a take of 6 s."""
        return self._take(run, 6.0)

    def cancel(self, seed: int, after: float) -> tuple[float, bool]:
        """Cancel a take in mid-computation; return seconds to idle and whether it is warm."""
        pid = self._link.worker.pid
        job = self._job(seed, 10.0)
        job.start()
        time.sleep(after)
        started = time.perf_counter()
        job.cancel()
        job.wait(PATIENCE_SECONDS)
        idle = time.perf_counter() - started
        self._take(seed, 1.0)
        return idle, self._link.worker.pid == pid

    def _take(self, seed: int, seconds: float) -> float:
        started = time.perf_counter()
        self._job(seed, seconds).run_blocking(lambda progress: None)
        return time.perf_counter() - started

    def _job(self, seed: int, seconds: float):
        from keyfill_extension.blender_addon.core.link.jobs import Job
        from keyfill_extension.engine.motion.request import MotionRequest

        request = MotionRequest(PROMPT, seconds, seed=seed, model=self._model)
        return Job(self._link.motion_task(request, self._settings))

    def end(self) -> None:
        """End the worker."""
        self._link.stop()


def time_in_turn(sides: dict[str, Child | Worker], runs: int) -> dict[str, float]:
    """Return each side's median seconds; the sides take turns."""
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for run in range(runs):
        for name, side in sides.items():
            seconds[name].append(side.measure(run))
    return {name: statistics.median(each) for name, each in seconds.items()}


def print_row(count: int, found: dict[str, float], quiet: dict[str, float]) -> None:
    """Print the times beside so many processes as a row of the table."""
    cores = os.cpu_count() or 1
    share = cores / (cores + count)
    cells = [f"{found[name]:.2f} s, {found[name] * share / quiet[name]:.2f} ×" for name in found]
    load = os.getloadavg()[0]
    print(f"| {count} | {share:.2f} | {' | '.join(cells)} | {load:.1f} |", flush=True)


def print_cancels(count: int, worker: Worker, cancels: int) -> None:
    """Cancel takes at different moments and print how long it took."""
    found = [worker.cancel(seed, 0.05 + 0.6 * seed / cancels) for seed in range(cancels)]
    warm = sum(is_warm for _, is_warm in found)
    idle = sorted(seconds for seconds, _ in found)
    print(
        f"{count} busy: job over after {statistics.median(idle):.2f} s (median), {idle[-1]:.2f} s "
        f"(worst); engine warm after {warm} of {cancels}",
        flush=True,
    )


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--busy", type=int, nargs="+", default=[0, 1, 2, 4])
    parser.add_argument("--of", choices=("worker", "command line", "training"), default="worker")
    parser.add_argument("--model", default="", help="the worker's model, as the panel calls it")
    parser.add_argument("--compare", action="store_true", help="beside threads that spin")
    parser.add_argument("--cancels", type=int, default=0)
    options = parser.parse_args()
    environments = {"threads that sleep": {}} | (
        {"threads that spin": SPINNING} if options.compare else {}
    )
    sides = {
        name: Worker(options.model, environment)
        if options.of == "worker"
        else Child(options.of, environment)
        for name, environment in environments.items()
    }
    print(describe())
    print(f"\n{options.of}, median of {options.runs}; × is time × share / quiet time\n")
    print(f"| busy processes | fair share | {' | '.join(sides)} | load |")
    print("|---|---|" + "---|" * (len(sides) + 1))
    quiet: dict[str, float] = {}
    for count in options.busy:
        with busy_processes(count):
            found = time_in_turn(sides, options.runs)
            quiet = quiet or found
            print_row(count, found, quiet)
            if options.cancels and options.of == "worker":
                print_cancels(count, next(iter(sides.values())), options.cancels)
    for side in sides.values():
        side.end()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
