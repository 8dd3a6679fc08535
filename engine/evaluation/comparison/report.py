"""The report: JSON, Markdown tables and SVG plots in one folder. It measures nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from ...files import write_text
from ..charts.plots import Chart, Line, draw_chart
from .obeyed import obeyed_table
from .training_curves import training_charts, trainings_table

_FIGURES: Final = (
    ("fid", "FID ↓"), ("kid", "KID ↓"), ("r1", "R@1 ↑"), ("r2", "R@2 ↑"), ("r3", "R@3 ↑"),
    ("mm_dist", "MM-Dist ↓"), ("diversity", "Diversity →"), ("multimodality", "MultiModality"),
)  # fmt: skip
_PHYSICS: Final = (
    ("slide", "foot slide, m/s"), ("penetration", "penetration, mm"), ("jerk", "jerk, m/s³")
)  # fmt: skip
_FACTORS: Final = {"r1": 100.0, "r2": 100.0, "r3": 100.0, "penetration": 1000.0}
"""R-precision in per cent, penetration in millimetres."""

_LEAST_TOKENS: Final = 20
"""Of a bin of confidence that is plotted."""

Report = dict[str, Any]


def write_report(folder: Path, report: Report) -> str:
    """Write `report.json`, `report.md` and the plots; return the Markdown."""
    charts = {name: chart for name, chart in _charts(report) if chart.lines}
    pictures = [f"![{chart.title}]({name}.svg)" for name, chart in charts.items()]
    text = "\n\n".join([*_tables(report), *pictures])
    for name, chart in charts.items():
        write_text(folder / f"{name}.svg", draw_chart(chart))
    write_text(folder / "report.json", json.dumps(report, indent=1, allow_nan=False))
    write_text(folder / "report.md", text)
    return text


def _tables(report: Report) -> Iterator[str]:
    models = {name: row for name, row in report["rows"].items() if "time" in row}
    yield "# Models on the same held-out clips"
    yield _heading(report)
    yield _table("row", _FIGURES, list(_figure_rows(report)))
    yield _halves(report)
    yield _table("row", _PHYSICS, list(_figure_rows(report)))
    if any("obeyed" in row for row in report["rows"].values()):
        yield obeyed_table(report["rows"])
    if models:
        yield _costs(models)
        yield _edits(models)
        yield _tokenizers(models)
        yield _confidence(models)
    if any(row["training"] for row in models.values()):
        yield trainings_table(models)


def _heading(report: Report) -> str:
    notes = " ".join([report["learnt_before"], *report["missing"]]).strip()
    return (
        f"Split {report['split']}: {report['clips']} clips of {report['groups']} groups, all body "
        f"parts captured; {report['repeats']} sampling repeats, seed {report['seed']}. In brackets "
        "95 % intervals by bootstrap over groups and repeats. R-precision in per cent, pools of "
        "32 without two clips of one group or with one caption in common. Diversity: "
        f"{report['diversity_pairs']} pairs (published 300). MultiModality: "
        f"{report['multimodality_prompts']} prompts (published 100) of "
        f"{report['multimodality_takes']} takes (30), {report['multimodality_takes'] // 2} pairs "
        f"(10). Evaluator {report['evaluator_sha256'][:12]}; it chooses no takes. {notes}\n\n"
        f"Machine: {report['machine']}."
    )


def _halves(report: Report) -> str:
    halves = report["rows"]["real motion"]["halves"]
    explained = "".join(f" {what}" for what in dict.fromkeys(
        row["what"] for row in report["rows"].values() if "what" in row
    ))  # fmt: skip
    return (
        "FID grows as clips get fewer; what is as good as real clips can be does not reach 0. One "
        f"random half of the real clips against the other: FID {cell(halves['fid'])}, KID "
        f"{cell(halves['kid'])} (95 % of the splits). Training clips at random are real motion "
        "whose captions do not fit. KID leaves out the pairs of a clip and what was made for "
        "its own caption, so that a set is at 0 from itself. Reconstructions keep the feet as "
        f"decoded; takes are cleaned up, as an animator gets them.{explained}"
    )


def _figure_rows(report: Report) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every row with its figures; a model's tokenizers stand before it."""
    for name, row in report["rows"].items():
        for part, tokenizer in row.get("tokenizers", {}).items():
            yield f"{name}, reconstruction ({part})", tokenizer["figures"]
        yield name, row["figures"]


def _table(
    first: str,
    columns: Sequence[tuple[str, str]],
    rows: Sequence[tuple[str, dict[str, Any]]],
) -> str:
    lines = [
        f"| {first} | {' | '.join(label for _, label in columns)} |",
        "|---" * (len(columns) + 1) + "|",
    ]
    for name, figures in rows:
        cells = [cell(figures.get(key), _FACTORS.get(key, 1.0)) for key, _ in columns]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    shown = [own.get(key) for _, own in rows for key, _ in columns]
    reasons = {figure["none"] for figure in shown if figure is not None and _is_none(figure)}
    return "\n".join([*lines, *("\n" + reason for reason in sorted(reasons))])


def _is_none(figure: object) -> bool:
    return isinstance(figure, dict) and "none" in figure


def cell(figure: Any, factor: float = 1.0) -> str:
    """Return a figure and its interval as text; a dash where there is none."""
    if not isinstance(figure, dict) or "value" not in figure:
        return "–" if figure is None or isinstance(figure, dict) else _number(figure * factor)
    value, low, high = (factor * figure[key] for key in ("value", "low", "high"))
    return f"{_number(value)} ({_number(low)} – {_number(high)})"


def _number(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def _costs(models: Report) -> str:
    lengths = list(next(iter(models.values()))["time"]["seconds_by_length"])
    columns = [(length, f"{length} s") for length in lengths]
    columns += [
        ("aits", "AITS, s"), ("numbers", "parameters, M"), ("operations", "operations of 6 s, G")
    ]  # fmt: skip
    rows = []
    for name, row in models.items():
        own = dict(row["time"]["seconds_by_length"])
        own["aits"] = row["time"]["aits_seconds"]
        own["numbers"] = row["cost"]["numbers"] / 1e6
        own["operations"] = row["cost"]["operations_6_s"] / 1e9
        rows.append((name, own))
    machines = "\n".join(f"* {name}: {_machine(row['time'])}" for name, row in models.items())
    table = _table("model", columns, rows)
    return (
        "## Time and size\n\nSeconds for a warm take of each length, from the prompt to the "
        "finished clip; median of three prompts. Parameters with codebooks; operations of all "
        f"passes and of the text encoder.\n\n{table}\n\nTimed on:\n\n{machines}"
    )


def _machine(measured: dict[str, Any]) -> str:
    load = measured["load"]
    busy = "" if load is None else f"; load {load:.1f} with all other work"
    return f"{measured['machine']}{busy}"


def _edits(models: Report) -> str:
    columns = (
        ("clips", "clips"), ("seam_ratio", "seam"), ("seam_within_95", "seams within 95 %"),
        ("error_m", "gap's error, m"), ("interpolation_m", "interpolated, m"),
        ("outside_largest_change", "outside the mask"),
    )  # fmt: skip
    rows, refused = [], []
    for name, row in models.items():
        for kind, figures in row["edits"].items():
            if "refused" in figures:
                refused.append(f"* {name}, {kind}: {figures['refused']}")
            rows.append((f"{name}, {kind}", figures))
    return (
        "## Edits\n\nSeam: largest acceleration at the span's borders over the real clip's own "
        "95th percentile (median). Outside the mask: largest change of any kept number.\n\n"
        + "\n".join([_table("edit", columns, rows), "", *refused])
    )


def _tokenizers(models: Report) -> str:
    lines = [
        "## Tokenizers",
        "",
        "Joint error in mm, pelvis and heading aligned. Codes in use (per cent) and entropy, bits: "
        "base stage / mean of all stages.",
        "",
        "| tokenizer | base stage | all stages | codes × stages × parts | used, training | "
        "used, real | used, takes | entropy, real | entropy, takes |",
        "|---" * 9 + "|",
    ]
    for name, row in models.items():
        for part, own in row["tokenizers"].items():
            errors, places = own["error_mm"], len(own["parts"])
            cells = [
                f"{name} ({part})", cell(errors[0]), cell(errors[-1]),
                f"{own['codebook_size']} × {len(errors)} × {places}",
                *(_pair(own[clips]["used"], 100.0) for clips in ("training", "real", "takes")),
                *(_pair(own[clips]["entropy_bits"]) for clips in ("real", "takes")),
            ]  # fmt: skip
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _pair(values: list[list[float]], factor: float = 1.0) -> str:
    stages = by_stage(values)
    return f"{_number(factor * stages[0])} / {_number(factor * sum(stages) / len(stages))}"


def by_stage(values: list[list[float]]) -> list[float]:
    """Return the mean over parts of values (P, Q)."""
    return [sum(column) / len(column) for column in zip(*values, strict=True)]


def _confidence(models: Report) -> str:
    columns = (
        ("tokens", "hidden tokens"), ("right", "right, %"),
        ("least_sure_fifth", "least sure fifth"), ("surest_fifth", "surest fifth"),
        ("expected_error", "calibration error"),
    )  # fmt: skip
    rows = [(name, _percent(row["confidence"])) for name, row in models.items()]
    table = _table("model", columns, rows)
    return (
        "## Confidence\n\nBase codes of real clips, hidden and guessed with the caption and "
        "without guidance: how often the likeliest code is right.\n\n" + table
    )


def _percent(figures: dict[str, Any]) -> dict[str, Any]:
    found = dict(figures)
    for name in ("right", "least_sure_fifth", "surest_fifth"):
        if "value" in found.get(name, {}):
            found[name] = {key: 100 * value for key, value in found[name].items()}
    return found


def _charts(report: Report) -> Iterator[tuple[str, Chart]]:
    models = [(name, row) for name, row in report["rows"].items() if "time" in row]
    tokenizers = [
        (colour, f"{name} ({part})", own)
        for colour, (name, part, own) in enumerate(
            (name, part, own) for name, row in models for part, own in row["tokenizers"].items()
        )
    ]
    errors = [
        Line(name, _counted([figure["value"] for figure in own["error_mm"]]), colour)
        for colour, name, own in tokenizers
    ]
    yield "reconstruction", Chart(
        "Joint error by stage", "stages decoded", "mm", tuple(errors), x_from=1.0
    )
    for key, label, factor in (("used", "codes in use, %", 100.0), ("entropy_bits", "bits", 1.0)):
        lines = [
            Line(f"{name}{more}", _counted(by_stage(own[clips][key]), factor), colour, bool(more))
            for colour, name, own in tokenizers
            for clips, more in (("real", ""), ("takes", ", takes"))
        ]
        title = "Codes in use: real clips and takes" if key == "used" else (
            "Entropy of codes: real clips and takes"
        )
        yield f"codes-{key.partition('_')[0]}", Chart(title, "stage", label, tuple(lines), 1.0)
    yield "confidence", _confidence_chart(models)
    times = [
        Line(name, tuple((float(s), t) for s, t in row["time"]["seconds_by_length"].items()), index)
        for index, (name, row) in enumerate(models)
    ]
    yield "time", Chart("Time per take", "seconds of motion", "seconds", tuple(times))
    yield from training_charts(models)


def _confidence_chart(models: Sequence[tuple[str, Report]]) -> Chart:
    lines = [
        Line(name, tuple(_bins(row["confidence"]["bins"])), index)
        for index, (name, row) in enumerate(models)
        if row["confidence"]
    ]
    if lines:
        lines.append(Line("as sure as right", ((0.0, 0.0), (1.0, 1.0)), 6, is_dashed=True))
    title = "Is a confident token right more often?"
    return Chart(title, "confidence", "share right", tuple(lines), top=(1.0, 1.0))


def _bins(rows: Sequence[dict[str, Any]]) -> Iterator[tuple[float, float]]:
    """Yield confidence and share right where enough tokens stand behind them."""
    return ((r["confidence"], r["right"]) for r in rows if r["tokens"] >= _LEAST_TOKENS)


def _counted(values: Sequence[float], factor: float = 1.0) -> tuple[tuple[float, float], ...]:
    return tuple((number + 1.0, factor * value) for number, value in enumerate(values))
