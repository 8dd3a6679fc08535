"""Fits the codebooks anew at the end of a tokenizer's training.

While it trains, the entries follow the encoder of the moment from a few batches;
the shipped encoder is the moving average. Lloyd's algorithm over the whole training split,
stage after stage, puts every entry in the middle of the vectors that choose it.
"""

from __future__ import annotations

import torch
from torch import Tensor
from tqdm import tqdm

from ..data.windows import FeatureBank
from ..motion.skeleton import FRAMES_PER_STEP, PARTS
from ..tokenizer.codebook import Codebook
from ..tokenizer.grid import GridTokenizer

ROUNDS = 4
"""Of Lloyd's algorithm for each codebook."""

FEWEST_USES = 3
"""An entry that fewer vectors choose is put on a vector that is far from its own entry."""

_CHUNK = 8192


@torch.no_grad()
def refit_codebooks(model: GridTokenizer, bank: FeatureBank) -> None:
    """Move the entries of every codebook; encoder and decoder stay."""
    torch.manual_seed(0)
    vectors = _vectors(model, bank)
    for part in tqdm(PARTS, desc="codebooks", mininterval=2, leave=False):
        residual = vectors.pop(part)
        for stage in range(model.stages):
            book = model.part(part).quantizer.book(stage)
            for _ in range(ROUNDS):
                move_entries(book, residual)
            residual = residual - book.look_up(nearest_codes(book, residual))


def _vectors(model: GridTokenizer, bank: FeatureBank) -> dict[str, Tensor]:
    """Return for each part the encoder's vectors (N, D) of all clips in which it was captured."""
    found: dict[str, list[Tensor]] = {part: [] for part in PARTS}
    for index in tqdm(range(len(bank.starts)), desc="vectors", mininterval=2, leave=False):
        start, length = int(bank.starts[index]), int(bank.lengths[index])
        whole = length - length % FRAMES_PER_STEP
        clip = bank.features[None, start : start + whole]
        for column, part in enumerate(PARTS):
            if whole and bool(bank.has_part[index, column]):
                found[part].append(model.part(part).vectors(clip)[0])
    return {part: torch.cat(rows) for part, rows in found.items()}


def nearest_codes(book: Codebook, vectors: Tensor) -> Tensor:
    """Return the codes (N,) of vectors (N, D)."""
    return torch.cat([book.nearest(rows) for rows in vectors.split(_CHUNK)])


def move_entries(book: Codebook, vectors: Tensor) -> None:
    """Put each entry in the middle of the vectors (N, D) that choose it."""
    codes = nearest_codes(book, vectors)
    uses = torch.bincount(codes, minlength=len(book.entries)).to(vectors.dtype)
    sums = torch.zeros_like(book.entries).index_add_(0, codes, vectors)
    misses = (vectors - book.look_up(codes)).square().sum(1)
    used = uses > 0
    book.entries[used] = sums[used] / uses[used, None]
    rare = torch.nonzero(uses < FEWEST_USES).flatten()
    # Of few vectors only those that their entry misses can be entries of their own.
    count = min(len(rare), int((misses > 0).sum()))
    if count:
        book.entries[rare[:count]] = vectors[torch.multinomial(misses.double(), count)]
