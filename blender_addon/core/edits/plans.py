"""The plan of a take as the panel keeps and tells it: what for, which rows, what is not known.

It knows no Blender; tracks are the engine's, as JSON where they are kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from ....engine.motion.request import RequestError
from ....engine.motion.skeleton import PARTS
from ....engine.motion.tracks import KNOWN, Track, tracks_from_json
from .edit_requests import LONG_TAKE, Recipe

WELL_KNOWN = 0.7
"""From this `Track.known` on nothing is said against a motion."""

MOST_OPEN = 4
"""Actions of a plan that is listed unasked; more are told by their number."""

SHORT_PARTS = {
    "LOWER_BODY": "legs", "TORSO": "torso", "LEFT_ARM": "left arm", "RIGHT_ARM": "right arm",
}  # fmt: skip

_ARMS = {"LEFT_ARM", "RIGHT_ARM"}
_PERSON = re.compile(r"^(?:a|the) (?:person|man|woman|figure)\s+(?:is\s+)?|^someone\s+")


@lru_cache(maxsize=64)
def text_to_tracks(text: str) -> tuple[Track, ...]:
    """Read tracks that are kept as JSON; nothing where there is no text.

    Raises:
        RequestError: if the text is of something else.
    """
    try:
        rows = json.loads(text) if text else []
    except ValueError as error:
        raise RequestError("The plan cannot be read.", "Press Plan to make a new one.") from error
    return tracks_from_json(rows) if rows else ()


def source_of(recipe: Recipe) -> str:
    """Return what a plan is made for, as text: a prompt and its length, or beats."""
    if recipe.operation == LONG_TAKE:
        return json.dumps(["beats", recipe.beats])
    return json.dumps([recipe.prompt, recipe.seconds])


def is_same(tracks: Sequence[Track], others: Sequence[Track]) -> bool:
    """Say whether tracks ask for the same, whatever is known of it."""
    return [_asked(track) for track in tracks] == [_asked(other) for other in others]


def _asked(track: Track) -> Track:
    parts = tuple(part for part in PARTS if part in track.parts)
    return replace(track, parts=parts, nearest=(), known=1.0)


def tell_count(tracks: Sequence[Track]) -> str:
    """Return how many actions there are, how long they take, and how many are not known."""
    count = f"{len(tracks)} action{'s' * (len(tracks) != 1)}"
    unknown = len(unknown_tracks(tracks))
    if unknown:
        return f"{count}, {unknown} not known"
    return f"{count}, {max((track.end for track in tracks), default=0.0):.1f} s"


def tell_in_short(tracks: Sequence[Track]) -> str:
    """Return the same for a row of which a button takes a part."""
    unknown = len(unknown_tracks(tracks))
    return f"{unknown} of {len(tracks)} not known" if unknown else tell_count(tracks)


def tell_track(track: Track, is_told: bool) -> str:
    """Return a track as one row: what, when, with what, and how well it is known.

    Args:
        track: the track.
        is_told: whether `known` is of this text; of a text that was changed nothing is known yet.
    """
    words = [track.told or "no text", f"{_short(track.start)}–{_short(track.end)} s"]
    words.append(parts_in_short(track.parts))
    if is_told:
        words.append(known_in_words(track.known))
    return ", ".join(words)


def _short(seconds: float) -> str:
    return f"{round(seconds, 1):g}"


def parts_in_short(parts: Sequence[str]) -> str:
    """Return body parts in a few letters."""
    chosen = set(parts)
    if not chosen:
        return "no part"
    if chosen == set(PARTS):
        return "body"
    if chosen >= _ARMS:
        body = [SHORT_PARTS[part] for part in PARTS if part in chosen - _ARMS]
        return " + ".join([*body, "arms"])
    return " + ".join(SHORT_PARTS.get(part, part) for part in PARTS if part in chosen)


def known_in_words(known: float) -> str:
    """Return how surely a motion is known."""
    if known < KNOWN:
        return "not known"
    return "known" if known >= WELL_KNOWN else "hardly known"


def unknown_tracks(tracks: Sequence[Track]) -> list[Track]:
    """Return the tracks that a take is warned of."""
    return [track for track in tracks if track.known < KNOWN]


def with_nearest(prompt: str, action: str, caption: str) -> str:
    """Return a prompt with a caption in the place of an action; the caption where it is not there.

    A caption names a person: where other actions stay in the prompt, it is left out.
    """
    place = prompt.lower().find(action.lower())
    if not action or place < 0:
        return caption
    before, after = prompt[:place], prompt[place + len(action) :]
    if not _PERSON.sub("", f"{before.lower().strip()} ").strip() and not after.strip(" ."):
        return caption
    return before + _PERSON.sub("", caption) + after
