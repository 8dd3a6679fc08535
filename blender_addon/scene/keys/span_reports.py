"""Tells what an edit of a span did to the curves outside the span: nothing that shows there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...core.curves.curve_span import kept_keys
from ...core.curves.key_table import AUTOMATIC
from .channel_plans import Plan

BorderKey = tuple[str, int, float]
"""Data path and index of a curve, scene frame of one of its keys."""


@dataclass(frozen=True, slots=True)
class SpanReport:
    """What writing a span did to curves outside the span, all of it without effect there."""

    curves: int
    """How many curves got keys."""

    created: tuple[tuple[str, int], ...]
    """Channels that had no curve; outside the span they keep the value that they had."""

    added: tuple[BorderKey, ...]
    """New keys on the old curve: one frame outside the span, or where an easing was cut."""

    frozen: tuple[BorderKey, ...]
    """Kept keys whose handles were fixed where they were."""

    baked: tuple[BorderKey, ...]
    """Kept keys with another interpolation: `NewKeys.baked` says why."""

    notes: tuple[str, ...]
    """Sentences for the animator."""


def report_span(plans: list[Plan], told: list[str]) -> SpanReport:
    """Return the report of a span.

    Args:
        plans: of all its channels, settled.
        told: notes on the span as a whole.
    """
    told = [*told, *_freezing_note(plans)]
    notes = dict.fromkeys([*told, *(plan.note for plan in plans if plan.note)])
    return SpanReport(
        curves=len(plans),
        created=tuple(
            (plan.channel.data_path, plan.channel.index) for plan in plans if plan.is_new
        ),
        added=tuple(_listed(plans, "added")),
        frozen=tuple(_listed(plans, "frozen")),
        baked=tuple(_listed(plans, "baked")),
        notes=tuple(notes),
    )


def _freezing_note(plans: list[Plan]) -> list[str]:
    """Say how many kept keys lost automatic handles; nothing where none did."""
    count = 0
    for plan in plans:
        before = kept_keys(plan.before, plan.channel.edit.frames)
        after = plan.after.keys[plan.after.kept]
        lost = np.zeros(len(before), dtype=bool)
        for kind in ("handle_left_type", "handle_right_type"):
            lost |= np.isin(before[kind], AUTOMATIC) & (before[kind] != after[kind])
        count += int(lost.sum())
    if not count:
        return []
    keys = "kept key is" if count == 1 else "kept keys are"
    return [f"Automatic handles of {count} {keys} frozen, so that the curves beside stay"]


def _listed(plans: list[Plan], mark: str) -> Iterator[BorderKey]:
    """Yield the keys that have a mark."""
    for plan in plans:
        times = plan.after.keys["co"][:, 0].astype(np.float32)  # as Blender keeps them
        for time in times[getattr(plan.after, mark)].tolist():
            yield plan.channel.data_path, plan.channel.index, time
