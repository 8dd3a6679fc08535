"""What the generators learn from and are measured on: the corpus as codes, with its memory."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch

from ..data.batches import MaskedBatch, collate
from ..data.composition import Composer, Example, stitch_pool
from ..data.corpus import TRAINING_SPLITS, load_corpus
from ..data.tokens import TokenBank, build_memory, build_tokens, find_neighbours
from ..retrieval.memory import SLOTS, MotionMemory
from ..text_encoder import TextEncoder, load_text_encoder
from ..tokenizer.grid import GridTokenizer, load_grid_tokenizer
from .options import training_parser

VALIDATION_SEED: Final = 20240
STITCHING_SEED: Final = 7


@dataclass(frozen=True, slots=True)
class GeneratorData:
    """What the generators learn from, and what they are measured on."""

    composer: Composer
    memory: MotionMemory
    encoder: TextEncoder
    held_out: TokenBank
    held_out_neighbours: list[list[list[int]]]


def load_data(
    corpus: Path, tokenizer: GridTokenizer, without: list[str], stitched: int, cache: Path
) -> GeneratorData:
    """Encode the corpus and index the memory; the captions' vectors are cached."""
    training, validation = (
        load_corpus(corpus, split, tuple(without)) for split in TRAINING_SPLITS
    )
    encoder = load_text_encoder("minilm")
    cache.mkdir(parents=True, exist_ok=True)
    bank = build_tokens(
        training, tokenizer, encoder,
        is_mirrored=True, cache=cache / "captions_train.pt",
    )
    held_out = build_tokens(
        validation, tokenizer, encoder,
        is_mirrored=False, cache=cache / "captions_val.pt",
    )
    memory = build_memory(bank)
    pool = stitch_pool(bank, tokenizer, stitched, STITCHING_SEED)
    composer = Composer(bank, memory, find_neighbours(bank, memory), pool)
    near = find_neighbours(held_out, memory, is_same_bank=False)
    return GeneratorData(composer, memory, encoder, held_out, near)


def held_out_examples(data: GeneratorData) -> list[Example]:
    """Return every validation clip with its first caption and its nearest memories."""
    bank = data.held_out
    return [
        Example(
            bank.codes[clip],
            bank.captions[clip][0],
            bank.features.has_part[clip],
            data.memory.remember(data.held_out_neighbours[clip][0][:SLOTS]),
        )
        for clip in range(len(bank.codes))
    ]


def validation_batches(data: GeneratorData, mask_code: int) -> list[MaskedBatch]:
    """Return the validation split with fixed masks, sorted by length."""
    state = torch.get_rng_state()
    torch.manual_seed(VALIDATION_SEED)
    examples = sorted(held_out_examples(data), key=lambda e: len(e.codes))
    batches = [
        collate(examples[i : i + 32], data.held_out.texts, data.encoder, mask_code)
        for i in range(0, len(examples), 32)
    ]
    torch.set_rng_state(state)
    return batches


def read_generator_options(
    what: str, presets: Mapping[str, object], argv: list[str]
) -> tuple[argparse.Namespace, GridTokenizer]:
    """Return the options that trainings on codes share, and the tokenizer they name."""
    parser = training_parser(what, presets, "grid")
    parser.add_argument(
        "--tokenizer", type=Path, required=True, metavar="DIR", help="--out of train tokenizer"
    )
    options = parser.parse_args(argv)
    return options, load_grid_tokenizer(options.tokenizer)
