"""A plan: what happens in a take, when, and with which parts of the body.

A track is a mask with words: a text, body parts and a time. Blender, the command line
and the engine share it. It knows no model and reads no prompt.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from .request_errors import RequestError
from .skeleton import PARTS

STATES: Final = (
    "standing", "seated", "crouched", "kneeling", "on all fours", "lying", "airborne", "hanging",
)  # fmt: skip
"""How a body holds itself; facts count them in this order."""

MOST_TRACKS: Final = 64
"""Tracks of one plan."""

MOST_COUNT: Final = 50
"""Times that one action may happen."""

LEAST_TRACK_SECONDS: Final = 0.2

KNOWN: Final = 0.4
"""Below this `Track.known` a take is made with a word of warning."""

LONGEST_TOLD: Final = 80
"""Letters of a text where it is told among others; all of it stands in its own field."""

_SLACK_SECONDS: Final = 1e-3
"""By which times may miss each other: they are written with a few digits."""


@dataclass(frozen=True, slots=True)
class Track:
    """One action of a plan."""

    text: str
    """What is done, in the words of the prompt."""

    parts: tuple[str, ...]
    """The body parts that do it, of PARTS."""

    start: float
    """Seconds from the beginning of the take."""

    end: float
    """Seconds; later than `start`."""

    count: int = 0
    """How often; 0 leaves it to the action."""

    hold: bool = False
    """Whether what is left of the time is held rather than filled with more of it."""

    state: str = ""
    """In which of STATES it ends; "" where it changes none."""

    nearest: tuple[str, ...] = ()
    """The captions that it comes nearest to; told, never asked for."""

    known: float = 1.0
    """How surely the motion is known, 0 to 1; told, never asked for."""

    @property
    def told(self) -> str:
        """The text without spaces around it, cut where it is long."""
        text = self.text.strip()
        return text if len(text) <= LONGEST_TOLD else f"{text[: LONGEST_TOLD - 1].rstrip()}…"


@dataclass(frozen=True, slots=True)
class Plan:
    """The tracks of a take, and what is to be said about them."""

    tracks: tuple[Track, ...]
    seconds: float
    """Length of the take."""

    notes: tuple[str, ...] = ()
    """Sentences without full stops."""


def tracks_to_json(tracks: Sequence[Track]) -> list[dict[str, Any]]:
    """Return tracks as plain objects, seconds with three digits."""
    return [
        asdict(track) | {
            "parts": list(track.parts), "nearest": list(track.nearest),
            "start": round(track.start, 3), "end": round(track.end, 3),
            "known": round(track.known, 3),
        }
        for track in tracks
    ]  # fmt: skip


def plan_text(tracks: Sequence[Track]) -> str:
    """Return tracks as one line of JSON; empty without any."""
    return json.dumps(tracks_to_json(tracks)) if tracks else ""


def tracks_from_json(value: Any) -> tuple[Track, ...]:
    """Read tracks from plain objects; `check_tracks` says whether they fit a take.

    Raises:
        RequestError: naming the track and the field that is wrong.
    """
    if not isinstance(value, list) or not value:
        raise RequestError(
            f'"tracks" is {json.dumps(value)[:40]}.',
            'Give [{"text": ..., "parts": [...], "start": s, "end": s}, ...].',
        )
    return tuple(_read_track(each, number) for number, each in enumerate(value, 1))


def _read_track(value: Any, number: int) -> Track:
    if not isinstance(value, dict):
        raise RequestError(f"Track {number} is no object.", 'Give {"text": ..., "start": s, ...}.')
    fields: dict[str, tuple[Any, Any]] = {
        "text": (str, None), "parts": (list, list(PARTS)), "start": (float, None),
        "end": (float, None), "count": (int, 0), "hold": (bool, False), "state": (str, ""),
        "nearest": (list, []), "known": (float, 1.0),
    }  # fmt: skip
    unknown = [field for field in value if field not in fields]
    if unknown:
        raise RequestError(
            f'Track {number} has no field "{str(unknown[0])[:40]}".',
            f"Choose from {', '.join(fields)}.",
        )
    read = {
        field: _read_field(value.get(field), wanted, default, f'"{field}" of track {number}')
        for field, (wanted, default) in fields.items()
    }
    for field in ("parts", "nearest"):
        if not all(isinstance(each, str) for each in read[field]):
            raise RequestError(f'"{field}" of track {number} holds no names.', "Give texts.")
        read[field] = tuple(read[field])
    return Track(**read)


def _read_field(value: Any, wanted: Any, default: Any, name: str) -> Any:
    if value is None:
        if default is None:
            raise RequestError(f"The {name} is missing.", "Add it.")
        return default
    if wanted is float and type(value) in (int, float):
        return float(value) if abs(value) < 1e9 else math.inf
    if type(value) is not wanted:
        kinds = {str: "a text", float: "a number", int: "a whole number", bool: "true or false",
                 list: "a list"}  # fmt: skip
        raise RequestError(f"The {name} is {json.dumps(value)[:40]}.", f"Give {kinds[wanted]}.")
    return value


def check_tracks(tracks: Sequence[Track], seconds: float) -> None:
    """Raise RequestError where tracks make no plan of a take of some seconds (0: as they end)."""
    if len(tracks) > MOST_TRACKS:
        raise RequestError(
            f"The plan has {len(tracks)} tracks.", f"Give at most {MOST_TRACKS}."
        )
    for number, track in enumerate(tracks, 1):
        _check_track(track, number, seconds)
    for number, track in enumerate(tracks, 1):
        for earlier, other in enumerate(tracks[: number - 1], 1):
            shared = [part for part in track.parts if part in other.parts]
            overlap = min(track.end, other.end) - max(track.start, other.start)
            if shared and overlap > _SLACK_SECONDS:
                raise RequestError(
                    f"Tracks {earlier} and {number} both have {shared[0]} at one time.",
                    "Give them different parts, or let one begin where the other ends.",
                )


def _check_track(track: Track, number: int, seconds: float) -> None:
    if not track.text.strip():
        raise RequestError(f"Track {number} has no text.", "Type what happens in it.")
    unknown = [part for part in track.parts if part not in PARTS]
    if unknown or not track.parts:
        raise RequestError(
            f"Track {number} has no body part." if not track.parts
            else f"There is no body part {unknown[0][:40]} (track {number}).",
            f"Choose from {', '.join(PARTS)}.",
        )  # fmt: skip
    if track.state and track.state not in STATES:
        raise RequestError(
            f'There is no state "{track.state[:40]}" (track {number}).',
            f"Choose from {', '.join(STATES)}.",
        )
    if not 0 <= track.count <= MOST_COUNT:
        raise RequestError(
            f"Track {number} cannot happen {track.count} times.", f"Choose 0 to {MOST_COUNT}."
        )
    if not math.isfinite(track.start) or not math.isfinite(track.end):
        raise RequestError(f"Track {number} has no time.", "Give seconds.")
    if track.end - track.start < LEAST_TRACK_SECONDS - _SLACK_SECONDS:
        raise RequestError(
            f"Track {number} lasts {track.end - track.start:g} s.",
            f"Give it at least {LEAST_TRACK_SECONDS:g} s.",
        )
    if track.start < -_SLACK_SECONDS or (seconds and track.end > seconds + _SLACK_SECONDS):
        raise RequestError(
            f"Track {number} ({track.start:g} to {track.end:g} s) lies outside the take"
            + (f" of {seconds:g} s." if seconds else "."),
            "Move it inside, or give the take more seconds.",
        )
