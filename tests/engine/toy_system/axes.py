"""What the ablation changes of the toy."""

from __future__ import annotations

from ...evaluation.ablation.axes import TrainingRow
from .presets import TOY_PRESETS


def training_rows(scale: str) -> list[TrainingRow]:
    """Return the rows of a scale."""
    return [TrainingRow("swaying", name, preset, 2) for name, preset in TOY_PRESETS.items()]
