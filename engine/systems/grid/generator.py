"""The grid model as a generator: any mask, several candidates a take, the best one kept."""

from __future__ import annotations

from collections.abc import Generator as Steps
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from ...checkpoint import load_checkpoint, load_network
from ...features import clip_to_features
from ...motion.edits import Mask
from ...motion.request import Progress
from ...motion.skeleton import FRAMES_PER_STEP
from ...motion.tracks import Plan, Track
from ...retrieval.bridging import BridgeFinder, Gap
from ...retrieval.clip_index import ClipIndex
from ...retrieval.memory import MotionMemory
from ...retrieval.performing import Performer
from ...retrieval.planner import Planner
from ...retrieval.planting import Planting, plan_span
from ...retrieval.recalling import Recalled
from ...text_encoder import EncodedText, TextEncoder
from ...tokenizer.grid import GridTokenizer, load_grid_tokenizer
from ...transformers.length import LengthConfig, LengthPredictor
from ...transformers.masked import MaskedConfig, MaskedTransformer
from ...transformers.residual import ResidualConfig, ResidualTransformer
from ..candidates import candidate_generators
from ..contract import Canvas, Made, Stopwatch
from ..finishing import finish, finish_takes
from ..registry import reason_against
from ..token_steps import context_features, gaps_of, step_mask, whole_steps
from .choosing import choose_arriving, varied_cells
from .planned import Planned
from .system import Filled, GridSystem, Sampling

CANDIDATES: Final = 4
"""Fills of each take to choose from; one batch makes them all."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A canvas in codes."""

    codes: Tensor
    """(S, P, Q) int64; those of masked cells do not matter, unless they are varied."""

    mask: Tensor
    """(S, P) True where to fill."""

    gaps: list[Gap]
    """The masked steps as gaps between kept poses."""


@dataclass(frozen=True, slots=True)
class GridGenerator:
    """The `Generator` contract over the grid system."""

    system: GridSystem
    planner: Planner
    performer: Performer

    def without_facts(self) -> GridGenerator:
        """Return the same generator, which chooses clips by words alone, of whole clips."""
        return generator_over(self.system, is_factual=False)

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

    @property
    def main_tokenizer(self) -> GridTokenizer:
        """Whose base codes `guess_codes` guesses."""
        return self.system.tokenizer

    def can_fill(self, mask: Mask) -> str | None:
        """Return None: time and body parts may be masked in any way."""
        return reason_against(self.name, mask)

    def plan(self, beats: Sequence[tuple[str, float]]) -> Plan:
        """Return the plan of prompts with their seconds, one after another."""
        return self.planner.plan(beats)

    def described(self, tracks: Sequence[Track]) -> tuple[Track, ...]:
        """Return somebody's tracks with what is known about them."""
        return self.planner.described(tracks)

    def choose_frames(self, text: EncodedText, seed: int) -> Steps[Progress, None, int]:
        """Return how many frames a take of the prompt usually has."""
        yield Progress(0, 1, "Choosing the length")
        generator = torch.Generator().manual_seed(seed)
        return FRAMES_PER_STEP * self.system.choose_steps(text, generator)

    def fill(self, canvas: Canvas, watch: Stopwatch) -> Steps[Progress, None, Made]:
        """Fill the canvas and clean up the feet."""
        if canvas.tracks:
            return (
                yield from Planned(self.system, self.planner, self.performer).fill(canvas, watch)
            )
        varies = bool(canvas.variation) and not canvas.is_new
        with watch.measure("text"):
            clip, mask = whole_steps(canvas.clip, canvas.mask)
            steps = step_mask(mask)
            recalled = self.system.recall(canvas.prompt, canvas.text, int(steps.any(1).sum()))
        yield Progress(0, 1, "Reading the motion")
        with watch.measure("encoding"):
            features = clip_to_features(clip)[0] if varies else context_features(clip, mask)
            codes = self.system.tokenizer.encode(features[None].to(self.device))[0]
        grid = Grid(codes, steps, gaps_of(clip, steps))
        fill = self._varied if varies else self._filled
        filled = yield from fill(canvas, grid, recalled, watch)
        chosen = yield from choose_arriving(canvas, filled)
        return (yield from finish_takes(chosen, partial(finish, canvas), watch))

    def _filled(
        self, canvas: Canvas, grid: Grid, recalled: Recalled, watch: Stopwatch
    ) -> Steps[Progress, None, Filled]:
        """Fill all masked cells: gaps without words from memory, others by the transformers."""
        gaps = [] if canvas.is_new else grid.gaps
        bridged = yield from self._bridged(canvas, grid.codes, gaps, watch)
        if bridged is not None:
            return bridged
        # A new take is chosen by its prompt alone; others must show where they arrive.
        chosen_early = CANDIDATES if canvas.is_new else 1
        plantings = yield from self._plantings(canvas.seeds, recalled, gaps, grid.mask)
        generators = candidate_generators(canvas.seeds, CANDIDATES)
        sampling = Sampling(generators, chosen_early, canvas.strength, plantings)
        return (yield from self.system.fill(grid.codes, grid.mask, recalled, sampling, watch))

    def _varied(
        self, canvas: Canvas, grid: Grid, recalled: Recalled, watch: Stopwatch
    ) -> Steps[Progress, None, Filled]:
        """Make the least certain cells anew, in each take others."""
        chances = yield from self.system.chances(grid.codes, grid.mask, recalled)
        made = []
        for seed in canvas.seeds:
            cells = varied_cells(chances, grid.mask, canvas.variation, seed)
            sampling = Sampling(candidate_generators((seed,), CANDIDATES), 1, canvas.strength)
            made.append((yield from self.system.fill(grid.codes, cells, recalled, sampling, watch)))
        return Filled(
            torch.cat([each.features for each in made]), torch.cat([each.fit for each in made])
        )

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
        if not found:
            return ()
        return tuple(found[seed % len(found)] for seed in seeds for _ in range(CANDIDATES))

    def guess_codes(self, codes: Tensor, hidden: Tensor, caption: str) -> tuple[Tensor, Tensor]:
        """Return log-probabilities (n, K) of hidden base codes (S, P), and these codes (n,)."""
        text = self.text_encoder.encode([caption])
        recalled = self.system.recall(caption, text, len(codes))
        masked, base = self.system.masked, codes[..., 0]
        shown = base.masked_fill(hidden, masked.mask_code)[None].to(self.device)
        is_step = torch.ones(shown.shape[:2], dtype=torch.bool, device=self.device)
        return masked(shown, is_step, recalled.condition)[0].cpu()[hidden], base[hidden]


def load_grid(weights: Path, device: str, text_encoder: TextEncoder) -> GridGenerator:
    """Load the networks and the memory of the grid model.

    Raises:
        WeightsError: if a file is missing or damaged.
    """
    tokenizer = load_grid_tokenizer(weights, device)
    memory = MotionMemory.from_tensors(load_checkpoint(weights / "memory.safetensors")[0])
    bridges = BridgeFinder(tokenizer, memory)
    system = GridSystem(
        tokenizer,
        load_network(weights / "masked.safetensors", MaskedTransformer, MaskedConfig, device),
        load_network(weights / "residual.safetensors", ResidualTransformer, ResidualConfig, device),
        load_network(weights / "length.safetensors", LengthPredictor, LengthConfig, device),
        memory,
        text_encoder,
        bridges,
    )
    return generator_over(system)


def generator_over(system: GridSystem, is_factual: bool = True) -> GridGenerator:
    """Return the generator of a system; `is_factual` as in ClipIndex."""
    index = ClipIndex(system.memory, is_factual)
    planner = Planner(index, system.text_encoder)
    return GridGenerator(system, planner, Performer(index, system.bridges.project))
