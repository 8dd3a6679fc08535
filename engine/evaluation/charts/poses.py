"""Sheets of takes as rows of stick figures, drawn by matplotlib. It knows no model.

Left limbs are red, right ones blue. Each pose stands on its own piece of floor, seen from the
front and a little from its left, so that floating, sliding and lowest points show.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import matplotlib
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from ...measuring.metrics import Array
from ...motion.clip import Clip
from ...motion.skeleton import JOINTS, PARENTS
from .plots import STYLE

_YAW: Final = 0.6
"""Radians from the front to the side that the figures are seen from."""

_TILT: Final = 0.18
"""How far what lies a metre behind stands higher, metres."""

_WIDE, _HIGH, _BELOW = 1.5, 2.1, 0.25
"""Metres of a picture: its width, its height above the floor and below."""

_INCHES: Final = (0.75, 1.15)
_COLOURS: Final = {"left": "#c33333", "right": "#3366cc"}


@dataclass(frozen=True, slots=True)
class Row:
    """One take."""

    title: str
    clip: Clip


def draw_sheet(title: str, rows: Sequence[Row], poses: int = 12) -> bytes:
    """Return a PNG: a line of `poses` poses a take, evenly chosen from its first to its last."""
    with matplotlib.rc_context({**STYLE, "axes.grid": False}):
        figure = Figure((poses * _INCHES[0], len(rows) * _INCHES[1] + 0.4), dpi=80)
        figure.text(0.01, 0.998, title, va="top", size=10)
        high = 1.0 - 0.3 / figure.get_figheight()
        for number, row in enumerate(rows):
            low = high * (1 - (number + 1) / len(rows))
            axes = figure.add_axes((0.0, low, 1.0, high / len(rows)))
            _draw_row(axes, row, poses)
        file = io.BytesIO()
        figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def _draw_row(axes: Any, row: Row, poses: int) -> None:
    axes.set_xlim(0.0, poses * _WIDE)
    axes.set_ylim(-_BELOW, _HIGH + 0.25)
    axes.axis("off")
    axes.axhline(0.0, color="#bbbbbb", linewidth=0.8)
    way = np.linalg.norm((row.clip.root_pos[-1] - row.clip.root_pos[0])[[0, 2]])
    told = f"{row.title} ({row.clip.duration_seconds:.1f} s, ends {way:.1f} m away)"
    axes.text(0.05, _HIGH, told, va="bottom")
    frames = np.linspace(0, row.clip.frames - 1, poses).round().astype(int)
    seen = seen_from_aside(row.clip.joints()[frames])
    for number, joints in enumerate(seen):
        joints = joints + np.array([(number + 0.5) * _WIDE, 0.0])
        bones = [(joints[PARENTS[j]], joints[j]) for j in range(1, len(JOINTS))]
        colours = [_COLOURS.get(name.partition("_")[0], "#333333") for name in JOINTS[1:]]
        axes.add_collection(LineCollection(bones, colors=colours, linewidths=1.6))


def seen_from_aside(joints: Array) -> Array:
    """Return points (T, J, 2) of joints (T, J, 3): across and up, metres, the pelvis at 0 across.

    The floor below the pelvis stays at 0 up.
    """
    places = joints - joints[:, :1] * np.array([1.0, 0.0, 1.0])
    across = np.cos(_YAW) * places[..., 0] + np.sin(_YAW) * places[..., 2]
    away = np.cos(_YAW) * places[..., 2] - np.sin(_YAW) * places[..., 0]
    return np.stack([across, places[..., 1] - _TILT * away], -1)
