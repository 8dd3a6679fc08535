"""How long a take takes without Blender: `python benchmarks/engine_speed.py`.

Prints a Markdown table: cold start of the worker's engine, warm takes by length,
and the share of each stage. Medians of the given number of runs.
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
