"""Trains the masked transformer: `python -m engine train masked`."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from ..checkpoint import load_checkpoint, save_checkpoint
from ..config import from_json, to_json
from ..data.batches import BatchSource, MaskedBatch, collate
from ..data.composition import Composer, Example, stitch_pool
from ..data.corpus import load_corpus
from ..data.tokens import TokenBank, build_memory, build_tokens, find_neighbours
from ..memory import SLOTS, MotionMemory
from ..text_encoder import TextEncoder, load_text_encoder
from ..tokenizer.grid import GridTokenizer, GridTokenizerConfig
from ..transformers.masked import MaskedTransformer
from .loop import Report, Run, train
from .presets import MASKED_PRESETS, MaskedPreset

VALIDATION_SEED = 20240


@dataclass(frozen=True, slots=True)
class GeneratorData:
    """What the generators learn from, and what they are measured on."""

    composer: Composer
    memory: MotionMemory
    encoder: TextEncoder
    held_out: TokenBank
    held_out_neighbours: list[list[list[int]]]


def load_tokenizer(path: Path) -> GridTokenizer:
    """Return the trained tokenizer of a checkpoint, frozen."""
    tensors, config = load_checkpoint(path)
    tokenizer = GridTokenizer(from_json(GridTokenizerConfig, config))
    tokenizer.load_state_dict(tensors)
    return tokenizer.eval().requires_grad_(False)


def load_data(
    corpus: Path, tokenizer: GridTokenizer, without: tuple[str, ...], stitched: int, cache: Path
) -> GeneratorData:
    """Encode the corpus and index the memory; the captions' vectors are cached."""
    encoder = load_text_encoder("minilm")
    cache.mkdir(parents=True, exist_ok=True)
    bank = build_tokens(
        load_corpus(corpus, "train", without), tokenizer, encoder,
        is_mirrored=True, cache=cache / "captions_train.pt",
    )
    held_out = build_tokens(
        load_corpus(corpus, "val", without), tokenizer, encoder,
        is_mirrored=False, cache=cache / "captions_val.pt",
    )
    memory = build_memory(bank)
    composer = Composer(
        bank, memory, find_neighbours(bank, memory), stitch_pool(bank, tokenizer, stitched, seed=7)
    )
    near = find_neighbours(held_out, memory, is_same_bank=False)
    return GeneratorData(composer, memory, encoder, held_out, near)


def masked_loss(model: MaskedTransformer, batch: MaskedBatch, *, drop: bool) -> tuple[Tensor, Report]:
    """Return the negative log-likelihood of the hidden cells, nats a cell, and the accuracy."""
    condition = batch.condition
    if drop:
        chance = torch.rand(len(batch.codes), 2)
        nothing = chance[:, 0] < 0.1  # for classifier-free guidance
        condition = condition.dropped(~nothing, ~nothing & (chance[:, 1] > 0.15))
    scores = model(batch.visible, batch.is_step, condition)
    wanted = batch.codes[..., 0]
    chosen = scores.gather(-1, wanted[..., None]).squeeze(-1)[batch.teaches]
    hits = (scores.argmax(-1) == wanted)[batch.teaches]
    loss = -chosen.mean()
    return loss, {"nll": loss.item(), "accuracy": hits.float().mean().item()}


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


def run_training(preset: MaskedPreset, data: GeneratorData, out: Path, origin: dict[str, object]) -> None:
    """Train and write `masked.safetensors` and `memory.safetensors` into `out`."""
    torch.manual_seed(preset.loop.seed)
    model = MaskedTransformer(preset.model)
    source = BatchSource(data.composer, data.encoder, model.mask_code)
    batches = validation_batches(data, model.mask_code)

    def batch_loss(count: int) -> tuple[Tensor, Report]:
        return masked_loss(model, source.draw(count), drop=True)

    def validate(averaged: nn.Module) -> Report:
        assert isinstance(averaged, MaskedTransformer)
        reports = [masked_loss(averaged, batch, drop=False)[1] for batch in batches]
        return {name: sum(r[name] for r in reports) / len(reports) for name in reports[0]}

    config = {"preset": to_json(preset)} | origin
    trained = train(Run(model, batch_loss, validate, out, config), preset.loop)
    save_checkpoint(out / "masked.safetensors", trained.state_dict(), to_json(preset.model))
    save_checkpoint(out / "memory.safetensors", data.memory.to_tensors(), {})


def add_generator_options(parser: argparse.ArgumentParser, presets: list[str]) -> None:
    """Add what the trainings on codes have in common."""
    parser.add_argument("--preset", choices=presets, default="grid")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True, help="tokenizer.safetensors")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--without", action="append", default=[], metavar="SUBSTRING")
    parser.add_argument("--steps", type=int, help="instead of the preset's number of steps")


def main(argv: list[str]) -> int:
    """Run `python -m engine train masked`."""
    parser = argparse.ArgumentParser(prog="python -m engine train masked")
    add_generator_options(parser, sorted(MASKED_PRESETS))
    options = parser.parse_args(argv)
    preset = MASKED_PRESETS[options.preset]
    if options.steps:
        preset = replace(preset, loop=replace(preset.loop, steps=options.steps))
    tokenizer = load_tokenizer(options.tokenizer)
    without = tuple(options.without)
    data = load_data(options.corpus, tokenizer, without, preset.stitched, options.out)
    run_training(preset, data, options.out, {"without": list(without)})
    return 0
