"""In what state is a body, frame by frame, and in which one does it begin and end?

The words are those of a plan: standing, seated, crouched, kneeling, on all fours, lying,
airborne, hanging. Pure functions of a Body, built from `measures`. It knows no prompt and no
plan. Written before any model had been tried on it; a test notices later edits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from . import measures
from .body import is_seated
from .measures import Body

Frames = NDArray[np.bool_]

END_SECONDS: Final = 0.5
"""The end of a clip, in which it is in its last state."""

BEGIN_SECONDS: Final = 0.2
"""The beginning of a clip."""

ARRIVED_SECONDS: Final = 0.8
"""After so long a fall has come to rest."""

FEET_SECONDS: Final = 2.8
"""After so long legs that flew up in a fall are down."""


def is_standing(body: Body) -> Frames:
    """Return (T,) whether the body is upright on its feet, the pelvis 0.75 m up or more."""
    feet = np.minimum(body.height("left_foot"), body.height("right_foot"))
    upright = measures.torso_pitch_degrees(body) < 45
    is_down = ~is_airborne(body) & ~is_hanging(body)
    return np.asarray((body.height("pelvis") - feet > 0.7) & upright & is_down)


def is_crouched(body: Body) -> Frames:
    """Return (T,) whether the pelvis is below 0.75 m over bent knees, the feet on the ground."""
    knees = np.minimum(measures.knee_degrees(body, "left"), measures.knee_degrees(body, "right"))
    upright = measures.torso_pitch_degrees(body) < 75
    return np.asarray((knees > 55) & (body.height("pelvis") < 0.75) & upright)


def is_kneeling(body: Body) -> Frames:
    """Return (T,) whether a knee is below 0.22 m and the pelvis over it."""
    knees = np.minimum(body.height("left_knee"), body.height("right_knee"))
    over = (measures.torso_pitch_degrees(body) < 70) & (body.height("pelvis") > 0.3)
    return np.asarray((knees < 0.22) & over)


def is_on_all_fours(body: Body) -> Frames:
    """Return (T,) whether both hands are on the ground and the trunk is bent over them."""
    hands = np.maximum(body.height("left_wrist"), body.height("right_wrist"))
    over = (measures.torso_pitch_degrees(body) > 40) & (body.height("pelvis") > 0.22)
    return np.asarray((hands < 0.35) & over & (body.height("pelvis") < 0.8))


def is_lying(body: Body) -> Frames:
    """Return (T,) whether the pelvis is below 0.42 m and the trunk nearer level than upright."""
    return np.asarray(
        (body.height("pelvis") < 0.42) & (measures.torso_pitch_degrees(body) > 50)
    )


def is_airborne(body: Body) -> Frames:
    """Return (T,) whether no joint is within 0.12 m of the ground, and the hands hold nothing."""
    return np.asarray((body.joints[..., 1].min(axis=1) > 0.12) & ~is_hanging(body))


def is_hanging(body: Body) -> Frames:
    """Return (T,) whether both hands are above the head and both feet off the ground."""
    hands = np.minimum(
        measures.hand_over_head(body, "left"), measures.hand_over_head(body, "right")
    )
    feet = np.minimum(body.height("left_ankle"), body.height("right_ankle"))
    slow = np.abs(measures.velocity(body.height("pelvis"), body.fps)) < 0.8
    return np.asarray((hands > 0.0) & (feet > 0.2) & slow)


STATES: Final[dict[str, Callable[[Body], Frames]]] = {
    "standing": is_standing,
    "seated": lambda body: is_seated(body) & (body.height("pelvis") < 0.8),
    "crouched": is_crouched,
    "kneeling": is_kneeling,
    "on all fours": is_on_all_fours,
    "lying": is_lying,
    "airborne": is_airborne,
    "hanging": is_hanging,
}
"""Whether each frame is in a state, by the state's word. One frame may be in several."""


def ends_in(state: str, body: Body) -> bool:
    """Return whether most of the last END_SECONDS is in a state."""
    frames = max(1, round(END_SECONDS * body.fps))
    return measures.share(STATES[state](body)[-frames:]) > 0.6


def begins_in(state: str, body: Body) -> bool:
    """Return whether most of the first BEGIN_SECONDS is in a state."""
    frames = max(1, round(BEGIN_SECONDS * body.fps))
    return measures.share(STATES[state](body)[:frames]) > 0.6


def is_facing_up(body: Body) -> Frames:
    """Return (T,) whether the belly faces the sky rather than the ground or the horizon."""
    left = body.at("left_shoulder") - body.at("right_shoulder")
    spine = body.at("neck") - body.at("pelvis")
    ahead = np.cross(left, spine)
    return np.asarray(ahead[:, 1] / np.maximum(np.linalg.norm(ahead, axis=1), 1e-9) > 0.5)


def stays_down(body: Body) -> bool:
    """Goes down below 0.5 m and is still there a second later and to the end, at rest.

    From ARRIVED_SECONDS after it came down the pelvis stays below 0.65 m; from FEET_SECONDS
    after it, or for the last second, both ankles stay below 0.6 m.
    """
    low = np.flatnonzero(body.height("pelvis") < 0.5)
    frames = len(body.joints)
    if not len(low) or frames - low[0] < round(body.fps):
        return False
    arrived = int(low[0]) + round(ARRIVED_SECONDS * body.fps)
    feet_down = min(int(low[0]) + round(FEET_SECONDS * body.fps), frames - round(body.fps))
    feet = np.maximum(body.height("left_ankle"), body.height("right_ankle"))[feet_down:]
    return bool(
        body.height("pelvis")[arrived:].max() < 0.65
        and feet.max() < 0.6
        and ends_still(body, 0.35)
    )


def ends_still(body: Body, most: float = 0.15) -> bool:
    """Moves its joints below `most` m/s on average over the last END_SECONDS."""
    frames = max(2, round(END_SECONDS * body.fps))
    return measures.liveliness(body.cut(max(0, len(body.joints) - frames), len(body.joints))) < most
