"""The clips that every row is measured on, and which caption each has in a repeat.

It knows no model and no evaluator.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...data.corpus import Corpus, CorpusClip, CorpusError, load_corpus, whole_body
from ...motion.clip import Clip


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Clips of a split, all body parts captured."""

    entries: tuple[CorpusClip, ...]
    split: str
    seed: int

    @property
    def clips(self) -> list[Clip]:
        """The motions."""
        return [entry.clip for entry in self.entries]

    @property
    def groups(self) -> list[str]:
        """The recording of each clip."""
        return [entry.group for entry in self.entries]

    @property
    def captions(self) -> list[tuple[str, ...]]:
        """All captions of each clip."""
        return [entry.captions for entry in self.entries]

    def prompts(self, repeat: int) -> list[str]:
        """Return one caption a clip, drawn anew for each repeat."""
        rng = np.random.default_rng((self.seed, repeat))
        return [own[int(rng.integers(len(own)))] for own in self.captions]

    def seed_of(self, repeat: int, clip: int) -> int:
        """Return the seed of a clip's take: another one for each clip and repeat."""
        return self.seed + repeat * len(self.entries) + clip

    def digest(self) -> str:
        """Return a hash of the clips' motion and captions."""
        found = hashlib.sha256(json.dumps([self.split, self.seed]).encode())
        for entry in self.entries:
            found.update(json.dumps([entry.id, entry.group, entry.captions]).encode())
            found.update(np.asarray(entry.clip.root_pos, np.float32).tobytes())
            found.update(np.asarray(entry.clip.rot, np.float32).tobytes())
        return found.hexdigest()


def read_split(folder: Path, split: str) -> Corpus:
    """Read the clips of a split of which every body part was captured.

    Raises:
        CorpusError: if the corpus cannot be read or has no such clip.
    """
    return choose_whole(load_corpus(folder), split, folder)


def choose_whole(corpus: Corpus, split: str, folder: Path) -> Corpus:
    """Return the clips of a split of which every body part was captured.

    Args:
        corpus: of any splits.
        split: the one to choose.
        folder: where the corpus lies.

    Raises:
        CorpusError: if there is no such clip.
    """
    whole = [entry for entry in whole_body(corpus).clips if entry.split == split]
    if not whole:
        raise CorpusError(
            f"The corpus {folder} has no clip of whole bodies in the split {split}; mark clips "
            f'with "split": "{split}" in its clips.jsonl, or choose another --split.'
        )
    return Corpus(tuple(whole))


def choose_evenly(corpus: Corpus, most: int | None) -> tuple[CorpusClip, ...]:
    """Return at most so many clips, evenly chosen; None takes all."""
    clips = corpus.clips
    if most is None or len(clips) <= most:
        return clips
    return tuple(clips[index * len(clips) // most] for index in range(most))
