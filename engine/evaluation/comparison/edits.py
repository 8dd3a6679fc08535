"""Edits of held-out clips: how they join, what they leave alone, how near gaps come to the truth.

Each kind of mask is asked of the generator first; what it cannot fill is told with its
reason. Prompts are the clips' own captions; gaps have none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np

from ...data.corpus import CorpusClip
from ...measuring.metrics import DRAWS, Array, bootstrap_means
from ...motion.clip import Clip
from ...motion.edits import Mask, MaskedClip, extend, in_between, regenerate, upper_body
from ...motion.request import MotionRequest, MotionResult
from ...motion.running import Engine, run_to_end
from ...motion.skeleton import FPS, PART_JOINTS, PARTS
from ..scores.edit_prompts import SPAN_FRAMES
from ..scores.edit_scores import CONTEXT_FRAMES, GAPS, measure_seam
from .figures import measured, medians
from .samples import watch

EXTENSION_SECONDS: Final = 2.0
_SHORTEST_HOST: Final = 130


@dataclass(frozen=True, slots=True, eq=False)
class Edit:
    """A canvas made of a real clip."""

    entry: CorpusClip
    canvas: MaskedClip
    prompt: str
    span: tuple[int, int]
    """Frames that are made anew, in the canvas."""

    usual: Clip
    """The real clip, whose own changes a seam is compared with."""

    truth: Clip | None = None
    """(T) what stood where the canvas is masked; None where nobody knows."""


def regenerated(entry: CorpusClip) -> Edit | None:
    """Return the edit that makes 3 s in the clip's middle anew; None for short clips."""
    clip = entry.clip
    if clip.frames < _SHORTEST_HOST:
        return None
    start = (clip.frames - SPAN_FRAMES) // 2
    span = (start, start + SPAN_FRAMES)
    return Edit(entry, regenerate(clip, span, None), entry.captions[0], span, clip)


def extended(entry: CorpusClip) -> Edit | None:
    """Return the edit in which the clip's first half goes on for 2 s; None for short clips."""
    clip = entry.clip
    half = clip.frames // 2
    if clip.frames < _SHORTEST_HOST:
        return None
    canvas = extend(clip.cut(0, half), EXTENSION_SECONDS)
    return Edit(entry, canvas, entry.captions[0], (half, canvas.clip.frames), clip)


def upper_made_anew(entry: CorpusClip) -> Edit | None:
    """Return the edit that keeps legs and root."""
    clip = entry.clip
    return Edit(entry, upper_body(clip), entry.captions[0], (0, clip.frames), clip)


def gap_of(entry: CorpusClip, gap: int) -> Edit | None:
    """Return a gap of so many frames between real ones; None for short clips."""
    wanted = gap + 2 * CONTEXT_FRAMES
    if entry.clip.frames < wanted:
        return None
    start = (entry.clip.frames - wanted) // 2
    clip = entry.clip.cut(start, start + wanted)
    first, last = CONTEXT_FRAMES, CONTEXT_FRAMES + gap
    canvas = in_between(clip.cut(0, first), clip.cut(last, wanted), gap / FPS)
    return Edit(entry, canvas, "", (first, last), clip, clip)


KINDS: Final[dict[str, Callable[[CorpusClip], Edit | None]]] = {
    "regenerate 3 s": regenerated,
    "extend by 2 s": extended,
    "upper body": upper_made_anew,
    **{f"gap of {gap / FPS:g} s": partial(gap_of, gap=gap) for gap in GAPS},
}


@dataclass(frozen=True, slots=True)
class EditRun:
    """What fills a canvas, and how many."""

    engine: Engine
    can_fill: Callable[[Mask], str | None]
    name: str
    most: int
    """Clips of each kind, evenly chosen."""

    seed: int


def measure_edits(run: EditRun, entries: Sequence[CorpusClip]) -> dict[str, Any]:
    """Return the figures of every kind of edit, or {"refused": reason}."""
    return {kind: _measure_kind(run, make, entries, kind) for kind, make in KINDS.items()}


def _measure_kind(
    run: EditRun,
    make: Callable[[CorpusClip], Edit | None],
    entries: Sequence[CorpusClip],
    kind: str,
) -> dict[str, Any]:
    edits = [edit for entry in entries if (edit := make(entry)) is not None]
    if len(edits) > run.most:
        edits = [edits[index * len(edits) // run.most] for index in range(run.most)]
    if not edits:
        return {"refused": "No held-out clip is long enough."}
    reason = run.can_fill(edits[0].canvas.mask)
    if reason is not None:
        return {"refused": reason}
    rows = [_measure_one(run, edit) for edit in watch(edits, f"{run.name}, {kind}")]
    groups = [edit.entry.group for edit in edits]
    outside = max(row.pop("outside") for row in rows)
    names = [name for name in rows[0] if all(name in row for row in rows)]
    columns = {name: np.array([row[name] for row in rows]) for name in names}
    return {"clips": len(rows), "outside_largest_change": outside} | {
        name: _figure(name, column, groups, run.seed) for name, column in columns.items()
    }


def _figure(name: str, column: Array, groups: Sequence[str], seed: int) -> dict[str, Any]:
    rng = np.random.default_rng((seed, 11))
    if name == "seam_ratio":  # where the real clip hardly moves, a ratio is anything
        return measured(lambda: medians([column], groups, rng, DRAWS))
    most = 1.0 if name == "seam_within_95" else None
    return measured(lambda: bootstrap_means([column], groups, rng), most=most)


def _measure_one(run: EditRun, edit: Edit) -> dict[str, float]:
    made = _fill(run, edit).clips[0]
    row = {"outside": outside_change(edit.canvas, made)}
    if edit.canvas.mask[slice(*edit.span)].all():
        seam = measure_seam(edit.usual, made, edit.span)
        row["seam_ratio"] = seam.jump / max(seam.usual_jump, 1e-6)
        row["seam_within_95"] = float(seam.jump <= seam.usual_jump)
    if edit.truth is not None:
        rows = slice(*edit.span)
        true = edit.truth.joints()[rows]
        row["error_m"] = _distance(made.joints()[rows], true)
        row["interpolation_m"] = _distance(edit.canvas.clip.joints()[rows], true)
    return row


def _distance(made: Array, true: Array) -> float:
    return float(np.linalg.norm(made - true, axis=-1).mean())


def _fill(run: EditRun, edit: Edit) -> MotionResult:
    request = MotionRequest(
        edit.prompt, seed=run.seed, clip=edit.canvas.clip, mask=edit.canvas.mask,
        needs_prompt=bool(edit.prompt),
    )  # fmt: skip
    return run_to_end(run.engine.run(request))


def outside_change(canvas: MaskedClip, made: Clip) -> float:
    """Return the largest change of any number (metres or quaternion) that was to be kept."""
    largest = 0.0
    for index, part in enumerate(PARTS):
        kept = ~canvas.mask[:, index]
        joints = list(PART_JOINTS[part])
        before, after = canvas.clip.rot[kept][:, joints], made.rot[kept][:, joints]
        largest = max(largest, float(np.abs(after - before).max(initial=0.0)))
        if part == "LOWER_BODY":
            path = made.root_pos[kept] - canvas.clip.root_pos[kept]
            largest = max(largest, float(np.abs(path).max(initial=0.0)))
    return largest
