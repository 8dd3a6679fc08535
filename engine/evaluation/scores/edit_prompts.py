"""The prompts of edits: 20 for a whole body over 3 s, 20 for an upper body on given legs.

Data only. Written on 2026-11-21, before any edit had been scored; those for a whole body are
of the tuning set.
"""

from __future__ import annotations

from typing import Final

from ..prompts.prompt import Prompt
from ..prompts.tuning import SINGLES

SPAN_FRAMES: Final = 90
"""Frames that are made anew: 3 s."""

SPAN_PROMPTS: Final = tuple(prompt for prompt in SINGLES if prompt.seconds <= 3.0)
"""Every single action that fits into the span."""


def _arms(text: str, check: str) -> Prompt:
    return Prompt(text, 4.0, (check,))


UPPER_PROMPTS: Final = (
    _arms("someone waves with the left hand", "waves_left"),
    _arms("someone waves with the right hand", "waves_right"),
    _arms("a person waves hello", "waves"),
    _arms("a person claps the hands", "claps"),
    _arms("someone applauds", "claps"),
    _arms("a person has both hands on the hips", "has_hands_on_hips"),
    _arms("the hands rest on the hips", "has_hands_on_hips"),
    _arms("a person drinks from a bottle", "drinks"),
    _arms("someone takes a sip out of a cup", "drinks"),
    _arms("a person holds both arms above the head", "raises_both_arms"),
    _arms("someone stretches both arms up high", "raises_both_arms"),
    _arms("a person holds the right hand up high", "raises_hand_right"),
    _arms("a person raises the left hand", "raises_hand_left"),
    _arms("someone points to the left", "points_left"),
    _arms("someone points to the right", "points_right"),
    _arms("a person punches with the right fist", "punches_right"),
    _arms("a person punches with the left fist", "punches_left"),
    _arms("someone throws something with the right arm", "throws_right"),
    _arms("someone wipes with the right hand", "wipes_right"),
    _arms("a boxer throws punches with both hands", "boxes"),
)
"""What arms and torso shall do while root and legs stay."""
