"""Several processes train one model: `torchrun --nproc_per_node N -m engine train ...`.

Each computes its share of every batch on its GPU (NCCL), or all on CPUs (gloo). The first
one alone writes. Without torchrun there is one process, and everything here passes through.
"""

from __future__ import annotations

import atexit
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, Final

import torch
import torch.distributed as dist
from torch import Tensor, nn

from ..shares import Share

PATIENCE: Final = timedelta(hours=6)
"""How long a process waits for another one, which may be measuring or fitting codebooks."""


class TrainingError(ValueError):
    """A run that cannot start or go on; the text names the cure."""


@dataclass(frozen=True)
class ProcessShare(Share):
    """One of several processes' share."""

    def add_up(self, values: Tensor) -> Tensor:
        """Return the sum over all processes, the same in each; no gradient."""
        total = values.detach().clone().contiguous()
        dist.all_reduce(total)
        return total

    def gather(self, rows: Tensor) -> Tensor:
        """Return the rows (N, ...) of all processes, the first one's first; N may differ."""
        return torch.as_tensor(_Gathered.apply(rows, self))  # type: ignore[no-untyped-call]


class _Gathered(torch.autograd.Function):
    """Rows of all processes; the gradient of own rows comes back."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, share: Share) -> Tensor:
        sizes = [torch.zeros(1, dtype=torch.long, device=rows.device) for _ in range(share.count)]
        dist.all_gather(sizes, torch.tensor([len(rows)], device=rows.device))
        counts = [int(size) for size in sizes]
        padded = rows.new_zeros(max(counts), *rows.shape[1:])
        padded[: len(rows)] = rows
        found = [torch.empty_like(padded) for _ in counts]
        dist.all_gather(found, padded)
        first = sum(counts[: share.index])
        ctx.own, ctx.processes = slice(first, first + len(rows)), share.count
        return torch.cat([own[:count] for own, count in zip(found, counts, strict=True)])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        # Gradients of weights are averaged over the processes, but each row has one owner.
        return gradients[0][ctx.own] * ctx.processes, None


@cache
def join_processes() -> Share:
    """Return this process's share; under torchrun, join the other processes first."""
    count, local = (int(os.environ.get(name, 1)) for name in ("WORLD_SIZE", "LOCAL_WORLD_SIZE"))
    place = int(os.environ.get("LOCAL_RANK", 0))
    has_gpu = torch.cuda.is_available() and torch.cuda.device_count() >= local
    device = torch.device("cuda", place) if has_gpu else torch.device("cpu")
    if count == 1:
        return Share(device=device)
    if has_gpu:
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if has_gpu else "gloo", timeout=PATIENCE)
    atexit.register(dist.destroy_process_group)
    return ProcessShare(dist.get_rank(), count, device)


def together(model: nn.Module, share: Share) -> nn.Module:
    """Return what averages the gradients of a model over the processes."""
    if share.count == 1:
        return model
    # Codebooks are moved alike everywhere: nothing is left to broadcast. A share of a
    # batch may leave weights unused that another one needs.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # newer torch renames the first option
        return nn.parallel.DistributedDataParallel(
            model, broadcast_buffers=False, find_unused_parameters=True
        )


def average_report(report: dict[str, float], share: Share) -> dict[str, float]:
    """Return the mean of each figure over the processes."""
    if share.count == 1:
        return report
    values = torch.tensor(list(report.values()), dtype=torch.float64, device=share.device)
    return dict(zip(report, (share.add_up(values) / share.count).tolist(), strict=True))


def write_once(write: Callable[[], object]) -> None:
    """Let the first process write, and the others wait until it is done.

    Raises:
        TrainingError: in the others, with its words, where the first one failed.
    """
    share = join_processes()
    if share.count == 1:
        write()
        return
    failure: list[str | None] = [None]
    try:
        if share.index == 0:
            write()
    except (OSError, ValueError, RuntimeError) as error:
        failure = [str(error) or type(error).__name__]
        raise
    finally:
        dist.broadcast_object_list(failure, device=share.device)
    if failure[0] is not None:
        raise TrainingError(failure[0])
