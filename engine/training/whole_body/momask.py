"""Trains MoMask, one network or all: `python -m engine train momask --preset small`.

Each network has a folder of its own below --out, where a broken run goes on. Trained all
together, they make --out itself a model that `generate --model` takes.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...checkpoint import load_checkpoint, save_checkpoint, write_manifest
from ...config import to_json
from ...data.body_codes import CodeBank, CodeBatch, all_codes, draw_codes
from ...models.description import SystemDescription, write_description
from ...presets import with_options
from ...shares import mean_of_all, own_rows, rand_rows, randint_rows
from ...systems.momask.presets import MOMASK_PRESETS, MoMaskPreset, SentencePreset
from ...transformers.sentence import SentenceMasked, SentenceResidual
from ...transformers.text_tower import FILE_NAME
from ..distributed import write_once
from ..length import LengthSources
from ..length import run_training as train_length
from ..loop import Report, mean_report
from ..options import add_tower, chosen_start, tower_of, training_parser
from ..starting import Start, begin, run_record, splits_of_all, trained_splits
from ..weights import halved_tensors
from .captions import add_captions
from .codes import CodeData, check_sizes, load_codes, train_network
from .tokenizer import train_body

NETWORKS: Final = ("tokenizer", "masked", "residual", "length")

VALIDATION_SEED: Final = 20240

def masked_loss(
    model: SentenceMasked, preset: SentencePreset, batch: CodeBatch
) -> tuple[Tensor, Report]:
    """Return the negative log-likelihood of the hidden steps, nats a code, and the accuracy.

    Some of the hidden steps show a random code, some their own (MoMask section 3.2).
    """
    codes, is_step = batch.codes[:, :, 0, 0], batch.is_step
    hidden = hidden_steps(is_step, preset.least_masked)
    place = codes.device
    is_random = hidden & (rand_rows(*codes.shape, device=place) < preset.randomised)
    is_masked = hidden & ~is_random & (rand_rows(*codes.shape, device=place) >= preset.shown)
    anything = randint_rows(model.config.codebook_size, *codes.shape, device=place)
    shown = torch.where(is_random, anything, codes)
    shown = shown.masked_fill(is_masked, model.mask_code)
    sentence = _dropped(batch.condition.sentence, preset.without_text * model.training)
    logits = model(shown, is_step, sentence)[hidden]
    loss = mean_of_all(functional.cross_entropy(logits, codes[hidden], reduction="none"))
    hits = mean_of_all((logits.argmax(-1) == codes[hidden]).float())
    return loss, {"nll": loss.item(), "accuracy": hits.item()}


def hidden_steps(is_step: Tensor, least: float = 0.0) -> Tensor:
    """Return (B, S) True at a random share of each clip's steps, at least one.

    The share lies between `least` and 1, by the cosine (MoMask section 3.2).
    """
    ratio = torch.cos(rand_rows(len(is_step), 1, device=is_step.device) * math.pi / 2)
    ratio = least + (1 - least) * ratio
    count = (ratio * is_step.sum(1, keepdim=True)).round().clamp_min(1)
    rank = rand_rows(*is_step.shape, device=is_step.device).masked_fill(~is_step, 2.0)
    rank = rank.argsort(1).argsort(1)
    return (rank < count) & is_step


def _dropped(sentence: Tensor, share: float) -> Tensor:
    """Return sentences (B, D), a share of them zeros."""
    return sentence * (rand_rows(len(sentence), 1, device=sentence.device) >= share)


def residual_loss(
    model: SentenceResidual, preset: SentencePreset, batch: CodeBatch, stages: Tensor
) -> tuple[Tensor, Report]:
    """Return the negative log-likelihood of one stage (B,) of each clip's codes."""
    codes, is_step = batch.codes[:, :, 0], batch.is_step
    # What each stage reads are the embeddings of all before it: one sum a stage, then choose.
    below = torch.stack([model.sums(codes[..., :s]) for s in range(1, codes.shape[-1])])
    rows = torch.arange(len(codes), device=codes.device)
    sentence = _dropped(batch.condition.sentence, preset.without_text * model.training)
    logits = model(below[stages - 1, rows], is_step, sentence, stages)[is_step]
    wanted = codes[rows, :, stages][is_step]
    loss = mean_of_all(functional.cross_entropy(logits, wanted, reduction="none"))
    hits = mean_of_all((logits.argmax(-1) == wanted).float())
    return loss, {"nll": loss.item(), "accuracy": hits.item()}


def draw_stages(count: int, stages: int) -> Tensor:
    """Draw the stages (B,) to learn, 1 to `stages` - 1, early ones more often (MoMask)."""
    late = 1.0 - torch.cos(torch.rand(count) * math.pi / 2)
    return 1 + (late * (stages - 2)).round().long()


@dataclass(frozen=True, slots=True)
class MaskedTask:
    """What the loop asks for: losses on drawn clips, likelihoods on the held-out ones."""

    model: SentenceMasked
    preset: SentencePreset
    bank: CodeBank
    held_out: list[CodeBatch]

    def batch_loss(self, count: int) -> tuple[Tensor, Report]:
        """Return the loss of a fresh batch."""
        return masked_loss(self.model, self.preset, own_rows(draw_codes(self.bank, count)))

    def validate(self, averaged: nn.Module) -> Report:
        """Measure the averaged model with fixed masks."""
        assert isinstance(averaged, SentenceMasked)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(VALIDATION_SEED)
            return mean_report([masked_loss(averaged, self.preset, b)[1] for b in self.held_out])


@dataclass(frozen=True, slots=True)
class ResidualTask:
    """What the loop asks for: losses on drawn clips, likelihoods on the held-out ones."""

    model: SentenceResidual
    preset: SentencePreset
    bank: CodeBank
    held_out: list[CodeBatch]

    def batch_loss(self, count: int) -> tuple[Tensor, Report]:
        """Return the loss of a fresh batch."""
        batch = draw_codes(self.bank, count)
        batch, stages = own_rows((batch, draw_stages(count, self.model.config.stages)))
        return residual_loss(self.model, self.preset, batch, stages)

    def validate(self, averaged: nn.Module) -> Report:
        """Measure the averaged model, stage by stage."""
        assert isinstance(averaged, SentenceResidual)
        report: Report = {}
        for stage in range(1, averaged.config.stages):
            found = [
                residual_loss(averaged, self.preset, b, torch.full((len(b.codes),), stage))[1]
                for b in self.held_out
            ]
            report |= {f"{name}_{stage}": value for name, value in mean_report(found).items()}
        return report


def train_sentence(
    kind: str, preset: SentencePreset, data: CodeData, run_folder: Path, start: Start | None
) -> MaskedTask | ResidualTask:
    """Train the masked or the residual transformer, write it into its run's folder, return it."""
    config = preset.model
    codes = config.stages, config.codebook_size
    check_sizes(data, codes, config.text_width, run_folder.parent / "tokenizer")
    torch.manual_seed(preset.loop.seed)
    task: MaskedTask | ResidualTask
    if kind == "masked":
        task = MaskedTask(SentenceMasked(config), preset, data.train, all_codes(data.held_out))
    else:
        task = ResidualTask(SentenceResidual(config), preset, data.train, all_codes(data.held_out))
    begin(task.model, start)
    record = run_record(data.splits, start.path if start else None)
    trained = train_network(task, run_folder, kind, record)
    if isinstance(task, MaskedTask):
        assert isinstance(trained, SentenceMasked)
        return replace(task, model=trained)
    assert isinstance(trained, SentenceResidual)
    return replace(task, model=trained)


def gather(out: Path, tower: Path | None) -> bool:
    """Make a model of the tower and the networks below `out`; False while one is missing."""
    paths = {name: out / name / f"{name}.safetensors" for name in NETWORKS}
    if not all(path.is_file() for path in paths.values()):
        return False
    if tower:
        paths[FILE_NAME.removesuffix(".safetensors")] = tower / FILE_NAME
    for name, path in paths.items():
        tensors, config = load_checkpoint(path)
        save_checkpoint(out / f"{name}.safetensors", halved_tensors(name, tensors), config)
    splits = splits_of_all(path.parent for path in paths.values())
    write_description(out, SystemDescription("momask", "minilm", splits=splits))
    write_manifest(out)
    return True


def keep_tokenizer(init: Path, preset: MoMaskPreset, out: Path) -> None:
    """Copy the tokenizer of a model that is trained further: its codes go on to mean the same.

    A few clips would move the entries away from all others; `--network tokenizer` trains it.
    """
    presets = {key: own.tokenizer for key, own in MOMASK_PRESETS.items()}
    start = chosen_start(init, "tokenizer", preset.tokenizer, presets)
    assert start is not None
    described = to_json(preset.tokenizer.model)
    save_checkpoint(out / "tokenizer" / "tokenizer.safetensors", start.tensors, described)
    known_splits = trained_splits(init)
    write_description(out / "tokenizer", SystemDescription("momask", splits=known_splits))


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = training_parser("momask", MOMASK_PRESETS)
    add_tower(parser)
    add_captions(parser)
    parser.add_argument("--network", choices=(*NETWORKS, "all"), default="all")
    options = parser.parse_args(argv)
    options.tower = tower_of(options)
    options.captions = options.captions or options.out / "captions"
    return options


def _train_one(name: str, preset: MoMaskPreset, options: argparse.Namespace) -> None:
    folder, init = options.out / name, options.init
    chosen = with_options(getattr(preset, name), options.steps, init)
    if name == "tokenizer":
        train_body(chosen, options.corpus, options.without, folder, init)
    elif name == "length":
        sources = LengthSources(options.corpus, tuple(options.without), options.tower)
        train_length(chosen, sources, folder, init)
    else:
        presets = {key: getattr(own, name) for key, own in MOMASK_PRESETS.items()}
        start = chosen_start(init, name, chosen, presets)
        shared = argparse.Namespace(
            corpus=options.corpus, without=options.without, out=folder,
            tokenizer=options.out / "tokenizer", tower=options.tower, captions=options.captions,
        )  # fmt: skip
        train_sentence(name, chosen, load_codes(shared, of_halves=False), folder, start)


def main(argv: list[str]) -> int:
    """Run `python -m engine train momask`."""
    options = _parse(argv)
    preset = MOMASK_PRESETS[options.preset]
    for name in NETWORKS if options.network == "all" else (options.network,):
        if name == "tokenizer" and options.init and options.network == "all":
            write_once(lambda: keep_tokenizer(options.init, preset, options.out))
        else:
            _train_one(name, preset, options)
    if options.network == "all":  # networks alone may be trained beside each other
        write_once(lambda: gather(options.out, options.tower) and print(options.out))
    return 0
