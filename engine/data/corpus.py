"""Reads a folder of captioned clips: `motion.npz` and `clips.jsonl`.

The format is described in `docs/corpus.md`. It knows nothing about tokens.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..motion.clip import Clip
from ..motion.quaternions import normalize
from ..motion.skeleton import PARTS

ROTATION_SCALE = 32767.0
"""Rotations are stored as int16; this number is 1."""

SPLITS = ("train", "val", "test")

TRAINING_SPLITS = ("train", "val")
"""What a training reads: it learns from the first and is measured on the second."""

HELD_OUT_SPLITS = ("val", "test")
"""What reports measure on: settings are chosen on the first; the second is for last runs only."""


class CorpusError(ValueError):
    """The corpus cannot be read; the text names the file and the cure."""


@dataclass(frozen=True, slots=True)
class CorpusClip:
    """A clip with what is known about it."""

    id: str
    clip: Clip
    captions: tuple[str, ...]
    split: str
    group: str
    """Clips of one recording share it and are never split."""
    source: str
    licence: str
    parts: tuple[str, ...] = PARTS
    """The body parts that were really captured; the others teach nothing."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """All chosen clips of a folder."""

    clips: tuple[CorpusClip, ...]

    @property
    def minutes(self) -> float:
        """Length of all clips together."""
        return sum(entry.clip.duration_seconds for entry in self.clips) / 60.0


def whole_body(corpus: Corpus) -> Corpus:
    """Return the clips of which every body part was captured."""
    return Corpus(tuple(entry for entry in corpus.clips if set(entry.parts) == set(PARTS)))


def load_corpus(
    folder: Path, split: str | tuple[str, ...] = SPLITS, without: tuple[str, ...] = ()
) -> Corpus:
    """Read a corpus folder.

    Args:
        folder: holds `motion.npz` and `clips.jsonl`.
        split: one of SPLITS, or several.
        without: leave out clips whose source or licence contains one of these
            (case does not matter).

    Raises:
        CorpusError: if a file is missing or damaged, or nothing is left.
    """
    for name in ("motion.npz", "clips.jsonl"):
        if not (folder / name).is_file():
            raise CorpusError(
                f"{folder} holds no {name}; point --corpus at a corpus folder, or make one "
                "with: python -m engine corpus build"
            )
    with np.load(folder / "motion.npz", allow_pickle=False) as arrays:
        root_pos, rot = arrays["root_pos"], arrays["rot"]
    wanted = (split,) if isinstance(split, str) else split
    entries = []
    text = (folder / "clips.jsonl").read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            if _is_wanted(record, wanted, without):
                entries.append(_read_clip(record, root_pos, rot))
        except (KeyError, ValueError, TypeError) as error:
            raise CorpusError(f"clips.jsonl line {number} cannot be read: {error}") from error
    if not entries:
        left_out = f" without {', '.join(without)}" if without else ""
        raise CorpusError(
            f"{folder} has no clip of the split {' or '.join(wanted)}{left_out}; write "
            f"{wanted[0]} into the column split of captions.csv and build the corpus again, or "
            "leave fewer clips out."
        )
    return Corpus(tuple(entries))


def splits_of(folder: Path) -> tuple[str, ...]:
    """Return the splits of which a corpus folder has clips, in the order of SPLITS."""
    lines = (folder / "clips.jsonl").read_text(encoding="utf-8").splitlines()
    found = {json.loads(line)["split"] for line in lines if line.strip()}
    return tuple(split for split in SPLITS if split in found)


def _is_wanted(
    record: dict[str, Any], splits: tuple[str, ...], without: tuple[str, ...]
) -> bool:
    if record["split"] not in SPLITS:
        raise ValueError(f'the split "{record["split"]}" is none of {", ".join(SPLITS)}')
    origin = f"{record['source']} {record['licence']}".lower()
    return record["split"] in splits and not any(word.lower() in origin for word in without)


def _read_clip(
    record: dict[str, Any], root_pos: NDArray[np.float32], rot: NDArray[np.int16]
) -> CorpusClip:
    rows = slice(record["start"], record["start"] + record["frames"])
    clip = Clip(
        root_pos[rows].astype(float), normalize(rot[rows] / ROTATION_SCALE), record["fps"]
    )
    if clip.frames != record["frames"]:
        raise ValueError(f"motion.npz ends before the clip {record['id']}")
    return CorpusClip(
        id=record["id"],
        clip=clip,
        captions=tuple(record["captions"]),
        split=record["split"],
        group=record["group"],
        source=record["source"],
        licence=record["licence"],
        parts=tuple(record.get("parts", PARTS)),
    )
