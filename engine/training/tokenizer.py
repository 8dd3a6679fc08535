"""Trains the grid tokenizer: `python -m engine train tokenizer`."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..checkpoint import save_checkpoint
from ..config import to_json
from ..data.corpus import load_corpus
from ..data.windows import FeatureBank, WindowBatch, build_bank, draw_windows
from ..features import (
    CONTACTS,
    PART_WIDTHS,
    WIDTH,
    integrate_root,
    local_rotations,
)
from ..motion.contacts import CONTACT_JOINTS
from ..motion.skeleton import FRAMES_PER_STEP, PARENTS, PARTS
from ..rotations import forward_kinematics, yaw_to_matrix
from ..tokenizer.grid import GridTokenizer
from .loop import Report, Run, train
from .presets import TOKENIZER_PRESETS, TokenizerLosses, TokenizerPreset, with_steps


def heading_joints(features: Tensor) -> Tensor:
    """Return joints (..., T, 22, 3) in the heading frame, the pelvis above x = z = 0."""
    zero = torch.zeros_like(features[..., 3])
    root = torch.stack([zero, features[..., 3], zero], -1)
    return forward_kinematics(root, local_rotations(features))


def reconstruction_losses(
    model: GridTokenizer, batch: WindowBatch, weights: TokenizerLosses
) -> tuple[Tensor, Report]:
    """Return the training loss of a batch and its terms."""
    steps = batch.is_real[:, ::FRAMES_PER_STEP]
    masks = {part: steps & batch.has_part[:, i : i + 1] for i, part in enumerate(PARTS)}
    decoded, quantized = model(batch.features, masks)
    real = batch.is_real[..., None].float()
    widths = torch.tensor([PART_WIDTHS[part] for part in PARTS])
    captured = batch.has_part.repeat_interleave(widths, 1)[:, None]  # (B, 1, WIDTH)
    # A part nobody performed is taken as given, so that the other parts' joints still teach.
    decoded = torch.where(captured, decoded, batch.features)
    reach = torch.cat([model.part(part).reach for part in PARTS])
    wanted = batch.features * reach
    error = functional.smooth_l1_loss(decoded * reach, wanted, reduction="none", beta=0.1)
    terms = {"feature": _mean(error, real)}
    terms |= _kinematic_terms(decoded, batch.features, real)
    terms["commitment"] = torch.stack([q.commitment for q in quantized.values()]).mean()
    total = torch.stack([getattr(weights, name) * value for name, value in terms.items()]).sum()
    return total, {name: value.item() for name, value in terms.items()}


def _mean(values: Tensor, real: Tensor) -> Tensor:
    while real.dim() < values.dim():
        real = real[..., None]
    return (values * real).sum() / (real.expand_as(values).sum() + 1e-6)


def _kinematic_terms(decoded: Tensor, target: Tensor, real: Tensor) -> dict[str, Tensor]:
    joints, wanted = heading_joints(decoded), heading_joints(target)
    bones = joints[..., 1:, :] - joints[..., list(PARENTS[1:]), :]
    wanted_bones = wanted[..., 1:, :] - wanted[..., list(PARENTS[1:]), :]
    both = real[:, 1:] * real[:, :-1]
    yaw, root = integrate_root(decoded)
    wanted_yaw, wanted_root = integrate_root(target)
    feet = _world_feet(joints, yaw, root)
    wanted_feet = _world_feet(wanted, wanted_yaw, wanted_root)
    stands = (target[:, 1:, CONTACTS] * target[:, :-1, CONTACTS])[..., None]
    foot_error = (feet.diff(dim=1) - wanted_feet.diff(dim=1)).abs() * stands
    return {
        "joints": _mean((joints - wanted).abs(), real),
        "bones": _mean((bones - wanted_bones).abs(), real),
        "velocity": _mean((joints.diff(dim=1) - wanted.diff(dim=1)).abs(), both),
        "feet": _mean(foot_error, both),
        "path": _mean((root - wanted_root).abs()[..., [0, 2]], real),
        "heading": _mean((yaw - wanted_yaw).abs()[..., None], real),
    }


def _world_feet(joints: Tensor, yaw: Tensor, root: Tensor) -> Tensor:
    feet = joints[..., list(CONTACT_JOINTS), :] @ yaw_to_matrix(yaw).transpose(-1, -2)
    return feet + torch.stack([root[..., 0], torch.zeros_like(yaw), root[..., 2]], -1)[..., None, :]


@torch.no_grad()
def measure(model: GridTokenizer, bank: FeatureBank) -> Report:
    """Return errors on whole clips: joints with the heading aligned, and the path after 5 s.

    Clips in which the legs were not captured stay out.
    """
    joint_errors: dict[int, list[Tensor]] = {1: [], model.stages: []}
    path, heading = [], []
    for index in range(len(bank.starts)):
        if not bool(bank.has_part[index].all()):
            continue
        start, length = int(bank.starts[index]), int(bank.lengths[index])
        whole = length - length % FRAMES_PER_STEP
        clip = bank.features[None, start : start + whole]
        codes = model.encode(clip)
        wanted = heading_joints(clip)
        wanted = wanted - wanted[..., :1, :]
        for stages, errors in joint_errors.items():
            decoded = model.decode(codes[..., :stages])
            joints = heading_joints(decoded)
            errors.append((joints - joints[..., :1, :] - wanted).norm(dim=-1).mean((0, 2)))
        if whole >= 150:
            # `decoded` is that of all stages: the last turn of the loop above.
            yaw, root = integrate_root(decoded[:, :150])
            true_yaw, true_root = integrate_root(clip[:, :150])
            path.append((root - true_root)[0, -1, [0, 2]].norm())
            heading.append((yaw - true_yaw)[0, -1].abs().rad2deg())
    return {
        "base_mm": 1000 * float(torch.cat(joint_errors[1]).mean()),
        "all_mm": 1000 * float(torch.cat(joint_errors[model.stages]).mean()),
        "path_5s_m": float(torch.stack(path).mean()) if path else 0.0,
        "heading_5s_degrees": float(torch.stack(heading).mean()) if heading else 0.0,
    }


@torch.no_grad()
def codebook_use(model: GridTokenizer, bank: FeatureBank) -> dict[str, list[float]]:
    """Return for each part the share of each stage's codes that the bank's clips use."""
    seen = {part: torch.zeros(model.stages, model.codebook_size) for part in PARTS}
    for index in range(len(bank.starts)):
        start, length = int(bank.starts[index]), int(bank.lengths[index])
        whole = length - length % FRAMES_PER_STEP
        if whole == 0:
            continue
        codes = model.encode(bank.features[None, start : start + whole])[0]
        for i, part in enumerate(PARTS):
            if bool(bank.has_part[index, i]):
                for stage in range(model.stages):
                    seen[part][stage, codes[:, i, stage]] = 1.0
    return {part: used.mean(1).tolist() for part, used in seen.items()}


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
        windows = draw_windows(self.bank, count, self.preset.frames)
        return reconstruction_losses(self.model, windows, self.preset.losses)

    def validate(self, averaged: nn.Module) -> Report:
        """Measure the averaged model."""
        assert isinstance(averaged, GridTokenizer)
        return measure(averaged, self.held_out)


def prepare(preset: TokenizerPreset, corpus: Path, without: tuple[str, ...]) -> TokenizerTask:
    """Read the corpus and start a tokenizer as its principal components."""
    torch.manual_seed(preset.loop.seed)
    bank = build_bank(load_corpus(corpus, "train", without))
    held_out = build_bank(load_corpus(corpus, "val", without), is_mirrored=False)
    model = GridTokenizer(preset.model)
    _statistics(model, bank)
    return TokenizerTask(model, preset, bank, held_out)


def run_training(
    preset: TokenizerPreset, corpus: Path, without: tuple[str, ...], out: Path
) -> None:
    """Train on the corpus's training split and write `tokenizer.safetensors` into `out`."""
    task = prepare(preset, corpus, without)
    config = {"preset": to_json(preset), "without": list(without)}
    run = Run(task.model, task.batch_loss, task.validate, out, config)
    trained = train(run, preset.loop)
    save_checkpoint(out / "tokenizer.safetensors", trained.state_dict(), to_json(preset.model))


def main(argv: list[str]) -> int:
    """Run `python -m engine train tokenizer`."""
    parser = argparse.ArgumentParser(prog="python -m engine train tokenizer")
    parser.add_argument("--preset", choices=sorted(TOKENIZER_PRESETS), default="grid")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--without", action="append", default=[], metavar="SUBSTRING")
    parser.add_argument("--steps", type=int, help="instead of the preset's number of steps")
    options = parser.parse_args(argv)
    preset = with_steps(TOKENIZER_PRESETS[options.preset], options.steps)
    run_training(preset, options.corpus, tuple(options.without), options.out)
    return 0
