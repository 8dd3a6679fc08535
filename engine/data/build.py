"""Makes a corpus folder of a user's own BVH files and a table of captions.

`python -m engine corpus build --bvh DIR --captions captions.csv --out DIR`. The
folder has the format that `corpus` reads. Mirroring is left to the loader.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ..motion.clip import Clip
from ..motion.files.bvh import BvhError
from ..motion.request import RequestError
from ..motion.skeleton import FPS
from .bvh_clips import at_origin, bvh_to_clip
from .captions import Segment, read_captions
from .corpus import ROTATION_SCALE, SPLITS, CorpusClip, CorpusError
from .near_duplicates import find_near_duplicates
from .splitting import choose_splits, gather, warnings

_T = TypeVar("_T")

LONGEST_SECONDS = 10.0
"""Longer spans are cut into equal pieces of at most this."""

SHORTEST_SECONDS = 0.5

_BAR_AFTER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What became of the files."""

    clips: tuple[CorpusClip, ...]
    skipped: tuple[str, ...]
    """A sentence for each file, span or table row that was left out."""
    warnings: tuple[str, ...] = ()
    """A sentence for each thing that is wrong with the splits."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run `corpus build`; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m engine corpus build", description=__doc__)
    parser.add_argument("--bvh", type=Path, required=True, help="folder of BVH files")
    parser.add_argument("--captions", type=Path, required=True, help="table: file,caption,...")
    parser.add_argument("--out", type=Path, required=True, help="new folder for the corpus")
    arguments = list(sys.argv[1:] if argv is None else argv)
    options = parser.parse_args(arguments[1:] if arguments[:1] == ["build"] else arguments)
    try:
        check_output(options.out)
        result = build_corpus(options.bvh, options.captions)
        for sentence in result.skipped:
            sys.stdout.write(f"skipped: {sentence}\n")
        for sentence in result.warnings:
            sys.stdout.write(f"{sentence}\n")
        write_corpus(result.clips, options.out)
    except CorpusError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{options.out} cannot be written ({error.strerror}); nothing was kept\n")
        return 1
    minutes = sum(entry.clip.duration_seconds for entry in result.clips) / 60.0
    counts = [sum(entry.split == split for entry in result.clips) for split in SPLITS]
    sys.stdout.write(
        f"{options.out}: {len(result.clips)} clips, {minutes:.1f} minutes, "
        f"{counts[0]} in train, {counts[1]} in val, {counts[2]} in test\n"
    )
    return 0


def build_corpus(bvh: Path, captions: Path) -> BuildResult:
    """Read, retarget and cut all motions that the table names.

    Raises:
        CorpusError: if the folder or the table cannot be used, or nothing is left.
    """
    files = _find_files(bvh)
    segments, problems = read_captions(captions)
    _check_groups(segments)
    skipped = list(problems)
    clips: list[CorpusClip] = []
    by_file: dict[str, list[Segment]] = {}
    for segment in segments:
        by_file.setdefault(segment.file.lower(), []).append(segment)
    for name, members in _with_bar(by_file.items(), len(by_file), "files"):
        try:
            whole = _read_named(files, name, members[0].file, bvh)
        except RequestError as error:
            skipped.append(str(error))
            continue
        for segment in members:
            pieces = cut_segment(whole, segment)
            clips += _name_pieces(pieces, segment, bvh.name)
            if not pieces:
                skipped.append(
                    f"{segment.file}.bvh from {segment.start:g} s is shorter than half a second"
                )
    skipped += [
        f"{path.name} has no caption" for name, path in files.items() if name not in by_file
    ]
    if not clips:
        raise CorpusError(
            f"no clip could be made of {bvh}: " + "; ".join(skipped[:3] or ["no captions"])
        )
    clips, told = _assign_splits(clips)
    return BuildResult(_with_unique_ids(clips), tuple(skipped), told)


def _read_named(files: dict[str, Path], name: str, spoken: str, folder: Path) -> Clip:
    if name not in files:
        raise RequestError(f"{spoken}.bvh is not in {folder}.", "Check the column file.")
    try:
        return bvh_to_clip(files[name])
    except BvhError:
        raise
    except RequestError as error:
        raise RequestError(f"{spoken}.bvh: {error.message}", error.remedy) from error


def _find_files(folder: Path) -> dict[str, Path]:
    """Return the BVH files below a folder by their path in it, lower case, without the ending."""
    if not folder.is_dir():
        raise CorpusError(f"{folder} is no folder; check --bvh")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".bvh")
    if not paths:
        raise CorpusError(f"{folder} holds no .bvh files; check --bvh")
    return {path.relative_to(folder).with_suffix("").as_posix().lower(): path for path in paths}


def _check_groups(segments: Sequence[Segment]) -> None:
    """Raise CorpusError if the table puts one group into two splits."""
    asked: dict[str, str] = {}
    for segment in segments:
        if segment.split and asked.setdefault(segment.group, segment.split) != segment.split:
            raise CorpusError(
                f'the group "{segment.group}" is in two splits; give all its rows the same split'
            )


def _assign_splits(clips: Sequence[CorpusClip]) -> tuple[list[CorpusClip], tuple[str, ...]]:
    """Give every clip a split, and say what is wrong with the splits.

    Clips of a group share it, and so do groups that are nearly the same motion.
    """
    asked: dict[str, str] = {}
    for entry in clips:
        asked[entry.group] = entry.split or asked.get(entry.group, "")
    found = find_near_duplicates(
        clips, lambda every: _with_bar(every, len(every), "clips compared")
    )
    pairs = [(each.first, each.second) for each in found]
    chosen = choose_splits(asked, gather(asked, pairs))
    placed = [replace(entry, split=chosen[entry.group]) for entry in clips]
    return placed, tuple(warnings(chosen, pairs))


def cut_segment(whole: Clip, segment: Segment) -> list[Clip]:
    """Cut a span out of a clip, in equal pieces of at most ten seconds, each at the origin."""
    first = round(segment.start * FPS)
    last = whole.frames if segment.end is None else min(round(segment.end * FPS), whole.frames)
    frames = last - first
    if frames < SHORTEST_SECONDS * FPS:
        return []
    count = -(-frames // round(LONGEST_SECONDS * FPS))
    edges = np.linspace(first, last, count + 1).round().astype(int)
    return [
        at_origin(whole.cut(int(start), int(end)))
        for start, end in zip(edges, edges[1:], strict=False)
    ]


def _name_pieces(pieces: list[Clip], segment: Segment, folder: str) -> list[CorpusClip]:
    name = segment.file.replace("/", "_").replace(" ", "_")
    return [
        CorpusClip(
            id=name if len(pieces) == 1 else f"{name}_s{number:02d}",
            clip=piece,
            captions=segment.captions,
            split=segment.split,
            group=segment.group,
            source=f"{folder}/{segment.file}.bvh",
            licence=segment.licence,
        )
        for number, piece in enumerate(pieces, 1)
    ]


def _with_unique_ids(clips: Iterable[CorpusClip]) -> tuple[CorpusClip, ...]:
    taken: set[str] = set()
    unique = []
    for entry in clips:
        name, number = entry.id, 1
        while name in taken:
            number += 1
            name = f"{entry.id}_{number}"
        taken.add(name)
        unique.append(replace(entry, id=name))
    return tuple(unique)


def check_output(folder: Path) -> None:
    """Refuse a folder that holds something already.

    Raises:
        CorpusError: with the cure.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CorpusError(f"{folder} exists already; choose a new folder with --out")


def write_corpus(clips: Sequence[CorpusClip], folder: Path) -> None:
    """Write `motion.npz` and `clips.jsonl`, whole or not at all.

    Raises:
        CorpusError: if the folder holds something already.
        OSError: if it cannot be written.
    """
    check_output(folder)
    partial = folder.with_name(folder.name + ".part")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        root_pos = np.concatenate([entry.clip.root_pos for entry in clips])
        rot = np.concatenate([entry.clip.rot for entry in clips])
        np.savez_compressed(
            partial / "motion.npz",
            root_pos=root_pos.astype(np.float32),
            rot=np.round(rot * ROTATION_SCALE).astype(np.int16),
        )
        lines = [json.dumps(record, ensure_ascii=False) for record in _records(clips)]
        (partial / "clips.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        if folder.exists():
            folder.rmdir()
        partial.replace(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _records(clips: Sequence[CorpusClip]) -> list[dict[str, Any]]:
    start = 0
    records = []
    for entry in clips:
        records.append(
            {
                "id": entry.id,
                "start": start,
                "frames": entry.clip.frames,
                "fps": FPS,
                "split": entry.split,
                "group": entry.group,
                "source": entry.source,
                "licence": entry.licence,
                "label": entry.id,
                "captions": list(entry.captions),
            }
        )
        start += entry.clip.frames
    return records


def _with_bar(items: Iterable[_T], total: int, what: str) -> Iterator[_T]:
    """Yield the items; draw a bar on stderr once it has taken over two seconds."""
    started = time.monotonic()
    is_drawn = False
    for done, item in enumerate(items):
        if time.monotonic() - started > _BAR_AFTER_SECONDS:
            is_drawn = True
            filled = 30 * done // max(total, 1)
            sys.stderr.write(f"\r[{'#' * filled}{'.' * (30 - filled)}] {done}/{total} {what}")
            sys.stderr.flush()
        yield item
    if is_drawn:
        sys.stderr.write(f"\r[{'#' * 30}] {total}/{total} {what}\n")
