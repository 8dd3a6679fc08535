"""What bones of humanoid rigs are called: the tables for matching by name.

Names are compared as words: `mixamorig:LeftUpLeg`, `upleg_l` and `LeftUpLegBone`
are all the side "left" and the word "upleg"; Japanese names are put into English
words first. It knows no rig and no hierarchy.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

SIDED_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "hip": ("upleg", "upperleg", "thigh", "thighbend", "legupper", "hip", "femur", "leg"),
    "knee": ("lowerleg", "lowleg", "loleg", "shin", "shinbend", "calf", "knee", "leglower", "leg",
             "tibia"),
    "ankle": ("ankle", "hock", "foot"),
    "foot": ("toebase", "ball", "toes", "toe", "football", "hoof", "toetip", "foot"),
    "collar": ("clavicle", "collar", "collarbone", "clav", "scapula", "shoulder"),
    "shoulder": (
        "upperarm", "uparm", "arm", "shldr", "shldrbend", "upperarmbend", "armupper", "uarm",
        "humerus", "shoulder",
    ),
    "elbow": (
        "forearm", "lowerarm", "lowarm", "loarm", "forearmbend", "armlower", "farm", "elbow",
        "radius",
    ),
    "wrist": ("hand", "wrist", "fist", "palm"),
}  # fmt: skip
"""Words for each joint that has two sides; the first ones are the surest."""

MIDDLE_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "pelvis": ("hips", "pelvis", "hip"),
    "neck": ("neck", "lowerneck", "necklower", "neckbase", "necktwist"),
    "head": ("head",),
}
"""Words for the joints on the midline; the spine is found between pelvis and neck."""

SPINE_WORDS: Final = frozenset(
    ("spine", "chest", "upperchest", "abdomen", "abdomenlower", "abdomenupper", "chestlower",
     "chestupper", "torso", "back", "lowerback", "waist", "stomach", "ribs", "ribcage",
     "upperbody", "body", "thorax", "upperback", "ab", "spinelower", "spinemiddle", "spineupper",
     "lowerspine", "middlespine", "midspine", "upperspine", "lowertorso", "uppertorso")
)  # fmt: skip
"""Words that make a bone between pelvis and neck a sure spine bone."""

HELPER_WORDS: Final = frozenset(
    ("twist", "end", "nub", "tip", "top", "ik", "fk", "pole", "target", "ctrl", "control", "mch",
     "org", "roll", "jiggle", "socket", "attach", "helper", "site", "share", "corrective",
     "tweak", "vis", "offset", "master", "parent", "heel", "prop", "leaf", "str", "mstr", "lattice",
     "weapon", "holster", "physics", "secondary", "sec", "adj", "cancel")
)  # fmt: skip
"""A bone with one of these words helps another one and is never a joint itself."""

ROOT_WORDS: Final = frozenset(
    ("root", "boneroot", "master", "armature", "traj", "trajectory", "rootmotion", "reference",
     "motion", "rootbone", "rootnode", "global", "world", "allparent", "parent", "mover",
     "rootmaster")
)  # fmt: skip
"""Words for a bone that carries the whole character about."""

FINGER_WORDS: Final[tuple[tuple[str, ...], ...]] = (
    ("thumb",), ("index", "point", "pointer"), ("middle", "mid"), ("ring",),
    ("pinky", "little", "pinkie", "small"),
)  # fmt: skip
"""Words for each digit from the thumb on."""

METACARPAL_WORDS: Final = ("metacarpal", "palm", "carpal", "fingerbase")
"""Words for the bones between wrist and fingers."""

TWIST_WORDS: Final = ("twist", "roll", "tweak")
"""Words for bones that share a limb's roll."""

SIDES: Final = {
    "left": "left", "l": "left", "lft": "left", "lt": "left", "lf": "left",
    "right": "right", "r": "right", "rgt": "right", "rt": "right",
}  # fmt: skip

# What MikuMikuDance calls bones, longer words before those that they contain.
_JAPANESE: Final = (
    ("全ての親", "all parent"), ("操作中心", "view"), ("センター", "center"),
    ("グルーブ", "groove"),
    ("キャンセル", "cancel"), ("上半身", "upper body"), ("下半身", "lower body"),
    ("腰", "waist"), ("つま先", "toe"), ("足先", "toe"), ("手首", "wrist"), ("足首", "ankle"),
    ("乳首", "nipple"), ("首", "neck"), ("頭", "head"), ("肩", "shoulder"),
    ("腕捩", "arm twist"), ("手捩", "hand twist"), ("捩", "twist"), ("腕", "arm"),
    ("ひじ", "elbow"), ("肘", "elbow"), ("ひざ", "knee"), ("膝", "knee"), ("足", "leg"),
    ("親指", "thumb"), ("人差指", "index"), ("人差し指", "index"), ("人指", "index"),
    ("中指", "middle"), ("薬指", "ring"), ("小指", "pinky"), ("両目", "eyes"), ("目", "eye"),
    ("髪", "hair"), ("スカート", "skirt"), ("左", "left"), ("右", "right"), ("親", "parent"),
    ("先", "tip"),
)  # fmt: skip
_CENTRE_WORDS: Final = frozenset(
    ("c", "m", "x", "center", "centre", "mid", "j", "jnt", "joint", "bind", "stretch", "skin")
)
_AFFIXES: Final = frozenset(
    ("bone", "bones", "bn", "node", "joint", "joints", "jnt", "jt", "def", "deform", "skeleton",
     "skel", "armature", "rig")
)  # fmt: skip
"""Words on either end of a name that say nothing about the bone, unless they are all of it."""
_GLUED_AFFIX: Final = re.compile(r"^(.+)(?:bone|node|joint|jnt)$|^(?:bone|node|joint|jnt|def)(.+)$")
_FAMILY_PREFIX: Final = re.compile(
    r"^(?:.*[:|]|mixamorig\d*_?|J_Bip_|CC_Base_|RL_|DEF-|ORG-|(?:ValveBiped[._])?Bip\d+[ _]"
    r"|ValveBiped[._]|[mf]_avg_)",
    re.IGNORECASE,
)
_TAG: Final = re.compile(r"\s*\[[^\]]*\]$")
"""What some games repeat in brackets behind a name: `L Thigh [LThg]`."""
_WORD: Final = re.compile(
    r"[LR](?=[A-Z]Arm)|[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+"
)
_LIMB_WORDS: Final = frozenset(("leg", "arm", "hand", "foot"))
"""Words before another that names a joint by itself: `LLeg_Thigh`, `HandWrist`."""
_SEPARATORS: Final = ":_-. |"
_SEPARATOR: Final = re.compile(f"[{re.escape(_SEPARATORS)}]")
_SIDED: Final = frozenset(word for words in SIDED_WORDS.values() for word in words)
_MIDDLE: Final = SPINE_WORDS.union(*MIDDLE_WORDS.values())
_NO_HELPERS: Final = frozenset((*MIDDLE_WORDS["neck"], "toetip"))
"""Names of joints although a word in them is a helper's."""
_GLUED_SIDE: Final = re.compile(r"^(left|right|l|r)(.+)$|^(.+?)(left|right|l|r)$")
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

    words: tuple[str, ...] = ()
    """Every word and number in lower case, sides left out."""

    affixes: int = 0
    """How many words such as `bone` and `joint` stand beside the core."""


@lru_cache(maxsize=16)
def rig_words(names: tuple[str, ...]) -> tuple[BoneWords, ...]:
    """Take the names of a rig's bones apart, without what most of them share on either end."""
    suffix = common_suffix(names)
    names = tuple(name.removesuffix(suffix) or name for name in names)
    prefix = common_prefix(names)
    return tuple(words_of(name, prefix) for name in names)


@lru_cache(maxsize=16)
def common_suffix(names: tuple[str, ...]) -> str:
    """Return the longest ending that at least three of five bones share, from a separator on."""
    candidates: Counter[str] = Counter()
    for name in names:
        candidates.update({name[match.start() :] for match in _SEPARATOR.finditer(name, 1)})
    shared = [ending for ending, count in candidates.items() if count >= 0.6 * len(names)]
    return max(shared, key=len, default="") if len(names) > 1 else ""


@lru_cache(maxsize=16)
def common_prefix(names: tuple[str, ...]) -> str:
    """Return the longest prefix that at least three of five bones share, cut at a word's end.

    A prefix that is a side or a bare word such as `Left` is never taken, as
    fewer bones share it.
    """
    candidates: Counter[str] = Counter()
    for name in names:
        candidates.update({name[: match.end()] for match in _SEPARATOR.finditer(name)})
        candidates.update(
            {
                name[: -len(anchor)]
                for anchor in _ANCHORS
                if name.endswith(anchor) and name != anchor
            }
        )
    best = ""
    for prefix in candidates:
        if len(prefix) <= len(best):
            continue
        shared = candidates[prefix]
        if prefix[-1:] not in _SEPARATORS:
            shared = sum(name.startswith(prefix) for name in names)
        if shared >= 0.6 * len(names):
            best = prefix
    return best


@lru_cache(maxsize=4096)
def words_of(name: str, prefix: str = "") -> BoneWords:
    """Take a bone's name apart, without the rig's common prefix and known families' ones."""
    name = _TAG.sub("", name) or name
    bare = _FAMILY_PREFIX.sub("", name) or name
    if bare == name:
        bare = name.removeprefix(prefix)
    words: list[str] = []
    for word in _WORD.findall(_to_english(bare)):
        words.extend(_unglued(word.lower()))
    sides = [SIDES[word] for word in words if word in SIDES]
    numbers = [int(word) for word in words if word.isdigit()]
    spoken = [word for word in words if word not in SIDES]
    rest = [word for word in spoken if word not in _CENTRE_WORDS and not word.isdigit()]
    telling = [word for word in rest if word not in _AFFIXES] or rest
    core = "".join(telling)
    if telling and telling[0] in _LIMB_WORDS and core not in _SIDED:
        shorter = "".join(telling[1:])
        core = shorter if shorter in _SIDED else core
    return BoneWords(
        side=sides[-1] if sides else "",
        core=core,
        number=numbers[-1] if numbers else -1,
        is_helper=core not in _NO_HELPERS and any(word in HELPER_WORDS for word in rest),
        words=tuple(spoken),
        affixes=sum(word in _AFFIXES for word in spoken if word not in telling),
    )


def names_another_joint(name: BoneWords, joint: str) -> bool:
    """Say whether a name is known and does not fit the joint (such as `left_knee`)."""
    side, _, kind = joint.rpartition("_")
    wanted = SIDED_WORDS.get(kind, ()) if side else MIDDLE_WORDS.get(kind, SPINE_WORDS)
    if name.core in wanted and name.side == side:
        return False
    is_known = name.core in _SIDED if name.side else name.core in _MIDDLE
    return is_known and not (kind == "pelvis" and name.core in SPINE_WORDS)


def _to_english(name: str) -> str:
    """Return the name with Japanese words in English and wide characters as plain ones."""
    if name.isascii():
        return name
    plain = unicodedata.normalize("NFKC", name)
    for japanese, english in _JAPANESE:
        plain = plain.replace(japanese, f" {english} ")
    return plain


def _unglued(word: str) -> list[str]:
    """Split what is known without it off a word: `lthigh` -> l, thigh; `armtwist` -> arm, twist."""
    if word.endswith("twist") and word != "twist":
        return [*_unglued(word.removesuffix("twist")), "twist"]
    affixed = None if word in _SIDED or word in _MIDDLE else _GLUED_AFFIX.match(word)
    if affixed is not None:
        parts = _unglued(affixed[1] or affixed[2])
        if "".join(part for part in parts if part not in SIDES) in _SIDED | _MIDDLE:
            return [*parts, "joint"]
    match = None if word in _SIDED or word in SIDES else _GLUED_SIDE.match(word)
    if match is None:
        return [word]
    side, rest = (match[1], match[2]) if match[1] else (match[4], match[3])
    if rest in _SIDED or (len(side) > 1 and len(rest) > 2):
        return [side, rest]
    tail = word[-1]
    if tail in "lr" and word[:-1] in _SIDED:
        return [word[:-1], tail]
    return [word]
