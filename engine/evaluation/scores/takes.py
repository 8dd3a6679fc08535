"""Takes from the engine's front door: the model is reached here and nowhere else."""

from __future__ import annotations

from ...motion.clip import Clip
from ...motion.request import (
    LONGEST_SECONDS,
    SHORTEST_SECONDS,
    MotionRequest,
)
from ...motion.running import Engine, run_to_end
from ..checks.measures import Body


def make_takes(
    engine: Engine, prompt: str, seconds: float, takes: int, seed: int = 0
) -> tuple[Clip, ...]:
    """Return `takes` clips of a prompt; take k uses seed + k."""
    seconds = min(max(seconds, SHORTEST_SECONDS), LONGEST_SECONDS)
    request = MotionRequest(prompt, seconds=seconds, seed=seed, takes=takes)
    return run_to_end(engine.run(request)).clips


def measure_takes(
    engine: Engine, prompt: str, seconds: float, takes: int, seed: int = 0
) -> list[Body]:
    """Return the bodies of `make_takes`."""
    return [Body.from_clip(clip) for clip in make_takes(engine, prompt, seconds, takes, seed)]
