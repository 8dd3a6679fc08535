"""Trains the toy: `python -m engine train toy --preset calm --out DIR`."""

from __future__ import annotations

import argparse
from pathlib import Path

from ...checkpoint import save_checkpoint
from ...config import to_json
from .presets import TOY_PRESETS
from .system import Sway


def main(argv: list[str]) -> int:
    """Run the training; writes `sway.safetensors`."""
    parser = argparse.ArgumentParser(prog="python -m engine train toy")
    parser.add_argument("--preset", choices=sorted(TOY_PRESETS), required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(argv)
    config = TOY_PRESETS[options.preset].model
    save_checkpoint(options.out / "sway.safetensors", Sway(config).state_dict(), to_json(config))
    return 0
