"""Does a take begin right, end complete, and stand on the floor? And do its seeds differ?

Read from geometry alone, by the same rule for every source of motion. It knows no model and
no plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ...motion.skeleton import JOINT_INDEX
from ..checks.measures import Array, Body, velocity
from ..checks.states import STATES, begins_in, ends_in, is_hanging, is_standing
from ..prompts.asked import AskedPrompt
from ..prompts.prompt import Prompt
from .novelty import spread
from .physics import STANDING_HEIGHTS

EDGE_SECONDS: Final = 0.2
"""Over so long the pelvis' rise or fall is averaged at both ends of a take."""

MOST_FALL: Final = 0.1
"""m/s: a pelvis that rises or falls faster at the end is on its way."""

MOST_FALL_AT_FIRST: Final = 0.4
"""m/s: a first action may set in at once, a fall may not be under way."""

BEARING_HEIGHTS: Final = {"feet": 0.12, "limbs": 0.16, "trunk": 0.28}
"""Metres: a joint this near to the floor bears; flesh keeps those of the trunk farther from it."""

_FEET: Final = ("left_ankle", "right_ankle", "left_foot", "right_foot")
_LIMBS: Final = ("left_knee", "right_knee", "left_elbow", "right_elbow", "left_wrist",
                 "right_wrist")  # fmt: skip
_BEARING: Final = np.array([
    BEARING_HEIGHTS["feet" if joint in _FEET else "limbs" if joint in _LIMBS else "trunk"]
    for joint in JOINT_INDEX
])

NEAR_SEAT_FEET: Final = 0.3
"""Metres: who sits has a foot this near to the floor."""

MOST_OVERHANG: Final = 0.2
"""Metres by which the weight may lie outside of what bears: feet reach beyond their joints."""

FLOOR_BAND: Final = 0.01
"""Metres: the lowest sole of a grounded take is within so much of y = 0."""

STANDING_SPEED: Final = 0.15
"""m/s: a foot joint that is slower stands."""

LEAST_APART: Final = 0.01
"""Metres: takes of two seeds differ if their joints are this far apart on average."""

SEEDS: Final = 8
"""Takes of one prompt that have to differ from each other."""

GOES_ON: Final = frozenset({
    "walks_forward", "walks_backward", "runs_forward", "crawls", "skips", "hops",
    "walks_in_a_circle", "dances_on_the_spot", "does_jumping_jacks", "boxes", "climbs",
    "walks_slowly", "walks_briskly", "jogs", "runs_backward", "sets_off", "walks_crouched",
    "does_push_ups", "sweeps_floor", "tiptoes", "drags", "lifts_the_knees", "flaps_the_arms",
    "dribbles", "jumps_twice", "leaps_while_running", "climbs_stairs", "goes_up_stairs",
    "walks_and_turns_left", "walks_and_turns_right", "runs_and_turns_left",
    "runs_and_turns_right", "sidesteps_left", "sidesteps_right", "twists_the_trunk",
})  # fmt: skip
"""Actions that may be under way when a take begins and when it ends: cyclic ones."""

OFF_THE_FLOOR: Final = frozenset({"climbs", "climbs_stairs", "goes_up_stairs", "hangs",
                                  "jumps_down", "does_push_ups", "lies", "crawls"})
"""Actions that leave the floor, or do not stand on it."""


def is_cyclic(prompt: Prompt, at_end: bool) -> bool:
    """Return whether what a prompt asks for goes on at a take's end, or at its beginning.

    Args:
        prompt: of any kind. One that asks for a state at the end is complete in that state.
        at_end: of a sequence the last action counts, else the first.
    """
    if at_end and isinstance(prompt, AskedPrompt) and prompt.ends:
        return False
    if prompt.kind == "sequence":
        return prompt.checks[-1 if at_end else 0] in GOES_ON
    return prompt.checks[0] in GOES_ON


def ends_complete(prompt: Prompt, body: Body) -> bool:
    """Return whether a take's end is one: at rest, supported, in the state that was asked for."""
    if is_cyclic(prompt, at_end=True):
        return True
    state = prompt.ends if isinstance(prompt, AskedPrompt) else ""
    return (
        abs(fall(body, at_end=True)) < MOST_FALL
        and is_supported(body, -1)
        and (not state or ends_in(state, body))
    )


def begins_right(prompt: Prompt, body: Body) -> bool:
    """Return whether a take begins neither in mid-air nor in a fall, and before its action.

    What begins with sitting down does not begin seated, with getting up not upright.
    """
    first = prompt.checks[0]
    if first in ("sits_down", "goes_down_to_the_floor") and not is_standing(body)[0]:
        return False
    if first in ("stands_up", "rises_from_a_seat", "gets_up_from_the_floor"):
        return not begins_in("standing", body)
    if is_cyclic(prompt, at_end=False) or first in OFF_THE_FLOOR:
        return True
    return abs(fall(body, at_end=False)) < MOST_FALL_AT_FIRST and is_supported(body, 0)


def fall(body: Body, at_end: bool) -> float:
    """Return the pelvis' mean vertical speed in m/s over EDGE_SECONDS; falling is negative."""
    frames = min(len(body.joints), max(2, round(EDGE_SECONDS * body.fps) + 1))
    if frames < 2:
        return 0.0
    heights = body.height("pelvis")[-frames:] if at_end else body.height("pelvis")[:frames]
    return float((heights[-1] - heights[0]) * body.fps / (frames - 1))


def is_supported(body: Body, frame: int) -> bool:
    """Return whether what bears the body in a frame is under its weight.

    Joints near the floor bear; hands that it hangs from bear, and so does a seat below level
    thighs, though no seat is there.
    """
    one = body.cut(frame % len(body.joints), frame % len(body.joints) + 1)
    if bool(is_hanging(one)[0]):
        return True
    if bool(STATES["seated"](one)[0]) and one.joints[..., 1].min() < NEAR_SEAT_FEET:
        return True
    joints = one.joints[0]
    bearing = joints[joints[:, 1] < _BEARING][:, [0, 2]]
    return bool(len(bearing)) and _overhang(_weight(joints), bearing) < MOST_OVERHANG


def _weight(joints: Array) -> Array:
    """Return where (2,) on the ground the weight is: mostly the trunk's joints (22, 3)."""
    weights = np.ones(len(joints))
    weights[[0, 3, 6, 9]] = 4.0  # pelvis and spine
    ground = joints[:, [0, 2]]
    return np.asarray((ground * weights[:, None]).sum(axis=0) / weights.sum())


def _overhang(point: Array, bearing: Array) -> float:
    """Return the distance in metres from a point (2,) to the nearest line between bearing joints.

    Args:
        point: on the ground.
        bearing: (N, 2), one or more.
    """
    nearest = float(np.linalg.norm(bearing - point, axis=1).min())
    for first, second in combinations(bearing, 2):
        way = second - first
        share = np.clip((point - first) @ way / max(float(way @ way), 1e-9), 0.0, 1.0)
        nearest = min(nearest, float(np.linalg.norm(first + share * way - point)))
    return nearest


def sole_height(body: Body) -> Array:
    """Return the height (T,) in metres of the lowest sole above y = 0; below is negative."""
    soles = [
        body.height(f"{side}_{part}") - height
        for side in ("left", "right")
        for part, height in STANDING_HEIGHTS.items()
    ]
    return np.asarray(np.min(soles, axis=0))


def grounded(body: Body) -> NDArray[np.bool_]:
    """Return (T,) whether the body is upright on a foot that stands, wherever the floor is."""
    speeds = np.stack([
        np.linalg.norm(velocity(body.at(f"{side}_{part}"), body.fps), axis=1)
        for side in ("left", "right") for part in STANDING_HEIGHTS
    ])  # fmt: skip
    spine = body.relative("neck", "pelvis")[:, 1]
    return np.asarray((speeds.min(axis=0) < STANDING_SPEED) & (spine > 0.2))


def floor_gap(prompt: Prompt, body: Body) -> float | None:
    """Return the median height in metres of the lowest sole while grounded.

    None where a prompt leaves the floor, and where no foot ever stands.
    """
    if set(prompt.checks) & OFF_THE_FLOOR:
        return None
    stands = grounded(body)
    return float(np.median(sole_height(body)[stands])) if stands.any() else None


def seeds_differ(bodies: Sequence[Body]) -> bool:
    """Return whether every two takes of a prompt are LEAST_APART or more apart."""
    return all(
        (spread((first, second)) or 0.0) >= LEAST_APART
        for first, second in combinations(bodies, 2)
    )


def score_completeness(
    prompts: Sequence[Prompt], takes: Mapping[str, Sequence[Body]]
) -> dict[str, Any]:
    """Measure beginnings, ends and the floor of all takes of a set.

    Returns:
        "takes"; "ends_complete", "begins_right" (shares); "cyclic" (takes whose end is let go);
        "on_the_floor" (share within FLOOR_BAND of those measured), "floor_takes",
        "floor_gap_median" (metres, of sizes); "ends_badly", "begins_badly": prompts with how
        many takes.
    """
    judged = [(prompt, body) for prompt in prompts for body in takes[prompt.text]]
    ends = [ends_complete(prompt, body) for prompt, body in judged]
    begins = [begins_right(prompt, body) for prompt, body in judged]
    gaps = [gap for prompt, body in judged if (gap := floor_gap(prompt, body)) is not None]
    sizes = np.abs(gaps)
    return {
        "takes": len(judged),
        "ends_complete": _share(ends),
        "begins_right": _share(begins),
        "cyclic": sum(is_cyclic(prompt, at_end=True) for prompt, _ in judged),
        "on_the_floor": float(np.mean(sizes <= FLOOR_BAND)) if len(gaps) else None,
        "floor_takes": len(gaps),
        "floor_gap_median": float(np.median(sizes)) if len(gaps) else None,
        "ends_badly": _counted(judged, ends),
        "begins_badly": _counted(judged, begins),
    }


def _share(verdicts: Sequence[bool]) -> float:
    return sum(verdicts) / max(1, len(verdicts))


def _counted(judged: Sequence[tuple[Prompt, Body]], verdicts: Sequence[bool]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for (prompt, _), is_right in zip(judged, verdicts, strict=True):
        if not is_right:
            counts[prompt.text] = counts.get(prompt.text, 0) + 1
    return counts


def completeness_table(scores: Mapping[str, Any], differing: Mapping[str, bool]) -> str:
    """Return the figures as a Markdown table with the prompts that end or begin badly below it.

    Args:
        scores: of `score_completeness`.
        differing: whether the SEEDS takes of a prompt differ, by its text; may be empty.
    """
    lines = [
        "## Whole takes",
        "",
        "| what | share | of takes |",
        "|---|---|---|",
        f"| end complete ({scores['cyclic']} cyclic ones let go) "
        f"| {scores['ends_complete']:.0%} | {scores['takes']} |",
        f"| begin right | {scores['begins_right']:.0%} | {scores['takes']} |",
    ]
    if scores["on_the_floor"] is not None:
        lines.append(
            f"| lowest sole within 1 cm of the floor (median {100 * scores['floor_gap_median']:.1f}"
            f" cm) | {scores['on_the_floor']:.0%} | {scores['floor_takes']} |"
        )
    if differing:
        lines.append(
            f"| prompts whose {SEEDS} seeds all differ "
            f"| {_share(list(differing.values())):.0%} | {len(differing)} prompts |"
        )
    for title, key in (("End badly", "ends_badly"), ("Begin badly", "begins_badly")):
        told = "; ".join(f"{text} ({count})" for text, count in scores[key].items()) or "none"
        lines += ["", f"{title}: {told}."]
    return "\n".join(lines)
