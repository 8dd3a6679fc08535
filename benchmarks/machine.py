"""What this machine is: the evaluation's own measure of it, for the benchmarks beside this file."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from engine.evaluation.scores.machine import describe, matrix_rate  # noqa: E402

__all__ = ["describe", "matrix_rate"]
