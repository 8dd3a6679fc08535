"""Rows of figures as one Markdown table. It knows no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

COLUMNS: Final = {
    "all_mm": ("all stages, mm", 1),
    "base_mm": ("base stage, mm", 1),
    "path_5s_m": ("path after 5 s, m", 3),
    "codes_used_percent": ("codes used, %", 1),
    "coding_ms": ("coding 6 s, ms", 1),
    "nll": ("nats a code", 3),
    "accuracy": ("right, share", 3),
    "fid": ("FID", 2),
    "kid": ("KID", 3),
    "r3": ("R@3", 3),
    "obeyed": ("obeyed, share", 2),
    "jerk": ("jerk, m/s³", 1),
    "slide": ("foot slide, m/s", 3),
    "seconds_a_second": ("s a second of take", 3),
}
"""Figures that the table shows: heading and digits."""

JUDGED_BY: Final = ("all_mm", "fid", "nll")
"""The first of these that rows have says which is better: less of it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of one seed with its figures."""

    axis: str
    value: str
    seed: int
    batch: int
    """Of each training step; 0 where nothing is trained."""

    figures: dict[str, float] = field(default_factory=dict)

    def told(self) -> str:
        """Return the line for a terminal."""
        shown = [
            f"{heading} {self.figures[name]:.{digits}f}"
            for name, (heading, digits) in COLUMNS.items()
            if name in self.figures
        ]
        return f"{self.axis}: {self.value}, seed {self.seed}: {', '.join(shown)}"


def best_two(lines: Sequence[Line]) -> list[Line]:
    """Return the two best lines of each axis."""
    found = []
    for axis in dict.fromkeys(line.axis for line in lines):
        own = [line for line in lines if line.axis == axis]
        judged = next((name for name in JUDGED_BY if all(name in r.figures for r in own)), None)
        if judged is not None:
            found += sorted(own, key=lambda line: line.figures[judged])[:2]
    return found


def table_of(lines: Sequence[Line], budget: str) -> str:
    """Return one table; a row's seeds stand beside each other.

    Args:
        lines: in the order of the table.
        budget: what stands above it.
    """
    shown = [name for name in COLUMNS if any(name in line.figures for line in lines)]
    headings = ["axis", "value", "batch", *(COLUMNS[name][0] for name in shown)]
    rows = [headings, ["---"] * len(headings)]
    for axis, value in dict.fromkeys((line.axis, line.value) for line in lines):
        own = [line for line in lines if (line.axis, line.value) == (axis, value)]
        cells = [_cell(own, name) for name in shown]
        rows.append([axis, value, str(own[0].batch or "–"), *cells])
    return "\n".join([budget, "", *(f"| {' | '.join(row)} |" for row in rows)])


def _cell(lines: Sequence[Line], name: str) -> str:
    digits = COLUMNS[name][1]
    found = [f"{line.figures[name]:.{digits}f}" for line in lines if name in line.figures]
    return " / ".join(found) or "–"
