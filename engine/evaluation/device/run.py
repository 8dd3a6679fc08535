"""The command `python -m engine gpu-check`: what a graphics card computes, beside the CPU.

On the device that torch finds, or on the CPU against itself: agreement of every model's
networks, memory that is given back, an allocation that fails, cancels, and the time of takes.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import torch

from ...api import SystemEngine, choose_device, load_engine
from ...memory_use import release_memory
from ...models.catalogue import SHIPPED, Model, list_models
from ...motion.clip import Clip
from ...motion.edits import extend
from ...motion.request import MotionRequest
from ...motion.running import run_to_end
from ..scores.machine import describe
from . import trials
from .agreement import compare, recorded_calls
from .trials import Finding

PROMPT: Final = "a person walks forward and waves"
SECONDS: Final = 6.0
EXTENSION_SECONDS: Final = 1.0
TAKES: Final = (1, 8, 32)


def main(words: Sequence[str] | None = None) -> int:
    """Check the models on a device; the exit status is 1 if one of them fails."""
    parser = argparse.ArgumentParser("python -m engine gpu-check", description=__doc__)
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    parser.add_argument("--weights", type=Path, default=SHIPPED, help="folder of the models")
    parser.add_argument("--model", nargs="+", help="only these; all that can be used otherwise")
    parser.add_argument("--takes", type=int, nargs="+", default=TAKES, help="at once, timed")
    parser.add_argument("--out", type=Path, metavar="FILE.md", help="where the page goes")
    options = parser.parse_args(sys.argv[1:] if words is None else words)
    device = choose_device(options.device)
    models = [
        model
        for model in list_models(options.weights)
        if not model.reason and model.name in (options.model or [model.name])
    ]
    lines, is_good = [title(device)], bool(models)
    for model in models:
        findings = check(model, device, options.takes)
        lines += ["", f"## {model.name}", "", *table(findings)]
        is_good &= all(finding.is_good for finding in findings)
        print("\n".join(lines[-len(findings) - 5 :]), flush=True)
    lines += ["", "Everything agrees." if is_good else "Something does not agree: see NO above."]
    if options.out is not None:
        options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(lines[-1])
    return 0 if is_good else 1


def title(device: str) -> str:
    """Return the page's head: which device, beside which processor."""
    name = torch.cuda.get_device_name() if device == "cuda" else device
    against = "against itself" if device == "cpu" else "against the CPU"
    return f"# {name}, {against}\n\n{describe()}; torch {torch.__version__}"


def table(findings: Sequence[Finding]) -> list[str]:
    """Return findings as the lines of a Markdown table."""
    rows = [f"| {one.what} | {one.told} | {'yes' if one.is_good else 'NO'} |" for one in findings]
    return ["| what | found | good |", "|---|---|---|", *rows]


def run_all_networks(engine: SystemEngine, request: MotionRequest) -> Clip:
    """Make a new take and go on behind it: each network of a model computes; return the take.

    A plan's new take may be copied whole.
    """
    made = run_to_end(engine.run(request)).clips[0]
    longer = extend(made, EXTENSION_SECONDS)
    onward = MotionRequest(request.prompt, seed=request.seed, clip=longer.clip, mask=longer.mask)
    run_to_end(engine.run(onward))
    return made


def check(model: Model, device: str, takes: Sequence[int]) -> list[Finding]:
    """Return everything that is found of one model on a device."""
    cpu = load_engine(model.folder, "cpu")
    request = MotionRequest(PROMPT, SECONDS, seed=1)
    with recorded_calls(cpu.generator) as calls:
        expected = run_all_networks(cpu, request)
    before = trials.memory_megabytes(device)
    engine: SystemEngine | None = load_engine(model.folder, device)
    assert engine is not None
    found = trials.judge(compare(cpu.generator, engine.generator, calls, PROMPT))
    started = time.perf_counter()
    made = run_to_end(engine.run(request)).clips[0]
    found.append(trials.compare_clips(expected, made, time.perf_counter() - started))
    found += [trials.time_takes(engine.generator, PROMPT, SECONDS, count) for count in takes]
    engine = None
    release_memory()
    found.append(trials.judge_memory(device, before))
    found.append(trials.run_without_room(model.folder, device, request, cpu.generator))
    found.append(trials.cancel_in_worker(model.folder, device, PROMPT))
    return found
