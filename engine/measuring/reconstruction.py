"""How well the tokenizer gives motion back: joints, path, use of its codes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..data.corpus import CorpusError, load_corpus, whole_body
from ..data.windows import FeatureBank, build_bank
from ..features import heading_joints, integrate_root
from ..motion.skeleton import FRAMES_PER_STEP, PARTS
from ..tokenizer.contract import Tokenizer
from ..tokenizer.grid import GridTokenizer, load_grid_tokenizer


@torch.no_grad()
def reconstruction_errors(model: Tokenizer, bank: FeatureBank) -> dict[str, float]:
    """Return errors on whole clips: joints with the heading aligned, and the path after 5 s.

    Clips in which the legs were not captured stay out.
    """
    joint_errors: dict[int, list[Tensor]] = {1: [], model.stages: []}
    path, heading = [], []
    for index in range(len(bank.starts)):
        if not bool(bank.has_part[index].all()):
            continue
        start, length = int(bank.starts[index]), int(bank.lengths[index])
        whole = length - length % model.frames_per_step
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


def measure(weights: Path, corpus: Path, split: str = "val") -> dict[str, Any]:
    """Return the shipped tokenizer's errors on a held-out split and its use of codes.

    Lengths are in millimetres or metres as the names say; `codes_used_percent` is the
    least and the mean over parts and stages, on the training split without mirroring.
    """
    model = load_grid_tokenizer(weights)
    held_out = load_corpus(corpus, split)
    if not whole_body(held_out).clips:
        raise CorpusError(
            f"{corpus} has no clip of whole bodies in the split {split}; choose another --split."
        )
    report: dict[str, Any] = dict(
        reconstruction_errors(model, build_bank(held_out, is_mirrored=False))
    )
    use = codebook_use(model, build_bank(load_corpus(corpus, "train"), is_mirrored=False))
    shares = [share for stages in use.values() for share in stages]
    report["codes_used_percent_least"] = 100 * min(shares)
    report["codes_used_percent_mean"] = 100 * sum(shares) / len(shares)
    report["codes_used"] = {part: [round(s, 3) for s in stages] for part, stages in use.items()}
    return report
