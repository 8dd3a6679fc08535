"""Tries the takes of an edit on copies of the action, slice by slice, and keeps their new keys.

Blender lays handles on the copies, so that what is written later needs no planning. No copy and
nothing else of Blender's outlives its slice: between two slices the animator may save, undo or
open another file, and only arrays and names are left. `bpy.data.temp_data()` is no place for
copies: Blender 4.5 frees what it gives twice, and crashes when Python collects its garbage.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import bpy
import numpy as np

from ....engine.motion.request import Progress
from ...core.curves.key_table import Keys
from ...core.edits.edit_requests import END
from ...core.link.jobs import Job, Task
from ...core.link.slices import Steps, computed
from ..curves import curve_keys
from ..curves.key_targets import KeyTargets
from ..curves.take_channels import OwnerKeys
from ..reading.edit_target import slot_named_as
from . import keyframes
from .channel_plans import Plan, curves_by_path, plan_channels, settle_plans
from .curve_changes import CurveChange, change_of
from .curve_sources import CurveSource, digest_tables, read_source, select_keys
from .edit_keys import EditKeys
from .span_planning import (
    ChannelId,
    Filled,
    Part,
    SpanKeys,
    channels_of,
    check_rows,
    fill_span,
    thin_owners,
    thinning_notes,
)
from .span_reports import SpanReport, report_span

Target = tuple[bpy.types.Object, Any, Any]
"""The armature object, an action and its slot; None for a slot that must be made."""

Find = Callable[[], AbstractContextManager[Target]]
"""Gives a block in which the target may be used; raises RequestError where it is gone."""

SLICE_SECONDS: Final = 0.03
"""How long keys are tried on one copy. Blender builds its dependency graph anew for every copy
that goes, so that these slices are longer than those of reading."""

_LABEL = "Planning the keys"


@dataclass(frozen=True, slots=True, eq=False)
class RehearsedTake:
    """The curves of a take, ready to be written."""

    changes: tuple[CurveChange, ...]

    tables: Mapping[ChannelId, Keys]
    """The keys of all curves of its bones, those that stay among them."""

    reports: tuple[SpanReport, ...]
    """One a span."""

    from_last: tuple[CurveChange, ...] | None
    """What leads here from the take before; None where there is none, or it has other channels."""

    digest: str
    """Of the tables."""

    @property
    def channels(self) -> set[ChannelId]:
        """Those whose keys change."""
        return {change.channel for change in self.changes}

    @property
    def notes(self) -> list[str]:
        """Sentences for the animator without full stops, each once."""
        told = (note.rstrip(".") for report in self.reports for note in report.notes)
        return list(dict.fromkeys(told))


@dataclass(frozen=True, slots=True, eq=False)
class Rehearsal:
    """The takes of one edit, all on the same curves."""

    source: CurveSource
    """What they rest on."""

    takes: tuple[RehearsedTake, ...]


def rehearse(find: Find, takes: Sequence[EditKeys]) -> Steps[Rehearsal]:
    """Work out the curves of takes; the action that is found stays as it is.

    Raises:
        RequestError: with the cure, if a curve cannot be changed inside the spans alone.
    """
    source = _read_source(find, takes)
    yield Progress(0, len(takes), _LABEL)
    rehearsed: list[RehearsedTake] = []
    for number, keys in enumerate(takes):
        rehearsing = _Rehearsing(find, source, keys, Progress(number, len(takes), _LABEL))
        rehearsed.append((yield from rehearsing.take(rehearsed[-1] if rehearsed else None)))
    return Rehearsal(source, tuple(rehearsed))


def _read_source(find: Find, takes: Sequence[EditKeys]) -> CurveSource:
    """Return what takes rest on; the action and its curves are let go of."""
    with find() as (ob, action, slot):
        for keys in takes:
            _check_take(ob, keys)
        spans = [span for keys in takes for span in keys.spans]
        return read_source(ob, curves_by_path(action, slot), spans)


def _check_take(ob: bpy.types.Object, keys: EditKeys) -> None:
    keyframes.check_writable(ob, keys.motion)
    for span in keys.spans:
        keyframes.check_frames(span.first_frame_scene, span.last_frame_scene)
        check_rows(keys.motion, keys.start_frame_scene, span)


@dataclass(frozen=True, slots=True, eq=False)
class _Scratch:
    """A copy of the action, for one slice."""

    ob: bpy.types.Object
    action: Any
    slot: Any
    bag: Any
    curves: dict[ChannelId, Any]

    def lay(self, tables: Mapping[ChannelId, Keys], bones: Mapping[ChannelId, str]) -> None:
        """Give the channels of some bones their keys, whatever the action has by now."""
        for channel, bone in bones.items():
            if channel not in tables:
                continue
            if channel not in self.curves:
                self.curves[channel] = keyframes.new_fcurve(self.bag, *channel, bone)
            curve_keys.write_keys(self.curves[channel], tables[channel])


class _Rehearsing:
    """One take on its way, span after span."""

    def __init__(
        self, find: Find, source: CurveSource, keys: EditKeys, progress: Progress
    ) -> None:
        self._find, self._keys, self._progress = find, keys, progress
        self._source, self._tables = source, dict(source.tables)
        self._bones: dict[ChannelId, str] = {}

    def take(self, last: RehearsedTake | None) -> Steps[RehearsedTake]:
        """Try all spans, each on what the one before left; `last` is the take before this one."""
        reports = []
        for span in self._keys.spans:
            reports.append((yield from self._span(span)))
        compare = partial(self._compare, last, tuple(reports))
        rehearsed: RehearsedTake = yield computed(_LABEL, compare)
        return rehearsed

    def _compare(
        self, last: RehearsedTake | None, reports: tuple[SpanReport, ...]
    ) -> RehearsedTake:
        """Return the take, compared with what was read and with the one before; arrays only."""
        from_last = None
        if last is not None and last.channels == self._bones.keys():
            from_last = self._changes(last.tables)
        digest = digest_tables(self._tables)
        return RehearsedTake(
            self._changes(self._source.tables), self._tables, reports, from_last, digest
        )

    def _changes(self, before: Mapping[ChannelId, Keys]) -> tuple[CurveChange, ...]:
        return tuple(
            change_of(channel, bone, before.get(channel), self._tables[channel])
            for channel, bone in self._bones.items()
        )

    def _span(self, span: SpanKeys) -> Steps[SpanReport]:
        filled, told = self._fill(span)
        yield self._progress
        thinned: dict[str, OwnerKeys] = {}
        if any(one.is_thinned for one in filled):
            thinned = yield Job(_thin(span, filled, self._progress))
        plans: list[Plan] = []
        rest = deque(filled)
        while rest:
            plans += self._settle_some(thinned, rest)
            yield self._progress
        return report_span(plans, [*told, *thinning_notes(thinned)])

    def _fill(self, span: SpanKeys) -> tuple[list[Filled], list[str]]:
        """Return the properties that get keys, and notes on those that do not."""
        with self._lend_curves() as (ob, curves):
            targets = KeyTargets(ob, span.is_measured)
            part = Part(ob, targets, curves, span)
            filled = fill_span(part, self._keys.motion, self._keys.start_frame_scene)
            return filled, targets.notes()

    @contextmanager
    def _lend_curves(self) -> Iterator[tuple[bpy.types.Object, dict[ChannelId, Any]]]:
        """Lend the curves as earlier spans left them, to be read; before them they are the own."""
        if not self._bones:
            with self._find() as (ob, action, slot):
                yield ob, curves_by_path(action, slot)
            return
        with _lend_scratch(self._find) as scratch:
            scratch.lay(self._tables, self._bones)
            yield scratch.ob, scratch.curves

    def _settle_some(
        self, thinned: Mapping[str, OwnerKeys], rest: deque[Filled]
    ) -> list[Plan]:
        """Settle properties, at least one, until the slice's time is over."""
        plans: list[Plan] = []
        end = time.perf_counter() + SLICE_SECONDS
        with _lend_scratch(self._find) as scratch:
            while rest and (not plans or time.perf_counter() < end):
                plans += self._settle(scratch, thinned, rest.popleft())
        return plans

    def _settle(
        self, scratch: _Scratch, thinned: Mapping[str, OwnerKeys], one: Filled
    ) -> list[Plan]:
        """Plan the channels of a property, have Blender lay their handles, and keep the keys."""
        found = one.found
        bones = {
            (found.data_path, index): found.owner
            for index in np.flatnonzero(found.keyed).tolist()
        }
        scratch.lay(self._tables, bones)
        channels = list(channels_of(scratch.ob, scratch.curves, thinned, one))
        planned = plan_channels(scratch.action, scratch.slot, channels)
        plans = settle_plans(scratch.bag, planned)
        for plan in plans:
            channel = plan.channel.data_path, plan.channel.index
            curve = scratch.bag.fcurves.find(channel[0], index=channel[1])
            if self._keys.open_side:
                _open_border(curve, plan, self._keys.open_side == END)
            self._tables[channel] = curve_keys.read_keys(curve)
            if self._source.is_selected:
                select_keys(self._tables[channel])
        self._bones |= bones
        return plans


def _thin(span: SpanKeys, filled: list[Filled], progress: Progress) -> Task[dict[str, OwnerKeys]]:
    """Choose the keys of bones, in a thread: arrays only."""
    thinned = {}
    for keys in thin_owners(span, filled):
        thinned[keys.properties[0].owner] = keys
        yield progress
    return thinned


@contextmanager
def _lend_scratch(find: Find) -> Iterator[_Scratch]:
    """Lend a copy of the action that is found; it is gone at the end of the block."""
    with find() as (ob, action, slot):
        copy: Any = action.copy()
        try:
            own, bag = keyframes.make_bag(copy, ob, slot_named_as(copy, slot))
            yield _Scratch(ob, copy, own, bag, curves_by_path(copy, own))
        finally:
            bpy.data.actions.remove(copy)


def _open_border(curve: Any, plan: Plan, is_end: bool) -> None:
    """Remove a border key that fixes the old pose after the last new key, or before the first."""
    points = curve.keyframe_points
    times = plan.after.keys["co"][:, 0].astype(np.float32)  # as Blender keeps them
    for time_added in times[plan.after.added].tolist():
        outermost = points[-1 if is_end else 0]
        if outermost.co[0] == time_added and len(points) > 1:
            points.remove(outermost)
