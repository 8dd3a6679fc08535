"""Says when a bone map that nobody looked at is too doubtful to move a character by.

A great doubt stops, a small one is told. It maps nothing.
"""

from __future__ import annotations

from ..request import RequestError
from .map import HIGH_CONFIDENCE, LEAST_CONFIDENCE, REQUIRED_JOINTS, BoneMap, Guess


class DoubtfulMap(RequestError):
    """Hips or limbs are recognised with great doubt: an animator must look at the map."""


def refuse_doubtful(bone_map: BoneMap) -> None:
    """Refuse a recognised map with hips or limbs that may well be other bones.

    Raises:
        DoubtfulMap: naming the most doubtful bone.
    """
    doubtful = _below(bone_map, LEAST_CONFIDENCE)
    if doubtful:
        raise DoubtfulMap(
            f"The bones of this armature are recognised with doubt: {_told(doubtful, 'as the')}.",
            "Look at the bone map in Rig (Map Bones), put the marked rows right, and try again.",
        )


def note_of_doubt(bone_map: BoneMap) -> str:
    """Return a sentence, without a full stop, about doubtful hips and limbs; empty without any."""
    doubtful = _below(bone_map, HIGH_CONFIDENCE)
    if not doubtful:
        return ""
    return (
        f"{_told(doubtful, 'was taken as the')}, with some doubt: "
        "look at the bone map in Rig if the motion looks wrong"
    )


def _told(doubtful: list[Guess], verb: str) -> str:
    """Return the most doubtful bone with its joint, and how many others there are."""
    worst = min(doubtful, key=lambda guess: guess.confidence)
    others = f" and {len(doubtful) - 1} more" if len(doubtful) > 1 else ""
    return f'"{worst.bone}" {verb} {worst.joint.replace("_", " ")}{others}'


def _below(bone_map: BoneMap, confidence: float) -> list[Guess]:
    """Return the guesses of required joints that are less sure."""
    return [
        guess
        for guess in bone_map.guesses
        if guess.joint in REQUIRED_JOINTS and guess.confidence < confidence
    ]
