"""Clips joined as motion: arms of one on the legs of another, and one clip after another.

What is joined is features, before any tokenizer sees them, with a prompt that names both
actions. Everything stays within the bank's split.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..features import CONTACTS, PART_SLICES, ROOT_WIDTH, features_to_clip
from ..motion.skeleton import JOINT_INDEX, PARTS
from ..planning.wording import AT_ONCE, join_at_once, join_in_order
from ..rotations import matrix_to_six, six_to_matrix
from .windows import FeatureBank

BLEND_FRAMES = 8

BUSY = 0.35
"""Metres a second of the wrist from which on an arm does something."""
_ARM_WORDS = re.compile(r"\b(?:hands?|arms?|fists?)\b")

ARMS = (PARTS.index("LEFT_ARM"), PARTS.index("RIGHT_ARM"))

IN_ORDER = 4
"""Wordings of `join_in_order`."""


@dataclass(frozen=True, slots=True)
class Donors:
    """Which clips lend arms and which legs."""

    arms: Tensor
    """(N,) clips that stand and whose arms do something."""

    legs: Tensor
    """(M,) clips of whole bodies that go."""

    activity: Tensor
    """(C, 2) mean speed of the left and right wrist seen from the chest, metres a second."""

    def moved(self, clip: int) -> list[int]:
        """Return the parts that a clip of `arms` lends: one arm or both."""
        speed = self.activity[clip]
        least = 0.4 * float(speed.max()) if speed.max() > BUSY else 0.0
        return [arm for side, arm in enumerate(ARMS) if speed[side] >= least]


def find_donors(
    bank: FeatureBank, captions: Sequence[Sequence[int]], texts: Sequence[str]
) -> Donors:
    """Measure how much hands and feet of each clip move, and choose who lends what.

    Args:
        bank: C clips.
        captions: C times indices into the texts.
        texts: in lower case.
    """
    arms, legs = [], []
    for start, length in zip(bank.starts.tolist(), bank.lengths.tolist(), strict=True):
        clip = features_to_clip(bank.features[start : start + length])
        joints = torch.from_numpy(clip.joints())
        chest = joints[:, JOINT_INDEX["spine3"]]
        wrists = joints[:, [JOINT_INDEX["left_wrist"], JOINT_INDEX["right_wrist"]]] - chest[:, None]
        ankles = joints[:, [JOINT_INDEX["left_ankle"], JOINT_INDEX["right_ankle"]]]
        arms.append(wrists.diff(dim=0).norm(dim=-1).mean(0) * 30)
        legs.append(ankles.diff(dim=0).norm(dim=-1).mean() * 30)
    activity, going = torch.stack(arms).float(), torch.stack(legs).float()
    # Arms that only hold something ("hands on the hips") are worth lending if they are named.
    named = [any(_ARM_WORDS.search(texts[row]) for row in rows) for rows in captions]
    lends = (activity.max(1).values > BUSY) | torch.tensor(named)
    return Donors(
        torch.nonzero(lends & (going < 0.25)).flatten(),
        torch.nonzero((going > 0.3) & bank.has_part.all(1)).flatten(),
        activity,
    )


def rows_of(bank: FeatureBank, clip: int) -> Tensor:
    """Return a clip's features (T, WIDTH)."""
    start, length = int(bank.starts[clip]), int(bank.lengths[clip])
    return bank.features[start : start + length]


def pick(count: int) -> int:
    """Return a random number below `count` (torch's global generator)."""
    return int(torch.randint(count, ()))


def chain(bank: FeatureBank, groups: Tensor) -> list[int]:
    """Draw two or three clips, each next one because it starts near the last pose.

    Args:
        bank: C clips.
        groups: (C,) clips with the same number are one recording: none follows itself.
    """
    count = len(bank.starts)
    begins = bank.features[bank.starts]
    clips = [pick(count)]
    wanted = 3 if float(torch.rand(())) < 0.3 else 2
    while len(clips) < wanted:
        others = torch.randint(count, (64,))
        others = others[groups[others] != groups[clips[-1]]]
        if len(others) == 0:  # a corpus of one recording
            break
        last = bank.features[bank.starts[clips[-1]] + bank.lengths[clips[-1]] - 1]
        distance = (begins[others] - last)[:, ROOT_WIDTH - 1 :].square().sum(1)
        clips.append(int(others[distance.argmin()]))
    return clips


def blend(first: Tensor, second: Tensor) -> Tensor:
    """Join features (T1, WIDTH) and (T2, WIDTH): the jump of the pose fades to both sides."""
    first, second = first.clone(), second.clone()
    jump = second[0] - first[-1]
    jump[: ROOT_WIDTH - 1] = 0.0  # speeds need no blending: they are integrated
    jump[CONTACTS] = 0.0
    for rows, sign in ((first.flip(0), 0.5), (second, -0.5)):
        reach = min(BLEND_FRAMES, len(rows))
        fade = torch.linspace(1, 0, reach + 1)[:-1].square()[:, None]
        rows[:reach] += sign * fade * jump
        if sign > 0:
            first = rows.flip(0)
    joined = torch.cat([first, second])
    for columns in (slice(ROOT_WIDTH, CONTACTS.start), slice(CONTACTS.stop, None)):
        six = joined[:, columns].unflatten(1, (-1, 6))
        joined[:, columns] = matrix_to_six(six_to_matrix(six)).flatten(1)
    return joined


@dataclass(frozen=True, slots=True)
class Joined:
    """Motion that nobody performed, with its prompt."""

    rows: Tensor
    """(T, WIDTH)."""

    caption: str


@dataclass(frozen=True, slots=True)
class Joiner:
    """Draws joined clips from a bank (torch's global generator)."""

    bank: FeatureBank
    captions: list[list[int]]
    """C times indices into the texts."""

    texts: list[str]
    groups: Tensor
    """(C,) clips with the same number are one recording."""

    donors: Donors

    def splice(self) -> Joined:
        """Put the busy arms of a standing clip on the legs of one that goes."""
        legs = int(self.donors.legs[pick(len(self.donors.legs))])
        arms = int(self.donors.arms[pick(len(self.donors.arms))])
        rows, donor = rows_of(self.bank, legs), rows_of(self.bank, arms)
        frames = min(len(rows), len(donor))
        rows, shift = rows[:frames].clone(), pick(len(donor) - frames + 1)
        for part in self.donors.moved(arms):
            columns = PART_SLICES[PARTS[part]]
            rows[:, columns] = donor[shift : shift + frames, columns]
        return Joined(
            rows, join_at_once(self._caption(legs), self._caption(arms), pick(AT_ONCE))
        )

    def stitch(self, longest: int) -> Joined:
        """Put clips one after another, two or three, at most `longest` frames if they can."""
        clips = chain(self.bank, self.groups)
        while int(self.bank.lengths[clips].sum()) > longest and len(clips) > 1:
            clips.pop()
        joined = rows_of(self.bank, clips[0])
        for clip in clips[1:]:
            joined = blend(joined, rows_of(self.bank, clip))
        return Joined(
            joined, join_in_order([self._caption(clip) for clip in clips], pick(IN_ORDER))
        )

    def _caption(self, clip: int) -> str:
        return self.texts[self.captions[clip][pick(len(self.captions[clip]))]]
