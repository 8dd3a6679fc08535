"""Matches joints by what bones are called; the hierarchy only settles doubts.

It knows no positions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..rig import Rig
from .body_chains import choose_spine
from .map import SIDES, Guess
from .names import (
    MIDDLE_WORDS,
    SIDED_WORDS,
    SPINE_WORDS,
    BoneWords,
    names_another_joint,
    rig_words,
)

# Each joint of a limb must hang from the one before it.
_LIMBS = (("hip", "knee", "ankle", "foot"), ("collar", "shoulder", "elbow", "wrist"))
# As many bones called spine in a row, and none called head or hips: the spine is numbered.
_FEWEST_NUMBERED = 4
# A bone called hips above the one that carries the legs is the lowest of the spine.
_TRUNK_WORDS = SPINE_WORDS.union(MIDDLE_WORDS["pelvis"])


def match_by_name(rig: Rig) -> list[Guess]:
    """Guess joints from bone names."""
    words = rig_words(rig.names)
    found: dict[str, Guess] = {}
    for side in SIDES:
        for limb in _LIMBS:
            found.update(_match_limb(rig, words, side, limb))
    _match_numbered_spine(rig, words, found)
    _match_middle(rig, words, found)
    _match_spine(rig, words, found)
    return list(found.values())


def _match_limb(
    rig: Rig, words: Sequence[BoneWords], side: str, limb: tuple[str, ...]
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
            # Where LHipJoint carries LeftHip, the shorter name is the joint's own.
            bone = min(bones, key=lambda bone: (words[bone].affixes, _depth(rig, bone), bone))
            bone = _wrist_above(rig, by_word, bone, above) if joint == "wrist" else bone
            bone = _below_hip_joint(rig, words, by_word, bone) if joint == "hip" else bone
            guess = Guess(
                f"{side}_{joint}",
                rig.names[bone],
                round(max(0.99 - 0.02 * rank, 0.8), 2),
                f'"{words[bone].core}" on the {side} names the {joint}',
            )
            found[guess.joint] = guess
            above = bone
            break
    return found | _match_numbered_limb(rig, by_word, side, (limb, found))


def _match_numbered_limb(
    rig: Rig,
    by_word: Mapping[str, list[int]],
    side: str,
    limb: tuple[tuple[str, ...], Mapping[str, Guess]],
) -> dict[str, Guess]:
    """Return the joints of a limb whose bones all have one name, such as `leg_joint_L_3`.

    The third bone of a leg is the ankle and that of an arm the wrist; where another bone is
    called hand, three others are collar, upper arm and forearm. An arm of four may begin with
    the collar or end with a finger: its place in the body tells.

    Args:
        rig: N bones.
        by_word: bones of the side by their core word.
        side: `left` or `right`.
        limb: its joints, and what other words than `leg` and `arm` name.
    """
    joints, found = limb
    word = "leg" if joints[0] == "hip" else "arm"
    row = _row_of(rig, by_word.get(word, []))
    others = {joint for joint, guess in found.items() if rig.index[guess.bone] not in row}
    if word == "arm":
        has_hand = f"{side}_wrist" in others
        joints = joints[:3] if has_hand and len(row) == 3 else joints[1:]
    least = 3 if word == "leg" or not others else 2
    if others - {f"{side}_wrist"} or not least <= len(row) <= len(joints):
        return {}
    return {
        f"{side}_{joint}": Guess(
            f"{side}_{joint}",
            rig.names[bone],
            0.9,
            f'of {len(row)} bones in a row that are called "{word}" on the {side}, '
            f"number {number} is the {joint}",
        )
        for number, (joint, bone) in enumerate(zip(joints, row, strict=False), 1)
    }


def _row_of(rig: Rig, bones: Sequence[int]) -> list[int]:
    """Return the bones, topmost first, if each hangs from the one before; empty otherwise."""
    row = sorted(bones, key=lambda bone: _depth(rig, bone))
    hangs = [_hangs(rig, lower, upper) for upper, lower in zip(row, row[1:], strict=False)]
    return row if all(hangs) else []


def _is_upper_arm(word: str, by_word: Mapping[str, list[int]]) -> bool:
    """Say whether "shoulder" means the upper arm: it does where no other word names that."""
    rivals = [other for other in SIDED_WORDS["shoulder"] if other != word]
    return word in SIDED_WORDS["shoulder"] and not any(other in by_word for other in rivals)


def _below_hip_joint(
    rig: Rig, words: Sequence[BoneWords], by_word: Mapping[str, list[int]], bone: int
) -> int:
    """Return the thigh that a bone called hip joint carries, or that bone without one."""
    if words[bone].core != "hip" or not words[bone].affixes:
        return bone
    thighs = [
        other
        for word in SIDED_WORDS["hip"]
        for other in by_word.get(word, [])
        if rig.parents[other] == bone and word not in SIDED_WORDS["knee"]
    ]
    return min(thighs, default=bone)


def _wrist_above(rig: Rig, by_word: Mapping[str, list[int]], hand: int, elbow: int) -> int:
    """Return the bone called wrist that the hand hangs from, or the hand without one."""
    wrists = [bone for bone in by_word.get("wrist", []) if _hangs(rig, hand, bone)]
    wrists = [bone for bone in wrists if elbow < 0 or _hangs(rig, bone, elbow)]
    return min(wrists, default=hand)


def _match_numbered_spine(rig: Rig, words: Sequence[BoneWords], found: dict[str, Guess]) -> None:
    """Add pelvis, neck and head where all of them are numbered spine bones, as in Rigify."""
    spine = [
        bone
        for bone, word in enumerate(words)
        if word.core == "spine" and not word.side and not word.is_helper
    ]
    arms = upper_ends(rig, found)
    heads = [word for word in words if word.core in MIDDLE_WORDS["head"] and not word.is_helper]
    if len(spine) < _FEWEST_NUMBERED or len(arms) < 2 or heads:
        return
    spine = [bone for bone in rig.lineage(max(spine)) if bone in spine][::-1]
    carrier = rig.common_ancestor([rig.parents[arm] for arm in arms])
    above = [bone for bone in spine if carrier >= 0 and _hangs(rig, bone, carrier)]
    joints = {"pelvis": spine[0]}
    if above:
        joints |= {"neck": above[0], "head": above[-1]} if len(above) > 1 else {"head": above[0]}
    for joint, bone in joints.items():
        reason = f"the spine is numbered from the pelvis up, and here is the {joint}"
        found[joint] = Guess(joint, rig.names[bone], 0.95, reason)


def _match_middle(rig: Rig, words: Sequence[BoneWords], found: dict[str, Guess]) -> None:
    """Add pelvis, head and neck to `found`, each tested against the limbs' places."""
    legs = [rig.index[found[joint].bone] for joint in ("left_hip", "right_hip") if joint in found]
    if "pelvis" not in found:
        _match_pelvis(rig, words, found, (legs, upper_ends(rig, found)))
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
    _match_head_of_necks(rig, words, found)


def _match_head_of_necks(
    rig: Rig, words: Sequence[BoneWords], found: dict[str, Guess]
) -> None:
    """Take the last of two necks as the head where no bone is called head."""
    if "head" in found or "neck" not in found:
        return
    neck = rig.index[found["neck"].bone]
    row = [
        bone
        for bone, word in enumerate(words)
        if word.core == words[neck].core and not word.is_helper and _hangs(rig, bone, neck)
    ]
    if len(row) == 1:
        reason = "it goes on from the neck, and no bone is called head"
        found["head"] = Guess("head", rig.names[row[0]], 0.85, reason)


def _match_pelvis(
    rig: Rig,
    words: Sequence[BoneWords],
    found: dict[str, Guess],
    carried: tuple[list[int], list[int]],
) -> None:
    """Choose the deepest bone called hips or pelvis that carries both legs and the arms."""
    legs, arms = carried
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
    if not names_another_joint(words[carrier], "pelvis"):
        reason = "it carries both legs and the spine"
        found["pelvis"] = Guess("pelvis", rig.names[carrier], 0.8, reason)


def _match_spine(rig: Rig, words: Sequence[BoneWords], found: dict[str, Guess]) -> None:
    """Choose three of the bones between pelvis and neck; the last one carries the arms."""
    if "pelvis" not in found:
        return
    pelvis = rig.index[found["pelvis"].bone]
    ends = [found[joint] for joint in ("neck", "head") if joint in found][:1]
    tops = [rig.index[guess.bone] for guess in ends] or upper_ends(rig, found)
    top = rig.common_ancestor([rig.parents[bone] for bone in tops]) if tops else -1
    if top < 0 or not rig.is_below(top, pelvis):
        return
    chain = [bone for bone in rig.lineage(top) if _hangs(rig, bone, pelvis)][::-1]
    for joint, bone in choose_spine(chain).items():
        found[joint] = Guess(
            joint,
            rig.names[bone],
            0.97 if words[bone].core in _TRUNK_WORDS else 0.7,
            f"bone {chain.index(bone) + 1} of {len(chain)} between pelvis and neck",
        )


def upper_ends(rig: Rig, found: Mapping[str, Guess]) -> list[int]:
    """Return the topmost known bone of each arm."""
    ends = []
    for side in SIDES:
        for joint in ("collar", "shoulder"):
            if f"{side}_{joint}" in found:
                ends.append(rig.index[found[f"{side}_{joint}"].bone])
                break
    return ends


def _hangs(rig: Rig, bone: int, ancestor: int) -> bool:
    return bone != ancestor and rig.is_below(bone, ancestor)


def _depth(rig: Rig, bone: int) -> int:
    return sum(1 for _ in rig.lineage(bone))
