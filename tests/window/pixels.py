"""Reads what the screen shows from Xvfb's file, an X window dump, and writes parts of it as PNG."""

import struct
import zlib
from pathlib import Path

import numpy as np

HEADER_FIELDS = 25
COLOUR_BYTES = 12


def read_screen(path):
    """Return the screen, (height, width, 3) of 8 bit RGB."""
    data = Path(path).read_bytes()
    fields = struct.unpack(f">{HEADER_FIELDS}I", data[: 4 * HEADER_FIELDS])
    header, width, height, row, colours = fields[0], fields[4], fields[5], fields[12], fields[19]
    start = header + colours * COLOUR_BYTES
    picture = np.frombuffer(data, np.uint8, height * row, start).reshape(height, row // 4, 4)
    return picture[:, :width, 2::-1].copy()


def write_png(picture, path):
    """Write an RGB picture, (height, width, 3)."""
    height, width, _ = picture.shape
    rows = np.concatenate(
        [np.zeros((height, 1), np.uint8), picture.reshape(height, width * 3)], axis=1
    )
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows.tobytes(), 6)),
        (b"IEND", b""),
    )
    Path(path).write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in parts
        )
    )
