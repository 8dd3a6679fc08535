"""The grid model as a generator: any mask, several candidates a take, the best one kept."""

from __future__ import annotations

from collections.abc import Generator as Steps
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from ...checkpoint import load_checkpoint, load_network
from ...features import Origin, clip_to_features
from ...motion.clip import Clip
from ...motion.contacts import Contacts
from ...motion.edits import Mask
from ...motion.request import Progress
from ...motion.skeleton import FRAMES_PER_STEP
from ...retrieval.bridging import BridgeFinder, Gap
from ...retrieval.memory import MotionMemory
from ...retrieval.planting import Planting, plan_at_once, plan_span
from ...retrieval.recalling import Recalled
from ...splicing import root_gap
from ...text_encoder import EncodedText, TextEncoder
from ...tokenizer.grid import load_grid_tokenizer
from ...transformers.length import LengthConfig, LengthPredictor
from ...transformers.masked import MaskedConfig, MaskedTransformer
from ...transformers.residual import ResidualConfig, ResidualTransformer
from ..contract import Canvas, Made, Stopwatch
from ..finishing import finish, finish_takes
from ..registry import reason_against
from ..token_steps import context_features, decoded_clip, gaps_of, step_mask, whole_steps
from .system import Filled, GridSystem, Sampling

CANDIDATES: Final = 4
"""Fills of each take to choose from; one batch makes them all."""

METRES_A_NAT: Final = 0.3
"""What a better fit to the prompt, in nats a cell, counts beside a path that arrives."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The fills of one take that are left to choose from; of a new take one."""

    features: Tensor
    """(C, T, WIDTH)."""

    fit: Tensor
    """(C,) to the prompt, nats a cell."""


@dataclass(frozen=True, slots=True)
class GridGenerator:
    """The `Generator` contract over the grid system."""

    system: GridSystem

    @property
    def name(self) -> str:
        """How the command line and the panel call it."""
        return "grid"

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return self.system.device

    @property
    def text_encoder(self) -> TextEncoder:
        """What reads the prompts."""
        return self.system.text_encoder

    def can_fill(self, mask: Mask) -> str | None:
        """Return None: time and body parts may be masked in any way."""
        return reason_against(self.name, mask)

    def choose_frames(self, text: EncodedText, seed: int) -> Steps[Progress, None, int]:
        """Return how many frames a take of the prompt usually has."""
        yield Progress(0, 1, "Choosing the length")
        generator = torch.Generator().manual_seed(seed)
        return FRAMES_PER_STEP * self.system.choose_steps(text, generator)

    def fill(self, canvas: Canvas, watch: Stopwatch) -> Steps[Progress, None, Made]:
        """Fill the canvas and clean up the feet."""
        varies = bool(canvas.variation) and not canvas.is_new
        with watch.measure("text"):
            clip, mask = whole_steps(canvas.clip, canvas.mask)
            steps = step_mask(mask)
            recalled = self.system.recall(canvas.prompt, canvas.text, int(steps.any(1).sum()))
        yield Progress(0, 1, "Reading the motion")
        with watch.measure("encoding"):
            features = clip_to_features(clip)[0] if varies else context_features(clip, mask)
            codes = self.system.tokenizer.encode(features[None].to(self.device))[0]
        if varies:
            steps = yield from self.system.least_certain(codes, steps, recalled, canvas.variation)
        gaps = [] if canvas.is_new or canvas.variation else gaps_of(clip, steps)
        filled = yield from self._bridged(canvas, codes, gaps, watch)
        if filled is None:
            # A new take is chosen by its prompt alone; others must show where they arrive.
            chosen_early = CANDIDATES if canvas.is_new else 1
            plantings = yield from self._plantings(canvas.seeds, recalled, gaps, steps)
            generators = candidate_generators(canvas.seeds)
            sampling = Sampling(generators, chosen_early, canvas.strength, plantings)
            filled = yield from self.system.fill(codes, steps, recalled, sampling, watch)
        takes = len(canvas.seeds)
        shared = zip(filled.features.chunk(takes), filled.fit.chunk(takes), strict=True)
        candidates = [Candidates(features, fit) for features, fit in shared]
        return (yield from finish_takes(candidates, partial(_finish, canvas), watch))

    def _bridged(
        self, canvas: Canvas, codes: Tensor, gaps: list[Gap], watch: Stopwatch
    ) -> Steps[Progress, None, Filled | None]:
        """Return whole-body gaps of an edit without a prompt filled from memory, else None."""
        if canvas.prompt.strip() or not gaps or not all(gap.is_whole for gap in gaps):
            return None
        return (yield from self.system.bridge(codes, gaps, canvas.seeds, watch))

    def _plantings(
        self, seeds: tuple[int, ...], recalled: Recalled, gaps: list[Gap], mask: Tensor
    ) -> Steps[Progress, None, tuple[Planting, ...]]:
        """Return what each candidate of each take copies as it is; empty where all is drawn.

        Args:
            seeds: one a take.
            recalled: the prompt.
            gaps: of an edit.
            mask: (S, P) True where to fill.
        """
        found: list[Planting] = []
        if len(gaps) == 1 and recalled.candidates and not recalled.is_combined:
            found = yield from plan_span(recalled, gaps[0], len(mask))
        elif recalled.together is not None and bool(mask.all()):
            measure = self.system.bridges.measure_legs
            found = yield from plan_at_once(recalled, len(mask), measure)
        if not found:
            return ()
        return tuple(found[seed % len(found)] for seed in seeds for _ in range(CANDIDATES))


def candidate_generators(seeds: tuple[int, ...]) -> list[torch.Generator]:
    """Return a generator for each candidate of each take."""
    return [
        torch.Generator().manual_seed(seed + 1_000_003 * candidate)
        for seed in seeds
        for candidate in range(CANDIDATES)
    ]


def _finish(canvas: Canvas, candidates: Candidates) -> tuple[Clip, Contacts, float]:
    """Finish the candidate that fits the prompt and arrives best.

    Returns:
        The clip, which feet stand (T, 4), and the path's gap in metres before it was closed.
    """
    best = 0
    if len(candidates.features) > 1:
        frames = canvas.clip.frames
        decoded = [decoded_clip(each, frames, Origin()) for each in candidates.features]
        gaps = np.array([root_gap(canvas.clip, made, canvas.mask) for made in decoded])
        best = int(np.argmin(gaps - METRES_A_NAT * candidates.fit.cpu().numpy()))
    return finish(canvas, candidates.features[best])


def load_grid(weights: Path, device: str, text_encoder: TextEncoder) -> GridGenerator:
    """Load the networks and the memory of the grid model.

    Raises:
        WeightsError: if a file is missing or damaged.
    """
    tokenizer = load_grid_tokenizer(weights, device)
    memory = MotionMemory.from_tensors(load_checkpoint(weights / "memory.safetensors")[0])
    system = GridSystem(
        tokenizer,
        load_network(weights / "masked.safetensors", MaskedTransformer, MaskedConfig, device),
        load_network(weights / "residual.safetensors", ResidualTransformer, ResidualConfig, device),
        load_network(weights / "length.safetensors", LengthPredictor, LengthConfig, device),
        memory,
        text_encoder,
        BridgeFinder(tokenizer, memory),
    )
    return GridGenerator(system)
