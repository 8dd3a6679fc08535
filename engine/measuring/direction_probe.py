"""Does a text tower tell directions apart?

Each pair is a clip's caption and the one that says the opposite: the right one must lie nearer
to the motion. It trains nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import torch

from ..data.captioned_motion import CaptionedMotion, caption_rows, gather
from ..data.corpus import Corpus, CorpusError
from ..data.directions import directions, opposite
from ..data.tokens import TextBank, encode_texts
from ..text_encoder import TextEncoder
from ..transformers.text_tower import Towers

PROBE_PAIRS: Final = 100
PROBE_SEED: Final = 20240

OTHER: Final = {"left": "right", "forward": "back", "up": "down"}
"""The kinds of direction that are probed, each with its opposite, for people."""


@dataclass(frozen=True, slots=True)
class DirectionPair:
    """A held-out clip, its caption and the caption with one kind of direction exchanged."""

    clip: int
    right: int
    wrong: int
    """Rows of the texts."""

    kind: str


def find_pairs(
    data: CaptionedMotion, count: int = PROBE_PAIRS, seed: int = PROBE_SEED
) -> list[DirectionPair]:
    """Choose pairs at random, each kind of direction as often as there are clips for it."""
    index = {text: row for row, text in enumerate(data.texts.captions)}
    by_kind: dict[str, list[DirectionPair]] = {}
    order = torch.randperm(len(data.captions), generator=torch.Generator().manual_seed(seed))
    for clip in order.tolist():
        for kind in OTHER:
            rows = [r for r in data.captions[clip] if _is_clear(data.texts.captions[r], kind)]
            if rows:
                other = index[opposite(data.texts.captions[rows[0]], kind)]
                by_kind.setdefault(kind, []).append(DirectionPair(clip, rows[0], other, kind))
    found: list[DirectionPair] = []
    while len(found) < count and any(by_kind.values()):
        found += [pairs.pop() for pairs in by_kind.values() if pairs]
    return found[:count]


def _is_clear(caption: str, kind: str) -> bool:
    """Say whether the caption names one of the two directions, and its opposite another motion."""
    names_one = len(directions(caption).get(kind, ())) == 1
    return names_one and not _SAME_MOTION.search(caption)


_SAME_MOTION: Final = re.compile(r"\b(?:without|not|never|back(?:s|ing)? up|face (?:up|down))\b")
"""What is denied is as true of the opposite; "backs up" names no direction up."""


def right_of(towers: Towers, data: CaptionedMotion, pair: DirectionPair) -> bool:
    """Say whether the right caption of a pair lies nearer to the clip than the wrong one."""
    start, length = int(data.bank.starts[pair.clip]), int(data.bank.lengths[pair.clip])
    described = data.described[None, start : start + length]
    motion = towers.motion(described, torch.tensor([length]))
    near = towers.text(*caption_rows(data.texts, [pair.right, pair.wrong])) @ motion[0]
    return bool(near[0] > near[1])


def open_probe(corpus: Corpus, encoder: TextEncoder) -> CaptionedMotion:
    """Encode a split with the opposites of its captions behind them."""
    data = gather(corpus, encoder, is_mirrored=False)
    return data.with_texts(with_opposites(data.texts, encoder)[0])


def score_directions(towers: Towers, corpus: Corpus, encoder: TextEncoder) -> dict[str, Any]:
    """Return the share of right pairs, in all and of each kind, and the pairs that are wrong.

    Raises:
        CorpusError: if no caption names a direction.
    """
    data = open_probe(corpus, encoder)
    pairs = find_pairs(data)
    if not pairs:
        raise CorpusError("No caption of this split names a direction; choose another --split.")
    with torch.inference_mode():
        verdicts = [right_of(towers, data, pair) for pair in pairs]
    by_kind: dict[str, list[bool]] = {}
    for pair, is_right in zip(pairs, verdicts, strict=True):
        by_kind.setdefault(f"{pair.kind} or {OTHER[pair.kind]}", []).append(is_right)
    return {
        "pairs": len(pairs),
        "right": sum(verdicts) / len(verdicts),
        "right_by_kind": {kind: [sum(own), len(own)] for kind, own in by_kind.items()},
        "wrong": [
            [data.texts.captions[row] for row in (pair.right, pair.wrong)]
            for pair, is_right in zip(pairs, verdicts, strict=True)
            if not is_right
        ],
    }


def directions_table(scores: dict[str, Any]) -> str:
    """Return the scores as Markdown."""
    lines = ["| direction | right | pairs |", "|---|---|---|"]
    rows = {**scores["right_by_kind"], "all": [
        round(scores["right"] * scores["pairs"]), scores["pairs"]
    ]}  # fmt: skip
    lines += [
        f"| {kind} | {right / count:.0%} | {count} |" for kind, (right, count) in rows.items()
    ]
    wrong = "; ".join(f"{right} / {other}" for right, other in scores["wrong"]) or "none"
    return "\n".join([*lines, "", f"The other one was nearer: {wrong}."])


def with_opposites(texts: TextBank, encoder: TextEncoder) -> tuple[TextBank, dict[int, list[int]]]:
    """Return the texts with all opposites behind them, and which row has which opposites."""
    index = {text: row for row, text in enumerate(texts.captions)}
    found: dict[int, list[int]] = {}
    fresh: list[str] = []
    for row, caption in enumerate(texts.captions):
        for kind in directions(caption):
            other = opposite(caption, kind)
            if other not in index:
                index[other] = len(texts.captions) + len(fresh)
                fresh.append(other)
            found.setdefault(row, []).append(index[other])
    added = encode_texts(fresh, encoder)
    whole = TextBank(
        [*texts.captions, *fresh],
        torch.cat([texts.sentence, added.sentence]),
        [*texts.words, *added.words],
    )
    return whole, found
