"""Is generated motion as physical as real motion, and is it new? On captions of held-out clips."""

from __future__ import annotations

from typing import Any

import numpy as np
from tqdm import tqdm

from ...motion.running import Engine
from .library import RealClip
from .novelty import DEFINITION, TrainingWindows, spread, summarize_novelty
from .physics import compare_physics
from .takes import measure_takes

TAKES = 3
"""Seeds per caption."""


def score_motion(
    engine: Engine, clips: tuple[RealClip, ...], most_clips: int, seed: int = 0
) -> dict[str, Any]:
    """Compare takes made for the captions of held-out clips with these clips.

    Args:
        engine: makes the takes: the first caption and the length of each clip.
        clips: of `train` and of the split that is measured on; clips that were captured in part
            are left out.
        most_clips: takes are made for at most so many held-out clips, evenly chosen.
        seed: of the first take.
    """
    whole = [clip for clip in clips if clip.is_whole]
    training = TrainingWindows([clip.body for clip in whole if clip.entry.split == "train"])
    held_out = [clip for clip in whole if clip.entry.split != "train"]
    chosen = _evenly(held_out, most_clips)
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
            "takes": summarize_novelty(
                training, made,
                [clip.entry.group for clip, own in zip(chosen, takes, strict=True) for _ in own],
            ),
            # All of them: a choice of 60 moves the median by centimetres.
            "real": summarize_novelty(
                training, [clip.body for clip in held_out], [clip.entry.group for clip in held_out]
            ),
        },  # fmt: skip
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
        "| distance to the nearest training window, m | clips | median | tenth percent | nearest |",
        "|---|---|---|---|---|",
    ]
    for name in ("takes", "real"):
        own = novelty[name]
        low, high = _number(own["low_m"]), _number(own["high_m"])
        rows.append(
            f"| {name} | {own['clips']} | {_number(own['median_m'])} ({low} – {high}) "
            f"| {_number(own['percentile_10_m'])} | {_number(own['nearest_m'])} |"
        )
    spread_told = f"Spread over seeds: {_number(scores['seed_spread_m'])} m."
    return "\n".join([*rows, "", DEFINITION, "", spread_told])


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
