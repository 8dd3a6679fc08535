"""Training curves of a model, from the logs in its folder. It trains nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from ..charts.plots import Chart, Line

MEASURES: Final = ("val_nll", "val_all_mm")
"""What a log's held-out figures are called: nats a code, millimetres a joint."""

Curves = dict[str, dict[str, list[tuple[float, float]]]]
"""Points (minutes of training, figure) of each measure and network."""


def read_curves(folder: Path) -> Curves:
    """Return the curves of the logs in a model's folder; of models without logs none.

    Lines that are damaged, as an interrupted training leaves them, are passed over.
    """
    curves: Curves = {}
    for log in sorted(folder.glob("*.log.jsonl")):
        network = log.name.removesuffix(".log.jsonl")
        for minutes, found in _timed_lines(log):
            for measure in MEASURES:
                figure = _figure(found, measure)
                if figure is not None and network != "length":
                    points = curves.setdefault(measure, {}).setdefault(network, [])
                    points.append((minutes, figure))
    return curves


def _figure(found: dict[str, Any], measure: str) -> float | None:
    """Return a line's figure; of a network that measures each stage, the mean of its stages."""
    stages = [float(value) for key, value in found.items()
              if key.startswith(measure) and key[len(measure) + 1 :].isdigit()]  # fmt: skip
    if measure in found:
        return float(found[measure])
    return sum(stages) / len(stages) if stages else None


def trainings_table(models: dict[str, dict[str, Any]]) -> str:
    """Return how long each network of models' rows was trained and where it ended, as Markdown."""
    lines = [
        "## Trainings", "",
        "Minutes that passed until the last figure, a core each, beside other work; held-out nats "
        "a code, or millimetres a joint. The best figure's weights are shipped where a training "
        "ended by it.", "",
        "| model, network | minutes | first | best | last |", "|---|---|---|---|---|",
    ]  # fmt: skip
    for name, row in models.items():
        for curves in row["training"].values():
            for network, points in curves.items():
                figures = [figure for _, figure in points]
                told = " | ".join(f"{x:.3g}" for x in (figures[0], min(figures), figures[-1]))
                lines.append(f"| {name}, {network} | {points[-1][0]:.0f} | {told} |")
    return "\n".join(lines)


def _timed_lines(log: Path) -> Iterator[tuple[float, dict[str, Any]]]:
    """Yield each line with its minutes; a run that was resumed counts from 0 again."""
    before = last = 0.0
    for line in log.read_text(encoding="utf-8").splitlines():
        try:
            found = json.loads(line)
            seconds = float(found["seconds"])
        except (ValueError, KeyError, TypeError):
            continue
        if seconds < last:
            before += last
        last = seconds
        yield (before + seconds) / 60.0, found


def training_charts(models: Sequence[tuple[str, dict[str, Any]]]) -> Iterator[tuple[str, Chart]]:
    """Yield the charts of models' rows whose `training` holds curves."""
    yield "training-transformers", Chart(
        "Training: held-out likelihood (other codes, other scale)",
        "minutes", "nats a code", _lines(models, "val_nll"),
    )
    yield "training-tokenizers", Chart(
        "Training: held-out joint error, all stages", "minutes", "mm", _lines(models, "val_all_mm")
    )  # fmt: skip


def _lines(models: Sequence[tuple[str, dict[str, Any]]], measure: str) -> tuple[Line, ...]:
    return tuple(
        Line(f"{name}, {network}", tuple((x, y) for x, y in points), colour, number > 0)
        for colour, (name, row) in enumerate(models)
        for number, (network, points) in enumerate(row["training"].get(measure, {}).items())
    )
