"""Cuts files into pieces that are small enough to be carried, and joins them again.

`python -m engine train pieces DIR --out DIR` joins; `train published` cuts.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from .distributed import TrainingError

PIECE_BYTES: Final = 15_000_000
"""Most bytes of a piece."""


def write_pieces(folder: Path, out: Path, most: int = PIECE_BYTES) -> list[Path]:
    """Write a folder's files into `out` as they are, or as NAME.part1of3 ... if larger."""
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        parts = [content[start : start + most] for start in range(0, len(content), most)] or [b""]
        for old in out.glob(f"{path.name}.part*"):
            old.unlink()
        for number, part in enumerate(parts, 1):
            name = path.name if len(parts) == 1 else f"{path.name}.part{number}of{len(parts)}"
            (out / name).write_bytes(part)
            written.append(out / name)
    return written


def join_pieces(pieces: Path, out: Path) -> None:
    """Write the files that `write_pieces` made pieces of into `out`.

    Raises:
        TrainingError: if a piece is missing; nothing is written then.
    """
    whole: dict[str, dict[int, Path]] = {}
    counts: dict[str, int] = {}
    for path in pieces.iterdir():
        name, is_part, place = path.name.rpartition(".part")
        number, _, count = place.partition("of") if is_part else ("1", "", "1")
        name = name if is_part else path.name
        whole.setdefault(name, {})[int(number)] = path
        counts[name] = int(count)
    for name, parts in whole.items():
        missing = sorted(set(range(1, counts[name] + 1)) - set(parts))
        if missing:
            lacking = f"{name}.part{missing[0]}of{counts[name]}"
            raise TrainingError(f"{pieces} lacks {lacking}: copy all pieces of a file.")
    out.mkdir(parents=True, exist_ok=True)
    for name, parts in whole.items():
        (out / name).write_bytes(b"".join(parts[number].read_bytes() for number in sorted(parts)))


def main(argv: list[str]) -> int:
    """Run `python -m engine train pieces`: join what was cut."""
    parser = argparse.ArgumentParser(prog="python -m engine train pieces")
    parser.add_argument("pieces", type=Path, help="folder of pieces, as train published writes")
    parser.add_argument("--out", type=Path, required=True, help="model's folder to write")
    options = parser.parse_args(argv)
    if not options.pieces.is_dir():
        raise TrainingError(f"{options.pieces} is no folder: name the one that holds the pieces.")
    join_pieces(options.pieces, options.out)
    print(options.out)
    return 0
