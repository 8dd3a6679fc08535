"""Takes of a plan: laid out, judged, filled where no track lies, and finished."""

from __future__ import annotations

from collections.abc import Generator as Steps
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np
import torch
from torch import Tensor

from ...features import features_to_clip
from ...motion.clip import Array
from ...motion.request import MOST_TAKES, Progress
from ...motion.skeleton import FRAMES_PER_STEP, PARTS
from ...retrieval.acts import Act, Laid
from ...retrieval.clip_index import ClipIndex
from ...retrieval.facts import measure_facts
from ...retrieval.judging import shortcoming
from ...retrieval.performing import PACES, Performer
from ...retrieval.planner import Planner
from ...retrieval.planting import Planting
from ..contract import Canvas, Made, Stopwatch
from ..finishing import finish, finish_takes
from .holding import finished_features
from .system import GridSystem, Sampling

MOST_JUDGED: Final = 16
"""Takes that are laid out at most to find those that show what is asked for."""

MOST_WRONG: Final = 12
"""The same where not one of them does: then it is the memory that has no better."""

FLAWLESS: Final = 0.1
"""Shortcoming up to which a take counts as right."""

LEAST_APART: Final = 0.015
"""Metres, all joints and frames on average, by which takes of two seeds differ at least."""


@dataclass(frozen=True, slots=True)
class _Trial:
    """A take that was laid out, and what it looks like."""

    laid: Laid
    joints: Array
    """(T, 22, 3) metres, from where it begins."""

    shortcoming: float

    def is_new(self, others: Sequence[_Trial]) -> bool:
        """Say whether it differs from others in what is seen of it."""
        return all(
            np.linalg.norm(self.joints - other.joints, axis=-1).mean() >= LEAST_APART
            for other in others
        )


class _Trials:
    """The takes that were laid out so far."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.right: list[_Trial] = []
        self.wrong: list[_Trial] = []
        self.later: list[_Trial] = []
        self.judged = 0

    @property
    def is_settled(self) -> bool:
        """Whether it is time to be content with wrong ones: later where some are right."""
        return self.judged >= (MOST_JUDGED if self.right else MOST_WRONG)

    @property
    def are_enough(self) -> bool:
        """Whether there are as many as are wanted: right ones, or any where that is settled."""
        return len(self.right if not self.is_settled else self.all) >= self.wanted

    @property
    def all(self) -> list[_Trial]:
        """The right ones as they came, the others with the least wrong first, what came later."""
        found = list(self.right)
        for trial in [*sorted(self.wrong, key=lambda each: each.shortcoming), *self.later]:
            found += [trial] if trial.is_new(found) else []
        return found

    @property
    def kept(self) -> list[_Trial]:
        """What there is, in no order that is shown."""
        return [*self.right, *self.wrong, *self.later]

    def is_like_one(self, laid: Laid) -> bool:
        """Say whether a take has the codes of one that is there already."""
        return not all(laid.differs_from(trial.laid) for trial in self.kept)

    def add(self, trial: _Trial) -> bool:
        """Keep a take if it is another motion than those that are there; say if it is right."""
        is_right = trial.shortcoming <= FLAWLESS
        # What comes when it is settled changes nothing before it, right or not.
        kept = self.later if self.is_settled else self.right if is_right else self.wrong
        others = self.right if kept is self.right else self.kept
        if trial.is_new(others):
            kept.append(trial)
        self.judged += 1
        return is_right


@dataclass(frozen=True, slots=True)
class Planned:
    """Makes the takes of a canvas with tracks."""

    system: GridSystem
    planner: Planner
    performer: Performer

    def fill(self, canvas: Canvas, watch: Stopwatch) -> Steps[Progress, None, Made]:
        """Lay the tracks of a new take into the grid, and fill the joins between them."""
        yield Progress(0, 1, "Choosing the motion")
        steps = -(-canvas.clip.frames // FRAMES_PER_STEP)
        with watch.measure("choosing"):
            acts = self.planner.acts(canvas.tracks, steps)
            ranks = [seed % MOST_TAKES for seed in canvas.seeds]
            laid = yield from self._laid(acts, steps, max(ranks) + 1)
        own = [laid[rank % len(laid)] for rank in ranks]
        plantings = tuple(Planting((), one.codes, one.cells) for one in own)
        generators = [torch.Generator().manual_seed(seed) for seed in canvas.seeds]
        recalled = self.system.recall("", canvas.text, steps)
        mask = torch.ones(steps, len(PARTS), dtype=torch.bool)
        sampling = Sampling(generators, 1, 0.0, plantings)
        filled = yield from self.system.fill(
            torch.zeros_like(own[0].codes), mask, recalled, sampling, watch
        )
        assert filled.codes is not None
        codes = torch.stack([one.led(each) for one, each in zip(own, filled.codes, strict=True)])
        before = yield from self.system.decode(codes, watch)
        with watch.measure("holding"):
            idle = self._idle()
            features = [
                finished_features(pair, one, idle)
                for one, *pair in zip(own, before.cpu(), filled.features.cpu(), strict=True)
            ]
        return (yield from finish_takes(features, partial(finish, canvas), watch))

    def _laid(
        self, acts: Sequence[Act], steps: int, wanted: int
    ) -> Steps[Progress, None, list[Laid]]:
        """Return at least `wanted` takes, if there are so many: right ones first, as they come.

        Later turns go on with the casts that were right; casts that are not as good come when
        those are used up. How many are wanted changes none of the takes: a seed is the same
        motion in every request.
        """
        trials = _Trials(wanted)
        for group in self.performer.casts(acts):
            casts = group
            for turn in range(len(PACES)):
                kept = list(casts)
                for cast in casts:
                    yield Progress(len(trials.right), wanted, "Choosing the motion")
                    laid = self.performer.lay(
                        acts, replace(cast, turn=turn), steps, self.system.retime
                    )
                    if trials.is_like_one(laid):
                        continue
                    if not trials.add(self._tried(acts, laid)):
                        kept.remove(cast)
                    if trials.are_enough:
                        return [trial.laid for trial in trials.all]
                casts = kept or casts
        return [trial.laid for trial in trials.all]

    @torch.inference_mode()
    def _tried(self, acts: Sequence[Act], laid: Laid) -> _Trial:
        """Decode a take and judge it; what the transformer has to fill is taken as it comes."""
        codes = torch.stack([laid.led(laid.codes), laid.codes]).to(self.system.device)
        decoded = [*self.system.tokenizer.decode(codes).cpu()]
        clip = features_to_clip(finished_features(decoded, laid, self._idle()))
        judges = is_judged(self.performer.index, laid)
        missing = shortcoming(acts, measure_facts(clip)) if judges else 0.0
        return _Trial(laid, clip.joints(), missing)

    def _idle(self) -> Tensor | None:
        if self.performer.idle is None:
            self.performer.idle = self.system.decode_idle()
        return self.performer.idle


def is_judged(index: ClipIndex, laid: Laid) -> bool:
    """Say whether a take is judged: what a memory without facts has to offer is taken as it is."""
    return index.is_factual and bool(laid.cells.all())
