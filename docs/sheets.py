"""Draws docs/evaluation/sheet-MODEL.png: twelve prompts as rows of poses, one sheet a model.

    python docs/sheets.py [--model momask mmm hifigpt] [--out docs/evaluation] [--seed 0]

They are looked at, not judged by any figure.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from engine.api import load_engine  # noqa: E402
from engine.evaluation.charts.poses import Row, draw_sheet  # noqa: E402
from engine.models.catalogue import model_folder  # noqa: E402
from engine.motion.request import MotionRequest  # noqa: E402
from engine.motion.running import run_to_end  # noqa: E402

PROMPTS = (
    ("a person waves with the right hand", 4.0),
    ("a person waves with the left hand", 4.0),
    ("someone raises both arms", 3.0),
    ("someone kicks with the right leg", 3.0),
    ("a person punches with the left hand", 3.0),
    ("someone jumps up", 3.0),
    ("a person sits down", 4.0),
    ("a person walks forward", 4.0),
    ("a person walks backward", 4.0),
    ("someone turns around to the left", 3.0),
    ("a person picks something up from the floor", 4.0),
    ("a person stands still", 4.0),
)


def main() -> None:
    """Draw a sheet of each model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", nargs="+", default=["momask", "mmm", "hifigpt"],
                        help="names of models, or their folders")  # fmt: skip
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "evaluation")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.model:
        engine = load_engine(model_folder(Path(name)), "cpu")
        rows = []
        for prompt, seconds in PROMPTS:
            request = MotionRequest(prompt, seconds=seconds, seed=options.seed)
            rows.append(Row(prompt, run_to_end(engine.run(request)).clips[0]))
        called = Path(name).name
        place = options.out / f"sheet-{called}.png"
        place.write_bytes(draw_sheet(f"{called}, seed {options.seed}", rows))
        print(place)


if __name__ == "__main__":
    main()
