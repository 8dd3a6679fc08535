"""How long a take takes without Blender: `python benchmarks/engine_speed.py`.

Prints cold start of the worker's engine, one prompt through the text encoder, a cancel
until the worker answers it, and a Markdown table of warm takes by length with the share
of each stage. Medians of the given number of runs.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

from machine import describe

REPOSITORY = Path(__file__).resolve().parent.parent

COLD = (
    "from engine.api import load_engine\n"
    "from engine.motion.request import MotionRequest\n"
    "for _ in load_engine(device='cpu').run(MotionRequest('a person walks', 6.0)): pass\n"
)


def run_take(engine, seconds: float, seed: int):
    """Return the wall time of one take and its stages."""
    from engine.motion.request import MotionRequest
    from engine.motion.running import run_to_end

    started = time.perf_counter()
    request = MotionRequest("a person walks forward and waves", seconds, seed=seed)
    made = run_to_end(engine.run(request))
    return time.perf_counter() - started, made.stage_seconds


def time_prompt(runs: int) -> float:
    """Return the median seconds of one warm prompt through the text encoder."""
    from engine.text_encoder import load_text_encoder

    encoder = load_text_encoder()
    encoder.encode(["warm up"])
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        encoder.encode(["a person walks forward and waves"])
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def time_cancel(runs: int) -> float:
    """Return the median seconds from a cancel in mid-take to the worker's answer."""
    from engine import protocol
    from engine.motion.request import MotionRequest

    def read_until(*kinds: str) -> protocol.Message:
        while (answer := protocol.read_message(worker.stdout)).kind not in kinds:
            pass
        return answer

    seconds = []
    command = [sys.executable, "-m", "engine.worker", "--device", "cpu"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=REPOSITORY, **pipes) as worker:
        for id in range(1, runs + 1):
            request = MotionRequest("a person walks", 30.0, seed=id)
            protocol.write_message(worker.stdin, protocol.request_to_message(id, request))
            read_until(protocol.LOADED)
            read_until(protocol.PROGRESS)
            time.sleep(0.2)
            started = time.perf_counter()
            protocol.write_message(worker.stdin, protocol.Message(protocol.CANCEL, id))
            answer = read_until(protocol.CANCELLED, protocol.RESULT)
            if answer.kind != protocol.CANCELLED:
                raise RuntimeError("the take was over before it was cancelled")
            seconds.append(time.perf_counter() - started)
        worker.stdin.close()
    return statistics.median(seconds)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    sys.path.insert(0, str(REPOSITORY))
    from engine.api import load_engine

    print(describe())
    cold = []
    for _ in range(3):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", COLD], check=True, cwd=REPOSITORY)
        cold.append(time.perf_counter() - started)
    print(f"\ncold: process start to the first 6 s take: {statistics.median(cold):.2f} s\n")
    print(f"one prompt through the text encoder, warm: {1000 * time_prompt(runs):.1f} ms\n")
    print(f"a cancel until it is answered: {1000 * time_cancel(runs):.0f} ms\n")
    engine = load_engine(device="cpu")
    run_take(engine, 2.0, 0)
    print("| seconds of motion | wall, median | stages, share |\n|---|---|---|")
    for seconds in (2.0, 4.0, 6.0, 10.0, 30.0):
        results = [run_take(engine, seconds, seed) for seed in range(runs)]
        stages = {
            name: statistics.median(r[1][name] for r in results) for name in results[0][1]
        }
        total = sum(stages.values())
        shares = ", ".join(f"{name} {100 * s / total:.0f} %" for name, s in stages.items())
        print(f"| {seconds:g} | {statistics.median(r[0] for r in results):.3f} s | {shares} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
