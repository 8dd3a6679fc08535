"""Real clips, measured once: found by caption, mirrored, spliced.

It knows no prompt and no model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..data.corpus import Corpus, CorpusClip
from ..motion.clip import Clip
from ..motion.skeleton import PART_JOINTS, PARTS
from ..wording import mirror_words
from .measures import Body

_SIDED = re.compile(r"left|right")


@dataclass(frozen=True, slots=True, eq=False)
class RealClip:
    """A corpus clip and its joints."""

    entry: CorpusClip
    body: Body

    @property
    def is_whole(self) -> bool:
        """Whether every body part was captured."""
        return set(self.entry.parts) == set(PARTS)


def measure_corpus(corpus: Corpus) -> tuple[RealClip, ...]:
    """Compute the joints of every clip once (about 10 s for two hours of motion)."""
    return tuple(RealClip(entry, Body.from_clip(entry.clip)) for entry in corpus.clips)


def shows(captions: tuple[str, ...], real: str, unless: str) -> bool:
    """Return whether a caption matches `real` and none matches `unless` ("" matches nothing)."""
    return any(re.search(real, caption) for caption in captions) and not (
        unless and any(re.search(unless, caption) for caption in captions)
    )


def find_captioned(
    clips: tuple[RealClip, ...], real: str, unless: str = ""
) -> Iterator[tuple[RealClip, bool]]:
    """Yield the clips that are captioned so, and whether each has to be mirrored for it.

    Where `real` names a side, a clip whose mirrored captions match counts too, mirrored.
    """
    for clip in clips:
        if shows(clip.entry.captions, real, unless):
            yield clip, False
        if _SIDED.search(real):
            swapped = tuple(mirror_words(caption) for caption in clip.entry.captions)
            if shows(swapped, real, unless):
                yield clip, True


def of_about_length(
    clips: tuple[RealClip, ...], seconds: float, factor: float = 1.5
) -> tuple[RealClip, ...]:
    """Return the clips from `seconds` / `factor` to `seconds` * `factor` long."""
    return tuple(
        clip for clip in clips if seconds / factor <= clip.body.seconds <= seconds * factor
    )


def splice_arms(legs: Clip, arms: Clip) -> Clip:
    """Return the clip `legs` with the arms' rotations of the clip `arms`.

    Longer arms lend their middle; shorter ones go to and fro until the legs end.
    """
    order = np.arange(arms.frames)
    if arms.frames >= legs.frames:
        order = order[(arms.frames - legs.frames) // 2 :]
    else:
        there_and_back = np.concatenate([order, order[::-1]])
        order = np.tile(there_and_back, legs.frames // len(there_and_back) + 1)
    joints = [*PART_JOINTS["LEFT_ARM"], *PART_JOINTS["RIGHT_ARM"]]
    rot = np.array(legs.rot, dtype=float)
    rot[:, joints] = arms.rot[order[: legs.frames]][:, joints]
    return Clip(legs.root_pos, rot, legs.fps)
