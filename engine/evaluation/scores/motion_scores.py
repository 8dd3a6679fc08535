"""Is generated motion as physical as real motion, and is it new? Measured on captions of val."""

from __future__ import annotations

from typing import Any

import numpy as np
from tqdm import tqdm

from ...motion.running import Engine
from .library import RealClip
from .novelty import TrainingWindows, spread, summarize_novelty
from .physics import compare_physics
from .takes import measure_takes

TAKES = 3
"""Seeds per caption."""


def score_motion(
    engine: Engine, clips: tuple[RealClip, ...], most_clips: int, seed: int = 0
) -> dict[str, Any]:
    """Compare takes made for validation captions with the validation clips.

    Args:
        engine: makes the takes: the first caption and the length of each clip.
        clips: the whole corpus; clips that were captured in part are left out.
        most_clips: at most so many validation clips, evenly chosen.
        seed: of the first take.
    """
    whole = [clip for clip in clips if clip.is_whole]
    training = TrainingWindows([clip.body for clip in whole if clip.entry.split == "train"])
    chosen = _evenly([clip for clip in whole if clip.entry.split == "val"], most_clips)
    takes = [
        measure_takes(engine, clip.entry.captions[0], clip.body.seconds, TAKES, seed)
        for clip in tqdm(chosen, desc="takes", unit="clip")
    ]
    real = [clip.body for clip in chosen]
    made = [body for bodies in takes for body in bodies]
    spreads = [value for bodies in takes if (value := spread(bodies)) is not None]
    return {
        "clips": [clip.entry.id for clip in chosen],
        "physics": compare_physics(real, made),
        "novelty": {
            "takes": summarize_novelty(training, made),
            "validation": summarize_novelty(training, real),
        },
        "seed_spread_m": float(np.median(spreads)) if spreads else None,
    }


def _evenly(clips: list[RealClip], most: int) -> list[RealClip]:
    step = max(1.0, len(clips) / max(1, most))
    return [clips[int(index * step)] for index in range(min(len(clips), most))]


def motion_table(scores: dict[str, Any]) -> str:
    """Return the scores as Markdown tables."""
    physics, novelty = scores["physics"], scores["novelty"]
    rows = [
        "## Generated against real motion",
        "",
        "| quantity (median) | real | generated | ratio |",
        "|---|---|---|---|",
    ]
    for name, unit in (("slide", "m/s"), ("penetration", "m"), ("jerk", "m/s^3")):
        figures = physics[name]
        cells = " | ".join(_number(figures[key]) for key in ("real", "generated", "ratio"))
        rows.append(f"| {name}, {unit} | {cells} |")
    rows += [
        "",
        "| distance to the nearest training window, m | median | tenth percent | nearest |",
        "|---|---|---|---|",
    ]
    for name in ("takes", "validation"):
        keys = ("median_m", "percentile_10_m", "nearest_m")
        rows.append(f"| {name} | {' | '.join(_number(novelty[name][key]) for key in keys)} |")
    return "\n".join([*rows, "", f"Spread over seeds: {_number(scores['seed_spread_m'])} m."])


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
