"""Is the motion physical? Sliding feet, feet in the floor, jerk; real beside generated.

Contacts are read from geometry alone, by the same rule for real and generated
clips, so that no clip is judged by contacts it declares itself. It knows no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from ..checks.measures import Array, Body, runs_of, velocity

CONTACT_HEIGHT: Final = 0.015
"""Metres: a foot joint this near to where it stands in the clip is in contact."""

EDGE_FRAMES: Final = 2
"""Frames at both ends of a contact that do not count: the foot lands and leaves there."""

STANDING_HEIGHTS: Final = {"ankle": 0.075, "foot": 0.02}
"""Metres above the floor of the foot joints when the rest pose stands on it."""

_QUANTITIES: Final = ("slide", "penetration", "jerk")


@dataclass(frozen=True, slots=True)
class Physics:
    """What was measured of one clip."""

    slide: float
    """m/s: mean ground speed of the feet while in contact; NaN where no foot ever is."""

    penetration: float
    """m: mean depth over the frames of the lowest foot sole below y = 0; 0 above it."""

    jerk: float
    """m/s^3: mean size of the third derivative of all joints' world positions."""


def measure_physics(body: Body) -> Physics:
    """Measure one clip."""
    return Physics(foot_slide(body), floor_penetration(body), mean_jerk(body))


def foot_slide(body: Body) -> float:
    """Return the mean ground speed in m/s of the feet while they are in contact.

    A foot is in contact while its ankle or its toe is within CONTACT_HEIGHT of
    that joint's 5th percentile of height in the clip, EDGE_FRAMES at both ends of
    the contact left out; its speed is that of the joint in contact, of the slower
    one if both are (a foot rolls over heel and toe).
    """
    slides = []
    for side in ("left", "right"):
        speeds = np.stack([_speed_in_contact(body, f"{side}_{part}") for part in STANDING_HEIGHTS])
        slower = speeds.min(axis=0)
        slides.append(slower[np.isfinite(slower)])
    standing = np.concatenate(slides)
    return float(standing.mean()) if len(standing) else float("nan")


def _speed_in_contact(body: Body, joint: str) -> Array:
    """Return the joint's ground speed (T,) in m/s, infinite where it is not in contact."""
    height = body.height(joint)
    speed = np.linalg.norm(velocity(body.at(joint)[:, [0, 2]], body.fps), axis=1)
    stands = np.zeros(len(height), dtype=bool)
    for start, end in runs_of(height < np.percentile(height, 5) + CONTACT_HEIGHT):
        stands[start + EDGE_FRAMES : max(end - EDGE_FRAMES, 0)] = True
    return np.where(stands, speed, np.inf)


def floor_penetration(body: Body) -> float:
    """Return the mean depth in metres by which the lowest sole is below the floor y = 0."""
    soles = [
        body.height(f"{side}_{part}") - height
        for side in ("left", "right")
        for part, height in STANDING_HEIGHTS.items()
    ]
    return float(np.maximum(0.0, -np.min(soles, axis=0)).mean())


def mean_jerk(body: Body) -> float:
    """Return the mean size in m/s^3 of the joints' third derivative; 0 below four frames."""
    if len(body.joints) < 4:
        return 0.0
    third = np.diff(body.joints, n=3, axis=0) * body.fps**3
    return float(np.linalg.norm(third, axis=-1).mean())


def compare_physics(real: Sequence[Body], generated: Sequence[Body]) -> dict[str, Any]:
    """Return medians, means and the ratios generated / real of every quantity.

    The ratio is of the medians; where the real median is below a tenth of a
    millimetre (or its like), of the means; None where those are 0 too.
    """
    measured = {
        "real": [asdict(measure_physics(body)) for body in real],
        "generated": [asdict(measure_physics(body)) for body in generated],
    }
    report: dict[str, Any] = {"clips": {name: len(rows) for name, rows in measured.items()}}
    for quantity in _QUANTITIES:
        columns = {
            name: np.array([row[quantity] for row in rows]) for name, rows in measured.items()
        }
        report[quantity] = _compare(columns["real"], columns["generated"])
    return report


def _compare(real: Array, generated: Array) -> dict[str, float | None]:
    real, generated = real[np.isfinite(real)], generated[np.isfinite(generated)]
    if not len(real) or not len(generated):
        return {"real": None, "generated": None, "ratio": None}
    medians = float(np.median(real)), float(np.median(generated))
    means = float(real.mean()), float(generated.mean())
    below, above = medians if medians[0] > 1e-4 else means
    return {
        "real": medians[0],
        "generated": medians[1],
        "real_mean": means[0],
        "generated_mean": means[1],
        "ratio": above / below if below > 1e-9 else None,
    }
