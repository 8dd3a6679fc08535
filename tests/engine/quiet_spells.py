"""How long a task is silent: counts calls between two yields, whatever the machine's speed."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

import torch


def most_between_yields(task: Generator, count: Callable[[], int]) -> int:
    """Run a task to its end; return the most that a counter grew between two of its yields."""
    most, before = 0, count()
    for _ in task:
        most, before = max(most, count() - before), count()
    return max(most, count() - before)


class NetworkCalls:
    """Counts how often networks are called, and the most steps of all rows that one call got."""

    def __init__(self, *networks: torch.nn.Module) -> None:
        self.calls = self.most_steps = 0
        self._hooks = [network.register_forward_pre_hook(self._count) for network in networks]

    def _count(self, _, inputs) -> None:
        self.calls += 1
        self.most_steps = max(self.most_steps, inputs[0].shape[:2].numel())

    def __call__(self) -> int:
        return self.calls

    def remove(self) -> None:
        for hook in self._hooks:
            hook.remove()


@contextmanager
def counted_networks(*networks: torch.nn.Module):
    """Count the calls of networks inside the block."""
    counter = NetworkCalls(*networks)
    try:
        yield counter
    finally:
        counter.remove()


@contextmanager
def counted_functions():
    """Count the calls of Python functions inside the block."""
    calls = [0]

    def count(frame, event, argument) -> None:
        calls[0] += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield lambda: calls[0]
    finally:
        sys.setprofile(before)
