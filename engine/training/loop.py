"""The loop that every training shares: schedule, bars, resumable checkpoints, log.

It runs in one process or in each of several (see `distributed`), on a GPU where there is
one. It knows a model and a function that gives a batch's loss, nothing about motion.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from ..presets import LoopConfig
from ..shares import Share, sharing
from .distributed import TrainingError, average_report, join_processes, together, write_once

Report = dict[str, float]

Record = dict[str, Any]
"""What JSON can hold of a run's configuration."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one training consists of."""

    model: nn.Module
    batch_loss: Callable[[int], tuple[Tensor, Report]]
    """Takes the batch size, returns the loss and figures for the log."""

    validate: Callable[[nn.Module], Report]
    """Measures the (averaged) model on the validation split; no gradient, eval mode."""

    folder: Path
    config: dict[str, Any]
    """The resolved configuration, saved as JSON beside the run."""


class StepLoss(nn.Module):
    """A run's model inside a module whose output is the loss: what processes share."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.model = run.model
        self.batch_loss = run.batch_loss

    def forward(self, count: int) -> tuple[Tensor, Report]:
        """Return the loss of this process's share of a fresh batch, and its figures."""
        return self.batch_loss(count)


def train(run: Run, loop: LoopConfig) -> nn.Module:
    """Train to the last step, resuming where the folder's checkpoint stands.

    Returns:
        The model to ship, on the CPU: the moving average of the weights if there is one, as it
        was when the held-out likelihood was best, if the loop watches it.

    Raises:
        TrainingError: if the folder holds a run of another configuration, or the batch
            cannot be shared evenly by the processes.
    """
    share = join_processes()
    _check_batch(loop.batch, share)
    write_once(lambda: _open_folder(run))
    run.model.to(share.device)
    optimizer = torch.optim.AdamW(
        _groups(run.model, loop.weight_decay), lr=loop.learning_rate, betas=(0.9, 0.99)
    )
    average = deepcopy(run.model) if loop.average_decay else run.model
    keeper = _Keeper(run, loop, average, optimizer)
    first = keeper.resume()
    step_loss = together(StepLoss(run), share)
    bar = tqdm(
        range(first, loop.steps), initial=first, total=loop.steps, unit="step", mininterval=2,
        disable=share.index > 0,
    )  # fmt: skip
    for step in bar:
        with sharing(share):
            report = _one_step(step_loss, loop, optimizer, step)
        report = average_report(report, share)
        if loop.average_decay:
            _move_average(average, run.model, min(loop.average_decay, (1 + step) / (10 + step)))
        if share.index == 0 and keeper.keep(step + 1, report):
            bar.set_postfix({name: f"{value:.4g}" for name, value in list(report.items())[:5]})
        if loop.patience and _is_measured(step + 1, loop) and keeper.has_ended(step + 1, share):
            break
    keeper.take_best()
    return average.eval().cpu()


def _is_measured(done: int, loop: LoopConfig) -> bool:
    return done == loop.steps or done % loop.validate_every == 0


class _Keeper:
    """Measures, logs and saves a run now and then: in one process of several."""

    def __init__(
        self, run: Run, loop: LoopConfig, average: nn.Module, optimizer: torch.optim.Optimizer
    ) -> None:
        self.run, self.loop, self.average, self.optimizer = run, loop, average, optimizer
        self.started = time.monotonic()
        self.best = math.inf
        self.best_step = 0

    def keep(self, done: int, report: Report) -> bool:
        """Keep what is due after `done` steps; return whether the report went to the log."""
        run, is_last = self.run, done == self.loop.steps
        is_measured = _is_measured(done, self.loop)
        is_logged = is_measured or done % 50 == 0
        if is_measured:
            found = _measure(run, self.average)
            report |= found
            self._compare(done, [value for name, value in found.items() if "nll" in name])
        if is_logged:
            seconds = time.monotonic() - self.started
            _log(run.folder, {"step": done, "seconds": round(seconds, 1)} | report)
        if is_last or done % self.loop.save_every == 0:
            self._save(done)
        return is_logged

    def _compare(self, done: int, likelihoods: list[float]) -> None:
        mean = sum(likelihoods) / max(1, len(likelihoods))
        if self.loop.patience and likelihoods and mean < self.best:
            self.best, self.best_step = mean, done
            _write(self.run.folder / "best.pt", self.average.state_dict())

    def has_ended(self, done: int, share: Share) -> bool:
        """Return whether nothing has improved for too long, the same in all processes."""
        is_late = share.index == 0 and done - self.best_step > self.loop.patience * self.loop.steps
        return bool(share.add_up(torch.tensor(float(is_late), device=share.device)) > 0)

    def take_best(self) -> None:
        """Give the averaged model the weights of the best likelihood, where they were kept."""
        path = self.run.folder / "best.pt"
        if self.loop.patience and path.is_file():
            self.average.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))

    def resume(self) -> int:
        """Go on where the folder's checkpoint stands; return the steps that are done."""
        path = self.run.folder / "state.pt"
        if not path.is_file():
            return 0
        state = torch.load(path, map_location="cpu", weights_only=True)
        self.run.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.best, self.best_step = state.get("best", (math.inf, 0))
        return int(state["step"])

    def _save(self, done: int) -> None:
        state = {
            "model": self.run.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": done,
            "best": (self.best, self.best_step),
        }
        _write(self.run.folder / "state.pt", state)


def _check_batch(batch: int, share: Share) -> None:
    if batch % share.count:
        fitting = [count for count in range(2, batch + 1) if batch % count == 0]
        raise TrainingError(
            f"{share.count} processes cannot share a batch of {batch} evenly: start "
            f"{', '.join(map(str, fitting[:6]))} with --nproc_per_node."
        )


def _one_step(
    step_loss: nn.Module, loop: LoopConfig, optimizer: torch.optim.Optimizer, step: int
) -> Report:
    # The seed depends on the step, so that a resumed run draws what an unbroken one would.
    torch.manual_seed(loop.seed * 1_000_003 + step)
    for group in optimizer.param_groups:
        group["lr"] = loop.learning_rate * _rate(step, loop)
    step_loss.train()
    place = next(step_loss.parameters()).device.type
    with torch.autocast(place, torch.bfloat16, enabled=loop.is_halved):
        loss, report = step_loss(loop.batch)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(step_loss.parameters(), loop.clip_gradient)
    optimizer.step()
    figures: Report = {"loss": loss.item(), **report}
    return figures


def _rate(step: int, loop: LoopConfig) -> float:
    if step < loop.warmup:
        return (step + 1) / loop.warmup
    done = (step - loop.warmup) / max(1, loop.steps - loop.warmup)
    return loop.final_rate + (1 - loop.final_rate) * 0.5 * (1 + math.cos(math.pi * done))


def _groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    weights = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in weights if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in weights if p.ndim <= 1], "weight_decay": 0.0},
    ]


@torch.no_grad()
def _move_average(average: nn.Module, model: nn.Module, decay: float) -> None:
    mine: list[Tensor] = list(average.parameters())
    theirs: list[Tensor] = list(model.parameters())
    torch._foreach_lerp_(mine, theirs, 1 - decay)
    for own, other in zip(average.buffers(), model.buffers(), strict=True):
        own.copy_(other)


@torch.no_grad()
def _measure(run: Run, model: nn.Module) -> Report:
    was_training = model.training
    # Held-out clips are few and lie on the CPU.
    on_cpu = deepcopy(model).cpu() if next(model.parameters()).is_cuda else model
    on_cpu.eval()
    report = run.validate(on_cpu)
    model.train(was_training)
    return {f"val_{name}": value for name, value in report.items()}


def _open_folder(run: Run) -> None:
    """Make the run's folder, or check that it holds a run of this configuration."""
    run.folder.mkdir(parents=True, exist_ok=True)
    path = run.folder / "config.json"
    if path.is_file():
        earlier = json.loads(path.read_text(encoding="utf-8"))
        if not _goes_on(earlier, json.loads(json.dumps(run.config))):
            raise TrainingError(
                f"{run.folder} holds a run of another configuration; give another --out "
                "or delete the folder."
            )
        return
    path.write_text(json.dumps(run.config, indent=2) + "\n", encoding="utf-8")


def _goes_on(stored: Any, wanted: Any) -> bool:
    """Return whether configurations are the same, but for fields newer than the stored one."""
    if isinstance(stored, dict) and isinstance(wanted, dict):
        return all(key in wanted and _goes_on(stored[key], wanted[key]) for key in stored)
    return bool(stored == wanted)


def mean_report(reports: Sequence[Report]) -> Report:
    """Return the mean of each figure over reports of the same figures."""
    return {name: sum(r[name] for r in reports) / len(reports) for name in reports[0]}


def _log(folder: Path, report: dict[str, float]) -> None:
    with (folder / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({k: round(v, 6) for k, v in report.items()}) + "\n")


def _write(path: Path, state: dict[str, Any]) -> None:
    partial = path.with_suffix(".part")
    torch.save(state, partial)
    partial.replace(path)
