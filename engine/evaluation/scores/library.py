"""Real clips, measured once: found by caption, mirrored, spliced.

It knows no prompt and no model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...data.corpus import Corpus, CorpusClip
from ...motion.clip import Clip
from ...motion.skeleton import JOINT_INDEX, PART_JOINTS, PARTS
from ...planning.wording import mirror_words
from ..checks.captioned_asked import WIDER_SHOWN
from ..checks.measures import Body
from ..checks.shown import Shown


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


def is_shown(action: Shown, captions: tuple[str, ...]) -> bool:
    """Return whether a caption matches `real` and none matches `unless` ("" matches nothing)."""
    return any(re.search(action.real, caption) for caption in captions) and not (
        action.unless and any(re.search(action.unless, caption) for caption in captions)
    )


def find_captioned(clips: tuple[RealClip, ...], check: str) -> Iterator[tuple[RealClip, bool]]:
    """Yield the clips captioned as showing a check's action, and whether mirrored they do.

    Where the captions name the action's side, a clip whose mirrored captions tell of
    it counts too.
    """
    action = WIDER_SHOWN[check]
    is_sided = check.endswith(("_left", "_right")) and re.search("left|right", action.real)
    for clip in clips:
        if is_shown(action, clip.entry.captions):
            yield clip, False
        if is_sided:
            swapped = tuple(mirror_words(caption) for caption in clip.entry.captions)
            if is_shown(action, swapped):
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

    Longer arms lend the stretch in which the hands are highest, where their
    action is; shorter ones go to and fro until the legs end.
    """
    order = np.arange(arms.frames)
    if arms.frames > legs.frames:
        order = order[_highest_stretch(arms, legs.frames) :]
    elif arms.frames < legs.frames:
        there_and_back = np.concatenate([order, order[::-1]])
        order = np.tile(there_and_back, legs.frames // len(there_and_back) + 1)
    joints = [*PART_JOINTS["LEFT_ARM"], *PART_JOINTS["RIGHT_ARM"]]
    rot = np.array(legs.rot, dtype=float)
    rot[:, joints] = arms.rot[order[: legs.frames]][:, joints]
    return Clip(legs.root_pos, rot, legs.fps)


def _highest_stretch(clip: Clip, frames: int) -> int:
    """Return the first of the `frames` frames in which the two wrists are highest on average."""
    wrists = clip.joints()[:, [JOINT_INDEX["left_wrist"], JOINT_INDEX["right_wrist"]], 1]
    total = np.concatenate([[0.0], np.cumsum(wrists.sum(axis=1))])
    return int(np.argmax(total[frames:] - total[:-frames]))
