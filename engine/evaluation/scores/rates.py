"""How good the frozen checks are: how often chance passes them, how often real clips do.

It knows no model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final

from ..checks import arms as arm_checks
from ..checks import body as body_checks
from ..checks import captioned as shown
from ..checks import measures
from ..checks import table as checks
from ..checks.measures import Body
from ..checks.table import passes
from . import prompts
from .library import RealClip, find_captioned, of_about_length, splice_arms
from .prompts import PAIRS, SINGLES, Prompt

MOST_CHANCE: Final = 0.20
"""A check counts if at most this share of all clips of about that length passes it."""

LEAST_REAL: Final = 0.70
"""A check counts if at least this share of the real clips captioned so passes it."""

FEWEST_REAL: Final = 4
"""Fewer real clips measure nothing."""

SPLICED_OF_EACH: Final = 10
"""At most so many clips lend their legs, and so many their arms, to judge one pair."""

SHORTEST_LEGS_SECONDS: Final = 1.3
"""Shorter clips lend no legs: a wave or a clap takes about so long."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What was measured of one prompt's check."""

    prompt: Prompt
    clips: int
    """Corpus clips of about the prompt's length."""

    chance: float
    """Share of them that passes, 0 to 1."""

    real_clips: int
    """Clips captioned so; for pairs, spliced ones."""

    mirrored: int
    """How many of `real_clips` (or of their arms and legs) were mirrored for their side."""

    real: float
    """Share of them that passes."""

    @property
    def is_usable(self) -> bool:
        """Whether the check may be counted."""
        return (
            self.chance <= MOST_CHANCE
            and self.real >= LEAST_REAL
            and self.real_clips >= FEWEST_REAL
        )


def frozen_digest() -> str:
    """Return the SHA-256 of the files that make up the frozen set, line ends aside."""
    digest = hashlib.sha256()
    for module in (prompts, shown, checks, body_checks, arm_checks, measures):
        digest.update(Path(str(module.__file__)).read_text(encoding="utf-8").encode())
    return digest.hexdigest()


def rate_prompt(prompt: Prompt, clips: tuple[RealClip, ...]) -> Rate:
    """Measure one prompt's check on the whole corpus (train and val)."""
    near = of_about_length(clips, prompt.seconds)
    if prompt.is_pair:
        bodies, mirrored = _spliced(prompt, clips)
    else:
        found = list(find_captioned(clips, prompt.checks[0]))
        bodies = [clip.body.mirrored() if flip else clip.body for clip, flip in found]
        mirrored = sum(flip for _, flip in found)
    return Rate(
        prompt,
        clips=len(near),
        chance=_share(prompt, (clip.body for clip in near)),
        real_clips=len(bodies),
        mirrored=mirrored,
        real=_share(prompt, bodies),
    )


def _spliced(pair: Prompt, clips: tuple[RealClip, ...]) -> tuple[list[Body], int]:
    legs = [
        (clip, flip)
        for clip, flip in find_captioned(clips, pair.checks[0])
        if clip.is_whole and clip.body.seconds >= SHORTEST_LEGS_SECONDS
    ]
    arms = list(find_captioned(clips, pair.checks[1]))
    bodies, mirrored = [], 0
    for (leg, leg_flip), (arm, arm_flip) in product(_spread(legs), _spread(arms)):
        lower = leg.entry.clip.mirrored() if leg_flip else leg.entry.clip
        upper = arm.entry.clip.mirrored() if arm_flip else arm.entry.clip
        bodies.append(Body.from_clip(splice_arms(lower, upper)))
        mirrored += leg_flip or arm_flip
    return bodies, mirrored


def _spread(found: list[tuple[RealClip, bool]]) -> list[tuple[RealClip, bool]]:
    """Thin a long list evenly."""
    step = max(1.0, len(found) / SPLICED_OF_EACH)
    return [found[int(index * step)] for index in range(min(len(found), SPLICED_OF_EACH))]


def _share(prompt: Prompt, bodies: Iterable[Body]) -> float:
    verdicts = [passes(prompt.checks, body) for body in bodies]
    return sum(verdicts) / max(1, len(verdicts))


def rates_table(rates: list[Rate]) -> str:
    """Return the rates as a Markdown table."""
    lines = [
        "| prompt | checks | s | chance | of clips | real | of clips (mirrored) | counts |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {rate.prompt.text} | {' + '.join(rate.prompt.checks)} | {rate.prompt.seconds:g} "
        f"| {rate.chance:.1%} | {rate.clips} | {rate.real:.0%} "
        f"| {rate.real_clips} ({rate.mirrored}) | {'yes' if rate.is_usable else 'NO'} |"
        for rate in rates
    ]
    return "\n".join(lines)


def rate_all(clips: tuple[RealClip, ...]) -> list[Rate]:
    """Measure all 40 + 15 prompts."""
    return [rate_prompt(prompt, clips) for prompt in (*SINGLES, *PAIRS)]
