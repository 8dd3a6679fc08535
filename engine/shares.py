"""Which rows of a batch this process computes, and what it asks of the processes beside it.

One process computes all rows; every function here is then what its plain counterpart in
torch is. Where several share a batch, each draws the random numbers of the whole batch
and takes its rows, and sums go over all of them: several give what one gives.
It knows no network, and not how processes talk.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

import torch
from torch import Tensor

Rows = TypeVar("Rows")


@dataclass(frozen=True)
class Share:
    """The rows of a batch that one of `count` processes computes; by itself, all of them."""

    index: int = 0
    count: int = 1
    device: torch.device = torch.device("cpu")
    """Where the rows are computed."""

    def add_up(self, values: Tensor) -> Tensor:
        """Return the sum over all processes, the same in each; no gradient."""
        return values

    def gather(self, rows: Tensor) -> Tensor:
        """Return the rows (N, ...) of all processes, the first one's first; N may differ.

        A gradient that every process alike gives to what is returned comes back such that
        the mean over the processes is that of one process with all rows.
        """
        return rows

    def rows_of(self, total: int) -> slice:
        """Return the part of `total` rows that is this process's."""
        size = total // self.count
        return slice(self.index * size, (self.index + 1) * size)


_share: ContextVar[Share] = ContextVar("share", default=Share())  # noqa: B039  # frozen


def current_share() -> Share:
    """Return this process's share: all, unless within `sharing`."""
    return _share.get()


@contextmanager
def sharing(share: Share) -> Iterator[None]:
    """Let what is called within compute a share of each batch."""
    token = _share.set(share)
    try:
        yield
    finally:
        _share.reset(token)


def own_rows(batch: Rows) -> Rows:
    """Return this process's rows of a whole batch, on its device.

    Args:
        batch: a tensor (B, ...), a list of B, or a dataclass or tuple of such; B is a multiple
            of the number of processes. None stays.
    """
    return _own_rows(batch, current_share())  # type: ignore[no-any-return]


def _own_rows(batch: Any, share: Share) -> Any:
    if isinstance(batch, Tensor):
        return batch[share.rows_of(len(batch))].to(share.device)
    if isinstance(batch, list):
        return batch[share.rows_of(len(batch))]
    if isinstance(batch, tuple):
        return tuple(_own_rows(item, share) for item in batch)
    if is_dataclass(batch) and not isinstance(batch, type):
        names = [field.name for field in fields(batch)]
        return replace(batch, **{name: _own_rows(getattr(batch, name), share) for name in names})
    return batch


def rand_rows(*shape: int, device: torch.device | str = "cpu") -> Tensor:
    """Return random numbers (B, ...) in [0, 1) for this process's B rows of a batch."""
    share = current_share()
    drawn = torch.rand(shape[0] * share.count, *shape[1:], device=device)
    return drawn[share.rows_of(len(drawn))]


def randint_rows(high: int, *shape: int, device: torch.device | str = "cpu") -> Tensor:
    """Return random whole numbers (B, ...) in [0, high) for this process's B rows of a batch."""
    share = current_share()
    drawn = torch.randint(high, (shape[0] * share.count, *shape[1:]), device=device)
    return drawn[share.rows_of(len(drawn))]


def even_share(total: Tensor) -> Tensor:
    """Return the mean over the processes of what each has of a total.

    A sum over own rows divided by it has, averaged over the processes, the
    whole batch's sum divided by the whole total.
    """
    share = current_share()
    return share.add_up(total) / share.count if share.count > 1 else total


def mean_of_all(values: Tensor) -> Tensor:
    """Return a number whose average over the processes is the mean of all their values.

    Each process may hold another number of values, or none; it is 0 where none has any.
    """
    count = torch.tensor(float(values.numel()), device=values.device)
    return values.sum() / even_share(count).clamp_min(1e-9)


def pick_rows(rows: Tensor, count: int) -> Tensor:
    """Return `count` random rows (count, D) of the rows (N, D) of all processes."""
    share = current_share()
    sizes = share.gather(torch.tensor([len(rows)], device=rows.device))
    chosen = torch.randint(int(sizes.sum()), (count,), device=rows.device)
    chosen = chosen - sizes[: share.index].sum()
    is_own = (chosen >= 0) & (chosen < len(rows))
    picked = rows.new_zeros(count, *rows.shape[1:])
    picked[is_own] = rows[chosen[is_own]]
    return share.add_up(picked)


class RowDropout(torch.nn.Dropout):
    """Dropout that hides of each row what one process with the whole batch would hide."""

    def forward(self, values: Tensor) -> Tensor:
        """Drop numbers of (B, ...)."""
        share = current_share()
        if share.count == 1 or not self.training:
            return super().forward(values)
        whole = values.new_ones(len(values) * share.count, *values.shape[1:])
        kept = torch.as_tensor(super().forward(whole))
        return values * kept[share.rows_of(len(whole))]
