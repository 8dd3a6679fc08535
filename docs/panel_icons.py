"""Draw the panel's icons: a figure with one body part lit, and a die; `python docs/panel_icons.py`.

They lie in blender_addon/icons, 64 x 64 pixels each. A test holds them against this script.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).resolve().parent.parent / "blender_addon" / "icons"
SIZE = 64
SAMPLES = 4
"""Points a pixel and axis, for smooth edges."""

LIT, DIM = 0.95, 0.1
"""Grey of the part that a button stands for, and of the others: they must part on a grey button
and on a blue one, which is pressed."""

Array = NDArray[np.floating]

# Strokes from point to point with their width; x to the right, y down, the picture 1 wide. The
# figure faces the viewer: its left arm is on the right.
BODY: dict[str, list[tuple[float, float, float, float, float]]] = {
    "torso": [(0.5, 0.15, 0.5, 0.15, 0.23), (0.5, 0.37, 0.5, 0.52, 0.24)],
    "right_arm": [(0.31, 0.34, 0.19, 0.46, 0.11), (0.19, 0.46, 0.13, 0.62, 0.11)],
    "left_arm": [(0.69, 0.34, 0.81, 0.46, 0.11), (0.81, 0.46, 0.87, 0.62, 0.11)],
    "lower_body": [
        (0.43, 0.68, 0.57, 0.68, 0.11), (0.41, 0.68, 0.37, 0.92, 0.13),
        (0.59, 0.68, 0.63, 0.92, 0.13),
    ],
}  # fmt: skip
DIE = [(0.27, 0.27), (0.73, 0.27), (0.5, 0.5), (0.27, 0.73), (0.73, 0.73)]


def draw_part(lit: str) -> Array:
    """Return the figure with one part lit, (64, 64, 2): grey and opacity, 0 to 1."""
    across, down = _points()
    grey, covered = np.zeros_like(across), np.zeros_like(across)
    for part, strokes in BODY.items():
        inside = np.zeros(across.shape, dtype=bool)
        for stroke in strokes:
            inside |= _distance(across, down, stroke) <= stroke[4] / 2
        grey[inside] = LIT if part == lit else DIM
        covered[inside] = 1.0
    return _shrink(grey, covered)


def draw_die() -> Array:
    """Return a die that shows a five, (64, 64, 2)."""
    across, down = _points()
    edge = np.maximum(np.abs(across - 0.5), np.abs(down - 0.5))
    covered = (edge <= 0.44).astype(float)
    for x, y in DIE:
        covered[np.hypot(across - x, down - y) <= 0.085] = 0.0
    return _shrink(np.full_like(covered, LIT), covered)


def _points() -> tuple[Array, Array]:
    places = (np.arange(SIZE * SAMPLES) + 0.5) / (SIZE * SAMPLES)
    down, across = np.meshgrid(places, places, indexing="ij")
    return across, down


def _distance(across: Array, down: Array, stroke: tuple[float, ...]) -> Array:
    """Return how far points are from a line."""
    start, way = np.array(stroke[:2]), np.array(stroke[2:4]) - np.array(stroke[:2])
    length = max(float(way @ way), 1e-9)
    along = ((across - start[0]) * way[0] + (down - start[1]) * way[1]) / length
    along = np.clip(along, 0.0, 1.0)
    return np.hypot(across - start[0] - along * way[0], down - start[1] - along * way[1])


def _shrink(grey: Array, covered: Array) -> Array:
    blocks = (SIZE, SAMPLES, SIZE, SAMPLES)
    opacity = covered.reshape(blocks).mean(axis=(1, 3))
    light = (grey * covered).reshape(blocks).mean(axis=(1, 3))
    return np.stack([light / np.maximum(opacity, 1e-9), opacity], axis=-1)


def to_pixels(picture: Array) -> bytes:
    """Return the rows of an RGBA picture as PNG stores them, each after a filter byte."""
    grey, opacity = np.moveaxis(np.round(picture * 255).astype(np.uint8), -1, 0)
    rows = np.stack([grey, grey, grey, opacity], axis=-1).reshape(SIZE, SIZE * 4)
    return b"".join(b"\0" + row.tobytes() for row in rows)


def to_png(pixels: bytes) -> bytes:
    """Return a PNG of pixels from `to_pixels`."""
    header = struct.pack(">IIBBBBB", SIZE, SIZE, 8, 6, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(pixels, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )


def pictures() -> dict[str, Array]:
    """Return every icon by its name."""
    return {part: draw_part(part) for part in BODY} | {"die": draw_die()}


if __name__ == "__main__":
    for name, picture in pictures().items():
        (FOLDER / f"{name}.png").write_bytes(to_png(to_pixels(picture)))
