"""Which recordings are learnt from, which choose settings, and which only the last report sees.

Recordings are groups; those that are nearly the same motion go together. It measures no
motion: what is nearly the same comes in as pairs.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from .corpus import SPLITS

HELD_OUT_SHARE: Final = 0.1
"""About this share of the recordings goes to val, and as many to test."""

MOST_TOLD: Final = 3
"""Pairs torn apart by the table that are told by name."""

_PURPOSE: Final = {
    "train": "nothing can be learnt",
    "val": "training cannot be watched, and it needs clips of val",
    "test": "no report can be made on recordings that chose nothing",
}


def gather(groups: Iterable[str], pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return for each group the name of its bundle: groups that pairs link, however indirectly.

    A bundle is called as its alphabetically first group.
    """
    parent = {group: group for group in groups}

    def root(group: str) -> str:
        while parent[group] != group:
            group = parent[group]
        return group

    for first, second in pairs:
        low, high = sorted((root(first), root(second)))
        parent[high] = low
    return {group: root(group) for group in parent}


def choose_splits(asked: Mapping[str, str], bundles: Mapping[str, str]) -> dict[str, str]:
    """Return the split of every group.

    What the table asks for holds, and groups of the same bundle follow it. Other bundles are
    spread by their names alone, so that a corpus that grows keeps its held-out clips; those of
    more than HELD_OUT_SHARE of the groups are learnt from. Where that leaves a split empty, it
    gets a bundle, the smallest with the lowest hash: train first, then val, then test.

    Args:
        asked: by group, one of SPLITS or empty.
        bundles: by group, as `gather` returns them.
    """
    size = Counter(bundles.values())
    wish: dict[str, str] = {}
    for group in sorted(asked):
        if asked[group]:
            wish.setdefault(bundles[group], asked[group])
    free = sorted(set(bundles.values()) - set(wish), key=lambda name: (size[name], _hash(name)))
    most = max(1.0, HELD_OUT_SHARE * len(bundles))
    chosen = wish | {name: _by_hash(name) if size[name] <= most else "train" for name in free}
    for split in SPLITS:
        _fill(split, chosen, free)
    return {group: asked[group] or chosen[bundles[group]] for group in asked}


def _by_hash(name: str) -> str:
    share = _hash(name)
    if share < HELD_OUT_SHARE:
        return "val"
    return "test" if share < 2 * HELD_OUT_SHARE else "train"


def _hash(name: str) -> float:
    """Return a number in [0, 1) that hangs on the name alone."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") / 2.0**64


def _fill(split: str, chosen: dict[str, str], free: list[str]) -> None:
    """Give an empty split one of the free bundles that another split can spare."""
    counts = Counter(chosen.values())
    if split in counts:
        return
    later = SPLITS[SPLITS.index(split) + 1 :]
    spare = [name for name in free if counts[chosen[name]] > 1 or chosen[name] in later]
    if spare:
        chosen[spare[-1 if split == "train" else 0]] = split


def warnings(chosen: Mapping[str, str], pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Return what is wrong with the splits, a sentence each: pairs torn apart, empty splits."""
    torn = [pair for pair in pairs if chosen[pair[0]] != chosen[pair[1]]]
    told = [
        f'"{first}" and "{second}" are nearly the same motion, but the table puts them into '
        f"{chosen[first]} and {chosen[second]}: what is measured on the latter flatters. Give "
        "both the same split."
        for first, second in torn[:MOST_TOLD]
    ]
    if len(torn) > MOST_TOLD:
        told.append(f"So are {len(torn) - MOST_TOLD} more pairs.")
    return told + [
        f"No recording is left for {split}: {_PURPOSE[split]}. Add one that differs from the "
        "others, or give some spans their own group and split in captions.csv."
        for split in SPLITS
        if split not in chosen.values()
    ]
