"""The grid model: every request is a mask on time x part, filled base first, then detail.

Assembles tokenizer, masked transformer, residual transformer, length predictor,
memory and text encoder. It knows nothing about files, processes or Blender.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from ...decoding import DecodingConfig, draw, fill_masked, guide
from ...motion.request import Progress
from ...retrieval.bridging import BridgeFinder, Gap
from ...retrieval.memory import MotionMemory
from ...retrieval.recalling import (
    Recalled,
    continuations,
    find_sources,
    plant,
    plant_at_once,
    recall,
)
from ...text_encoder import EncodedText, TextEncoder
from ...tokenizer.grid import GridTokenizer
from ...transformers.length import LengthPredictor
from ...transformers.masked import Condition, MaskedTransformer
from ...transformers.residual import ResidualTransformer
from ..contract import Stopwatch
from ..sliding import windows


@dataclass(frozen=True, slots=True)
class Copying:
    """How readily codes are copied from the memory."""

    trust: float = 0.0
    """Added to the logit of how far the memory is trusted: training saw worse memories."""

    continuation: float = 0.0
    """Nats by which a code is preferred with which a copy beside it goes on: cells that are
    drawn at the same time do not see each other, and mixtures of copies jerk."""


@dataclass(frozen=True, slots=True)
class _Prompted:
    """What a batch of fills is made from."""

    condition: Condition
    memory: Tensor
    """(M, P, Q) int64."""
    copying: Copying


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
    """Where randomness comes from, and how much of the kept cells the model sees."""

    generators: list[torch.Generator]
    """One a fill (B)."""
    rivals: int = 1
    """Of so many fills that follow each other only the one that fits the prompt best is decoded."""

    hidden_share: float = 0.0
    """Share of the kept cells that is not shown while the base codes are filled."""

    turns: tuple[int, ...] = ()
    """(B) which of the remembered clips each fill takes, in turn; empty draws it."""

    planted: Gap | None = None
    """A gap whose middle takes what is remembered as it is; the masked transformer leads there
    and back. In a span between kept poses it would otherwise follow these rather than the words."""

    def unseen(self, mask: Tensor) -> Tensor:
        """Return (B, S, P) True at cells that are not to be shown; mask is (S, P)."""
        if self.hidden_share == 0.0:
            return torch.zeros(len(self.generators), *mask.shape, dtype=torch.bool)
        drawn = [torch.rand(mask.shape, generator=g) for g in self.generators]
        return torch.stack(drawn) < self.hidden_share


@dataclass(frozen=True, slots=True)
class Filled:
    """A filled grid, decoded."""

    features: Tensor
    """(B, T, WIDTH), T a multiple of 4; B without the rivals that were left."""
    confidence: Tensor
    """(B, S, P)."""

    fit: Tensor
    """(B,) how well the base codes fit the prompt, nats a cell; 0 without a prompt."""


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
    ) -> Generator[Progress, None, Filled]:
        """Fill the masked cells of a grid and decode all of it.

        Args:
            codes: (S, P, Q) int64 codes of the kept cells; the others do not matter.
            mask: (S, P) True where to fill.
            recalled: one prompt.
            sampling: one generator a fill (B), and what is not shown.
            watch: gets the time of each stage.
        """
        generators = sampling.generators
        prompted = self._prompt(recalled, sampling)
        takes = len(generators)
        codes = codes.to(self.device).repeat(takes, 1, 1, 1)
        wide = mask.to(self.device).repeat(takes, 1, 1)
        if sampling.planted is not None:
            place = prompted.condition.memory_place
            planted = plant(codes, sampling.planted, recalled.codes, place, sampling.turns)
            wide &= ~planted[..., None]
        if recalled.arms and bool(mask.all()):
            place = prompted.condition.memory_place
            wide &= ~plant_at_once(codes, recalled, place, self.bridges.liveliness)
        base = codes[..., 0].masked_fill(wide, self.masked.mask_code)
        unseen = ~wide & sampling.unseen(mask).to(self.device)
        confidence = torch.ones(base.shape, device=self.device)
        for start, end in windows(mask):
            part = slice(start, end)
            with watch.measure("base tokens"):
                filled, chance = yield from self._fill_window(
                    base[:, part], (wide[:, part], unseen[:, part]), prompted, generators
                )
            base[:, part], fresh = filled, wide[:, part] & (base[:, part] == self.masked.mask_code)
            confidence[:, part] = torch.where(fresh, chance, confidence[:, part])
        codes[..., 0] = base
        with watch.measure("choosing"):
            fit = self._fit(base, mask, prompted.condition, recalled.is_combined)
        best = fit.view(-1, sampling.rivals).argmax(1)
        best += sampling.rivals * torch.arange(len(best), device=best.device)
        codes, wide, confidence, fit = codes[best], wide[best], confidence[best], fit[best]
        prompted = replace(prompted, condition=prompted.condition.rows(best))
        generators = [generators[row] for row in best.tolist()]
        yield Progress(1, 2, "Adding detail")
        with watch.measure("residual tokens"):
            for start, end in windows(mask):
                part = slice(start, end)
                codes[:, part] = self._add_detail(
                    codes[:, part], wide[:, part], prompted, generators
                )
        yield Progress(2, 2, "Decoding")
        with watch.measure("decoding"):
            features = self.tokenizer.decode(codes)
        return Filled(features, confidence, fit)

    def bridge(
        self, codes: Tensor, gaps: list[Gap], seeds: tuple[int, ...], watch: Stopwatch
    ) -> Filled | None:
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
            filled = self.bridges.fill(codes.cpu(), gaps, seeds)
        if filled is None:
            return None
        with watch.measure("decoding"):
            features = self.tokenizer.decode(filled.to(self.device))
        return Filled(features, torch.ones(filled.shape[:3]), torch.zeros(len(filled)))

    def _prompt(self, recalled: Recalled, sampling: Sampling) -> _Prompted:
        copying = (
            self.decoding.several_actions if recalled.is_combined else self.decoding.one_action
        )
        condition = recalled.for_takes(sampling.generators, sampling.turns)
        return _Prompted(condition, recalled.codes, copying)

    @torch.inference_mode()
    def _fit(
        self, base: Tensor, mask: Tensor, condition: Condition, is_combined: bool
    ) -> Tensor:
        """Return (B,): how well the masked base codes fit the prompt, nats a cell.

        One action: how likely the text alone makes them. Several: how much likelier
        text and memory make them than nothing, for the text alone knows no combinations.
        """
        fit = torch.zeros(len(base), device=base.device)
        if not bool(condition.word_mask.any()):
            return fit
        yes = torch.ones(len(base), dtype=torch.bool, device=base.device)
        cells = int(mask.sum())
        for start, end in windows(mask):
            hidden, part = mask[start:end].to(base.device), base[:, start:end]
            shown = part.masked_fill(hidden, self.masked.mask_code)
            is_step = torch.ones(shown.shape[:2], dtype=torch.bool, device=base.device)
            asked = condition if is_combined else condition.dropped(yes, ~yes)
            chances, _ = self.masked.log_likelihood(shown, is_step, asked, part)
            if is_combined:
                nothing = condition.dropped(~yes, ~yes)
                chances = chances - self.masked.log_likelihood(shown, is_step, nothing, part)[0]
            fit = fit + (chances * hidden).sum((1, 2)) / cells
        return fit

    @torch.inference_mode()
    def least_certain(
        self, codes: Tensor, mask: Tensor, recalled: Recalled, share: float
    ) -> Tensor:
        """Return (S, P): the share of the masked cells whose present codes are least likely.

        Args:
            codes: (S, P, Q) codes of all cells.
            mask: (S, P) the cells to choose from.
            recalled: the prompt.
            share: 0 to 1; at least one cell is chosen.
        """
        base = codes[None, ..., 0].to(self.device)
        chances = base.new_zeros(base.shape, dtype=torch.float)
        for start, end in windows(mask):
            part = base[:, start:end]
            scores = self._scores(part, recalled.condition, 0.0)
            chances[:, start:end] = scores.gather(-1, part[..., None]).squeeze(-1)
        ranked = chances[0].cpu().masked_fill(~mask, torch.inf).flatten()
        chosen = torch.zeros(mask.numel(), dtype=torch.bool)
        chosen[ranked.argsort()[: max(1, round(share * int(mask.sum())))]] = True
        return chosen.view_as(mask)

    @torch.inference_mode()
    def _scores(self, codes: Tensor, condition: Condition, trust: float) -> Tensor:
        """Return guided log-probabilities (B, S, P, K): text and none in one batched pass."""
        takes, scale = len(codes), self.decoding.base.guidance
        is_step = torch.ones(codes.shape[:2], dtype=torch.bool, device=codes.device)
        if scale == 1.0 or not bool(condition.word_mask.any()):
            return torch.as_tensor(self.masked(codes, is_step, condition, trust))
        keep = torch.arange(2 * takes, device=codes.device) < takes
        both = condition.repeated(2).dropped(keep, keep)
        scores = self.masked(codes.repeat(2, 1, 1), is_step.repeat(2, 1), both, trust)
        return guide(scores[:takes], scores[takes:], scale)

    def _fill_window(
        self,
        codes: Tensor,
        masks: tuple[Tensor, Tensor],
        prompted: _Prompted,
        generators: list[torch.Generator],
    ) -> Generator[Progress, None, tuple[Tensor, Tensor]]:
        """Fill base codes (B, S, P); masks: what to fill, and what is kept but not shown."""
        mask, unseen = masks
        hidden = mask & (codes == self.masked.mask_code)

        def predict(current: Tensor) -> Tensor:
            return self._predict(current.masked_fill(unseen, self.masked.mask_code), prompted)

        # In time order a pass decides a step at least: more passes than steps add nothing.
        steps = int(hidden.any(2).sum(1).max())
        settings = self.decoding.base
        if settings.is_outward:
            settings = replace(settings, iterations=max(1, min(settings.iterations, steps)))
        return (yield from fill_masked(predict, codes, hidden, settings, generators))

    @torch.inference_mode()
    def _predict(self, shown: Tensor, prompted: _Prompted) -> Tensor:
        """Return guided log-probabilities (B, S, P, K) in which copies go on."""
        copying = prompted.copying
        scores = self._scores(shown, prompted.condition, copying.trust)
        if copying.continuation == 0.0:
            return scores
        place = prompted.condition.memory_place
        on = continuations(shown, prompted.memory, place, scores.shape[-1])
        return (scores + copying.continuation * on).log_softmax(-1)

    @torch.inference_mode()
    def _add_detail(
        self,
        codes: Tensor,
        mask: Tensor,
        prompted: _Prompted,
        generators: list[torch.Generator],
    ) -> Tensor:
        """Fill the stages above the base at masked cells; kept cells keep all their codes.

        A base code that was copied from the memory brings its detail along; the
        residual transformer does the others.
        """
        codes = codes.clone()
        memory, condition = prompted.memory, prompted.condition
        sources = find_sources(codes[..., 0], memory, condition.memory_place)
        parts = torch.arange(codes.shape[2], device=codes.device)
        is_step = torch.ones(codes.shape[:2], dtype=torch.bool, device=codes.device)
        settings = DecodingConfig(temperature=self.decoding.detail_temperature)
        for stage in range(1, self.tokenizer.stages):
            sums = self.tokenizer.partial_sums(codes[..., :stage])
            scores = self.residual(sums, is_step, condition.sentence, stage).log_softmax(-1)
            drawn = draw(scores, settings, generators)
            if len(memory):
                copied = memory[sources.clamp_min(0), parts, stage]
                drawn = torch.where(sources >= 0, copied, drawn)
            codes[..., stage] = torch.where(mask, drawn, codes[..., stage])
        return codes
