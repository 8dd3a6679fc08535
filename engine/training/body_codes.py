"""What trainings on the published systems' codes share: their options and their data."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from torch import nn

from ..checkpoint import load_network
from ..data.body_codes import CodeBank, encode_corpus
from ..data.corpus import TRAINING_SPLITS, load_corpus, splits_of
from ..presets import NetworkPreset
from ..text_encoder import load_text_encoder
from ..tokenizer.halves import HalvesConfig, HalvesTokenizer
from ..tokenizer.rvq_vae import RvqVae, RvqVaeConfig
from .distributed import TrainingError
from .loop import Record
from .networks import Task, save_network, train_task
from .options import training_parser


@dataclass(frozen=True, slots=True)
class CodeData:
    """The corpus as codes, and what made them."""

    tokenizer: RvqVae | HalvesTokenizer
    train: CodeBank
    held_out: CodeBank
    splits: tuple[str, ...] = ()
    """Which splits the corpus had."""


def read_options(
    what: str, presets: Mapping[str, object], argv: list[str]
) -> argparse.Namespace:
    """Return the options that trainings on codes share."""
    parser = training_parser(what, presets)
    parser.add_argument(
        "--tokenizer", type=Path, required=True, metavar="DIR",
        help="--out of train body_tokenizer",
    )  # fmt: skip
    return parser.parse_args(argv)


def load_codes(options: argparse.Namespace, *, of_halves: bool) -> CodeData:
    """Encode the corpus with the named tokenizer, or with that of the halves."""
    if of_halves:
        path = options.tokenizer / "halves.safetensors"
        tokenizer: RvqVae | HalvesTokenizer = load_network(
            path, HalvesTokenizer, HalvesConfig, "cpu"
        )
    else:
        path = options.tokenizer / "tokenizer.safetensors"
        tokenizer = load_network(path, RvqVae, RvqVaeConfig, "cpu")
    training, validation = (
        load_corpus(options.corpus, split, tuple(options.without)) for split in TRAINING_SPLITS
    )
    encoder = load_text_encoder("minilm")
    options.out.mkdir(parents=True, exist_ok=True)
    learnt = encode_corpus(
        training, tokenizer, encoder,
        is_mirrored=True, cache=options.out / "captions_train.pt",
    )  # fmt: skip
    held_out = encode_corpus(
        validation, tokenizer, encoder,
        is_mirrored=False, cache=options.out / "captions_val.pt",
    )  # fmt: skip
    return CodeData(tokenizer, learnt, held_out, splits_of(options.corpus))


class CodeTask(Task, Protocol):
    """A network that learns from codes."""

    @property
    def preset(self) -> NetworkPreset:
        """Its sizes, and how it learns."""


def train_network(task: CodeTask, out: Path, name: str, record: Record) -> nn.Module:
    """Train, write `name`.safetensors into `out`, and return the trained network."""
    trained = train_task(task, task.preset, out, record)
    save_network(out / f"{name}.safetensors", trained, task.preset)
    return trained


def check_sizes(data: CodeData, wanted: tuple[int, int], folder: Path) -> None:
    """Raise TrainingError unless the tokenizer's stages and codebook size are the preset's."""
    found = data.tokenizer.stages, data.tokenizer.codebook_size
    if found != wanted:
        raise TrainingError(
            f"The tokenizer in {folder} has {found[0]} stages of {found[1]} codes, the preset "
            f"{wanted[0]} of {wanted[1]}: choose the tokenizer's own preset."
        )
