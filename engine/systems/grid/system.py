"""The grid model: every request is a mask on time x part, filled base first, then detail.

Assembles tokenizer, masked transformer, residual transformer, length predictor,
memory and text encoder. It knows nothing about files, processes or Blender.
"""

from __future__ import annotations

from collections.abc import Generator as Steps
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from ...decoding import DecodingConfig, draw, fill_masked, rows_in_turn
from ...motion.request import Progress
from ...motion.skeleton import FRAMES_PER_STEP
from ...retrieval.bridging import BridgeFinder, Gap
from ...retrieval.copying import codes_at, find_sources
from ...retrieval.memory import MotionMemory
from ...retrieval.planting import Planting
from ...retrieval.recalling import Recalled, recall
from ...text_encoder import EncodedText, TextEncoder
from ...tokenizer.grid import GridTokenizer
from ...transformers.length import LengthPredictor
from ...transformers.masked import MaskedTransformer
from ...transformers.residual import ResidualTransformer
from ..candidates import best_rows
from ..contract import Stopwatch
from ..sliding import windows
from .holding import stretch
from .scoring import Copying, Prompted, copying_scores, fit_to_prompt, guided_scores

_STILL = 230
"""Rating, of 255, of a clip in which somebody only breathes and sways."""


@dataclass(frozen=True, slots=True)
class GridDecoding:
    """How the grid is filled."""

    base: DecodingConfig = field(default_factory=DecodingConfig)
    one_action: Copying = field(default_factory=lambda: Copying(trust=2.0, continuation=2.0))
    several_actions: Copying = field(default_factory=lambda: Copying(trust=1.0))
    """With clips of several actions more trust lets one of them take the whole body."""

    detail_temperature: float = 0.0
    """Of the residual stages; 0 takes the likeliest code."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """Where randomness comes from, and what each fill knows beforehand."""

    generators: list[torch.Generator]
    """One a fill (B)."""

    candidates: int = 1
    """Of so many fills that follow each other only the one that fits the prompt best is decoded."""

    hidden_share: float = 0.0
    """Share of the kept cells that is not shown while the base codes are filled."""

    plantings: tuple[Planting, ...] = ()
    """(B) what each fill copies as it is; empty copies nothing. The masked transformer leads
    there and back: between kept poses it would otherwise follow these rather than the words."""

    def unseen(self, mask: Tensor) -> Tensor:
        """Return (B, S, P) True at cells that are not to be shown; mask is (S, P)."""
        if self.hidden_share == 0.0:
            return torch.zeros(len(self.generators), *mask.shape, dtype=torch.bool)
        drawn = [torch.rand(mask.shape, generator=g) for g in self.generators]
        return torch.stack(drawn) < self.hidden_share

    def plant(self, codes: Tensor, mask: Tensor) -> None:
        """Write what is copied into codes (B, S, P, Q), and take it out of the mask (B, S, P)."""
        for row, planting in enumerate(self.plantings):
            cells = planting.cells.to(codes.device)
            codes[row][cells] = planting.codes.to(codes.device)[cells]
            mask[row] &= ~cells


@dataclass(frozen=True, slots=True)
class Filled:
    """A filled grid, decoded."""

    features: Tensor
    """(B, T, WIDTH), T a multiple of 4; B without the candidates that were not chosen."""

    fit: Tensor
    """(B,) how well the base codes fit the prompt, nats a cell; 0 without a prompt."""

    codes: Tensor | None = None
    """(B, S, P, Q) of the grid."""


@dataclass(frozen=True, slots=True)
class GridSystem:
    """The networks of the grid model, in eval mode on one device."""

    tokenizer: GridTokenizer
    masked: MaskedTransformer
    residual: ResidualTransformer
    length: LengthPredictor
    memory: MotionMemory
    text_encoder: TextEncoder
    bridges: BridgeFinder
    decoding: GridDecoding = field(default_factory=GridDecoding)

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return next(self.masked.parameters()).device

    def decode_idle(self) -> Tensor | None:
        """Return features (T, WIDTH) of the longest remembered clip of someone who stands still.

        None where nothing was measured.
        """
        measured = self.memory.measured
        if not measured.facts or "still" not in measured.conditions:
            return None
        still = [
            int(clip) for clip in np.flatnonzero(measured.rating("still") > _STILL)
            if measured.facts[clip].start_state == "standing"
        ]
        if not still:
            return None
        longest = max(still, key=lambda clip: measured.facts[clip].steps)
        with torch.inference_mode():
            codes = self.memory.clip_codes(longest)[None].to(self.device)
            return self.tokenizer.decode(codes)[0].cpu()

    def choose_steps(self, text: EncodedText, generator: torch.Generator) -> int:
        """Return how many token steps a take of the prompt usually has."""
        return int(self.length.steps(text.sentence.to(self.device), generator)[0])

    def recall(self, prompt: str, text: EncodedText, steps: int) -> Recalled:
        """Return a prompt with what it remembers, for `steps` steps of motion to be made.

        An empty prompt gives the condition that stands for no text.
        """
        text = EncodedText(
            text.sentence.to(self.device),
            text.words.to(self.device),
            text.word_mask.to(self.device),
        )
        if prompt.strip():
            return recall(prompt, text, steps, self.memory, self.text_encoder)
        nothing = torch.zeros(1, dtype=torch.bool, device=self.device)
        recalled = recall("standing", text, steps, self.memory, self.text_encoder)
        return Recalled(recalled.condition.dropped(nothing, nothing), recalled.codes, ())

    def fill(
        self,
        codes: Tensor,
        mask: Tensor,
        recalled: Recalled,
        sampling: Sampling,
        watch: Stopwatch,
    ) -> Steps[Progress, None, Filled]:
        """Fill the masked cells of a grid and decode all of it.

        Args:
            codes: (S, P, Q) int64 codes of the kept cells; the others do not matter.
            mask: (S, P) True where to fill.
            recalled: one prompt.
            sampling: one generator a fill (B), and what is not shown.
            watch: gets the time of each stage.
        """
        prompted = self._prompt(recalled, sampling)
        takes = len(sampling.generators)
        codes = codes.to(self.device).repeat(takes, 1, 1, 1)
        wide = mask.to(self.device).repeat(takes, 1, 1)
        sampling.plant(codes, wide)
        if not bool(wide.any()):
            return Filled((yield from self.decode(codes, watch)), torch.zeros(takes), codes)
        base = codes[..., 0].masked_fill(wide, self.masked.mask_code)
        unseen = ~wide & sampling.unseen(mask).to(self.device)
        for start, end in windows(mask):
            part = slice(start, end)
            with watch.measure("base tokens"):
                base[:, part] = yield from self._fill_window(
                    base[:, part], (wide[:, part], unseen[:, part]), prompted, sampling.generators
                )
        codes[..., 0] = base
        with watch.measure("choosing"):
            fit = yield from fit_to_prompt(
                self.masked, base, mask, prompted, recalled.is_combined
            )
        best = best_rows(fit, sampling.candidates)
        codes, wide, fit = codes[best], wide[best], fit[best]
        generators = [sampling.generators[row] for row in best.tolist()]
        with watch.measure("residual tokens"):
            for start, end in windows(mask):
                part = slice(start, end)
                codes[:, part] = yield from self._add_detail(
                    codes[:, part], wide[:, part], prompted.rows(best), generators
                )
        return Filled((yield from self.decode(codes, watch)), fit, codes)

    def bridge(
        self, codes: Tensor, gaps: list[Gap], seeds: tuple[int, ...], watch: Stopwatch
    ) -> Steps[Progress, None, Filled | None]:
        """Fill gaps between kept poses with remembered motion that leads from one to the other.

        Without words the codes beside the gap know more than the masked transformer: it sees
        no memory then. None where nothing is remembered that is long enough.

        Args:
            codes: (S, P, Q) int64 codes of the kept cells; the others do not matter.
            gaps: all masked steps.
            seeds: one a take.
            watch: gets the time of each stage.
        """
        with watch.measure("base tokens"):
            filled = yield from self.bridges.fill(codes.cpu(), gaps, seeds)
        if filled is None:
            return None
        features = yield from self.decode(filled.to(self.device), watch)
        return Filled(features, torch.zeros(len(filled)))

    def chances(
        self, codes: Tensor, mask: Tensor, recalled: Recalled
    ) -> Steps[Progress, None, Tensor]:
        """Return log-probabilities (S, P) of the present codes around the masked cells.

        Args:
            codes: (S, P, Q) codes of all cells.
            mask: (S, P) the cells that are asked for.
            recalled: the prompt.
        """
        base = codes[None, ..., 0].to(self.device)
        chances = base.new_zeros(base.shape, dtype=torch.float)
        for start, end in windows(mask):
            yield Progress(start, len(mask), "Looking for what may change")
            part, guidance = base[:, start:end], self.decoding.base.guidance
            scores = guided_scores(self.masked, part, recalled.condition, guidance, 0.0)
            chances[:, start:end] = scores.gather(-1, part[..., None]).squeeze(-1)
        return chances[0].cpu()

    def _prompt(self, recalled: Recalled, sampling: Sampling) -> Prompted:
        copying = (
            self.decoding.several_actions if recalled.is_combined else self.decoding.one_action
        )
        chosen = [planting.candidates for planting in sampling.plantings]
        condition, memory = recalled.for_takes(sampling.generators, chosen)
        return Prompted(condition, memory, copying)

    def _fill_window(
        self,
        codes: Tensor,
        masks: tuple[Tensor, Tensor],
        prompted: Prompted,
        generators: list[torch.Generator],
    ) -> Steps[Progress, None, Tensor]:
        """Fill base codes (B, S, P); masks: what to fill, and what is kept but not shown."""
        mask, unseen = masks
        hidden = mask & (codes == self.masked.mask_code)

        def predict(current: Tensor, rows: slice) -> Tensor:
            shown = current.masked_fill(unseen[rows], self.masked.mask_code)
            guidance = self.decoding.base.guidance
            return copying_scores(self.masked, shown, prompted.rows(rows), guidance)

        # In time order a pass decides a step at least: more passes than steps add nothing.
        steps = int(hidden.any(2).sum(1).max())
        settings = self.decoding.base
        if settings.is_outward:
            settings = replace(settings, iterations=max(1, min(settings.iterations, steps)))
        return (yield from fill_masked(predict, codes, hidden, settings, generators))[0]

    def _add_detail(
        self,
        codes: Tensor,
        mask: Tensor,
        prompted: Prompted,
        generators: list[torch.Generator],
    ) -> Steps[Progress, None, Tensor]:
        """Fill the stages above the base at masked cells; kept cells keep all their codes.

        A base code that was copied from the memory brings its detail along; the
        residual transformer does the others.
        """
        codes, stages = codes.clone(), self.tokenizer.stages
        for rows in rows_in_turn(len(codes), codes.shape[1], codes.device):
            own = prompted.rows(rows)
            sources = find_sources(codes[rows, ..., 0], own.memory, own.condition.memory_place)
            for stage in range(1, stages):
                yield Progress(stages + stage, 2 * stages, "Adding detail")
                drawn = self._draw_detail(codes[rows], stage, own, generators[rows])
                if own.memory.shape[1]:
                    copied = codes_at(own.memory, sources.clamp_min(0), stage)
                    drawn = torch.where(sources >= 0, copied, drawn)
                codes[rows, ..., stage] = torch.where(mask[rows], drawn, codes[rows, ..., stage])
        return codes

    @torch.inference_mode()
    def _draw_detail(
        self, codes: Tensor, stage: int, prompted: Prompted, generators: list[torch.Generator]
    ) -> Tensor:
        """Return codes (B, S, P) of a stage behind those before it in codes (B, S, P, Q)."""
        is_step = torch.ones(codes.shape[:2], dtype=torch.bool, device=codes.device)
        sums = self.tokenizer.partial_sums(codes[..., :stage])
        scores = self.residual(sums, is_step, prompted.condition.sentence, stage).log_softmax(-1)
        settings = DecodingConfig(temperature=self.decoding.detail_temperature)
        return draw(scores, settings, generators)

    @torch.inference_mode()
    def retime(self, codes: Tensor, steps: int) -> Tensor:
        """Return codes of `steps` steps that show what codes (n, P, Q) show, in another time."""
        features = self.tokenizer.decode(codes[None].to(self.device))
        return self.tokenizer.encode(stretch(features, FRAMES_PER_STEP * steps))[0].cpu()

    def decode(self, codes: Tensor, watch: Stopwatch) -> Steps[Progress, None, Tensor]:
        """Return the features (B, T, WIDTH) of codes (B, S, P, Q)."""
        features = []
        for rows in rows_in_turn(len(codes), codes.shape[1], codes.device):
            yield Progress(2, 2, "Decoding")
            with watch.measure("decoding"):
                features.append(self.tokenizer.decode(codes[rows]))
        return torch.cat(features)
