"""Trains the grid tokenizer: `python -m engine train tokenizer`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..data.corpus import load_corpus, splits_of
from ..data.windows import FeatureBank, WindowBatch, build_bank, draw_windows
from ..features import (
    CONTACTS,
    PART_WIDTHS,
    WIDTH,
    heading_joints,
    integrate_root,
)
from ..measuring.reconstruction import reconstruction_errors
from ..motion.contacts import CONTACT_JOINTS
from ..motion.skeleton import FRAMES_PER_STEP, PARENTS, PARTS
from ..presets import TokenizerLosses, with_options
from ..rotations import yaw_to_matrix
from ..shares import even_share, own_rows
from ..systems.grid.presets import TOKENIZER_PRESETS, TokenizerPreset
from ..tokenizer.grid import GridTokenizer
from .loop import Report
from .networks import data_record, save_network, train_task
from .options import chosen_start, training_parser
from .refit import refit_codebooks
from .starting import begin


def reconstruction_losses(
    model: GridTokenizer, batch: WindowBatch, weights: TokenizerLosses
) -> tuple[Tensor, Report]:
    """Return the training loss of a batch and its terms."""
    steps = batch.is_real[:, ::FRAMES_PER_STEP]
    masks = {part: steps & batch.has_part[:, i : i + 1] for i, part in enumerate(PARTS)}
    decoded, quantized = model(batch.features, masks)
    real = batch.is_real[..., None].float()
    widths = torch.tensor([PART_WIDTHS[part] for part in PARTS], device=real.device)
    captured = batch.has_part.repeat_interleave(widths, 1)[:, None]  # (B, 1, WIDTH)
    # A part nobody performed is taken as given, so that the other parts' joints still teach.
    decoded = torch.where(captured, decoded, batch.features)
    reach = torch.cat([model.part(part).reach for part in PARTS])
    wanted = batch.features * reach
    error = functional.smooth_l1_loss(decoded * reach, wanted, reduction="none", beta=0.1)
    terms = {"feature": mean_over(error, real)}
    terms |= kinematic_terms(decoded, batch.features, real)
    terms["commitment"] = torch.stack([q.commitment for q in quantized.values()]).mean()
    total = torch.stack([getattr(weights, name) * value for name, value in terms.items()]).sum()
    return total, {name: value.item() for name, value in terms.items()}


def mean_over(values: Tensor, real: Tensor) -> Tensor:
    """Return the mean of values (B, T, ...) where `real` (B, T, 1) is 1; see `mean_of_all`."""
    while real.dim() < values.dim():
        real = real[..., None]
    return (values * real).sum() / (even_share(real.expand_as(values).sum()) + 1e-6)


def kinematic_terms(decoded: Tensor, target: Tensor, real: Tensor) -> dict[str, Tensor]:
    """Return what the decoded body misses: joints, bones, speeds, standing feet, path, heading.

    Args:
        decoded: (B, T, WIDTH) features.
        target: (B, T, WIDTH) the true ones.
        real: (B, T, 1) 1.0 where a frame is real.
    """
    joints, wanted = heading_joints(decoded), heading_joints(target)
    bones = joints[..., 1:, :] - joints[..., list(PARENTS[1:]), :]
    wanted_bones = wanted[..., 1:, :] - wanted[..., list(PARENTS[1:]), :]
    both = real[:, 1:] * real[:, :-1]
    speeds = joints.diff(dim=1) - wanted.diff(dim=1)
    yaw, root = integrate_root(decoded)
    wanted_yaw, wanted_root = integrate_root(target)
    feet = _world_feet(joints, yaw, root)
    wanted_feet = _world_feet(wanted, wanted_yaw, wanted_root)
    stands = (target[:, 1:, CONTACTS] * target[:, :-1, CONTACTS])[..., None]
    foot_error = (feet.diff(dim=1) - wanted_feet.diff(dim=1)).abs() * stands
    return {
        "joints": mean_over((joints - wanted).abs(), real),
        "bones": mean_over((bones - wanted_bones).abs(), real),
        "velocity": mean_over(speeds.abs(), both),
        "acceleration": mean_over(speeds.diff(dim=1).abs(), both[:, 1:] * both[:, :-1]),
        "feet": mean_over(foot_error, both),
        "path": mean_over((root - wanted_root).abs()[..., [0, 2]], real),
        "heading": mean_over((yaw - wanted_yaw).abs()[..., None], real),
    }


def _world_feet(joints: Tensor, yaw: Tensor, root: Tensor) -> Tensor:
    feet = joints[..., list(CONTACT_JOINTS), :] @ yaw_to_matrix(yaw).transpose(-1, -2)
    return feet + torch.stack([root[..., 0], torch.zeros_like(yaw), root[..., 2]], -1)[..., None, :]


def _statistics(model: GridTokenizer, bank: FeatureBank) -> None:
    torch.manual_seed(0)
    windows = draw_windows(bank, 2000, 32)
    rows = {part: windows.has_part[:, i] for i, part in enumerate(PARTS)}
    assert windows.features.shape[-1] == WIDTH
    model.set_statistics(windows.features, rows)


@dataclass(frozen=True, slots=True)
class TokenizerTask:
    """What the loop asks for: losses on windows of the bank, errors on the held-out clips."""

    model: GridTokenizer
    preset: TokenizerPreset
    bank: FeatureBank
    held_out: FeatureBank

    def batch_loss(self, count: int) -> tuple[Tensor, Report]:
        """Return the loss of a fresh batch."""
        windows = own_rows(draw_windows(self.bank, count, self.preset.frames))
        return reconstruction_losses(self.model, windows, self.preset.losses)

    def validate(self, averaged: nn.Module) -> Report:
        """Measure the averaged model."""
        assert isinstance(averaged, GridTokenizer)
        return reconstruction_errors(averaged, self.held_out)


def prepare(preset: TokenizerPreset, corpus: Path, without: tuple[str, ...]) -> TokenizerTask:
    """Read the corpus and start a tokenizer as its principal components."""
    torch.manual_seed(preset.loop.seed)
    bank = build_bank(load_corpus(corpus, "train", without))
    held_out = build_bank(load_corpus(corpus, "val", without), is_mirrored=False)
    model = GridTokenizer(preset.model)
    _statistics(model, bank)
    return TokenizerTask(model, preset, bank, held_out)


def main(argv: list[str]) -> int:
    """Run `python -m engine train tokenizer`; writes `tokenizer.safetensors`."""
    options = training_parser("tokenizer", TOKENIZER_PRESETS, "grid").parse_args(argv)
    preset = with_options(TOKENIZER_PRESETS[options.preset], options.steps, options.init)
    start = chosen_start(options.init, "tokenizer", preset, TOKENIZER_PRESETS)
    task = prepare(preset, options.corpus, tuple(options.without))
    begin(task.model, start)
    record = data_record(splits_of(options.corpus), options.without, options.init)
    trained = train_task(task, preset, options.out, record)
    assert isinstance(trained, GridTokenizer)
    refit_codebooks(trained, task.bank)
    save_network(options.out / "tokenizer.safetensors", trained, preset)
    return 0
