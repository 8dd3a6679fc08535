"""Line charts as SVG text. It knows no model and no figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

WIDTH: Final = 640
HEIGHT: Final = 400
COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#444444")
"""Told apart by colour-blind eyes too (Okabe and Ito)."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 190, 36, 48


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
    """Lines on axes that start at 0."""

    title: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]
    x_from: float = 0.0
    top: tuple[float, float] | None = None
    """Ends of the axes; None fits them to the points."""


def nice_ticks(start: float, end: float, count: int = 6) -> list[float]:
    """Return about `count` round numbers from `start` to `end`, both covered by steps."""
    if not end > start:
        return [start]
    rough = (end - start) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first = math.ceil(start / step - 1e-9)
    last = math.floor(end / step + 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]


def draw_chart(chart: Chart) -> str:
    """Return the chart as an SVG document."""
    points = [point for line in chart.lines for point in line.points]
    end_x, end_y = chart.top or (
        max((x for x, _ in points), default=1.0),
        1.05 * max((y for _, y in points), default=1.0) or 1.0,
    )
    frame = _Frame(chart.x_from, max(end_x, chart.x_from + 1e-9), end_y)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(WIDTH / 2, 20, chart.title, "middle", "font-weight='bold'"),
        *_axes(chart, frame),
        *(part for line in chart.lines for part in _draw_line(line, frame)),
        *_legend(chart.lines),
        "</svg>",
    ]
    return "\n".join(parts)


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where data lie on the page."""

    x_from: float
    x_to: float
    y_to: float

    def x(self, value: float) -> float:
        share = (value - self.x_from) / (self.x_to - self.x_from)
        return _LEFT + share * (WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - _BOTTOM - value / self.y_to * (HEIGHT - _TOP - _BOTTOM)


def _axes(chart: Chart, frame: _Frame) -> list[str]:
    bottom, right = HEIGHT - _BOTTOM, WIDTH - _RIGHT
    parts = []
    for tick in nice_ticks(0.0, frame.y_to):
        y = frame.y(tick)
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{right}" stroke="#dddddd"/>')
        parts.append(_text(_LEFT - 6, y + 4, f"{tick:g}", "end"))
    for tick in nice_ticks(frame.x_from, frame.x_to, 8):
        x = frame.x(tick)
        parts.append(f'<path d="M{x:.1f} {bottom}v4" stroke="black"/>')
        parts.append(_text(x, bottom + 17, f"{tick:g}", "middle"))
    parts.append(f'<path d="M{_LEFT} {_TOP}V{bottom}H{right}" fill="none" stroke="black"/>')
    parts.append(_text((_LEFT + right) / 2, HEIGHT - 10, chart.x_label, "middle"))
    middle = (_TOP + bottom) / 2
    turn = f"transform='rotate(-90 16 {middle:.0f})'"
    parts.append(_text(16, middle, chart.y_label, "middle", turn))
    return parts


def _draw_line(line: Line, frame: _Frame) -> list[str]:
    colour = COLOURS[line.colour % len(COLOURS)]
    places = [(frame.x(x), frame.y(y)) for x, y in line.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dash = ' stroke-dasharray="5 4"' if line.is_dashed else ""
    parts = [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>']
    parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
    return parts


def _legend(lines: Sequence[Line]) -> list[str]:
    parts = []
    left = WIDTH - _RIGHT + 14
    for row, line in enumerate(lines):
        y = _TOP + 10 + 18 * row
        colour = COLOURS[line.colour % len(COLOURS)]
        dash = ' stroke-dasharray="5 4"' if line.is_dashed else ""
        parts.append(f'<path d="M{left} {y}h20" stroke="{colour}" stroke-width="2"{dash}/>')
        parts.append(_text(left + 26, y + 4, line.name, "start"))
    return parts


def _text(x: float, y: float, text: str, anchor: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{escape(text)}</text>'
