"""Keeps the captions' vectors for several trainings: `python -m engine train captions`.

They do not depend on any tokenizer, so that they can be made while those are trained.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ...data.body_codes import Augmentation, captioned_rows
from ...data.corpus import TRAINING_SPLITS, load_corpus
from ...data.tokens import encode_texts
from ...text_encoder import load_text_encoder


def add_captions(parser: argparse.ArgumentParser) -> None:
    """Let a trainer take `--captions`."""
    parser.add_argument(
        "--captions", type=Path, metavar="DIR",
        help="where the captions' vectors are kept for several networks (--out, if not told)",
    )  # fmt: skip


def captions_file(folder: Path, split: str) -> Path:
    """Return where a split's captions are kept as vectors."""
    return folder / f"captions_{split}.pt"


def main(argv: list[str]) -> int:
    """Run `python -m engine train captions`; writes what `--captions` then finds."""
    parser = argparse.ArgumentParser(prog="python -m engine train captions")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--without", action="append", default=[], metavar="SUBSTRING")
    options = parser.parse_args(argv)
    encoder = load_text_encoder("minilm")
    options.out.mkdir(parents=True, exist_ok=True)
    for split, augmentation in zip(TRAINING_SPLITS, (Augmentation(), None), strict=True):
        corpus = load_corpus(options.corpus, split, tuple(options.without))
        texts = captioned_rows(corpus, augmentation).texts
        encode_texts(texts, encoder, captions_file(options.out, split))
    return 0
