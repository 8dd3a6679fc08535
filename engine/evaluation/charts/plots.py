"""Line charts as SVG text, drawn by matplotlib. It knows no model and no figure."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, Final

import matplotlib
from matplotlib.figure import Figure

INCHES: Final = (6.4, 4.0)
COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#444444")
"""Told apart by colour-blind eyes too (Okabe and Ito)."""

STYLE: Final[dict[Any, Any]] = {
    "svg.hashsalt": "keyfill", "svg.fonttype": "none", "text.parse_math": False,
    "font.family": "DejaVu Sans", "font.size": 8.0, "axes.spines.top": False,
    "axes.spines.right": False, "axes.grid": True, "axes.grid.axis": "y", "grid.color": "#dddddd",
}  # fmt: skip
"""Text stays text, and the same chart gives the same file: names of elements are not random."""


@dataclass(frozen=True, slots=True)
class Line:
    """Points that belong together."""

    name: str
    points: tuple[tuple[float, float], ...]
    colour: int = 0
    """Number of a colour; lines of one model share it."""

    is_dashed: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over an axis y that starts at 0."""

    title: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]
    x_from: float = 0.0
    top: tuple[float, float] | None = None
    """Ends of the axes; None fits them to the points."""


def draw_chart(chart: Chart) -> str:
    """Return the chart as an SVG document; the group of line n has the id `line-n`."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=INCHES, layout="constrained")
        axes = figure.subplots()
        for number, line in enumerate(chart.lines):
            axes.plot(
                [x for x, _ in line.points], [y for _, y in line.points],
                "o--" if line.is_dashed else "o-", color=COLOURS[line.colour % len(COLOURS)],
                markersize=4.0, label=line.name, gid=f"line-{number}", clip_on=False,
            )  # fmt: skip
        right, top = chart.top or (None, None)
        axes.set_xlim(left=chart.x_from, right=right)
        axes.set_ylim(bottom=0.0, top=top)
        axes.set_axisbelow(True)
        axes.set(title=chart.title, xlabel=chart.x_label, ylabel=chart.y_label)
        if chart.lines:
            figure.legend(loc="outside right upper", frameon=False)
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    return drawn.getvalue()
