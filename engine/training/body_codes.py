"""What trainings on the published systems' codes share: their options and their data."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from torch import Tensor, nn

from ..checkpoint import load_network, save_checkpoint
from ..config import to_json
from ..data.body_codes import CodeBank, encode_corpus
from ..data.corpus import SPLITS, load_corpus
from ..presets import NetworkPreset
from ..text_encoder import load_text_encoder
from ..tokenizer.halves import HalvesConfig, HalvesTokenizer
from ..tokenizer.rvq_vae import RvqVae, RvqVaeConfig
from .distributed import TrainingError, write_once
from .loop import Record, Report, Run, train
from .starting import add_init


@dataclass(frozen=True, slots=True)
class CodeData:
    """The corpus as codes, and what made them."""

    tokenizer: RvqVae | HalvesTokenizer
    train: CodeBank
    held_out: CodeBank


def read_options(what: str, presets: list[str], argv: list[str]) -> argparse.Namespace:
    """Return the options that trainings on codes share."""
    parser = argparse.ArgumentParser(prog=f"python -m engine train {what}")
    parser.add_argument("--preset", choices=presets, required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument(
        "--tokenizer", type=Path, required=True, metavar="DIR",
        help="--out of train body_tokenizer",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--without", action="append", default=[], metavar="SUBSTRING")
    parser.add_argument("--steps", type=int, help="instead of the preset's number of steps")
    add_init(parser)
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
    corpora = {
        split: load_corpus(options.corpus, split, tuple(options.without)) for split in SPLITS
    }
    encoder = load_text_encoder("minilm")
    options.out.mkdir(parents=True, exist_ok=True)
    banks = [
        encode_corpus(
            corpus, tokenizer, encoder, is_mirrored=split == "train",
            cache=options.out / f"captions_{split}.pt",
        )
        for split, corpus in corpora.items()
    ]  # fmt: skip
    return CodeData(tokenizer, *banks)


class CodeTask(Protocol):
    """A network that learns from codes."""

    @property
    def model(self) -> nn.Module:
        """The network."""

    @property
    def preset(self) -> NetworkPreset:
        """Its sizes, and how it learns."""

    def batch_loss(self, count: int) -> tuple[Tensor, Report]:
        """Return the loss of a fresh batch."""

    def validate(self, averaged: nn.Module) -> Report:
        """Measure a network on the held-out clips."""


def train_network(task: CodeTask, out: Path, name: str, record: Record) -> nn.Module:
    """Train, write `name`.safetensors into `out`, and return the trained network."""
    config = {"preset": to_json(task.preset)} | record
    run = Run(task.model, task.batch_loss, task.validate, out, config)
    trained = train(run, task.preset.loop)
    path, described = out / f"{name}.safetensors", to_json(task.preset.model)
    write_once(lambda: save_checkpoint(path, trained.state_dict(), described))
    return trained


def check_sizes(found: tuple[int, int], wanted: tuple[int, int], folder: Path) -> None:
    """Raise TrainingError unless a tokenizer's stages and codebook size are the preset's."""
    if found != wanted:
        raise TrainingError(
            f"The tokenizer in {folder} has {found[0]} stages of {found[1]} codes, the preset "
            f"{wanted[0]} of {wanted[1]}: choose the tokenizer's own preset."
        )
