"""Do edits obey, join and arrive? Regenerated spans, gaps, upper bodies and loops on real clips.

Takes come from the engine's front door with another mask each; nothing here
chooses among takes. It knows no network.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ...data.corpus import CorpusError
from ...motion import quaternions
from ...motion.clip import Clip, headings
from ...motion.edits import MaskedClip, close_loop, in_between, open_loop, regenerate, upper_body
from ...motion.request import MotionRequest, MotionResult
from ...motion.running import Engine, run_to_end
from ...motion.skeleton import FPS
from ..checks.captioned import SHOWN
from ..checks.measures import Body
from ..checks.table import passes
from ..prompts.prompt import Prompt
from .edit_prompts import SPAN_FRAMES, SPAN_PROMPTS, UPPER_PROMPTS
from .library import RealClip, find_captioned
from .physics import foot_slide

Array = NDArray[np.floating[Any]]

TAKES: Final = 3
GAPS: Final = (30, 60)
"""Frames of the gaps that are filled: 1 s and 2 s."""

LONG_BEATS: Final = (
    ("a person walks forward", 6.0),
    ("someone waves with the right hand", 6.0),
    ("a person runs ahead", 6.0),
    ("someone picks something up from the floor", 6.0),
    ("a person walks around in a circle", 6.0),
    ("someone sits down", 6.0),
)
"""A take of 36 s."""

CONTEXT_FRAMES: Final = 40
"""Real frames on each side of a gap."""

_SHORTEST_HOST: Final = 130
"""Frames of a clip that a span is regenerated in."""


@dataclass(frozen=True, slots=True)
class Seam:
    """How a filled span meets its neighbours, beside the clip's own frame-to-frame change."""

    jump: float
    """m/frame^2: largest mean acceleration of the joints at the span's two borders."""
    usual_jump: float
    """The 95th percentile of the same in the original clip."""
    step: float
    """m: mean step of the joints from the last generated frame to the first kept one."""
    usual_step: float
    """The 95th percentile of the original clip's steps."""


def run_edit(engine: Engine, canvas: MaskedClip, prompt: str, seed: int) -> MotionResult:
    """Return TAKES fills of a canvas; without a prompt the kept frames alone decide."""
    request = MotionRequest(
        prompt, seed=seed, takes=TAKES, clip=canvas.clip, mask=canvas.mask,
        needs_prompt=bool(prompt),
    )  # fmt: skip
    return run_to_end(engine.run(request))


def score_edits(
    engine: Engine, clips: Sequence[RealClip], seed: int = 0
) -> dict[str, Any]:
    """Measure every edit on the held-out clips among some: those that are not of `train`."""
    held_out = [c for c in clips if c.is_whole and c.entry.split != "train"]
    hosts = [c for c in held_out if c.entry.clip.frames >= _SHORTEST_HOST]
    walkers = [c for c in held_out if any("walk" in text for text in c.entry.captions)]
    return {
        "regenerate": _score_spans(engine, _spread(hosts, len(SPAN_PROMPTS)), seed),
        "upper_body": _score_upper(engine, _spread(walkers, len(UPPER_PROMPTS)), clips, seed),
        "in_between": {f"{gap}": _score_gaps(engine, held_out, gap, seed) for gap in GAPS},
        "loop": _score_loops(engine, _spread(walkers, 10), seed),
        "long": _score_long(engine, seed),
    }


def _spread(clips: Sequence[RealClip], count: int) -> list[RealClip]:
    if not clips:
        raise CorpusError(
            "The split has no clip that an edit could be tried on: each needs clips of "
            f"{_SHORTEST_HOST / FPS:.1f} s and more, and some captioned as walking. Choose "
            "another --split, or a larger corpus."
        )
    return [clips[index * len(clips) // count] for index in range(count)]


def _score_spans(engine: Engine, hosts: Sequence[RealClip], seed: int) -> dict[str, Any]:
    rows, seams, slides, differences = [], [], [], []
    gaps: list[float] = []
    for prompt, host in tqdm(list(zip(SPAN_PROMPTS, hosts, strict=True)), desc="spans"):
        clip = host.entry.clip
        start = (clip.frames - SPAN_FRAMES) // 2
        span = (start, start + SPAN_FRAMES)
        result = run_edit(engine, regenerate(clip, span, None), prompt.text, seed)
        rows.append(_row(prompt, host, [clip, *result.clips], span))
        seams += [measure_seam(clip, made, span) for made in result.clips]
        gaps += result.root_gaps
        slides += [
            _slide(made.cut(*span)) / max(_slide(clip.cut(*span)), 0.02) for made in result.clips
        ]
        differences += _differences([clip, *result.clips], span)
    return _summary(rows) | {
        "seams_within_95_percent": float(
            np.mean([s.jump <= s.usual_jump and s.step <= s.usual_step for s in seams])
        ),
        "seam_ratio_median": float(np.median([s.jump / s.usual_jump for s in seams])),
        "step_ratio_median": float(np.median([s.step / s.usual_step for s in seams])),
        "root_gap_median_m": float(np.median(gaps)),
        "slide_ratio_median": float(np.nanmedian(slides)),
        "least_difference_m": float(np.min(differences)),
    }


def _score_upper(
    engine: Engine, hosts: Sequence[RealClip], clips: Sequence[RealClip], seed: int
) -> dict[str, Any]:
    rows, speeds, is_same = [], [], True
    for prompt, host in tqdm(list(zip(UPPER_PROMPTS, hosts, strict=True)), desc="upper bodies"):
        clip = host.entry.clip
        result = run_edit(engine, upper_body(clip), prompt.text, seed)
        rows.append(_row(prompt, host, [clip, *result.clips], (0, clip.frames)))
        # Where only one side is told apart in captions, the mirrored action is as smooth.
        action = prompt.checks[0]
        action = action if action in SHOWN else action.replace("_left", "_right")
        real = find_captioned(tuple(clips), action)
        usual = float(np.median([_roughness(one.entry.clip) for one, _ in real]))
        for made in result.clips:
            legs = [0, 1, 2, 4, 5, 7, 8, 10, 11]
            is_same &= np.array_equal(made.root_pos, clip.root_pos)
            is_same &= np.array_equal(made.rot[:, legs], clip.rot[:, legs])
            speeds.append(_roughness(made) / usual)
    return _summary(rows) | {
        "legs_are_bit_identical": bool(is_same),
        "roughness_ratio_median": float(np.median(speeds)),
    }


def _row(
    prompt: Prompt, host: RealClip, clips: Sequence[Clip], span: tuple[int, int]
) -> dict[str, Any]:
    """Score the original (first of the clips) and its takes inside a span."""
    verdicts = [passes(prompt.checks, Body.from_clip(_at_origin(c.cut(*span)))) for c in clips]
    return {
        "prompt": prompt.text,
        "clip": host.entry.id,
        "original": verdicts[0],
        "takes": verdicts[1:],
    }


def _summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    takes = [verdict for row in rows for verdict in row["takes"]]
    return {
        "rows": rows,
        "followed": float(np.mean(takes)),
        "original_passes": float(np.mean([row["original"] for row in rows])),
    }


def _at_origin(clip: Clip) -> Clip:
    yaw = float(headings(clip.rot[:, 0])[0])
    turned = clip.moved(-yaw, np.zeros(3))
    return turned.moved(0.0, -turned.root_pos[0] * np.array([1.0, 0.0, 1.0]))


def measure_seam(clip: Clip, made: Clip, span: tuple[int, int]) -> Seam:
    """Measure both borders of a span of kept length on each side."""
    joints, usual = made.joints(), clip.joints()
    change = np.linalg.norm(np.diff(joints, n=2, axis=0), axis=-1).mean(1)  # row t is frame t + 1
    steps = np.linalg.norm(np.diff(joints, axis=0), axis=-1).mean(1)
    borders = [frame - 1 for frame in (span[0] - 1, span[0], span[1] - 1, span[1])]
    return Seam(
        float(max(change[row] for row in borders if 0 <= row < len(change))),
        float(np.percentile(np.linalg.norm(np.diff(usual, n=2, axis=0), axis=-1).mean(1), 95)),
        float(steps[min(span[1], made.frames - 1) - 1]),
        float(np.percentile(np.linalg.norm(np.diff(usual, axis=0), axis=-1).mean(1), 95)),
    )


def _slide(clip: Clip) -> float:
    return foot_slide(Body.from_clip(clip))


def _roughness(clip: Clip) -> float:
    """Return the mean change of turning speed of spine and arms, rad/frame^2.

    Each joint is seen from its parent: what the legs make of the body is not counted.
    """
    upper = np.asarray(clip.rot, dtype=float)[:, [3, 6, 9, *range(12, 22)]]
    turns = quaternions.multiply(quaternions.conjugate(upper[:-1]), upper[1:])
    speeds = quaternions.quaternions_to_vectors(turns)
    return float(np.linalg.norm(np.diff(speeds, axis=0), axis=-1).mean())


def _differences(clips: Sequence[Clip], span: tuple[int, int]) -> list[float]:
    """Return the mean joint distance inside the span between each two clips."""
    joints = [clip.cut(*span).joints() for clip in clips]
    return [
        float(np.linalg.norm(a - b, axis=-1).mean())
        for index, a in enumerate(joints)
        for b in joints[:index]
    ]


def _score_gaps(
    engine: Engine, clips: Sequence[RealClip], gap: int, seed: int
) -> dict[str, Any]:
    wanted = gap + 2 * CONTEXT_FRAMES
    long_enough = [clip for clip in clips if clip.entry.clip.frames >= wanted]
    errors, slides = [], []
    for host in tqdm(_spread(long_enough, 30), desc=f"gaps of {gap}"):
        start = (host.entry.clip.frames - wanted) // 2
        clip = host.entry.clip.cut(start, start + wanted)
        first, last = CONTEXT_FRAMES, CONTEXT_FRAMES + gap
        canvas = in_between(clip.cut(0, first), clip.cut(last, wanted), gap / clip.fps)
        # The first of the takes: seeds are no choice by the truth.
        made = run_edit(engine, canvas, "", seed).clips[0]
        true = clip.joints()[first:last]

        def error(other: Clip, true: Array = true, rows: slice = slice(first, last)) -> float:
            return float(np.linalg.norm(other.joints()[rows] - true, axis=-1).mean())

        errors.append((error(made), error(canvas.clip)))
        slides.append(_slide(made.cut(first, last)) / max(_slide(clip.cut(first, last)), 0.02))
    model, straight = np.mean(errors, axis=0)
    return {
        "clips": len(errors),
        "model_m": float(model),
        "interpolation_m": float(straight),
        "model_is_nearer": float(np.mean([a < b for a, b in errors])),
        "slide_ratio_median": float(np.nanmedian(slides)),
    }


def _score_loops(engine: Engine, hosts: Sequence[RealClip], seed: int) -> dict[str, Any]:
    poses, speeds, ratios = [], [], []
    for host in tqdm(hosts, desc="loops"):
        loop = open_loop(host.entry.clip)
        closed = close_loop(loop, run_edit(engine, loop.canvas, "", seed).clips[0])
        pose, speed = loop_gap(closed, loop.turn, loop.shift)
        poses.append(pose)
        speeds.append(speed)
        ratios.append(speed / _usual_speed_change(host.entry.clip))
    return {
        "pose_gap_max_m": float(np.max(poses)),
        "speed_gap_median_m_s": float(np.median(speeds)),
        "speed_gap_max_m_s": float(np.max(speeds)),
        "speed_gap_ratio_max": float(np.max(ratios)),
    }


def _usual_speed_change(clip: Clip) -> float:
    """Return the 95th percentile over the frames of what `loop_gap` measures at a seam, m/s."""
    change = np.linalg.norm(np.diff(clip.joints(), n=2, axis=0), axis=-1).max(1)
    return float(np.percentile(change, 95) * clip.fps)


def _score_long(engine: Engine, seed: int) -> dict[str, Any]:
    """Measure the seams of a long take beside its own 95th percentile, and its time."""
    started = time.perf_counter()
    made = run_to_end(engine.run(MotionRequest("", seed=seed, beats=LONG_BEATS))).clips[0]
    seconds = time.perf_counter() - started
    ends = np.cumsum([round(length * made.fps) for _, length in LONG_BEATS])
    seams = [
        measure_seam(made, made, (int(start), int(end)))
        for start, end in zip(ends[:-1], ends[1:], strict=True)
    ]
    return {
        "seconds": seconds,
        "seam_ratio_max": max(seam.jump / seam.usual_jump for seam in seams),
        "step_ratio_max": max(seam.step / seam.usual_step for seam in seams[:-1]),
    }


def loop_gap(cycle: Clip, turn: float, shift: Array) -> tuple[float, float]:
    """Return the largest gap of any joint at a cycle's seam, in metres and metres a second."""
    joints, following = cycle.joints(), cycle.moved(turn, shift).joints()
    pose = np.linalg.norm(following[0] - joints[-1], axis=-1)
    jump = (following[1] - following[0]) - (joints[-1] - joints[-2])
    return float(pose.max()), float(np.linalg.norm(jump, axis=-1).max() * cycle.fps)


def edits_table(scores: dict[str, Any]) -> str:
    """Return the scores as Markdown."""
    rows = ["| edit | figure | value |", "|---|---|---|"]
    for edit, figures in scores.items():
        for name, value in figures.items():
            if isinstance(value, dict):
                rows += [f"| {edit} {name} | {key} | {_cell(v)} |" for key, v in value.items()]
            elif name != "rows":
                rows.append(f"| {edit} | {name} | {_cell(value)} |")
    failed = [
        row["prompt"]
        for edit in ("regenerate", "upper_body")
        for row in scores[edit]["rows"]
        if not any(row["takes"])
    ]
    return "\n".join([*rows, "", f"Never followed: {'; '.join(failed) or 'none'}."])


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
