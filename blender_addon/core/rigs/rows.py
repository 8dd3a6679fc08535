"""The rows of the bone map in the panel: which bone plays which joint, and who says so.

Rows are values; every change returns new ones. It knows no Blender.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from ....engine.motion.bones.matching import (
    HIGH_CONFIDENCE,
    BoneMap,
    Guess,
    bone_map_from_rows,
    guess_bones,
    match_bones,
)
from ....engine.motion.request import RequestError
from ....engine.motion.rig import Rig
from ....engine.motion.skeleton import JOINTS

_ARM = ("collar", "shoulder", "elbow", "wrist")
_LEG = ("hip", "knee", "ankle", "foot")

SECTIONS = {
    "Trunk": ("head", "neck", "spine3", "spine2", "spine1", "pelvis"),
    "Left Arm": tuple(f"left_{joint}" for joint in _ARM),
    "Right Arm": tuple(f"right_{joint}" for joint in _ARM),
    "Left Leg": tuple(f"left_{joint}" for joint in _LEG),
    "Right Leg": tuple(f"right_{joint}" for joint in _LEG),
}
"""The joints by heading, in the order in which people look for them."""

BY_HAND = "chosen by hand"
LEFT_EMPTY = "left empty by hand"
NOT_FOUND = "no bone was recognised"


@dataclass(frozen=True, slots=True)
class MapRow:
    """One joint and the bone that plays it."""

    joint: str
    """Canonical name, one of JOINTS."""

    bone: str = ""
    """The rig's name for it; empty where no bone plays the joint."""

    confidence: float = 0.0
    """0 to 1."""

    reason: str = NOT_FOUND
    """Why, in words for the animator."""

    by_hand: bool = False
    """The animator chose it; a new automatic mapping leaves it alone."""

    @property
    def is_low(self) -> bool:
        """Say whether the guess deserves a look."""
        return bool(self.bone) and not self.by_hand and self.confidence < HIGH_CONFIDENCE


Rows = tuple[MapRow, ...]
"""One row for each joint, in the order of JOINTS."""

EMPTY_ROWS: Rows = tuple(MapRow(joint) for joint in JOINTS)


def spoken(joint: str) -> str:
    """Return a joint's name for people: `left_knee` is "left knee", `spine1` "spine 1"."""
    return joint.replace("_", " ").replace("spine", "spine ")


def find_rows(rig: Rig, rows: Rows = EMPTY_ROWS) -> Rows:
    """Recognise the rig's bones anew; rows chosen by hand stay as they are.

    With such rows whatever else is recognised is taken, for the animator leads.

    Raises:
        RequestError: if a chosen bone is gone, or without choices, no single humanoid is
            recognised.
    """
    chosen = tuple(row for row in rows if row.by_hand)
    check_rows(chosen, rig.index)
    return merge_rows(guess_bones(rig) if chosen else match_bones(rig), chosen)


def rows_to_bone_map(rig: Rig, rows: Rows) -> BoneMap:
    """Return the stored rows as a bone map, with what is found around them.

    Raises:
        RequestError: if bones were renamed or deleted, or the rows make no body.
    """
    check_rows(rows, rig.index)
    found = bone_map_from_rows(rig, bones_of(rows))
    guesses = (Guess(row.joint, row.bone, row.confidence, row.reason) for row in rows if row.bone)
    return replace(found, guesses=tuple(guesses))


def is_empty(rows: Rows) -> bool:
    """Say whether no map was made."""
    return not any(row.bone for row in rows)


def merge_rows(bone_map: BoneMap, rows: Iterable[MapRow] = ()) -> Rows:
    """Return the rows of an automatic map; those chosen by hand stay as they are."""
    chosen = {row.joint: row for row in rows if row.by_hand}
    taken = {row.bone for row in chosen.values()}
    found = {
        guess.joint: MapRow(guess.joint, guess.bone, guess.confidence, guess.reason)
        for guess in bone_map.guesses
        if guess.bone not in taken
    }
    return tuple(chosen.get(joint) or found.get(joint) or MapRow(joint) for joint in JOINTS)


def summary(rows: Rows) -> str:
    """Return one line on how good the map is."""
    mapped = bones_of(rows)
    told = f"{len(mapped)} of {len(rows)} joints have a bone"
    doubtful = sum(row.is_low for row in rows)
    return told + (f", {doubtful} of them with low confidence" if doubtful else "")


def choose_bone(rows: Rows, joint: str, bone: str) -> Rows:
    """Return the rows with a joint's bone chosen by hand; another joint that had it loses it.

    Args:
        rows: the present ones.
        joint: one of JOINTS.
        bone: its name; empty leaves the joint without a bone.
    """
    return tuple(_choose(row, joint, bone) for row in rows)


def _choose(row: MapRow, joint: str, bone: str) -> MapRow:
    if row.joint == joint:
        return MapRow(joint, bone, 1.0, BY_HAND if bone else LEFT_EMPTY, by_hand=True)
    if bone and row.bone == bone:
        return MapRow(row.joint, reason=f"its bone was given to the {spoken(joint)}")
    return row


def forget_choices(rows: Rows) -> Rows:
    """Return the rows without those chosen by hand."""
    return tuple(MapRow(row.joint) if row.by_hand else row for row in rows)


def keep_existing(rows: Rows, names: Collection[str]) -> tuple[Rows, tuple[str, ...]]:
    """Return the rows without choices of bones that the rig lacks, and the names of these."""
    gone = tuple(row.bone for row in rows if row.by_hand and row.bone and row.bone not in names)
    return tuple(MapRow(row.joint) if row.bone in gone else row for row in rows), gone


def bones_of(rows: Iterable[MapRow]) -> Mapping[str, str]:
    """Return the bone of each joint that has one, in the order of JOINTS."""
    return {row.joint: row.bone for row in rows if row.bone}


def missing_bones(rows: Iterable[MapRow], names: Collection[str]) -> tuple[str, ...]:
    """Return the rows' bones that a rig lacks."""
    return tuple(row.bone for row in rows if row.bone and row.bone not in names)


def check_rows(rows: Iterable[MapRow], names: Collection[str]) -> None:
    """Refuse rows that no longer fit the rig.

    Args:
        rows: the stored ones.
        names: the rig's bones.

    Raises:
        RequestError: if bones were renamed or deleted, or it is another rig altogether.
    """
    rows = tuple(rows)
    gone = missing_bones(rows, names)
    if not gone:
        return
    if len(gone) == len(bones_of(rows)):
        raise RequestError("The bone map was made for another rig.", "Press Map Bones in Rig.")
    joint = next(row.joint for row in rows if row.bone == gone[0])
    raise RequestError(
        f'The bone "{gone[0]}" that plays the {spoken(joint)} was renamed or deleted.',
        "Press Map Bones in Rig, or choose another bone for it.",
    )
