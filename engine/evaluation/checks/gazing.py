"""Yes-or-no checks of what the head says: nods, shakes and where it looks.

Each check is a pure function of a Figure, built from `figure` and `measures`. Degrees are of the
face's direction; a captured head that looks ahead is up to 20 degrees low. It knows no prompt.
Written before any motion was made for the gestures and before any model had been tried on it;
a test notices later edits.
"""

from __future__ import annotations

import numpy as np

from . import measures
from .figure import (
    SIDES,
    bridged,
    from_face,
    gaze_pitch_degrees,
    gaze_yaw_degrees,
    is_held,
    nod_degrees,
)
from .measures import FORWARD, LEFT, Array, Body


def nods(body: Body) -> bool:
    """Pitches the head down and up within 1.2 s by 6 degrees or more, and hardly turns it.

    Or three times within 3 s by 5 degrees.
    """
    pitch = nod_degrees(body)
    once = measures.busiest_swings(body, pitch, 6.0, 1.2) >= 2
    often = measures.busiest_swings(body, pitch, 5.0, 3.0) >= 3
    turned = measures.busiest_swings(body, head_turn_degrees(body), 14.0, 3.0)
    calm = np.ptp(measures.torso_bend_degrees(body)) < 20
    return bool((once or often) and turned <= 1 and calm and _stays_there(body))


def shakes_the_head(body: Body) -> bool:
    """Turns the head three times within 2.2 s by 14 degrees or more, and hardly pitches it."""
    swung = measures.busiest_swings(body, head_turn_degrees(body), 14.0, 2.2)
    pitched = measures.busiest_swings(body, nod_degrees(body), 12.0, 3.0)
    return bool(swung >= 3 and pitched <= 2 and _stays_there(body))


def looks_up(body: Body) -> bool:
    """Looks 20 degrees or more above level, 15 more than at its lowest, for 0.7 s."""
    pitch = gaze_pitch_degrees(body)
    raised = (pitch > 20.0) & (pitch > np.percentile(pitch, 5) + 15.0)
    return is_held(body, raised, 0.7)


def looks_down(body: Body) -> bool:
    """Looks 35 degrees or more below level, the trunk bent 25 at most, for 0.7 s."""
    bend = measures.torso_bend_degrees(body)
    return is_held(body, (gaze_pitch_degrees(body) < -35.0) & (bend < 25.0), 0.7) and (
        _stays_there(body)
    )


def looks_around(body: Body) -> bool:
    """Looks 28 degrees or more to one side of the chest and to the other, 0.15 s each."""
    turned = head_turn_degrees(body)
    both = is_held(body, turned > 28.0, 0.15) and is_held(body, turned < -28.0, 0.15)
    return both and measures.path_length(body) / max(body.seconds, 1e-6) < 0.5


def looks_over_the_shoulder(body: Body, side: str) -> bool:
    """Turns the face 60 degrees or more to one side of where the feet point, for 0.3 s.

    The trunk may help by turning; the feet stay where they are, and the face looks ahead at
    another time.
    """
    sign = 1.0 if side == "left" else -1.0
    turned = sign * (gaze_yaw_degrees(body) + np.degrees(body.heading) - _feet_degrees(body))
    turned = np.degrees(np.unwrap(np.radians(turned)))
    turned -= 360.0 * np.round(np.median(turned) / 360.0)
    back = bridged(body, turned > 60.0)
    return bool(
        is_held(body, back, 0.3)
        and turned.min() < 40.0
        and turned.max() < 190.0
        and np.ptp(_feet_degrees(body)) < 60.0
        and measures.share(turned < -60.0) < 0.05
    )


def head_turn_degrees(body: Body) -> Array:
    """Return how far left (T,) of the chest the face looks."""
    across = from_face(body, "left_shoulder") - from_face(body, "right_shoulder")
    return np.asarray(np.degrees(np.unwrap(np.arctan2(across[:, FORWARD], across[:, LEFT]))))


def _feet_degrees(body: Body) -> Array:
    """Return where (T,) the two feet point on average, as a heading."""
    left, right = (body.at(f"{side}_foot") - body.at(f"{side}_ankle") for side in SIDES)
    ahead = left + right
    return np.asarray(np.degrees(np.unwrap(np.arctan2(ahead[:, 0], ahead[:, 2]))))


def _stays_there(body: Body) -> bool:
    """Return whether the body stays about where it is and as it faces."""
    return bool(measures.path_length(body) < 1.2 and np.degrees(np.ptp(body.heading)) < 60)
