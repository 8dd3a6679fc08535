"""`python -m engine plan`: what a prompt is read as, as the tracks that a request takes."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from .motion.request import MotionRequest
from .motion.running import run_to_end
from .motion.tracks import tracks_to_json
from .worker import LoadEngine


def main(words: Sequence[str], load_engine: LoadEngine) -> int:
    """Print the plan of a prompt as JSON, and notes about it on stderr."""
    parser = argparse.ArgumentParser(
        prog="python -m engine plan",
        description="Show what a prompt is read as, when it happens, and what is known of it.",
    )
    parser.add_argument("--prompt", metavar="TEXT", required=True)
    parser.add_argument("--seconds", type=float, default=0.0, metavar="S",
                        help="0.5 to 60; 0 or none: as long as it takes")  # fmt: skip
    parser.add_argument("--model", "--weights", dest="weights", type=Path, metavar="DIR_OR_NAME",
                        help="a model that plans (grid)")  # fmt: skip
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")
    options = parser.parse_args(words)
    request = MotionRequest(options.prompt, seconds=options.seconds, plan_only=True)
    request.check()  # before the model is loaded, which takes seconds
    result = run_to_end(load_engine(options.weights, options.device).run(request))
    print(json.dumps(tracks_to_json(result.plan), indent=2))
    for note in result.notes:
        print(f"{note}.", file=sys.stderr)
    return 0
