"""How surely the memory knows what a track asks for, 0 to 1, before anything is made.

A logistic of a few measures of nearness; `docs/evaluation/known.md` says how it was fitted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final

from ..planning.kinds import LIGHT, Kind
from ..planning.words import stem, tokens_of
from .clip_index import Choice, ClipIndex, Wanted

BODY_PARTS: Final = frozenset(
    stem(word)
    for word in (
        "foot", "feet", "toe", "toes", "heel", "sole", "shin", "knee", "leg", "elbow", "thumb",
        "finger", "wrist", "shoulder", "neck", "back", "forehead", "eyebrow", "nose", "ear", "eye",
        "mouth", "chin", "cheek", "tongue", "teeth", "hip", "belly", "chest", "head", "hand",
        "hands", "arm", "fist", "palm",
    )
)  # fmt: skip

TRANSITIVE: Final = frozenset({
    "pick_up", "put_down", "lift", "carry", "throw", "catch", "push", "pull", "drag", "drink",
    "eat", "place", "reach", "wipe", "sweep", "dribble", "shoot", "kick", "punch", "open_door",
    "touch_face", "bend_down", "climb_ladder", "climb_stairs", "step_over", "dress", "cook",
    "write", "hug", "bat", "golf", "chop_wood", "saw", "sword",
})  # fmt: skip
"""Kinds that are done to a thing: which thing it is matters little."""

_OBJECT: Final = re.compile(
    r"^(?:(?:a|an|the|his|her|their|its|some|five|two|three)\s+)?(?:\w+\s+)?(\w+)"
)
_GOES_ON: Final = frozenset({
    "to", "on", "in", "up", "down", "from", "with", "over", "across", "at", "for", "like", "as",
    "around", "round", "into", "off", "out", "along", "away", "while", "and", "toward", "towards",
    "through", "under", "again", "forward", "backward", "backwards", "ahead", "left", "right",
    "sideways", "very", "slowly", "quickly", "once", "twice", "of", "onto", "past", "behind",
    "before", "back", "home", "together", "politely", "low", "high", "straight", "fast",
})  # fmt: skip
"""Words behind a verb that begin no object."""


def features_of(index: ClipIndex, wanted: Wanted, choices: Sequence[Choice]) -> list[float]:
    """Return what speaks for a motion that is known, and what against it.

    Returns:
        Cosine of the nearest caption; nearness in words and cosine; whether the words name a
        kind; the share of the best choice's captions that name it; the cosine of the nearest
        caption that names it; body parts that no such caption names; whether it is done to a
        thing that no such caption names.
    """
    memory, kind = index.memory, wanted.action.kind
    cosines = memory.sentences @ wanted.sentence
    best = choices[0] if choices else None
    rows = index.captions_of(kind) if kind else []
    named = index.words_of(kind) if kind else frozenset[str]()
    words = [stem(word) for word in tokens_of(wanted.action.text)]
    parts = [word for word in words if word in BODY_PARTS and word not in named]
    return [
        float(cosines.max()),
        float(memory.scores(wanted.text, wanted.sentence).max()),
        float(kind is not None),
        best.share if best else 0.0,
        float(cosines[rows].max()) if rows else 0.0,
        float(len(parts)) if kind else 0.0,
        float(kind is not None and _has_strange_object(wanted.action.text, kind, named)),
    ]


def _has_strange_object(text: str, kind: Kind, named: frozenset[str]) -> bool:
    """Say whether something is done to a thing that nobody does it to."""
    if kind.name in TRANSITIVE:
        return False
    verb, _, rest = text.partition(" ")
    if not rest or stem(verb) in LIGHT or rest.split()[0] in _GOES_ON:
        return False
    found = _OBJECT.match(rest)
    return found is not None and stem(found.group(1)) not in named


WEIGHTS: Final = (-11.78, 5.98, 4.52, 1.41, 0.12, 2.71, -2.83, -2.47)
"""Of a constant and of the features."""


def how_known(index: ClipIndex, wanted: Wanted, choices: Sequence[Choice]) -> float:
    """Return how surely a motion is known, 0 to 1."""
    values = [1.0, *features_of(index, wanted, choices)]
    total = sum(weight * value for weight, value in zip(WEIGHTS, values, strict=True))
    return 1.0 / (1.0 + math.exp(-total))
