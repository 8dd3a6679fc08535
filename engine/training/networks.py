"""What every training of one network does: train a task, write the network. It knows no data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from torch import Tensor, nn

from ..checkpoint import save_checkpoint
from ..config import to_json
from ..presets import NetworkPreset
from .distributed import write_once
from .loop import Record, Report, Run, train
from .starting import run_record


class Task(Protocol):
    """A network, and what it learns from."""

    @property
    def model(self) -> nn.Module:
        """The network."""

    def batch_loss(self, count: int) -> tuple[Tensor, Report]:
        """Return the loss of a fresh batch."""

    def validate(self, averaged: nn.Module) -> Report:
        """Measure a network on the held-out clips."""


def data_record(splits: Sequence[str], without: Sequence[str], init: Path | None) -> Record:
    """Return what a run's configuration says about its data and its start.

    Args:
        splits: those that the corpus has.
        without: what was left out of it.
        init: what the run begins with; None where it is random.
    """
    return {"without": list(without)} | run_record(splits, init)


def train_task(task: Task, preset: NetworkPreset, out: Path, record: Record) -> nn.Module:
    """Train as the preset says, and return the trained network.

    Args:
        task: with a model of the preset's sizes.
        preset: kept in the run's configuration.
        out: folder of the run.
        record: what else the run's configuration says.
    """
    run = Run(task.model, task.batch_loss, task.validate, out, {"preset": to_json(preset)} | record)
    return train(run, preset.loop)


def save_network(path: Path, network: nn.Module, preset: NetworkPreset) -> None:
    """Write a trained network with its sizes; of several processes one writes."""
    described = to_json(preset.model)
    write_once(lambda: save_checkpoint(path, network.state_dict(), described))
