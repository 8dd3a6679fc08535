"""What trainings on the published systems' codes share: their options and their data."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import torch
from torch import nn
from tqdm import tqdm

from ...checkpoint import load_network
from ...data.body_codes import Augmentation, CodeBank, encode_corpus
from ...data.corpus import TRAINING_SPLITS, load_corpus, splits_of
from ...data.tokens import TextBank, pad_words
from ...presets import NetworkPreset
from ...text_encoder import EncodedText, load_text_encoder
from ...tokenizer.halves import HalvesConfig, HalvesTokenizer
from ...tokenizer.rvq_vae import RvqVae, RvqVaeConfig
from ...transformers.text_tower import FILE_NAME, TextTower, beside_sentence, load_towers
from ..distributed import TrainingError
from ..loop import Record
from ..networks import Task, save_network, train_task
from ..options import add_tower, check_sentences, tower_of, training_parser
from .captions import add_captions, captions_file


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
    add_tower(parser)
    add_captions(parser)
    options = parser.parse_args(argv)
    options.tower = tower_of(options)
    return options


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
    kept = options.captions or options.out
    kept.mkdir(parents=True, exist_ok=True)
    caches = [captions_file(kept, split) for split in TRAINING_SPLITS]
    learnt = encode_corpus(training, tokenizer, encoder, Augmentation(), caches[0])
    held_out = encode_corpus(validation, tokenizer, encoder, cache=caches[1])
    if options.tower:
        tower = load_towers(options.tower / FILE_NAME).text
        learnt, held_out = (
            replace(bank, texts=towered(bank.texts, tower)) for bank in (learnt, held_out)
        )
    return CodeData(tokenizer, learnt, held_out, splits_of(options.corpus))


def towered(texts: TextBank, tower: TextTower) -> TextBank:
    """Return the captions with what the tower says behind their sentences."""
    rows = []
    for first in tqdm(range(0, len(texts.captions), 256), desc="tower", mininterval=2, leave=False):
        part = slice(first, first + 256)
        words = pad_words(texts.words[part], texts.word_width)
        with torch.inference_mode():
            rows.append(beside_sentence(tower, EncodedText(texts.sentence[part], *words)))
    return replace(texts, sentence=torch.cat(rows).clone())


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


def check_sizes(
    data: CodeData, codes: tuple[int, int], text_width: int, folder: Path
) -> None:
    """Raise TrainingError unless tokenizer and sentences have the preset's sizes.

    Args:
        data: the corpus as codes.
        codes: stages and codebook size of the preset.
        text_width: of the sentences that the preset reads.
        folder: of the tokenizer.
    """
    found = data.tokenizer.stages, data.tokenizer.codebook_size
    if found != codes:
        raise TrainingError(
            f"The tokenizer in {folder} has {found[0]} stages of {found[1]} codes, the preset "
            f"{codes[0]} of {codes[1]}: choose the tokenizer's own preset."
        )
    check_sentences(data.train.texts.sentence.shape[1], text_width)
