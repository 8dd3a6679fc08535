"""What a model costs: time per take, numbers it holds, operations of a take.

Times stand beside what the machine is. It knows the engine's front door only.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from ...motion.running import Engine
from ...tokenizer.codebook import Codebook
from ..scores.machine import describe
from ..scores.takes import make_takes
from .samples import watch

SECONDS: Final = (2.0, 4.0, 6.0, 8.0, 10.0)
"""Lengths whose times make up the average inference time per sentence (AITS)."""

PROMPTS: Final = (
    "a person walks forward and turns around",
    "someone waves with the right hand",
    "a person jumps up and lands",
)
COUNTED_SECONDS: Final = 6.0
"""Length of the take whose operations are counted."""


def time_takes(engine: Engine, name: str) -> dict[str, Any]:
    """Return the median time in seconds of warm takes of each length, and their mean (AITS).

    From the prompt to the finished clip: text encoder, all networks, clean-up.
    """
    make_takes(engine, PROMPTS[0], SECONDS[0], 1)
    medians = {}
    for seconds in watch(SECONDS, f"{name}, time"):
        medians[f"{seconds:g}"] = float(np.median([_timed(engine, p, seconds) for p in PROMPTS]))
    return {
        "machine": describe(),
        "load": _load(),
        "takes_a_length": len(PROMPTS),
        "seconds_by_length": medians,
        "aits_seconds": float(np.mean(list(medians.values()))),
    }


def _load() -> float | None:
    """Return how many programs want a processor, this one too, in the last minute."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def _timed(engine: Engine, prompt: str, seconds: float) -> float:
    started = time.perf_counter()
    make_takes(engine, prompt, seconds, 1)
    return time.perf_counter() - started


def count_numbers(networks: Sequence[nn.Module]) -> int:
    """Return how many numbers the networks have learnt: parameters and codebooks."""
    parameters = {id(p): p.numel() for network in networks for p in network.parameters()}
    books = {
        id(module.entries): module.entries.numel()
        for network in networks
        for module in network.modules()
        if isinstance(module, Codebook)
    }
    return sum(parameters.values()) + sum(books.values())


def count_operations(engine: Engine) -> int:
    """Return the floating-point operations of a take of 6 s, a multiply-add counting two.

    Matrix products, convolutions and attention of all passes, the text encoder's too.
    """
    counter = FlopCounterMode(display=False)
    # Fused attention kernels of CPUs are not counted; the plain one is made of products.
    with sdpa_kernel(SDPBackend.MATH), counter:
        make_takes(engine, PROMPTS[0], COUNTED_SECONDS, 1)
    return int(counter.get_total_flops())
