"""What every training reads from its command line: options, preset, and where it begins."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from ..presets import NetworkPreset
from ..transformers.text_tower import FILE_NAME as TOWER_FILE
from .distributed import TrainingError
from .starting import Start, add_init, read_start


def training_parser(
    what: str, presets: Mapping[str, object], default: str | None = None
) -> argparse.ArgumentParser:
    """Return a parser with the options that all trainings have.

    Args:
        what: `python -m engine train` this.
        presets: by name.
        default: of the presets; None where one must be named.
    """
    parser = argparse.ArgumentParser(prog=f"python -m engine train {what}")
    parser.add_argument(
        "--preset", choices=sorted(presets), default=default, required=default is None
    )
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--without", action="append", default=[], metavar="SUBSTRING")
    parser.add_argument("--steps", type=int, help="instead of the preset's number of steps")
    add_init(parser)
    return parser


def chosen_start(
    init: Path | None, name: str, preset: NetworkPreset, presets: Mapping[str, NetworkPreset]
) -> Start | None:
    """Read the weights that the network `name` is to begin with; None without `--init`.

    Raises:
        TrainingError: if they are those of another preset, with the names of the right ones.
        WeightsError: if the file is missing or damaged.
    """
    known = {key: own.model for key, own in presets.items()}
    return read_start(init, name, preset.model, known)


def add_tower(parser: argparse.ArgumentParser) -> None:
    """Let a trainer take `--tower`."""
    parser.add_argument(
        "--tower", type=Path, metavar="DIR",
        help="--out of train text_tower, or a model that has its file: the network then reads its "
        "vector, too (that of --init, if not told)",
    )  # fmt: skip


def tower_of(options: argparse.Namespace) -> Path | None:
    """Return the folder of the tower: `--tower`, or that of `--init` if a tower lies in it."""
    init: Path | None = options.init
    has_own = init is not None and (init / TOWER_FILE).is_file()
    return options.tower or (init if has_own else None)


def check_sentences(given: int, wanted: int) -> None:
    """Raise TrainingError unless sentences have the width that a preset reads."""
    if given != wanted:
        cure = "leave out --tower" if given > wanted else "name a run of text_tower with --tower"
        raise TrainingError(
            f"The preset reads sentences of {wanted} numbers, these have {given}: {cure}."
        )
