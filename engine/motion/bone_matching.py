"""Which bone of a rig is which canonical joint, with a confidence and a reason for each guess.

A matcher looks at a rig and returns guesses; `match_bones` runs matchers and
keeps the surest guess for each joint. Matching by name is the first of them;
matching by shape can stand beside it. It knows no Blender.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from .bone_names import (
    MIDDLE_WORDS,
    NUMBERED_SPINES,
    SIDED_WORDS,
    SPINE_WORDS,
    BoneWords,
    common_prefix,
    words_of,
)
from .request import RequestError
from .rig import Rig
from .skeleton import JOINTS

SPINE_JOINTS = ("spine1", "spine2", "spine3")

REQUIRED_JOINTS = (
    "pelvis", "left_hip", "right_hip", "left_knee", "right_knee",
    "left_shoulder", "right_shoulder", "left_elbow", "right_elbow",
)  # fmt: skip
"""Without these an armature is no humanoid that a motion can be put on."""

# Each joint of a limb must hang from the one before it.
_LIMBS = (("hip", "knee", "ankle", "foot"), ("collar", "shoulder", "elbow", "wrist"))


@dataclass(frozen=True, slots=True)
class Guess:
    """One joint and the bone that plays it."""

    joint: str
    """Canonical name, one of JOINTS."""

    bone: str
    """The rig's name for it."""

    confidence: float
    """0 to 1."""

    reason: str
    """Why, in words for the animator."""


@dataclass(frozen=True, slots=True)
class Twist:
    """A bone that rolls about a limb's length with a share of the limb's twist."""

    bone: str
    """The rig's name for it."""

    joint: str
    """The limb bone's joint that it lies along, such as `left_elbow` for the forearm."""

    share: float
    """0 to 1: where it lies along the limb bone, from its head to its end."""


@dataclass(frozen=True, slots=True)
class Finger:
    """A finger's bone."""

    bone: str
    """The rig's name for it."""

    side: str
    """`left` or `right`."""

    digit: int
    """0 the thumb to 4 the little finger."""

    segment: int
    """0 nearest the palm (metacarpals are left out), 1, 2."""


@dataclass(frozen=True)
class BoneMap:
    """The bones that play canonical joints; every joint and every bone at most once."""

    guesses: tuple[Guess, ...]
    """In the order of JOINTS."""

    twists: tuple[Twist, ...] = ()
    """Twist bones of arms and legs."""

    fingers: tuple[Finger, ...] = ()
    """Bones of fingers."""

    root: str = ""
    """The bone above the pelvis that is meant to carry a character about; empty without one."""

    @cached_property
    def bones(self) -> Mapping[str, str]:
        """Bone name by joint name, in the order of JOINTS."""
        return {guess.joint: guess.bone for guess in self.guesses}

    @property
    def missing(self) -> tuple[str, ...]:
        """The joints that no bone plays."""
        return tuple(joint for joint in JOINTS if joint not in self.bones)


Matcher = Callable[[Rig], Iterable[Guess]]


def match_bones(rig: Rig) -> BoneMap:
    """Find the bones that play the canonical joints.

    Raises:
        RequestError: if hips, legs or arms are not recognised.
    """
    bone_map = combine_guesses(guess for matcher in MATCHERS for guess in matcher(rig))
    lacking = [joint for joint in REQUIRED_JOINTS if joint in bone_map.missing]
    if len(lacking) == len(REQUIRED_JOINTS):
        raise RequestError(
            "No humanoid was recognised in this armature.",
            "Choose a character whose bones are named as Mixamo's or Rigify's, "
            "or add the built-in mannequin.",
        )
    if lacking:
        spoken = ", ".join(joint.replace("_", " ") for joint in lacking)
        raise RequestError(
            f"This armature has no bone that is recognised as: {spoken}.",
            "Rename these bones as in Mixamo's or Rigify's skeleton, "
            "or add the built-in mannequin.",
        )
    return bone_map


def combine_guesses(guesses: Iterable[Guess]) -> BoneMap:
    """Keep the surest guess for each joint, and each bone for one joint only."""
    chosen: dict[str, Guess] = {}
    taken: set[str] = set()
    for guess in sorted(guesses, key=lambda guess: -guess.confidence):
        if guess.joint not in chosen and guess.bone not in taken:
            chosen[guess.joint] = guess
            taken.add(guess.bone)
    return BoneMap(tuple(chosen[joint] for joint in JOINTS if joint in chosen))


def match_by_name(rig: Rig) -> list[Guess]:
    """Guess joints from bone names; the hierarchy only settles doubts."""
    prefix = common_prefix(rig.names)
    words = [words_of(name, prefix) for name in rig.names]
    found: dict[str, Guess] = {}
    for side in ("left", "right"):
        for limb in _LIMBS:
            found.update(_match_limb(rig, words, side, limb))
    found.update(_match_numbered_spine(rig, prefix))
    _match_middle(rig, words, found)
    _match_spine(rig, words, found)
    return list(found.values())


MATCHERS: tuple[Matcher, ...] = (match_by_name,)


def _match_limb(
    rig: Rig, words: list[BoneWords], side: str, limb: tuple[str, ...]
) -> dict[str, Guess]:
    """Walk down one limb, each joint below the one before it."""
    by_word: dict[str, list[int]] = {}
    for bone, name in enumerate(words):
        if name.side == side and not name.is_helper:
            by_word.setdefault(name.core, []).append(bone)
    found: dict[str, Guess] = {}
    above = -1
    for joint in limb:
        for rank, word in enumerate(SIDED_WORDS[joint]):
            bones = [
                bone for bone in by_word.get(word, []) if above < 0 or _hangs(rig, bone, above)
            ]
            if not bones or (joint == "collar" and _is_upper_arm(word, by_word)):
                continue
            bone = min(bones, key=lambda bone: (_depth(rig, bone), bone))
            guess = Guess(
                f"{side}_{joint}",
                rig.names[bone],
                round(max(0.99 - 0.02 * rank, 0.8), 2),
                f'"{word}" on the {side} names the {joint}',
            )
            found[guess.joint] = guess
            above = bone
            break
    return found


def _is_upper_arm(word: str, by_word: Mapping[str, list[int]]) -> bool:
    """Say whether "shoulder" means the upper arm: it does where no other word names that."""
    rivals = [other for other in SIDED_WORDS["shoulder"] if other != word]
    return word in SIDED_WORDS["shoulder"] and not any(other in by_word for other in rivals)


def _match_numbered_spine(rig: Rig, prefix: str) -> dict[str, Guess]:
    for family, names in NUMBERED_SPINES.items():
        full = [prefix + name if prefix + name in rig.index else name for name in names]
        if all(name in rig.index for name in full):
            return {
                joint: Guess(joint, name, 0.95, f"{family} calls the {joint} so")
                for joint, name in zip(("pelvis", "neck", "head"), full, strict=True)
            }
    return {}


def _match_middle(rig: Rig, words: list[BoneWords], found: dict[str, Guess]) -> None:
    """Add pelvis, head and neck to `found`, each tested against the limbs' places."""
    legs = [rig.index[found[joint].bone] for joint in ("left_hip", "right_hip") if joint in found]
    arms = _upper_ends(rig, found)
    if "pelvis" not in found:
        _match_pelvis(rig, words, found, legs, arms)
    if "pelvis" not in found:
        return
    pelvis = rig.index[found["pelvis"].bone]
    for joint in ("head", "neck"):
        if joint in found:
            continue
        candidates = [
            bone
            for bone, word in enumerate(words)
            if word.core in MIDDLE_WORDS[joint] and not word.side and not word.is_helper
            and rig.is_below(bone, pelvis)
        ]  # fmt: skip
        if joint == "neck" and "head" in found:
            head = rig.index[found["head"].bone]
            candidates = [bone for bone in candidates if _hangs(rig, head, bone)]
        if candidates:
            bone = min(candidates, key=lambda bone: (_depth(rig, bone), bone))
            found[joint] = Guess(joint, rig.names[bone], 0.98, f"it is called {joint}")


def _match_pelvis(
    rig: Rig, words: list[BoneWords], found: dict[str, Guess], legs: list[int], arms: list[int]
) -> None:
    """Choose the deepest bone called hips or pelvis that carries both legs and the arms."""
    if len(legs) < 2:
        return
    carrier = rig.common_ancestor([*(rig.parents[leg] for leg in legs), *arms])
    if carrier < 0:
        return
    for bone in rig.lineage(carrier):
        if words[bone].core in MIDDLE_WORDS["pelvis"] and not words[bone].side:
            word = words[bone].core
            found["pelvis"] = Guess("pelvis", rig.names[bone], 0.98, f"it is called {word}")
            return
    found["pelvis"] = Guess("pelvis", rig.names[carrier], 0.8, "it carries both legs and the spine")


def _match_spine(rig: Rig, words: list[BoneWords], found: dict[str, Guess]) -> None:
    """Choose three of the bones between pelvis and neck; the last one carries the arms."""
    if "pelvis" not in found:
        return
    pelvis = rig.index[found["pelvis"].bone]
    ends = [found[joint] for joint in ("neck", "head") if joint in found][:1]
    tops = [rig.index[guess.bone] for guess in ends] or _upper_ends(rig, found)
    top = rig.common_ancestor([rig.parents[bone] for bone in tops]) if tops else -1
    if top < 0 or not rig.is_below(top, pelvis):
        return
    chain = [bone for bone in rig.lineage(top) if _hangs(rig, bone, pelvis)][::-1]
    for joint, bone in zip(*_choose_spine(chain), strict=True):
        known = words[bone].core in SPINE_WORDS
        found[joint] = Guess(
            joint,
            rig.names[bone],
            0.97 if known else 0.7,
            f"bone {chain.index(bone) + 1} of {len(chain)} between pelvis and neck",
        )


def _choose_spine(chain: list[int]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Pair spine joints with bones of a chain of any length, lowest first."""
    count = len(chain)
    if count == 0:
        return (), ()
    if count == 1:
        return ("spine3",), (chain[0],)
    if count == 2:
        return ("spine1", "spine3"), (chain[0], chain[1])
    return SPINE_JOINTS, (chain[0], chain[count // 2], chain[-1])


def _upper_ends(rig: Rig, found: Mapping[str, Guess]) -> list[int]:
    """Return the topmost known bone of each arm."""
    ends = []
    for side in ("left", "right"):
        for joint in ("collar", "shoulder"):
            if f"{side}_{joint}" in found:
                ends.append(rig.index[found[f"{side}_{joint}"].bone])
                break
    return ends


def _hangs(rig: Rig, bone: int, ancestor: int) -> bool:
    return bone != ancestor and rig.is_below(bone, ancestor)


def _depth(rig: Rig, bone: int) -> int:
    return sum(1 for _ in rig.lineage(bone))
