"""What the grid model's retrieval gives by itself: training clips played back, undecoded.

The look-up, the candidates and the splicing are the model's own functions, on a memory of
the training split whose codes carry one more number: which step of which clip they stand for. So
where the model would copy codes, the clip's frames are taken. No network fills anything, no
feet are cleaned up, and where clips meet nothing is blended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...data.bvh_clips import at_origin
from ...data.corpus import Corpus
from ...data.tokens import build_memory, build_tokens
from ...motion.clip import Clip, headings
from ...motion.request import LONGEST_SECONDS, SHORTEST_SECONDS
from ...motion.running import run_to_end
from ...motion.skeleton import FPS, FRAMES_PER_STEP, PART_JOINTS, PARTS
from ...retrieval.memory import MotionMemory, busiest
from ...retrieval.recalling import Recalled
from ...systems.candidates import candidate_generators
from ...systems.grid.generator import CANDIDATES, GridGenerator
from ...systems.grid.system import GridSystem
from ..checks.measures import Body
from .at_once import Together, measure_legs, plan_at_once, together_of


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Frames of a remembered clip."""

    clip: Clip
    first: int
    last: int

    def frames(self, most: int) -> Clip:
        """Return the stretch, at most so many frames of it."""
        return self.clip.cut(self.first, min(self.last, self.first + most, self.clip.frames))


class PlayedBack:
    """A memory of clips that can be played."""

    def __init__(self, system: GridSystem, corpus: Corpus, cache: Path | None = None) -> None:
        """Encode the clips and their captions, as a training does (about two minutes).

        Args:
            system: whose retrieval it is.
            corpus: the training split.
            cache: file that keeps the captions' vectors.
        """
        bank = build_tokens(
            corpus, system.tokenizer, system.text_encoder, is_mirrored=True, cache=cache
        )
        self._clips = [entry.clip for entry in corpus.clips]
        self._memory = _numbered(build_memory(bank))
        self._system = replace(system, memory=self._memory)

    def takes(self, prompt: str, seconds: float, takes: int, seed: int = 0) -> tuple[Clip, ...]:
        """Return `takes` clips for a prompt; take k uses seed + k."""
        seconds = min(max(seconds, SHORTEST_SECONDS), LONGEST_SECONDS)
        frames = max(1, round(seconds * FPS))
        text = self._system.text_encoder.encode([prompt])
        recalled = self._system.recall(prompt, text, -(-frames // FRAMES_PER_STEP))
        together = together_of(prompt)
        return tuple(self._take(recalled, together, frames, seed + k) for k in range(takes))

    def bodies(self, prompt: str, seconds: float, takes: int, seed: int = 0) -> list[Body]:
        """Return the bodies of `takes`."""
        return [Body.from_clip(clip) for clip in self.takes(prompt, seconds, takes, seed)]

    def _take(
        self, recalled: Recalled, together: Together | None, frames: int, seed: int
    ) -> Clip:
        if together is not None and recalled.is_combined:
            steps = -(-frames // FRAMES_PER_STEP)
            measure = partial(measure_legs, self._system.bridges)
            plantings = run_to_end(plan_at_once(recalled, together, steps, measure))
            planting = plantings[seed % len(plantings)] if plantings else None
            if planting is not None and bool(planting.cells.any()):
                rows = planting.codes[..., -1].masked_fill(~planting.cells, -1)
                return self._put_together(rows.cpu(), frames)
        place = recalled.for_takes(candidate_generators((seed,), CANDIDATES))[0].memory_place
        row = min(range(CANDIDATES), key=lambda each: _score_gap(recalled, place[each]))
        return self._in_turn(recalled, place[row, :, 0].cpu(), frames)

    def _put_together(self, rows: Tensor, frames: int) -> Clip:
        """Return the clip of two actions at once.

        Args:
            rows: (S, P) the remembered step of each cell; -1 behind a clip's end.
            frames: of the take.
        """
        legs = self._stretch(rows[:, PARTS.index("LOWER_BODY")]).frames(frames)
        rot = np.array(legs.rot, dtype=float)
        for part in ("LEFT_ARM", "RIGHT_ARM"):
            # Behind the end of the arms' clip the arms of the legs' clip go on.
            arm = self._stretch(rows[:, PARTS.index(part)]).frames(legs.frames)
            joints = list(PART_JOINTS[part])
            rot[: arm.frames, joints] = arm.rot[:, joints]
        return at_origin(replace(legs, rot=rot))

    def _in_turn(self, recalled: Recalled, slots: Tensor, frames: int) -> Clip:
        """Return the clips of all actions one after another; slots (M,) is -1 at unused steps."""
        actions = torch.tensor(recalled.actions)
        edges = np.linspace(0, frames, len(set(recalled.actions)) + 1).round().astype(int)
        pieces = []
        for action, most in zip(sorted(set(recalled.actions)), np.diff(edges), strict=True):
            own = recalled.codes.cpu()[(slots >= 0) & (actions[slots] == action)]
            clip = int(torch.searchsorted(self._memory.starts, own[0, 0, -1], right=True)) - 1
            whole = self._memory.codes[self._memory.starts[clip] : self._memory.starts[clip + 1]]
            busy = busiest(whole, max(1, -(-int(most) // FRAMES_PER_STEP)))
            pieces.append(self._stretch(busy[:, 0, -1]).frames(int(most)))
        return at_origin(_joined(pieces))

    def _stretch(self, rows: Tensor) -> _Stretch:
        """Return the frames of successive remembered steps (S,); -1 stands for none."""
        there = rows[rows >= 0]
        clip = int(torch.searchsorted(self._memory.starts, there[0], right=True)) - 1
        first = FRAMES_PER_STEP * (int(there[0]) - int(self._memory.starts[clip]))
        count = len(self._clips)
        own = self._clips[clip % count]
        own = own.mirrored() if clip >= count else own
        return _Stretch(own, first, first + FRAMES_PER_STEP * len(there))


def retrieval_of(engine: object, corpus: Corpus, cache: Path | None = None) -> PlayedBack | None:
    """Return the retrieval of an engine that serves the grid model; None for other systems.

    Args:
        engine: its `generator` is looked at.
        corpus: the training split.
        cache: file that keeps the captions' vectors.
    """
    generator = getattr(engine, "generator", None)
    if not isinstance(generator, GridGenerator):
        return None
    return PlayedBack(generator.system, corpus, cache)


def _numbered(memory: MotionMemory) -> MotionMemory:
    """Return the memory with each step's number as one more stage."""
    number = torch.arange(len(memory.codes))[:, None, None].expand(-1, len(PARTS), 1)
    codes = torch.cat([memory.codes.long(), number], -1)
    return MotionMemory(memory.captions, memory.clips, memory.sentences, codes, memory.starts)


def _score_gap(recalled: Recalled, place: Tensor) -> float:
    """Return by how much a candidate's captions miss the nearest score, over all its actions."""
    used = place[place[:, 0] >= 0, 0].unique().tolist()
    return sum((recalled.score_gaps[int(slot)] for slot in used), 0.0)


def _joined(pieces: Sequence[Clip]) -> Clip:
    """Return clips one after another, each led to where the one before ends and looks."""
    whole = pieces[0]
    for piece in pieces[1:]:
        looks, turned = (float(headings(rot)[0]) for rot in (whole.rot[-1:, 0], piece.rot[:1, 0]))
        piece = piece.moved(looks - turned, np.zeros(3))
        piece = piece.moved(0.0, (whole.root_pos[-1] - piece.root_pos[0]) * [1.0, 0.0, 1.0])
        whole = replace(
            whole,
            root_pos=np.concatenate([whole.root_pos, piece.root_pos]),
            rot=np.concatenate([whole.rot, piece.rot]),
        )
    return whole
