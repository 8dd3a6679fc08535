"""What this machine is: the processor's name and its measured matrix rates."""

from __future__ import annotations

import platform
import statistics
import time
from pathlib import Path

import torch


def processor_name() -> str:
    """Return the processor's name as the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def matrix_rate(dtype: torch.dtype, size: int) -> float:
    """Return TFLOP/s of square matrix products on the CPU: the median of five."""
    left, right = (torch.randn(size, size).to(dtype) for _ in range(2))
    seconds = []
    for _ in range(6):
        started = time.perf_counter()
        left @ right
        seconds.append(time.perf_counter() - started)
    return 2 * size**3 / statistics.median(seconds[1:]) / 1e12


def describe() -> str:
    """Return one line that belongs with every timing.

    Without bf16 instructions a bf16 product runs in a slow emulation, so it is small.
    """
    return (
        f"{processor_name()}, {torch.get_num_threads()} threads, "
        f"fp32 {matrix_rate(torch.float32, 1536):.3f} TFLOP/s, "
        f"bf16 {matrix_rate(torch.bfloat16, 192):.4f} TFLOP/s"
    )
