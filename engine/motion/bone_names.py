"""What bones of humanoid rigs are called: the tables behind matching by name.

Names are compared as words: `mixamorig:LeftUpLeg`, `upleg_l` and `Left Up Leg`
are all the side "left" and the word "upleg". It knows no rig and no hierarchy.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

SIDED_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "hip": ("upleg", "upperleg", "thigh", "thighbend", "legupper", "hip", "femur"),
    "knee": ("lowerleg", "lowleg", "shin", "shinbend", "calf", "knee", "leglower", "leg", "tibia"),
    "ankle": ("ankle", "foot"),
    "foot": ("toebase", "toes", "ball", "toe", "football", "foot"),
    "collar": ("clavicle", "collar", "collarbone", "shoulder"),
    "shoulder": (
        "upperarm", "uparm", "arm", "shldr", "shldrbend", "upperarmbend", "armupper",
        "humerus", "shoulder",
    ),
    "elbow": ("forearm", "lowerarm", "lowarm", "forearmbend", "armlower", "elbow"),
    "wrist": ("hand", "wrist"),
}  # fmt: skip
"""Words for each joint that has two sides; the first ones are the surest."""

MIDDLE_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "pelvis": ("hips", "pelvis", "hip"),
    "neck": ("neck", "necklower", "neckbase"),
    "head": ("head",),
}
"""Words for the joints on the midline; the spine is found between pelvis and neck."""

SPINE_WORDS: Final = frozenset(
    ("spine", "chest", "upperchest", "abdomen", "abdomenlower", "abdomenupper", "chestlower",
     "chestupper", "torso", "back", "lowerback", "waist", "stomach", "ribs")
)  # fmt: skip
"""Words that make a bone between pelvis and neck a sure spine bone."""

NUMBERED_SPINES: Final[dict[str, tuple[str, ...]]] = {
    "Rigify": ("spine", "spine.004", "spine.006"),
}
"""Families whose pelvis, neck and head are numbered spine bones."""

HELPER_WORDS: Final = frozenset(
    ("twist", "end", "nub", "tip", "top", "ik", "fk", "pole", "target", "ctrl", "control", "mch",
     "org", "roll", "jiggle", "socket", "attach", "helper", "site", "share", "corrective",
     "tweak", "vis", "offset", "master", "parent", "heel", "prop")
)  # fmt: skip
"""A bone with one of these words helps another one and is never a joint itself."""

SIDES: Final = {
    "left": "left", "l": "left", "lft": "left", "lt": "left",
    "right": "right", "r": "right", "rgt": "right", "rt": "right",
}  # fmt: skip

_CENTRE_WORDS: Final = frozenset(("c", "m", "center", "centre", "mid", "j", "jnt", "joint", "bind"))
_FAMILY_PREFIX: Final = re.compile(
    r"^(?:.*[:|]|mixamorig\d*_?|J_Bip_|CC_Base_|ValveBiped[._]|DEF-|Bip\d+[ _])", re.IGNORECASE
)
_WORD: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
# Endings at which a prefix without a separator can be cut: heroLeftUpLeg -> hero.
_ANCHORS: Final = ("Hips", "LeftUpLeg", "RightUpLeg", "LeftForeArm", "RightForeArm")


@dataclass(frozen=True, slots=True)
class BoneWords:
    """A bone's name, taken apart."""

    side: str
    """`left`, `right`, or empty."""

    core: str
    """The other words, joined and in lower case, without numbers."""

    number: int
    """The last number in the name; -1 where there is none."""

    is_helper: bool
    """Whether a word says that the bone only helps another one."""


def common_prefix(names: tuple[str, ...]) -> str:
    """Return the longest prefix that at least three of five bones share, cut at a word's end.

    A prefix that is a side or a bare word such as `Left` is never taken, as
    fewer bones share it.
    """
    candidates: Counter[str] = Counter()
    for name in names:
        candidates.update({name[: match.end()] for match in re.finditer(r"[:_\-. |]", name)})
        candidates.update(
            {
                name[: -len(anchor)]
                for anchor in _ANCHORS
                if name.endswith(anchor) and name != anchor
            }
        )
    best = ""
    for prefix in candidates:
        shared = sum(name.startswith(prefix) for name in names)
        if shared >= 0.6 * len(names) and len(prefix) > len(best):
            best = prefix
    return best


def words_of(name: str, prefix: str = "") -> BoneWords:
    """Take a bone's name apart, without the rig's common prefix and known families' ones."""
    bare = name.removeprefix(prefix)
    bare = _FAMILY_PREFIX.sub("", bare) or bare
    words = [word.lower() for word in _WORD.findall(bare)]
    sides = [SIDES[word] for word in words if word in SIDES]
    numbers = [int(word) for word in words if word.isdigit()]
    rest = [
        word
        for word in words
        if word not in SIDES and word not in _CENTRE_WORDS and not word.isdigit()
    ]
    return BoneWords(
        side=sides[-1] if sides else "",
        core="".join(rest),
        number=numbers[-1] if numbers else -1,
        is_helper=any(word in HELPER_WORDS for word in rest),
    )
