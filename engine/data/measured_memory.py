"""Measures the clips of a memory: facts, ratings of conditions, kinds that its captions name.

    python -m engine train memory --weights DIR

does so for the memory of a folder of weights, and writes its manifest anew. A memory that was
measured with another list of conditions or kinds has to be measured again.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from ..checkpoint import load_checkpoint, save_checkpoint, write_manifest
from ..features import features_to_clip
from ..models.catalogue import SHIPPED
from ..retrieval.clip_index import kinds_named
from ..retrieval.facts import Facts, measure_facts
from ..retrieval.facts.conditions import CONDITIONS, rate_condition
from ..retrieval.measured import Measured
from ..retrieval.memory import MotionMemory
from ..tokenizer.grid import GridTokenizer, load_grid_tokenizer

MEMORY_NAME = "memory.safetensors"


def main(argv: list[str]) -> int:
    """Run `python -m engine train memory`."""
    parser = argparse.ArgumentParser("python -m engine train memory", description=__doc__)
    parser.add_argument("--weights", type=Path, default=SHIPPED, help="folder of the grid model")
    options = parser.parse_args(argv)
    stored, config = load_checkpoint(options.weights / MEMORY_NAME)
    memory = MotionMemory.from_tensors(stored)
    memory = measure_memory(memory, load_grid_tokenizer(options.weights, "cpu"))
    tensors = {**stored, **memory.measured.to_tensors()}
    save_checkpoint(options.weights / MEMORY_NAME, tensors, config)
    write_manifest(options.weights)
    return 0


def measure_memory(memory: MotionMemory, tokenizer: GridTokenizer) -> MotionMemory:
    """Return the memory with what was measured on its clips, as their codes are decoded."""
    clips = range(len(memory.starts) - 1)
    facts = tuple(
        _facts_of(memory, clip, tokenizer)
        for clip in tqdm(clips, desc="facts", unit="clip", mininterval=2, leave=False)
    )
    ratings = np.array(
        [[round(255 * rate_condition(name, each)) for name in CONDITIONS] for each in facts],
        dtype=np.uint8,
    ).reshape(len(facts), len(CONDITIONS))
    kinds = tuple(kinds_named(caption) for caption in memory.captions)
    return memory.with_measured(Measured(facts, ratings, tuple(CONDITIONS), kinds))


@torch.inference_mode()
def _facts_of(memory: MotionMemory, clip: int, tokenizer: GridTokenizer) -> Facts:
    device = next(tokenizer.parameters()).device
    features = tokenizer.decode(memory.clip_codes(clip)[None].to(device))[0]
    return measure_facts(features_to_clip(features))
