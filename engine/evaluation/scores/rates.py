"""How good the prompts' checks are: how often chance passes them, how often real clips do.

It knows no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ..checks.measures import Body
from ..checks.wider_table import WIDER_CHECKS
from ..prompts.prompt import Kind, Prompt, checks_told
from .library import RealClip, of_about_length
from .positives import find_positives, join_captioned, joined_for, thin_out

MOST_CHANCE: Final = 0.20
"""A check counts if at most this share of all clips of about that length passes it."""

LEAST_REAL: Final = 0.70
"""A check counts if at least this share of the real clips captioned so passes it."""

FEWEST_REAL: Final = 4
"""Fewer real clips measure nothing."""

SEQUENCE_THINNING: Final = 4
"""One of so many clips, evenly chosen, judges how chance passes a sequence: each is cut on
trial many times."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What was measured of one prompt's check."""

    prompt: Prompt
    clips: int
    """Corpus clips of about the prompt's length that were judged."""

    chance: float
    """Share of them that passes, 0 to 1."""

    real_clips: int
    """Clips captioned so; for pairs spliced, for sequences joined ones."""

    mirrored: int
    """How many of `real_clips` (or of their parts) were mirrored for their side."""

    real: float
    """Share of them that passes."""

    reverse: float | None = None
    """Of a sequence: share that passes of clips joined in the reverse order."""

    @property
    def is_usable(self) -> bool:
        """Whether the check may be counted."""
        return (
            self.chance <= MOST_CHANCE
            and self.real >= LEAST_REAL
            and self.real_clips >= FEWEST_REAL
            and (self.reverse is None or self.reverse <= MOST_CHANCE)
        )


class Rater:
    """Rates prompts on clips; each named check is tried on each clip once."""

    def __init__(
        self, clips: tuple[RealClip, ...], near: int | None = None, built: int | None = None
    ) -> None:
        """Remember the clips.

        Args:
            clips: the clips that may be known: train and val.
            near: judge chance by at most so many clips of the length, evenly chosen; None: all.
            built: judge by about so many spliced or joined bodies; None: as many as
                `positives` says.
        """
        self._clips, self._near, self._built = clips, near, built
        self._verdicts: dict[tuple[str, RealClip], bool] = {}
        self._rates: dict[tuple[Kind, tuple[str, ...], float], Rate] = {}

    def rate(self, prompt: Prompt) -> Rate:
        """Measure one prompt's check; prompts that differ in words alone are measured once."""
        key = (prompt.kind, prompt.checks, prompt.seconds)
        if key not in self._rates:
            self._rates[key] = self._measure(prompt)
        return replace(self._rates[key], prompt=prompt)

    def _measure(self, prompt: Prompt) -> Rate:
        near: Sequence[RealClip] = of_about_length(self._clips, prompt.seconds)
        most = min(len(near), self._near or len(near))
        near = thin_out(near, most // (SEQUENCE_THINNING if prompt.kind == "sequence" else 1) or 1)
        positives = find_positives(prompt, self._clips, self._built)
        return Rate(
            prompt,
            clips=len(near),
            chance=_share([self._passes(prompt, clip) for clip in near]),
            real_clips=len(positives.bodies),
            mirrored=positives.mirrored,
            real=_pass_rate(prompt, positives.bodies),
            reverse=self._reverse(prompt),
        )

    def _reverse(self, prompt: Prompt) -> float | None:
        if prompt.kind != "sequence":
            return None
        most = self._built or joined_for(prompt)
        joined = join_captioned(prompt.checks[::-1], self._clips, most)
        return _pass_rate(prompt, joined.bodies)

    def _passes(self, prompt: Prompt, clip: RealClip) -> bool:
        if prompt.kind == "sequence":
            return prompt.is_followed_by(clip.body)
        return all(self._verdict(name, clip) for name in prompt.checks)

    def _verdict(self, name: str, clip: RealClip) -> bool:
        if (name, clip) not in self._verdicts:
            self._verdicts[name, clip] = WIDER_CHECKS[name](clip.body)
        return self._verdicts[name, clip]


def _pass_rate(prompt: Prompt, bodies: Sequence[Body]) -> float:
    return _share([prompt.is_followed_by(body) for body in bodies])


def _share(verdicts: Sequence[bool]) -> float:
    return sum(verdicts) / max(1, len(verdicts))


def rates_table(rates: Sequence[Rate]) -> str:
    """Return the rates as a Markdown table."""
    lines = [
        "| prompt | checks | s | chance | of clips "
        "| real | of clips (mirrored) | reverse | counts |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {rate.prompt.text} | {checks_told(rate.prompt.kind, rate.prompt.checks)} "
        f"| {rate.prompt.seconds:g} "
        f"| {rate.chance:.1%} | {rate.clips} | {rate.real:.0%} "
        f"| {rate.real_clips} ({rate.mirrored}) "
        f"| {'' if rate.reverse is None else f'{rate.reverse:.0%}'} "
        f"| {'yes' if rate.is_usable else 'NO'} |"
        for rate in rates
    ]
    return "\n".join(lines)
